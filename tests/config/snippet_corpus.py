"""Texts as people paste them from READMEs, and what they hold: (what it shows, text, servers, client).

Servers are names with entries in our shape; None is a server without a name.
"""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

Case = tuple[str, str, dict[str | None, dict[str, Any]], str]

_FILES = {"command": "npx", "args": ["-y", "@acme/files", "/tmp"]}
_HTTP = {"type": "http", "url": "https://h.example/mcp"}
_PG = {"command": "npx", "args": ["-y", "@acme/pg"]}


def _base64(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def _json_in_a_link() -> str:
    return quote(json.dumps({"name": "a", **_PG}))


CORPUS: list[Case] = [
    (
        "the usual object",
        '{\n  "mcpServers": {\n    "files": {"command": "npx", "args": ["-y", "@acme/files", "/tmp"]}\n  }\n}',
        {"files": _FILES},
        "claude-code",
    ),
    (
        "a README with a fence",
        (
            "# Files\n\nAdd this to `mcp.json`:\n\n```json\n"
            '{"mcpServers": {"files": {"command": "npx", "args": ["-y", "@acme/files", "/tmp"]}}}\n'
            "```\n\nand restart."
        ),
        {"files": _FILES},
        "claude-code",
    ),
    (
        "prose around, no fence",
        'Add this to your settings:\n\n{"mcpServers": {"a": {"command": "x"}}}\n\nThen restart {the app}.',
        {"a": {"command": "x"}},
        "claude-code",
    ),
    (
        "a fence in a quotation and an indented one",
        '1. do it\n\n   ```jsonc\n   {"mcpServers": {"a": {"command": "x"}}} // here\n   ```\n',
        {"a": {"command": "x"}},
        "claude-code",
    ),
    (
        "a fence that is not closed",
        '~~~\n{"mcpServers": {"a": {"command": "x"}}}',
        {"a": {"command": "x"}},
        "claude-code",
    ),
    (
        "comments and trailing commas",
        '{\n // servers\n "mcpServers": {\n  "a": { /* run */ "command": "x", "args": ["-y",], },\n },\n}',
        {"a": {"command": "x", "args": ["-y"]}},
        "claude-code",
    ),
    (
        "typographic quotes of a word processor",
        "{ “mcpServers”: { “a”: { “command”: “npx”, “args”: [“-y”, “it’s”] } } }",
        {"a": {"command": "npx", "args": ["-y", "it’s"]}},
        "claude-code",
    ),
    (
        "typographic quotes inside a text stay",
        '{"mcpServers": {"a": {"command": "x", "args": ["say “hi”"]}}}',
        {"a": {"command": "x", "args": ["say “hi”"]}},
        "claude-code",
    ),
    (
        "a hard space from a web page",
        '{\u00a0"mcpServers":\u00a0{"a":\u00a0{"command":\u00a0"x"}}}',
        {"a": {"command": "x"}},
        "claude-code",
    ),
    (
        "a member without its braces",
        '"files": {"command": "npx", "args": ["-y", "@acme/files", "/tmp"]},',
        {"files": _FILES},
        "claude-code",
    ),
    (
        "several members without braces",
        '"a": {"command": "x"},\n// and\n"b": {\n  "command": "y",\n}\n',
        {"a": {"command": "x"}, "b": {"command": "y"}},
        "claude-code",
    ),
    (
        "the key without the outer braces",
        '"mcpServers": {\n  "a": {"command": "x"}\n}\n}',
        {"a": {"command": "x"}},
        "claude-code",
    ),
    ("a bare entry", '{"command": "x", "env": {"A": "b"}}', {None: {"command": "x", "env": {"A": "b"}}}, "claude-code"),
    ("a bare entry with its name in it", '{"name": "a", "command": "x"}', {"a": {"command": "x"}}, "claude-code"),
    (
        "names without a key around",
        '{"a": {"command": "x"}, "b": {"url": "https://h.example/mcp"}}',
        {"a": {"command": "x"}, "b": _HTTP},
        "claude-code",
    ),
    ("a URL without a type", '{"mcpServers": {"a": {"url": "https://h.example/mcp"}}}', {"a": _HTTP}, "claude-code"),
    (
        "a URL of the older transport",
        '{"mcpServers": {"a": {"url": "https://h.example/sse"}}}',
        {"a": {"type": "sse", "url": "https://h.example/sse"}},
        "claude-code",
    ),
    (
        "the whole command line in one field",
        '{"mcpServers": {"a": {"command": "npx -y @acme/pg"}}}',
        {"a": _PG},
        "claude-code",
    ),
    (
        "somebody's own file with projects in it",
        '{"numStartups": 3, "projects": {"/p": {"mcpServers": {"a": {"command": "x"}}}}}',
        {"a": {"command": "x"}},
        "claude-code",
    ),
    (
        "VS Code with inputs",
        (
            '{"inputs": [{"type": "promptString", "id": "acme-key", "password": true}],\n'
            ' "servers": {"a": {"type": "stdio", "command": "x", "env": {"K": "${input:acme-key}"}}}}'
        ),
        {"a": {"command": "x", "env": {"K": "${ACME_KEY}"}}},
        "vscode",
    ),
    (
        "a whole settings.json of VS Code",
        '{\n "fontSize": 1, // small\n "mcp": {"servers": {"a": {"command": "x", "env": {"K": "${env:K}"}}}}\n}',
        {"a": {"command": "x", "env": {"K": "${K}"}}},
        "vscode",
    ),
    (
        "Cursor's variables",
        '{"mcpServers": {"a": {"command": "x", "args": ["${workspaceFolder}/d"], "env": {"K": "${env:K}"}}}}',
        {"a": {"command": "x", "args": ["./d"], "env": {"K": "${K}"}}},
        "cursor",
    ),
    (
        "Windsurf's serverUrl",
        '{"mcpServers": {"a": {"serverUrl": "https://h.example/mcp", "headers": {"X": "${env:K}"}}}}',
        {"a": {**_HTTP, "headers": {"X": "${K}"}}},
        "windsurf",
    ),
    (
        "Cline's switches",
        '{"mcpServers": {"a": {"command": "x", "disabled": false, "autoApprove": [], "timeout": 60}}}',
        {"a": {"command": "x", "timeout": 60000}},
        "cline",
    ),
    (
        "Gemini's httpUrl",
        '{"mcpServers": {"a": {"httpUrl": "https://h.example/mcp", "headers": {"X": "$API_KEY"}}}}',
        {"a": {**_HTTP, "headers": {"X": "${API_KEY}"}}},
        "gemini",
    ),
    (
        "opencode",
        (
            '{"$schema": "https://opencode.example/config.json",\n'
            ' "mcp": {"a": {"type": "local", "command": ["npx", "-y", "@acme/pg"], "enabled": true}}}'
        ),
        {"a": _PG},
        "opencode",
    ),
    (
        "opencode, the newer shape",
        '{"mcp": {"servers": {"a": {"type": "remote", "url": "https://h.example/mcp", "headers": {"X": "{env:K}"}}}}}',
        {"a": {**_HTTP, "headers": {"X": "${K}"}}},
        "opencode",
    ),
    (
        "Zed, inside its settings",
        '{"theme": "One Dark", "context_servers": {"a": {"source": "custom", "command": "x", "args": []}}}',
        {"a": {"command": "x", "args": []}},
        "zed",
    ),
    (
        "Zed, the older shape, without braces",
        '"context_servers": {"a": {"command": {"path": "x", "args": ["y"]}, "settings": {}}}',
        {"a": {"command": "x", "args": ["y"]}},
        "zed",
    ),
    (
        "Codex",
        '[mcp_servers.a]\ncommand = "npx"\nargs = ["-y", "@acme/pg"]\n',
        {"a": _PG},
        "codex",
    ),
    (
        "Codex with tables below and prose around",
        (
            'Put it into your config:\n\n[mcp_servers.a]\nurl = "https://h.example/mcp"\n\n'
            '[mcp_servers.a.env_http_headers]\nX = "K"\n\nThen restart Codex.'
        ),
        {"a": {**_HTTP, "headers": {"X": "${K}"}}},
        "codex",
    ),
    (
        "Codex in a fence with typographic quotes",
        "```toml\n[mcp_servers.a]\ncommand = “x”\n```",
        {"a": {"command": "x"}},
        "codex",
    ),
    (
        "Goose",
        (
            "extensions:\n  a:\n    name: A\n    cmd: npx\n    args: [-y, '@acme/pg']\n"
            "    enabled: true\n    type: stdio\n    timeout: 300\n"
        ),
        {"a": {**_PG, "timeout": 300000}},
        "goose",
    ),
    (
        "Goose, with other settings above and prose below",
        "GOOSE_MODE: auto\nextensions:\n  a:\n    type: streamable_http\n    uri: https://h.example/mcp\n\nThen go.",
        {"a": _HTTP},
        "goose",
    ),
    ("claude mcp add, remote", "claude mcp add --transport http a https://h.example/mcp", {"a": _HTTP}, "claude-code"),
    (
        "claude mcp add, with a header and a prompt sign",
        '$ claude mcp add a https://h.example/mcp -t http -s user --header "Authorization: Bearer ${TOKEN}"',
        {"a": {**_HTTP, "headers": {"Authorization": "Bearer ${TOKEN}"}}},
        "claude-code",
    ),
    (
        "claude mcp add, over several lines",
        "claude mcp add a \\\n  --scope user \\\n  -e A=b -e C=d \\\n  -- npx -y @acme/pg",
        {"a": {**_PG, "env": {"A": "b", "C": "d"}}},
        "claude-code",
    ),
    ("claude mcp add, without the dashes", "claude mcp add a npx -y @acme/pg", {"a": _PG}, "claude-code"),
    (
        "claude mcp add, dashes made longer by a web page",
        "claude mcp add —transport http a https://h.example/mcp",
        {"a": _HTTP},
        "claude-code",
    ),
    (
        "claude mcp add-json",
        'claude mcp add-json a \'{"command":"npx","args":["-y","@acme/pg"]}\'',
        {"a": _PG},
        "claude-code",
    ),
    (
        "claude mcp add-json over several lines",
        'claude mcp add-json a \'{\n  "command": "npx",\n  "args": ["-y", "@acme/pg"]\n}\'',
        {"a": _PG},
        "claude-code",
    ),
    (
        "two commands in a fence",
        "```sh\n# one\nclaude mcp add a -- x\nclaude mcp add b -- y\n```",
        {"a": {"command": "x"}, "b": {"command": "y"}},
        "claude-code",
    ),
    (
        "code --add-mcp",
        'code --add-mcp \'{"name":"a","command":"npx","args":["-y","@acme/pg"]}\'',
        {"a": _PG},
        "vscode",
    ),
    (
        "code --add-mcp, as another shell wants it",
        r'code-insiders --add-mcp "{\"name\":\"a\",\"type\":\"http\",\"url\":\"https://h.example/mcp\"}"',
        {"a": _HTTP},
        "vscode",
    ),
    ("gemini mcp add", "gemini mcp add -t http a https://h.example/mcp", {"a": _HTTP}, "gemini"),
    (
        "gemini mcp add, a program",
        "gemini mcp add -s user -e K=v a npx -y @acme/pg",
        {"a": {**_PG, "env": {"K": "v"}}},
        "gemini",
    ),
    ("codex mcp add", "codex mcp add a --env K=v -- npx -y @acme/pg", {"a": {**_PG, "env": {"K": "v"}}}, "codex"),
    (
        "codex mcp add, remote",
        "codex mcp add a --url https://h.example/mcp --bearer-token-env-var TOKEN",
        {"a": {**_HTTP, "headers": {"Authorization": "Bearer ${TOKEN}"}}},
        "codex",
    ),
    ("a command line", "npx -y @acme/pg", {"pg": _PG}, "claude-code"),
    (
        "a command line with variables before it",
        "$ API_KEY=abc uvx acme-mcp --port 3",
        {"acme-mcp": {"command": "uvx", "args": ["acme-mcp", "--port", "3"], "env": {"API_KEY": "abc"}}},
        "claude-code",
    ),
    (
        "a container",
        "docker run -i --rm \\\n  -e TOKEN \\\n  acme/pg",
        {"pg": {"command": "docker", "args": ["run", "-i", "--rm", "-e", "TOKEN", "acme/pg"]}},
        "claude-code",
    ),
    (
        "what is installed first and then started",
        "```bash\nnpm install -g acme-mcp\nacme-mcp --stdio\n```",
        {"acme-mcp": {"command": "acme-mcp", "args": ["--stdio"]}},
        "claude-code",
    ),
    ("a URL", "https://h.example/mcp", {"h-example": _HTTP}, "claude-code"),
    ("a URL in a sentence", "The endpoint is https://h.example/mcp.", {"h-example": _HTTP}, "claude-code"),
    ("a web socket", "wss://h.example/x", {"h-example": {"type": "ws", "url": "wss://h.example/x"}}, "claude-code"),
    (
        "a link for Cursor",
        f"cursor://anysphere.cursor-deeplink/mcp/install?name=a&config={quote(_base64(_PG))}",
        {"a": _PG},
        "cursor",
    ),
    (
        "a link for Cursor that wraps the name",
        (
            "[![Install](https://img.example/b.svg)]"
            f"(https://cursor.com/en/install-mcp/mcp/install?config={_base64({'a': _PG}).rstrip('=')})"
        ),
        {"a": _PG},
        "claude-code",
    ),
    ("a link for VS Code", f"vscode:mcp/install?{quote(json.dumps({'name': 'a', **_PG}))}", {"a": _PG}, "vscode"),
    (
        "a link for VS Code through its page",
        f"https://insiders.vscode.dev/redirect/mcp/install?name=a&config={quote(json.dumps(_HTTP))}",
        {"a": _HTTP},
        "vscode",
    ),
    (
        "a page that sends on to a link",
        f"https://vscode.dev/redirect?url={quote(f'vscode:mcp/install?{_json_in_a_link()}', safe='')}",
        {"a": _PG},
        "vscode",
    ),
    (
        "a link for Goose",
        "goose://extension?cmd=npx&arg=-y&arg=%40acme%2Fpg&id=a&name=A&env=TOKEN%3Dyours",
        {"a": {**_PG, "env": {"TOKEN": "${TOKEN}"}}},
        "goose",
    ),
]
