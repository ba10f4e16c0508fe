"""Stands between the conformance framework and ``mcpdeck batch``: chooses operations, nothing else.

The framework starts it with a server's URL as its last argument and says in the environment which scenario
this is and what belongs to it. It writes an answers file, feeds ``batch`` one operation after the other (a
later one may depend on an earlier reply) and ends as ``batch`` ended. It knows no protocol. Besides the
framework's variables it reads ``CONFORMANCE_PIN`` (options that tell the version; empty: negotiate),
``CONFORMANCE_RECORD`` (a file that gets what was replied) and ``CONFORMANCE_FORKS`` (who starts ``batch``, see
``forks``; without it the command itself is started).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeAlias

Operation: TypeAlias = dict[str, Any]
Reply: TypeAlias = dict[str, Any]
Script: TypeAlias = Generator[Operation, Reply, None]

ANSWERS = {
    "elicitation": "defaults",
    "sampling": {"model": "no-model", "text": "A reply."},
    "roots": ["file:///workspace"],
    "permission": "allow",
}
LONGEST = 25.0
"""Seconds after which ``batch`` is ended: before the framework gives up."""
MADE = {"string": "a text", "number": 1.5, "integer": 3, "boolean": True, "array": [], "object": {}, "null": None}


def made(schema: dict[str, Any]) -> dict[str, Any]:
    """Arguments for every property of an input schema."""

    def value(part: Any) -> Any:
        if not isinstance(part, dict):
            return "a text"
        return part.get("default", part["enum"][0] if part.get("enum") else MADE.get(part.get("type"), "a text"))

    return {name: value(part) for name, part in schema.get("properties", {}).items()}


def items(reply: Reply, kind: str) -> list[dict[str, Any]]:
    return reply.get("result", {}).get(kind, [])


def call(tool: dict[str, Any], **arguments: Any) -> Operation:
    return {"op": "call_tool", "name": tool["name"], "arguments": arguments or made(tool["inputSchema"])}


GRANTS = {
    "auth/client-credentials-jwt": "client_credentials",
    "auth/client-credentials-basic": "client_credentials",
    "auth/enterprise-managed-authorization": "id_jag",
    "auth/wif-jwt-bearer": "jwt_bearer",
}
"""How a token is had where no person is about; by the authorization code anywhere else."""
CREDENTIALS = {
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "issuer": "issuer",
    "private_key_pem": "privateKey",
    "signing_algorithm": "signingAlgorithm",
    "valid_jwt": "assertion",
}
IDP = {"idp_token_endpoint": "tokenEndpoint", "idp_client_id": "clientId", "idp_id_token": "idToken"}
DOCUMENT = "https://conformance-test.local/client-metadata.json"
"""The client metadata document that the framework takes for ours."""


def login(scenario: str, context: dict[str, Any]) -> dict[str, Any]:
    """What the answers file says about logging in: pages are followed, and the context's credentials are used."""
    oauth: dict[str, Any] = {"open": "http"}
    oauth |= {ours: context[theirs] for theirs, ours in CREDENTIALS.items() if theirs in context}
    idp = {ours: context[theirs] for theirs, ours in IDP.items() if theirs in context}
    if idp:
        oauth["idp"] = idp
    if scenario in GRANTS:
        oauth["grant"] = GRANTS[scenario]
    if scenario == "auth/basic-cimd":
        oauth["clientMetadataUrl"] = DOCUMENT
    return oauth


def listing(context: dict[str, Any]) -> Script:
    yield {"op": "list_tools"}


def calling(context: dict[str, Any]) -> Script:
    """Every tool that may be called, with the arguments of the context where it has some."""
    listed = yield {"op": "list_tools"}
    given = context.get("toolCalls")
    refused = {tool["name"] for tool in items(listed, "rejected")}
    if given:
        for one in given:
            yield {"op": "call_tool", "name": one["name"], "arguments": one["arguments"]}
        return
    for tool in items(listed, "tools"):
        if tool["name"] not in refused:
            yield call(tool)


def everything(context: dict[str, Any]) -> Script:
    yield from calling(context)
    for resource in items((yield {"op": "list_resources"}), "resources"):
        yield {"op": "read_resource", "uri": resource["uri"]}
    for prompt in items((yield {"op": "list_prompts"}), "prompts"):
        yield {"op": "get_prompt", "name": prompt["name"], "arguments": {}}


def schema_sent_back(context: dict[str, Any]) -> Script:
    """Each schema goes to the tool that takes one, as it was listed."""
    tools = items((yield {"op": "list_tools"}), "tools")
    takers = [tool for tool in tools if "schema" in tool["inputSchema"].get("properties", {})]
    for taker in takers:
        for tool in tools:
            if tool not in takers:
                yield call(taker, schema=tool["inputSchema"])


def skills_listed(context: dict[str, Any]) -> Script:
    yield {"op": "list_skills"}
    yield {"op": "list_resources"}


def skills_loaded(context: dict[str, Any]) -> Script:
    """Load every skill, then read all its files, whether it could be loaded or not."""
    for skill in items((yield {"op": "list_skills"}), "skills"):
        yield {"op": "load_skill", "uri": skill["uri"]}
        for file in skill["resources"]:
            if file["uri"] != skill["uri"]:
                yield {"op": "read_skill_file", "skill": skill["uri"], "uri": file["uri"]}


SCRIPTS: dict[str, Callable[[dict[str, Any]], Script]] = {
    "initialize": listing,
    "request-metadata": listing,
    "json-schema-ref-no-deref": listing,
    "http-standard-headers": everything,
    "json-schema-2020-12-preservation": schema_sent_back,
    "sep-2640-client-no-prefetch": skills_listed,
    "sep-2640-client-verify-digest": skills_loaded,
    "sep-2640-client-verify-size": skills_loaded,
    "sep-2640-client-verify-frontmatter": skills_loaded,
}
"""What is done in a scenario; every tool is called in any other."""


def talk(operations: IO[str], answers: IO[str], script: Script) -> list[Reply]:
    """The reply to connecting, then one for each operation; fewer where ``batch`` ended before."""
    replies: list[Reply] = []

    def reply() -> Reply | None:
        line = answers.readline()
        if not line:
            return None
        print(f"< {line}", end="", flush=True)
        replies.append(json.loads(line))
        return replies[-1]

    connected = reply()
    if connected is None or not connected["ok"]:
        return replies
    try:
        operation = next(script)
        while True:
            line = json.dumps(operation)
            print(f"> {line}", flush=True)
            operations.write(f"{line}\n")
            operations.flush()
            answered = reply()
            if answered is None:
                return replies
            operation = script.send(answered)
    except (StopIteration, BrokenPipeError):
        return replies


Talk: TypeAlias = Callable[[IO[str], IO[str]], None]


def started(words: list[str], environment: dict[str, str], conversation: Talk) -> int:
    """The exit code of ``mcpdeck WORDS``, started by itself; ended when it takes too long."""
    program = (sys.executable, "-m", "mcpdeck.app", *words)
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment
    ) as batch:
        assert batch.stdin is not None and batch.stdout is not None
        ended = threading.Timer(LONGEST, batch.kill)
        ended.start()
        conversation(batch.stdin, batch.stdout)
        close(batch.stdin)
        code = batch.wait()
        ended.cancel()
    return code


def forked(path: str, words: list[str], environment: dict[str, str], conversation: Talk) -> int:
    """The same, from a process that has everything imported and answers at ``path``; it also minds the time."""
    given, giver = os.pipe()
    taker, taken = os.pipe()
    with socket.socket(socket.AF_UNIX) as channel, open(giver, "w", encoding="utf-8") as operations:  # noqa: PTH123
        channel.connect(path)
        request = json.dumps({"words": words, "env": environment, "cwd": str(Path.cwd())}).encode()
        socket.send_fds(channel, [len(request).to_bytes(4, "big")], [given, taken, 2])
        channel.sendall(request)
        os.close(given)
        os.close(taken)
        with open(taker, encoding="utf-8") as answers:  # noqa: PTH123
            conversation(operations, answers)
            close(operations)
            return int.from_bytes(exactly(channel, 4), "big", signed=True)


def exactly(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = channel.recv(size - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data


def close(operations: IO[str]) -> None:
    """The end of the operations, whether anybody takes them still or not."""
    try:
        operations.close()
    except BrokenPipeError:
        pass


def main() -> int:
    scenario, url = os.environ["MCP_CONFORMANCE_SCENARIO"], sys.argv[-1]
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
    pin = os.environ.get("CONFORMANCE_PIN", "").split()
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder, "answers.json")
        said = {**ANSWERS, "oauth": login(scenario, context)} if scenario.startswith("auth/") else ANSWERS
        answers.write_text(json.dumps(said), encoding="utf-8")
        words = ["batch", url, "--answers", str(answers), *pin]
        environment = {name: text for name, text in os.environ.items() if not name.startswith("MCP_CONFORMANCE_")}
        environment["MCPDECK_HOME"] = str(Path(folder, "home"))
        replies: list[Reply] = []

        def conversation(operations: IO[str], answered: IO[str]) -> None:
            replies.extend(talk(operations, answered, SCRIPTS.get(scenario, calling)(context)))

        forks = os.environ.get("CONFORMANCE_FORKS")
        start = partial(forked, forks) if forks else started
        code = start(words, environment, conversation)
    if record := os.environ.get("CONFORMANCE_RECORD"):
        Path(record).write_text(json.dumps({"exit": code, "replies": replies}), encoding="utf-8")
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
