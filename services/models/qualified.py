"""Names under which a model knows the tools of many servers: ``mcp__<server>__<tool>``.

Owns the form of one name. Which names collide is the registry's business.
"""

from __future__ import annotations

import re

PREFIX = "mcp"
SEPARATOR = "__"
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
