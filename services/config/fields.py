"""Fields of one kind out of an entry: texts, lists of texts, names with texts; checked and expanded.

Owns what a field of each kind may hold. Never knows what a field is for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ..models import JsonObject
from .expand import Expander
from .field_names import misspelt
from .read import json_kind

_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


class Unusable(Exception):
    """Why the entry cannot be used; ``field`` is where it stands."""

    def __init__(self, what: str, remedy: str, field: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.field = field


class FieldReader:
    """Reads the fields of one JSON object; what is odd but usable goes to ``lints``."""

    def __init__(self, value: JsonObject, environ: Mapping[str, str]) -> None:
        self.value = value
        self.expander = Expander(environ)
        self.lints: list[str] = []

    def required_text(self, key: str, remedy: str) -> str:
        value = self.value.get(key)
        if value is None:
            meant = misspelt(key, self.value)
            raise Unusable(f'it has no "{key}"', f'rename "{meant}" to "{key}"' if meant else remedy)
        if not isinstance(value, str):
            raise Unusable(f'"{key}" is {json_kind(value)}, not a string', remedy, key)
        if not value.strip():
            raise Unusable(f'"{key}" is empty', remedy, key)
        self.lint_space(f'"{key}"', value)
        text = self.checked(key, self.expander.text(value))
        if not text.strip():
            raise Unusable(f'"{key}" is empty after its variables are put in', "set the variables it names", key)
        return text

    def texts(self, key: str) -> list[str]:
        value = self.value.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise Unusable(f'"{key}" is {json_kind(value)}, not an array', f'write "{key}": ["…"]', key)
        texts: list[str] = []
        for index, item in enumerate(value):
            if not isinstance(item, str):
                remedy = f'write "{json.dumps(item)}" in quotes' if isinstance(item, int | float) else "use strings"
                raise Unusable(f'"{key}" has {json_kind(item)} at place {index + 1}, not a string', remedy, key)
            self.lint_space(f'"{key}" number {index + 1}', item)
            texts.append(self.checked(key, self.expander.text(item)))
        return texts

    def mapping(self, key: str) -> dict[str, str]:
        value = self.value.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Unusable(f'"{key}" is {json_kind(value)}, not an object', f'write "{key}": {{"NAME": "…"}}', key)
        texts: dict[str, str] = {}
        for name, item in value.items():
            if not isinstance(item, str):
                what = f'"{name}" in "{key}" is {json_kind(item)}, not a string'
                raise Unusable(what, "write it in quotes", key)
            self.lint_space(f'"{name}" in "{key}"', item)
            texts[self.checked(key, name)] = self.checked(key, self.expander.text(item))
        return texts

    def checked(self, key: str, text: str) -> str:
        # Nearly every text is ASCII, and finding one character in it costs a tenth of the pattern.
        if "\0" in text or (not text.isascii() and _UNUSABLE.search(text)):
            raise Unusable(f'"{key}" holds a character that no program can be given', "remove it", key)
        return text

    def lint_space(self, what: str, value: str) -> None:
        if value != value.strip():
            self.lints.append(f"{what} has white space around it, which is passed on as it is")
