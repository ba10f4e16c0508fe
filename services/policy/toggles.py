"""Which servers a person switched on or off in a project.

Owns that one choice per project and name, in mcpdeck's data folder. It stands above the entry's own
``disabled`` and never lets an entry past approval or policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..config.files import PrivateJson
from ..errors import ConfigError
from ..models import NEEDS_APPROVAL, JsonObject, Source, as_object
from ..state.text import one_line

FILE_NAME = "toggles.json"
KEPT = frozenset((*NEEDS_APPROVAL, Source.MANAGED, Source.LOCAL, Source.USER))
"""Sources whose servers have a place: switching one on or off is remembered. Others are of this run only."""


@dataclass(frozen=True, slots=True)
class Switches:
    """``known``: name -> on or off; a name that was never switched is absent.

    ``problem``: why it cannot be told what was switched off; then nothing that may have been is started.
    """

    known: Mapping[str, bool] = field(default_factory=dict[str, bool])
    problem: str | None = None


class ToggleStore:
    """The switches of one project."""

    def __init__(self, data: Path, project: Path) -> None:
        self._file = PrivateJson(data / FILE_NAME)
        self._project = str(project)

    @property
    def path(self) -> Path:
        return self._file.path

    def switches(self) -> Switches:
        """As they are remembered now."""
        content, why = self._file.read(), self._file.problem
        projects = content.get("projects", {})
        stored = projects.get(self._project, {}) if isinstance(projects, dict) else None
        if why is None and not isinstance(stored, dict):
            why = "what stands in it about this project is no object"
        known = {name: value for name, value in as_object(stored).items() if isinstance(value, bool)}
        odd = [name for name in as_object(stored) if name not in known]
        if why is None and odd:
            why = f'"{one_line(odd[0], 60)}" is neither true nor false in it'
        return Switches(known, why)

    def remember(self, name: str, enabled: bool) -> None:
        """Raises ``ConfigError`` when it cannot be written, or not be told what else was switched off."""
        problem = self.switches().problem
        if problem is not None:
            hint = "repair it, or forget every choice about this project: mcpdeck reset-project-choices"
            raise ConfigError(f"{self.path} cannot be changed: {problem}", hint=hint, details={"file": str(self.path)})

        def change(content: JsonObject) -> None:
            content["version"] = 1
            projects = content["projects"] = as_object(content.get("projects"))
            project = projects[self._project] = as_object(projects.get(self._project))
            project[name] = enabled

        self._file.update(change)

    def forget(self, *, dry_run: bool = False) -> tuple[str, ...]:
        """Forget every switch of this project; their names, sorted. ``dry_run``: only say. Raises ``ConfigError``."""
        switches = self.switches()
        names = tuple(sorted(switches.known))

        def change(content: JsonObject) -> None:
            content["projects"] = {**as_object(content.get("projects"))}
            as_object(content["projects"]).pop(self._project, None)

        if (names or switches.problem is not None) and not dry_run:
            self._file.update(change)
        return names
