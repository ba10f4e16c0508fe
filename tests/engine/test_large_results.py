"""A result of 100 MB, from the server's process to the file that holds it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SIZE = 100_000_000
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is read from Linux's /proc")
@pytest.mark.parametrize(
    ("transport", "tool", "most"),
    [
        # While it is decoded, a message is there as bytes and as the value that comes out of them, and nowhere else …
        ("stdio", "blob", 2.3),
        ("http", "blob", 2.3),
        ("events", "blob", 2.3),
        # … but for escapes: the parser writes a text that has some into a buffer of its own first.
        ("stdio", "text", 3.3),
    ],
)
def test_a_large_result_sits_once_in_memory_and_not_at_all_once_it_is_in_its_file(
    tmp_path: Path, transport: str, tool: str, most: float
) -> None:
    words = [
        sys.executable,
        "-m",
        "tests.servers.large_results_memory",
        str(tmp_path / "spilled"),
        transport,
        tool,
        str(SIZE),
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    kilobytes = json.loads(done.stdout)
    assert Path(kilobytes["saved"]).stat().st_size > SIZE * 0.95
    assert (kilobytes["peak"] - kilobytes["before"]) * 1024 < most * SIZE
    assert (kilobytes["after"] - kilobytes["before"]) * 1024 < 0.1 * SIZE
    assert kilobytes["held"] < 1_000_000
