"""How an exchange of a login is shown without its secrets.

Owns turning headers, parameters, JSON and addresses into masked texts; what a secret is called decides
``telemetry.redaction``. Keeps what it hid only for the ``Recorder``, which reveals one at a time; never shows a value
by itself.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import cast
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

from ..models import ExchangeSide, Json, ShownField
from ..state.text import one_line, visible
from ..telemetry.redaction import MASK, WIRE_NAMES, masked_text, secret_header, wire_secret

LONGEST_SECRET = 64 * 1024
"""Characters of a hidden value that can be revealed; a longer one is forgotten at once."""
SHOWN = 4096
"""Characters of one value, or of a text, that are shown."""
MOST_FIELDS = 200

_COMMON = frozenset(("code", "state", "token", "request", "key", "auth"))
"""Of a JSON object these may be anything (``"code": "not_found"``): masked, but not looked for in other texts."""
_AGAIN = " (again)"
_IN_URL = re.compile(r"(?P<head>[?&#;])(?P<name>[^=&#;?]*)=(?P<value>[^&#;\s]*)")
_USER_INFO = re.compile(r"//[^/?#\s]*@")
_IN_TEXT = re.compile(
    rf"(?P<head>(?<![A-Za-z0-9_])(?:{'|'.join(sorted(WIRE_NAMES, key=len, reverse=True))})"
    r"[\"']?\s{0,4}[:=]\s{0,4}[\"']?)(?P<value>[^\"'\s&<>,;{}]+)",
    re.IGNORECASE,
)
_SHORTEST = 8
"""Characters that a value must have to be looked for in other texts: a shorter one is a word by chance."""


def is_secret(name: str) -> bool:
    """A parameter or member of this name holds what nobody else may know."""
    return wire_secret(name.removesuffix(_AGAIN))


class Curtain:
    """Hides the secrets of one step. ``hidden``: what can be revealed, by key; ``values``: what was hidden.

    ``known``: values that were hidden before; they are not shown wherever they come up again.
    """

    def __init__(self, number: int, known: Iterable[str] = ()) -> None:
        self._number = number
        self.hidden: dict[str, str] = {}
        self.values: dict[str, None] = dict.fromkeys(known)

    def request(self, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> ExchangeSide:
        """A request as it may be shown; without a body the parameters of its query stand in the place of one."""
        media = _media(headers)
        query = "" if body else _query(url)
        fields, text = self._body(query.encode() if query else body, _FORM if query else media)
        return self._side(f"{method} {self.url(url)}", headers, fields, text)

    def answer(self, status: int, reason: str, headers: Iterable[tuple[str, str]], body: bytes) -> ExchangeSide:
        fields, text = self._body(body, _media(headers))
        return self._side(f"{status} {one_line(reason, 100)}".rstrip(), headers, fields, text)

    def _side(
        self, line: str, headers: Iterable[tuple[str, str]], fields: tuple[ShownField, ...], text: str
    ) -> ExchangeSide:
        # The names give the secrets away; where those come up elsewhere is looked for when all are known.
        shown = [self._header(name, value) for name, value in list(headers)[:MOST_FIELDS]]
        return ExchangeSide(
            self.text(line),
            tuple(self._covered(field) for field in shown),
            tuple(self._covered(field) for field in fields),
            self.text(text)[:SHOWN],
        )

    def text(self, text: str) -> str:
        """``text`` without the values that are hidden."""
        for value in sorted((each for each in self.values if each in text), key=len, reverse=True):
            text = text.replace(value, MASK)
        return text

    def url(self, url: str) -> str:
        """An address with its user info and its secret parameters masked; the rest stays as it is."""

        def masked(match: re.Match[str]) -> str:
            name, value = match["name"], match["value"]
            if not value or not is_secret(unquote_plus(name)):
                return match.group()
            self._learn(unquote_plus(value))
            return f"{match['head']}{name}={MASK}"

        return one_line(_IN_URL.sub(masked, _USER_INFO.sub(f"//{MASK}@", url)), SHOWN)

    # parts of a side

    def _header(self, name: str, value: str) -> ShownField:
        low = name.lower()
        if low in ("location", "content-location", "link", "refresh"):
            shown = self.url(value)
            return self._field(name, shown, value if MASK in shown else "")
        if not secret_header(low):
            return self._field(name, masked_text(value))
        scheme, space, rest = value.partition(" ")
        known = low.endswith("authorization") and space and scheme.isalnum()
        self._learn(rest if known else value)
        if known and scheme.lower() == "basic":
            self._learn(_password(rest))
        return self._field(name, f"{scheme} {MASK}" if known else MASK, value)

    def _body(self, body: bytes, media: str) -> tuple[tuple[ShownField, ...], str]:
        """Fields of a form or a JSON object, or else the text."""
        if not body:
            return (), ""
        text = body.decode("utf-8", "replace")
        if media == _FORM:
            try:
                pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
            except ValueError:
                pairs = []
            return (
                (tuple(self._member(name, value, form=True) for name, value in pairs), "")
                if pairs
                else ((), self._plain(text))
            )
        try:
            document = cast("Json", json.loads(text, object_pairs_hook=_with_duplicates))
            if isinstance(document, dict):
                members = list(document.items())[:MOST_FIELDS]
                return tuple(self._member(name, value) for name, value in members), ""
            return (), json.dumps(self._without_secrets(document), ensure_ascii=False)[: SHOWN * 2]
        except (ValueError, RecursionError):
            return (), self._plain(text)

    def _member(self, name: str, value: Json, *, form: bool = False) -> ShownField:
        if isinstance(value, str):
            if not is_secret(name):
                return self._field(name, value)
            if form or name.lower() not in _COMMON:
                self._learn(value)
            return self._field(name, MASK if value else "", value)
        whole = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        masked = self._without_secrets(value, name)
        if masked == value:
            return self._field(name, whole)
        return self._field(name, json.dumps(masked, ensure_ascii=False, separators=(",", ":")), whole)

    def _without_secrets(self, value: Json, name: str = "") -> Json:
        if isinstance(value, dict):
            return {key: self._without_secrets(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._without_secrets(each, name) for each in value]
        if isinstance(value, str) and value and is_secret(name):
            if name.lower() not in _COMMON:
                self._learn(value)
            return MASK
        return value

    def _plain(self, text: str) -> str:
        def masked(match: re.Match[str]) -> str:
            self._learn(match["value"])
            return match["head"] + MASK

        return visible(masked_text(_IN_TEXT.sub(masked, text)))

    # keeping

    def _field(self, name: str, shown: str, secret: str = "") -> ShownField:
        key = ""
        if secret and len(secret) <= LONGEST_SECRET:
            key = f"{self._number}/{len(self.hidden) + 1}"
            self.hidden[key] = secret
        return ShownField(one_line(name, 200), _bounded(shown), key)

    def _covered(self, field: ShownField) -> ShownField:
        shown = self.text(field.shown)
        return field if shown == field.shown else ShownField(field.name, shown, field.secret)

    def _learn(self, value: str) -> None:
        if _SHORTEST <= len(value) <= LONGEST_SECRET and value not in self.values:
            self.values[value] = None
            if (encoded := quote(value, safe="")) != value:
                self.values[encoded] = None


_FORM = "application/x-www-form-urlencoded"


def _password(basic: str) -> str:
    """The secret in Basic credentials (RFC 6749, 2.3.1: form-encoded); empty for what is none."""
    try:
        pair = b64decode(basic, validate=True).decode()
    except ValueError:
        return ""
    return unquote_plus(pair.partition(":")[2])


def _media(headers: Iterable[tuple[str, str]]) -> str:
    named = (value for name, value in headers if name.lower() == "content-type")
    return next(named, "").partition(";")[0].strip().lower()


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""


def _bounded(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 1]}…"


def _with_duplicates(pairs: list[tuple[str, Json]]) -> Mapping[str, Json]:
    """An object that keeps a member which comes twice, so that it is seen."""
    found: dict[str, Json] = {}
    for name, value in pairs:
        found[f"{name}{_AGAIN}" if name in found else name] = value
    return found
