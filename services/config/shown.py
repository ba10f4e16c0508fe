"""What a person approves: every part of an entry that runs, is reached, is read or may be written.

Owns the choice of those parts, their order and their words. Works on the entry as written: nothing
expanded is shown, secrets are masked, and what is a name is only a name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from ..models import Json, JsonObject, TransportKind
from ..telemetry.redaction import ENTRY_SECRETS, masked_text
from .mask import masked_args, masked_command, masked_line

Lines = tuple[tuple[str, str], ...]
"""Labels and texts, in the order in which they are shown."""

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?:\}|:-)")
# A variable of these names makes programs load code or take it from another place: its value is a command, too.
_LOADS_CODE = re.compile(
    r"PATH|LD_(?:PRELOAD|LIBRARY_PATH|AUDIT)|DYLD_\w+|NODE_(?:OPTIONS|PATH)|PYTHON(?:PATH|HOME|STARTUP|USERBASE|"
    r"BREAKPOINT|WARNINGS)|PERL5(?:LIB|OPT|DB)|RUBY(?:OPT|LIB)|GEM_(?:HOME|PATH)|_?JAVA_(?:TOOL_)?OPTIONS|"
    r"JDK_JAVA_OPTIONS|CLASSPATH|DOTNET_STARTUP_HOOKS|BASH_ENV|BASH_FUNC_.*|ENV|ZDOTDIR|SHELL|COMSPEC|PROMPT_COMMAND|"
    r"GIT_(?:SSH|SSH_COMMAND|EXTERNAL_DIFF|PAGER|EDITOR|ASKPASS|EXEC_PATH|PROXY_COMMAND|CONFIG\w*)|SSH_ASKPASS|"
    r"PAGER|EDITOR|VISUAL|BROWSER|LESSOPEN|NPM_CONFIG_\w+|YARN_\w+|PIP_\w+|UV_\w+|BUN_\w+|DENO_\w+|DOCKER_HOST|"
    r"HTTPS?_PROXY|ALL_PROXY|HOME",
    re.IGNORECASE,
)
_READ = frozenset(("privateKey", "assertion", "idToken"))
"""Of ``oauth``: where ``@FILE`` is read; that is a path, which is shown."""
_LOADER = re.compile(r"LD_\w+|DYLD_\w+|PYTHON\w+|\w+_PRELOAD", re.IGNORECASE)


def loads_code(name: str) -> bool:
    """Whether a variable of this name may make a program load code, or take it from another place."""
    return _LOADS_CODE.fullmatch(name) is not None or _LOADER.fullmatch(name) is not None


def shown_lines(
    value: JsonObject, canonical: str, transport: TransportKind, endpoint: str, place: str | None, file: str
) -> Lines:
    """Lines for ``value``. ``canonical``: it as JSON; ``endpoint``: its command line or URL, masked.

    ``place``: where its "cwd" leads to, None: no more than it says; without a "cwd" the project's folder.
    Tolerates every kind of value: an entry that cannot be used is shown all the same.
    """
    lines: list[tuple[str, str]] = []

    def add(label: str, text: str) -> None:
        if text:
            lines.append((label, text))

    add("command" if transport is TransportKind.STDIO else "url", endpoint)
    if transport is TransportKind.STDIO and "cwd" not in value:
        add("in", f"the project's folder {place}" if place is not None else "")
    elif transport is TransportKind.STDIO:
        written = _text(value["cwd"])
        add("in", f"{written} → {place}" if place is not None and place != written else written)
    if "${" in canonical:
        add("takes from your environment", ", ".join(dict.fromkeys(_REFERENCE.findall(canonical))))
    if transport is TransportKind.STDIO:
        add("environment", _environment(value.get("env")))
        if value.get("replicas") not in (None, 1):
            add("processes", _text(value["replicas"]))
    else:
        add("headers", ", ".join(_members(value.get("headers"))))
        if "headersHelper" in value:
            helper = value["headersHelper"]
            line = masked_line(helper) if isinstance(helper, str) else _text(helper)
            add("headers helper", f"{line} (run by a shell, with your whole environment)")
        _add_token(add, value)
        add("certificates", ", ".join(f"{name} {_text(path)}" for name, path in _members(value.get("tls")).items()))
        add("login", _login(value.get("oauth")))
        add("login reads", ", ".join(_files(value.get("oauth"))))
    if value.get("sandbox") not in (None, False):
        add("sandbox", sandbox_words(value["sandbox"]))
    add("watch", _texts(value.get("watch")))
    add("roots", _texts(value.get("roots")))
    add("file", file)
    return tuple(lines)


def sandbox_words(value: Json) -> str:
    """``no network, writes nowhere``, ``network, writes only below: ./data``; what is neither, as it stands."""
    if value is True:
        value = {}
    if not isinstance(value, dict):
        return _text(value)
    network = "network" if value.get("network") is True else "no network"
    write = _texts(value.get("write"))
    return f"{network}, writes only below: {write}" if write else f"{network}, writes nowhere"


def _add_token(add: Callable[[str, str], None], value: JsonObject) -> None:
    command, file = value.get("tokenCommand"), value.get("tokenFile")
    if isinstance(command, list) and command:
        program, *words = [word if isinstance(word, str) else json.dumps(word) for word in command]
        add("token command", masked_command(program, words))
    elif command is not None:
        add("token command", _text(command))
    if file is not None:
        add("token file", _text(file))


def _environment(value: Json) -> str:
    parts: list[str] = []
    for name, text in _members(value).items():
        parts.append(f"{name}={_text(text)}" if _LOADS_CODE.fullmatch(name) else name)
    return ", ".join(parts)


def _login(value: Json) -> str:
    """What is contacted, opened or read when somebody logs in; a client id is public, and a secret is only named."""
    parts: list[str] = []
    for name, item in _members(value).items():
        if isinstance(item, dict):
            parts += [f"{name}.{part}" for part in _login(item).split(", ") if part]
        else:
            secret = name in ENTRY_SECRETS and not (name in _READ and isinstance(item, str) and item.startswith("@"))
            parts.append(name if secret else f"{name} {_text(item)}")
    return ", ".join(parts)


def _files(value: Json) -> list[str]:
    """What is read when somebody logs in, and what for: the server, or the entry, says whose authorization server."""
    found: list[str] = []
    for name, item in _members(value).items():
        if isinstance(item, dict):
            found += _files(item)
        elif isinstance(item, str) and item.startswith("@") and name in _READ:
            use = "to sign with" if name == "privateKey" else "sent to the authorization server"
            found.append(f"{_text(item[1:])} ({use})")
    return found


def _members(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    if isinstance(value, str):
        return masked_text(value)
    return "" if value is None else masked_text(json.dumps(value, ensure_ascii=False))


def _texts(value: Json) -> str:
    if not isinstance(value, list):
        return _text(value)
    return ", ".join(masked_args([item if isinstance(item, str) else json.dumps(item) for item in value]))
