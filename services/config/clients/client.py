"""Another client of MCP servers: where its files lie, and how its entries are read and written.

Owns the two directions of the translation and the text that a person pastes. Never opens a file and
never writes one: other programs' files are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from ...models import Json, JsonObject, Source
from ..models import Format, SourceFile
from ..positions import KeyPath
from .notes import Foreign, Notes, in_quotes
from .variables import Syntax, translated


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides where a client keeps its files. ``platform`` as in ``sys.platform``; ``project`` its root."""

    home: Path
    environ: Mapping[str, str]
    platform: str
    project: Path

    @property
    def app_data(self) -> Path:
        """Where applications keep their settings: ``%APPDATA%``, ``Application Support`` or ``$XDG_CONFIG_HOME``."""
        if self.platform == "win32":
            return self.moved("APPDATA") or self.home / "AppData" / "Roaming"
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        return self.xdg

    @property
    def xdg(self) -> Path:
        return self.moved("XDG_CONFIG_HOME") or self.home / ".config"

    def moved(self, variable: str) -> Path | None:
        """The absolute path in ``variable``; a relative or an empty one counts as not set (XDG Base Directory)."""
        value = self.environ.get(variable, "")
        if value.startswith("~/"):
            return self.home / value[2:]
        return Path(value) if PurePath(value).is_absolute() or value[1:3] in (":\\", ":/") else None


@dataclass(frozen=True, slots=True)
class Spot:
    """A file in which a client may have servers.

    ``shared``: it is about the project that is open; ``system``: it is the administrator's.
    """

    path: Path
    at: KeyPath
    shared: bool = False
    system: bool = False
    optional: bool = True
    format: Format = Format.JSONC


@dataclass(frozen=True, slots=True)
class Exported:
    """``text`` is what a person pastes; ``left_out``: servers that the client cannot have; ``lints``: what is lost."""

    text: str
    lints: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """One row of the table.

    ``docs``: the client's own documentation, which the shape was taken from. ``native``: its files are sources
    in their own right (config contract, section 1), so that they are not offered a second time. ``read`` and
    ``write`` change the names of fields; variables are translated around them by ``syntax``
    (``headers``: where those of headers are written in another way). ``write`` returns
    None for a server that the client cannot have. ``refuse`` says why an entry is no MCP server at all;
    ``remark`` is said of every snippet.
    """

    id: str
    title: str
    docs: str
    spots: Callable[[Machine], Iterable[Spot]]
    syntax: Syntax
    read: Callable[[Foreign], JsonObject]
    write: Callable[[str, JsonObject, Notes], JsonObject | None]
    render: Callable[[Mapping[str, JsonObject]], str]
    known: frozenset[str] = field(default_factory=frozenset[str])
    headers: Syntax | None = None
    remark: str = ""
    refuse: Callable[[JsonObject], str | None] = lambda _: None
    native: bool = False

    def source_files(self, home: Path, environ: Mapping[str, str], platform: str, project: Path) -> list[SourceFile]:
        """Every file of it that may exist, its own precedence first; the same path twice where two keys count."""
        return [file for file, _ in self.files(Machine(home, environ, platform, project))]

    def files(self, machine: Machine) -> list[tuple[SourceFile, bool]]:
        """The same, each with whether it is the project's and not the person's."""
        return [
            (
                SourceFile(
                    Source.IMPORTED,
                    machine.project,  # these programs start servers in the folder that is open
                    spot.path,
                    format=spot.format,
                    at=spot.at,
                    optional=spot.optional,
                    client=self.id,
                ),
                spot.shared,
            )
            for spot in self.spots(machine)
        ]

    def own_file(self, machine: Machine) -> Path:
        """Where a person puts servers for all projects: the first such file that is there, else the first."""
        own = [spot.path for spot in self.spots(machine) if not spot.shared and not spot.system]
        return next((path for path in own if path.is_file()), own[0])

    def to_entry(self, raw: Json) -> tuple[JsonObject, tuple[str, ...]]:
        """An entry as this client writes it -> one in our shape, and what could not be carried over.

        Never raises: a value that is wrong stays as it is and is judged where entries are read.
        """
        notes = Notes(self.title)
        if not isinstance(raw, dict):
            return {}, (f"the entry of {self.title} is not an object",)
        reason = self.refuse(raw)
        if reason is not None:
            return dict(raw), (f"not an MCP server that can be started here: {reason}",)
        foreign = Foreign(raw, notes)
        entry = self.read(foreign)
        foreign.finish()
        entry = translated(entry, self.syntax.inward, (self.headers or self.syntax).inward, notes)
        if entry.get("cwd") in (".", "./"):
            del entry["cwd"]  # the folder that is open there is the project here, where servers run anyhow
        return entry, notes.said

    def refusal(self, raw: Json) -> str | None:
        """Why ``raw`` is no MCP server that anything else could start, None when it is one."""
        return self.refuse(raw) if isinstance(raw, dict) else "the entry is not an object"

    def export(self, servers: Mapping[str, JsonObject]) -> Exported:
        """``servers`` (name -> entry in our shape) as the text of this client's file. Nothing is expanded."""
        written: dict[str, JsonObject] = {}
        lints: list[str] = []
        left_out: list[str] = []
        for name, entry in servers.items():
            notes = Notes(self.title)
            lost = [key for key, value in entry.items() if key not in self.known and value not in (None, False)]
            if lost:
                notes.add(f"{self.title} has no {in_quotes(lost)}: left out")
            raw = self.write(name, self._outward(entry, notes), notes)
            said = notes.said
            if raw is None:
                left_out.append(name)
                # why, and what to do instead; what else would be lost matters no more
                why = next((index for index, text in enumerate(said) if text.startswith("left out: ")), 0)
                said = said[why:]
            else:
                written[name] = raw
            lints += [f"{name}: {text}" for text in said]
        if self.remark:
            lints.append(self.remark)
        return Exported(self.render(written), tuple(lints), tuple(left_out))

    def _outward(self, entry: JsonObject, notes: Notes) -> JsonObject:
        return translated(entry, self.syntax.outward, (self.headers or self.syntax).outward, notes)

    def snippet(self, servers: Mapping[str, JsonObject]) -> str:
        """The text of ``export``."""
        return self.export(servers).text
