"""A call in other words: a command of ours, curl, a Python program, the message itself.

Owns which forms there are, and that no secret stands in any of them: it is the name of a variable there, and the names
are told. Each text is complete; what cannot be said in a form says why.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from ..services.eras.base import ClientSide
from ..services.eras.stateless import StatelessEra
from ..services.eras.versions import BY_DATE, VERSION
from ..services.models import EraName, JsonObject, Offered, ServerEntry, Target
from ..services.telemetry.redaction import MASK, looks_like_key, masked_text, masked_url, secret_header, secret_name

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
METHODS = {Offered.TOOL: "tools/call", Offered.RESOURCE: "resources/read", Offered.PROMPT: "prompts/get"}
NEWEST_LEGACY = "2025-11-25"
_SCHEME = re.compile(r"(?:Bearer|Basic|Token) +(?=\S)", re.IGNORECASE)
CLIENT: JsonObject = {"name": "mcpdeck", "version": VERSION}


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What is called. Of ``arguments``, ``${NAME}`` stands for a secret where ``secrets`` has the name.

    ``version``: the revision that is spoken, None: not known yet. ``schema`` is that of the tool; ``logged_in``: there
    is a token that nobody is shown.
    """

    entry: ServerEntry
    kind: Offered
    name: str
    arguments: JsonObject
    secrets: tuple[str, ...] = ()
    version: str | None = None
    capabilities: JsonObject = field(default_factory=dict)
    schema: JsonObject = field(default_factory=dict)
    logged_in: bool = False

    @property
    def modern(self) -> bool:
        return self.version in BY_DATE and BY_DATE[self.version or ""].era is EraName.MODERN

    @property
    def method(self) -> str:
        return METHODS[self.kind]

    @property
    def params(self) -> JsonObject:
        if self.kind is Offered.RESOURCE:
            return {"uri": self.name}
        return {"name": self.name, "arguments": self.arguments}


@dataclass(frozen=True, slots=True)
class Copied:
    """``text`` is empty where ``problem`` says why there is none. ``needs``: variables that have to be set."""

    key: str
    title: str
    text: str = ""
    needs: tuple[str, ...] = ()
    problem: str = ""


class Hidden:
    """Texts of an entry with ``${NAME}`` for every secret in them; ``names`` are those that were put in."""

    def __init__(self, target: Target | None, secrets: tuple[str, ...]) -> None:
        put_in: dict[str, str] = dict(target.put_in) if target is not None else {}
        # The longest first: one value may be a part of another.
        self._put_in = sorted(put_in.items(), key=lambda item: -len(item[0]))
        self.names: dict[str, None] = dict.fromkeys(secrets)

    def text(self, value: str, called: str) -> str:
        """``value``; where all of it is a secret, its name is made of what it is ``called``."""
        for secret, written in self._put_in:
            if secret and secret in value and written != MASK:
                value = value.replace(secret, written)
        for name in REFERENCE.findall(value):
            self.names[name] = None
        bare = REFERENCE.sub("", value)
        is_secret = secret_header(called) or secret_name(called) or looks_like_key(bare)
        if bare != value:  # what is left beside a variable is a word like Bearer
            is_secret = is_secret and not re.fullmatch(r"[A-Za-z]* *", bare)
        if value and (is_secret or masked_text(value) != value):
            scheme = _SCHEME.match(value)
            return (scheme.group() if scheme else "") + self.name(called)
        return value

    def url(self, value: str) -> str:
        shown = self.text(value, "url")
        return self.name("server_url") if masked_url(REFERENCE.sub("x", shown)) != REFERENCE.sub("x", shown) else shown

    def name(self, called: str) -> str:
        word = re.sub(r"[^A-Za-z0-9]+", "_", called).strip("_").upper() or "SECRET"
        word = {"AUTHORIZATION": "MCP_TOKEN"}.get(word, word if not word[0].isdigit() else f"_{word}")
        self.names[word] = None
        return f"${{{word}}}"


def copies(wanted: Wanted) -> tuple[Copied, ...]:
    """The call in every form, in the order in which they are shown."""
    from .copy_python import python_program
    from .copy_shell import curl_command, own_command

    return (own_command(wanted), curl_command(wanted), python_program(wanted), message(wanted))


def message(wanted: Wanted) -> Copied:
    """The JSON-RPC request as it goes out."""
    text = json.dumps(request(wanted, 1), indent=2, ensure_ascii=False)
    return Copied("json", "JSON-RPC", text, wanted.secrets)


def request(wanted: Wanted, number: int) -> JsonObject:
    """The request's envelope; with what the revision wants beside the params."""
    params = wanted.params
    if wanted.modern:
        params = _era(wanted).dress(wanted.method, params).params or {}
    return {"jsonrpc": "2.0", "id": number, "method": wanted.method, "params": params}


def headers(wanted: Wanted) -> dict[str, str]:
    """Headers of the request in the stateless era (protocol section 11)."""
    schema = wanted.schema or None
    return dict(_era(wanted).dress(wanted.method, wanted.params, input_schema=schema).headers)


def _era(wanted: Wanted) -> StatelessEra:
    assert wanted.version is not None
    return StatelessEra(wanted.version, ClientSide(CLIENT))
