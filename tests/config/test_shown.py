"""What a person approves: nothing that runs, is reached or is read may be missing from it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.config.masked_entry import masked_definition
from mcpdeck.services.models import Source
from tests.config.made import http, made, run


def shown(value: object, source: Source = Source.PROJECT) -> dict[str, str]:
    lines = made(source, "it", value).provenance.shown
    assert len(dict(lines)) == len(lines)
    return dict(lines)


def test_a_command_is_shown_with_everything_that_it_is_given_in_a_fixed_order() -> None:
    value = {
        "command": "${PROGRAM}",
        "args": ["-y", "server", "--token", "hunter2", "${MODE:-fast}"],
        "cwd": "sub",
        "env": {"KEY": "${SECRET}", "DEBUG": "1"},
        "sandbox": {"network": True, "write": ["./data", "/x"]},
        "watch": ["src/**", "lib/*"],
        "roots": ["."],
    }
    assert list(shown(value).items()) == [
        ("command", "${PROGRAM} -y server --token ••• ${MODE:-fast}"),
        ("in", "sub → /somewhere/sub"),
        ("takes from your environment", "MODE, PROGRAM, SECRET"),
        ("environment", "KEY, DEBUG"),
        ("sandbox", "network, writes only below: ./data, /x"),
        ("watch", "src/**, lib/*"),
        ("roots", "."),
        ("file", "/somewhere/project.json:1:1"),
    ]


def test_a_remote_server_is_shown_with_everything_that_is_read_or_run_for_it() -> None:
    value = http(
        "https://u:hunter2@h/mcp?token=hunter2",
        headers={"Authorization": "Bearer ${SECRET}", "X-Team": "hunter2"},
        headersHelper="./helper.sh --password hunter2 && evil",
        tls={"ca": "ca.pem", "cert": "c.pem", "key": "k.pem"},
        oauth={"clientId": "id", "authServerMetadataUrl": "https://a/x"},
    )
    assert list(shown(value).items()) == [
        ("url", "https://•••@h/mcp?token=•••"),
        ("takes from your environment", "SECRET"),
        ("headers", "Authorization, X-Team"),
        ("headers helper", "./helper.sh --password ••• && evil (run by a shell, with your whole environment)"),
        ("certificates", "ca ca.pem, cert c.pem, key k.pem"),
        ("login", "clientId id, authServerMetadataUrl https://a/x"),
        ("file", "/somewhere/project.json:1:1"),
    ]


def test_a_login_is_shown_with_where_it_goes_how_and_which_files_are_read_for_it() -> None:
    oauth = {
        "issuer": "https://evil.example",
        "authServerMetadataUrl": "https://evil.example/doc",
        "grant": "id_jag",
        "clientId": "id",
        "clientSecret": "@hunter2",
        "privateKey": "@~/.ssh/id_rsa",
        "assertion": "@~/.vault-token",
        "idp": {
            "tokenEndpoint": "https://idp.example/t",
            "clientId": "i",
            "idToken": "@../id",
            "clientSecret": "s3cret",
        },
        "allowInsecure": True,
    }
    lines = shown(http("https://h/", oauth=oauth))
    for part in (
        "issuer https://evil.example",
        "authServerMetadataUrl https://evil.example/doc",
        "grant id_jag",
        "idp.tokenEndpoint https://idp.example/t",
        "allowInsecure true",
    ):
        assert part in lines["login"].split(", ")
    assert lines["login reads"] == (
        "~/.ssh/id_rsa (to sign with), ~/.vault-token (sent to the authorization server), "
        "../id (sent to the authorization server)"
    )
    assert not {"hunter2", "s3cret"} & set(" ".join(lines.values()).replace("@", " ").split())


def test_where_a_connector_s_token_comes_from_is_shown() -> None:
    entry = {"type": "claudeai-proxy", "url": "https://h/"}
    command = ["op", "read", "--password", "hunter2", "evil"]
    assert shown({**entry, "tokenCommand": command})["token command"] == "op read --password ••• evil"
    assert shown({**entry, "tokenCommand": "op"})["token command"] == "op"
    assert shown({**entry, "tokenFile": "${HOME}/t"})["token file"] == "${HOME}/t"
    assert shown({**entry, "tokenFile": "t"})["url"] == "https://h/"


MARK = "evil-marker"


@pytest.mark.parametrize(
    "value",
    [
        run(MARK),
        run("sh", "-c", f"true; {MARK}"),
        run("node", "--require", f"./{MARK}"),
        run("sh", "-c", f"x --token=$({MARK})"),
        run("x", cwd=f"/{MARK}"),
        run("x", cwd=f"${{NOT_SET:-/{MARK}}}"),
        run(f"${{NOT_SET:-{MARK}}}"),
        run(f"${{API_KEY:-{MARK}}}"),
        run("sh", "-c", f"${{TOKEN:-{MARK}}}"),
        run(f"/opt/key={MARK}/run"),
        run(f"./sk-{MARK}"),
        run("node", f"key={MARK}.js"),
        run("node", f"./sk-{MARK}.js"),
        run("node", f"sk-{MARK}.js"),
        run("node", f"./sk-{MARK}/x.js"),
        run("python", "--auth", f"{MARK}.py"),
        run("x", "--token", "-c", MARK),
        *(
            run("x", env={name: f"--require ./{MARK}"})
            for name in (
                "NODE_OPTIONS", "PYTHONSTARTUP", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "GIT_SSH_COMMAND",
                "PERL5OPT", "RUBYOPT", "JAVA_TOOL_OPTIONS", "PATH", "Path", "npm_config_registry", "UV_INDEX_URL",
            )
        ),
        http(f"https://{MARK}/"),
        http("https://h/", headersHelper=MARK),
        http("https://h/", headersHelper=f"true --token x; {MARK}"),
        http("https://h/", headersHelper=f"token=x {MARK}"),
        http("https://h/", headersHelper=f"curl -H 'Authorization: Bearer x' | {MARK}"),
        http("https://h/", headersHelper=f"--secret --{MARK}"),
        http("https://h/", headersHelper=[MARK]),
        http("https://h/", tls={"ca": MARK}),
        http("https://h/", oauth={"authServerMetadataUrl": f"https://{MARK}/"}),
        {"type": "claudeai-proxy", "url": "https://h/", "tokenCommand": ["a", MARK]},
        {"type": "claudeai-proxy", "url": "https://h/", "tokenFile": MARK},
        run("x", sandbox={"write": [f"/{MARK}"]}),
        {"command": "x", "args": [["nested", MARK]]},
    ],
    ids=itertools.count(),
)  # fmt: skip
def test_nothing_that_runs_or_is_reached_is_hidden(value: Any) -> None:
    assert MARK in " ".join(shown(value).values())


def test_a_reference_cannot_hide_behind_another_one_s_default() -> None:
    value = run("x", "${A:-", "${B}", env={"C": "${C:-d}"})
    assert shown(value)["takes from your environment"] == "A, B, C"


def test_where_variables_lead_to_is_not_shown() -> None:
    entry = made(Source.PROJECT, "it", run("x", "${SECRET}", cwd="${SECRET}"))
    assert dict(entry.provenance.shown)["in"] == "${SECRET}"
    assert "hunter2" not in repr((entry.provenance, entry.lints, entry.endpoint))


@pytest.mark.parametrize("value", [None, [], 3, {}, {"args": 1, "env": [], "cwd": {}}, {"type": [], "headers": 1}])
def test_an_entry_of_any_shape_is_shown(value: object) -> None:
    assert "file" in shown(value)


def test_a_definition_is_shown_as_it_is_written_with_its_secrets_masked() -> None:
    written = {
        "type": "http",
        "url": "https://u:hunter2@h/mcp?api_key=hunter2",
        "headers": {"Authorization": "Bearer hunter2", "X-Other": "hunter2", "X-Ref": "${TOKEN:-hunter2}"},
        "headersHelper": "get --token hunter2 x",
        "env": {
            "API_KEY": "hunter2",
            "DEBUG": "1",
            "OTHER": "abcdefghij0123456789",
            "PATH": "/usr/bin",
            "REF": "${MY_KEY:-hunter2}",
            "SHOWN": "${MODE:-fast}",
        },
        "args": ["--token", "hunter2", "-y", "KEY=hunter2"],
        "tokenCommand": ["get", "--secret", "hunter2"],
        "token": "hunter2",
        "authToken": "hunter2",
        "tls": {"key": "client.key"},
        "oauth": {"clientId": "id", "clientSecret": "hunter2"},
        "extra": {"deep": [{"password": "hunter2", "ok": True}]},
        "timeout": 5,
    }
    masked = masked_definition(written)  # type: ignore[arg-type]
    assert "hunter2" not in json.dumps(masked)
    assert masked == {
        "type": "http",
        "url": "https://•••@h/mcp?api_key=•••",
        "headers": {"Authorization": "Bearer •••", "X-Other": "•••", "X-Ref": "${TOKEN:-•••}"},
        "headersHelper": "get --token ••• x",
        "env": {
            "API_KEY": "•••",
            "DEBUG": "1",
            "OTHER": "•••",
            "PATH": "/usr/bin",
            "REF": "${MY_KEY:-•••}",
            "SHOWN": "${MODE:-fast}",
        },
        "args": ["--token", "•••", "-y", "KEY=•••"],
        "tokenCommand": ["get", "--secret", "•••"],
        "token": "•••",
        "authToken": "•••",
        "tls": {"key": "client.key"},
        "oauth": {"clientId": "id", "clientSecret": "•••"},
        "extra": {"deep": [{"password": "•••", "ok": True}]},
        "timeout": 5,
    }
    for value in (None, "Bearer hunter2", [["--token=hunter2"]], 3):
        assert "hunter2" not in json.dumps(masked_definition(value))  # type: ignore[arg-type]


def test_a_symbolic_link_is_followed_for_whoever_has_to_approve(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/usr")
    for source, place in ((Source.PROJECT, "/usr"), (Source.PLUGIN, "/usr"), (Source.USER, str(tmp_path / "link"))):
        entry = made(source, "it", run("x", cwd="link"), folder=tmp_path)
        assert dict(entry.provenance.shown)["in"] == f"link → {place}"
