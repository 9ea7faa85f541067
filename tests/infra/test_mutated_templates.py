"""template.yaml keeps its rules, and no rule is there that could not fail.

For each rule: a template that it alone complains of, and for each of its complaints a template that it is
made of. A rule that somebody writes and lists nowhere, or without a template that breaks it, fails here.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import GeneratorType

import pytest

from .cognito import COGNITO_MUTATIONS, COGNITO_RULES
from .mutations import ALL_RULES, MUTATIONS
from .parameters import PARAMETER_MUTATIONS, PARAMETER_RULES
from .proof import PROOF_MUTATIONS, PROOF_RULES
from .reading import Template, changed, read_template
from .requests_in import QUEUE_MUTATIONS, QUEUE_RULES
from .rules import Rule, routes_are_explicit_and_speak_payload_2
from .serving import SERVING_MUTATIONS, SERVING_RULES
from .webhooks import WEBHOOK_MUTATIONS, WEBHOOK_RULES
from .wiring import WIRING_MUTATIONS, WIRING_RULES

EVERY_RULE = (
    ALL_RULES
    + PARAMETER_RULES
    + PROOF_RULES
    + SERVING_RULES
    + WIRING_RULES
    + QUEUE_RULES
    + WEBHOOK_RULES
    + COGNITO_RULES
)
EVERY_MUTATION = (
    MUTATIONS
    + PARAMETER_MUTATIONS
    + PROOF_MUTATIONS
    + SERVING_MUTATIONS
    + WIRING_MUTATIONS
    + QUEUE_MUTATIONS
    + WEBHOOK_MUTATIONS
    + COGNITO_MUTATIONS
)
# A route that is another one is seen by whoever looks at routes, each from its own side.
NEIGHBOURS = {rule: {*SERVING_RULES, routes_are_explicit_and_speak_payload_2} for rule in SERVING_RULES}


@pytest.fixture(scope="module")
def template() -> Template:
    return read_template()


@pytest.fixture(scope="module")
def kept(template: Template) -> tuple[Rule, ...]:
    """The rules that the template keeps: all of them, or each that it breaks would show up everywhere."""
    return tuple(rule for rule in EVERY_RULE if not complains(rule, template))


def broken(template: Template, rule: Rule) -> Iterator[Template]:
    """The templates that break the rule."""
    for broken_rule, path, value in EVERY_MUTATION:
        if broken_rule is rule:
            yield changed(template, path=path, value=value)


def complains(rule: Rule, template: Template) -> bool:
    """Whether it is no template for the rule: one that the rule cannot even read is none, too."""
    try:
        return list(rule(template)) != []
    except (KeyError, TypeError, ValueError):
        return True


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.__name__)
def test_the_template_keeps_the_rule(rule: Rule, template: Template) -> None:
    assert list(rule(template)) == []


@pytest.mark.parametrize(("rule", "path", "value"), EVERY_MUTATION)
def test_a_template_that_breaks_the_rule_is_caught(
    rule: Rule, path: str, value: object, template: Template
) -> None:
    assert list(rule(changed(template, path=path, value=value))) != []


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.__name__)
def test_some_broken_template_is_caught_by_this_rule_and_by_no_other(
    rule: Rule, template: Template, kept: tuple[Rule, ...]
) -> None:
    allowed = {rule} | NEIGHBOURS.get(rule, set())
    caught_by = [{other for other in kept if complains(other, mutated)} for mutated in broken(template, rule)]
    assert any(rule in rules <= allowed for rules in caught_by), caught_by


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.__name__)
def test_everything_that_the_rule_can_say_is_said_of_some_broken_template(
    rule: Rule, template: Template
) -> None:
    said = {line for mutated in broken(template, rule) for line in lines_that_speak(rule, mutated)}
    unsaid = [text for lines, text in complaints(rule).items() if said.isdisjoint(lines)]
    assert unsaid == []


def test_no_rule_is_written_and_not_listed() -> None:
    written = set(rules_written())
    assert written == {rule.__name__ for rule in EVERY_RULE}
    assert len(EVERY_RULE) == len(written)


def rules_written() -> Iterator[str]:
    """The public functions of this folder's modules that take a template and give faults."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name.startswith(("test_", "__")):
            continue
        module = import_module(f"{__package__}.{path.stem}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            is_rule = function.__annotations__ == {"template": "Template", "return": "Iterator[str]"}
            if is_rule and function.__module__ == module.__name__ and not name.startswith("_"):
                yield name


def lines_that_speak(rule: Rule, template: Template) -> Iterator[int]:
    """The line of the rule's module at which each of its faults was said."""
    faults = rule(template)
    assert isinstance(faults, GeneratorType)
    for _ in faults:
        assert faults.gi_frame is not None
        yield faults.gi_frame.f_lineno


def complaints(rule: Rule) -> dict[range, str]:
    """What the rule can say, by the lines of its module at which it says it."""
    source, first = inspect.getsourcelines(rule)
    found = {}
    for node in ast.walk(ast.parse(textwrap.dedent("".join(source)))):
        if isinstance(node, ast.Yield | ast.YieldFrom):
            assert node.end_lineno is not None
            found[range(first + node.lineno - 1, first + node.end_lineno)] = ast.unparse(node.value or node)
    return found


def test_a_complaint_that_nothing_provokes_would_be_seen(template: Template) -> None:
    def two_faults(template: Template) -> Iterator[str]:
        yield "one"
        if not template:
            yield "another"

    said = set(lines_that_speak(two_faults, template))
    assert [text for lines, text in complaints(two_faults).items() if said.isdisjoint(lines)] == ["'another'"]
