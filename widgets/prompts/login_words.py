"""What a login says before anything is opened: why, where, as whom, for which scopes, and the whole address.

Owns the order and the wording. Never opens anything; what a server sent is made safe here.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from ...services.models import JsonObject, as_list, as_text
from ...services.state.text import one_line, visible
from .urls import Address
from .words import Labelled, Told

LOGIN, CONSENT, FORM = "mcpdeck/login", "mcpdeck/consent", "mcpdeck/form"
"""The methods of our own questions: follow an address, ask for more than before, fill in what is missing."""
OWN = frozenset((LOGIN, CONSENT, FORM))
MUTED = "$text-muted"
NEW = "bold $text-warning"
MOST_SCOPES = 60
MOST_WORDS = 200
"""Characters of what a server names; all of it stands among the steps of the login."""
_FACTS = (("why", "why"), ("issuer", "issuer"), ("resource", "for"), ("clientId", "client"))


def login_lines(request: JsonObject, address: Address, endpoint: str) -> list[Told]:
    """Everything that a person should know before the browser opens. ``endpoint`` stands in the title already."""
    problem = one_line(as_text(request.get("error")) or "", MOST_WORDS)
    lines: list[Told] = [Content.styled(f"✖ {problem}", "bold $text-error")] if problem else []
    why, about = _about(request, endpoint)
    lines += [*about, Labelled("scopes", MUTED, _scopes(request)), *why, Content("")]
    if address.refused:
        lines.append(Content.styled(f"✖ {one_line(address.refused)}: it is not opened", "bold $text-error"))
        lines.append(Content.styled("Esc gives the login up; who runs the authorization server can mend it.", MUTED))
    else:
        back = "Log in there and this goes on by itself. From another machine, paste where the browser ends."
        if request.get("manual") is True:
            back = "Log in there. The browser ends at a page that cannot be shown: paste the address of that."
        lines.append(Content.styled(back, MUTED))
    lines += [Content.styled(f"! {one_line(warning)}", NEW) for warning in address.warnings]
    lines.append(Content(visible(address.url)))
    return lines


def consent_lines(request: JsonObject, endpoint: str) -> list[Told]:
    """What is asked for beyond what was granted, and what was granted."""
    added = _words(request, "added")
    before = [scope for scope in _words(request, "scopes") if scope not in added]
    why, about = _about(request, endpoint)
    lines: list[Told] = []
    lines.append(Labelled("adds", NEW, Content.styled(" · ".join(added) or "nothing", NEW)))
    lines.append(Labelled("keeps", MUTED, Content(" · ".join(before) or "nothing was asked for before")))
    lines += [*about, *why, Content("")]
    lines.append(Content.styled("Yes logs in again, for all of them; nothing is opened before.", MUTED))
    lines.append(Content.styled("No, or Esc, leaves it: what wanted them fails. Call again to be asked again.", MUTED))
    return lines


def _about(request: JsonObject, endpoint: str) -> tuple[list[Told], list[Told]]:
    """Why it is asked, and where, for what and as whom: what others wrote must not push the decision out of sight."""
    told = {label: one_line(as_text(request.get(name)) or "", MOST_WORDS) for name, label in _FACTS}
    if told["for"] == one_line(endpoint, MOST_WORDS):
        told["for"] = ""
    lines = {label: Labelled(label, MUTED, Content.styled(text, _ink(label))) for label, text in told.items() if text}
    return [lines.pop("why")] if "why" in lines else [], [*lines.values()]


def _ink(label: str) -> str:
    return "bold $primary" if label == "issuer" else ""


def _scopes(request: JsonObject) -> Content:
    """All scopes in a row; those beyond what was asked for before stand out."""
    scopes, added = _words(request, "scopes"), _words(request, "added")
    if not scopes:
        return Content("none named: the authorization server decides")
    before = [Content(scope) for scope in scopes if scope not in added]
    parts = before + [Content.styled(f"+{scope} (new)", NEW) for scope in added]
    more = [Content(f"and {len(parts) - MOST_SCOPES} more")] if len(parts) > MOST_SCOPES else []
    return Content.styled(" · ", MUTED).join([*parts[:MOST_SCOPES], *more])


def _words(request: JsonObject, name: str) -> Sequence[str]:
    return [one_line(word, 200) for word in as_list(request.get(name)) if isinstance(word, str) and word]
