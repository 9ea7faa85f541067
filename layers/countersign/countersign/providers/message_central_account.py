"""The section `message_central` of the vendors' secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from countersign.providers.base import optional_text_field, text_field


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCentralAccount:
    """Who we are there. `country` and `email` are passed on where they are set."""

    customer_id: str = field(repr=False)
    password: str = field(repr=False)
    country: str | None = None
    email: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, section: Mapping[str, object]) -> MessageCentralAccount:
        """Raises ConfigurationError naming the field."""
        return cls(
            customer_id=text_field(section, "customer_id"),
            password=text_field(section, "password"),
            country=optional_text_field(section, "country"),
            email=optional_text_field(section, "email"),
        )
