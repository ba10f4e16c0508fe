"""Who gets a login or a client: one copy of each is kept, and never for another authorization server."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mcpdeck.services.auth import key_sources
from mcpdeck.services.auth import store as module
from mcpdeck.services.auth.kinds import Login
from mcpdeck.services.auth.store import wanted_of
from mcpdeck.services.errors import StorageError
from mcpdeck.services.models import OAuthSettings
from tests.auth.logins import ISSUER, OTHER_URL, SECRETS, URL, client, login, renewed
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


async def test_a_login_is_there_for_another_process_and_gone_when_it_is_forgotten(house: House, kind: dict) -> None:
    assert await found(house.open(**kind), login()) is None
    await house.open(**kind).save(login())
    assert await found(house.open(**kind), login()) == login()
    assert await house.open(**kind).all() == (login(),)
    await house.open(**kind).forget(login())
    assert await found(house.open(**kind), login()) is None
    assert await house.open(**kind).all() == ()


async def test_nothing_secret_stands_in_the_open_and_everything_is_private(house: House, kind: dict) -> None:
    store = house.open(**kind)
    await store.save(replace(login(), server_url=URL + "?key=the-url-secret"))
    await store.keep_client(ISSUER, client())
    for path in house.folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
        text = path.read_text() if path.is_file() else ""
        assert not any(secret in text for secret in (*SECRETS, "the-url-secret", "as.example", "mcp.example"))
    shown = f"{store!r} {store.where} {store.problems} {vars(store)}"
    assert not any(secret in shown for secret in SECRETS)


async def test_what_a_server_sent_comes_back_as_it_was_however_odd(house: House, kind: dict) -> None:
    odd = "\ud800 \x00\x1b[2J \u202e ✓ " + "x" * 100_000
    tokens = replace(login().tokens, access=odd, refresh=odd, scopes=(odd,))
    one = replace(login(), tokens=tokens, resource=odd, client=replace(client(), client_id=odd))
    await house.open(**kind).save(one)
    assert await found(house.open(**kind), one) == one


async def test_an_error_of_the_store_carries_no_frame_that_knows_a_key(house: House) -> None:
    await house.open(passphrase="right").save(login())
    with pytest.raises(StorageError) as caught:
        await found(house.open(passphrase="wrong"), login())
    frames = [entry.frame.f_locals for entry in caught.traceback if "services" in str(entry.path)]
    assert frames
    assert not any("wrong" in repr(value) for known in frames for value in known.values())
    assert not {"key", "both", "secret"} & {name for known in frames for name in known}


async def test_a_login_is_for_its_url_and_its_settings_only(house: House) -> None:
    store = house.open()
    await store.save(login())
    assert await store.login_for(URL + "/", "w") is None
    assert await store.login_for(URL + "?a=b", "w") is None
    assert await store.login_for(URL, "v") is None


async def test_a_second_login_takes_the_place_of_the_first_also_at_another_authorization_server(house: House) -> None:
    store = house.open()
    first, second = login(), login(issuer="https://moved.example", access="second")
    await store.save(first)
    await store.save(second)
    assert await found(store, first) == second
    assert await store.all() == (second,)
    assert store.problems == ()
    content = next(file for file in store._files if file.exists).read()
    assert len(content["logins"]) == 1  # and no token of the first stays behind


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        pytest.param(login(), True, id="what it came from"),
        pytest.param(login(access="another"), False, id="another token"),
        pytest.param(login(issuer="https://moved.example"), False, id="a login elsewhere"),
        pytest.param(login(client_id="another"), False, id="a login as another client"),
        pytest.param(None, False, id="nothing any more"),
    ],
)
async def test_a_refresh_takes_the_place_of_what_it_came_from_and_of_nothing_else(
    house: House, before: Login | None, kept: bool
) -> None:
    store = house.open()
    if before is not None:
        await store.save(before)
    newer = renewed(login(), "newer")
    assert await store.save(newer, replacing="the-access") is kept
    assert await found(store, login()) == (newer if kept else before)


async def test_a_refresh_of_a_login_that_another_one_took_the_server_from_is_not_kept(house: House) -> None:
    store = house.open()
    for each in (login(), login(url=OTHER_URL), login(issuer="https://moved.example", access="moved")):
        await store.save(each)
    assert not await store.save(renewed(login(), "newer"), replacing="the-access")
    assert await store.save(renewed(login(url=OTHER_URL), "newer"), replacing="the-access")
    assert (await found(store, login())).tokens.access == "moved"


async def test_a_refresh_is_kept_while_the_record_it_came_from_cannot_be_read(house: House) -> None:
    await house.open(keychain=True).save(login())
    house.backend.broken = True
    newer = renewed(login(), "newer")
    store = house.open(keychain=True)
    assert not await store.save(replace(newer, wanted="of others"), replacing="the-access")
    assert await store.save(newer, replacing="the-access")
    assert await found(store, login()) == newer


async def test_logins_with_other_settings_stand_side_by_side(house: House) -> None:
    store = house.open()
    person, machine = login(wanted="person"), replace(login(wanted="machine"), grant="client_credentials")
    await store.save(person)
    await store.save(machine)
    assert [await found(store, each) for each in (person, machine)] == [person, machine]


async def test_two_urls_of_one_resource_share_a_login_only_once_both_were_logged_in(house: House) -> None:
    store = house.open()
    one, two = login(), login(url=OTHER_URL)
    await store.save(one)
    assert await store.login_for(OTHER_URL, "w") is None
    await store.save(two)
    await store.save(renewed(one, "newest"))
    kept = await store.login_for(OTHER_URL, "w")
    assert kept is not None
    assert (kept.server_url, kept.tokens.access) == (OTHER_URL, "newest")
    assert len(await store.all()) == 1
    await store.save(login(issuer="https://moved.example", url=OTHER_URL))
    left = await store.login_for(URL, "w")
    assert left is not None
    assert left.issuer == ISSUER


async def test_a_login_whose_metadata_are_of_another_issuer_is_not_kept(house: House) -> None:
    wrong = replace(login(), issuer="https://attacker.example")
    with pytest.raises(StorageError, match="another authorization server"):
        await house.open().save(wrong)
    assert not house.folder.exists()


async def test_clients_are_kept_by_authorization_server_and_never_given_to_another(house: House, kind: dict) -> None:
    store = house.open(**kind)
    await store.keep_client(ISSUER, client("for-any"))
    await store.keep_client(ISSUER, client("for-one"), OTHER_URL)
    again = house.open(**kind)
    assert await again.client_of(ISSUER, URL) == client("for-any")
    assert await again.client_of(ISSUER, OTHER_URL) == client("for-one")
    for other in (ISSUER + "/", ISSUER.upper(), "https://other.example", ""):
        assert await again.client_of(other, URL) is None
    await store.keep_client(ISSUER, client("newer"))
    assert await again.client_of(ISSUER, URL) == client("newer")
    await again.forget_client(ISSUER, "for-any")  # which is not kept any more
    assert await store.client_of(ISSUER, URL) == client("newer")
    await again.forget_client(ISSUER, "newer")
    assert await store.client_of(ISSUER, URL) is None
    assert await store.client_of(ISSUER, OTHER_URL) == client("for-one")


async def test_forgetting_a_login_keeps_the_client_and_the_other_way_round(house: House) -> None:
    store = house.open()
    await store.save(login())
    await store.keep_client(ISSUER, client())
    await store.forget(login())
    assert await store.client_of(ISSUER, URL) == client()
    await store.save(login())
    await store.forget_client(ISSUER, client().client_id)
    assert await found(store, login()) == login()


async def test_a_record_that_does_not_fit_is_told_skipped_and_kept(house: House) -> None:
    store = house.open()
    await store.save(login())
    await store.save(login(url=OTHER_URL, wanted="of tomorrow"))
    await store.keep_client("https://tomorrow.example", client())
    for file in store._files:
        if file.exists:
            file.update(_of_tomorrow, module.kept.hints)
    assert await store.login_for(OTHER_URL, "of tomorrow") is None
    assert await store.client_of("https://tomorrow.example", URL) is None
    assert await store.all() == (login(),)
    skipped = [problem for problem in store.problems if "was skipped: its version cannot be understood" in problem]
    assert [problem.partition(" was")[0] for problem in skipped] == [
        "a stored client registration at https://tomorrow.example",
        f"a stored login at {ISSUER}",
    ]
    await store.save(renewed(login(), "newer"))
    content = next(file for file in store._files if file.exists).read()
    assert content["of_tomorrow"] == 1
    assert sorted(record["version"] for record in content["logins"]) == [1, 2]


def _of_tomorrow(content: dict) -> None:
    content["of_tomorrow"] = 1
    for record in (*content["logins"], *content["clients"]):
        if record.get("wanted") == "of tomorrow" or "tomorrow" in record["issuer"]:
            record["version"] = 2


async def test_the_memory_of_needed_logins_stands_in_the_cache(house: House) -> None:
    store = house.open()
    store.needed.mark("d", "why")
    assert (house.root / "cache" / "needs-auth.json").is_file()


def test_the_digest_of_settings_is_offered_here_too() -> None:
    assert wanted_of(OAuthSettings()) == wanted_of(OAuthSettings())


def test_none_of_the_heavy_libraries_is_loaded_before_it_is_needed() -> None:
    heavy = {"authlib", "joserfc", "cryptography", "keyring"}
    code = f"import sys, mcpdeck.services.auth.store; print(*({heavy!r} & sys.modules.keys()))"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
    assert os.environ["MCPDECK_HOME"]
