"""What mcpdeck's settings file says about connectors, the registry and discovery on the network.

Owns the keys ``connectors``, ``registry`` and ``discovery`` of ``config/settings.json``. Never contacts
anything, and never raises for what stands in the file: a value that cannot be used is a lint with its
place, and everything else still counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urljoin, urlsplit

from ..config.contents import Unreadable, plain_text
from ..config.headers import header_name_problem, header_value_problem
from ..config.positions import Document, JsonProblem, KeyPath, read_json
from ..config.read import json_kind
from ..config.urls import url_problem
from ..models import Json, JsonObject, TransportKind

OFFICIAL_REGISTRY = "https://registry.modelcontextprotocol.io"
"""The public registry of the project (https://modelcontextprotocol.io/registry)."""
LIST_PATH = "/v1/mcp_servers?limit=1000"
"""Where a connector directory lists an account's servers, unless ``list`` says otherwise."""
PROXY_PATH = "/v1/mcp/{id}"
"""Where a listed server is reached, unless ``proxy`` says otherwise; ``{id}`` is the server's id in the list."""
TOKENS = ("token", "tokenFile", "tokenCommand")
MOST_DOMAINS = 20
MAX_BYTES = 1024 * 1024

_CONNECTOR_KEYS = ("url", "list", "proxy", "headers", *TOKENS)
_DOMAIN = re.compile(r"(?=.{1,253}\.?$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9-]{1,63}\.?")
_REFERENCE = re.compile(r"\$\{")


@dataclass(frozen=True, slots=True)
class ConnectorSettings:
    """A connector directory. ``list_url`` and ``proxy`` (with ``{id}``) are absolute URLs as written.

    ``token``: the one member ``token``, ``tokenFile`` or ``tokenCommand``, unexpanded. ``headers`` go with the
    request for the list, unexpanded as well.
    """

    url: str
    list_url: str
    proxy: str
    token: JsonObject = field(repr=False)
    headers: JsonObject = field(default_factory=dict[str, Json], repr=False)


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """``file`` is where it stands; ``problem`` why the connectors cannot be used although they are configured."""

    file: Path
    connectors: ConnectorSettings | None = None
    problem: str | None = None
    registry: str = OFFICIAL_REGISTRY
    domains: tuple[str, ...] = ()
    mdns: bool = True
    lints: tuple[str, ...] = ()


def read_settings(file: Path) -> DiscoverySettings:
    """The settings in ``file``; the defaults when there is none, or when it cannot be read (with a lint)."""
    try:
        text = plain_text(file, MAX_BYTES)
        if text is None:
            return DiscoverySettings(file)
        document = read_json(text)
    except Unreadable as error:
        return DiscoverySettings(file, lints=(f"{file}: {error.what}: not read; {error.remedy}",))
    except JsonProblem as error:
        place = f":{error.place.line}:{error.place.column}" if error.place else ""
        return DiscoverySettings(file, lints=(f"{file}{place}: not JSON: {error.reason}; {error.remedy}",))
    return _Reader(file, document).settings()


class _Reader:
    """Takes the three members apart; what is odd goes to ``lints`` with file, line and column."""

    def __init__(self, file: Path, document: Document) -> None:
        self._file = file
        self._document = document
        self._lints: list[str] = []

    def settings(self) -> DiscoverySettings:
        if not isinstance(self._document.value, dict):
            self._lint((), f"the file holds {json_kind(self._document.value)}, not an object")
            return DiscoverySettings(self._file, lints=tuple(self._lints))
        connectors, problem = self._connectors()
        registry = self._registry()
        domains, mdns = self._discovery()
        return DiscoverySettings(self._file, connectors, problem, registry, domains, mdns, tuple(self._lints))

    # -- the three members

    def _connectors(self) -> tuple[ConnectorSettings | None, str | None]:
        found = self._object("connectors", _CONNECTOR_KEYS)
        if found is None:
            return None, None
        problem = self._connectors_problem(found)
        if problem is not None:
            key, what = problem
            self._lint(("connectors", key), what)
            return None, f"{what} ({self._place(('connectors', key))})"
        url = str(found["url"]).rstrip("/")
        list_url = _joined(url, str(found.get("list", LIST_PATH)))
        proxy = _joined(url, str(found.get("proxy", PROXY_PATH)))
        token = {key: found[key] for key in TOKENS if found.get(key) is not None}
        return ConnectorSettings(url, list_url, proxy, token, self._headers(found)), None

    def _connectors_problem(self, found: JsonObject) -> tuple[str, str] | None:
        """The key at fault and what is wrong, None when all of it can be used."""
        url = found.get("url")
        if url is None:
            return "url", '"connectors" has no "url"'
        problem = _url_problem(url)
        if problem is not None:
            return "url", f'"url" of "connectors" {problem}'
        for key in ("list", "proxy"):
            text = found.get(key)
            if text is None:
                continue
            problem = (
                "is empty" if text == "" else _url_problem(_joined(str(url), text) if isinstance(text, str) else text)
            )
            if problem is not None:
                return key, f'"{key}" of "connectors" {problem}'
        if not _same_origin(str(url), _joined(str(url), str(found.get("list", LIST_PATH)))):
            return "list", '"list" of "connectors" is another origin than its "url"'
        if "{id}" not in str(found.get("proxy", PROXY_PATH)):
            return "proxy", '"proxy" of "connectors" has no {id}'
        given = [key for key in TOKENS if found.get(key) is not None]
        if len(given) != 1:
            what = f"{' and '.join(given)}: one is enough" if given else "no token: write one of " + ", ".join(TOKENS)
            return (given[0] if given else "url"), f'"connectors" has {what}'
        return None

    def _headers(self, found: JsonObject) -> JsonObject:
        value = found.get("headers")
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._lint(("connectors", "headers"), f'"headers" is {json_kind(value)}, not an object: not used')
            return {}
        kept: JsonObject = {}
        for name, text in value.items():
            if not isinstance(text, str) or header_name_problem(name) or header_value_problem(text):
                self._lint(("connectors", "headers", name), f'the header "{name}" cannot be sent: not used')
            elif name.lower() == "authorization":
                self._lint(("connectors", "headers", name), f'"{name}" is set from the token: this one is not used')
            else:
                kept[name] = text
        return kept

    def _registry(self) -> str:
        found = self._object("registry", ("url",))
        if found is None or found.get("url") is None:
            return OFFICIAL_REGISTRY
        problem = _url_problem(found["url"])
        if problem is not None:
            self._lint(("registry", "url"), f'"url" of "registry" {problem}: {OFFICIAL_REGISTRY} is used')
            return OFFICIAL_REGISTRY
        return str(found["url"]).rstrip("/")

    def _discovery(self) -> tuple[tuple[str, ...], bool]:
        found = self._object("discovery", ("domains", "mdns")) or {}
        mdns, domains = found.get("mdns", True), found.get("domains", [])
        if not isinstance(mdns, bool):
            self._lint(("discovery", "mdns"), f'"mdns" is {json_kind(mdns)}, not true or false: taken as false')
            mdns = False
        if not isinstance(domains, list):
            self._lint(("discovery", "domains"), f'"domains" is {json_kind(domains)}, not an array: not used')
            domains = []
        kept: dict[str, None] = {}
        for number, domain in enumerate(domains, 1):
            if isinstance(domain, str) and _DOMAIN.fullmatch(domain) and not domain.rstrip(".").endswith("_tcp"):
                kept[domain.rstrip(".").lower()] = None
            else:
                self._lint(("discovery", "domains"), f'number {number} of "domains" is no domain name: not used')
        if len(kept) > MOST_DOMAINS:
            self._lint(("discovery", "domains"), f"only the first {MOST_DOMAINS} domains are asked")
        return tuple(kept)[:MOST_DOMAINS], mdns

    # -- reading

    def _object(self, key: str, known: tuple[str, ...]) -> JsonObject | None:
        top = self._document.value
        value = top.get(key) if isinstance(top, dict) else None
        if value is None:
            return None
        if not isinstance(value, dict):
            self._lint((key,), f'"{key}" is {json_kind(value)}, not an object: not used')
            return None
        for name in value:
            if name not in known:
                self._lint((key, name), f'unknown field "{name}" in "{key}" (not used)')
        return value

    def _lint(self, path: KeyPath, what: str) -> None:
        self._lints.append(f"{self._place(path)}: {what}")

    def _place(self, path: KeyPath) -> str:
        """File, line and column of the innermost key of ``path`` that stands in the file."""
        places: Mapping[KeyPath, object] = MappingProxyType(self._document.places)
        while path and path not in places:
            path = path[:-1]
        place = self._document.places.get(path)
        return f"{self._file}:{place.line}:{place.column}" if place else str(self._file)


def _joined(base: str, part: str) -> str:
    """``part`` at ``base``; a path is below the base's own path, which is the origin or a prefix of an API."""
    if "://" in part:
        return part
    return urljoin(base.rstrip("/") + "/", part.lstrip("/"))


def _same_origin(one: str, other: str) -> bool:
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme.lower(), first.netloc.lower()) == (second.scheme.lower(), second.netloc.lower())


def _url_problem(value: Json) -> str | None:
    """What is wrong with a base URL, as the rest of a sentence; None when nothing is."""
    if not isinstance(value, str):
        return f"is {json_kind(value)}, not a string"
    if _REFERENCE.search(value):
        return "has a variable in it: write the address itself"
    problem = url_problem(value, TransportKind.HTTP)
    if problem is not None:
        return problem
    return "has a user name or password in it" if "@" in urlsplit(value).netloc else None
