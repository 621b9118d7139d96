"""Redaction of secrets and of passwords in URIs, and nested config keys as text with dots."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from math import inf
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import yaml

_NAME = r"\w*(?:password|passwd|pwd)"
_KEY = r"[\w.-]*(?:pass|pwd|secret|token|credential|key|sig)[\w.-]*"
_INNER = r"[^\s'\"/@:;,(){}\[\]]"
_PATTERNS = (
    # up to the last @ before a blank or a quote: a password may hold @, / and :, a user @
    (re.compile(r"(?<=://)([^/\s:'\"]*):[^\s'\"]+(?=@)"), r"\1:***"),
    # a password with quotes in it, and no sign that would stand behind a quoted URI
    (re.compile(rf"(?<=://)([^/\s:'\"]*):(?:{_INNER}*['\"])+{_INNER}*(?=@)"), r"\1:***"),
    (re.compile(rf"(?i)([?&;]{_KEY})=[^&;\s'\"]+"), r"\1=***"),
    (re.compile(rf"(?i)(\b{_NAME}\s*=\s*)('[^']*'|[^\s&'\",;)}}\]]+)"), r"\1***"),
)
_ENCODED = "write %40, %2F, %23, %27 and %22"
_SHORTEST = 4  # characters of a value that is hidden wherever it stands
_COMMON = {"true", "false", "null", "none", "auto", "default"}
_SERVER = re.compile(r"\w+://[\w.-]+(:\d+)?/?")  # an address without user, path and query
_KNOWN: dict[str, str] = {}
"""Secret to the text in its place."""


@cache
def remember(secret: str, shown: str = "***") -> None:
    """Hide a text, its parts and its usual spellings in all that `redact` returns from now on.

    Texts that are no secret stay: those shorter than four characters, words such as `true`, the
    paths of files that exist, and servers such as `http://host:5000`. A number is hidden where it
    stands by itself.

    >>> remember("s3cret-token", "${oc.env:TOKEN}")
    >>> redact("found s3cret-token/x")
    'found ${oc.env:TOKEN}/x'
    """
    for text in {form for part in _parts(secret) for form in _spellings(part)}:
        common = text.lower() in _COMMON or _SERVER.fullmatch(text) or _is_path(text)
        if len(text) >= _SHORTEST and not common:
            _KNOWN.setdefault(text, shown)


def redact(text: str) -> str:
    """Return the text without the secrets that are known and the passwords in its URIs.

    >>> redact("postgresql://me:se/cr@t@host/db?sslpassword=x")
    'postgresql://me:***@host/db?sslpassword=***'
    """
    given, longest_first = text, sorted(_KNOWN.items(), key=lambda one: -len(one[0]))
    for secret, shown in longest_first:
        if secret.isdigit():
            pattern = rf"(?<![\w.]){secret}(?!\w|\.\d)"
        else:  # YAML folds long lines at blanks
            pattern = r"[\s\\]+".join(re.escape(word) for word in secret.split())
        text = re.sub(pattern, shown.replace("\\", r"\\"), text)
    for form, shown in _PATTERNS:
        text = form.sub(shown, text)
    return given if text == given else text  # the same object, which may know more of itself


def node_of(override: str) -> str:
    """Return the node of the config that an override changes, the first part of its key.

    >>> node_of("++mode.start.bags=2"), node_of("~model@mode.start"), node_of("model=lgbm")
    ('mode', 'mode', 'model')
    """
    key = override.lstrip("+~").partition("=")[0]
    return key.rpartition("@")[2].partition(".")[0]


def redacted(node: Any) -> Any:
    """Return plain nested values whose texts and keys hold no secret.

    >>> redacted({"uri": ["http://me:secret@host"], "n": 3})
    {'uri': ['http://me:***@host'], 'n': 3}
    """
    if isinstance(node, Mapping):
        return {redacted(key): redacted(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [redacted(item) for item in node]
    return redact(node) if isinstance(node, str) else node


def fault_of_password(uri: str) -> tuple[str, str, str] | None:
    """Return what is expected, found and to do if a password stands where it may be shown.

    >>> fault_of_password("postgresql://me:a%40b@host/db")
    >>> fault_of_password("postgresql://me:a@b@host/db")[1]
    'one as it is'
    """
    address, _, query = uri.partition("://")[2].partition("?")
    if re.search(rf"(?i)(^|[&;]){_KEY}=", query):
        do = "give SCHEME://USER:PASSWORD@HOST/DATABASE or set PGPASSWORD"
        return "a password before the host", "it after ?", do
    credentials = address.rpartition("@")[0]
    hosted = ":" in credentials and not address.startswith("/")
    if hosted and (set(credentials) & set("@/#'\"") or len(credentials.split()) > 1):
        return "a user and a password with @, /, # and quotes encoded", "one as it is", _ENCODED
    return None


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


def _parts(secret: str) -> Iterator[str]:
    """Return a secret, its lines, the values in it if it is YAML, and the passwords of a URI."""
    yield secret
    yield from (line.strip() for line in secret.splitlines() if len(line.strip()) > _SHORTEST)
    address = secret.partition("://")[2].rpartition("@")[0].partition(":")[2]
    named = re.findall(r"(?i)(?:pass\w*|pwd|secret|token|key)=('[^']*'|[^\s&;]+)", secret)
    yield from (unquote(text) for text in (address, *named))
    yield from (address, *(text.strip("'") for text in named))
    try:
        yield from (text for text in _leaves(yaml.safe_load(secret)))
    except (yaml.YAMLError, ValueError):
        return


def _leaves(node: object) -> Iterator[str]:
    if isinstance(node, Mapping | list):
        for item in node.values() if isinstance(node, Mapping) else node:
            yield from _leaves(item)
    elif isinstance(node, str | int | float):
        yield str(node)


def _spellings(text: str) -> Iterator[str]:
    """Return a text as it is, as JSON, Python, YAML, a URI and a shell write it."""
    yield text
    yield text.strip()
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    yield text.replace("'", "''")
    yield yaml.dump(text, width=inf, default_style='"').strip()[1:-1]
    yield quote(text)
    yield quote(text, safe="")
    yield shlex.quote(text).strip("'")


def _is_path(text: str) -> bool:
    try:
        return text.startswith("/") and Path(text).exists()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False
