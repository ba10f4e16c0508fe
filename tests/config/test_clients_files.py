"""Where other clients keep their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpdeck.services.config.clients import BY_ID, CLIENTS, source_files
from mcpdeck.services.config.clients.client import Machine
from mcpdeck.services.models import Source

HOME, PROJECT = Path("/home/me"), Path("/srv/project")


def places(client: str, platform: str = "linux", **environ: str) -> list[str]:
    files = BY_ID[client].source_files(HOME, environ, platform, PROJECT)
    return [f"{file.path}#{'.'.join(file.at)}" for file in files]


SUPPORT = "/home/me/Library/Application Support"
ROAMING = "/home/me/AppData/Roaming"


@pytest.mark.parametrize(
    ("client", "platform", "place"),
    [
        ("claude-desktop", "darwin", f"{SUPPORT}/Claude/claude_desktop_config.json#mcpServers"),
        ("claude-desktop", "win32", f"{ROAMING}/Claude/claude_desktop_config.json#mcpServers"),
        ("claude-desktop", "linux", "/home/me/.config/Claude/claude_desktop_config.json#mcpServers"),
        ("claude-code", "linux", "/home/me/.claude.json#projects./srv/project.mcpServers"),
        ("claude-code", "linux", "/srv/project/.mcp.json#mcpServers"),
        ("claude-code", "darwin", "/home/me/.claude.json#mcpServers"),
        ("cursor", "linux", "/home/me/.cursor/mcp.json#mcpServers"),
        ("cursor", "win32", "/srv/project/.cursor/mcp.json#mcpServers"),
        ("vscode", "linux", "/srv/project/.vscode/mcp.json#servers"),
        ("vscode", "linux", "/srv/project/.vscode/settings.json#mcp.servers"),
        ("vscode", "linux", "/home/me/.config/Code/User/mcp.json#servers"),
        ("vscode", "linux", "/home/me/.config/Code - Insiders/User/settings.json#mcp.servers"),
        ("vscode", "darwin", f"{SUPPORT}/Code/User/mcp.json#servers"),
        ("vscode", "win32", f"{ROAMING}/VSCodium/User/mcp.json#servers"),
        ("windsurf", "linux", "/home/me/.codeium/windsurf/mcp_config.json#mcpServers"),
        ("cline", "linux", "/home/me/.cline/data/settings/cline_mcp_settings.json#mcpServers"),
        (
            "cline",
            "darwin",
            f"{SUPPORT}/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json#mcpServers",
        ),
        ("gemini", "linux", "/home/me/.gemini/settings.json#mcpServers"),
        ("gemini", "linux", "/srv/project/.gemini/settings.json#mcpServers"),
        ("gemini", "linux", "/etc/gemini-cli/settings.json#mcpServers"),
        ("codex", "linux", "/home/me/.codex/config.toml#mcp_servers"),
        ("codex", "win32", "/srv/project/.codex/config.toml#mcp_servers"),
        ("goose", "linux", "/home/me/.config/goose/config.yaml#extensions"),
        ("goose", "darwin", "/home/me/.config/goose/config.yaml#extensions"),
        ("goose", "win32", f"{ROAMING}/Block/goose/config/config.yaml#extensions"),
        ("opencode", "linux", "/home/me/.config/opencode/opencode.json#mcp"),
        ("opencode", "linux", "/srv/project/opencode.jsonc#mcp.servers"),
        ("opencode", "darwin", "/srv/project/.opencode/opencode.json#mcp"),
        ("zed", "linux", "/home/me/.config/zed/settings.json#context_servers"),
        ("zed", "darwin", "/home/me/.config/zed/settings.json#context_servers"),
        ("zed", "win32", f"{ROAMING}/Zed/settings.json#context_servers"),
        ("zed", "linux", "/srv/project/.zed/settings.json#context_servers"),
    ],
)
def test_each_platform_has_its_own_places(client: str, platform: str, place: str) -> None:
    assert place in places(client, platform)


@pytest.mark.parametrize(
    ("client", "platform", "variable", "value", "place"),
    [
        ("claude-code", "linux", "CLAUDE_CONFIG_DIR", "/c", "/c/.claude.json#mcpServers"),
        ("vscode", "linux", "XDG_CONFIG_HOME", "/x", "/x/Code/User/mcp.json#servers"),
        ("vscode", "linux", "VSCODE_PORTABLE", "/p", "/p/user-data/User/mcp.json#servers"),
        ("cline", "linux", "CLINE_MCP_SETTINGS_PATH", "/c/m.json", "/c/m.json#mcpServers"),
        ("cline", "linux", "CLINE_DATA_DIR", "/c", "/c/settings/cline_mcp_settings.json#mcpServers"),
        ("cline", "linux", "CLINE_DIR", "/c", "/c/data/settings/cline_mcp_settings.json#mcpServers"),
        ("gemini", "linux", "GEMINI_CLI_HOME", "/g", "/g/.gemini/settings.json#mcpServers"),
        ("gemini", "linux", "GEMINI_CLI_SYSTEM_SETTINGS_PATH", "/g/s.json", "/g/s.json#mcpServers"),
        ("codex", "linux", "CODEX_HOME", "/c", "/c/config.toml#mcp_servers"),
        ("codex", "linux", "CODEX_HOME", "~/c", "/home/me/c/config.toml#mcp_servers"),
        ("goose", "linux", "GOOSE_PATH_ROOT", "/g", "/g/config/config.yaml#extensions"),
        ("goose", "linux", "XDG_CONFIG_HOME", "/x", "/x/goose/config.yaml#extensions"),
        ("opencode", "linux", "OPENCODE_CONFIG", "/o.json", "/o.json#mcp"),
        ("opencode", "linux", "OPENCODE_CONFIG_DIR", "/o", "/o/opencode.json#mcp"),
        ("zed", "linux", "FLATPAK_XDG_CONFIG_HOME", "/f", "/f/zed/settings.json#context_servers"),
        ("claude-desktop", "win32", "APPDATA", "/a", "/a/Claude/claude_desktop_config.json#mcpServers"),
    ],
)
def test_variables_move_the_files(client: str, platform: str, variable: str, value: str, place: str) -> None:
    assert place in places(client, platform, **{variable: value})
    assert place not in places(client, platform)


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_an_empty_or_relative_folder_counts_as_not_set(value: str) -> None:
    assert places("codex", CODEX_HOME=value) == places("codex")


def test_profiles_of_vs_code_are_looked_into(tmp_path: Path) -> None:
    profile = tmp_path / ".config" / "Code" / "User" / "profiles" / "abc"
    profile.mkdir(parents=True)
    files = BY_ID["vscode"].source_files(tmp_path, {}, "linux", PROJECT)
    assert profile / "mcp.json" in [file.path for file in files]


def test_the_files_of_claude_code_are_not_offered_a_second_time() -> None:
    files = source_files(HOME, {}, "linux", PROJECT)
    assert {file.client for file in files} == {client.id for client in CLIENTS} - {"claude-code"}
    assert {file.source for file in files} == {Source.IMPORTED}
    assert {file.folder for file in files} == {PROJECT}


@pytest.mark.parametrize("client", [client.id for client in CLIENTS])
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_file_to_paste_into_is_the_persons_own(client: str, platform: str) -> None:
    path = BY_ID[client].own_file(Machine(HOME, {}, platform, PROJECT))
    assert path.is_relative_to(HOME)


def test_of_several_own_files_the_one_that_is_there_is_pasted_into(tmp_path: Path) -> None:
    file = tmp_path / ".config" / "opencode" / "opencode.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    assert BY_ID["opencode"].own_file(Machine(tmp_path, {}, "linux", PROJECT)) == file
