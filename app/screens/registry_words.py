"""What the dashboard tells of a server of the registry.

Owns the choice of facts and their order. Works on hostile text: every piece is made safe here.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...services.discovery.install_plan import ways_of
from ...services.discovery.install_values import Ask
from ...services.discovery.server_json import RegistryServer
from ...services.discovery.ways import Way
from ...services.models import ErrorInfo
from ...services.state.text import one_line, visible
from ...widgets.ink import Line, wrapped

LABEL = 10
MOST_VERSIONS = 12


def server_lines(
    server: RegistryServer, versions: Sequence[str] | None, width: int, failure: ErrorInfo | None = None
) -> list[Line]:
    """Everything about a server in lines of ``width`` cells; ``versions`` None: they are not known yet.

    ``failure``: why they are not.
    """
    title = one_line(server.title or server.name, 200)
    lines: list[Line] = [((part, "title"),) for part in wrapped(title, width)]
    if server.title:
        lines += [((part, "muted"),) for part in wrapped(one_line(server.name, 200), width)]
    if server.status != "active":
        status = one_line(f"▲ {server.status} {server.status_message}", 400)
        lines += [((part, "warn"),) for part in wrapped(status, width)]
    lines += [((part, ""),) for part in wrapped(visible(server.description), width)]
    lines.append(())
    known = versions if versions is not None else (server.version,)
    said = ", ".join(one_line(version, 40) for version in known[:MOST_VERSIONS])
    facts = [
        ("Versions" if len(known) > 1 else "Version", said + (" …" if len(known) > MOST_VERSIONS else "")),
        ("Website", server.website),
        ("Source", server.repository),
        ("Published", server.published.partition("T")[0]),
    ]
    for label, text in facts:
        lines += _fact(label, one_line(text, 500), width)
    if failure is not None:
        lines.append(())
        lines += [((part, "bad"),) for part in wrapped(f"✖ {one_line(failure.title, 300)}", width)]
        hint = one_line(failure.hint, 300)
        lines += [(("  ", ""), (part, "")) for part in (wrapped(hint, max(8, width - 2)) if hint else ())]
    ways = ways_of(server)
    for way in ways:
        lines.append(())
        lines += way_lines(way, width)
    if not ways:
        lines += [(), (("It has neither packages nor remotes.", "muted"),)]
    return lines + problem_lines(server.problems, width)


def problem_lines(problems: Sequence[str], width: int) -> list[Line]:
    """What is odd about an answer of the registry, each on lines of its own."""
    return [((part, "warn"),) for problem in problems for part in wrapped(f"▲ {one_line(problem, 300)}", width)]


def way_lines(way: Way, width: int) -> list[Line]:
    """One way to have it: what would be run or reached, what is odd about it, what it asks for."""
    lines: list[Line] = [((part, "strong"),) for part in wrapped(way.label, width)]
    if way.problem is not None:
        return lines + [((part, "bad"),) for part in wrapped(f"✖ {way.problem}", width)]
    lines += _fact("Runs" if way.kind == "stdio" else "Reaches", way.shown, width, "accent")
    asked = {one_line(ask.name, 60) for ask in way.asks}
    fixed = [f"{name}={text}" for name, text in way.environment if name not in asked]
    if fixed:  # the others stand below, with what is said of them
        lines += _fact("Sets", ", ".join(fixed), width)
    for lint in way.lints:
        lines += [((part, "warn"),) for part in wrapped(f"▲ {lint}", width)]
    for ask in way.asks:
        lines += _fact("Asks for" if ask is way.asks[0] else "", ask_words(ask), width)
    return lines


def ask_words(ask: Ask) -> str:
    """What is asked for, on one line: its name, what is special about it, what it is for."""
    traits = ["required"] if ask.required else ["optional"]
    if ask.secret:
        traits.append("secret")
    if ask.default is not None and not ask.secret:
        traits.append(f"default {one_line(ask.default, 40)}")
    about = f": {one_line(ask.description, 200)}" if ask.description else ""
    return f"{one_line(ask.name, 60)} ({', '.join(traits)}){about}"


def _fact(label: str, text: str, width: int, ink: str = "") -> list[Line]:
    if not text:
        return []
    parts = wrapped(text, max(8, width - LABEL))
    first: Line = ((f"{label:<{LABEL}}", "muted"), (parts[0], ink))
    return [first, *(((" " * LABEL, ""), (part, ink)) for part in parts[1:])]
