"""What is in the built folders, and what is not."""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import platform
from pathlib import Path
from types import CodeType

import pytest

from .conftest import FUNCTIONS, PLANTED, ROOT, WITH_LIBRARIES, Build

DISTRIBUTIONS = {
    "aws_lambda_powertools",
    "certifi",
    "charset_normalizer",
    "idna",
    "jmespath",
    "phonenumbers",
    "requests",
    "typing_extensions",
    "urllib3",
}
# PEP 552. Bit 0: the file holds a hash of the source. Bit 1, unset: an import does not look at the source.
UNCHECKED_HASH = 0b01
PACKAGE = ROOT / "layers" / "countersign" / "countersign"
MEGABYTE = 1 << 20
LAYER_LIMIT_BYTES = 20 * MEGABYTE
FUNCTION_LIMIT_BYTES = MEGABYTE
LIBRARIES_LIMIT_BYTES = 25 * MEGABYTE


def files(folder: Path) -> dict[str, Path]:
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


def digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files(folder).items()}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_its_sources_and_their_bytecode(name: str, build: Build) -> None:
    sources = {path.name for path in (ROOT / "functions" / name).glob("*.py")}
    bytecode = {f"__pycache__/{source.removesuffix('.py')}.cpython-313.pyc" for source in sources}
    assert "app.py" in sources
    found = set(files(build.function(name)))
    if name == WITH_LIBRARIES:
        found = {file for file in found if file.removeprefix("__pycache__/").partition("/")[2] == ""}
        found = {file for file in found if not file.endswith(".so")}
    assert found == sources | bytecode


def test_the_layer_holds_the_package_and_its_dependencies_alone(build: Build) -> None:
    assert [path.name for path in build.layer.iterdir()] == ["python"]
    names = {path.name for path in (build.layer / "python").iterdir()} - {"__pycache__"}
    modules = {name.removesuffix(".py") for name in names if not name.endswith(".dist-info")}
    metadata = {name.split("-")[0] for name in names if name.endswith(".dist-info")}
    assert modules == DISTRIBUTIONS | {"countersign"}
    assert metadata == DISTRIBUTIONS


def test_the_layer_holds_every_file_of_the_package_as_it_is(build: Build) -> None:
    source, built = PACKAGE, build.layer / "python" / "countersign"
    expected = {name: digest for name, digest in digests(source).items() if "__pycache__" not in name}
    assert {"openapi.json", "bootstrap/container.py"} <= expected.keys()
    assert {name: digest for name, digest in digests(built).items() if "__pycache__" not in name} == expected


def test_nothing_local_no_test_and_nothing_planted_ships(build: Build) -> None:
    shipped = [name for part in build.parts for name in files(part)]
    assert [name for name in shipped if {"local", "tests", "test"} & set(Path(name).parts)] == []
    assert {Path(name).name for name in shipped}.isdisjoint({Path(name).name for name in PLANTED})


def test_the_layer_runs_on_every_processor(build: Build) -> None:
    names = files(build.layer)
    assert [name for name in names if name.endswith((".so", ".pyd", ".dylib")) or ".so." in name] == []


def test_what_is_never_imported_is_left_out(build: Build) -> None:
    names = files(build.layer / "python")
    folders = ("phonenumbers/geodata/", "phonenumbers/carrierdata/", "phonenumbers/tzdata/", "bin/")
    endings = (".pyi", ".min.js", "/RECORD")
    assert [name for name in names if name.startswith(folders) or name.endswith(endings)] == []


def test_every_module_has_bytecode_of_313_that_is_taken_on_trust(build: Build) -> None:
    for part in build.parts:
        sources = list(part.rglob("*.py"))
        assert sources
        for source in sources:
            cached = Path(importlib.util.cache_from_source(str(source), optimization=""))
            header = cached.read_bytes()[:16]
            assert cached.name.endswith(".cpython-313.pyc")
            assert header[:4] == importlib.util.MAGIC_NUMBER
            assert int.from_bytes(header[4:8], "little") == UNCHECKED_HASH, source
            assert header[8:] == importlib.util.source_hash(source.read_bytes()), source


def test_there_is_no_bytecode_without_its_source(build: Build) -> None:
    for part in build.parts:
        compiled = list(part.rglob("*.pyc"))
        assert len(compiled) == len(list(part.rglob("*.py")))
        for path in compiled:
            assert Path(importlib.util.source_from_cache(str(path))).is_file()


def test_bytecode_names_the_paths_on_lambda(build: Build) -> None:
    for part, mounted in build.parts.items():
        for path in part.rglob("*.pyc"):
            code = marshal.loads(path.read_bytes()[16:])
            assert isinstance(code, CodeType)
            source = Path(importlib.util.source_from_cache(str(path))).relative_to(part)
            assert code.co_filename == f"{mounted}/{source}"


def test_no_file_names_the_machine_that_built_it(build: Build, project: Path) -> None:
    traces = [str(folder).encode() for folder in (build.folder, project, ROOT)]
    for part in build.parts:
        for name, path in files(part).items():
            content = path.read_bytes()
            assert not any(trace in content for trace in traces), name


def test_two_builds_are_alike_byte_for_byte(build: Build, second_build: Build) -> None:
    for first, second in zip(build.parts, second_build.parts, strict=True):
        if first != build.function(WITH_LIBRARIES):  # whose platform is another one in the second
            assert digests(first) == digests(second)


def test_the_libraries_of_one_function_are_compiled_for_lambda_and_in_no_other_part(
    build: Build, second_build: Build
) -> None:
    for built, processor in ((build, platform.machine()), (second_build, "aarch64")):
        compiled = {part.name: {*part.rglob("*.so")} for part in built.parts}
        of_the_function = compiled.pop("CognitoSmsFunction")
        assert set().union(*compiled.values()) == set()
        assert len(of_the_function) == 3
        for path in of_the_function:
            assert machine_of(path) == processor, path.name


def machine_of(path: Path) -> str:
    """The processor that a shared object is for, by its ELF header (e_machine)."""
    return {62: "x86_64", 183: "aarch64"}[int.from_bytes(path.read_bytes()[18:20], "little")]


def test_the_libraries_of_one_function_are_these(second_build: Build) -> None:
    names = {path.name for path in second_build.function(WITH_LIBRARIES).iterdir()} - {"__pycache__"}
    folders = {name for name in names if "." not in name}
    assert folders == {"attr", "attrs", "aws_encryption_sdk", "cffi", "cryptography", "wrapt"}


def test_the_artifacts_are_small(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = {part: sum(path.stat().st_size for path in files(part).values()) for part in build.parts}
    with capsys.disabled():
        for part, size in sizes.items():
            print(f"\n{part.name}: {size / MEGABYTE:.2f} MB unpacked", end="")
    assert sizes.pop(build.layer) < LAYER_LIMIT_BYTES
    assert sizes.pop(build.function(WITH_LIBRARIES)) < LIBRARIES_LIMIT_BYTES
    assert max(sizes.values()) < FUNCTION_LIMIT_BYTES
