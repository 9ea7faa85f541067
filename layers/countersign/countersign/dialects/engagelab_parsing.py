"""Reading requests of EngageLab's protocol.

Members that are not documented are ignored, as the vendor does. What breaks the document
(no JSON, no object) raises an InvalidRequestError without `field`, a wrong member one that
names it: the vendor has a code for each.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from countersign.dialects.http import HttpRequest
from countersign.dialects.strict_json import parse_members
from countersign.dialects.typed_code import typed_code
from countersign.errors import InvalidRequestError
from countersign.model import Secret
from countersign.policy import CODE_LENGTH, Policy

if TYPE_CHECKING:
    from countersign.dialects.engagelab_templates import Template
    from countersign.service.wish import StartRequest

LONGEST_PARAMETER = 64

_OWN_CODE = re.compile(rf"[0-9A-Za-z]{{{CODE_LENGTH.low},{CODE_LENGTH.high}}}")
_MESSAGE_ID = re.compile(r"[0-9]{19}")
_LOWEST_ID, _IDS = 10**18, 82 * 10**17  # 19 digits, below 2^63


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a send asks for, before its template is known."""

    to: Secret
    template_id: str
    language: str
    params: Mapping[str, str] = field(repr=False)
    code: Secret | None  # the caller's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A code to check."""

    message_id: str
    code: Secret


def parse_message(request: HttpRequest) -> Order:
    """`{"to", "template": {"id", "language"?, "params"?}}`: the code is ours or a vendor's."""
    document = _document(request)
    return _order(document, to=_text(document, "to"), code=None)


def parse_code_message(request: HttpRequest) -> Order:
    """The same with the caller's own `code`."""
    document = _document(request)
    return _order(document, to=_text(document, "to"), code=_own_code(document.get("code"), field="code"))


def parse_custom_message(request: HttpRequest) -> Order:
    """The same with the code in `template.params.code`; `to` may be an array of one number."""
    document = _document(request)
    to = document.get("to")
    if isinstance(to, list):
        if len(to) != 1:
            raise InvalidRequestError("`to` must hold exactly one number.", field="to")
        document = document | {"to": to[0]}
    code = _params(_template(document)).get("code")
    return _order(document, to=_text(document, "to"), code=_own_code(code, field="template.params.code"))


def parse_guess(request: HttpRequest) -> Guess | None:
    """`{"message_id", "verify_code"}`; None: no message can have such an id."""
    document = _document(request)
    message_id = _text(document, "message_id")
    code = typed_code(_text(document, "verify_code"), field="verify_code")
    return Guess(message_id=message_id, code=code) if _MESSAGE_ID.fullmatch(message_id) else None


def start_request(order: Order, *, template: Template, policy: Policy) -> StartRequest:
    """The start that a send is. Raises InvalidRequestError or InvalidNumberError."""
    # Not at import: the verify function has no use for them.
    from countersign.dialects.engagelab_templates import LOCALES
    from countersign.phone import parse_phone
    from countersign.service.wish import StartRequest

    if order.language not in LOCALES:
        field = "template.language"
        raise InvalidRequestError(f"`{field}` must be one of {', '.join(LOCALES)}.", field=field)
    length = template.code_length
    if order.code is not None:
        length = len(order.code.reveal())
        if length < (policy.code_length or CODE_LENGTH.low):
            raise InvalidRequestError(
                f"The code must have at least {policy.code_length} characters.", field="code"
            )
    return StartRequest(
        phone=parse_phone(order.to.reveal(), field="to"),
        channels=template.channels,
        purpose=f"dialect:engagelab:{template.id}",
        code_length=length,
        ttl_seconds=template.ttl_seconds,
        cooldown_seconds=policy.cooldown_seconds or 0,
        one_at_a_time=True,
        text=template.text(order.language, params=order.params),
        code=order.code,
        verification_id=random_message_id(),
        locale=LOCALES[order.language],
    )


def random_message_id() -> str:
    """19 digits that a signed 64-bit number can hold, as the vendor's are."""
    return str(_LOWEST_ID + secrets.randbelow(_IDS))


def _document(request: HttpRequest) -> dict[str, object]:
    return parse_members(request.body, content_type=request.headers.get("content-type"))


def _order(document: Mapping[str, object], *, to: str, code: Secret | None) -> Order:
    template = _template(document)
    params = _params(template)
    own = code.reveal() if code is not None else None
    if params.get("code", own) != own:
        name = "template.params.code"
        raise InvalidRequestError(f"`{name}` is not the code that this call sends.", field=name)
    return Order(
        to=Secret(to),
        template_id=_text(template, "id", within="template."),
        language=_language(template),
        params=params,
        code=code,
    )


def _template(document: Mapping[str, object]) -> dict[str, object]:
    template = document.get("template")
    if not isinstance(template, dict):
        raise InvalidRequestError("`template` must be an object.", field="template")
    return template


def _language(template: Mapping[str, object]) -> str:
    # Null is how some languages write what is left out.
    if template.get("language") is None:
        return "default"
    return _text(template, "language", within="template.")


def _params(template: Mapping[str, object]) -> dict[str, str]:
    params = template.get("params")
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise InvalidRequestError("`template.params` must be an object.", field="template.params")
    for value in params.values():
        # Braces are how our texts and a vendor's mark the places that are filled in.
        if not isinstance(value, str) or len(value) > LONGEST_PARAMETER or not value.isprintable():
            raise InvalidRequestError(
                f"`template.params` must hold strings of at most {LONGEST_PARAMETER} printable characters.",
                field="template.params",
            )
        if "{" in value or "}" in value:
            raise InvalidRequestError("`template.params` must hold no braces.", field="template.params")
    return params


def _own_code(value: object, *, field: str) -> Secret:
    if not isinstance(value, str) or not _OWN_CODE.fullmatch(value):
        raise InvalidRequestError(
            f"`{field}` must be a string of {CODE_LENGTH.low} to {CODE_LENGTH.high} digits or letters.",
            field=field,
        )
    return Secret(value)


def _text(members: Mapping[str, object], name: str, *, within: str = "") -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        field = within + name
        raise InvalidRequestError(f"`{field}` must be a string that is not empty.", field=field)
    return value
