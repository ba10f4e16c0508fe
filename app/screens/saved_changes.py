"""What is changed of saved calls on their screen: names, order, checks, variables, and taking that back.

Owns the changes that can be undone, newest first. Which call is meant is told; files are written by the controller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ...services.collections.judging import text_of
from ...services.collections.reading import call_of
from ...services.models import Json, JsonObject, as_list, as_object
from ...services.state.text import shortened
from .choice_screen import ChoiceScreen
from .json_screen import JsonScreen
from .name_screen import NameScreen

if TYPE_CHECKING:
    from textual.app import App

    from ...services.collections.model import Collection, SavedCall
    from ...services.collections.places import Places, Undo
    from ...services.state.model import CallState
    from ..saved_intents import Saved

ABOUT_CALL = "server, tool (or resource, prompt), arguments, variables, asserts, extract, timeout · docs/saved-calls.md"
ABOUT_VARIABLES = "variables: of the whole collection · sets: others by name · ${NAME} is taken from the environment"


class Says(Protocol):
    def __call__(self, words: str, style: str = "$text-muted") -> None: ...


@dataclass(slots=True)
class Changes:
    """``again`` reads the collections anew and goes to a call; ``say`` tells how it went."""

    saved: Saved
    again: Callable[[tuple[str, str] | None], object]
    say: Says
    done: list[Undo] = field(default_factory=list["Undo"])

    def _change(self, collection: Collection, name: str, change: Callable[[Places], Undo], said: str) -> None:
        def changed(undo: Undo) -> None:
            self.done.append(undo)
            self.again((str(collection.path), name))
            self.say(f"{said} · U undoes")

        self.saved.change(change, changed)

    def undo(self) -> None:
        """Take the last change back, byte for byte; where the file changed since, that is told."""
        if not self.done:
            self.say("There is nothing to undo")
            return
        last = self.done.pop()

        def undone() -> None:
            self.again(None)
            self.say(f"Undone: {last.what}")

        self.saved.undo(last, undone)

    def remove(self, collection: Collection, call: SavedCall) -> None:
        path, private, name = collection.path, collection.private, call.name
        self._change(collection, "", lambda places: places.remove(path, name, private=private), f"Removed {name}")

    def move(self, collection: Collection, call: SavedCall, step: int) -> None:
        path, private, name = collection.path, collection.private, call.name
        self._change(collection, name, lambda places: places.move(path, name, step, private=private), f"Moved {name}")

    def rename(self, app: App[object], collection: Collection, call: SavedCall) -> None:
        path, private, old = collection.path, collection.private, call.name

        def named(new: str | None) -> None:
            if new and new != old:
                self._change(
                    collection,
                    new,
                    lambda places: places.rename(path, old, new, private=private),
                    f"{old} is called {new} now",
                )

        def check(name: str) -> str:
            return "another call has this name" if name != old and collection.call(name) is not None else ""

        app.push_screen(NameScreen(f"Rename {old}", old, check), named)

    def edit(self, app: App[object], collection: Collection, call: SavedCall) -> None:
        """The call whole, as text."""
        screen = JsonScreen(
            f"{call.name} · {collection.name}",
            ABOUT_CALL,
            call.raw,
            lambda value: call_of(call.name, value).problem,
            lambda value: self.put(collection, call.name, value),
        )
        app.push_screen(screen)

    def put(self, collection: Collection, name: str, raw: JsonObject) -> None:
        path, private = collection.path, collection.private
        self._change(collection, name, lambda places: places.put(path, name, raw, private=private), f"Saved {name}")

    def edit_variables(self, app: App[object], collection: Collection) -> None:
        path, private = collection.path, collection.private
        value: JsonObject = {"variables": collection.variables, "sets": {**collection.sets}}

        def check(value: JsonObject) -> str:
            strange = next((name for name in value if name not in ("variables", "sets")), None)
            if strange is not None:
                return f'"{strange}" is not known: "variables" and "sets" are'
            if not all(isinstance(value.get(name, {}), dict) for name in ("variables", "sets")):
                return '"variables" and "sets" are objects'
            sets = as_object(value.get("sets"))
            return next(
                (f'the set "{name}" is an object' for name, one in sets.items() if not isinstance(one, dict)), ""
            )

        def save(value: JsonObject) -> None:
            for member in ("variables", "sets"):
                new, old = (
                    as_object(value.get(member)),
                    collection.variables if member == "variables" else collection.sets,
                )
                if new != old:
                    self._change(
                        collection,
                        "",
                        lambda places, member=member, new=new: places.put_member(path, member, new, private=private),
                        f"Changed {member}",
                    )

        app.push_screen(JsonScreen(f"Variables of {collection.name}", ABOUT_VARIABLES, value, check, save))

    def add_check(self, app: App[object], collection: Collection, call: SavedCall, state: CallState) -> None:
        """Expect from now on what came this time."""
        offers = checks_of(state)
        choices = tuple((str(number), title, note) for number, (title, note, _) in enumerate(offers))

        def chosen(key: str | None) -> None:
            if key is None:
                return
            asserts: list[Json] = [*as_list(call.raw.get("asserts")), offers[int(key)][2]]
            self.put(collection, call.name, {**call.raw, "asserts": asserts})

        app.push_screen(ChoiceScreen("Expect from now on", "as it came this time", choices), chosen)


def checks_of(state: CallState) -> list[tuple[str, str, JsonObject]]:
    """Checks that the result passes: title, what of it, the assertion."""
    result = state.result or {}
    text, structured = text_of(result), result.get("structuredContent")
    offers: list[tuple[str, str, JsonObject]] = []
    if text:
        offers.append(("this text", shortened(text, 60), {"path": "$.content[0].text", "equals": text}))
        line = text.strip().splitlines()[0] if text.strip() else text
        offers.append(("the text contains", shortened(line, 60), {"textContains": line}))
    if structured is not None:
        offers.append(("this structured content", "all of it", {"path": "$.structuredContent", "equals": structured}))
        for name, value in [*as_object(structured).items()][:5]:
            place = f"$.structuredContent[{quoted(name)}]"
            offers.append(
                (f"{shortened(name, 20)} is this", shortened(str(value), 50), {"path": place, "equals": value})
            )
    failed = result.get("isError") is True
    offers.append(("an error" if failed else "no error", "of the tool", {"isError": failed}))
    limit = max(100, round((state.duration_ms or 0) * 3))
    offers.append((f"under {limit} ms", f"it took {state.duration_ms or 0:.0f} ms", {"durationUnder": limit}))
    offers.append(("all of the result", "as received", {"path": "$", "equals": result}))
    return offers


def quoted(name: str) -> str:
    """A member's name as JSONPath has it."""
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"
