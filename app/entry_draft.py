"""What stands in the editor of an entry: one entry, several by name, or something that is neither yet.

Owns reading that text, and the words for snippets that were recognised. Pure: text in, values out. Never saves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..services.models import JsonObject, as_object
from ..services.state.text import one_line
from ..widgets.json_text import JsonTextError, loads, pretty_text

if TYPE_CHECKING:
    from ..services.config.snippets import Snippet

OURS = "claude-code"
"""Id of the client whose shape of an entry is ours."""


@dataclass(frozen=True, slots=True)
class Draft:
    """``servers``: entries by name; the name of a single one is typed elsewhere and stands here as ``""``.

    ``problem`` says why there are none. ``foreign``: it is no JSON object, but may be a snippet of another shape.
    """

    servers: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    problem: str = ""
    foreign: bool = False


def read_draft(text: str, *, many: bool) -> Draft:
    """``many``: the text is an object of entries by name, else it is one entry."""
    if not text.strip():
        return Draft(problem="Nothing to save yet: paste a snippet, or type a command or a URL")
    try:
        value = loads(text)
    except JsonTextError as error:
        return Draft(problem=f"This is not JSON yet: {error}", foreign=not text.lstrip().startswith(("{", "[")))
    if not isinstance(value, dict):
        return Draft(problem='An entry is an object: {"command": "…"}', foreign=True)
    if not many:
        return Draft({"": value}, foreign=_holds_entries(value))
    for name, entry in value.items():
        if not isinstance(entry, dict):
            return Draft(problem=f"{one_line(name, 40)} is no object")
    return Draft({name: as_object(entry) for name, entry in value.items()})


def _holds_entries(value: JsonObject) -> bool:
    """A whole file or a list of servers, where one entry should stand."""
    inside = [*value.values()]
    return bool(inside) and all(isinstance(member, dict) for member in inside)


def written(value: JsonObject) -> str:
    """An entry as it stands in the editor."""
    return pretty_text(value)


def several(snippets: Sequence[Snippet]) -> JsonObject:
    """All of them by name; one without a name is called by its number."""
    return {snippet.name or f"server-{number}": snippet.value for number, snippet in enumerate(snippets, 1)}


def shape_words(snippets: Sequence[Snippet], titles: Mapping[str, str]) -> tuple[str, ...]:
    """In whose shape the snippets stood (first, may be empty), and what is odd about them, each sentence once."""
    others = [snippet.client for snippet in snippets if snippet.client not in ("", OURS)]
    clients = dict.fromkeys(titles.get(client, client) for client in others)
    told = [f"As {' and '.join(clients)} writes it, put into shape" if clients else ""]
    for snippet in snippets:
        of = f"{one_line(snippet.name or 'the server', 30)}: " if len(snippets) > 1 else ""
        told += [of + lint for lint in snippet.lints]
    return tuple(dict.fromkeys(told))
