"""Reading requests of the eSMS dialect: what a send asks for, what a check asks about."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from countersign.client import Client
from countersign.dialects import client_settings
from countersign.dialects.esms_answers import CodeResult, EsmsRefusedError
from countersign.dialects.esms_parameters import Parameters
from countersign.dialects.typed_code import typed_code
from countersign.errors import ConfigurationError, InvalidRequestError
from countersign.model import Alphabet, Channel, MessageText, Phone, Secret
from countersign.policy import CODE_LENGTH, TTL_SECONDS, Bound, Policy

if TYPE_CHECKING:
    from countersign.service.wish import StartRequest

DIALECT = "esms"
PURPOSE = f"dialect:{DIALECT}"
HOME_REGION = "VN"  # where `0901888484` is a whole number

LEAST_MINUTES = 2
DEFAULT_SECONDS = 300
DEFAULT_LENGTH = 6
MESSAGE_CHARACTERS = 480
PLACEHOLDER = "{OTP}"
CUSTOMER_CARE = "2"
CREATE_AND_SEND = "2"  # `1` only creates a code, which nobody would ever learn

_ALPHABETS = {"": Alphabet.LETTERS_AND_DIGITS, "0": Alphabet.LETTERS_AND_DIGITS, "1": Alphabet.DIGITS}
_SETTINGS = frozenset({"brandnames", "multichannel_templates", "own_text"})


class MalformedCodeError(InvalidRequestError):
    """What was typed cannot be a code: an invalid code that costs no attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EsmsSettings:
    """What the operator has set for a client under `dialects.esms`."""

    brandnames: frozenset[str]  # the names that the vendor accounts of its routes send under
    multichannel_templates: frozenset[str]  # the ids that stand for the vendor accounts' template
    text_is_binding: bool

    @classmethod
    def of(cls, client: Client) -> EsmsSettings:
        """Raises ConfigurationError that names the client and the setting."""
        section = client.settings(DIALECT)
        where = client_settings.section_of(client.id, dialect=DIALECT)
        client_settings.nothing_but(section, known=_SETTINGS, where=where)
        return cls(
            brandnames=_names(section, "brandnames", where=where),
            multichannel_templates=_names(section, "multichannel_templates", where=where),
            text_is_binding=client_settings.own_text_binds(section, where=where),
        )


def _names(section: Mapping[str, object], name: str, *, where: str) -> frozenset[str]:
    value = section.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ConfigurationError(f"{where}.{name} must be a list of texts that are not empty")
    return frozenset(value)


# Sends --------------------------------------------------------------------------------------


def parse_gencode(parameters: Parameters, *, client: Client) -> StartRequest:
    """GENCODE V4: the caller's own text, by SMS.

    Raises EsmsRefusedError (104, 118, 146, 300), InvalidNumberError, InvalidRequestError, or
    ConfigurationError for settings that cannot be read.
    """
    settings = EsmsSettings.of(client)
    _refuse_sandbox(parameters)
    phone = parse_number(parameters)
    if parameters.text("Brandname") not in settings.brandnames:
        raise EsmsRefusedError(
            CodeResult.UNKNOWN_BRANDNAME, "Brand name code is not exist", field="Brandname"
        )
    _check_type(parameters, "Type", allowed=CUSTOMER_CARE, otherwise=CodeResult.TYPE_NOT_SUPPORTED)
    text = _text(parameters, binding=settings.text_is_binding)
    least = client.policy.code_length or CODE_LENGTH.low
    length = parameters.bounded_whole("NumCharOfCode", bound=Bound(least, CODE_LENGTH.high))
    alphabet = _ALPHABETS.get(parameters.whole("IsNumber"))
    if alphabet is None:
        raise InvalidRequestError("`IsNumber` must be 0 or 1.", field="IsNumber")
    return _start_request(
        parameters,
        phone=phone,
        policy=client.policy,
        channels=(Channel.SMS,),
        code_length=length or client.policy.code_length or DEFAULT_LENGTH,
        alphabet=alphabet,
        text=text,
    )


def parse_multichannel(parameters: Parameters, *, client: Client) -> StartRequest:
    """GENCODE V5: a template of the vendor account, by Zalo and else by SMS.

    The vendor documents neither a length nor an alphabet for it; ours are 6 digits.
    Raises EsmsRefusedError (146, 300, 301) and otherwise what `parse_gencode` does.
    """
    settings = EsmsSettings.of(client)
    _refuse_sandbox(parameters)
    phone = parse_number(parameters)
    if parameters.text("MultiChannelTempId") not in settings.multichannel_templates:
        raise EsmsRefusedError(
            CodeResult.BAD_TEMPLATE,
            "`MultiChannelTempId` is missing, or no template of this account.",
            field="MultiChannelTempId",
        )
    _check_type(parameters, "TypeId", allowed=CREATE_AND_SEND, otherwise=CodeResult.TYPE_ID_NOT_SUPPORTED)
    return _start_request(
        parameters,
        phone=phone,
        policy=client.policy,
        channels=(Channel.ZALO, Channel.SMS),
        code_length=max(DEFAULT_LENGTH, client.policy.code_length or 0),
        alphabet=Alphabet.DIGITS,
        text=None,
    )


def _start_request(
    parameters: Parameters,
    *,
    phone: Phone,
    policy: Policy,
    channels: tuple[Channel, ...],
    code_length: int,
    alphabet: Alphabet,
    text: MessageText | None,
) -> StartRequest:
    from countersign.service.wish import StartRequest  # not at import: a check has no use for it

    longest = policy.ttl_seconds or TTL_SECONDS.high
    minutes = parameters.bounded_whole("TimeAlive", bound=Bound(LEAST_MINUTES, longest // 60))
    return StartRequest(
        phone=phone,
        channels=channels,
        purpose=PURPOSE,
        code_length=code_length,
        ttl_seconds=min(DEFAULT_SECONDS, longest) if minutes is None else minutes * 60,
        cooldown_seconds=policy.cooldown_seconds or 0,
        alphabet=alphabet,
        text=text,
        verification_id=secrets.token_hex(16),
    )


def _refuse_sandbox(parameters: Parameters) -> None:
    """The vendor's sandbox sends nothing; here something would be sent."""
    if parameters.whole("Sandbox") not in ("", "0"):
        raise InvalidRequestError("`Sandbox` is not offered.", field="Sandbox")


def _check_type(parameters: Parameters, name: str, *, allowed: str, otherwise: CodeResult) -> None:
    value = parameters.whole(name)
    if not value:
        raise EsmsRefusedError(CodeResult.TYPE_MISSING, f"`{name}` is missing.", field=name)
    if value != allowed:
        raise EsmsRefusedError(otherwise, f"`{name}` must be {allowed}.", field=name)


def _text(parameters: Parameters, *, binding: bool) -> MessageText:
    """The message, split at the places of the code. Line feeds are the only control characters in it."""
    message = parameters.text("message")
    if PLACEHOLDER not in message:
        reason = f"`message` must hold {PLACEHOLDER}."
    elif len(message) > MESSAGE_CHARACTERS:
        reason = f"`message` must have at most {MESSAGE_CHARACTERS} characters."
    elif not message.replace("\n", "").isprintable():
        reason = "`message` holds characters that cannot be printed."
    else:
        return MessageText(tuple(message.split(PLACEHOLDER)), binding=binding)
    raise EsmsRefusedError(CodeResult.BAD_TEMPLATE, reason, field="message")


# Checks and what both have --------------------------------------------------------------------


def parse_number(parameters: Parameters) -> Phone:
    """`0901888484`, `84901888484` or `+84901888484`. Raises InvalidNumberError."""
    from countersign.phone import international, parse_phone  # not at import: libphonenumber is slow

    return parse_phone(international(spelt_phone(parameters), region=HOME_REGION), field="Phone")


def spelt_phone(parameters: Parameters) -> str:
    """The phone as the caller spells it; a `+` of a query that was not encoded has become a space."""
    return parameters.text("Phone").strip(" ")


def parse_code(parameters: Parameters) -> Secret:
    """A code to check. Raises MalformedCodeError; InvalidRequestError where there is none."""
    code = parameters.text("Code")
    if not code:
        raise InvalidRequestError("`Code` is missing.", field="Code")
    return typed_code(code, field="Code", otherwise=MalformedCodeError)
