"""Redaction of passwords in URIs, and nested config keys as text with dots between them."""

import re
from collections.abc import Mapping

_URL_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):[^/\s]+(?=@)")
_QUERY_PASSWORD = re.compile(r"(?<=[?&])(pass(?:word|wd)?)=[^&\s'\"]+", re.IGNORECASE)


def flatten(plain: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Return nested mappings as one mapping from dotted keys to text.

    >>> flatten({"model": {"depth": 3}})
    {'model.depth': '3'}
    """
    flat: dict[str, str] = {}
    for key, value in plain.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{dotted}.")
        else:
            flat[dotted] = str(value)
    return flat


def redact(text: str) -> str:
    """Return the text with the passwords in its URLs replaced by `***`.

    >>> redact("postgresql://me:secret@host/db")
    'postgresql://me:***@host/db'
    """
    return _QUERY_PASSWORD.sub(r"\1=***", _URL_PASSWORD.sub(r"\1:***", text))
