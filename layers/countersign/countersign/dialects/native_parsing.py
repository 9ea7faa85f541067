"""Reading requests of the native API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from countersign.dialects.strict_json import JsonObject
from countersign.errors import InvalidRequestError, NotFoundError
from countersign.model import Channel, Secret
from countersign.policy import (
    CODE_LENGTH,
    DEFAULT_CODE_LENGTH,
    DEFAULT_TTL_SECONDS,
    LONGEST_AUDIENCE,
    TTL_SECONDS,
    Bound,
    Policy,
    is_audience,
)

if TYPE_CHECKING:
    from countersign.service.wish import StartRequest

DEFAULT_PURPOSE = "verification"

_ID = re.compile(r"[a-z2-7]{26}")
_CODE = re.compile(r"[0-9A-Za-z]{4,10}")
_PURPOSE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def parse_start(body: JsonObject, *, policy: Policy, idempotency_key: str | None) -> StartRequest:
    """A start. The policy bounds what a request may ask for: no shorter code, no longer life."""
    # Not at import: the verify function has no use for them.
    from countersign.phone import parse_phone
    from countersign.service.sending import cooldown_seconds
    from countersign.service.wish import StartRequest

    to = body.text("to", most=32)
    channel = parse_channel(body)
    purpose = _matching(
        body, "purpose", pattern=_PURPOSE, most=64, rule="lower-case letters, digits, `_`, `-`, `.`"
    )
    locale = _matching(
        body, "locale", pattern=_LOCALE, most=35, rule="a language tag such as `vi` or `pt-BR`"
    )
    reference = body.optional_text("reference", most=64)
    least_length = policy.code_length or DEFAULT_CODE_LENGTH
    longest_ttl = policy.ttl_seconds or DEFAULT_TTL_SECONDS
    length = body.optional_number("code_length", bound=Bound(least_length, CODE_LENGTH.high))
    ttl = body.optional_number("ttl_seconds", bound=Bound(TTL_SECONDS.low, longest_ttl))
    body.nothing_else()
    return StartRequest(
        phone=parse_phone(to, field="to"),
        channels=(channel or Channel.SMS,),
        purpose=purpose or DEFAULT_PURPOSE,
        code_length=length or least_length,
        ttl_seconds=ttl or longest_ttl,
        cooldown_seconds=cooldown_seconds(policy),
        locale=locale,
        reference=reference,
        idempotency_key=idempotency_key,
    )


def parse_channel(body: JsonObject) -> Channel | None:
    value = body.optional_text("channel", most=16)
    if value is not None and value not in tuple(Channel):
        raise InvalidRequestError(f"`channel` must be one of {', '.join(Channel)}.", field="channel")
    return Channel(value) if value is not None else None


def parse_check(body: JsonObject) -> tuple[Secret, str | None]:
    """A code to check, and whom a proof is wanted for. What cannot be either costs no attempt."""
    code = body.text("code", most=10, least=4)
    audience = body.optional_text("audience", most=LONGEST_AUDIENCE)
    body.nothing_else()
    if not _CODE.fullmatch(code):
        raise InvalidRequestError("`code` must be 4 to 10 ASCII digits or letters.", field="code")
    if audience is not None and not is_audience(audience):
        raise InvalidRequestError(
            "`audience` must be a name or an address: a letter or digit, then these or `._~:/@-`.",
            field="audience",
        )
    return Secret(code), audience


def parse_id(value: str) -> str:
    """An id of ours. Raises NotFoundError for what cannot be one, in the words of one that nobody has."""
    if not _ID.fullmatch(value):
        raise NotFoundError
    return value


def parse_idempotency_key(headers: Mapping[str, str]) -> str | None:
    key = headers.get("idempotency-key")
    return None if key is None else check_idempotency_key(key, field="Idempotency-Key")


def check_idempotency_key(key: str, *, field: str) -> str:
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidRequestError(f"`{field}` must be 1 to 255 visible ASCII characters.", field=field)
    return key


def _matching(body: JsonObject, name: str, *, pattern: re.Pattern[str], most: int, rule: str) -> str | None:
    value = body.optional_text(name, most=most)
    if value is not None and not pattern.fullmatch(value):
        raise InvalidRequestError(f"`{name}` must be {rule}.", field=name)
    return value
