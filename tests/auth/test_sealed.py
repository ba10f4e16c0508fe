"""The encrypted file: nothing of it is readable, nothing of it can be changed, and nothing that is spoiled is lost."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpdeck.services.auth import key_sources
from mcpdeck.services.auth.key_sources import FileKeys, PassphraseKeys
from mcpdeck.services.auth.sealed import SealedFile, Spoiled, hint_of
from mcpdeck.services.errors import ConfigError, StorageError
from mcpdeck.services.models import JsonObject
from tests.unprivileged import no_superuser, open_folder

SECRET = "a-very-secret-token"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_sources, "COST", 1 << 4)


def _keys(kind: str, folder: Path) -> FileKeys | PassphraseKeys:
    return FileKeys(folder / "key", lambda _: None) if kind == "file" else PassphraseKeys("correct horse")


def _file(folder: Path, kind: str = "file", remarks: list[str] | None = None) -> SealedFile:
    say: Callable[[str], None] = (lambda _: None) if remarks is None else remarks.append
    return SealedFile(folder / f"{kind}.sealed", _keys(kind, folder), say)


def _put(file: SealedFile, value: str = SECRET) -> None:
    file.update(lambda content: content.update(value=value), lambda _: ["hint"])


def _no_key(_: JsonObject) -> bytes:
    raise AssertionError("the key was asked for")


@pytest.mark.parametrize("kind", ["file", "passphrase"])
def test_what_is_put_in_comes_out_and_nothing_of_it_can_be_read(tmp_path: Path, kind: str) -> None:
    assert _file(tmp_path, kind).read() == {}
    _put(_file(tmp_path, kind))
    assert _file(tmp_path, kind).read() == {"value": SECRET}
    data = (tmp_path / f"{kind}.sealed").read_bytes()
    decoded = base64.b64decode(json.loads(data)["sealed"])
    assert SECRET.encode() not in data + decoded
    assert b"correct horse" not in data


def test_files_and_folders_are_private(tmp_path: Path) -> None:
    _put(_file(tmp_path / "auth"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "auth").rglob("*")}
    assert modes.pop("key") == 0o700
    assert len(modes) == 2
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "auth").stat().st_mode) == 0o700


def test_the_key_stands_in_a_folder_of_its_own(tmp_path: Path) -> None:
    _put(_file(tmp_path))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["file.sealed"]
    key = next((tmp_path / "key").iterdir()).read_text().strip()
    assert len(base64.b64decode(key)) == 32
    assert key not in (tmp_path / "file.sealed").read_text()


def test_every_write_has_a_nonce_of_its_own_and_the_same_key(tmp_path: Path) -> None:
    outer: list[dict[str, str]] = []
    for _ in range(3):
        _put(_file(tmp_path))
        outer.append(json.loads((tmp_path / "file.sealed").read_text()))
    assert len({each["nonce"] for each in outer}) == 3
    assert len({each["sealed"] for each in outer}) == 3
    assert len({each["key"] for each in outer}) == 1


def _changes() -> Iterator[tuple[str, Callable[[JsonObject], None]]]:
    def flipped(name: str, index: int) -> Callable[[JsonObject], None]:
        def change(outer: JsonObject) -> None:
            data = bytearray(base64.b64decode(str(outer[name])))
            data[index] ^= 1
            outer[name] = base64.b64encode(data).decode()

        return change

    yield "a bit of the text", flipped("sealed", 3)
    yield "a bit of the tag", flipped("sealed", -1)
    yield "a bit of the nonce", flipped("nonce", 0)
    yield "a shorter text", lambda outer: outer.update(sealed=str(outer["sealed"])[:8])
    yield "no base64", lambda outer: outer.update(sealed="%%%")
    yield "no text", lambda outer: outer.pop("sealed")
    yield "no nonce", lambda outer: outer.pop("nonce")
    yield "an empty nonce", lambda outer: outer.update(nonce="")
    yield "another hint", lambda outer: outer.update(hints=["another"])
    yield "another source", lambda outer: outer.update(source="another")
    yield "something beside it", lambda outer: outer.update(more=1)
    yield "a name of no key", lambda outer: outer.update(key="../../etc/passwd")
    yield "a name that no file can have", lambda outer: outer.update(key="k" * 5000)
    yield "a name with a NUL", lambda outer: outer.update(key="\0")
    yield "no name of a key", lambda outer: outer.pop("key")
    yield "no version", lambda outer: outer.pop("version")
    yield "a version that is none", lambda outer: outer.update(version=True)
    yield "another program's file", lambda outer: outer.update(mcpdeck="x")


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in _changes()])
def test_a_file_that_was_changed_is_told_put_aside_and_never_written_over(
    tmp_path: Path, change: Callable[[JsonObject], None]
) -> None:
    _put(_file(tmp_path))
    path = tmp_path / "file.sealed"
    outer = json.loads(path.read_text())
    change(outer)
    path.write_text(spoiled := json.dumps(outer))
    with pytest.raises(Spoiled):
        _file(tmp_path).read()
    assert path.read_text() == spoiled
    remarks: list[str] = []
    _put(_file(tmp_path, remarks=remarks), "new")
    assert (tmp_path / "file.sealed.broken").read_text() == spoiled
    assert _file(tmp_path).read() == {"value": "new"}
    assert "file.sealed.broken" in remarks[-1]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"\x00" * 50, b"[" * 100_000])
def test_rubbish_is_told_put_aside_and_never_written_over(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file.sealed"
    for name in ("file.sealed.broken", "file.sealed.broken-2"):
        path.write_bytes(data)
        with pytest.raises(Spoiled, match="is damaged"):
            _file(tmp_path).read()
        _put(_file(tmp_path))
        assert (tmp_path / name).read_bytes() == data


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_MEMBERS = ("mcpdeck", "version", "source", "key", "salt", "n", "r", "p", "check", "hints", "nonce", "sealed")


@pytest.mark.parametrize("kind", ["file", "passphrase"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(_MEMBERS), _VALUES, min_size=1, max_size=3))
def test_whatever_stands_in_the_file_it_is_read_or_refused(tmp_path: Path, kind: str, changes: JsonObject) -> None:
    path = tmp_path / f"{kind}.sealed"
    path.unlink(missing_ok=True)
    _put(_file(tmp_path, kind))
    before = json.loads(path.read_text())
    path.write_text(json.dumps({**before, **changes}))
    file = _file(tmp_path, kind)
    assert isinstance(file.named(), dict)
    try:
        assert file.read() == {"value": SECRET}
    except (Spoiled, StorageError):
        assert json.dumps({**before, **changes}) != json.dumps(before)
    else:
        assert {**before, **changes} == before


def test_a_text_that_was_sealed_and_is_no_object_is_spoiled(tmp_path: Path) -> None:
    file = _file(tmp_path)
    named, key = file.keys.fresh()
    file._write(named, key, ["a list"], [])  # type: ignore[arg-type]
    with pytest.raises(Spoiled):
        file.read()


@pytest.mark.parametrize("text", [None, "", "QUJD"])
def test_a_file_whose_key_is_gone_or_damaged_is_put_aside(tmp_path: Path, text: str | None) -> None:
    _put(_file(tmp_path))
    key = next((tmp_path / "key").iterdir())
    before = (tmp_path / "file.sealed").read_text()
    key.unlink() if text is None else key.write_text(text)
    with pytest.raises(Spoiled, match=rf"{key.name} is (gone|damaged)"):
        _file(tmp_path).read()
    _put(_file(tmp_path), "new")
    assert (tmp_path / "file.sealed.broken").read_text() == before
    assert _file(tmp_path).read() == {"value": "new"}


def test_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file.sealed"
    path.write_text(text := '{"mcpdeck": "credentials", "version": 2}')
    for ask in (lambda: _file(tmp_path).read(), lambda: _put(_file(tmp_path))):
        with pytest.raises(StorageError, match="is of version 2") as caught:
            ask()
        assert "nothing was changed" in caught.value.hint
    assert path.read_text() == text


def test_a_wrong_passphrase_says_so_and_nothing_is_written_over(tmp_path: Path) -> None:
    _put(_file(tmp_path, "passphrase"))
    before = (tmp_path / "passphrase.sealed").read_text()
    for keys, words in (
        (PassphraseKeys("wrong"), "is not the passphrase"),
        (PassphraseKeys(None), "MCPDECK_PASSPHRASE is not set"),
        (PassphraseKeys(""), "MCPDECK_PASSPHRASE is not set"),
    ):
        file = SealedFile(tmp_path / "passphrase.sealed", keys, lambda _: None)
        for ask in (file.read, lambda file=file: _put(file)):
            with pytest.raises(StorageError, match=words) as caught:
                ask()
            assert "wrong" not in caught.value.title + caught.value.hint
    assert (tmp_path / "passphrase.sealed").read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["passphrase.sealed"]


def test_a_damaged_text_is_told_from_a_wrong_passphrase(tmp_path: Path) -> None:
    _put(_file(tmp_path, "passphrase"))
    path = tmp_path / "passphrase.sealed"
    outer = json.loads(path.read_text())
    path.write_text(json.dumps({**outer, "hints": []}))
    with pytest.raises(Spoiled, match="is damaged"):
        _file(tmp_path, "passphrase").read()


@pytest.mark.parametrize(
    "odd", [{"n": 1 << 30}, {"n": 3}, {"n": 0}, {"r": 10_000}, {"p": -1}, {"salt": 1}, {"n": "16"}]
)
def test_numbers_that_would_take_all_memory_are_not_tried(tmp_path: Path, odd: JsonObject) -> None:
    _put(_file(tmp_path, "passphrase"))
    path = tmp_path / "passphrase.sealed"
    path.write_text(json.dumps({**json.loads(path.read_text()), **odd}))
    with pytest.raises(Spoiled, match="does not say how its key is derived"):
        _file(tmp_path, "passphrase").read()


def test_a_passphrase_of_any_bytes_is_one(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9 \xff")
    path = tmp_path / "passphrase.sealed"
    _put(SealedFile(path, PassphraseKeys(odd), lambda _: None))
    assert SealedFile(path, PassphraseKeys(odd), lambda _: None).read() == {"value": SECRET}


def test_the_real_cost_of_a_passphrase_is_what_the_rfc_calls_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    named, _ = PassphraseKeys("x").fresh()
    assert (named["kdf"], named["n"], named["r"]) == ("scrypt", 65536, 8)


def test_the_passphrase_before_opens_the_file_and_a_new_key_is_of_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "passphrase.sealed"
    _put(SealedFile(path, PassphraseKeys("old"), lambda _: None))
    both = SealedFile(path, PassphraseKeys("new", "old"), lambda _: None)
    assert both.renew(both.read(), []) == ""
    assert SealedFile(path, PassphraseKeys("new"), lambda _: None).read() == {"value": SECRET}
    with pytest.raises(StorageError):
        SealedFile(path, PassphraseKeys("old"), lambda _: None).read()


def test_a_new_key_takes_the_place_of_every_old_one(tmp_path: Path) -> None:
    _put(_file(tmp_path))
    old = next((tmp_path / "key").iterdir())
    (tmp_path / "key" / ".left-by-a-killed-process").write_text("a key")
    assert _file(tmp_path).renew({"value": "kept"}, ["hint"]) == ""
    assert not old.exists()
    assert len(list((tmp_path / "key").iterdir())) == 1
    assert _file(tmp_path).read() == {"value": "kept"}
    assert _file(tmp_path).hints() == {"hint"}


def test_a_key_that_cannot_be_read_or_removed_is_told() -> None:
    with open_folder() as folder:
        folder.chmod(0o777)
        with no_superuser():
            _put(_file(folder))
            key = next((folder / "key").iterdir())
            key.chmod(0)
            with pytest.raises(StorageError, match=f"the key {key} cannot be used: .*permission denied"):
                _file(folder).read()
            key.chmod(0o600)
        (folder / "key").chmod(0o555)
        with no_superuser():
            said = FileKeys(folder / "key", lambda _: None).retire({}, None)
            assert said == f"{key} cannot be removed: Permission denied"
        (folder / "key").chmod(0o777)


def test_hints_need_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _file(tmp_path).hints() == frozenset()
    _put(_file(tmp_path))
    monkeypatch.setattr(FileKeys, "key", lambda self, named: _no_key(named))
    assert _file(tmp_path).hints() == {"hint"}


def test_a_hint_holds_nothing_of_a_query_or_a_user_and_tells_servers_and_settings_apart() -> None:
    plain = hint_of("https://h/mcp", "w")
    assert hint_of("https://me:secret@h/mcp?key=secret", "w") == plain
    assert (
        len({plain, hint_of("https://h/other", "w"), hint_of("https://i/mcp", "w"), hint_of("https://h/mcp", "v")}) == 4
    )
    assert hint_of("https://[", "w")  # no URL, and no error


def test_a_key_that_is_changed_by_another_process_in_the_middle_of_reading_is_no_damage(tmp_path: Path) -> None:
    _put(_file(tmp_path))
    reader = _file(tmp_path)
    ask, asked = reader.keys.key, list[JsonObject]()

    def key(named: JsonObject) -> bytes:
        asked.append(named)
        if len(asked) == 1:
            _file(tmp_path).renew({"value": "renewed"}, [])
        return ask(named)

    reader.keys.key = key  # type: ignore[method-assign]
    assert reader.read() == {"value": "renewed"}
    assert len(asked) == 2


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    _put(_file(tmp_path / "real"))
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "file.sealed").symlink_to(tmp_path / "real" / "file.sealed")
    for ask in (_file(tmp_path / "linked").read, lambda: _put(_file(tmp_path / "linked"))):
        with pytest.raises(StorageError, match="is a symbolic link"):
            ask()
    key = next((tmp_path / "real" / "key").iterdir())
    key.rename(tmp_path / "moved")
    key.symlink_to(tmp_path / "moved")
    with pytest.raises(StorageError, match="is a symbolic link"):
        _file(tmp_path / "real").read()
    assert (tmp_path / "real" / "file.sealed").is_file()


def test_what_others_could_read_is_taken_from_them_and_told(tmp_path: Path) -> None:
    _put(_file(tmp_path))
    key = next((tmp_path / "key").iterdir())
    for path in (tmp_path / "file.sealed", key):
        path.chmod(0o644)
    remarks: list[str] = []
    keys = FileKeys(tmp_path / "key", remarks.append)
    assert SealedFile(tmp_path / "file.sealed", keys, remarks.append).read() == {"value": SECRET}
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "file.sealed", key)] == [0o600, 0o600]
    assert len(remarks) == 2
    assert all("could be read by others (mode 644)" in remark for remark in remarks)


@pytest.mark.parametrize("place", ["file", "pipe", "folder"])
def test_what_cannot_be_read_is_told_and_left_alone(place: str) -> None:
    with open_folder() as folder:
        folder.chmod(0o777)
        with no_superuser():
            path = folder / "file.sealed"
            if place == "file":
                _put(_file(folder))
                path.chmod(0)
            elif place == "pipe":
                os.mkfifo(path)
            else:
                path.mkdir()
            for ask in (_file(folder).read, lambda: _put(_file(folder))):
                with pytest.raises(StorageError, match="cannot be used") as caught:
                    ask()
                assert caught.value.hint
            assert path.lstat()


def test_a_folder_that_cannot_be_written_keeps_what_was_there() -> None:
    with open_folder() as folder:
        folder.chmod(0o777)
        with no_superuser():
            _put(_file(folder))
        folder.chmod(0o555)
        with no_superuser():
            with pytest.raises(ConfigError, match="cannot write"):
                _put(_file(folder), "new")
            assert _file(folder).read() == {"value": SECRET}
        folder.chmod(0o777)


def test_what_is_opened_shows_nothing_of_itself(tmp_path: Path) -> None:
    _put(_file(tmp_path))
    opened = _file(tmp_path)._opened()
    assert opened is not None
    assert SECRET not in repr(opened)
    assert repr(opened.key) not in repr(opened)
