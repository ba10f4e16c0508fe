"""What is loaded before the first frame: nothing that it does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    *("httpx", "jsonschema", "mcp", "mcp_types", "PIL", "pydantic", "textual_image", "websockets"),
    *("authlib", "joserfc", "cryptography", "keyring", "segno"),
)


@pytest.mark.parametrize("modules", ["mcpdeck.app.cli", "mcpdeck.app.deck, mcpdeck.app.main, mcpdeck.services.manager"])
def test_what_the_first_frame_does_not_need_is_not_imported(modules: str) -> None:
    code = f"import sys, {modules}; print(*(set({HEAVY!r}) & sys.modules.keys()))"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


def test_commands_without_a_screen_do_not_import_textual() -> None:
    code = (
        "import sys, mcpdeck.app.cli, mcpdeck.app.headless, mcpdeck.app.commands.call; print('textual' in sys.modules)"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False"]
