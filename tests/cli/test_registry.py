"""``mcpdeck registry``: the real command against a registry on loopback."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.command import MCPDECK, SECONDS, CommandLine
from tests.servers.registry_http import Registry, Reply, Served, listed, npm, serving

WEATHER = listed(
    "io.github.acme/weather",
    "2.1.0",
    title="Weather",
    description="Forecasts\x1b[31m of eleven services",
    packages=[
        npm(
            version="2.1.0",
            environmentVariables=[
                {"name": "WEATHER_KEY", "isSecret": True, "isRequired": True, "description": "The key"},
                {"name": "CITY", "isRequired": True, "description": "Where you are"},
            ],
            packageArguments=[{"type": "positional", "value": "; rm -rf ~"}],
        ),
        {"registryType": "mcpb", "identifier": "https://weather.example/weather.mcpb"},
    ],
    remotes=[
        {
            "type": "streamable-http",
            "url": "https://{tenant}.weather.example/mcp",
            "variables": {"tenant": {"isRequired": True}},
            "headers": [{"name": "X-Key", "isSecret": True, "isRequired": True}],
        }
    ],
)
SIMPLE = listed("io.github.acme/simple", packages=[npm("simple")])
MANY = [listed(f"io.example/files-{number:03}", packages=[npm()]) for number in range(70)]


@contextmanager
def registry(mcpdeck: CommandLine, *items: Any) -> Iterator[Served]:
    """A registry of ``items`` that the settings file names."""
    with serving(Registry(list(items or (WEATHER, SIMPLE, *MANY)))) as served:
        settings(mcpdeck, {"registry": {"url": served.url}})
        yield served


def settings(mcpdeck: CommandLine, content: object) -> None:
    file = mcpdeck.home / "config" / "settings.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")


def local_servers(mcpdeck: CommandLine) -> Any:
    content = json.loads((mcpdeck.home / "config" / "local.json").read_text())
    (project,) = content["projects"].values()
    return project["mcpServers"]


def test_search_prints_name_version_ways_and_description(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        done = mcpdeck("registry", "search", "weather")

    assert done.code == 0
    heading, row = done.out.splitlines()
    assert heading.split() == ["NAME", "VERSION", "WAYS", "DESCRIPTION"]
    assert row.split("  ")[0] == "io.github.acme/weather"
    assert "npm, mcpb, http" in row and "Weather: Forecasts␛[31m of eleven services" in row


def test_search_says_when_there_are_more(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        done = mcpdeck("registry", "search", "files")
        as_json = mcpdeck("registry", "search", "files", "--json")

    assert len(done.out.splitlines()) == 51
    assert "there are more" in done.err
    assert len(as_json.json["servers"]) == 50 and as_json.json["more"] is True


def test_all_that_a_registry_finds_is_fetched_when_it_is_asked_for(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        hint = mcpdeck("registry", "search", "files").err
        done = mcpdeck("registry", "search", "files", "--all")
        as_json = mcpdeck("registry", "search", "files", "--all", "--json").json

    assert "there are more: mcpdeck registry search files --all" in hint
    assert len(done.out.splitlines()) == 71
    assert "there are more" not in done.err
    assert (len(as_json["servers"]), as_json["more"]) == (70, False)


def test_the_status_is_always_shown_and_a_message_only_where_there_is_one(mcpdeck: CommandLine) -> None:
    old = listed("io.github.acme/old", status="deprecated", packages=[npm("old")])
    with registry(mcpdeck, SIMPLE, old):
        active = mcpdeck("registry", "show", "io.github.acme/simple").out
        shown = mcpdeck("registry", "show", "io.github.acme/old").out
        installed = mcpdeck("registry", "install", "io.github.acme/old")

    assert "status     active\n" in active
    assert "status     deprecated\n" in shown
    assert "warning: it is deprecated\n" in installed.err


def test_what_is_shown_at_last_is_what_was_written(mcpdeck: CommandLine) -> None:
    item = listed(
        "io.github.acme/place",
        packages=[npm(packageArguments=[{"type": "positional", "valueHint": "city", "isRequired": True}])],
    )
    with registry(mcpdeck, item):
        done = mcpdeck("registry", "install", "io.github.acme/place", "--set", "city=Bern")
        as_json = mcpdeck(
            "registry", "install", "io.github.acme/place", "--set", "city=Basel", "--force", "--json"
        ).json

    assert "Bern" in done.err
    assert "<city>" not in done.err
    assert as_json["shown"].endswith(" Basel")


def test_a_secret_that_is_given_literally_is_warned_about_in_a_file_of_ones_own(mcpdeck: CommandLine) -> None:
    install = ("registry", "install", "io.github.acme/weather", "--set", "CITY=x", "--force")
    with registry(mcpdeck):
        literal = mcpdeck(*install, "--set", "WEATHER_KEY=hunter2")
        as_json = mcpdeck(*install, "--set", "WEATHER_KEY=hunter2", "--json").json
        reference = mcpdeck(*install, "--set", "WEATHER_KEY=${MY_KEY}")

    warning = "a secret stands in it literally, in a file that only you can read: better write ${VARIABLE}"
    assert f"warning: weather: {warning}" in literal.err
    assert warning in as_json["lints"]
    assert warning not in reference.err


def test_search_for_nothing_that_exists_is_no_error(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        done = mcpdeck("registry", "search", "nothing-like-it")

    assert (done.code, done.out) == (0, "")
    assert "has no server whose name holds 'nothing-like-it'" in done.err


def test_malformed_items_are_warned_about(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck, SIMPLE, "text", {"server": {"name": 7}}):
        done = mcpdeck("registry", "search")
        as_json = mcpdeck("registry", "search", "--json")

    assert "io.github.acme/simple" in done.out
    assert done.err.count("is left out") == 2
    assert len(as_json.json["problems"]) == 2


def test_show_tells_what_would_be_run_and_what_is_asked_for(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        done = mcpdeck("registry", "show", "io.github.acme/weather")

    assert done.code == 0
    assert "runs      npx -y @example/weather@2.1.0 '; rm -rf ~'" in done.out
    assert "asks for  WEATHER_KEY (environment; required; secret; otherwise ${WEATHER_KEY}): The key" in done.out
    assert "not installable: a bundle" in done.out
    assert "reaches   https://<tenant>.weather.example/mcp" in done.out
    assert "\x1b" not in done.out


def test_show_as_json_has_every_way(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        document = mcpdeck("registry", "show", "io.github.acme/weather", "--json").json

    assert document["version"] == "2.1.0" and document["versions"] == ["2.1.0"]
    assert [way["problem"] is None for way in document["installs"]] == [True, False, True]
    assert [ask["name"] for ask in document["installs"][0]["asks"]] == ["WEATHER_KEY", "CITY"]


def test_another_version_is_named_with_an_at(mcpdeck: CommandLine) -> None:
    old = listed("io.github.acme/weather", "1.0.0", packages=[npm(version="1.0.0")])
    with registry(mcpdeck, WEATHER, old):
        shown = mcpdeck("registry", "show", "io.github.acme/weather@1.0.0")
        missing = mcpdeck("registry", "show", "io.github.acme/weather@9")

    assert "@example/weather@1.0.0" in shown.out
    assert missing.code == 2 and "in version 9" in missing.err


def test_install_names_what_is_missing_and_writes_nothing(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        done = mcpdeck("registry", "install", "io.github.acme/weather")

    assert done.code == 2
    assert "it needs CITY" in done.err and "--set CITY=VALUE" in done.err
    assert not (mcpdeck.home / "config" / "local.json").exists()


def test_install_writes_an_entry_with_references_for_secrets(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        done = mcpdeck("registry", "install", "io.github.acme/weather", "--set", "CITY=Bern")

    assert done.code == 0
    assert done.out.startswith("installed: weather in ")
    assert "set WEATHER_KEY before you use weather" in done.err
    assert local_servers(mcpdeck) == {
        "weather": {
            "type": "stdio",
            "command": "npx",
            "args": ["-y", "@example/weather@2.1.0", "; rm -rf ~"],
            "env": {"WEATHER_KEY": "${WEATHER_KEY}", "CITY": "Bern"},
        }
    }


def test_nothing_is_run_by_installing(mcpdeck: CommandLine, tmp_path: Path) -> None:
    programs, ran = tmp_path / "programs", tmp_path / "ran"
    programs.mkdir()
    for name in ("npx", "uvx", "docker", "rm"):
        program = programs / name
        program.write_text(f"#!/bin/sh\necho {name} >> {ran}\n")
        program.chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    with registry(mcpdeck):
        done = mcpdeck("registry", "install", "io.github.acme/weather", "--set", "CITY=x", env={"PATH": path})
        mcpdeck("registry", "show", "io.github.acme/weather", env={"PATH": path})

    assert done.code == 0
    assert not ran.exists()


def test_a_dry_run_shows_the_change_and_makes_none(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        done = mcpdeck(
            "registry",
            "install",
            "io.github.acme/weather",
            "--set",
            "CITY=Bern",
            "--set",
            "WEATHER_KEY=hunter2",
            "--dry-run",
        )

    assert done.code == 0
    assert '"CITY": "Bern"' in done.out
    assert "hunter2" not in done.out + done.err
    assert not (mcpdeck.home / "config" / "local.json").exists()


def test_scope_name_and_transport_can_be_chosen(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        done = mcpdeck(
            "registry", "install", "io.github.acme/weather", "--transport", "http", "--set", "tenant=acme",
            "--scope", "user", "--as", "mine", "--json",
        )  # fmt: skip
        other = mcpdeck("registry", "install", "io.github.acme/weather", "--transport", "sse")

    assert done.code == 0
    assert (done.json["name"], done.json["scope"], done.json["variables"]) == ("mine", "user", ["MCP_WEATHER_X_KEY"])
    written = json.loads((mcpdeck.home / "config" / "mcp.json").read_text())["mcpServers"]
    assert written == {
        "mine": {
            "type": "http",
            "url": "https://acme.weather.example/mcp",
            "headers": {"X-Key": "${MCP_WEATHER_X_KEY}"},
        }
    }
    assert other.code == 2 and "cannot be had over sse" in other.err


def test_a_project_file_is_written_and_its_server_waits_for_approval(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        mcpdeck("registry", "install", "io.github.acme/simple", "--scope", "project")
        rows = mcpdeck("list", "--no-connect", "--json").json["servers"]

    assert [(row["name"], row["source"], row["status"]) for row in rows] == [("simple", "project", "pending approval")]


def test_a_secret_in_a_file_that_others_read_is_warned_about(mcpdeck: CommandLine) -> None:
    install = ("registry", "install", "io.github.acme/weather", "--set", "CITY=x", "--scope", "project", "--force")
    with registry(mcpdeck):
        literal = mcpdeck(*install, "--set", "WEATHER_KEY=hunter2")
        reference = mcpdeck(*install, "--set", "WEATHER_KEY=${MY_KEY}")

    assert "WEATHER_KEY stands in a file that others read" in literal.err
    assert "hunter2" not in literal.out + literal.err
    assert "that others read" not in reference.err


def test_a_name_that_is_taken_is_kept_unless_forced(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        install = ("registry", "install", "io.github.acme/simple")
        assert mcpdeck(*install).code == 0
        again = mcpdeck(*install)
        assert again.code == 2 and "simple" in again.err
        assert mcpdeck(*install, "--force").code == 0


def test_a_variable_that_is_set_already_is_warned_about_before_it_is_sent_away(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        done = mcpdeck(
            "registry", "install", "io.github.acme/weather", "--transport", "http", "--set", "tenant=acme",
            env={"MCP_WEATHER_X_KEY": "hunter2"},
        )  # fmt: skip

    assert "MCP_WEATHER_X_KEY is set in your environment and would be sent to" in done.err
    assert "hunter2" not in done.out + done.err


def test_words_that_are_no_question_are_refused(mcpdeck: CommandLine) -> None:
    for words in (("registry",), ("registry", "remove", "x"), ("registry", "show"), ("registry", "install", "a", "b")):
        done = mcpdeck(*words)
        assert done.code == 2, words
        assert "mcpdeck registry" in done.err


def test_failures_have_the_exit_code_of_their_kind(mcpdeck: CommandLine) -> None:
    replies = {3: Reply({"error": "busy\x1b"}, 503), 4: Reply({}, 401), 6: Reply(raw=b"<html>")}
    for code, reply in replies.items():
        with serving(lambda _, reply=reply: reply) as served:  # type: ignore[misc]
            settings(mcpdeck, {"registry": {"url": served.url}})
            done = mcpdeck("registry", "search", "x", "--json")
        assert done.code == code, done.out
        assert done.error["title"] and "\x1b" not in done.error["title"]
    settings(mcpdeck, {"registry": {"url": served.url}})
    assert mcpdeck("registry", "search", "x").code == 3  # nobody is there any more


def test_a_registry_that_cannot_be_used_is_told_with_its_place(mcpdeck: CommandLine) -> None:
    settings(mcpdeck, {"registry": {"url": 7}, "connectors": 7})
    done = mcpdeck("registry", "remove")  # no question at all: nobody is asked

    assert done.code == 2
    assert 'settings.json:1:15: "url" of "registry" is a number, not a string' in done.err


def test_on_a_terminal_it_asks_and_hides_what_is_secret(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck):
        master, terminal = pty.openpty()
        process = subprocess.Popen(
            [*MCPDECK, "registry", "install", "io.github.acme/weather"],
            cwd=mcpdeck.root,
            env=mcpdeck.environ,
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)
        try:
            seen = _until(master, "(empty: ${WEATHER_KEY}): ")
            os.write(master, b"hunter2\n")
            seen += _until(master, "CITY: ")
            os.write(master, b"Bern\n")
            out, _ = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
            os.close(master)

    assert process.returncode == 0
    assert b"installed: weather" in out
    assert "hunter2" not in seen
    assert local_servers(mcpdeck)["weather"]["env"] == {"WEATHER_KEY": "hunter2", "CITY": "Bern"}


def _until(master: int, words: str) -> str:
    """What the terminal shows up to ``words``."""
    seen = ""
    deadline = time.monotonic() + SECONDS
    while words not in seen:
        ready, _, _ = select.select([master], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"no {words!r} in {seen!r}"
        seen += os.read(master, 4096).decode("utf-8", "replace")
    return seen
