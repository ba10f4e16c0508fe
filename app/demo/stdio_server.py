"""Start of demo-stdio: ``python -m mcpdeck.app.demo.stdio_server``.

Owns only the start: a quick import, a quiet log on stderr, then serving until stdin ends. The tools
are in ``first_steps``.
"""

from __future__ import annotations

import gc
import logging
import warnings


def main() -> None:
    """Serve over stdin and stdout until stdin ends."""
    # A tenth of the start is garbage collection that finds nothing: import first, collect later.
    gc.disable()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    from mcp.shared.exceptions import MCPDeprecationWarning

    from .first_steps import server

    # Log messages are deprecated in 2026-07-28; showing them is what ``chatter`` is for.
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    gc.freeze()
    gc.enable()
    server.run("stdio")


if __name__ == "__main__":
    main()
