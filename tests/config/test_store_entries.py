from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mcpdeck.services.config import change as changes
from mcpdeck.services.config.change import Change, Written
from mcpdeck.services.config.files import Folders
from mcpdeck.services.config.store_entries import EntryFile, EntryStore
from mcpdeck.services.errors import ConfigError, UsageError
from mcpdeck.services.models import JsonObject
from tests.config.project import Project
from tests.unprivileged import no_superuser

ENTRY: JsonObject = {"command": "npx", "args": ["-y", "x"]}
SECRET: JsonObject = {"type": "http", "url": "https://h.example/mcp", "headers": {"Authorization": "Bearer abc123"}}


@pytest.fixture
def store(project: Project) -> EntryStore:
    return EntryStore(Folders.of(project.options.environ), project.root)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("scope", ["local", "project", "user"])
def test_an_entry_goes_in_is_changed_renamed_and_taken_out_again(store: EntryStore, scope: str) -> None:
    file = store.files[scope]

    def servers() -> object:
        value = json.loads(file.path.read_text(encoding="utf-8"))
        for key in file.at:
            value = value[key]
        return value

    made = store.add(file, "a", ENTRY)
    assert (made.path, made.before, made.after) == (file.path, None, file.path.read_text(encoding="utf-8"))
    assert servers() == {"a": ENTRY}
    store.add(file, "b", ENTRY)
    store.replace(file, "a", "c", {"command": "other"}, expected=ENTRY)
    assert list(servers().items()) == [("c", {"command": "other"}), ("b", ENTRY)]  # type: ignore[attr-defined]
    store.remove(file, "c")
    assert servers() == {"b": ENTRY}


def test_the_three_files_are_where_they_are_read(store: EntryStore, project: Project) -> None:
    config = project.home / "config"
    assert store.files["local"].path == config / "local.json"
    assert store.files["local"].at == ("projects", str(project.root), "mcpServers")
    assert store.files["project"].path == project.root / ".mcp.json"
    assert store.files["user"].path == config / "mcp.json"


def test_only_files_of_ours_and_of_the_project_are_known(store: EntryStore, project: Project) -> None:
    servers = ("mcpServers",)
    assert store.file_of(project.user_file, servers) == store.files["user"]
    nested = store.file_of(project.root / "sub" / ".mcp.json", servers)
    assert nested == EntryFile("project", project.root / "sub" / ".mcp.json", private=False)
    for path, at in [
        (project.root.parent / ".mcp.json", servers),
        (project.root / ".claude" / "settings.json", servers),
        (project.home / ".claude.json", servers),
        (project.home / "config" / "local.json", ("projects", "/elsewhere", "mcpServers")),
        (None, servers),
    ]:
        assert store.file_of(path, at) is None


def test_many_entries_go_in_by_one_change_and_everything_else_stays(store: EntryStore, project: Project) -> None:
    file = store.files["project"]
    before = '{\n  "about": [1,  2],\n  "mcpServers": {\n    "a":   {"command": "odd"}\n  }\n}\n'
    file.path.write_text(before, encoding="utf-8")
    change = store.add_many(file, {"b": ENTRY, "c": {"command": "c"}})
    assert '"about": [1,  2]' in change.after
    assert '"a":   {"command": "odd"}' in change.after
    assert json.loads(change.after)["mcpServers"] == {"a": {"command": "odd"}, "b": ENTRY, "c": {"command": "c"}}
    assert store.add_many(file, {"b": SECRET}, force=True, dry_run=True).changed
    assert file.path.read_text(encoding="utf-8") == change.after
    assert not store.add_many(file, {}).changed


def test_of_many_entries_none_goes_in_when_names_are_taken(store: EntryStore) -> None:
    file = store.files["user"]
    taken = {f"t{number}": ENTRY for number in range(8)}
    store.add_many(file, taken)
    before = file.path.read_bytes()
    with pytest.raises(UsageError, match='"t0", "t1", "t2", "t3", "t4" and 3 more') as caught:
        store.add_many(file, {"new": ENTRY, **taken})
    assert "--force" in caught.value.hint
    assert file.path.read_bytes() == before
    file.path.write_text('{"mcpServers": []}', encoding="utf-8")
    with pytest.raises(ConfigError):
        store.add_many(file, {"new": ENTRY})


def test_a_taken_name_is_kept_unless_it_is_to_be_replaced(store: EntryStore) -> None:
    file = store.files["user"]
    store.add(file, "a", ENTRY)
    before = file.path.read_bytes()
    with pytest.raises(UsageError, match='already is a server "a"') as caught:
        store.add(file, "a", SECRET)
    assert "--force" in caught.value.hint
    assert file.path.read_bytes() == before
    assert store.add(file, "a", SECRET, force=True).changed
    store.add(file, "b", ENTRY)
    with pytest.raises(UsageError, match='already is a server "a"'):
        store.replace(file, "b", "a", ENTRY)


def test_what_is_not_there_cannot_be_changed_or_removed(store: EntryStore) -> None:
    with pytest.raises(UsageError, match='no server "a"'):
        store.remove(store.files["user"], "a")
    with pytest.raises(UsageError, match='no server "a"'):
        store.replace(store.files["user"], "a", "a", ENTRY)
    assert not store.files["user"].path.exists()


def test_an_entry_that_somebody_changed_meanwhile_is_not_overwritten(store: EntryStore) -> None:
    file = store.files["user"]
    store.add(file, "a", ENTRY)
    with pytest.raises(UsageError, match="meanwhile"):
        store.replace(file, "a", "a", SECRET, expected={"command": "what the person saw"})


def test_everything_else_in_the_file_stays_byte_for_byte(store: EntryStore, project: Project) -> None:
    text = '\ufeff{\r\n\t"$schema": "x",\r\n\t"mcpServers": {\r\n\t\t"z": {"odd" : 1e3, "e": "\\u00e9"}\r\n\t}\r\n}'
    project.write(text.encode())
    store.add(store.files["project"], "a", ENTRY)
    added = ',\r\n\t\t"a": {"command": "npx", "args": ["-y", "x"]}'
    assert project.file.read_bytes().decode() == text.replace("}\r\n\t}", "}" + added + "\r\n\t}")
    store.remove(store.files["project"], "a")
    assert project.file.read_bytes() == text.encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"mcpServers": {', ".mcp.json:1:17 is not JSON"),
        (b"// note\n{}", ".mcp.json:1:1 is not JSON"),
        (b'{"mcpServers": []}', "is not an object"),
        (b"[]", "holds an array"),
        ("{}".encode("utf-16"), "is not UTF-8"),
    ],
)
def test_a_file_that_is_not_understood_is_left_alone(
    store: EntryStore, project: Project, content: bytes, said: str
) -> None:
    project.write(content)
    for force in (False, True):
        with pytest.raises(ConfigError, match=said):
            store.add(store.files["project"], "a", ENTRY, force=force)
    assert everything(project.root) == {".mcp.json": content}


def test_a_dry_run_writes_nothing_not_even_a_folder(store: EntryStore, project: Project) -> None:
    for file in store.files.values():
        made = store.add(file, "a", ENTRY, dry_run=True)
        assert made.changed
        assert "+" in made.diff()
    assert not project.home.exists()
    assert not project.file.exists()
    store.add(store.files["project"], "a", ENTRY)
    before = everything(project.root)
    store.replace(store.files["project"], "a", "b", SECRET, dry_run=True)
    store.remove(store.files["project"], "a", dry_run=True)
    assert everything(project.root) == before


# -- what a diff shows


def test_a_diff_has_the_lines_that_change_and_no_secret() -> None:
    before = json.dumps({"mcpServers": {"a": SECRET, "b": {"command": "x", "args": ["--token", "first"]}}}, indent=2)
    after = before.replace("abc123", "changed456").replace("first", "second")
    shown = Change(Path("/p/.mcp.json"), before, after).diff()
    assert shown.startswith("--- /p/.mcp.json\n+++ /p/.mcp.json\n@@ -4,14 +4,14 @@")
    assert '-        "Authorization": "Bearer •••"\n+        "Authorization": "Bearer •••"\n' in shown
    assert not any(secret in shown for secret in ("abc123", "changed456", "first", "second"))
    assert Change(Path("/p"), before, before).diff() == ""
    assert Change(Path("/p"), None, "{}\n").diff() == "--- /dev/null\n+++ /p\n@@ -0,0 +1 @@\n+{}\n"


def test_a_secret_under_a_key_that_is_given_twice_is_masked_in_both_places() -> None:
    before = '{"env": {"API_KEY": "one"}, "env": {"API_KEY": "two"}}'
    shown = Change(Path("/p"), before, before + "\n\n").diff()
    assert "one" not in shown and "two" not in shown


# -- modes, links, locks


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_mcpdeck_s_own_files_are_for_their_owner_only(store: EntryStore, project: Project) -> None:
    project.servers({"x": ENTRY}, project.user_file)
    project.user_file.chmod(0o644)
    store.add(store.files["user"], "a", ENTRY)
    store.add(store.files["local"], "a", ENTRY)
    assert mode(project.user_file) == mode(store.files["local"].path) == 0o600
    assert mode(project.home / "data" / "locks") == mode(project.home / "data") == 0o700


def test_a_new_project_file_is_for_others_unless_a_secret_stands_in_it(store: EntryStore, project: Project) -> None:
    store.add(store.files["project"], "a", ENTRY)
    assert mode(project.file) == 0o644
    store.add(store.files["project"], "b", SECRET)
    assert mode(project.file) == 0o644  # who could read it could do so before: its mode is kept
    project.file.unlink()
    store.add(store.files["project"], "b", SECRET)
    assert mode(project.file) == 0o600
    project.file.unlink()
    store.add(store.files["project"], "c", {**SECRET, "headers": {"Authorization": "Bearer ${TOKEN}"}})
    assert mode(project.file) == 0o644
    project.file.chmod(0o640)
    store.add(store.files["project"], "d", ENTRY)
    assert mode(project.file) == 0o640


def test_a_link_stays_one_and_what_it_points_at_is_written(store: EntryStore, project: Project, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles" / "mcp.json"
    project.servers({"x": ENTRY}, dotfiles)
    project.user_file.parent.mkdir(parents=True)
    project.user_file.symlink_to(dotfiles)
    made = store.add(store.files["user"], "a", ENTRY)
    assert project.user_file.is_symlink()
    assert dotfiles.read_text() == made.after
    assert made.path == project.user_file
    project.write({"mcpServers": {}}, project.root / "shared.json")
    project.file.symlink_to("shared.json")
    store.add(store.files["project"], "a", ENTRY)
    assert project.file.is_symlink()
    assert "npx" in (project.root / "shared.json").read_text()


def test_a_link_of_a_project_does_not_lead_to_a_file_outside(
    store: EntryStore, project: Project, tmp_path: Path
) -> None:
    theirs = tmp_path / "claude.json"
    project.servers({}, theirs)
    project.file.symlink_to(theirs)
    with pytest.raises(ConfigError, match="leads out of the project"):
        store.add(store.files["project"], "a", ENTRY)
    assert json.loads(theirs.read_text()) == {"mcpServers": {}}


def test_the_project_gets_its_file_and_nothing_else(store: EntryStore, project: Project) -> None:
    store.add(store.files["project"], "a", ENTRY)
    store.remove(store.files["project"], "a")
    assert {path.name for path in project.root.iterdir()} == {".git", ".mcp.json"}


def test_a_change_of_another_program_in_between_is_not_lost(project: Project, tmp_path: Path) -> None:
    project.write('{"n": 0}')
    seen: list[str] = []

    def edit(text: str) -> str:
        seen.append(text)
        if len(seen) == 1:
            project.write('{"n": 1}')
        return text.replace("}", ', "ours": true}')

    made = Written(project.file, private=False).change(edit, tmp_path / "locks")
    assert seen == ['{"n": 0}', '{"n": 1}']
    assert project.file.read_text() == made.after == '{"n": 1, "ours": true}'


def test_a_file_that_changes_all_the_time_is_given_up(project: Project, tmp_path: Path) -> None:
    project.write("0")

    def edit(text: str) -> str:
        project.write(str(int(text) + 1))
        return "ours"

    with pytest.raises(ConfigError, match="changed by another program all the time"):
        Written(project.file, private=False).change(edit, tmp_path / "locks")
    assert project.file.read_text() == str(changes.ATTEMPTS)
    assert {path.name for path in project.root.iterdir()} == {".git", ".mcp.json"}


def test_another_writer_is_waited_for_only_so_long(
    store: EntryStore, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "LOCK_SECONDS", 0.05)

    def edit(_: str) -> str:
        with pytest.raises(ConfigError, match="another mcpdeck"):
            store.add(store.files["user"], "a", ENTRY)
        return "{}"

    Written(project.user_file, private=True).change(edit, project.home / "data" / "locks")
    assert project.user_file.read_text() == "{}"
    store.add(store.files["user"], "a", ENTRY)


WRITER = """
import sys
from pathlib import Path
from mcpdeck.services.config.files import Folders
from mcpdeck.services.config.store_entries import EntryStore
letter, home, project = sys.argv[1:]
store = EntryStore(Folders.of({"MCPDECK_HOME": home}), Path(project))
print("ready", flush=True)
sys.stdin.readline()
for number in range(50):
    for scope in ("user", "project"):
        store.add(store.files[scope], f"{letter}{number}", {"command": letter})
"""


def test_two_processes_that_add_at_the_same_time_lose_nothing(project: Project) -> None:
    words = [sys.executable, "-c", WRITER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([*words, letter, project.home, project.root], **pipes) for letter in "ab"]  # type: ignore[call-overload]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    wanted = {f"{letter}{number}": {"command": letter} for letter in "ab" for number in range(50)}
    for path in (project.user_file, project.file):
        assert json.loads(path.read_text())["mcpServers"] == wanted
        assert [other for other in path.parent.iterdir() if other.name not in (path.name, ".git")] == []


# -- what the system refuses


def test_a_folder_that_cannot_be_written_is_named_with_a_way_out() -> None:
    with tempfile.TemporaryDirectory() as name:  # what pytest gives may be entered by its owner only
        base = Path(name)
        base.chmod(0o755)
        (base / "home").mkdir()
        (base / "home").chmod(0o777)
        (base / "project").mkdir()
        (base / "project").chmod(0o555)
        store = EntryStore(Folders.of({"MCPDECK_HOME": str(base / "home")}), base / "project")
        with no_superuser():
            with pytest.raises(ConfigError) as caught:
                store.add(store.files["project"], "a", ENTRY)
            store.add(store.files["local"], "a", ENTRY)
        assert caught.value.title == f"cannot write {base / 'project' / '.mcp.json'}: permission denied"
        assert "--scope local" in caught.value.hint
        (base / "home" / "config").chmod(0o555)
        with no_superuser(), pytest.raises(ConfigError, match="permission denied") as caught:
            store.add(store.files["user"], "a", ENTRY)
        assert "MCPDECK_HOME" in caught.value.hint
        (base / "home" / "config").chmod(0o755)


def test_a_directory_or_a_file_in_the_place_is_said(store: EntryStore, project: Project) -> None:
    project.file.mkdir()
    with pytest.raises(ConfigError, match="it is a directory"):
        store.add(store.files["project"], "a", ENTRY)
    assert list(project.file.iterdir()) == []
    project.write("a file where the folder belongs", project.home / "config")
    with pytest.raises(ConfigError, match=r"cannot write .*mcp.json: not a directory"):
        store.add(store.files["user"], "a", ENTRY)


def test_a_pipe_in_the_place_is_not_waited_for(store: EntryStore, project: Project) -> None:
    os.mkfifo(project.file)
    with pytest.raises(ConfigError, match="not a regular file"):
        store.add(store.files["project"], "a", ENTRY)


FULL = """
import resource, sys
from pathlib import Path
from mcpdeck.services.config.files import Folders
from mcpdeck.services.config.store_entries import EntryStore
from mcpdeck.services.errors import ConfigError
store = EntryStore(Folders.of({"MCPDECK_HOME": sys.argv[1]}), Path(sys.argv[2]))
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
try:
    store.add(store.files["project"], "big", {"command": "x" * 5000})
except ConfigError as error:
    print(error.title, "|", error.hint)
"""


def test_when_there_is_no_room_the_old_file_stays_whole(project: Project) -> None:
    project.servers({"x": ENTRY})
    before = everything(project.root)
    words = [sys.executable, "-c", FULL, str(project.home), str(project.root)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith(f"cannot write {project.file}: file too large | the file is as it was")
    assert everything(project.root) == before
