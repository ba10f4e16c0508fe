"""What a form is for: a tool, a resource template or a prompt of one server.

Owns the one shape in which the form sees them: an object schema with names and words. Never knows a value, calls
nothing and expands no template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from ..services.models import JsonObject, Listed, Tool, as_list, as_object, as_text

MOST_VARIABLES = 200
"""Variables of one template, arguments of one prompt; a server's list is not ours."""

_EXPRESSION = re.compile(r"\{([+#./;?&]?)([^{}]*)\}")
_SPECIFIER = re.compile(r"^(.*?)(?::[0-9]+|(\*))?$", re.DOTALL)
_NEEDED = frozenset(("", "+"))
"""Operators (RFC 6570, appendix A) whose variables leave a hole in the address when they are not given."""


class SubjectKind(StrEnum):
    """What is done with what is filled in: call it, read it, get it."""

    TOOL = "tool"
    TEMPLATE = "template"
    PROMPT = "prompt"


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """``name`` is what the server knows it by: of a template the template itself.

    ``schema`` is that of an object with the arguments; ``titles`` are those of its members that have one.
    ``excluded`` says why it must not be used. Of ``tool`` and ``listed`` one is what the server listed.
    """

    kind: SubjectKind
    server: str
    name: str
    title: str
    description: str
    schema: JsonObject
    tool: Tool | None = None
    listed: Listed | None = None
    excluded: str | None = None
    titles: JsonObject = field(default_factory=dict)

    @property
    def key(self) -> tuple[SubjectKind, str, str]:
        """The same thing, however often it was listed."""
        return (self.kind, self.server, self.name)

    @property
    def raw(self) -> JsonObject:
        """As it was listed."""
        return self.tool.raw if self.tool is not None else self.listed.raw if self.listed is not None else {}

    def is_same(self, other: Subject | None) -> bool:
        """Of the same listing: nothing about it can have changed."""
        return other is not None and self.key == other.key and self.tool is other.tool and self.listed is other.listed

    @classmethod
    def of_tool(cls, server: str, tool: Tool) -> Subject:
        return cls(
            SubjectKind.TOOL,
            server,
            tool.name,
            tool.label,
            tool.description,
            tool.input_schema,
            tool=tool,
            excluded=tool.excluded,
        )

    @classmethod
    def of_prompt(cls, server: str, listed: Listed) -> Subject:
        """Arguments of a prompt are texts (protocol section 32)."""
        arguments = [as_object(one) for one in as_list(listed.raw.get("arguments"))[:MOST_VARIABLES]]
        named = {as_text(one.get("name")) or "": one for one in arguments}
        named.pop("", None)
        properties: JsonObject = {name: _text(one) for name, one in named.items()}
        required = [name for name, one in named.items() if one.get("required") is True]
        return cls(
            SubjectKind.PROMPT,
            server,
            listed.key,
            listed.title or listed.name or listed.key,
            listed.description,
            {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False},
            listed=listed,
            titles={name: one["title"] for name, one in named.items() if as_text(one.get("title"))},
        )

    @classmethod
    def of_template(cls, server: str, listed: Listed) -> Subject:
        """Its variables (RFC 6570); one that is exploded (``{path*}``) is a list of texts."""
        properties: JsonObject = {}
        required: list[str] = []
        for operator, name, exploded in _variables(listed.key):
            if name in properties or len(properties) >= MOST_VARIABLES:
                continue
            text: JsonObject = {"type": "string"}
            properties[name] = {"type": "array", "items": text} if exploded else text
            if operator in _NEEDED:
                required.append(name)
        return cls(
            SubjectKind.TEMPLATE,
            server,
            listed.key,
            listed.title or listed.name or listed.key,
            listed.description,
            {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False},
            listed=listed,
        )


def _text(argument: JsonObject) -> JsonObject:
    known = {word: argument[word] for word in ("title", "description") if as_text(argument.get(word))}
    return {"type": "string", **known}


def _variables(template: str) -> Iterator[tuple[str, str, bool]]:
    """(operator, name, exploded) of every variable. What is no template is found out when it is expanded."""
    for expression in _EXPRESSION.finditer(template):
        for written in expression.group(2).split(","):
            parts = _SPECIFIER.match(written.strip())
            if parts is not None and parts.group(1):
                yield expression.group(1), parts.group(1), bool(parts.group(2))
