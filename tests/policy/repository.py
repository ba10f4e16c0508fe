"""A project that is a real git repository, with the settings files around it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from mcpdeck.services.models import ServerEntry
from tests.config.project import Project


class Repository(Project):
    """``Project`` after ``git init``, in a home of its own; nobody's git configuration counts."""

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        self.base = base
        self.user = base / "home"
        self.user.mkdir()
        self.managed = base / "managed"
        environ = {
            "MCPDECK_HOME": str(self.home),
            "HOME": str(self.user),
            "PATH": os.environ["PATH"],
            "CLAUDE_CONFIG_DIR": str(self.user / ".claude"),
        }
        self.options = type(self.options)(self.root, environ, managed=(self.managed,))
        (self.root / ".git").rmdir()
        self.git("init", "--quiet")

    @property
    def shared(self) -> Path:
        return self.root / ".claude" / "settings.json"

    @property
    def local(self) -> Path:
        return self.root / ".claude" / "settings.local.json"

    @property
    def mine(self) -> Path:
        return self.user / ".claude" / "settings.json"

    @property
    def claude_json(self) -> Path:
        return self.user / ".claude" / ".claude.json"

    @property
    def administrators(self) -> Path:
        return self.managed / "managed-settings.json"

    def git(self, *words: str, cwd: Path | None = None) -> None:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.user),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.com",
        }
        subprocess.run(["git", *words], cwd=cwd or self.root, env=environ, check=True, capture_output=True, timeout=30)

    def commit(self, *paths: str) -> None:
        self.git("add", "--force", "--", *(paths or (".",)))
        self.git("commit", "--quiet", "-m", "x")

    def gate(self, name: str = "it", **changes: Any) -> str | None:
        """The gate of one row, in words."""
        found = self.load(**changes)[name].gate
        return None if found is None else found.value

    def entry(self, command: str = "x", **fields: object) -> ServerEntry:
        self.servers({"it": {"command": command, **fields}})
        return self.load()["it"]

    def pins(self) -> list[dict[str, Any]]:
        file = self.home / "data" / "approvals.json"
        if not file.exists():
            return []
        return json.loads(file.read_text()).get("pins", {}).get(str(self.root), [])
