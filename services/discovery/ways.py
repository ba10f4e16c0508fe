"""One way to have a server of the registry, and what comes of it: an entry, once everything is given.

Owns the answers' check as a whole and the form that is shown. Never knows how a command or a URL is put
together: that is told by ``make``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches

from ..config.headers import header_name_problem
from ..config.mask import masked_command
from ..config.masked_entry import masked_definition
from ..errors import UsageError
from ..models import JsonObject, TransportKind, as_object
from ..state.text import one_line
from ..telemetry.redaction import masked_url
from .install_values import Ask, Filling, Given, Unfit, fit_input
from .server_json import Input


@dataclass(frozen=True, slots=True)
class Made:
    """An entry as it goes into a file, and the variables of the environment that it refers to for secrets.

    ``secrets``: values in it that the registry calls secret, whatever the name of their place says.
    """

    entry: JsonObject
    references: tuple[str, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to have a server: a package that is run here, or a remote one.

    ``label`` says which; ``shown`` is the command line or URL with ``<name>`` for what is still to be given.
    ``environment``: the variables that it is given, with their values as far as they are known.
    ``problem``: why it cannot be installed. ``lints``: what a person should look at. Texts are safe to print.
    """

    kind: TransportKind
    label: str
    shown: str
    asks: tuple[Ask, ...] = ()
    problem: str | None = None
    lints: tuple[str, ...] = ()
    make: Callable[[Filling], JsonObject] | None = field(default=None, repr=False)
    short: str = ""
    environment: tuple[tuple[str, str], ...] = ()

    def entry(self, given: Given) -> Made:
        """The entry with ``given`` values. Raises ``UsageError`` naming what is missing, unknown or not allowed."""
        if self.make is None:
            raise UsageError(
                f"{self.label} cannot be installed: {self.problem}", hint="configure it by hand: mcpdeck add"
            )
        names = {ask.name for ask in self.asks}
        values = {(name if name in names else name.lstrip("-")): texts for name, texts in given.items()}
        for name in values:
            if name not in names:
                raise UsageError(f'it does not ask for "{one_line(name, 60)}"', hint=_hint(name, sorted(names)))
        filling = Filling(values, self.short)
        try:
            entry = self.make(filling)
        except Unfit as error:
            raise UsageError(f"{self.label}: {error}", hint="give other values") from error
        if filling.missing:
            missing = [one_line(name, 60) for name in filling.missing]
            raise UsageError(f"it needs {', '.join(missing)}", hint=" ".join(f"--set {name}=VALUE" for name in missing))
        secrets = [text for ask in self.asks if ask.secret for text in values.get(ask.name, ()) if "${" not in text]
        return Made(entry, tuple(filling.references), tuple(dict.fromkeys(secrets)))

    def preview(self, given: Given) -> str:
        """``shown`` with ``given`` put in as far as it fits; secrets never are."""
        secret = {ask.name for ask in self.asks if ask.secret}
        open_values = {name: texts for name, texts in given.items() if texts and name not in secret}
        if self.make is None:
            return self.shown
        try:
            entry = self.make(Filling(open_values, self.short, preview=True))
        except (Unfit, UsageError):
            return self.shown
        return shown_entry(entry)


def shown_entry(entry: JsonObject) -> str:
    """The command line or URL of an entry, masked, on one line."""
    if "url" in entry:
        return one_line(masked_url(str(entry["url"])))
    args = entry.get("args")
    words = [str(word) for word in args] if isinstance(args, list) else []
    return one_line(masked_command(str(entry["command"]), words))


def shown_environment(entry: JsonObject) -> tuple[tuple[str, str], ...]:
    """The variables of an entry with their values, masked; safe to print."""
    env = as_object(masked_definition({"env": entry.get("env")})).get("env")
    return tuple((one_line(name, 60), one_line(str(text), 100)) for name, text in as_object(env).items())


def fit_whole(item: Input) -> None:
    """Its name and every text that may get into the entry. Raises ``Unfit``."""
    name = f'"{one_line(item.name, 40)}"'
    fit_input(item, lambda _: name)
    if item.kind == "environment" and "=" in item.name:
        raise Unfit(f"it has a variable called {name}, which no variable can be")
    if item.kind == "header" and (problem := header_name_problem(item.name)) is not None:
        raise Unfit(f"it has a header {name}, {problem}")


def _hint(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, 1, 0.5)
    if close:
        return f"did you mean {one_line(close[0], 60)}?"
    return f"it asks for {', '.join(one_line(each, 60) for each in known[:20])}" if known else "it asks for nothing"
