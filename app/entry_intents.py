"""What a person asks of the configuration itself: add, edit, take out, read a pasted snippet, export.

Owns turning it into a change of a file and telling how that went. Never draws, and never writes a file itself:
``Editing`` does. What cannot be done is returned as an ``ErrorInfo``, because the screen that asked keeps what
was typed and shows it there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from ..services.errors import ConfigValidationError, McpDeckError, UsageError
from ..services.models import ErrorInfo, JsonObject
from ..services.state.text import one_line
from .seen import Seen
from .undoing import Undo

if TYPE_CHECKING:
    from pathlib import Path

    from ..services.config.clients import Exported
    from ..services.config.snippets import Snippet
    from .controller import Toast
    from .editing import Editing, Removed

T = TypeVar("T")

Scope: TypeAlias = "tuple[str, str, Path]"
"""Id (``local``, ``project``, ``user``), what it means in words, and its file."""
Checked: TypeAlias = tuple[str | None, tuple[str, ...]]
"""What is wrong with an entry, or None; and what is odd about it."""


class Entries(Protocol):
    """Everything a screen may ask of the configuration. Each returns at once; the new rows come through the store."""

    def scopes(self) -> Sequence[Scope]: ...
    def clients(self) -> Sequence[tuple[str, str]]: ...
    def editable(self, server: str) -> str | None: ...
    def text(self, server: str) -> str | ErrorInfo: ...
    def copy_text(self, server: str) -> str | ErrorInfo: ...
    def paste(self, text: str) -> tuple[Snippet, ...] | ErrorInfo: ...
    def check(self, name: str, value: JsonObject) -> Checked: ...
    def add(self, name: str, value: JsonObject, scope: str, *, force: bool = False) -> ErrorInfo | None: ...
    def add_many(self, servers: Mapping[str, JsonObject], scope: str) -> ErrorInfo | None: ...
    def replace(self, server: str, name: str, value: JsonObject) -> ErrorInfo | None: ...
    def remove(self, seen: Seen) -> ErrorInfo | None: ...
    def remove_all(self, seen: Sequence[Seen]) -> None: ...
    def export(self, servers: Sequence[str], client: str, *, masked: bool) -> Exported | ErrorInfo: ...


class EntryController:
    """``Entries`` on a lazily made ``Editing``; after each change ``reload`` reads the configuration again.

    ``shown`` is called last: what a person did is seen at once.
    """

    def __init__(
        self,
        editing: Callable[[], Editing] | None,
        toast: Toast,
        undo: Undo,
        *,
        reload: Callable[[], object],
        shown: Callable[[], None],
    ) -> None:
        self._made: Editing | None = None
        self._make = editing
        self._toast = toast
        self._undo = undo
        self._reload = reload
        self._shown = shown

    @property
    def _editing(self) -> Editing:
        if self._made is None:
            if self._make is None:
                raise UsageError("The configuration of this dashboard cannot be changed")
            self._made = self._make()
        return self._made

    def scopes(self) -> Sequence[Scope]:
        """The files that entries can be put into; none where nothing can be written."""
        found = self._attempt(lambda: tuple(self._editing.scopes()))
        return () if isinstance(found, ErrorInfo) else found

    def clients(self) -> Sequence[tuple[str, str]]:
        """Id and title of every program that an entry can be written for."""
        from ..services.config.clients import CLIENTS  # a table of a dozen programs, needed for this alone

        return tuple((client.id, client.title) for client in CLIENTS)

    def editable(self, server: str) -> str | None:
        """Why an entry cannot be changed here; None when it can."""
        said = self._attempt(lambda: self._editing.editable(server))
        return said.title if isinstance(said, ErrorInfo) else said

    def text(self, server: str) -> str | ErrorInfo:
        """An entry as it is written, as JSON."""
        return self._attempt(lambda: self._editing.text(server))

    def copy_text(self, server: str) -> str | ErrorInfo:
        """The same, as a copy of it in another file has to be."""
        return self._attempt(lambda: self._editing.copy_text(server))

    def paste(self, text: str) -> tuple[Snippet, ...] | ErrorInfo:
        """The servers in a snippet of whatever shape; callable from any thread."""
        return self._attempt(lambda: tuple(self._editing.paste(text)))

    def check(self, name: str, value: JsonObject) -> Checked:
        """What is wrong and what is odd about an entry that is not saved yet; callable from any thread."""
        said = self._attempt(lambda: self._editing.check(name, value))
        return (said.title, ()) if isinstance(said, ErrorInfo) else said

    def add(self, name: str, value: JsonObject, scope: str, *, force: bool = False) -> ErrorInfo | None:
        return self._change(lambda: self._editing.add(name, value, scope, force=force).path, f"{name} is added")

    def add_many(self, servers: Mapping[str, JsonObject], scope: str) -> ErrorInfo | None:
        """All or none, by one change of the file; what stands in the way says which entry it is about."""
        if len(servers) == 1:
            ((name, value),) = servers.items()
            return self.add(name, value, scope)

        def work() -> Path:
            try:
                return self._editing.add_many(servers, scope).path
            except ConfigValidationError as error:
                error.title = f"{one_line(error.server or '', 40)}: {error.title}"
                raise

        return self._change(work, f"{len(servers)} servers are added")

    def replace(self, server: str, name: str, value: JsonObject) -> ErrorInfo | None:
        return self._change(lambda: self._editing.replace(server, name, value).path, f"{name} is saved")

    def remove(self, seen: Seen) -> ErrorInfo | None:
        """Take an entry out of its file; what stands in the way is a toast too, for no screen is left to say it."""

        def work() -> Path:
            removed = self._editing.take_out(seen)
            self._undo.did(f"{one_line(seen.name, 40)} removed", lambda: self._put_back([removed]))
            return removed.change.path

        error = self._change(work, f"{seen.name} is removed · U undoes")
        if error is not None:
            self._toast(error.title, error.hint, severity="error")
        return error

    def remove_all(self, seen: Sequence[Seen]) -> None:
        """Take all of them out, and read the configuration once; taken back by one step. What cannot be is told."""
        removed: list[Removed] = []
        for each in seen:
            out = self._attempt(lambda each=each: self._editing.take_out(each))
            if isinstance(out, ErrorInfo):
                self._toast(out.title, out.hint, severity="error")
            else:
                removed.append(out)
        if removed:
            self._undo.did(f"{len(removed)} servers removed", lambda: self._put_back(removed))
            files = dict.fromkeys(str(one.change.path) for one in removed)
            self._toast(f"{len(removed)} servers are removed · U undoes", ", ".join(files))
            self._read_again()
        self._shown()

    def _put_back(self, removed: list[Removed]) -> str:
        """Last out, first in: so each finds its file as it left it. Says where that was not so."""
        moved: list[str] = []
        while removed:  # one that fails, and those before it, are still to be put back
            if not self._editing.put_back(removed[-1]):
                moved.append(removed[-1].name)
            removed.pop()
        self._read_again()
        if not moved:
            return "The file is what it was, byte for byte."
        names = ", ".join(one_line(name, 40) for name in moved[:3])
        return f"The file was changed meanwhile: {names} stands at its end now."

    def export(self, servers: Sequence[str], client: str, *, masked: bool) -> Exported | ErrorInfo:
        """The text that a person puts into the file of another client; ``masked`` when it is only looked at."""
        return self._attempt(lambda: self._editing.export(tuple(servers), client, masked=masked))

    def _change(self, work: Callable[[], Path], done: str) -> ErrorInfo | None:
        written = self._attempt(work)
        error = written if isinstance(written, ErrorInfo) else self._read_again()
        if not isinstance(written, ErrorInfo):
            why = self._editing.not_read()
            self._toast(done, f"{written} · not read in this run: {why}" if why else str(written))
        self._shown()
        return error

    def _read_again(self) -> ErrorInfo | None:
        again = self._attempt(self._reload)
        return again if isinstance(again, ErrorInfo) else None

    def _attempt(self, work: Callable[[], T]) -> T | ErrorInfo:
        try:
            return work()
        except McpDeckError as error:
            return ErrorInfo.of(error)
        except OSError as error:
            return ErrorInfo("config", f"{error.strerror}: {error.filename}")
