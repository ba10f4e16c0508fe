"""Resources, templates, prompts and completion from the command line, against a real server."""

from __future__ import annotations

import json
import stat
import subprocess
import sys

import pytest

from tests.cli.command import MCPDECK, ON_TINY, SDK2, SECONDS, CommandLine
from tests.entries import SERVERS

ON_SDK2 = ("--", *SDK2)
ON_CONTENTS = ("--", sys.executable, str(SERVERS / "contents_stdio.py"))
COUNTER = "deck://counter"
GREETING = "deck://greetings/{name}"


# Lists


@pytest.mark.parametrize(
    ("command", "key", "value", "header"),
    [
        ("resources", "uri", COUNTER, ["URI", "TYPE", "NAME"]),
        ("templates", "uriTemplate", GREETING, ["TEMPLATE", "TYPE", "NAME"]),
        ("prompts", "name", "greet", ["PROMPT", "ARGUMENTS", "DESCRIPTION"]),
    ],
)
def test_a_list_is_a_table_for_people_and_the_items_as_received_in_json(
    mcpdeck: CommandLine, command: str, key: str, value: str, header: list[str]
) -> None:
    done = mcpdeck(command, *ON_SDK2)
    first, row = done.out.splitlines()
    assert (done.code, first.split(), row.split()[0]) == (0, header, value)
    document = mcpdeck(command, "--json", *ON_SDK2).json
    assert document["server"] == "sdk2_server"
    (item,) = document[command]
    assert item[key] == value


def test_required_arguments_of_a_prompt_have_a_star_and_sizes_are_in_words(mcpdeck: CommandLine) -> None:
    assert "name*" in mcpdeck("prompts", *ON_SDK2).out
    assert "1.2 kB" in mcpdeck("resources", *ON_CONTENTS).out


def test_every_page_of_a_list_is_shown(mcpdeck: CommandLine) -> None:
    resources = mcpdeck("resources", "--json", *ON_CONTENTS).json["resources"]
    assert [item["uri"] for item in resources] == ["test://big", "test://several", "test://empty"]


@pytest.mark.parametrize("command", ["resources", "templates", "prompts"])
def test_a_server_without_the_feature_is_asked_all_the_same_and_its_error_is_1(
    mcpdeck: CommandLine, command: str
) -> None:
    done = mcpdeck(command, "--json", *ON_TINY)
    assert (done.code, done.error["kind"], done.error["details"]["code"]) == (1, "jsonrpc", -32601)


def test_an_empty_list_is_said_on_stderr(mcpdeck: CommandLine) -> None:
    done = mcpdeck("prompts", *ON_CONTENTS)
    assert (done.code, done.out) == (0, "")
    assert "has no prompts" in done.err


# Reading


def test_a_resource_is_its_text_for_people_and_its_contents_as_received_in_json(mcpdeck: CommandLine) -> None:
    assert mcpdeck("read", COUNTER, *ON_SDK2).out == "0\n"
    document = mcpdeck("read", COUNTER, "--json", *ON_SDK2).json
    assert (document["server"], document["uri"]) == ("sdk2_server", COUNTER)
    assert document["contents"] == [{"uri": COUNTER, "mimeType": "text/plain", "text": "0"}]
    assert document["durationMs"] > 0


def test_values_go_into_a_template_percent_encoded(mcpdeck: CommandLine) -> None:
    done = mcpdeck("read", GREETING, "name=Jörg & Co/1", "--json", *ON_SDK2)
    assert done.json["uri"] == "deck://greetings/J%C3%B6rg%20%26%20Co%2F1"
    assert done.json["contents"][0]["text"] == "Hello, Jörg & Co/1!"


def test_a_uri_without_values_is_sent_exactly_as_it_was_given(mcpdeck: CommandLine) -> None:
    for uri in ("test://a{b}/%7e ü?", "TEST://UP/../x"):
        assert mcpdeck("read", uri, *ON_CONTENTS).out == f"you asked for {uri}\n"


@pytest.mark.parametrize(
    ("words", "what", "hint"),
    [
        ((GREETING, "nam=x"), 'no variable of the template named "nam"', 'did you mean "name"?'),
        ((COUNTER, "name=x"), 'named "name"', "no {variable}"),
        (("a{b", "b=x"), "no URI template", "RFC 6570"),
        ((GREETING, "name"), '"name" is no argument', "name=value"),
        ((GREETING, "name:={"), "name:= is not JSON", ""),
        ((GREETING, "name:=[[1]]"), "no value of a URI", "texts"),
        ((COUNTER, "--json", "--output", "-"), "both want stdout", "one of the two"),
        ((COUNTER, "--output", "absent/file"), "cannot write absent/file", "--output"),
        ((), "its URI is missing", "mcpdeck resources"),
    ],
)
def test_what_cannot_be_read_is_a_usage_error_with_a_hint(
    mcpdeck: CommandLine, words: tuple[str, ...], what: str, hint: str
) -> None:
    done = mcpdeck("read", *words, *ON_SDK2)
    assert done.code == 2
    text = done.err or json.dumps(done.error, ensure_ascii=False).replace('\\"', '"')
    assert what in text
    assert hint in text


def test_a_variable_without_a_value_is_left_out_and_said(mcpdeck: CommandLine) -> None:
    done = mcpdeck("read", "test://x{?a,b}", "a=1", *ON_CONTENTS)
    assert done.out == "you asked for test://x?a=1\n"
    assert "left out: b" in done.err


def test_lists_and_objects_are_values_of_a_template_too(mcpdeck: CommandLine) -> None:
    done = mcpdeck("read", "test://x{/p*}{?k*}", 'p:=["a", 2]', 'k:={"q": "v"}', *ON_CONTENTS)
    assert done.out == "you asked for test://x/a/2?q=v\n"


def test_several_contents_have_headings_and_what_is_binary_is_described(mcpdeck: CommandLine) -> None:
    assert mcpdeck("read", "test://several", *ON_CONTENTS).out.splitlines() == [
        "[resource test://several/1, text/plain]",
        "red ␛[31mhere",
        "[resource test://several/2, application/octet-stream, 4 bytes]",
    ]
    assert mcpdeck("read", "test://big", *ON_CONTENTS).out == "[resource test://big, image/x-test, 1.3 kB]\n"
    empty = mcpdeck("read", "test://empty", *ON_CONTENTS)
    assert (empty.code, empty.out) == (0, "")
    assert "no contents" in empty.err


def test_output_saves_what_it_stands_for_for_the_owner_alone(mcpdeck: CommandLine) -> None:
    done = mcpdeck("read", "test://big", "--output", "big.bin", *ON_CONTENTS)
    file = mcpdeck.root / "big.bin"
    assert (done.code, done.out) == (0, "")
    assert "saved big.bin, 1.3 kB" in done.err
    assert file.read_bytes() == bytes(range(256)) * 5
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    raw = subprocess.run(
        [*MCPDECK, "read", "test://big", "--output", "-", *ON_CONTENTS],
        cwd=mcpdeck.root, env=mcpdeck.environ, capture_output=True, timeout=SECONDS, check=True,
    )  # fmt: skip
    assert raw.stdout == bytes(range(256)) * 5


def test_output_takes_one_part_and_says_how_many_there_are(mcpdeck: CommandLine) -> None:
    done = mcpdeck("read", "test://several", "--output", "x", *ON_CONTENTS)
    assert done.code == 2
    assert "2 parts" in done.err
    broken = mcpdeck("read", "test://neither", "--output", "x", *ON_CONTENTS)
    assert broken.code == 6
    assert "neither text nor valid base64" in broken.err


def test_a_resource_that_is_not_there_is_the_server_s_error(mcpdeck: CommandLine) -> None:
    done = mcpdeck("read", "deck://nothing", "--json", *ON_SDK2)
    assert (done.code, done.error["kind"], done.error["details"]["code"]) == (1, "jsonrpc", -32602)


# Prompts and completion


def test_a_prompt_is_its_messages_by_role(mcpdeck: CommandLine) -> None:
    done = mcpdeck("prompt", "greet", "name=Bo", *ON_SDK2)
    assert (done.code, done.out) == (0, "user:\nGreet Bo warmly.\n")
    document = mcpdeck("prompt", "greet", "name=Bo", "--json", *ON_SDK2).json
    assert (document["server"], document["prompt"], document["description"]) == (
        "sdk2_server", "greet", "A greeting to continue.",
    )  # fmt: skip
    assert document["messages"] == [{"role": "user", "content": {"type": "text", "text": "Greet Bo warmly."}}]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("greet",), "name: it is required"),
        (("greet", "name=x", "nme=y"), "nme: the prompt has no such argument"),
        (("gret",), 'did you mean "greet"?'),
        (("greet", "name:=1"), "arguments of prompts are texts"),
        ((), "its name is missing"),
    ],
)
def test_arguments_of_a_prompt_are_checked_before_anything_is_sent(
    mcpdeck: CommandLine, words: tuple[str, ...], what: str
) -> None:
    done = mcpdeck("prompt", *words, *ON_SDK2)
    assert (done.code, done.out) == (2, "")
    assert what in done.err


def test_no_validate_asks_for_the_prompt_anyway(mcpdeck: CommandLine) -> None:
    done = mcpdeck("prompt", "greet", "--no-validate", "--json", *ON_SDK2)
    assert (done.code, done.error["kind"]) == (1, "jsonrpc")


def test_completions_are_one_a_line(mcpdeck: CommandLine) -> None:
    assert mcpdeck("complete", "prompt/greet", "name=Ad", *ON_SDK2).out == "Ada\nAdele\n"
    document = mcpdeck("complete", GREETING, "name=G", "other=chosen", "--json", *ON_SDK2).json
    assert document == {
        "server": "sdk2_server",
        "ref": {"type": "ref/resource", "uri": GREETING},
        "argument": {"name": "name", "value": "G"},
        "values": ["Grace"],
        "total": None,
        "hasMore": None,
    }


def test_completion_sends_what_was_chosen_and_says_when_there_is_more(mcpdeck: CommandLine) -> None:
    done = mcpdeck("complete", "prompt/p", "a=", "b=1", *ON_CONTENTS)
    assert json.loads(done.out.splitlines()[0]) == {"arguments": {"b": "1"}}
    assert "… of 7" in done.err
    many = mcpdeck("complete", "prompt/many", "a=", *ON_CONTENTS)
    assert len(many.out.splitlines()) == 101
    assert "100 are allowed" in many.err


@pytest.mark.parametrize("words", [(), ("prompt/greet",), ("prompt/greet", "name"), ("prompt/greet", "=x")])
def test_completion_without_its_words_is_a_usage_error(mcpdeck: CommandLine, words: tuple[str, ...]) -> None:
    done = mcpdeck("complete", *words, *ON_SDK2)
    assert done.code == 2
    assert "mcpdeck complete TARGET" in done.err


@pytest.mark.parametrize("command", ["resources", "templates", "prompts", "read", "prompt", "complete", "watch"])
def test_a_command_without_its_target_says_which_words_it_wants(mcpdeck: CommandLine, command: str) -> None:
    done = mcpdeck(command)
    assert (done.code, done.out) == (2, "")
    assert f"mcpdeck {command}" in done.err


@pytest.mark.parametrize("words", [("resources",), ("read", "a"), ("prompt", "p"), ("complete", "prompt/p", "a=")])
def test_a_server_that_does_not_answer_is_7_after_the_time_given(mcpdeck: CommandLine, words: tuple[str, ...]) -> None:
    done = mcpdeck(*words, "--timeout", "3", "--json", *ON_CONTENTS, "mute")
    assert (done.code, done.error["kind"]) == (7, "timeout")


# Calls with questions and tasks


def test_answers_reach_a_call_and_without_them_it_says_what_was_missing(mcpdeck: CommandLine) -> None:
    (mcpdeck.root / "answers.json").write_text('{"elicitation": "defaults"}')
    done = mcpdeck("call", "ask", "--answers", "answers.json", *ON_SDK2)
    assert (done.code, done.out) == (0, "accept: text is 30\n")
    assert mcpdeck("call", "ask", *ON_SDK2).code == 1


def test_an_answers_file_that_is_wrong_is_2_with_the_place(mcpdeck: CommandLine) -> None:
    (mcpdeck.root / "answers.json").write_text('{"elicitation": [{"action": "maybe"}]}')
    done = mcpdeck("call", "ask", "--json", "--answers", "answers.json", *ON_SDK2)
    assert (done.code, done.error["kind"]) == (2, "config")
    assert done.error["details"] == {"file": "answers.json", "pointer": "/elicitation/0/action"}


def test_a_task_of_a_server_without_tasks_is_refused_by_us(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "echo", "text=a", "--task", "--json", *ON_TINY)
    assert (done.code, done.error["kind"]) == (2, "usage")


@pytest.mark.parametrize("words", [("tools",), ("list",), ("resources",), ("call", "add", "a=1", "b=2")])
def test_every_command_can_write_a_trace(mcpdeck: CommandLine, words: tuple[str, ...]) -> None:
    assert mcpdeck(*words, "--trace", "t.jsonl", *ON_SDK2).code == 0
    records = [json.loads(line) for line in (mcpdeck.root / "t.jsonl").read_text().splitlines()]
    methods = {record["method"] for record in records if record["direction"] == "sent"}
    wanted = {"call": "tools/call", "list": "tools/list"}.get(words[0], f"{words[0]}/list")
    assert {"server/discover", wanted} <= methods
