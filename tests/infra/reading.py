"""Reads template.yaml, changes copies of it, and shows what SAM makes of it."""

from __future__ import annotations

import copy
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import boto3
from samcli.yamlhelper import yaml_parse  # type: ignore[import-untyped]  # ships no types
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]  # ships no types
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]  # ships no types

ROOT: Final = Path(__file__).parents[2]
DELETE: Final = object()

type Template = dict[str, Any]  # intrinsics in their long form: {"Ref": …}, {"Fn::GetAtt": [name, attribute]}


def read_template() -> Template:
    """The project's template; every caller gets a copy of their own."""
    return copy.deepcopy(_parsed())


@cache
def _parsed() -> Template:
    template: Template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    return template


def resources(template: Template, kind: str) -> dict[str, Template]:
    """The properties of the resources of one type, e.g. `AWS::IAM::Role`, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def changed(template: Template, *, path: str, value: object) -> Template:
    """A copy where what stands at `path` (keys and indices joined by `/`) is `value`, or gone: DELETE."""
    copied = copy.deepcopy(template)
    *way, last = path.split("/")
    node: Any = copied
    for step in way:
        node = node[_key(node, step)]
    if value is DELETE:
        del node[_key(node, last)]
    elif isinstance(node, list) and int(last) == len(node):
        node.append(value)
    else:
        node[_key(node, last)] = value
    return copied


def _key(node: object, step: str) -> str | int:
    return int(step) if isinstance(node, list) else step


def translated(template: Template) -> Template:
    """What the SAM transform makes of the template: plain CloudFormation."""
    source = copy.deepcopy(template)
    for resource in source["Resources"].values():
        for uri in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
            resource["Properties"][uri] = "s3://bucket/key"  # what `sam deploy` puts there
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    defaults = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    result: Template = translator.translate(sam_template=source, parameter_values=defaults)
    return result


def takes(template: Template, parameter: str, *, value: str) -> bool:
    """Would CloudFormation take the value for this parameter of type String?"""
    rules = template["Parameters"][parameter]
    return (
        re.fullmatch(rules.get("AllowedPattern", r"[\s\S]*"), value) is not None
        and rules.get("MinLength", 0) <= len(value) <= rules.get("MaxLength", 4096)
        and value in rules.get("AllowedValues", [value])
    )
