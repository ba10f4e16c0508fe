"""A server's login: its token above, every exchange that led to it, and one of them in full.

Owns the layout and which masked values are shown right now; they are forgotten with the step they belong to. Never
logs in or out itself: that is asked of the intents, and seen in the next snapshot.
"""

from __future__ import annotations

import time
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen

from ...services.models import AuthView, LoginStatus, LoginStep, Status, TokenView
from ...services.state.model import McpState, PromptState, ServerState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.auth_detail import DetailRow, DetailRows, step_rows
from ...widgets.auth_steps import Repeated, Row, StepList, step_of
from ...widgets.fact_lines import clock
from ...widgets.ink import Line
from ...widgets.line_document import LineDocument
from ...widgets.prompts.login_words import OWN
from ...widgets.token_lines import before_any, counts_down, panel, scope_words, token_rows
from ...widgets.virtual_list import VirtualList
from ..bridge import NOT_FED, FedScreen
from ..controller import Intents
from .confirm_screen import Answer, ConfirmScreen

WIDE = 116
"""Columns from which one step stands beside the list of them, and its title can be read."""
TALL = 32
"""Rows from which there is room for everything about the token."""
HELD = frozenset({Status.PENDING_APPROVAL, Status.REJECTED, Status.BLOCKED, Status.DISABLED, Status.NOT_CONFIGURED})
"""Statuses of servers that nothing is contacted for."""
EDGE = 3
"""Cells of a row beside its words: the cursor's edge, and a margin on the right."""


class AuthScreen(FedScreen, ModalScreen[str | None]):
    """Fed while it is open. A question about this login that comes up meanwhile closes it: it is asked below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,A", "close", "Close", show=False),
        Binding("right,l", "to_detail", "To the step", show=False),
        Binding("left,h", "to_list", "To the steps", show=False),
        Binding("z", "zoom", "Only the step", show=False),
        Binding("r", "refresh_token", "Refresh now", show=False),
        Binding("e", "expire_token", "Expire now", show=False),
        Binding("d", "look_up", "Find out how", show=False),
        Binding("L", "log_in", "Log in again", show=False),
        Binding("x", "log_out", "Revoke and clear", show=False),
    ]

    def __init__(self, intents: Intents, server: str, mcp: McpState, prompts: tuple[PromptState, ...]) -> None:
        super().__init__()
        self._intents = intents
        self._name = server
        self._asked_before = {prompt.id for prompt in prompts}
        self._token = LineDocument(self._token_lines, id="auth-token")
        self._steps = StepList(id="auth-steps")
        self._detail = DetailRows(id="auth-detail")
        self._revealed: dict[str, str] = {}
        self._shown = -1  # number of the step in the detail; 0 for the token
        self.set_reactive(AuthScreen.mcp, mcp)

    def compose(self) -> ComposeResult:
        with Vertical(id="auth") as box:
            box.border_title = Content(f"Authorization of {one_line(self._name, 50)}")
            yield self._token
            with Container(id="auth-body"):
                yield self._steps
                yield self._detail

    def on_mount(self) -> None:
        self._steps.focus()
        self._seconds = self.set_interval(1.0, self._tick, pause=True)
        self._present()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-beside")
        self._tick()
        self.call_after_refresh(self._show_step)

    def on_descendant_focus(self) -> None:
        self.set_class(self._detail.has_focus, "-reading")
        self._show_keys()

    # What arrives.

    @property
    def _server(self) -> ServerState | None:
        return self.mcp.servers.get(self._name)

    @property
    def _view(self) -> AuthView | None:
        server = self._server
        return server.auth if server is not None else None

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        if not self.is_mounted or new is NOT_FED:
            return
        if self._name not in new.servers:
            self.dismiss(None)
        elif old.servers.get(self._name) is not new.servers[self._name]:
            self._present()

    def watch_prompts(self, old: tuple[PromptState, ...], new: tuple[PromptState, ...]) -> None:
        asked = (prompt for prompt in new if prompt.server == self._name and prompt.method in OWN)
        if any(prompt.id not in self._asked_before for prompt in asked):
            self.dismiss(None)

    def _present(self) -> None:
        self._steps.present(self._view)
        if counts_down(self._server):
            self._seconds.resume()
        else:
            self._seconds.pause()
        self._tick()
        self._show_step()
        self._show_keys()

    def _tick(self) -> None:
        self._token.styles.height = len(self._token_lines(80)) + 1
        self._token.lay_out()
        if isinstance(self._steps.current, TokenView):
            self._show_step()

    def _now(self) -> float:
        from ..deck import Deck

        app = app_of(self)
        return app.clock() if isinstance(app, Deck) else time.time()

    def _token_lines(self, width: int) -> list[Line]:
        return panel(self._view, self._now(), short=self.size.height < TALL)

    # One step.

    @on(VirtualList.Highlighted, "#auth-steps")
    def _highlighted(self) -> None:
        self._show_step()

    @on(VirtualList.Chosen, "#auth-steps")
    def _step_chosen(self) -> None:
        self.action_to_detail()

    def _show_step(self) -> None:
        if not self.is_mounted:
            return
        row = self._steps.current
        step = step_of(row)
        number = step.number if step is not None else 0
        another = number != self._shown
        if another:
            self._revealed.clear()
            self._shown = number
        self._detail.present(self._rows(row), top=another)
        self._show_keys()

    def _rows(self, row: Row | None) -> list[DetailRow]:
        width = self._detail.scrollable_content_region.width - EDGE
        match row:
            case LoginStep():
                return step_rows(row, width, self._revealed)
            case Repeated():
                said = f"the last of {len(row.steps)} since {clock(row.steps[0].at)}"
                return step_rows(row.last, width, self._revealed, said=said)
            case TokenView():
                return [DetailRow(line, _plain(line)) for line in token_rows(row, max(24, width), self._now())]
            case None:
                return [DetailRow(line, _plain(line)) for line in before_any(self._server, max(24, width))]

    @on(VirtualList.Chosen, "#auth-detail")
    def _row_chosen(self) -> None:
        """Reveal one masked value, or hide it again; on what is none, go to the next one."""
        row = self._detail.current
        if row is None or not row.secret:
            if self._detail.masks:
                self._detail.action_next_masked()
            else:
                self.notify("Nothing is masked in this step.", markup=False)
            return
        if row.hidden:
            value = self._intents.reveal(self._name, row.secret)
            if value is not None:
                self._revealed[row.secret] = value
        else:
            self._revealed.pop(row.secret, None)
        self._show_step()

    @on(DetailRows.CopyRequested)
    def _copy(self, event: DetailRows.CopyRequested) -> None:
        app_of(self).copy_to_clipboard(event.text)
        self.notify("Copied.", markup=False)

    def action_to_detail(self) -> None:
        self._detail.focus()

    def action_to_list(self) -> None:
        self.remove_class("-zoom")
        self._steps.focus()

    def action_zoom(self) -> None:
        """The step alone, or the list of them beside it again."""
        self.toggle_class("-zoom")
        self._detail.focus()
        self.call_after_refresh(self._show_step)

    # The token.

    def _show_keys(self) -> None:
        view = self._view or AuthView()
        if self._detail.has_focus:
            masked = ["n next masked", "Enter shows"] if self._detail.masks else []
            words = [*masked, "y copy", "← steps", "z zoom"]
        elif view.token is not None:
            words = ["→ step", "r refresh", "e expire", "L log in", "x log out"]
        else:
            words = [*(["→ step"] if view.steps else []), "L log in", "d find out how"]
        if self._held:
            words = [word for word in words if word not in ("r refresh", "L log in", "d find out how")]
        self.query_one("#auth").border_subtitle = Content(" · ".join([*words, "Esc closes"]))

    @property
    def _has_token(self) -> bool:
        has = self._view is not None and self._view.token is not None
        if not has:
            self.notify("L logs in.", title="There is no token", markup=False)
        return has

    @property
    def _held(self) -> bool:
        """Nothing may be contacted for the server, so nothing is for its login."""
        return self._server is not None and self._server.status in HELD

    def _contacted(self) -> bool:
        server = self._server
        if server is not None and self._held:
            self.notify(
                "Nothing is contacted for its login either.",
                title=f"{one_line(self._name, 60)} is {server.status}",
                markup=False,
            )
        return not self._held

    def action_refresh_token(self) -> None:
        if self._has_token and self._contacted():
            self._intents.refresh_token(self._name)

    def action_expire_token(self) -> None:
        if self._has_token:
            self._intents.expire_token(self._name)

    def action_log_in(self) -> None:
        if not self._contacted():
            return
        done = self._view is not None and self._view.status is LoginStatus.DONE
        self._intents.login(self._name, again=done)

    def action_look_up(self) -> None:
        view = self._view
        if view is not None and view.token is not None:
            self.notify("Every step of its login is shown already.", markup=False)
        elif self._contacted():
            self._intents.look_up(self._name)

    def action_log_out(self) -> None:
        view = self._view
        if view is None or view.token is None or not self._has_token:
            return

        def answered(answer: str | None) -> None:
            if answer == "logout":
                self._intents.logout(self._name)

        token = view.token
        question = ConfirmScreen(
            f"Log out of {one_line(self._name, 50)}?",
            "The token is forgotten here; its issuer is not asked to revoke it."
            if self._held
            else "The token is revoked, where its issuer takes that, and forgotten here.",
            (
                ("Issuer", one_line(token.issuer, 300)),
                ("Client", one_line(token.client_id, 300)),
                ("Scopes", scope_words(token.scopes)),
            ),
            (Answer("", "Close (Esc)", "escape"), Answer("logout", "Revoke and clear (x)", "x")),
            note="Requests that are under way end with it; the next one asks for a login.",
            danger=True,
            about=self._server,
        )
        app_of(self).push_screen(question, answered)

    def action_close(self) -> None:
        self.dismiss(None)


def _plain(line: Line) -> str:
    return "".join(text for text, _ in line).strip()
