"""The numbers of the tool engine: how many calls at a time, when a server is left alone, what is tried again.

Owns values only. Times in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """``per_server`` and ``in_all``: calls that run at a time.

    ``failures`` of the transport in a row open the breaker, for ``rest`` seconds, twice as long each time that the
    try after it fails, at most ``longest_rest``. ``retries``: further attempts of what may be sent again, after a
    pause between ``pause`` and ``longest_pause``; ``patience``: the longest Retry-After that is waited for.
    ``retry_share``: retries that each call earns its server, which saves up to ``retries_saved`` of them.
    """

    per_server: int = 8
    in_all: int = 32
    failures: int = 5
    rest: float = 30.0
    longest_rest: float = 300.0
    retries: int = 2
    pause: float = 0.2
    longest_pause: float = 2.0
    patience: float = 10.0
    retry_share: float = 0.1
    retries_saved: float = 10.0
