"""What the search finds: everything of every server, calls that are kept, actions; narrowed by server and kind."""

from __future__ import annotations

from mcpdeck.app.places import Asked, Directory, Place
from mcpdeck.services.state.model import McpState
from mcpdeck.widgets.item_kinds import ItemKind
from tests.ui import item_states, states


class Gone:
    """Remembers where somebody went."""

    def __init__(self) -> None:
        self.to: list[tuple[object, ...]] = []

    def go_to_server(self, server: str) -> None:
        self.to.append((server,))

    def go_to_item(self, server: str, kind: ItemKind, key: str) -> None:
        self.to.append((server, kind, key))


def mcp(*servers: object) -> McpState:
    rows = {row.id: row for row in servers}  # type: ignore[attr-defined]
    return McpState(rows, tuple(rows))  # type: ignore[arg-type]


def search(directory: Directory, text: str) -> list[tuple[str, str]]:
    directory.begin(text)
    while not directory.go_on(50):
        pass
    return [(place.kind, place.title) for place in directory.found()[0]]


def directory(gone: Gone | None = None) -> Directory:
    made = Directory(gone or Gone())
    made.know(mcp(item_states.LIBRARY, states.connected("other", tools=(states.tool("orders"),))))
    made.add(
        (
            Place("action", "Reconnect", "", "Connect again", lambda: None, "r"),
            Place("saved", "orders of today", "library", "", lambda: None),
        )
    )
    return made


def test_things_of_every_kind_are_found_by_their_names() -> None:
    assert search(directory(), "orders") == [
        ("resource", "orders"),
        ("tool", "orders"),
        ("template", "orders-between"),
        ("saved", "orders of today"),
    ]
    assert search(directory(), "revi") == [("prompt", "review")]
    assert search(directory(), "library")[0] == ("server", "library")
    assert ("task", "index") in search(directory(), "index")


def test_a_server_and_a_kind_narrow_what_is_found() -> None:
    assert search(directory(), "@lib orders") == [
        ("resource", "orders"),
        ("template", "orders-between"),
        ("saved", "orders of today"),
    ]
    assert search(directory(), "#tool orders") == [("tool", "orders")]
    assert search(directory(), "#tools @other") == [("tool", "orders")]
    assert search(directory(), "@other") == [("server", "other"), ("tool", "orders")]
    assert search(directory(), "> rec") == [("action", "Reconnect")]


def test_nothing_typed_gives_all_in_their_order() -> None:
    everything = search(directory(), "")
    assert everything[:2] == [("server", "library"), ("server", "other")]
    assert directory().size == len(everything)


def test_a_place_says_how_to_go_there() -> None:
    gone = Gone()
    made = directory(gone)
    for text in ("library", "revi", "#resource orders"):
        search(made, text)
        made.found()[0][0].go()
    assert gone.to == [
        ("library",),
        ("library", ItemKind.PROMPTS, "review"),
        ("library", ItemKind.RESOURCES, "db://orders"),
    ]


def test_what_did_not_change_is_not_read_again() -> None:
    made = directory()
    search(made, "orders")
    before = {key: part.finder for key, part in made._of_servers.items()}
    made.know(mcp(item_states.library(latency_ms=9.0), states.connected("other", tools=())))
    after = {key: part.finder for key, part in made._of_servers.items()}
    assert {key for key in after if after[key] is before[key]} == {key for key in before if key[0] == "library"}
    assert ("other", ItemKind.TOOLS) not in after


def test_ten_thousand_things_are_looked_through_in_slices() -> None:
    many = tuple(states.tool(f"tool_{n:05}") for n in range(10_000))
    made = Directory(Gone())
    made.know(mcp(states.connected("big", tools=many)))
    made.begin("tool")
    turns = 0
    while not made.go_on(1_500):
        turns += 1
    places, total = made.found()
    assert turns >= 6
    assert total == 10_000
    assert len(places) == 500


def test_what_is_typed_is_read_as_words_a_server_and_a_kind() -> None:
    assert Asked.read(" @Git  create #Tool issue") == Asked("create issue", "git", "tool")
    assert Asked.read(">quit") == Asked("quit", "", "action")
