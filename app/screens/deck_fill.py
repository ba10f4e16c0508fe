"""Filling a form in by other means than typing: a date picker, a file, the person's own editor.

Owns those screens and what comes back from them. What stands in the form is the form's.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import anyio
from textual import events, on, work
from textual.app import SuspendNotSupported

from ...services.models import JsonObject, Offered
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.form_fields import FieldsForm, FormRow
from ...widgets.form_subject import Subject, SubjectKind
from ...widgets.form_values import UNSET, Entry
from ...widgets.forms.gathering import value_of
from ...widgets.forms.picking import Pick, PickKind, encoded, fits, media_type_of, picks
from ...widgets.tool_form import ToolForm
from ..actions import Zone
from .deck_form import DeckForm
from .typed_ahead import LONGEST, TypedAhead

_OFFERED = {SubjectKind.TOOL: Offered.TOOL, SubjectKind.PROMPT: Offered.PROMPT}
LARGEST = 64 * 1024 * 1024
"""Bytes of the largest file that is taken into an argument."""
_MEDIA_NAMES = ("mimetype", "mime_type", "mediatype", "media_type", "contenttype", "content_type")


class DeckFill(DeckForm):
    """Base of the deck screen."""

    _ahead: TypedAhead | None = None

    def takes_back(self, event: events.Key) -> bool:
        """Also keys for a form that is only coming: they wait for it."""
        if self._ahead is None:
            self._ahead = TypedAhead(app_of(self).post_message)
        if self._ahead.holds(event):
            return True
        if super().takes_back(event):
            return True
        if event.key == "enter" and self._zone() is Zone.TOOLS and self.opens_form():
            self._ahead.begin()
            self.set_timer(LONGEST, self._ahead.arrived)
        return False

    def opens_form(self) -> bool:
        """Enter in the list opens the form of what the cursor is on."""
        return False

    def _arrive(self, zone: Zone) -> None:
        super()._arrive(zone)
        if self._ahead is not None:
            self.call_after_refresh(self._ahead.arrived)

    def remember_values(self) -> None:
        """Forms begin with what was sent last time."""
        self._form.remembered = self._remembered

    def _remembered(self, subject: Subject) -> JsonObject | None:
        kind = _OFFERED.get(subject.kind)
        return self._intents.saved.remembered(kind, subject.server, subject.name) if kind is not None else None

    @on(FieldsForm.PickWanted)
    def _pick_wanted(self, event: FieldsForm.PickWanted) -> None:
        event.stop()
        row = event.row
        pick = picks(row.field)
        if pick is None:
            self.notify("This field is typed: there is nothing to pick.", markup=False)
        elif pick.kind is PickKind.FILE:
            self._pick_file(row, pick)
        else:
            self._pick_date(row, pick)

    @work
    async def _pick_date(self, row: FormRow, pick: Pick) -> None:
        from .date_screen import DateScreen

        value = value_of(row.node)
        now = datetime.now(UTC).astimezone()
        text = value if isinstance(value, str) else row.node.entry.text if value is UNSET else ""
        picked = await app_of(self).push_screen_wait(DateScreen(pick.kind, row.field.name, text, now))
        if picked is not None and row.is_attached:
            row.take(Entry(picked))

    @work
    async def _pick_file(self, row: FormRow, pick: Pick) -> None:
        from .file_screen import FileScreen

        about = f"File for {one_line(row.field.name, 30)}" + (
            f" ({one_line(pick.media_type, 30)})" if pick.media_type else ""
        )
        path = await app_of(self).push_screen_wait(FileScreen(Path.cwd(), about))
        if path is None or not row.is_attached:
            return
        if pick.path:
            row.take(Entry(str(path)))
            return
        try:
            size = (await anyio.Path(path).stat()).st_size
            if size > LARGEST:
                self.notify(f"{size:,} bytes: {LARGEST:,} at most are taken.", title="Too large", markup=False)
                return
            content = await anyio.Path(path).read_bytes()
        except OSError as error:
            self.notify(one_line(str(error), 160), title="Not read", severity="error", markup=False)
            return
        text = await anyio.to_thread.run_sync(encoded, row.field, path.name, content)
        if not row.is_attached:
            return
        row.take(Entry(text))
        kind = media_type_of(path.name)
        self._tell_kind(row, kind)
        said = f"{one_line(path.name, 60)}: {len(content):,} bytes as base64"
        if not fits(pick.media_type, path.name):
            wanted = one_line(pick.media_type, 40)
            self.notify(f"{said}. It looks like {kind}; {wanted} is asked for.", severity="warning", markup=False)
        else:
            self.notify(said, markup=False)

    def _tell_kind(self, row: FormRow, kind: str) -> None:
        """A field beside it that asks for the media type, and is empty, gets it."""
        above = row.node.parent
        beside = [one for one in above.members if one.key.lower() in _MEDIA_NAMES] if above is not None else []
        for one in beside:
            if not one.entry.text:
                one.entry = Entry(kind)
                for other in self.query(FormRow):
                    if other.node is one:
                        other.take(Entry(kind), focus=False)

    @on(ToolForm.EditorWanted)
    def _editor_wanted(self, event: ToolForm.EditorWanted) -> None:
        event.stop()
        self._edit_outside(event)

    @work(exclusive=True, group="editor")
    async def _edit_outside(self, event: ToolForm.EditorWanted) -> None:
        editor = editor_command(os.environ)
        try:
            text = await self._edited(editor, event.text)
        except SuspendNotSupported:
            self.notify("This terminal cannot be handed over to an editor.", severity="warning", markup=False)
            return
        except OSError as error:
            self.notify(
                f"{one_line(shlex.join(editor), 80)}: {one_line(error.strerror or str(error), 80)}. "
                "Set EDITOR to the editor you want.",
                title="No editor",
                severity="error",
                markup=False,
            )
            return
        if text is None:
            self.notify("The editor ended with an error: nothing was changed.", severity="warning", markup=False)
        elif text.rstrip("\n") != event.text.rstrip("\n"):
            self._form.edited(event.subject, text.rstrip("\n"))

    async def _edited(self, editor: list[str], text: str) -> str | None:
        """What the person made of ``text``. The dashboard stands aside meanwhile; connections go on."""
        with tempfile.TemporaryDirectory(prefix="mcpdeck-") as folder:
            path = Path(folder) / "arguments.json"
            path.touch(mode=0o600)
            path.write_text(text + "\n", encoding="utf-8", errors="surrogatepass")
            app = app_of(self)
            # Nothing may be drawn while the terminal is somebody else's.
            with app.batch_update(), app.suspend():
                done = await anyio.to_thread.run_sync(run_editor, [*editor, str(path)])
            app.refresh(layout=True)
            return path.read_text(encoding="utf-8", errors="replace") if done == 0 else None


def editor_command(environ: Mapping[str, str]) -> list[str]:
    """``$VISUAL``, else ``$EDITOR``, else what is there almost everywhere."""
    for name in ("VISUAL", "EDITOR"):
        try:
            words = shlex.split(environ.get(name, ""))
        except ValueError:
            continue
        if words:
            return words
    return ["vi"]


def run_editor(command: list[str]) -> int:
    """Run it in the terminal, to its end."""
    return subprocess.run(command, check=False).returncode
