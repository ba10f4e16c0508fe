"""Servers of other clients put into files of ours.

Owns what such an entry becomes here: its name, its file, where a relative path leads to, what happens to secrets and
to inputs. Reads files of other programs only through what found them, and never asks anybody: who may be asked says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..services.config.change import Change
from ..services.config.clients.secrets import without_secrets
from ..services.config.clients.vscode import Input
from ..services.config.importing import ForeignServer, answered, safe_name, with_defaults
from ..services.config.mask import masked_command
from ..services.config.models import SourceFile
from ..services.config.rebase import rebased
from ..services.errors import ConfigError, McpDeckError, UsageError
from ..services.models import Json, JsonObject, as_list, as_text
from ..services.state.text import one_line
from ..services.telemetry.redaction import masked_url
from .editing import Editing
from .written_entries import secret_lints


@dataclass(frozen=True, slots=True)
class Terms:
    """How servers are taken over. ``scope`` None: what is the person's for all projects, else for this one.

    ``sure``: also what a project brought along is on at once. ``ask``: the values of inputs by variable, None: nobody
    is asked.
    """

    scope: str | None = None
    rename: str | None = None
    sure: bool = False
    force: bool = False
    dry_run: bool = False
    ask: Callable[[Sequence[Input]], Mapping[str, str]] | None = None


@dataclass(slots=True)
class Outcome:
    """What became of one server: ``added``, ``replaced``, ``already there``, ``not a server`` or ``refused``.

    ``change`` is its own part alone.
    """

    server: ForeignServer
    name: str
    scope: str
    status: str = "refused"
    notes: list[str] = field(default_factory=list[str])
    error: McpDeckError | None = None
    change: Change | None = None


class Taker:
    """Puts servers into files of ours, one after the other; what stands there is looked at once."""

    def __init__(self, editing: Editing, terms: Terms) -> None:
        self._editing = editing
        self._terms = terms
        self._project = editing.project
        self._asked: dict[str, str] = {}
        self._paths = {scope: path for scope, _, path in self._editing.scopes()}
        self._there: dict[tuple[Path, str], Json] = {}
        self._would_be: dict[str, Change] = {}  # of a dry run, by scope: all that was put there so far
        for raw in editing.written():
            if raw.file.path is not None and raw.file.at[-1:] == ("mcpServers",):
                self._there.setdefault((raw.file.path, raw.name), raw.value)

    @property
    def would_be(self) -> tuple[Change, ...]:
        """What a dry run would make of each file."""
        return tuple(self._would_be.values())

    def take(self, server: ForeignServer, shared: bool, *, asked_for: bool) -> Outcome:
        """``asked_for``: by its name, so that it is an error when it is none that can be taken over."""
        scope = self._terms.scope or ("local" if shared else "user")
        name = self._terms.rename or safe_name(server.name)
        outcome = Outcome(server, name, scope, notes=[*server.lints])
        if name != server.name and self._terms.rename is None:
            outcome.notes.append(f'it is called "{server.name}" there')
        if server.refusal is not None:
            what = f"it is no MCP server that can be started here: {server.refusal}"
            outcome.status, outcome.notes = "not a server", [what]
            if asked_for:
                outcome.error = ConfigError(what)
            return outcome
        value = self._value(server, name, scope, outcome, shared=shared)
        path = self._paths[scope]
        here = self._there.get((path, name))
        if here == value or _without(here, "disabled") == value:
            outcome.status = "already there"
            return outcome
        if self._of_the_project(server.file) and scope != "project" and not self._terms.sure:
            # A cloned repository may have brought the file along, and nothing asks again about an entry of one's own.
            value = {**value, "disabled": True}
            off = f"it comes from a file of this project and is off: look at it, then mcpdeck enable {name}"
            outcome.notes.append(off)
        before = self._would_be.get(scope)
        try:
            change = self._editing.add(
                name, value, scope, force=self._terms.force, dry_run=self._terms.dry_run, onto=before
            )
        except (UsageError, ConfigError) as error:
            outcome.error = error
            return outcome
        if self._terms.dry_run:
            self._would_be[scope] = change
        outcome.change = change if before is None else Change(change.path, before.after, change.after)
        outcome.status = "replaced" if here is not None else "added"
        self._there[path, name] = value
        return outcome

    def _value(self, server: ForeignServer, name: str, scope: str, outcome: Outcome, *, shared: bool) -> JsonObject:
        """The entry as it goes into the file: inputs answered, paths absolute, no secrets where others read."""
        value = server.value
        if server.inputs:
            # An answer is a value, which must not get into a file that the project shares.
            if scope != "project" and self._terms.ask is not None:
                self._ask(server.inputs, self._terms.ask)
                value = answered(value, self._asked)
                outcome.notes = [text for text in outcome.notes if not self._is_answered(text)]
            value = with_defaults(value, tuple(each for each in server.inputs if each.variable not in self._asked))
        value, seen_from = rebased(value, server.file.folder), value.get("cwd")
        if value.get("cwd") != seen_from and not shared and scope == "user":
            # It has no fixed place there, and an entry for all projects cannot say so here.
            outcome.notes.append(
                f'"cwd" is "{seen_from}" there, in whatever folder is open; here it is fixed to {value["cwd"]} '
                "(--scope local keeps the entry to this project)"
            )
        if scope == "project":
            value, variables = without_secrets(name, value)
            if variables:
                text = f"a secret does not go into a file that others read: set {', '.join(variables)}"
                outcome.notes.append(text)
        else:
            outcome.notes += secret_lints(scope, value)
        return value

    def _of_the_project(self, file: SourceFile) -> bool:
        return file.path is not None and file.path.absolute().is_relative_to(self._project)

    def _is_answered(self, lint: str) -> bool:
        return any(lint.endswith(f"set the variable {variable}") for variable in self._asked)

    def _ask(self, inputs: Sequence[Input], ask: Callable[[Sequence[Input]], Mapping[str, str]]) -> None:
        new = [each for each in inputs if each.variable not in self._asked and each.kind != "command"]
        self._asked.update(ask(new) if new else {})


def _without(entry: Json | None, key: str) -> Json | None:
    return {name: value for name, value in entry.items() if name != key} if isinstance(entry, dict) else entry


def shown(value: JsonObject) -> str:
    """The command line or URL of an entry, masked."""
    url, command = as_text(value.get("url")), as_text(value.get("command"))
    if command is None:
        return one_line(masked_url(url)) if url else ""
    return one_line(masked_command(command, [str(arg) for arg in as_list(value.get("args"))]))
