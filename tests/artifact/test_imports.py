"""The built folders run on their own, in an interpreter that sees nothing else of this environment."""

from __future__ import annotations

import json

import pytest

from .conftest import FUNCTIONS, ROOT, Lambda

LOADED_WITHOUT_BYTECODE = """
import app, json, os
roots = tuple(sys.path[:2])
files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
modules = [sys.modules[name] for name, file in files.items() if file.startswith(roots)]
print(json.dumps({
    "callable": callable(app.handler),
    "modules": len(modules),
    "uncompiled": [
        module.__name__ for module in modules
        if module.__spec__ is not None  # a wrapper that a library puts in a module's place has none
        and module.__file__.endswith(".py") and not os.path.isfile(module.__spec__.cached)
    ],
}))
"""
OPENAPI = """
import app
class Context:
    aws_request_id = "r"
    def get_remaining_time_in_millis(self):
        return 20000
http = {"method": "GET", "path": "/openapi.json"}
answer = app.handler({"rawPath": "/openapi.json", "requestContext": {"http": http}}, Context())
assert answer["statusCode"] == 200
print(answer["body"].rstrip())
"""
PHONE = """
import json, phonenumbers
number, regions = phonenumbers.parse("+84901888484"), phonenumbers.SUPPORTED_REGIONS
print(json.dumps([
    phonenumbers.is_valid_number(number),
    phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.region_code_for_number(number),
    sum(phonenumbers.is_valid_number(phonenumbers.example_number(region)) for region in regions),
    len(regions),
]))
"""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_imports_from_the_built_folders_without_any_environment(
    function: str, lambda_like: Lambda
) -> None:
    seen = json.loads(lambda_like.run(LOADED_WITHOUT_BYTECODE, function=function))
    assert seen["callable"]
    assert seen["modules"] > 1
    assert seen["uncompiled"] == []


def test_the_package_comes_from_the_layer(lambda_like: Lambda) -> None:
    where = lambda_like.run("import countersign; print(countersign.__file__)").strip()
    assert where == str(lambda_like.build.layer / "python" / "countersign" / "__init__.py")


def test_every_module_of_the_package_imports(lambda_like: Lambda) -> None:
    package = lambda_like.build.layer / "python"
    names = [
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((package / "countersign").rglob("*.py"))
    ]
    code = f"import importlib\nfor name in {names!r}: importlib.import_module(name)\nprint('all')"
    assert lambda_like.run(code).strip() == "all"


def test_phone_numbers_work_without_the_data_that_was_left_out(lambda_like: Lambda) -> None:
    valid, mobile, region, examples, regions = json.loads(lambda_like.run(PHONE))
    assert (valid, mobile, region) == (True, True, "VN")
    assert examples == regions > 200


def test_the_runtimes_own_sdk_works_beside_the_layer(lambda_like: Lambda) -> None:
    code = (
        "import boto3, jmespath, urllib3\n"
        "boto3.client('dynamodb', region_name='us-east-1')\n"
        "print(jmespath.__file__, urllib3.__file__)"
    )
    layer = str(lambda_like.build.layer)
    assert all(path.startswith(layer) for path in lambda_like.run(code).split())


def test_the_interpreter_sees_nothing_else_of_this_environment(lambda_like: Lambda) -> None:
    code = (
        "import importlib.util as found\n"
        "print([name for name in ('pytest', 'ministack', 'samcli') if found.find_spec(name)])"
    )
    assert lambda_like.run(code).strip() == "[]"


def test_the_openapi_document_is_answered_from_the_layer(lambda_like: Lambda) -> None:
    source = ROOT / "layers" / "countersign" / "countersign" / "openapi.json"
    answered = lambda_like.run(OPENAPI, function="verify")
    assert json.loads(answered) == json.loads(source.read_text(encoding="utf-8"))
