"""What stands in a form: the draft of every tool, template and prompt, as fields or as JSON.

Owns the drafts while the application runs and the ways between form, JSON, an editor outside and what others put in.
Never draws and never sends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.message import Message
from textual.reactive import reactive, var
from textual.widget import Widget

from ..services.models import JsonObject
from .after_typing import after_typing
from .form_bar import FormBar
from .form_fields import FieldsForm, FormRow
from .form_subject import Subject, SubjectKind
from .form_values import Entry
from .forms.filling import put
from .forms.gathering import gathered, value_of
from .forms.sending import Suggested, completed, secret_paths, sendable
from .forms.sent_line import SentLine
from .json_text import JsonTextError, is_unsafe, pretty_text, same
from .schema_shape import skeleton
from .tool_draft import Draft, json_object
from .value_editor import ValueEditor


class DraftForm(Widget):
    """Base of the form, which shows what this one holds."""

    subject: reactive[Subject | None] = reactive(None, init=False)
    as_json: var[bool] = var(False, init=False)
    completes: var[bool] = var(False, init=False)
    """The server suggests values for arguments."""

    class EditorWanted(Message):
        """``text`` is to be edited outside; ``edited`` takes what comes of it."""

        def __init__(self, subject: Subject, text: str) -> None:
            super().__init__()
            self.subject = subject
            self.text = text

    class CompletionWanted(Message):
        """What could stand in ``argument`` after ``prefix``, given the others; ``told`` takes the answer."""

        def __init__(
            self,
            subject: Subject,
            argument: str,
            prefix: str,
            context: dict[str, str],
            told: Callable[[Suggested], None],
        ) -> None:
            super().__init__()
            self.subject = subject
            self.argument = argument
            self.prefix = prefix
            self.context = context
            self.told = told

    def __init__(
        self,
        *,
        remembered: Callable[[Subject], JsonObject | None] | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.remembered = remembered
        self._drafts: dict[tuple[str, str, str], Draft] = {}
        self._shown: tuple[str, str, str] | None = None
        self._telling = False
        self._sent = SentLine(id="form-sent")
        self._bar = FormBar(id="form-bar")

    # What the form does.

    def focus_first(self) -> None:
        raise TypeError("the form has the fields")

    def _show_mode(self, as_json: bool) -> None:
        raise TypeError("the form shows one of the two")

    def _disarm(self) -> None:
        raise TypeError("the form offers to send")

    def _say(self, problems: Sequence[str], words: str = "") -> None:
        raise TypeError("the form has the line for it")

    @property
    def _fields(self) -> FieldsForm:
        return self.query_one(FieldsForm)

    @property
    def _raw(self) -> ValueEditor:
        return self.query_one("#form-raw", ValueEditor)

    @property
    def _draft(self) -> Draft | None:
        return self._drafts.get(self._shown) if self._shown else None

    def _draft_of(self, subject: Subject) -> Draft:
        """What stands in the form of ``subject``; at first what was sent last time, if that is known."""
        draft = self._drafts.get(subject.key)
        if draft is None:
            draft = Draft.of(subject, self.remembered(subject) if self.remembered is not None else None)
            self._drafts[subject.key] = draft
        else:
            draft.follow(subject)
        return draft

    def _keep(self) -> None:
        """Put what is on the screen into its draft."""
        draft = self._draft
        if draft is not None and draft.as_json:
            draft.raw = self._raw.entry.text

    # What others put in and take out.

    def fill(self, values: JsonObject) -> None:
        """Put ``values`` in the place of what stands there; F8 brings that back."""
        draft = self._draft
        if draft is None:
            return
        self._keep()
        fresh = Draft.of(draft.subject, values)
        draft.aside, draft.tree, draft.filled = draft.tree, fresh.tree, False
        draft.as_json, draft.raw = False, None
        self._fields.show(draft.tree)
        self._show_mode(False)
        self._disarm()
        self._tell_sent()
        if self.has_focus_within or self.screen.focused is None:
            self.focus_first()

    def arguments(self) -> JsonObject | None:
        """What would be sent now; None when there is nothing to send."""
        draft = self._draft
        if draft is None:
            return None
        self._keep()
        if not draft.as_json:
            return sendable(gathered(draft.tree).values)
        try:
            return sendable(json_object(draft.raw or ""))
        except JsonTextError:
            return None

    @property
    def values(self) -> JsonObject:
        """What would be sent now, as far as it can be told."""
        return self.arguments() or {}

    def secrets(self) -> frozenset[tuple[str | int, ...]]:
        """Where fields stand that ask for a password, a key or a token."""
        draft = self._draft
        return frozenset(secret_paths(draft.tree)) if draft is not None else frozenset()

    # Form and JSON.

    def action_toggle_json(self) -> None:
        after_typing(self, self._toggle_json)

    def _toggle_json(self) -> None:
        draft = self._draft
        if draft is None:
            return
        self._keep()
        if draft.as_json:
            if not self._to_form(draft):
                return
        else:
            self._to_json(draft)
        self._disarm()
        self.focus_first()

    def _to_json(self, draft: Draft) -> None:
        text = self._json_of(draft)
        draft.raw = draft.basis = text
        draft.as_json = True
        self._raw.show(Entry(text))
        self._show_mode(True)

    def _json_of(self, draft: Draft) -> str:
        """The arguments as JSON to edit: as it was written last, when that says the same."""
        value = value_of(draft.tree)
        values = value if isinstance(value, dict) else {}
        start = values if draft.tree.touched else completed(values, skeleton(draft.subject.schema))
        try:
            if draft.raw is not None and same(json_object(draft.raw), values):
                return draft.raw
        except JsonTextError:
            pass
        return pretty_text(start) if start else "{}"

    def _to_form(self, draft: Draft) -> bool:
        text = draft.raw or ""
        if text != draft.basis:
            try:
                values = json_object(text)
            except JsonTextError as error:
                self._say([str(error)], "Put that right to go back to the form.")
                return False
            put(draft.tree, values)
        draft.as_json = False
        self._fields.show(draft.tree)
        self._show_mode(False)
        return True

    def action_edit(self) -> None:
        """All arguments in the person's own editor, as JSON."""
        after_typing(self, self._edit)

    def _edit(self) -> None:
        draft = self._draft
        if draft is not None:
            self._keep()
            text = (draft.raw or "") if draft.as_json else self._json_of(draft)
            self.post_message(self.EditorWanted(draft.subject, text))

    def edited(self, subject: Subject, text: str) -> None:
        """The editor was left: read what it wrote. What is no JSON object stays as text, and is said to be none."""
        draft = self._drafts.get(subject.key)
        if draft is None:
            return
        was_form = not draft.as_json
        draft.as_json, draft.raw = True, text
        if draft is not self._draft:
            return
        self._raw.show(Entry(text))
        self._show_mode(True)
        self._disarm()
        self._tell_sent()
        if was_form and self._to_form(draft):
            self._tell_sent()
        self.focus_first()

    def action_empty(self) -> None:
        """Begin anew, or bring back what stood there before."""
        after_typing(self, self._empty)

    def _empty(self) -> None:
        draft = self._draft
        if draft is None or (draft.as_json and not self._to_form_quietly(draft)):
            return
        draft.empty()
        draft.raw = None
        self._fields.show(draft.tree)
        self._show_mode(False)
        self._disarm()
        self._tell_sent()
        self.focus_first()
        self._bar.say("F8 again brings it back" if draft.aside is not None and draft.aside.touched else "")

    def _to_form_quietly(self, draft: Draft) -> bool:
        self._keep()
        return self._to_form(draft)

    def action_whole_sent(self) -> None:
        self._sent.toggle()

    # What is told while one types.

    def _complete(self, row: FormRow) -> None:
        """Ask what could stand in the field; what comes too late is dropped."""
        node, subject, draft = row.node, self.subject, self._draft
        if subject is None or draft is None or subject.kind is SubjectKind.TOOL or not node.path:
            return
        argument, prefix = str(node.path[0]), node.entry.text
        values = gathered(draft.tree).values
        context = {name: one for name, one in values.items() if name != argument and isinstance(one, str)}

        def told(found: Suggested) -> None:
            if row.is_attached and node.entry.text == prefix and not node.entry.literal:
                row.suggest([one for one in found.values if not is_unsafe(one)], found.total, more=found.more)

        self.post_message(self.CompletionWanted(subject, argument, prefix, context, told))

    def _tell_soon(self) -> None:
        """Once for all that was typed by the next refresh."""
        if not self._telling:
            self._telling = True
            self.call_after_refresh(self._tell_sent)

    def _tell_sent(self) -> None:
        self._telling = False
        draft = self._draft
        if draft is None:
            return
        if draft.as_json:
            try:
                self._sent.tell(sendable(json_object(self._raw.entry.text)))
            except JsonTextError:
                self._sent.tell(None)
            return
        found = gathered(draft.tree)
        self._sent.tell(found.values, sum(problem.blocking for problem in found.problems.values()))
