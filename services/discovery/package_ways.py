"""A package of the registry -> the command that runs it.

Owns which runner belongs to which kind of package, and what a package may be called. Never runs anything;
words of the registry stay single arguments, whatever is in them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from ..config.mask import masked_command
from ..config.shown import loads_code
from ..models import JsonObject, TransportKind
from ..state.text import one_line
from .install_values import Filling, Unfit, asks_of, fit_text, is_flag, united
from .server_json import Input, Package
from .ways import Way, fit_whole, shown_entry, shown_environment

_IDENTIFIERS: Mapping[str, re.Pattern[str]] = {
    "npm": re.compile(r"(?:@[A-Za-z0-9~][A-Za-z0-9._~-]*/)?[A-Za-z0-9~][A-Za-z0-9._~-]*"),
    "pypi": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9._,-]+\])?"),
    "oci": re.compile(r"[a-z0-9][A-Za-z0-9._/:-]*(?::[A-Za-z0-9_][A-Za-z0-9._-]*)?(?:@sha256:[0-9a-f]{64})?"),
    "nuget": re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*"),
}
"""What a package may be called: nothing else (a URL, a path, an option) is handed to a runner."""
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_!-]*")
_RUNNERS: Mapping[str, tuple[str, ...]] = {
    "npm": ("npx", "bunx"),
    "pypi": ("uvx", "pipx"),
    "oci": ("docker", "podman"),
    "nuget": ("dnx",),
}
"""The known runners of each kind, the usual one first."""
_NO_RUNNER: Mapping[str, str] = {
    "mcpb": "a bundle (.mcpb) has to be downloaded, checked and unpacked first: no command runs it from its address",
    "cargo": "a crate has to be built first: cargo install it, then mcpdeck add NAME -- COMMAND",
}


def package_way(package: Package, short: str) -> Way:
    registry = package.registry.lower()
    named = " ".join(part for part in (registry, package.identifier, package.version) if part)
    label = one_line(named, 160)
    if package.base_url and registry != "oci":
        # A runner asks the place that it is set up for: where the package is said to be is for a person to compare.
        label += f" (published at {one_line(package.base_url, 100)})"
    lints: list[str] = []

    def refused(problem: str) -> Way:
        return Way(TransportKind.STDIO, label, "", problem=one_line(problem, 400))

    if registry in _NO_RUNNER:
        return refused(_NO_RUNNER[registry])
    if registry not in _RUNNERS:
        return refused(f'packages of the kind "{one_line(registry, 40)}" are not known')
    if package.transport.kind not in ("stdio", ""):
        return refused(
            f"it is a program that serves {one_line(package.transport.kind, 40)} itself: "
            "start it by hand, then mcpdeck add NAME URL"
        )
    inputs = (*package.runtime_arguments, *package.arguments, *package.environment)
    try:
        words = _package_words(package, registry, lints)
        for item in inputs:
            fit_whole(item)
    except Unfit as error:
        return refused(str(error))
    runner = _runner(package, registry, lints)
    asks = united(ask for item in inputs if not is_flag(item) for ask in asks_of(item, short))

    def make(filling: Filling) -> JsonObject:
        return _command(package, runner, words, filling)

    preview = make(Filling({}, short, preview=True))
    lints += _option_lints(package, runner, short)
    lints += _environment_lints(package)
    environment = shown_environment(preview)
    return Way(TransportKind.STDIO, label, shown_entry(preview), asks, None, tuple(lints), make, short, environment)


def _package_words(package: Package, registry: str, lints: list[str]) -> str:
    """The package with its version as its runner wants it. Raises ``Unfit``."""
    identifier, version = package.identifier, package.version
    if not _IDENTIFIERS[registry].fullmatch(identifier):
        raise Unfit(f'"{one_line(identifier, 80)}" is no name of a package of this kind')
    if registry == "oci":
        first, slash, _ = identifier.partition("/")
        host = urlsplit(package.base_url).netloc if "://" in package.base_url else ""
        if host and not (slash and re.search(r"[.:]|^localhost$", first)):
            identifier = f"{fit_text(host, 'its registry')}/{identifier}"
        tagged = ":" in identifier.rpartition("/")[2] or "@" in identifier
        version = "" if tagged else version
        if not tagged and not version:
            lints.append("no version is named: whatever image is there when it is started is run")
    elif not version or version == "latest":
        lints.append("no version is named: whatever is newest when it is started is run")
        version = ""
    if version and not _VERSION.fullmatch(version):
        raise Unfit(f'"{one_line(version, 40)}" is no version')
    if not version:
        return identifier
    return identifier + {"npm": "@", "pypi": "==", "oci": ":", "nuget": "@"}[registry] + version


def _runner(package: Package, registry: str, lints: list[str]) -> str:
    """The known runner that the package asks for, else the usual one."""
    usual = _RUNNERS[registry][0]
    hint = package.hint.strip()
    if not hint or hint in _RUNNERS[registry]:
        return hint or usual
    lints.append(
        f'it asks to be run by "{one_line(hint, 60)}", which is not known for {registry}: {usual} is used instead'
    )
    return usual


def _command(package: Package, runner: str, words: str, filling: Filling) -> JsonObject:
    options = _arguments(package.runtime_arguments, filling)
    arguments = _arguments(package.arguments, filling)
    env: dict[str, str] = {}
    for item in package.environment:
        for text in filling.texts(item)[-1:]:
            env[item.name] = text
    match runner:
        case "docker" | "podman":
            options = options[1:] if options[:1] == ["run"] else options
            wanted = [flag for flag in ("-i", "--rm") if not _has(options, flag)]
            args = ["run", *wanted, *(part for name in env for part in ("-e", name)), *options, words, *arguments]
        case "npx":
            args = [*(["-y"] if not {"-y", "--yes"} & set(options) else []), *options, words, *arguments]
        case "pipx":
            args = ["run", *options, words, *arguments]
        case "dnx":
            args = [words, "--yes", *options, *(["--", *arguments] if arguments else [])]
        case _:
            args = [*options, words, *arguments]
    entry: JsonObject = {"type": "stdio", "command": runner, "args": list(args)}
    if env:
        entry["env"] = dict(env)
    return entry


def _has(options: list[str], flag: str) -> bool:
    return flag in options or (flag == "-i" and bool({"-it", "-ti", "--interactive"} & set(options)))


def _arguments(items: tuple[Input, ...], filling: Filling) -> list[str]:
    words: list[str] = []
    for item in items:
        if is_flag(item):
            words.append(item.name)
            continue
        for text in filling.texts(item):
            # Two words, as other clients write it: some options do not take --name=value.
            words += [item.name, text] if item.kind == "named" else [text]
    return words


def _environment_lints(package: Package) -> list[str]:
    names = dict.fromkeys(item.name for item in package.environment)
    return [
        f"it sets {one_line(name, 60)}, by which a program can be made to load other code"
        for name in names
        if loads_code(name)
    ]


def _option_lints(package: Package, runner: str, short: str) -> list[str]:
    options = _arguments(package.runtime_arguments, Filling({}, short, preview=True))
    options = [word for word in options if word not in ("run", "-i", "--rm", "-y", "--yes", "--init")]
    if not options:
        return []
    return [f"it gives {runner} options of its own: {one_line(masked_command(options[0], options[1:]), 300)}"]
