"""How the command line tells of a server of the registry: lines for people, JSON for machines.

Owns the shapes. Texts of the registry are hostile: every one is made safe here or by who prints it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..services.discovery.install_values import Ask
from ..services.discovery.server_json import RegistryServer
from ..services.discovery.ways import Way
from ..services.models import Json, JsonObject
from ..services.state.text import one_line


def short_json(server: RegistryServer) -> JsonObject:
    ways: list[Json] = [*server.ways]
    return {
        "name": server.name,
        "title": server.title or None,
        "version": server.version,
        "description": server.description,
        "status": server.status,
        "ways": ways,
    }


def odd_json(problems: Sequence[str]) -> JsonObject:
    return {"problems": [*problems]}


def way_lines(way: Way) -> list[str]:
    lines = [way.label]
    if way.problem is not None:
        return [*lines, f"  not installable: {way.problem}"]
    lines.append(f"  {'runs' if way.kind == 'stdio' else 'reaches':<9} {way.shown}")
    if way.environment:
        lines.append(f"  sets      {', '.join(f'{name}={text}' for name, text in way.environment)}")
    lines += [f"  look at   {lint}" for lint in way.lints]
    for ask in way.asks:
        lines.append(f"  asks for  {ask_words(ask)}")
    return lines


def ask_words(ask: Ask) -> str:
    """One line about something that is asked for."""
    traits = [ask.kind, "required" if ask.required else "optional"]
    if ask.secret:
        traits.append("secret")
    if ask.repeated:
        traits.append("repeatable")
    if ask.default is not None and not ask.secret:
        traits.append(f"default {one_line(ask.default, 60)}")
    if ask.choices:
        traits.append("one of " + ", ".join(one_line(choice, 40) for choice in ask.choices[:12]))
    if ask.reference is not None:
        traits.append(f"otherwise {ask.reference}")
    about = ask.description or ask.placeholder
    return one_line(f"{ask.name} ({'; '.join(traits)}){f': {about}' if about else ''}", 400)


def server_json(server: RegistryServer, versions: Sequence[RegistryServer], ways: Sequence[Way]) -> JsonObject:
    listed: list[Json] = [each.version for each in versions]
    shown: list[Json] = [_way_json(way) for way in ways]
    return {
        **short_json(server),
        "statusMessage": server.status_message or None,
        "websiteUrl": server.website or None,
        "repository": server.repository or None,
        "publishedAt": server.published or None,
        "updatedAt": server.updated or None,
        "versions": listed,
        "installs": shown,
        **odd_json(server.problems),
    }


def _way_json(way: Way) -> JsonObject:
    return {
        "label": way.label,
        "transport": way.kind.value,
        "shown": way.shown or None,
        "environment": dict(way.environment),
        "problem": way.problem,
        "lints": [*way.lints],
        "asks": [
            {
                "name": ask.name,
                "kind": ask.kind,
                "description": ask.description or None,
                "required": ask.required,
                "secret": ask.secret,
                "default": None if ask.secret else ask.default,
                "choices": [*ask.choices],
                "format": ask.format,
                "repeated": ask.repeated,
                "reference": ask.reference,
            }
            for ask in way.asks
        ],
    }
