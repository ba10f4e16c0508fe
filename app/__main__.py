"""Entry point of the ``mcpdeck`` command and of ``python -m mcpdeck.app``.

Owns nothing but the way in: an interrupt while modules are still loading ends quietly, too, and a
fault of ours is told without secrets.
"""

from __future__ import annotations

import sys
from types import TracebackType


def main() -> int:
    """Run the command line; returns the exit code."""
    sys.excepthook = _crashed
    try:
        from .cli import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


def _crashed(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    from .crashes import tell

    tell(error)


if __name__ == "__main__":
    sys.exit(main())
