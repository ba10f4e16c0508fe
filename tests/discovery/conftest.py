"""The registry's screens are waited for and compared as every other screen is."""

from __future__ import annotations

from tests.ui.conftest import matches_snapshot, utc, waits_until_quiet

__all__ = ["matches_snapshot", "utc", "waits_until_quiet"]
