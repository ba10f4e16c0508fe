"""Where logins are kept: in the best place there is, with nothing lost where one cannot be used."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import anyio
import pytest

from mcpdeck.services.auth import key_sources
from mcpdeck.services.auth import store as module
from mcpdeck.services.auth.issuer_lock import held
from mcpdeck.services.auth.store import CredentialStore
from mcpdeck.services.config.files import Folders
from mcpdeck.services.errors import StorageError
from tests.auth.logins import ISSUER, OTHER_URL, SECRETS, URL, client, login, renewed
from tests.auth.stores import House, found
from tests.unprivileged import no_superuser, open_folder

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_sources, "COST", 1 << 4)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_with_a_keychain_the_key_is_in_it_and_nowhere_else(house: House) -> None:
    store = house.open(keychain=True)
    await store.save(login())
    assert store.where.startswith("OS keychain (Fake Keychain)")
    assert (store.weaker, store.problems) == (False, ())
    assert house.names() == {"keychain.sealed"}
    (value,) = house.backend.items.values()
    assert value not in (house.folder / "keychain.sealed").read_text()
    assert not any(secret in value for secret in SECRETS)


@pytest.mark.parametrize(
    ("passphrase", "name", "words"),
    [("", "file", "key beside it"), ("p", "passphrase", "key derived from MCPDECK_PASSPHRASE")],
)
async def test_without_one_an_encrypted_file_says_that_it_is_weaker(
    house: House, passphrase: str, name: str, words: str
) -> None:
    house.backend.broken = True
    store = house.open(keychain=True, passphrase=passphrase)
    await store.save(login())
    assert store.weaker
    assert store.where.startswith(f"encrypted file {house.folder / name}.sealed, {words}")
    assert store.where.endswith("weaker than a keychain")
    (problem,) = store.problems
    assert problem.startswith("the OS keychain could not be written (RuntimeError): new logins go to the weaker file")
    assert await found(house.open(passphrase=passphrase), login()) == login()


async def test_where_a_login_was_found_is_said_before_the_keychain_was_tried(house: House) -> None:
    store = house.open(keychain=True)
    assert store.where.startswith("OS keychain: it holds the key of the encrypted file")
    await house.open().save(login())
    assert await found(store, login()) == login()
    assert store.weaker
    assert store.where.startswith(f"encrypted file {house.folder / 'file.sealed'}, key beside it")
    assert house.backend.asked == []


async def test_nothing_asks_the_keychain_for_a_server_without_a_login(house: House) -> None:
    assert await house.open(keychain=True).login_for(URL, "w") is None
    assert house.backend.asked == []
    await house.open(keychain=True).save(login())
    house.backend.asked.clear()
    assert await house.open(keychain=True).login_for(OTHER_URL, "w") is None
    assert house.backend.asked == []


async def test_the_keychain_is_asked_for_the_key_once(house: House) -> None:
    await house.open(keychain=True).save(login())
    house.backend.asked.clear()
    store = house.open(keychain=True)
    for _ in range(3):
        assert await found(store, login()) == login()
    assert len(house.backend.asked) == 1


async def test_mcpdeck_home_leaves_the_keychain_alone(tmp_path: Path) -> None:
    environ = {"MCPDECK_HOME": str(tmp_path)}
    store = CredentialStore.of(Folders.of(environ), environ)
    assert store._keychain is None
    await store.save(login())
    assert (tmp_path / "data" / "auth" / "file.sealed").is_file()
    assert CredentialStore.of(Folders.of(environ), {})._keychain is not None


async def test_a_keychain_that_is_locked_later_does_not_lose_a_token_that_was_just_rotated(house: House) -> None:
    store = house.open(keychain=True)
    await store._in_thread(store._best)
    house.backend.broken = True
    await store.save(login())
    assert await found(house.open(), login()) == login()
    assert "weaker file" in store.problems[-1]
    assert store.weaker


async def test_while_the_keychain_is_away_its_logins_are_not_seen_and_not_lost(house: House) -> None:
    await house.open(keychain=True).save(login())
    house.backend.broken = True
    away = house.open(keychain=True)
    assert await found(away, login()) is None
    assert f"what {house.folder / 'keychain.sealed'} holds is not seen" in away.problems[0]
    await away.save(renewed(login(), "from the shell"))
    house.backend.broken = False
    back = house.open(keychain=True)
    kept = await found(back, login())
    assert kept is not None
    assert kept.tokens.access == "from the shell"  # the newer one
    assert [each.tokens.access for each in await back.all()] == ["from the shell"]
    # and saved again there is one copy: the other would use up its refresh token a second time
    await back.save(renewed(login(), "newest", at=3000.0))
    assert await found(house.open(), login()) is None
    await back.forget(login())
    assert await house.open(keychain=True).all() == ()


async def test_a_wrong_passphrase_is_told_and_nothing_is_written_over(house: House) -> None:
    await house.open(passphrase="right").save(login())
    before = (house.folder / "passphrase.sealed").read_bytes()
    wrong = house.open(passphrase="wrong")
    for ask in (
        lambda: found(wrong, login()),
        lambda: wrong.save(login()),
        lambda: wrong.forget(login()),
        wrong.all,
        wrong.rotate,
        lambda: wrong.keep_client(ISSUER, client()),
        lambda: wrong.client_of(ISSUER, URL),
    ):
        with pytest.raises(StorageError, match="MCPDECK_PASSPHRASE is not the passphrase"):
            await ask()
    assert (house.folder / "passphrase.sealed").read_bytes() == before
    assert await wrong.login_for(OTHER_URL, "w") is None  # nothing is stored for it, so no key is needed


async def test_without_its_passphrase_a_file_is_told_and_left_alone(house: House) -> None:
    await house.open(passphrase="right").save(login())
    without = house.open()
    assert await found(without, login()) is None
    assert "MCPDECK_PASSPHRASE is not set" in without.problems[0]
    await without.save(login(access="second"))
    assert await found(house.open(passphrase="right"), login()) is not None


@pytest.mark.parametrize("spoiled", [b"", b"{}", b"\x00\xff"])
async def test_a_damaged_file_is_told_and_put_aside_by_the_next_login(house: House, spoiled: bytes) -> None:
    await house.open().save(login())
    (house.folder / "file.sealed").write_bytes(spoiled)
    store = house.open()
    assert await found(store, login()) is None
    assert await store.all() == ()
    assert "is damaged" in store.problems[0]
    assert (house.folder / "file.sealed").read_bytes() == spoiled
    await store.save(login())
    assert (house.folder / "file.sealed.broken").read_bytes() == spoiled
    assert "put aside as file.sealed.broken" in store.problems[-1]
    assert await found(house.open(), login()) == login()


async def test_a_folder_that_others_may_enter_is_closed_and_told(house: House) -> None:
    house.folder.mkdir()
    house.folder.chmod(0o777)
    store = house.open()
    await store.save(login())
    assert stat.S_IMODE(house.folder.stat().st_mode) == 0o700
    assert f"{house.folder} could be read by others (mode 777)" in store.problems[0]


async def test_a_place_that_cannot_be_written_is_an_error_with_a_way_out(house: House) -> None:
    house.folder.write_text("a file where the folder should be")
    with pytest.raises(StorageError) as caught:
        await house.open().save(login())
    assert "MCPDECK_HOME" in caught.value.hint
    assert await found(house.open(), login()) is None


async def test_a_folder_that_cannot_be_written_any_more_is_an_error_and_keeps_what_was_there() -> None:
    with open_folder() as root:
        root.chmod(0o777)
        house = House(root)
        with no_superuser():
            await house.open().save(login())
        house.folder.chmod(0o555)
        with no_superuser():
            with pytest.raises(StorageError, match="cannot write") as caught:
                await house.open().save(renewed(login(), "lost"))
            assert "MCPDECK_HOME" in caught.value.hint
            assert await found(house.open(), login()) == login()
        house.folder.chmod(0o777)


async def test_another_process_that_does_not_finish_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WAIT", 0.02)
    with (
        held(house.folder / "credentials.lock", seconds=1),
        pytest.raises(StorageError, match="another mcpdeck that is writing"),
    ):
        await house.open().save(login())


async def test_who_is_cancelled_while_another_process_writes_goes_at_once(house: House) -> None:
    with held(house.folder / "credentials.lock", seconds=1), anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(house.open().save, login())
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert await house.open().all() == ()


async def test_many_at_once_lose_nothing(house: House) -> None:
    stores = [house.open() for _ in range(3)]
    async with anyio.create_task_group() as tasks:
        for number in range(12):
            tasks.start_soon(stores[number % 3].save, login(url=f"{URL}/{number}", client_id=f"c{number}"))
    assert {each.server_url for each in await house.open().all()} == {f"{URL}/{number}" for number in range(12)}


async def test_a_killed_writer_leaves_the_login_before_it(house: House) -> None:
    await house.open().save(login())
    before = (house.folder / "file.sealed").read_bytes()
    code = (
        "import os, sys, anyio\n"
        "from pathlib import Path\n"
        "from mcpdeck.services.auth.store import CredentialStore\n"
        "from tests.auth.logins import login, renewed\n"
        "Path.replace = lambda *_: os.kill(os.getpid(), 9)\n"
        "store = CredentialStore(Path(sys.argv[1]), cache=Path(sys.argv[1]), environ={}, keychain=False)\n"
        "anyio.run(store.save, renewed(login(), 'lost'))\n"
    )
    with anyio.fail_after(60):
        words = [sys.executable, "-c", code, str(house.folder)]
        done = await anyio.run_process(words, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == -9
    assert (house.folder / "file.sealed").read_bytes() == before
    store = house.open()
    assert await found(store, login()) == login()  # and the lock of the dead is free
    await store.save(renewed(login(), "next"))
