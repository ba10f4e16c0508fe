"""What is shown of an installation: its secrets never, its variables always."""

from __future__ import annotations

from tests.cli.command import CommandLine
from tests.cli.test_registry import local_servers, registry
from tests.servers.registry_http import listed, npm

PLAIN = listed(
    "io.github.acme/plain",
    packages=[
        npm(
            environmentVariables=[
                {"name": "CITY_CODE", "isSecret": True, "isRequired": True},
                {"name": "LD_PRELOAD", "value": "/x.so"},
                {"name": "MODE", "default": "fast"},
            ]
        )
    ],
)
GIVEN = ("registry", "install", "io.github.acme/plain", "--set", "CITY_CODE=planted-value")


def test_a_value_that_the_registry_calls_secret_is_masked_whatever_its_name_is(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck, PLAIN):
        said = [mcpdeck(*GIVEN, "--dry-run"), mcpdeck(*GIVEN, "--dry-run", "--json"), mcpdeck(*GIVEN)]
    for done in said:
        assert done.code == 0, done.err
        assert "planted-value" not in done.out + done.err
    assert '"CITY_CODE": "•••"' in said[0].out
    assert '"MODE": "fast"' in said[0].out
    assert local_servers(mcpdeck)["plain"]["env"]["CITY_CODE"] == "planted-value"


def test_every_variable_that_is_written_is_told_and_one_that_loads_code_is_warned_of(mcpdeck: CommandLine) -> None:
    with registry(mcpdeck, PLAIN):
        shown = mcpdeck("registry", "show", "io.github.acme/plain")
        installed = mcpdeck(*GIVEN, "--dry-run")
        document = mcpdeck("registry", "show", "io.github.acme/plain", "--json").json
    assert "sets      CITY_CODE=${CITY_CODE}, LD_PRELOAD=/x.so, MODE=fast" in shown.out
    assert "it sets LD_PRELOAD, by which a program can be made to load other code" in shown.out
    assert "sets      CITY_CODE, LD_PRELOAD, MODE" in installed.err
    assert "warning: it sets LD_PRELOAD" in installed.err
    assert document["installs"][0]["environment"]["LD_PRELOAD"] == "/x.so"
