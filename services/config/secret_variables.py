"""The variables of the environment that hold secrets of mcpdeck's own.

Owns their names, and which of them a process that we start does not get. A server's process gets none of them
anyway: see ``transports.process``.
"""

from __future__ import annotations

from collections.abc import Mapping

PASSPHRASE = "MCPDECK_PASSPHRASE"
OLD_PASSPHRASE = "MCPDECK_PASSPHRASE_OLD"
CLIENT_SECRET = "MCP_CLIENT_SECRET"


def without_passphrases(environ: Mapping[str, str]) -> dict[str, str]:
    """For a command of an entry: what opens the stored logins is nobody's but ours."""
    return {name: value for name, value in environ.items() if name not in (PASSPHRASE, OLD_PASSPHRASE)}


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """For a program that has no business with logins at all, such as a browser."""
    return {name: value for name, value in without_passphrases(environ).items() if name != CLIENT_SECRET}
