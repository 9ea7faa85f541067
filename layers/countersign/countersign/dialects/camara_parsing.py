"""Reading requests of CAMARA's One Time Password SMS, as strictly as its schemas are written.

What the schemas do not allow is an InvalidRequestError; a number that they allow and that
nobody can have is an InvalidNumberError, for which the standard has other words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from countersign.dialects import client_settings
from countersign.dialects.http import HttpRequest
from countersign.dialects.strict_json import parse_members
from countersign.dialects.typed_code import typed_code
from countersign.errors import InvalidRequestError, NotFoundError
from countersign.model import Channel, MessageText, Secret
from countersign.policy import DEFAULT_CODE_LENGTH, DEFAULT_TTL_SECONDS, Policy

if TYPE_CHECKING:
    from countersign.service.wish import StartRequest

SCOPE = "one-time-password-sms:send-validate"
PURPOSE = "dialect:camara"
CORRELATOR = "x-correlator"
PLACE_OF_THE_CODE = "{{code}}"
LONGEST_MESSAGE = 160  # characters of the template, `{{code}}` included, as the schema counts
LONGEST_ID = 36

_PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
_CORRELATOR = re.compile(r"[a-zA-Z0-9\-_:;./<>{}]{1,256}")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# Controls and halves of a character, which no text can carry. A line feed is none of them: phones fill in
# codes by a text's last line.
_UNSENDABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A code to validate."""

    authentication_id: str
    code: Secret


def own_text_binds(settings: Mapping[str, object], *, client_id: str) -> bool:
    """Must the caller's own text be sent? Raises ConfigurationError for settings that are none."""
    where = client_settings.section_of(client_id, dialect="camara")
    client_settings.nothing_but(settings, known=("own_text",), where=where)
    return client_settings.own_text_binds(settings, where=where)


def correlator_of(request: HttpRequest) -> str | None:
    """The caller's `x-correlator`, or None where there is none that an answer may repeat.

    By the CAMARA API Design Guide, 5.8.5, an empty one counts as none.
    """
    value = request.headers.get(CORRELATOR, "")
    return value if _CORRELATOR.fullmatch(value) else None


def parse_send(request: HttpRequest, *, policy: Policy, text_is_binding: bool) -> StartRequest:
    """`{"phoneNumber", "message"}`. Raises InvalidRequestError, InvalidNumberError."""
    # Not at import: the verify function has no use for them.
    from countersign.phone import parse_phone
    from countersign.service.wish import StartRequest

    members = _members(request, declared=("phoneNumber", "message"))
    number = _text(members, "phoneNumber", most=16)
    if not _PHONE_NUMBER.fullmatch(number):
        raise InvalidRequestError(
            "`phoneNumber` must be `+` and 5 to 15 digits, the first of them not 0.", field="phoneNumber"
        )
    message = _message(members)
    return StartRequest(
        phone=parse_phone(number, field="phoneNumber"),
        channels=(Channel.SMS,),
        purpose=PURPOSE,
        code_length=policy.code_length or DEFAULT_CODE_LENGTH,
        ttl_seconds=policy.ttl_seconds or DEFAULT_TTL_SECONDS,
        cooldown_seconds=policy.cooldown_seconds or 0,
        text=MessageText(tuple(message.split(PLACE_OF_THE_CODE)), binding=text_is_binding),
        verification_id=str(uuid4()),
    )


def parse_guess(request: HttpRequest) -> Guess:
    """`{"authenticationId", "code"}`. Raises InvalidRequestError, or NotFoundError: no id looks so."""
    members = _members(request, declared=("authenticationId", "code"))
    authentication_id = _text(members, "authenticationId", most=LONGEST_ID)
    code = typed_code(_text(members, "code", most=10), field="code")
    # An application that keeps ids as UUIDs may write them in capitals.
    authentication_id = authentication_id.lower()
    if not _ID.fullmatch(authentication_id):
        raise NotFoundError
    return Guess(authentication_id=authentication_id, code=code)


def _members(request: HttpRequest, *, declared: tuple[str, ...]) -> dict[str, object]:
    """The body of a request whose `x-correlator`, if any, is well-formed."""
    if request.headers.get(CORRELATOR) and correlator_of(request) is None:
        raise InvalidRequestError(
            "`x-correlator` must be up to 256 letters, digits and characters of `-_:;./<>{}`.",
            field=CORRELATOR,
        )
    members = parse_members(request.body, content_type=request.headers.get("content-type"))
    if not members.keys() <= set(declared):
        raise InvalidRequestError(f"The body may hold {' and '.join(f'`{name}`' for name in declared)} only.")
    return members


def _text(members: Mapping[str, object], name: str, *, most: int) -> str:
    if name not in members:
        raise InvalidRequestError(f"`{name}` is missing.", field=name)
    value = members[name]
    if not isinstance(value, str):
        raise InvalidRequestError(f"`{name}` must be a string.", field=name)
    if not 1 <= len(value) <= most:
        raise InvalidRequestError(f"`{name}` must have 1 to {most} characters.", field=name)
    return value


def _message(members: Mapping[str, object]) -> str:
    message = _text(members, "message", most=LONGEST_MESSAGE)
    if PLACE_OF_THE_CODE not in message:
        raise InvalidRequestError(f"`message` must hold `{PLACE_OF_THE_CODE}`.", field="message")
    if _UNSENDABLE.search(message):
        raise InvalidRequestError("`message` must hold no control characters.", field="message")
    return message
