"""Installing a server of the registry: which way, where to, what it asks for, and what comes of it.

Owns the form. Writes through the same intents as every other entry; nothing is run. What is typed into a
secret's field is hidden, and left empty it becomes a reference to a variable.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from ...services.discovery.install_plan import short_name, ways_of
from ...services.discovery.install_values import Ask
from ...services.discovery.server_json import RegistryServer
from ...services.discovery.ways import Way
from ...services.errors import UsageError
from ...services.models import ErrorInfo
from ...services.state.text import one_line
from ...widgets.choice_line import ChoiceLine
from ...widgets.line_input import LineInput
from ..entry_intents import Entries
from .unsaved_screen import UnsavedScreen

CHOICE_CELLS = 60
"""Choices that need more room are typed."""
MOST = 20
"""Fields for something that may be given several times."""


class AskRow(Horizontal):
    """One thing that is asked for: its name, and a field or a few choices; ``again``: one more of the same."""

    def __init__(self, ask: Ask, *, again: bool = False) -> None:
        super().__init__(classes="line")
        self.ask = ask
        self._again = again
        default = None if again else ask.default
        choices = [(choice, choice) for choice in ask.choices]
        if again or not ask.required:
            choices.insert(0, ("", "unset"))
        self._control: Input | ChoiceLine
        if ask.choices and not ask.secret and ChoiceLine.fits(choices, CHOICE_CELLS):
            self._control = ChoiceLine(choices, default or "")
        else:
            value = "" if default is None or ask.secret else default
            placeholder = "one more, if there are more" if again else _placeholder(ask)
            self._control = LineInput(value, placeholder=placeholder, password=ask.secret, compact=True)

    def compose(self) -> ComposeResult:
        name = one_line(self.ask.name, 22)
        marked = (" *", "$text-warning") if self.ask.required else ""
        yield Static(Content("  and") if self._again else Content.assemble(name, marked), classes="label")
        yield self._control

    @property
    def control(self) -> Widget:
        return self._control

    @property
    def value(self) -> str:
        return self._control.value


def _placeholder(ask: Ask) -> str:
    about = one_line(ask.description or ask.placeholder, 200)
    if ask.repeated:
        about = one_line(f"may be given several times · {about}".rstrip(" ·"), 200)
    if ask.reference is not None and ask.required:
        return one_line(f"empty: taken from {ask.reference.strip('${}')} · {about}".rstrip(" ·"), 200)
    if ask.choices:
        return one_line("one of " + ", ".join(ask.choices), 200)
    return about or ("required" if ask.required else "optional")


class InstallScreen(UnsavedScreen):
    """Dismisses with what was done in words, None when nothing was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False),
        Binding("ctrl+s", "install", "Install", show=False, priority=True),
    ]

    def __init__(self, server: RegistryServer, entries: Entries) -> None:
        super().__init__()
        self._server = server
        self._entries = entries
        self._ways = tuple(way for way in ways_of(server) if way.problem is None and server.status != "deleted")
        self._refused = tuple(way for way in ways_of(server) if way.problem is not None)
        self._way: Way | None = self._ways[0] if self._ways else None
        self._scopes = tuple(entries.scopes())
        keys = [(str(number), _title(way)) for number, way in enumerate(self._ways)]
        self._choice = ChoiceLine(keys, "0" if keys else "")
        self._scope = ChoiceLine([(key, key) for key, _, _ in self._scopes], self._scopes[0][0] if self._scopes else "")
        self._short = short_name(server.name)
        self._begun: dict[str, list[str]] = {}  # what the fields hold before anything is typed
        self._name = LineInput(self._short, compact=True, select_on_focus=False, id="install-name")

    def compose(self) -> ComposeResult:
        with Vertical(id="install") as box:
            box.border_title = Content(
                f"Install {one_line(self._server.name, 60)} {one_line(self._server.version, 20)}"
            )
            if self._way is None:
                yield Static(Content(self._why_not()), id="install-not")
            else:
                with VerticalScroll(id="install-form", can_focus=False):
                    if len(self._ways) > 1:
                        yield Horizontal(Static("Way", classes="label"), self._choice, classes="line")
                    yield Horizontal(Static("Name", classes="label"), self._name, classes="line")
                    yield Horizontal(Static("For", classes="label"), self._scope, classes="line")
                    yield Static("", id="install-where")
                    yield Vertical(id="install-asks")
                yield Static("", id="install-runs")
            yield Static("", id="install-said")
            with Horizontal(id="answers"):
                yield Button("Back (Esc)", id="back", compact=True)
                if self._way is not None:
                    yield Button("Install (Ctrl+S)", id="install-it", compact=True)

    async def on_mount(self) -> None:
        self._say("")
        if self._way is None:
            self.query_one("#back").focus()
            return
        await self._ask()
        self._show_scope()
        rows = self.query(AskRow)
        needed = next((row for row in rows if row.ask.required and not row.value), None)
        (needed.control if needed is not None else self._name).focus()

    def _why_not(self) -> str:
        if self._server.status == "deleted":
            return "It was deleted from the registry."
        if not self._refused:
            return "It has neither packages nor remotes: its website may say how it is used."
        return "\n".join(f"{way.label}: {way.problem}" for way in self._refused)

    # What is shown follows what is chosen.

    async def _ask(self) -> None:
        """The fields of the chosen way: what is required first."""
        assert self._way is not None
        box = self.query_one("#install-asks", Vertical)
        await box.remove_children()
        asks = sorted(self._way.asks, key=lambda ask: not ask.required)
        await box.mount_all([AskRow(ask) for ask in asks])
        self._begun = self._given()
        for row in self.query(AskRow):
            self._room_for_another(row)
        self._preview()

    def _room_for_another(self, row: AskRow) -> None:
        """Something that may be given several times has an empty field below the last one."""
        rows = [each for each in self.query(AskRow) if each.ask is row.ask]
        if row.ask.repeated and row is rows[-1] and row.value and len(rows) < MOST:
            self.query_one("#install-asks", Vertical).mount(AskRow(row.ask, again=True), after=row)

    @on(ChoiceLine.Changed)
    async def _changed(self, event: ChoiceLine.Changed) -> None:
        event.stop()
        if event.line is self._choice:
            self._way = self._ways[int(event.value)]
            await self._ask()
        elif event.line is self._scope:
            self._show_scope()
        else:
            self._answered(event.line)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._answered(event.input)

    def _answered(self, control: Widget) -> None:
        if isinstance(control.parent, AskRow):
            self._room_for_another(control.parent)
        self._preview()

    @on(Input.Submitted)
    @on(ChoiceLine.Submitted)
    def _next(self) -> None:
        self.focus_next()

    def _show_scope(self) -> None:
        place = next(((title, path) for key, title, path in self._scopes if key == self._scope.value), None)
        if place is not None:
            where = Content.assemble((one_line(place[0], 60), ""), "  ", (one_line(str(place[1])), "$text-muted"))
            self.query_one("#install-where", Static).update(where)

    def _given(self) -> dict[str, list[str]]:
        given: dict[str, list[str]] = {}
        for row in self.query(AskRow):
            if row.value:
                given.setdefault(row.ask.name, []).append(row.value)
        return given

    def _preview(self) -> None:
        """What would be run or reached with what is typed so far; secrets stay out."""
        way = self._way
        if way is None:
            return
        verb = "Runs" if way.kind == "stdio" else "Reaches"
        parts: list[Content] = [Content.assemble((f"{verb} ", "$text-muted"), (way.preview(self._given()), "bold"))]
        parts += [Content.assemble((f"▲ {lint}", "$text-warning")) for lint in way.lints]
        self.query_one("#install-runs", Static).update(Content("\n").join(parts))
        self._say("")

    def _say(self, title: str, hint: str = "") -> None:
        said = Content.assemble(
            (f"✖ {one_line(title, 300)}", "$text-error"), f"\n  {one_line(hint, 300)}" if hint else ""
        )
        line = self.query_one("#install-said", Static)
        line.display = bool(title)
        line.update(said)

    # Doing it.

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_install() if event.button.id == "install-it" else self.action_leave()

    def action_install(self) -> None:
        if self._way is None:
            return
        name = self._name.value.strip()
        try:
            made = self._way.entry(self._given())
        except UsageError as error:
            self._say(
                error.title, "Fill in what is marked with *." if error.title.startswith("it needs") else error.hint
            )
            return
        refused = self._entries.add(name, made.entry, self._scope.value)
        if isinstance(refused, ErrorInfo):
            self._say(refused.title, refused.hint)
            return
        told = f"Installed as {name}"
        if made.references:
            told += f"; set {', '.join(made.references)} before you use it"
        self.dismiss(told)

    @property
    def unsaved(self) -> bool:
        return self._way is not None and (self._name.value, self._given()) != (self._short, self._begun)


def _title(way: Way) -> str:
    """The kind of a way, short enough for a line of choices: ``npm``, ``oci``, ``http``."""
    return one_line(way.label.partition(" ")[0], 16)
