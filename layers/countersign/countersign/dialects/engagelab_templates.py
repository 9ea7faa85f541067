"""The verification templates of EngageLab's dialect, as a client's configuration holds them. Pure.

    "dialects": {"engagelab": {"templates": {
        "login": {"code_length": 6, "ttl_seconds": 300, "channels": "whatsapp|sms",
                  "texts": {"default": "{{code}} is your code for {{shop}}"}, "own_text": "preferred"}}}}

The vendor keeps them in its console; what its calls name is the id and the language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, final

from countersign.dialects import client_settings
from countersign.errors import ConfigurationError, InvalidRequestError
from countersign.model import Channel, MessageText
from countersign.policy import (
    CODE_LENGTH,
    DEFAULT_CODE_LENGTH,
    DEFAULT_TTL_SECONDS,
    TTL_SECONDS,
    Bound,
    Policy,
)

DEFAULT_LANGUAGE = "default"
LOCALES: Mapping[str, str | None] = {
    DEFAULT_LANGUAGE: None,
    "zh_CN": "zh-CN",
    "zh_HK": "zh-HK",
    "en": "en",
    "ja": "ja",
    "th": "th",
    "es": "es",
}  # the vendor's languages, and what the service calls them (BCP 47)

LONGEST_ID = 64
LONGEST_TEXT = 500

_MEMBERS = {"code_length", "ttl_seconds", "channels", "texts", "own_text"}
_CHANNELS = (Channel.SMS, Channel.WHATSAPP, Channel.VOICE)
_CODE = "code"
_PLACEHOLDER = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_]{0,31})\}\}")


@final
@dataclass(frozen=True, slots=True)
class TemplateText:
    """A text with places: literals and the names of places in turn, a literal first and last."""

    pieces: tuple[str, ...]

    @classmethod
    def parse(cls, value: object, *, where: str) -> Self:
        """Read a text such as `{{code}} is your code for {{shop}}`. Raises ConfigurationError."""
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
            raise ConfigurationError(f"{where} must be a text of 1 to {LONGEST_TEXT} characters")
        pieces = tuple(_PLACEHOLDER.split(value))
        if any("{{" in literal or "}}" in literal for literal in pieces[::2]):
            raise ConfigurationError(f"{where} holds braces that are no placeholder such as {{{{name}}}}")
        if _CODE not in pieces[1::2]:
            raise ConfigurationError(f"{where} must hold {{{{code}}}}")
        if not all(literal.replace("\n", "").isprintable() for literal in pieces[::2]):
            raise ConfigurationError(f"{where} holds characters that cannot be printed")
        return cls(pieces)

    def filled(self, params: Mapping[str, str], *, binding: bool) -> MessageText:
        """The text around the code. What a parameter holds is never read for places again.

        Raises InvalidRequestError naming the parameter that is missing.
        """
        parts = [self.pieces[0]]
        for name, literal in zip(self.pieces[1::2], self.pieces[2::2], strict=True):
            if name == _CODE:
                parts.append(literal)
            elif name in params:
                parts[-1] += params[name] + literal
            else:
                field = f"template.params.{name}"
                raise InvalidRequestError(f"`{field}` is missing.", field=field)
        return MessageText(tuple(parts), binding=binding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template."""

    id: str
    code_length: int
    ttl_seconds: int
    channels: tuple[Channel, ...]  # in order of preference
    texts: Mapping[str, TemplateText]  # by language; empty: the vendor's own text
    own_text_is_binding: bool  # False: a vendor that sends no texts but its own may use its own

    def text(self, language: str, *, params: Mapping[str, str]) -> MessageText | None:
        """The text in a language, or in the default one. Raises InvalidRequestError."""
        if not self.texts:
            return None
        text = self.texts.get(language) or self.texts[DEFAULT_LANGUAGE]
        return text.filled(params, binding=self.own_text_is_binding)


def find_template(
    settings: Mapping[str, object], template_id: str, *, client_id: str, policy: Policy
) -> Template | None:
    """The client's template of that id, or None where it has none.

    `settings` is the client's `dialects.engagelab`. Only the template asked for is read, so
    that a mistake in one does not take the others with it. Raises ConfigurationError naming
    the client and the setting.
    """
    where = client_settings.section_of(client_id, dialect="engagelab")
    client_settings.nothing_but(settings, known=("templates",), where=where)
    templates = settings.get("templates", {})
    if not isinstance(templates, dict):
        raise ConfigurationError(f"{where}.templates must be a JSON object")
    if template_id not in templates:
        return None
    if not 0 < len(template_id) <= LONGEST_ID or not template_id.isprintable():
        raise ConfigurationError(f"{where}.templates: an id must have 1 to {LONGEST_ID} printable characters")
    return _template(
        templates[template_id], id_=template_id, where=f"{where}.templates.{template_id}", policy=policy
    )


def _template(section: object, *, id_: str, where: str, policy: Policy) -> Template:
    if not isinstance(section, dict):
        raise ConfigurationError(f"{where} must be a JSON object")
    client_settings.nothing_but(section, known=_MEMBERS, where=where)
    texts = _texts(section["texts"], where=f"{where}.texts") if "texts" in section else {}
    binds = client_settings.own_text_binds(section, where=where)
    if "own_text" in section and not texts:
        raise ConfigurationError(f"{where}.own_text needs texts")
    return Template(
        id=id_,
        code_length=_number(
            section.get("code_length", policy.code_length or DEFAULT_CODE_LENGTH),
            bound=Bound(policy.code_length or CODE_LENGTH.low, CODE_LENGTH.high),
            where=f"{where}.code_length",
        ),
        ttl_seconds=_number(
            section.get("ttl_seconds", policy.ttl_seconds or DEFAULT_TTL_SECONDS),
            bound=Bound(TTL_SECONDS.low, policy.ttl_seconds or TTL_SECONDS.high),
            where=f"{where}.ttl_seconds",
        ),
        channels=_channels(section.get("channels", Channel.SMS.value), where=f"{where}.channels"),
        texts=texts,
        own_text_is_binding=binds,
    )


def _number(value: object, *, bound: Bound, where: str) -> int:
    if type(value) is not int or not bound.holds(value):
        raise ConfigurationError(
            f"{where} must be a whole number from {bound.low} to {bound.high}, as the policy bounds it"
        )
    return value


def _channels(value: object, *, where: str) -> tuple[Channel, ...]:
    names = value.split("|") if isinstance(value, str) else []
    if "email" in names:
        raise ConfigurationError(f"{where}: email is not a channel to a phone number")
    if not names or any(name not in _CHANNELS for name in names) or len(set(names)) < len(names):
        raise ConfigurationError(f"{where} must be some of {', '.join(_CHANNELS)}, joined by |, each once")
    return tuple(Channel(name) for name in names)


def _texts(value: object, *, where: str) -> dict[str, TemplateText]:
    if not isinstance(value, dict) or DEFAULT_LANGUAGE not in value:
        raise ConfigurationError(f"{where} must be an object of language and text with a text for `default`")
    for language in value:
        if language not in LOCALES:
            raise ConfigurationError(f"{where} may name {', '.join(LOCALES)} only")
    return {
        language: TemplateText.parse(text, where=f"{where}.{language}") for language, text in value.items()
    }
