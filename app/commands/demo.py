"""``mcpdeck demo``: the dashboard on the servers that ship with mcpdeck.

Owns the way from the demo servers to the dashboard. Reads no configuration: nothing but the demo is
started.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from ...services.config.load import LoadOptions
from ...services.policy.configured import Configured
from ..options import Options
from ..resolve import refuse_beside_managed
from .dashboard import check_terminal


def run(options: Options) -> int:
    check_terminal(options)
    nothing_yet = Configured(LoadOptions(Path.cwd(), os.environ, files=False))
    nothing_yet.load_entries()
    refuse_beside_managed(nothing_yet, options)
    from ..main import run_dashboard

    return run_dashboard(_demo(), options)


@asynccontextmanager
async def _demo() -> AsyncGenerator[Configured]:
    from ..demo.entries import demo_servers

    async with demo_servers() as entries:
        yield Configured(LoadOptions(Path.cwd(), os.environ, extra=entries, files=False))
