"""URI templates: all of RFC 6570, levels 1 to 4.

Owns reading a template and putting values into it (protocol section 31). Never judges or normalizes
the URI that comes out: it is the server's own name for something.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

from ..errors import UsageError

Value: TypeAlias = "str | Sequence[str] | Mapping[str, str]"
"""A text, a list of texts or an associative array; an empty list or array counts as not given (section 2.3)."""

MOST_EXPRESSIONS = 1_000
"""Expressions of one template; a server's template is not ours."""

_RESERVED = ":/?#[]@!$&'()*+,;="
_VARIABLE = re.compile(
    r"((?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:\.?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*)(?::([1-9][0-9]{0,3})|(\*))?"
)
_TRIPLET = re.compile(r"%[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class _Operator:
    """One row of the table in RFC 6570, appendix A."""

    first: str
    separator: str
    named: bool
    if_empty: str
    reserved: bool


_OPERATORS = {
    "": _Operator("", ",", named=False, if_empty="", reserved=False),
    "+": _Operator("", ",", named=False, if_empty="", reserved=True),
    "#": _Operator("#", ",", named=False, if_empty="", reserved=True),
    ".": _Operator(".", ".", named=False, if_empty="", reserved=False),
    "/": _Operator("/", "/", named=False, if_empty="", reserved=False),
    ";": _Operator(";", ";", named=True, if_empty="", reserved=False),
    "?": _Operator("?", "&", named=True, if_empty="=", reserved=False),
    "&": _Operator("&", "&", named=True, if_empty="=", reserved=False),
}


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    prefix: int | None
    exploded: bool


@dataclass(frozen=True, slots=True)
class _Expression:
    operator: _Operator
    variables: tuple[_Variable, ...]


def expand(template: str, values: Mapping[str, Value]) -> str:
    """``template`` with ``values`` put in; a variable without a value leaves nothing behind.

    Raises ``UsageError`` for what is no template, and for a prefix (``{name:3}``) of a list.
    """
    return "".join(
        _encoded(part, reserved=True) if isinstance(part, str) else _expanded(part, values) for part in _read(template)
    )


def variables(template: str) -> tuple[str, ...]:
    """The names of the variables, each once and in order. Raises ``UsageError`` for what is no template."""
    names = [variable.name for part in _read(template) if isinstance(part, _Expression) for variable in part.variables]
    return tuple(dict.fromkeys(names))


def _read(template: str) -> list[str | _Expression]:
    parts: list[str | _Expression] = []
    at = 0
    while at < len(template):
        opening = template.find("{", at)
        literal = template[at : opening if opening >= 0 else len(template)]
        if "}" in literal:
            raise _wrong(template, "a } closes nothing")
        if literal:
            parts.append(literal)
        if opening < 0:
            break
        closing = template.find("}", opening)
        if closing < 0:
            raise _wrong(template, "a { is not closed")
        parts.append(_expression(template, template[opening + 1 : closing]))
        if len(parts) > MOST_EXPRESSIONS:
            raise _wrong(template, f"it has more than {MOST_EXPRESSIONS:,} parts")
        at = closing + 1
    return parts


def _expression(template: str, text: str) -> _Expression:
    sign = text[:1] if text[:1] in "+#./;?&=,!@|" else ""
    if sign and sign not in _OPERATORS:
        raise _wrong(template, f"{{{text}}} uses {sign}, which is kept for later (RFC 6570, section 2.2)")
    found: list[_Variable] = []
    for word in text[len(sign) :].split(","):
        match = _VARIABLE.fullmatch(word)
        if match is None:
            raise _wrong(template, f"{{{text}}} names no variable" if not word else f"{word!r} is no variable")
        name, prefix, star = match.groups()
        found.append(_Variable(name, int(prefix) if prefix else None, star is not None))
    return _Expression(_OPERATORS[sign], tuple(found))


def _expanded(expression: _Expression, values: Mapping[str, Value]) -> str:
    operator = expression.operator
    parts: list[str] = []
    for variable in expression.variables:
        value = values.get(variable.name)
        if value is None or (not isinstance(value, str) and not value):
            continue
        parts.append(_text(variable, value, operator) if isinstance(value, str) else _many(variable, value, operator))
    return operator.first + operator.separator.join(parts) if parts else ""


def _text(variable: _Variable, value: str, operator: _Operator) -> str:
    # The prefix counts characters before they are encoded (section 2.4.1).
    return _named(variable.name, _encoded(value[: variable.prefix], reserved=operator.reserved), operator)


def _many(variable: _Variable, value: Sequence[str] | Mapping[str, str], operator: _Operator) -> str:
    if variable.prefix is not None:
        raise UsageError(
            f"{variable.name}:{variable.prefix} takes the start of a text, and {variable.name} is not one",
            hint=f"give {variable.name} as a text",
        )

    def encoded(text: str) -> str:
        return _encoded(text, reserved=operator.reserved)

    if isinstance(value, Mapping):
        pairs = [(encoded(key), encoded(item)) for key, item in value.items()]
        if variable.exploded:
            return operator.separator.join(_pair(key, item, operator) for key, item in pairs)
        return _named(variable.name, ",".join(text for pair in pairs for text in pair), operator)
    items = [encoded(item) for item in value]
    if variable.exploded:
        return operator.separator.join(_named(variable.name, item, operator) for item in items)
    return _named(variable.name, ",".join(items), operator)


def _named(name: str, text: str, operator: _Operator) -> str:
    if not operator.named:
        return text
    return f"{name}={text}" if text else f"{name}{operator.if_empty}"


def _pair(key: str, text: str, operator: _Operator) -> str:
    """A pair of an exploded associative array: only the form-style operators drop the ``=`` of an empty value."""
    return f"{key}{operator.if_empty}" if operator.named and not text else f"{key}={text}"


def _encoded(text: str, *, reserved: bool) -> str:
    """``text`` percent-encoded; with ``reserved`` its reserved characters and its triplets stay (section 3.2.1)."""
    # A lone surrogate is no character: it goes as the replacement character.
    text = text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
    if not reserved:
        return quote(text, safe="")
    encoded: list[str] = []
    at = 0
    for triplet in _TRIPLET.finditer(text):
        encoded += (quote(text[at : triplet.start()], safe=_RESERVED), triplet.group())
        at = triplet.end()
    return "".join(encoded) + quote(text[at:], safe=_RESERVED)


def _wrong(template: str, why: str) -> UsageError:
    shown = template if len(template) <= 80 else template[:79] + "…"
    return UsageError(f"{shown} is no URI template: {why}", hint="see RFC 6570; without values a URI is sent as it is")
