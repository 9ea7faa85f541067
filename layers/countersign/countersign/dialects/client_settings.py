"""What the settings of a client in several dialects have in common; docs/dialects.md lists them all.

`section` is what stands under `dialects.<name>` of a client, or a part of it. `where` says so, for
the ConfigurationError that names the client and the setting.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from countersign.errors import ConfigurationError


def section_of(client_id: str, *, dialect: str) -> str:
    """The `where` of a client's whole section."""
    return f"client {client_id}: dialects.{dialect}"


def nothing_but(section: Mapping[str, object], *, known: Collection[str], where: str) -> None:
    """Raises ConfigurationError for a setting that is not known."""
    for name in section:
        if name not in known:
            raise ConfigurationError(f"{where}.{name} is not a setting")


def own_text_binds(section: Mapping[str, object], *, where: str) -> bool:
    """By `own_text`: must the caller's text be sent, or may a vendor that has only its own use those?"""
    own_text = section.get("own_text", "required")
    if own_text not in ("required", "preferred"):
        raise ConfigurationError(f"{where}.own_text must be required or preferred")
    return own_text == "required"
