"""Names under which a model knows the tools of many servers: ``mcp__<server>__<tool>``.

Owns the form of one name, and the longer one that tells it from others. Which names collide is the registry's business.
"""

from __future__ import annotations

import hashlib
import json
import re

PREFIX = "mcp"
SEPARATOR = "__"
LONGEST = 64
"""Characters of a name that the interfaces of models take."""
DIGITS = (6, 12, 24, 40)
"""Digits of the suffix; more where a tool is called like another one with its suffix, which may be on purpose."""
_OTHER = re.compile(r"[^A-Za-z0-9_-]")


def plain(name: str) -> str:
    """``name`` with each character outside ``[A-Za-z0-9_-]`` as ``_``: also ``plugin:a:b`` -> ``plugin_a_b``."""
    return _OTHER.sub("_", name)


def qualified_name(server: str, tool: str) -> str:
    """``mcp__server__tool``."""
    return SEPARATOR.join((PREFIX, plain(server), plain(tool)))


def server_prefix(server: str) -> str:
    """``mcp__server``: what rules about a whole server are written with."""
    return SEPARATOR.join((PREFIX, plain(server)))


def suffixed_names(server: str, tool: str) -> dict[int, str]:
    """By the digits of the suffix: the names that are this tool's alone, ``LONGEST`` characters at most.

    A suffix is the beginning of the SHA-256 of the JSON array ``["server", "tool"]``.
    """
    # As JSON: no two pairs read alike, and a lone surrogate can be hashed.
    digest = hashlib.sha256(json.dumps((server, tool)).encode()).hexdigest()
    name = qualified_name(server, tool)
    return {digits: f"{name[: LONGEST - digits - 1]}_{digest[:digits]}" for digits in DIGITS}
