"""What is printed when mcpdeck itself fails: where, and why, without what its variables hold.

Owns that text: such texts are pasted into reports. Never keeps a failure from ending the program.
"""

from __future__ import annotations

import sys
import traceback

from ..services.state.text import visible
from ..services.telemetry.redaction import redacted_text

_REPORT = "This is a fault of mcpdeck; please report it."


def crash_text(error: BaseException) -> str:
    """The traceback without local variables, with secrets in its texts masked and nothing that drives a terminal."""
    told = "".join(traceback.format_exception(error))
    return f"{visible(redacted_text(told)).rstrip()}\n{_REPORT}\n"


def tell(error: BaseException) -> None:
    """On stderr, as Python itself would."""
    sys.stderr.write(crash_text(error))
