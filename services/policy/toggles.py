"""Which servers a person switched on or off in a project.

Owns that one choice per project and name, in mcpdeck's data folder. It stands above the entry's own
``disabled`` and never lets an entry past approval.
"""

from __future__ import annotations

from pathlib import Path

from ..config.files import PrivateJson
from ..models import JsonObject, as_object

FILE_NAME = "toggles.json"


class ToggleStore:
    """The switches of one project."""

    def __init__(self, data: Path, project: Path) -> None:
        self._file = PrivateJson(data / FILE_NAME)
        self._project = str(project)

    def switches(self) -> dict[str, bool]:
        """Name -> on or off; a name that was never switched is absent."""
        projects = as_object(self._file.read().get("projects"))
        stored = as_object(projects.get(self._project))
        return {name: value for name, value in stored.items() if isinstance(value, bool)}

    def remember(self, name: str, enabled: bool) -> None:
        """Raises ``ConfigError`` when it cannot be written."""

        def change(content: JsonObject) -> None:
            content["version"] = 1
            projects = content["projects"] = as_object(content.get("projects"))
            project = projects[self._project] = as_object(projects.get(self._project))
            project[name] = enabled

        self._file.update(change)
