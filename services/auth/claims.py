"""What a token says of itself.

Owns the bounded reading of a JWT's payload, for people to look at. Verifies nothing: a token is for its resource
server, and nothing here may ever decide by what stands in it.
"""

from __future__ import annotations

import json
from typing import cast

from ..models import Json, JsonObject
from .mechanics import payload_of

LONGEST = 64 * 1024
"""Characters of a token that are looked at; a longer one is no token that a header could carry."""
DEEPEST = 16
MOST = 512


def claims_of(token: str) -> JsonObject | None:
    """The payload of ``token`` if it is a signed JWT (RFC 7519), else None. Never raises.

    None too for a payload that is no object, nests deeper than 16, or holds more than 512 values.
    """
    if len(token) > LONGEST or token.count(".") != 2:
        return None
    payload = payload_of(token)
    if payload is None:
        return None
    try:
        found = cast("Json", json.loads(payload))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _small(found) else None


def _small(value: Json) -> bool:
    """Whether ``value`` is within ``DEEPEST`` and ``MOST``; looked at level by level, so that depth cannot hurt."""
    level: list[Json] = [value]
    seen = 0
    for _ in range(DEEPEST):
        seen += len(level)
        if seen > MOST:
            return False
        below: list[Json] = []
        for each in level:
            if isinstance(each, dict):
                below.extend(each.values())
            elif isinstance(each, list):
                below.extend(each)
        if not below:
            return True
        level = below
    return False
