"""What a registry's server asks for, and the texts that come of the answers.

Owns defaults, choices, ``{variables}`` and the references that stand for secrets nobody typed in. Never
lets a text of the registry become a reference of its own: ``${NAME}`` in it would be filled from the
environment of the person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..config.files import with_home
from ..errors import UsageError
from ..state.text import one_line, visible
from .server_json import Input

_VARIABLE = re.compile(r"\{([^{}\s]+)\}")
_FLAGS = frozenset(
    (
        "-i",
        "--interactive",
        "-t",
        "--tty",
        "-it",
        "--rm",
        "-y",
        "--yes",
        "--init",
        "--privileged",
        "-q",
        "--quiet",
        "--offline",
        "--isolated",
        "--read-only",
    )
)
"""Options of runners that take no value: what is asked for has one."""


class Unfit(Exception):
    """Why a package or remote cannot be written as an entry."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Something a person is asked for. ``name`` is what ``--set NAME=VALUE`` uses; texts are hostile.

    ``kind``: ``argument``, ``environment``, ``header`` or ``variable``. ``reference``: what a secret becomes
    when nothing is given: ``${NAME}``, filled from the environment whenever the server is started.
    """

    name: str
    kind: str
    description: str = ""
    required: bool = False
    secret: bool = False
    default: str | None = None
    choices: tuple[str, ...] = ()
    format: str = "string"
    placeholder: str = ""
    repeated: bool = False
    reference: str | None = None

    @property
    def must_be_given(self) -> bool:
        """Nothing stands in for it: no default, and no reference."""
        return self.required and self.default is None and self.reference is None

    def checked(self, value: str) -> str:
        """``value`` as it is used. Raises ``UsageError`` when it is none that the server takes."""
        name = one_line(self.name, 60)
        if "\0" in value or "\n" in value or "\r" in value:
            raise UsageError(f"{name} has a line break or a NUL in it", hint="give it without")
        if self.choices and value not in self.choices:
            known = ", ".join(one_line(choice, 40) for choice in self.choices[:12])
            raise UsageError(f'{name} cannot be "{one_line(value, 60)}"', hint=f"one of: {known}")
        if self.format == "number" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
            raise UsageError(f"{name} is a number", hint=f"--set {name}=1")
        if self.format == "boolean" and value not in ("true", "false"):
            raise UsageError(f"{name} is true or false", hint=f"--set {name}=true")
        return str(with_home(value)) if self.format == "filepath" and value.startswith("~") else value


Given = Mapping[str, Sequence[str]]
"""Values by the name of their ask, several for one that is repeated."""


class Filling:
    """Texts of inputs, with what was ``given``; what is missing and what became a reference is kept.

    ``short`` is the server's short name, part of the names of references. ``preview``: ``<name>`` stands in for
    what is missing.
    """

    def __init__(self, given: Given, short: str, *, preview: bool = False) -> None:
        self._given = given
        self._short = short
        self._preview = preview
        self.missing: dict[str, Ask] = {}
        self.references: dict[str, None] = {}

    def texts(self, item: Input) -> list[str]:
        """What stands for ``item``: nothing, one text, or several where it is repeated."""
        if item.value is None:
            return self._own(item)
        names = variables_in(item)
        if not names:
            return [item.value]
        often = max(len(self._given.get(key_of(item.variables[name]), ())) for name in names) if item.repeated else 1
        texts = [self._filled(item, names, number) for number in range(max(1, often))]
        return [text for text in texts if text is not None]

    def variable(self, item: Input, number: int = 0, *, required: bool = False) -> str | None:
        """The value of one variable, None when there is none and none is needed."""
        ask = ask_of(item, self._short, required=required)
        given = self._given.get(ask.name, ())
        if given:
            return ask.checked(given[min(number, len(given) - 1)])
        standing = item.value if item.value is not None else item.default
        return standing if standing is not None else self._stand_in(ask)

    def _own(self, item: Input) -> list[str]:
        ask = ask_of(item, self._short)
        given = self._given.get(ask.name, ())
        if given:
            return [ask.checked(value) for value in (given if item.repeated else given[-1:])]
        if item.default is not None:
            return [item.default]
        text = self._stand_in(ask)
        return [] if text is None else [text]

    def _filled(self, item: Input, names: Iterable[str], number: int) -> str | None:
        texts: dict[str, str] = {}
        for name in names:
            text = self.variable(item.variables[name], number, required=item.required)
            if text is None:
                return None
            texts[name] = text
        return _VARIABLE.sub(lambda match: texts.get(match[1], match[0]), item.value or "")

    def _stand_in(self, ask: Ask) -> str | None:
        if not ask.required:
            return None
        if ask.reference is not None:
            self.references[ask.reference.strip("${}")] = None
            return ask.reference
        self.missing[ask.name] = ask
        return f"<{ask.name}>" if self._preview else ""


def is_flag(item: Input) -> bool:
    """A named argument that takes no value: ``--rm``, ``--network=host``. Any other one is asked for."""
    if item.kind != "named" or item.value is not None or item.default is not None:
        return False
    return item.name in _FLAGS or "=" in item.name


def key_of(item: Input) -> str:
    """The name an input is asked for by: an option without its dashes."""
    return (item.name.lstrip("-") or item.name) if item.kind == "named" else item.name


def variables_in(item: Input) -> list[str]:
    """The variables that stand in the value of ``item``; braces around anything else are just text."""
    return [name for name in dict.fromkeys(_VARIABLE.findall(item.value or "")) if name in item.variables]


def asks_of(item: Input, short: str, *, required: bool = False) -> Iterator[Ask]:
    """What has to be asked for one input: itself, or the variables in its fixed value."""
    if item.value is None:
        yield ask_of(item, short, required=required)
        return
    for name in variables_in(item):
        variable = item.variables[name]
        if variable.value is None:
            yield replace(
                ask_of(variable, short, required=item.required or required), repeated=item.repeated or variable.repeated
            )


_KIND_WORDS = {"named": "argument", "positional": "argument"}


def ask_of(item: Input, short: str, *, required: bool = False) -> Ask:
    required = required or item.required
    return Ask(
        name=key_of(item),
        kind=_KIND_WORDS.get(item.kind, item.kind),
        description=item.description,
        required=required,
        secret=item.secret,
        default=item.default,
        choices=item.choices,
        format=item.format,
        placeholder=item.placeholder,
        repeated=item.repeated,
        reference=_reference(item, short) if item.secret and item.default is None else None,
    )


def _reference(item: Input, short: str) -> str:
    """``${NAME}``: a variable of the server's own keeps its name.

    What goes elsewhere (a header, a URL, an argument) gets a name that no other program's secret has: a
    registry must not choose which of the person's variables is sent to it.
    """
    if item.kind == "environment" and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", item.name):
        return f"${{{item.name}}}"
    words = re.sub(r"[^A-Za-z0-9]+", "_", f"MCP_{short}_{key_of(item)}").strip("_").upper()
    return f"${{{words}}}"


def united(asks: Iterable[Ask]) -> tuple[Ask, ...]:
    """Each name once, in order; what one of its places requires or hides, all do."""
    found: dict[str, Ask] = {}
    for ask in asks:
        known = found.get(ask.name)
        if known is None:
            found[ask.name] = ask
            continue
        found[ask.name] = replace(
            known,
            description=known.description or ask.description,
            required=known.required or ask.required,
            secret=known.secret or ask.secret,
            default=known.default if known.default is not None else ask.default,
            repeated=known.repeated or ask.repeated,
            reference=known.reference or ask.reference,
        )
    return tuple(found.values())


def fit_text(text: str, what: str) -> str:
    """A text of the registry that goes into an entry. Raises ``Unfit`` for one that must not."""
    if "${" in text:
        raise Unfit(f"{what} has ${{…}} in it, which would be filled with a variable of your environment")
    if visible(text) != text or "\n" in text or "\t" in text:
        raise Unfit(f"{what} has control or invisible characters in it")
    return text


def fit_input(item: Input, what: Callable[[Input], str]) -> None:
    """Every text of ``item`` and its variables. Raises ``Unfit``."""
    for text in (item.name, item.value, item.default, *item.choices):
        if text is not None:
            fit_text(text, what(item))
    for variable in item.variables.values():
        fit_input(variable, what)
