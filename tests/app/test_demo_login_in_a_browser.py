"""The demo's login in a real browser: the page, the click, the way back, and the token that comes of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from mcpdeck.app.demo.authorization import TOKEN_LIFETIME
from mcpdeck.app.demo.entries import demo_servers
from tests.cli.command import CommandLine
from tests.waiting import eventually

SECONDS = 30
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=900,900",
)


@pytest.fixture
def chromium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[webdriver.Chrome]:
    """Debian's chromium without a window, with a profile of its own; nothing is fetched to drive it."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        reason = "chromium and chromedriver are not installed (apt install chromium chromium-driver)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    monkeypatch.setenv("SE_OFFLINE", "true")
    monkeypatch.setenv("SE_AVOID_STATS", "true")
    options = webdriver.ChromeOptions()
    options.binary_location = str(programs[0])
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(programs[1])))
    browser.set_page_load_timeout(SECONDS)
    try:
        yield browser
    finally:
        browser.quit()


class Desk:
    """A person at a browser that mcpdeck opens by ``$BROWSER``."""

    def __init__(self, folder: Path, browser: webdriver.Chrome) -> None:
        self.browser = browser
        self._opened = folder / "opened"
        program = folder / "hand-over"
        # Two steps, so that nobody reads half of it.
        program.write_text(f'#!/bin/sh\nprintf %s "$1" > {self._opened}.new && mv {self._opened}.new {self._opened}\n')
        program.chmod(0o700)
        self.environ = {"BROWSER": str(program)}

    async def opened(self, by: subprocess.Popen[str]) -> str:
        """The next address that was opened; ``by`` is what is to open it."""
        over = "the command is still running"

        def there() -> bool:
            nonlocal over
            if by.poll() is not None:
                over = " ".join(by.communicate(timeout=SECONDS))
            return self._opened.exists() or by.returncode is not None

        await eventually(there, "address for the browser", seconds=SECONDS)
        assert self._opened.exists(), over
        address = self._opened.read_text()
        self._opened.unlink()
        return address

    def page(self, address: str) -> str:
        self.browser.get(address)
        return self.text

    @property
    def text(self) -> str:
        return self.browser.find_element(By.TAG_NAME, "body").text

    def agree(self) -> str:
        """Click on the button, and see where that leads to."""
        self.browser.find_element(By.CSS_SELECTOR, "button[value=yes]").click()
        WebDriverWait(self.browser, SECONDS).until(lambda it: "/callback" in it.current_url)
        return self.text


async def finished(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = await anyio.to_thread.run_sync(lambda: process.communicate(timeout=SECONDS))
    assert process.returncode == 0, err
    return out, err


async def test_a_person_agrees_in_the_browser_and_again_for_more_and_the_calls_go_through(
    chromium: webdriver.Chrome, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, chromium)
    deck = CommandLine(tmp_path)
    deck.environ |= desk.environ
    running: list[subprocess.Popen[str]] = []

    def begun(*words: str) -> subprocess.Popen[str]:
        running.append(deck.popen(*words))
        return running[-1]

    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"oauth": {"open": "browser"}}), encoding="utf-8")

    async def run(*words: str) -> Any:
        """The document that a command prints which opens no browser."""
        done = await anyio.to_thread.run_sync(lambda: deck(*words, "--json"))
        assert done.code == 0, done.err + done.out
        return done.json

    try:
        with anyio.fail_after(120):
            async with demo_servers() as entries:
                url = next(entry.endpoint for entry in entries if entry.name == "demo-login")
                base = url.removesuffix("/mcp")

                login = begun("login", url, "--json")
                page = await anyio.to_thread.run_sync(desk.page, await desk.opened(login))
                assert "mcpdeck wants to log in" in page
                assert "Call the tools of demo-login in your name" in page
                assert "treasure" not in page
                assert "close this window" in await anyio.to_thread.run_sync(desk.agree)
                document = json.loads((await finished(login))[0])
                assert (document["issuer"], document["resource"]) == (base, url)
                assert document["scopes"] == ["demo"]
                assert document["hasRefresh"] is True

                who = (await run("call", url, "whoami"))["structuredContent"]
                assert (who["user"], who["client"], who["scopes"]) == ("guest", "mcpdeck", ["demo"])
                assert 0 < who["valid_for"] <= TOKEN_LIFETIME

                call = begun("call", url, "open_treasure_chest", "--answers", str(answers))
                page = await anyio.to_thread.run_sync(desk.page, await desk.opened(call))
                assert "mcpdeck wants more" in page
                assert "treasure new" in " ".join(page.split())
                assert "close this window" in await anyio.to_thread.run_sync(desk.agree)
                assert "Inside lies a note" in (await finished(call))[0]
                assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []
    finally:
        for process in running:
            process.kill()
            process.wait(SECONDS)
