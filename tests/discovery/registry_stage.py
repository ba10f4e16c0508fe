"""The registry's screens on answers that a test gives: no service runs, what is written is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

from mcpdeck.app.entry_intents import Scope
from mcpdeck.app.registry_intents import Details
from mcpdeck.app.screens.registry_screen import RegistryScreen
from mcpdeck.app.themes import DARK, THEMES
from mcpdeck.services.discovery.registry import Page
from mcpdeck.services.discovery.server_json import RegistryServer, server_of
from mcpdeck.services.models import ErrorInfo, JsonObject
from tests.servers.registry_http import listed, npm
from tests.ui.form_stage import settle, text_of

STYLES = Path(__file__).parents[2] / "app" / "styles"


@dataclass
class Asked:
    """A question that a test answers, when it wants."""

    what: tuple[object, ...]
    done: Callable[..., None]


@dataclass
class Answers:
    """``Registry`` that keeps every question."""

    url: str = "https://registry.example"
    asked: list[Asked] = field(default_factory=list)

    def search(self, query: str, cursor: str | None, done: Callable[[Page | ErrorInfo], None]) -> None:
        self.asked.append(Asked(("search", query, cursor), done))

    def details(self, name: str, done: Callable[[Details | ErrorInfo], None]) -> None:
        self.asked.append(Asked(("details", name), done))


@dataclass
class KeptEntries:
    """The part of ``Entries`` that installing needs: what was added is kept, or refused with ``refusal``."""

    added: list[tuple[str, JsonObject, str]] = field(default_factory=list)
    refusal: ErrorInfo | None = None

    def scopes(self) -> Sequence[Scope]:
        return (
            ("local", "this project, for you alone", Path("/home/deck/config/local.json")),
            ("project", "everybody who works on this project", Path("/srv/project/.mcp.json")),
            ("user", "all your projects", Path("/home/deck/config/mcp.json")),
        )

    def add(self, name: str, value: JsonObject, scope: str, *, force: bool = False) -> ErrorInfo | None:
        if self.refusal is None:
            self.added.append((name, value, scope))
        return self.refusal


class Stage(App[None]):
    """Nothing but the registry."""

    CSS_PATH = [STYLES / "deck.tcss", STYLES / "registry_screen.tcss", STYLES / "confirm_screen.tcss"]  # noqa: RUF012 - typed by Textual

    def __init__(self, theme: str = DARK.name) -> None:
        super().__init__()
        for each in THEMES:
            self.register_theme(each)
        self.theme = theme
        self.answers = Answers()
        self.entries = KeptEntries()

    def on_mount(self) -> None:
        self.push_screen(RegistryScreen(self.answers, self.entries))  # type: ignore[arg-type]


@dataclass
class Played:
    app: Stage
    pilot: Pilot[None]

    @property
    def text(self) -> str:
        return text_of(self.app)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await settle(self.app, self.pilot)

    async def answer(self, answer: object, which: int = -1) -> None:
        self.app.answers.asked[which].done(answer)
        await settle(self.app, self.pilot)


@asynccontextmanager
async def staged(*, size: tuple[int, int] = (120, 40), theme: str = DARK.name) -> AsyncIterator[Played]:
    app = Stage(theme)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        yield Played(app, pilot)


def server(name: str, **fields: object) -> RegistryServer:
    return server_of(listed(name, **fields))


WEATHER = server(
    "io.github.acme/weather",
    version="2.1.0",
    title="Weather for everybody",
    description="Forecasts, warnings and measurements of eleven national services",
    websiteUrl="https://weather.example/mcp",
    repository={"url": "https://git.example/acme/weather", "source": "git"},
    packages=[
        npm(
            version="2.1.0",
            packageArguments=[
                {
                    "type": "named",
                    "name": "--units",
                    "choices": ["metric", "imperial"],
                    "default": "metric",
                    "description": "How temperatures are told",
                }
            ],
            environmentVariables=[
                {"name": "WEATHER_KEY", "isSecret": True, "isRequired": True, "description": "The key of your account"},
                {"name": "CITY", "isRequired": True, "description": "Where you are"},
                {"name": "LOG_LEVEL", "default": "info"},
            ],
        ),
        {"registryType": "mcpb", "identifier": "https://weather.example/weather.mcpb", "transport": {"type": "stdio"}},
    ],
    remotes=[
        {
            "type": "streamable-http",
            "url": "https://{tenant}.weather.example/mcp",
            "variables": {"tenant": {"description": "Your account's name", "isRequired": True}},
            "headers": [{"name": "X-API-Key", "isSecret": True, "isRequired": True}],
        }
    ],
)
OLD = server(
    "com.example/old-weather",
    status="deprecated",
    description="\x1b[31mLegacy\x1b[0m \u202eweather",
    packages=[
        {
            "registryType": "oci",
            "identifier": "example/old-weather",
            "version": "1.0.0",
            "transport": {"type": "stdio"},
            "runtimeArguments": [{"type": "named", "name": "--network", "value": "host"}],
        }
    ],
)
MANY = tuple(server(f"io.example/server-{number}", version=f"1.{number}.0") for number in range(60))
PAGE = Page((WEATHER, OLD, *MANY[:20]), "after-22", ("item 7 of the registry's answer is left out: it has no name",))
