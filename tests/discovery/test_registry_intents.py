"""What a screen asks of the registry goes to the configured one, and every answer comes back once."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.app.registry_intents import Details, RegistryController
from mcpdeck.services.config.load import LoadOptions
from mcpdeck.services.discovery.registry import Page
from mcpdeck.services.models import ErrorInfo
from tests.servers.registry_http import Registry, listed, npm, serving

pytestmark = pytest.mark.anyio


async def played(folder: Path, url: str, ask: Callable[[RegistryController, Callable[[Any], None]], None]) -> list[Any]:
    """What ``done`` was told when ``ask`` asked a controller whose settings name ``url``."""
    (folder / "config").mkdir(parents=True, exist_ok=True)
    (folder / "config" / "settings.json").write_text(json.dumps({"registry": {"url": url}}))
    options = LoadOptions(folder, {"MCPDECK_HOME": str(folder)})
    told: list[Any] = []
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:

            def start(work: Callable[[], Awaitable[None]]) -> None:
                tasks.start_soon(work)

            ask(RegistryController(lambda: options, start), told.append)
            assert told == []  # it returned at once
    return told


async def test_a_search_gives_a_page(tmp_path: Path) -> None:
    with serving(Registry([listed("a/one"), listed("a/two")])) as served:
        (page,) = await played(tmp_path, served.url, lambda registry, done: registry.search("two", None, done))

    assert isinstance(page, Page)
    assert [server.name for server in page.servers] == ["a/two"]


async def test_details_come_with_the_versions(tmp_path: Path) -> None:
    items = [listed("a/one", "2.0.0", packages=[npm()]), listed("a/one", "1.0.0")]
    with serving(Registry(items)) as served:
        (details,) = await played(tmp_path, served.url, lambda registry, done: registry.details("a/one", done))

    assert isinstance(details, Details)
    assert (details.server.version, details.versions) == ("2.0.0", ("2.0.0", "1.0.0"))


async def test_a_failure_comes_back_where_it_was_asked(tmp_path: Path) -> None:
    with serving(Registry([])) as served:
        gone = served.url
        (missing,) = await played(tmp_path, served.url, lambda registry, done: registry.details("a/b", done))
    (refused,) = await played(tmp_path / "other", gone, lambda registry, done: registry.search("x", None, done))

    assert isinstance(missing, ErrorInfo) and missing.kind == "usage"
    assert isinstance(refused, ErrorInfo) and refused.kind == "connect" and refused.hint
