"""What a user typed, as the vendors' protocols and CAMARA's take it."""

from __future__ import annotations

import re

from countersign.errors import InvalidRequestError
from countersign.model import Secret

# Wider than any code of ours: another text of that kind is a wrong code, and costs an attempt.
_TYPED = re.compile(r"[\x21-\x7e]{1,10}")


def typed_code(
    text: str, *, field: str, otherwise: type[InvalidRequestError] = InvalidRequestError
) -> Secret:
    """A code to check. Raises `otherwise`, naming `field`, for what cannot be one; it costs no attempt."""
    if not _TYPED.fullmatch(text):
        raise otherwise(f"`{field}` must be 1 to 10 visible ASCII characters.", field=field)
    return Secret(text)
