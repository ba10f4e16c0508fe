"""A new key for everything that is stored, in the best place there is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcpdeck.services.auth import key_sources
from mcpdeck.services.auth.kept import hints as kept_hints
from mcpdeck.services.errors import StorageError
from tests.auth.logins import ISSUER, OTHER_URL, URL, client, login, renewed
from tests.auth.stores import PLACES, House, found

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_sources, "COST", 1 << 4)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture(params=PLACES)
def kind(request: pytest.FixtureRequest) -> dict:
    return PLACES[request.param]


async def test_a_new_key_replaces_the_old_one_and_nothing_is_lost(house: House, kind: dict) -> None:
    store = house.open(**kind)
    await store.save(login())
    await store.keep_client(ISSUER, client())
    other = house.open(**kind)
    assert await found(other, login()) == login()  # which has the old key in its memory
    keys = _keys(house)
    said = await store.rotate()
    assert said.startswith("1 login and 1 client registration encrypted anew with a new key; kept in: ")
    assert said.endswith("the old key was removed")
    assert len(_keys(house)) == len(keys)
    assert not keys & _keys(house)
    for each in (store, other, house.open(**kind)):
        assert await found(each, login()) == login()
        assert await each.client_of(ISSUER, URL) == client()


def _keys(house: House) -> set[str]:
    """Every key there is: in the keychain, in the folder, and the salt of a derived one."""
    files = {path.read_text() for path in (house.folder / "key").glob("*")}
    salts = [json.loads(path.read_text()).get("salt") for path in house.folder.glob("*.sealed")]
    return files | set(house.backend.items.values()) | {salt for salt in salts if salt}


async def test_rotation_brings_everything_to_the_best_place(house: House) -> None:
    await house.open().save(login(url=URL, client_id="a"))
    await house.open().keep_client(ISSUER, client("in the file"))
    await house.open(passphrase="p").save(login(url=OTHER_URL, client_id="b"))
    await house.open(passphrase="p").keep_client("https://other.example", client("with the passphrase"))
    await house.open(passphrase="p").keep_client(ISSUER, client("stronger"))
    file = next(each for each in house.open()._files if each.exists)
    file.update(lambda content: content.update(of_tomorrow=1), kept_hints)
    said = await house.open(keychain=True, passphrase="p").rotate()
    assert "2 logins and 2 client registrations encrypted anew" in said
    assert house.names() == {"keychain.sealed", "key"}
    assert list((house.folder / "key").iterdir()) == []
    store = house.open(keychain=True)
    assert len(await store.all()) == 2
    assert await store.client_of(ISSUER, URL) == client("stronger")
    assert await store.client_of("https://other.example", URL) == client("with the passphrase")
    assert next(each for each in store._files if each.exists).read()["of_tomorrow"] == 1
    assert store.problems == ()


@pytest.mark.parametrize("newer", ["keychain", "file"])
async def test_of_two_copies_the_newer_one_counts_and_stays(house: House, newer: str) -> None:
    at = {"keychain": 2000.0, "file": 2000.0, newer: 3000.0}
    await house.open(keychain=True).save(renewed(login(), "keychain", at=at["keychain"]))
    await house.open().save(renewed(login(), "file", at=at["file"]))
    store = house.open(keychain=True)
    one = await found(store, login())
    assert one is not None
    assert one.tokens.access == newer
    assert [each.tokens.access for each in await store.all()] == [newer]
    assert "1 login encrypted anew" in await store.rotate()
    assert [each.tokens.access for each in await house.open(keychain=True).all()] == [newer]
    assert await house.open().all() == ()


async def test_rotation_puts_aside_what_is_damaged_and_goes_on(house: House) -> None:
    await house.open(passphrase="p").save(login())
    (house.folder / "file.sealed").write_text("rubbish")
    store = house.open(passphrase="p")
    assert "1 login encrypted anew" in await store.rotate()
    assert (house.folder / "file.sealed.broken").read_text() == "rubbish"
    assert any("it was put aside as file.sealed.broken" in problem for problem in store.problems)


async def test_rotation_with_a_keychain_that_is_locked_meanwhile_changes_nothing(house: House) -> None:
    store = house.open(keychain=True)
    await store.save(login())
    before = (house.folder / "keychain.sealed").read_bytes()
    house.backend.broken = True
    with pytest.raises(StorageError, match=r"the OS keychain could not be written \(RuntimeError\)") as caught:
        await store.rotate()
    assert "unlock it" in caught.value.hint
    assert (house.folder / "keychain.sealed").read_bytes() == before
    house.backend.broken = False
    assert await found(house.open(keychain=True), login()) == login()


async def test_rotation_leaves_alone_what_it_cannot_read(house: House) -> None:
    await house.open(passphrase="p").save(login(url=OTHER_URL))
    sealed = (house.folder / "passphrase.sealed").read_bytes()
    await house.open().save(login(client_id="b"))
    store = house.open()
    assert "1 login encrypted anew" in await store.rotate()
    assert (house.folder / "passphrase.sealed").read_bytes() == sealed
    assert any("was left as it is" in problem for problem in store.problems)


async def test_a_passphrase_is_changed_by_rotation(house: House) -> None:
    await house.open(passphrase="old").save(login())
    await house.open(passphrase="new", old="old").rotate()
    assert await found(house.open(passphrase="new"), login()) == login()
    with pytest.raises(StorageError):
        await found(house.open(passphrase="old"), login())


async def test_rotation_of_nothing_says_so_and_makes_nothing(house: House, kind: dict) -> None:
    assert await house.open(**kind).rotate() == "nothing is stored, so there is no key to change"
    assert house.names() == set()
    assert house.backend.items == {}


async def test_an_old_key_that_cannot_be_removed_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    store = house.open(keychain=True)
    await store.save(login())

    def refuse(service: str, username: str) -> None:
        if username.startswith("credentials"):
            raise RuntimeError

    monkeypatch.setattr(house.backend, "delete_password", refuse)
    assert "is still in it: the OS keychain could not be changed (RuntimeError)" in await store.rotate()
    assert await found(house.open(keychain=True), login()) == login()
