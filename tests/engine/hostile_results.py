"""Results as a hostile or broken server may send them, for tests that must survive all of them."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st

FORBIDDEN = frozenset("\x00\x07\x08\x1b\x7f\x9b\r\u200b\u200e\u202a\u202e\u2066\ufeff\U000e0041\ud800\udfff")
"""Characters that must not reach a terminal as they are."""
NASTY = (
    "\x1b]0;title\x07\x1b[2J",
    "\x9b31m",
    "a\x00b",
    "\u202egnp.exe\u202c",
    "\ud800",
    "\udfff\ud83d",
    "[bold red]markup[/] [/]",
    "a\r\nb\rc",
    "\u200b\ufeff\U000e0041",
    "e\u0301" * 50,
    "",
    " \t\n",
    "../../x",
    "x" * 3_000,
)
_HEADS = (
    b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8X", b"BM", b"II*\0", b"MM\0*",
    b"\0\0\x01\0\xff\xff", b"%PDF-", b"ID3", b"OggS", b"PK\x03\x04", b"<svg", b"<?xml", b"\0\0\0\x20ftypavif",
)  # fmt: skip

text = st.sampled_from(NASTY) | st.text(st.characters(), max_size=30)
number = (
    st.integers() | st.sampled_from([10**400, -(10**4_000), 2**63]) | st.floats(allow_nan=True, allow_infinity=True)
)
scalar = st.none() | st.booleans() | number | text
json_value = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=8
)
_bytes = st.builds(lambda head, rest: head + rest, st.sampled_from([b"", *_HEADS]), st.binary(max_size=60))
base64_text = (
    _bytes.map(lambda data: base64.b64encode(data).decode())
    | _bytes.map(lambda data: base64.b64encode(data).decode() + "\n=")
    | st.sampled_from(["A", "====", "A===", "AA==AA==", "not base64", "Zm9v\n", "-_-_", "\ud800"])
    | text
)
mime = (
    st.sampled_from(
        ["image/png", "IMAGE/JPEG; q=1", "image/svg+xml", "audio/wav", "application/json", "text/html", "", "/", ";"]
    )
    | text
)


def _fields(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Each member right, of any other kind, or missing."""
    return st.fixed_dictionaries({}, optional={name: value | scalar for name, value in known.items()})


_resource = _fields(uri=text, mimeType=mime, text=text, blob=base64_text, _meta=json_value)
_kind = st.sampled_from(
    ["text", "image", "audio", "resource", "resource_link", "tool_use", "tool_result", "hologram", "\x1b[31m", None, 5]
)
block = _fields(
    text=text,
    data=base64_text,
    mimeType=mime,
    resource=_resource | json_value,
    uri=text,
    name=text,
    title=text,
    description=text,
    size=number,
    toolUseId=text,
    input=json_value,
    content=json_value,
    annotations=json_value,
).flatmap(lambda fields: _kind.map(lambda kind: {**fields, "type": kind}))
content = st.lists(block | json_value, max_size=4)
result = st.fixed_dictionaries(
    {},
    optional={
        "content": content | json_value,
        "structuredContent": json_value,
        "isError": st.booleans() | scalar,
        "contents": st.lists(_resource | json_value, max_size=3) | json_value,
        "messages": st.lists(_fields(role=text, content=block | content) | json_value, max_size=3) | json_value,
        "description": text | scalar,
        "_meta": json_value,
    },
)


def deep(levels: int) -> Any:
    """Objects in arrays in objects, this many of them."""
    value: Any = "\x1b[31mdeep"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def all_deep(levels: int) -> list[dict[str, Any]]:
    """A result with something nested that deep in every place where something can stand."""
    nest = deep(levels)
    return [
        {"content": [{"type": "text", "text": "x"}], "structuredContent": nest},
        {"content": [{"type": "hologram", "x": nest}, nest]},
        {"content": [{"type": "tool_use", "name": "n", "input": nest}]},
        {"content": [{"type": "text", "text": "[" * levels + "]" * levels}], "structuredContent": nest},
        {"content": nest},
        {"content": [{"type": "resource", "resource": {"uri": "x:y", "other": nest}}]},
        {"contents": [nest]},
        {"messages": [{"role": "user", "content": nest}]},
        {"else": nest},
    ]
