"""Entry point of the ``mcpdeck`` command and of ``python -m mcpdeck.app``.

Owns nothing but the way in: an interrupt while modules are still loading ends quietly, too.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    try:
        from .cli import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
