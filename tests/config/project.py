"""A project with a git root, a home for mcpdeck, and the loading of both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mcpdeck.services.config.load import LoadOptions
from mcpdeck.services.models import ServerEntry
from mcpdeck.services.policy.configured import Configured


class Project:
    """Files of one project and of its user; ``load`` reads them as mcpdeck would."""

    def __init__(self, base: Path) -> None:
        self.root = base / "project"
        (self.root / ".git").mkdir(parents=True)
        self.home = base / "deck"
        self.options = LoadOptions(self.root, {"MCPDECK_HOME": str(self.home)})

    @property
    def file(self) -> Path:
        return self.root / ".mcp.json"

    @property
    def user_file(self) -> Path:
        return self.home / "config" / "mcp.json"

    def write(self, content: object, path: Path | None = None) -> None:
        path = path or self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    def servers(self, servers: Mapping[str, object], path: Path | None = None) -> None:
        self.write({"mcpServers": servers}, path)

    def deck(self, **changes: Any) -> Configured:
        policy = {key: changes.pop(key) for key in ("approve_all", "approved", "remember") if key in changes}
        return Configured(replace(self.options, **changes), **policy)

    def load(self, **changes: Any) -> dict[str, ServerEntry]:
        return {entry.name: entry for entry in self.deck(**changes).load_entries()}
