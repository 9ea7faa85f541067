"""Dependencies point inward: read from the imports of every module."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "countersign" / "countersign"

PURE = {
    "access_tokens",
    "changes",
    "circuits",
    "claims",
    "client",
    "consumers",
    "model",
    "errors",
    "clock",
    "policy",
    "codes",
    "counting",
    "es256",
    "lifecycle",
    "phone",
    "routing",
    "sources",
    "usage",
    "limits",
    "proof",
    "pumping",
    "scripts",
    "reports",
    "orders",
    "writes",
    "ports",
    "settings",
}
ALLOWED: dict[str, set[str]] = {
    "model": set(),
    "orders": {"model"},
    "writes": {"model"},
    "changes": {"model"},
    "clock": set(),
    "errors": {"model"},
    "policy": {"model", "errors", "sources"},
    "sources": set(),
    "usage": {"circuits", "model", "policy"},
    "limits": {"policy", "usage"},
    "pumping": {"usage"},
    "es256": {"access_tokens"},
    "proof": {"access_tokens", "es256"},
    "access_tokens": set(),
    "codes": {"model"},
    "consumers": {"changes", "lifecycle"},
    "counting": {"changes", "model", "usage"},
    "lifecycle": {"changes", "model"},
    "phone": {"model", "errors"},
    "routing": {"model", "errors"},
    "settings": {"errors"},
    "circuits": set(),
    "claims": {"policy"},
    "scripts": {"model", "errors", "policy"},
    "client": {"model", "policy", "scripts"},
    "ports": {
        "orders",
        "writes",
        "model",
        "clock",
        "circuits",
        "codes",
        "es256",
        "policy",
        "claims",
        "client",
        "usage",
    },
    "reports": {"model", "clock", "errors"},
    "telemetry": {"model", "ports"},
    "service": PURE | {"service"},
    "dialects": PURE | {"service", "dialects", "countersign"},
    "batches": PURE | {"telemetry"},
    "webhooks": PURE | {"webhooks", "batches", "countersign", "telemetry"},
    "aws": PURE | {"aws", "countersign", "webhooks"},
    "providers": PURE | {"providers", "webhooks"},
    "edge": PURE | {"dialects", "telemetry"},
    "cognito": PURE | {"service", "cognito", "edge", "telemetry"},
    "stream": PURE | {"batches", "telemetry"},
    "publish": PURE | {"batches", "stream", "telemetry"},
    "intake": PURE | {"service", "dialects", "edge", "telemetry"},
    "callbacks": PURE | {"callbacks", "service", "dialects", "edge", "telemetry"},
    "bootstrap": PURE
    | {"bootstrap"}
    | {"service", "dialects", "aws", "providers", "webhooks", "callbacks", "cognito", "telemetry"}
    | {"edge", "stream", "publish", "intake"},
    "countersign": set(),
    "preload": PURE | {"service", "providers", "aws"},  # for the effect on sys.modules; it uses nothing
    "functions": {"bootstrap", "edge", "preload", "cognito", "model"},
}
OUTSIDE: dict[str, set[str]] = {
    "aws": {"botocore"},
    "providers": {"requests", "urllib3"},
    "phone": {"phonenumbers"},
    "telemetry": {"aws_lambda_powertools"},
    # Of the one function that decrypts, beside its app.py; and that module of its own.
    "functions": {"aws_encryption_sdk", "botocore", "cognito_codes", "cryptography"},
}
CLIENTS = {f"mypy_boto3_{service}" for service in ("dynamodb", "events", "kms", "secretsmanager", "sqs")}
TYPES_ONLY: dict[str, set[str]] = {
    "aws": CLIENTS,
    "bootstrap": {"botocore", *CLIENTS},
    "functions": {"mypy_boto3_kms"},
    "providers": {"_typeshed"},
}


@dataclass(frozen=True)
class Import:
    """One imported module, and whether only a type checker ever imports it."""

    module: str
    names: tuple[str, ...]
    for_types: bool

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Source:
    path: Path
    group: str

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    def imports(self) -> Iterator[Import]:
        guarded = {
            id(inner)
            for node in ast.walk(self.tree_once)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in ast.walk(node)
        }
        for node in ast.walk(self.tree_once):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(alias.name, (), id(node) in guarded)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, "imports are absolute"
                yield Import(
                    node.module or "", tuple(alias.name for alias in node.names), id(node) in guarded
                )

    @property
    def tree_once(self) -> ast.Module:
        return _TREES.setdefault(self.path, self.tree)


_TREES: dict[Path, ast.Module] = {}


def sources() -> list[Source]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        found.append(Source(path, "countersign" if first == "__init__" else first))
    functions = [Source(path, "functions") for path in sorted((ROOT / "functions").glob("*/*.py"))]
    assert len(found) > 20
    assert len(functions) >= 2
    return found + functions


def inner(one: Import) -> set[str]:
    """The groups of the package that an import reaches."""
    if one.top != "countersign":
        return set()
    rest = one.module.split(".")[1:]
    if rest:
        return {rest[0]}
    known = {source.group for source in sources()} - {"functions"}
    return {name if name in known else "countersign" for name in one.names}


@pytest.mark.parametrize("source", sources(), ids=str)
def test_a_module_imports_only_what_lies_further_in(source: Source) -> None:
    reached = set[str]().union(*(inner(one) for one in source.imports()))
    assert reached <= ALLOWED[source.group]


@pytest.mark.parametrize("source", sources(), ids=str)
def test_a_library_is_known_to_one_part_alone(source: Source) -> None:
    for one in source.imports():
        if one.top == "countersign" or one.top in sys.stdlib_module_names:
            continue
        is_known_here = one.top in OUTSIDE.get(source.group, set())
        is_a_type = one.for_types and one.top in TYPES_ONLY.get(source.group, set())
        assert is_known_here or is_a_type, f"{source} imports {one.module}"


def test_nobody_but_the_composition_root_names_what_is_behind_the_ports() -> None:
    for source in sources():
        if source.group in {"bootstrap", "preload"}:
            continue
        for one in source.imports():
            assert "SystemClock" not in one.names, source
            for outer in ("aws", "providers"):
                assert outer not in inner(one) or source.group == outer, source


def test_what_is_preloaded_is_not_used() -> None:
    [source] = [source for source in sources() if source.group == "preload"]
    assert all(isinstance(node, ast.Import | ast.ImportFrom | ast.Expr) for node in source.tree_once.body)
    assert not any(one.names for one in source.imports() if one.top == "countersign")


def test_nobody_but_the_composition_root_reads_the_environment() -> None:
    readers = {
        source.group
        for source in sources()
        for node in ast.walk(source.tree_once)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
    }
    assert readers == {
        "bootstrap",
        "edge",
    }  # the edge reads X-Ray's variable, which changes with each request


def test_nobody_but_the_clock_asks_for_the_time() -> None:
    for source in sources():
        if source.group == "clock":
            continue
        assert not {one.module for one in source.imports()} & {"time"}, source
        calls = {ast.unparse(node.func) for node in ast.walk(source.tree_once) if isinstance(node, ast.Call)}
        assert not {call for call in calls if call.endswith((".now", ".utcnow", ".today"))} - CLOCK_CALLS, (
            source
        )


CLOCK_CALLS = {"self._clock.now", "clock.now", "use_cases.clock.now", "self._use_cases.clock.now"}


@pytest.mark.parametrize("source", [one for one in sources() if one.path.name == "app.py"], ids=str)
def test_a_handler_is_short_and_catches_nothing(source: Source) -> None:
    assert len(source.path.read_text(encoding="utf-8").splitlines()) < 40
    assert not any(isinstance(node, ast.Try) for node in ast.walk(source.tree_once))


def test_of_webhooks_nothing_catches_everything() -> None:
    catchers = {
        source.path.name
        for source in sources()
        for node in ast.walk(source.tree_once)
        if source.group == "webhooks"
        and isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    }
    assert catchers == set()


def test_nothing_but_the_edges_catches_everything() -> None:
    catchers = {
        source.group
        for source in sources()
        for node in ast.walk(source.tree_once)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    }
    assert catchers <= {
        "edge",
        "intake",
        "batches",
        "publish",
        "callbacks",
        "providers",
        "cognito",
    }
