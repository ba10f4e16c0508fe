"""What other clients have configured, as entries that can be taken over.

Owns finding the files of a client, the servers in them, the inputs that VS Code asks for, and the names they get
here. Reads files of other programs and never writes one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

from ..models import Json, JsonObject, Origin, as_object
from .clients import Client, holds_servers
from .clients.client import Machine
from .clients.vscode import Input, inputs_of, inputs_used
from .expand import REFERENCE
from .models import FileProblem, Reading, SourceFile
from .read import read_files

LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class ForeignServer:
    """A server of another client: ``value`` is the entry in our shape, ``raw`` as it stands there.

    ``refusal`` says why it is nothing that could be started here. ``inputs``: what the client would ask for.
    """

    name: str
    file: SourceFile
    raw: Json
    value: JsonObject
    origin: Origin
    lints: tuple[str, ...] = ()
    refusal: str | None = None
    inputs: tuple[Input, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """One place of a client: whether the file is there, its servers, and what is wrong with it."""

    file: SourceFile
    shared: bool
    found: bool
    servers: tuple[ForeignServer, ...] = ()
    problems: tuple[FileProblem, ...] = ()


def foreign_files(client: Client, machine: Machine) -> list[ForeignFile]:
    """Every place of ``client``, its own precedence first. Never raises for what stands in a file."""
    places = client.files(machine)
    files = [file for file, _ in places]
    beside = [replace(file, at=file.at[:-1], optional=True) for file in files] if client.id == "vscode" else []
    readings = read_files([*files, *beside])  # a file that is there twice is opened once
    return [
        ForeignFile(
            file,
            shared,
            reading.found,
            tuple(_servers(client, reading, _inputs(around))),
            reading.problems,
        )
        for (file, shared), reading, around in zip_longest(places, readings[: len(files)], readings[len(files) :])
    ]


def _inputs(around: Reading | None) -> dict[str, Input]:
    """The inputs that are told beside the servers of a file of VS Code's."""
    entries = around.entries if around is not None else ()
    return inputs_of(next((entry.value for entry in entries if entry.name == "inputs"), None))


def _servers(client: Client, reading: Reading, inputs: Mapping[str, Input]) -> Iterator[ForeignServer]:
    for entry in reading.entries:
        if holds_servers(client.id, entry.name, entry.value) and entry.file.at == ("mcp",):
            continue
        value, lints = client.to_entry(entry.value)
        used = inputs_used(entry.value) if client.id == "vscode" else []
        yield ForeignServer(
            entry.name,
            entry.file,
            entry.value,
            value,
            entry.origin,
            (*entry.lints, *lints),
            client.refusal(entry.value),
            tuple(inputs.get(name) or Input(name, "promptString", name) for name in used),
        )


def safe_name(name: str) -> str:
    """``name`` as ``add`` would accept it: letters, digits, - and _, at most 64."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:LONGEST_NAME] or "server"


def answered(value: JsonObject, answers: Mapping[str, str]) -> JsonObject:
    """``value`` with ``answers`` (variable -> text) in the place of the references to them."""

    def filled(part: Json) -> Json:
        match part:
            case str():
                return REFERENCE.sub(lambda match: answers.get(match[1], match.group()), part)
            case list():
                return [filled(item) for item in part]
            case dict():
                return {key: filled(item) for key, item in part.items()}
            case _:
                return part

    return as_object(filled(value)) if answers else value


def with_defaults(value: JsonObject, inputs: tuple[Input, ...]) -> JsonObject:
    """``value`` with the defaults of the inputs that have one, where nobody was asked."""
    defaults = {
        each.variable: f"${{{each.variable}:-{each.default}}}"
        for each in inputs
        if each.default and "}" not in each.default
    }
    return answered(value, defaults)
