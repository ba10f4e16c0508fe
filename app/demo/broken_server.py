"""demo-broken: a stdio server that does not come up, to show what mcpdeck makes of one.

Owns a message as a real server would write it, and exit code 3. Imports nothing but the standard library.
"""

from __future__ import annotations

import sys

MESSAGE = """\
demo-broken: starting
demo-broken: reading the configuration
demo-broken: error: DEMO_DATABASE_URL is not set
demo-broken: hint: this server is broken on purpose; a real one would want: export DEMO_DATABASE_URL=sqlite:///demo.db
"""


def main() -> int:
    """Write the reason on stderr; returns the exit code."""
    sys.stderr.write(MESSAGE)
    return 3


if __name__ == "__main__":
    sys.exit(main())
