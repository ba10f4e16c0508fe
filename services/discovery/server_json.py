"""``server.json`` as the MCP Registry gives it, taken apart without trusting it.

Owns the shape (schemas 2025-07-09 to 2025-12-11 and the draft after it: names in camelCase, in the older
ones in snake_case) and the bounds of every text. Never decides what would be run: see ``install_plan``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..models import Json, JsonObject, as_list, as_object, as_text
from ..state.text import one_line

OFFICIAL_META = "io.modelcontextprotocol.registry/official"
LONGEST_NAME = 200
LONGEST_LINE = 500
LONGEST_VALUE = 4_000
MOST_ITEMS = 100
"""Of packages, remotes, arguments, variables: more of them is no server that a person would read through."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


class Malformed(Exception):
    """Why an item of the registry cannot be shown as a server."""


@dataclass(frozen=True, slots=True)
class Input:
    """A value that is fixed, or that a person gives. ``value`` may hold ``{variable}``; ``name`` as written.

    ``kind``: ``positional``, ``named``, ``environment``, ``header`` or ``variable``.
    """

    kind: str
    name: str
    description: str = ""
    required: bool = False
    secret: bool = False
    value: str | None = None
    default: str | None = None
    choices: tuple[str, ...] = ()
    format: str = "string"
    placeholder: str = ""
    repeated: bool = False
    variables: Mapping[str, Input] = field(default_factory=dict[str, "Input"])


@dataclass(frozen=True, slots=True)
class Transport:
    """``kind``: ``stdio``, ``streamable-http`` or ``sse`` (or what else stands there); ``url`` with ``{variables}``."""

    kind: str
    url: str = ""
    headers: tuple[Input, ...] = ()
    variables: Mapping[str, Input] = field(default_factory=dict[str, Input])


@dataclass(frozen=True, slots=True)
class Package:
    registry: str
    identifier: str
    version: str = ""
    base_url: str = ""
    hint: str = ""
    sha256: str = ""
    transport: Transport = field(default_factory=lambda: Transport("stdio"))
    runtime_arguments: tuple[Input, ...] = ()
    arguments: tuple[Input, ...] = ()
    environment: tuple[Input, ...] = ()


@dataclass(frozen=True, slots=True)
class RegistryServer:
    """One version of a server. Texts are bounded in length and otherwise as they came: hostile.

    ``status``: ``active``, ``deprecated`` or ``deleted``; ``problems``: parts of it that could not be read.
    """

    name: str
    description: str
    version: str
    title: str = ""
    website: str = ""
    repository: str = ""
    status: str = "active"
    status_message: str = ""
    published: str = ""
    updated: str = ""
    latest: bool | None = None
    packages: tuple[Package, ...] = ()
    remotes: tuple[Transport, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def ways(self) -> tuple[str, ...]:
        """The kinds of packages and remotes, each once: ``npm``, ``oci``, ``http`` …"""
        kinds = [package.registry for package in self.packages]
        kinds += ["http" if remote.kind == "streamable-http" else remote.kind for remote in self.remotes]
        return tuple(dict.fromkeys(one_line(kind, 20) for kind in kinds if kind))


def server_of(item: Json) -> RegistryServer:
    """A server from an item of a list, or from the answer for one. Raises ``Malformed``."""
    if not isinstance(item, dict):
        raise Malformed("it is not an object")
    outer = as_object(item.get("server"))
    server = outer or item
    name = as_text(server.get("name"))
    if not name:
        raise Malformed("it has no name")
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise Malformed(f"its name is none that a registry may give: {one_line(name, 60)}")
    problems: list[str] = []
    meta = as_object(as_object(item.get("_meta")).get(OFFICIAL_META)) or as_object(
        as_object(server.get("_meta")).get(OFFICIAL_META)
    )
    version = server.get("version") or as_object(server.get("version_detail")).get("version")
    latest = meta.get("isLatest", meta.get("is_latest"))
    return RegistryServer(
        name=name,
        description=_line(server.get("description")),
        version=_line(version),
        title=_line(server.get("title")),
        website=_line(server.get("websiteUrl") or server.get("website_url")),
        repository=_line(as_object(server.get("repository")).get("url")),
        status=_line(meta.get("status") or server.get("status")) or "active",
        status_message=_line(meta.get("statusMessage")),
        published=_line(meta.get("publishedAt") or meta.get("published_at")),
        updated=_line(meta.get("updatedAt") or meta.get("updated_at")),
        latest=latest if isinstance(latest, bool) else None,
        packages=tuple(_packages(server, problems)),
        remotes=tuple(_remotes(server, problems)),
        problems=tuple(problems),
    )


def _packages(server: JsonObject, problems: list[str]) -> list[Package]:
    packages: list[Package] = []
    for number, item in enumerate(_items(server, "packages", problems), 1):
        package = as_object(item)
        registry = as_text(_get(package, "registryType", "registry_type", "registry_name"))
        identifier = as_text(_get(package, "identifier", "name"))
        if not registry or not identifier:
            problems.append(f"package {number} has no registryType or no identifier: left out")
            continue
        transport = as_object(package.get("transport"))
        packages.append(
            Package(
                registry=registry[:LONGEST_NAME],
                identifier=identifier[:LONGEST_VALUE],
                version=_line(package.get("version")),
                base_url=_line(_get(package, "registryBaseUrl", "registry_base_url")),
                hint=_line(_get(package, "runtimeHint", "runtime_hint")),
                sha256=_line(_get(package, "fileSha256", "file_sha256")),
                transport=_transport(transport, problems) if transport else Transport("stdio"),
                runtime_arguments=_arguments(package, "runtimeArguments", "runtime_arguments", problems),
                arguments=_arguments(package, "packageArguments", "package_arguments", problems),
                environment=_named(package, ("environmentVariables", "environment_variables"), "environment", problems),
            )
        )
    return packages


def _remotes(server: JsonObject, problems: list[str]) -> list[Transport]:
    remotes: list[Transport] = []
    for number, item in enumerate(_items(server, "remotes", problems), 1):
        remote = as_object(item)
        if not as_text(remote.get("url")):
            problems.append(f"remote {number} has no url: left out")
            continue
        remotes.append(_transport(remote, problems))
    return remotes


def _transport(value: JsonObject, problems: list[str]) -> Transport:
    kind = as_text(_get(value, "type", "transport_type")) or ""
    return Transport(
        kind=kind[:40],
        url=(as_text(value.get("url")) or "")[:LONGEST_VALUE],
        headers=_named(value, ("headers",), "header", problems),
        variables=_variables(value),
    )


def _arguments(package: JsonObject, key: str, older: str, problems: list[str]) -> tuple[Input, ...]:
    found: list[Input] = []
    for number, item in enumerate(_items(package, key if key in package else older, problems), 1):
        argument = as_object(item)
        kind = as_text(argument.get("type"))
        if kind == "named" and as_text(argument.get("name")):
            found.append(_input(argument, "named", as_text(argument.get("name")) or ""))
        elif kind == "positional":
            name = as_text(_get(argument, "valueHint", "value_hint")) or f"{_SHORT[key]}{number}"
            found.append(_input(argument, "positional", name))
        else:
            problems.append(f"number {number} of {key} is neither named nor positional: left out")
    return tuple(found)


_SHORT = {"runtimeArguments": "runtime", "packageArguments": "argument"}
"""How a positional argument without a hint is called, with its number."""


def _named(value: JsonObject, keys: tuple[str, ...], kind: str, problems: list[str]) -> tuple[Input, ...]:
    key = next((key for key in keys if key in value), keys[0])
    found: list[Input] = []
    for number, item in enumerate(_items(value, key, problems), 1):
        name = as_text(as_object(item).get("name"))
        if not name:
            problems.append(f"number {number} of {key} has no name: left out")
            continue
        found.append(_input(as_object(item), kind, name))
    return tuple(found)


def _variables(value: JsonObject) -> dict[str, Input]:
    variables = as_object(value.get("variables"))
    names = [name for name in variables if name and len(name) <= LONGEST_NAME][:MOST_ITEMS]
    return {name: _input(as_object(variables[name]), "variable", name) for name in names}


def _input(value: JsonObject, kind: str, name: str) -> Input:
    choices = [text[:LONGEST_VALUE] for item in as_list(value.get("choices"))[:MOST_ITEMS] if (text := _scalar(item))]
    return Input(
        kind=kind,
        name=name[:LONGEST_NAME],
        description=_line(value.get("description")),
        required=_get(value, "isRequired", "is_required") is True,
        secret=_get(value, "isSecret", "is_secret") is True,
        value=_scalar(value.get("value")),
        default=_scalar(value.get("default")),
        choices=tuple(choices),
        format=as_text(value.get("format")) or "string",
        placeholder=_line(value.get("placeholder")),
        repeated=_get(value, "isRepeated", "is_repeated") is True,
        variables=_variables(value),
    )


def _items(value: JsonObject, key: str, problems: list[str]) -> list[Json]:
    found = value.get(key)
    if found is not None and not isinstance(found, list):
        problems.append(f"{key} is not an array: left out")
    items = as_list(found)
    if len(items) > MOST_ITEMS:
        problems.append(f"{key} has {len(items)} items: only the first {MOST_ITEMS} are read")
    return items[:MOST_ITEMS]


def _get(value: JsonObject, *keys: str) -> Json:
    return next((value[key] for key in keys if value.get(key) is not None), None)


def _line(value: Json) -> str:
    return (as_text(value) or "")[:LONGEST_LINE]


def _scalar(value: Json) -> str | None:
    """A text; booleans and numbers as the schema wants them written."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return value[:LONGEST_VALUE]
        case _:
            return None
