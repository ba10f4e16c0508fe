from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import CommandLine


@pytest.fixture
def mcpdeck(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)
