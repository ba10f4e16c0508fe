"""What the dashboard remembers of servers from one run to the next, and where."""

from __future__ import annotations

from pathlib import Path

from mcpdeck.app.main import _memory
from mcpdeck.app.options import Options
from mcpdeck.services.config.load import LoadOptions
from mcpdeck.services.policy.configured import Configured
from tests import entries


def test_what_is_known_of_servers_is_kept_in_the_cache_folder(tmp_path: Path) -> None:
    configured = Configured(LoadOptions(tmp_path, {"MCPDECK_HOME": str(tmp_path / "home")}))
    kept = _memory(configured, Options(None)).of(entries.in_process("a", "m:o"))
    assert kept.path is not None
    assert kept.path.parent == tmp_path / "home" / "cache" / "servers"


def test_nothing_is_kept_of_the_demo(tmp_path: Path) -> None:
    configured = Configured(LoadOptions(tmp_path, {"MCPDECK_HOME": str(tmp_path / "home")}))
    assert _memory(configured, Options("demo")).of(entries.in_process("a", "m:o")).path is None
