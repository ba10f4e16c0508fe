"""What is said of saved calls beside their list: what one sends, what it expects, what came of it.

Owns these lines and rows. Never runs or writes anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from ...services.collections.model import Collection, SavedCall
from ...services.collections.running import Outcome, Ran
from ...services.models import Json
from ...services.state.text import one_line, visible
from ...widgets.call_words import duration_words
from ...widgets.ink import Line, Span, wrapped
from ...widgets.saved_rows import MARKS, SavedRow

LONGEST = 40
"""Lines of a value that are shown."""


def rows_of(
    collections: Iterable[Collection],
    ran: Mapping[tuple[str, str], Ran],
    running: set[tuple[str, str]],
    folded: set[str],
) -> tuple[SavedRow, ...]:
    """A row for each collection, and for each call of those that are not folded."""
    rows: list[SavedRow] = []
    for one in collections:
        path = str(one.path)
        rows.append(_collection_row(one, ran, path in folded))
        if path not in folded:
            rows += [_call_row(one, call, ran, running) for call in one.calls]
    return tuple(rows)


def _collection_row(one: Collection, ran: Mapping[tuple[str, str], Ran], folded: bool) -> SavedRow:
    path = str(one.path)
    if one.problem:
        return SavedRow((path, ""), one.name, one.problem, "problem", "not usable", 0, folded)
    outcomes = [ran[path, call.name].outcome for call in one.calls if (path, call.name) in ran]
    passed = outcomes.count(Outcome.PASSED)
    said, mark = "", ""
    if outcomes:
        mark = "passed" if passed == len(outcomes) else "failed"
        said = f"{passed}/{len(outcomes)} passed"
    about = "private" if one.private else one.path.name
    return SavedRow((path, ""), one.name, about, mark, said, 0, folded)


def _call_row(
    one: Collection, call: SavedCall, ran: Mapping[tuple[str, str], Ran], running: set[tuple[str, str]]
) -> SavedRow:
    key = (str(one.path), call.name)
    about = f"{call.server} · {call.target}" if call.server else ""
    if call.problem:
        return SavedRow(key, call.name, call.problem, "problem")
    if key in running:
        return SavedRow(key, call.name, about, "running", "running")
    done = ran.get(key)
    if done is None:
        return SavedRow(key, call.name, about)
    took = duration_words(done.state.duration_ms) if done.state is not None else done.outcome.value
    return SavedRow(key, call.name, about, done.outcome.value, took)


def collection_lines(one: Collection, width: int, chosen: str) -> list[Line]:
    """The file, its variables and sets."""
    lines: list[Line] = [((one_line(one.name, 60), "title"),)]
    lines += _wrapped(str(one.path), width, "muted")
    if one.problem:
        return [*lines, (), *_wrapped(f"▲ {one.problem}", width, "warn")]
    lines.append((("Private: on this machine only" if one.private else "In the project: can be committed", "muted"),))
    lines += [(), (("Variables", "strong"), ("  v edits them", "muted"))]
    lines += _pairs(one.variables, width) or [(("  none", "muted"),)]
    for name, values in one.sets.items():
        lines += [(), ((f"Set {one_line(name, 40)}", "strong"), ("  in use" if name == chosen else "", "good"))]
        lines += _pairs(values, width)
    return lines


def call_lines(call: SavedCall, done: Ran | None, width: int) -> list[Line]:
    """What the call sends and expects, and what came of it last."""
    lines: list[Line] = [((one_line(call.name, 80), "title"),)]
    if call.problem:
        return [*lines, (), *_wrapped(f"▲ {call.problem}", width, "warn"), (), *_value(call.raw, width)]
    lines.append((("".join((one_line(call.server, 60), " · ", one_line(call.target, 200))), "muted"),))
    extra = [word for word, there in (("as a task", call.as_task), ("arguments unchecked", not call.validate)) if there]
    extra += [f"at most {call.timeout:g} s"] if call.timeout is not None else []
    lines += [((", ".join(extra), "muted"),)] if extra else []
    if done is not None:
        lines += [(), *_outcome(done, width)]
    lines += [(), (("Arguments", "strong"),), *_value(call.arguments, width)]
    verdicts = {verdict.assertion.words: verdict for verdict in done.verdicts} if done is not None else {}
    lines += [(), (("Expects", "strong"),)]
    if not call.asserts:
        lines.append((("  that the tool reports no error · t adds more from the last result", "muted"),))
    for assertion in call.asserts:
        verdict = verdicts.get(assertion.words)
        mark, ink = (" ", "") if verdict is None else MARKS["passed"] if verdict.ok else MARKS["failed"]
        lines += _marked(mark, ink, assertion.words, width)
    if call.extract:
        lines += [(), (("Gives", "strong"),)]
        for name, extract in call.extract.items():
            value = done.extracted.get(name) if done is not None else None
            there = f"  = {one_line(json.dumps(value, ensure_ascii=False), 80)}" if value is not None else ""
            lines += _wrapped(f"  {{{{{name}}}}}  {extract.path}{there}", width, "")
    if call.variables:
        lines += [(), (("Variables", "strong"),), *_pairs(call.variables, width)]
    return lines


def _outcome(done: Ran, width: int) -> Iterator[Line]:
    mark, ink = MARKS[done.outcome.value]
    took = f"  {duration_words(done.state.duration_ms)}" if done.state is not None else ""
    yield (f"{mark} {done.outcome.value}", ink), (took, "muted")
    if done.why:
        yield from _wrapped(f"  {done.why}", width, "")
    for verdict in done.failures:
        yield from _marked("✖", "bad", f"expected: {verdict.assertion.words}", width)
        if verdict.said:
            yield from _wrapped(f"    {verdict.said}", width, "muted")
        for line in verdict.diff:
            ink = "good" if line.startswith("-") else "bad" if line.startswith("+") else "muted"
            yield (("    ", ""), (visible(line), ink))


def _marked(mark: str, ink: str, text: str, width: int) -> Iterator[Line]:
    for number, line in enumerate(wrapped(one_line(text, 400), width - 4)):
        head: Span = (f"  {mark} ", ink) if not number else ("    ", "")
        yield head, (line, "")


def _pairs(values: Mapping[str, Json], width: int) -> list[Line]:
    label = min(24, max((len(one_line(name, 40)) for name in values), default=0))
    lines: list[Line] = []
    for name, value in values.items():
        text = f"  {one_line(name, 40):<{label}}  {json.dumps(value, ensure_ascii=False)}"
        lines += _wrapped(text, width, "")
    return lines


def _value(value: Json, width: int) -> list[Line]:
    if value == {}:
        return [(("  none", "muted"),)]
    text = json.dumps(value, indent=2, ensure_ascii=False).splitlines()
    lines: list[Line] = []
    for line in text[:LONGEST]:
        lines += _wrapped(f"  {line}", width, "")
    return [*lines, (("  …", "muted"),)] if len(text) > LONGEST else lines


def _wrapped(text: str, width: int, ink: str) -> list[Line]:
    return [((line, ink),) for line in wrapped(visible(text), width)]
