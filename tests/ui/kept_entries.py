"""The configuration behind the dashboard, as tests pretend it: what is asked for is kept, answers are set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from mcpdeck.app.seen import Seen
from mcpdeck.services.config.clients import Exported
from mcpdeck.services.config.snippets import Snippet, read_snippet
from mcpdeck.services.errors import ConfigError
from mcpdeck.services.models import ErrorInfo, JsonObject

FILES = "/home/ada/.config/mcpdeck"


class KeptEntries:
    """``Entries``. Snippets are really read; ``problems`` by name of an entry; ``refused`` by name of what is added."""

    def __init__(self, asked: list[tuple[object, ...]]) -> None:
        self.asked = asked
        self.why_not: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.problems: dict[str, str] = {}
        self.lints: tuple[str, ...] = ()
        self.not_exported: tuple[str, ...] = ()
        self.refused: dict[str, ErrorInfo] = {}

    def scopes(self) -> Sequence[tuple[str, str, Path]]:
        return (
            ("local", "this project, for you alone", Path(FILES, "local.json")),
            ("project", "everybody who works on this project", Path("/home/ada/shop/.mcp.json")),
            ("user", "all your projects", Path(FILES, "mcp.json")),
        )

    def clients(self) -> Sequence[tuple[str, str]]:
        return (("claude-code", "Claude Code"), ("codex", "Codex"), ("vscode", "VS Code"), ("zed", "Zed"))

    def editable(self, server: str) -> str | None:
        return self.why_not.get(server)

    def text(self, server: str) -> str | ErrorInfo:
        text = self.texts.get(server)
        return ErrorInfo("usage", f"{server} stands in no file") if text is None else text

    def copy_text(self, server: str) -> str | ErrorInfo:
        return self.text(server)

    def paste(self, text: str) -> tuple[Snippet, ...] | ErrorInfo:
        try:
            return read_snippet(text)
        except ConfigError as error:
            return ErrorInfo.of(error)

    def check(self, name: str, value: JsonObject) -> tuple[str | None, tuple[str, ...]]:
        if name in self.problems:
            return self.problems[name], ()
        if not (value.get("command") or value.get("url")):
            return 'it has no "command": add "command": "PROGRAM"', ()
        return None, self.lints

    def add(self, name: str, value: JsonObject, scope: str, *, force: bool = False) -> ErrorInfo | None:
        return self._changed("add", name, value, scope)

    def add_many(self, servers: Mapping[str, JsonObject], scope: str) -> ErrorInfo | None:
        refused = next((self.refused[name] for name in servers if name in self.refused), None)
        if refused is None:
            self.asked.append(("add_many", tuple(servers), scope))
        return refused

    def replace(self, server: str, name: str, value: JsonObject) -> ErrorInfo | None:
        return self._changed("replace", server, name, value)

    def remove(self, seen: Seen) -> ErrorInfo | None:
        return self._changed("remove", seen.name)

    def remove_all(self, seen: Sequence[Seen]) -> None:
        self.asked.append(("remove_all", tuple(each.name for each in seen)))

    def export(self, servers: Sequence[str], client: str, *, masked: bool) -> Exported | ErrorInfo:
        if client == "zed":
            return ErrorInfo("usage", "Zed has no servers over WebSocket", "add it to another client")
        entries = {
            server: {"command": "npx", "args": ["-y", server, "***" if masked else "s3cret"]} for server in servers
        }
        return Exported(json.dumps({"mcpServers": entries}, indent=2), self.not_exported)

    def _changed(self, what: str, name: str, *more: object) -> ErrorInfo | None:
        if name not in self.refused:
            self.asked.append((what, name, *more))
        return self.refused.get(name)
