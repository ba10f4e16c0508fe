"""The keychain counts only where it is a real one that answers; whatever else it is, nothing hangs or fails on it."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from mcpdeck.services.auth.key_sources import KeychainKeys, KeyGone
from mcpdeck.services.auth.keychain import SERVICE, Keychain, KeychainUnusable, real_backend, system_backend
from tests.auth.stores import FakeBackend


class Forgetful(FakeBackend):
    def set_password(self, service: str, username: str, password: str) -> None:
        pass

    def delete_password(self, service: str, username: str) -> None:
        pass


class Liar(FakeBackend):
    def get_password(self, service: str, username: str) -> str | None:
        return "something else"


class Refusing(FakeBackend):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot keep {password}")


class Exiting(FakeBackend):
    def get_password(self, service: str, username: str) -> str | None:
        raise SystemExit(3)


class Stuck(FakeBackend):
    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append("get")
        self.let_go.wait(60)
        return None


def test_one_that_keeps_what_it_is_given_works_and_is_left_as_it_was() -> None:
    backend = FakeBackend()
    keychain = Keychain(lambda: backend)
    keychain.require()
    assert (keychain.name, backend.items) == ("Fake Keychain", {})
    tried = len(backend.asked)
    keychain.require()
    assert len(backend.asked) == tried
    keychain.write("u", "v")
    assert backend.items == {(SERVICE, "u"): "v"}
    assert (keychain.read("u"), keychain.read("w")) == ("v", None)
    keychain.delete("u")
    assert backend.items == {}


@pytest.mark.parametrize(
    ("backend", "why"),
    [
        (None, "is not to be had"),
        (Forgetful(), "gave back something else"),
        (Liar(), "gave back something else"),
        (Refusing(), r"could not be written \(RuntimeError\)"),
        (Exiting(), r"could not be read \(SystemExit\)"),
    ],
)
def test_one_that_does_not_is_unusable_for_good_and_says_why(backend: FakeBackend | None, why: str) -> None:
    keychain = Keychain(lambda: backend)
    for _ in range(2):
        with pytest.raises(KeychainUnusable, match=why) as caught:
            keychain.require()
        assert "cannot keep" not in caught.value.what  # which would quote the key
    asked = list(backend.asked) if backend is not None else []
    with pytest.raises(KeychainUnusable, match=why):
        keychain.read("u")
    assert (backend.asked if backend is not None else []) == asked


def test_one_that_hangs_is_asked_once_and_never_again() -> None:
    backend = Stuck()
    keychain = Keychain(lambda: backend, seconds=0.05)
    try:
        for _ in range(2):
            with pytest.raises(KeychainUnusable, match=r"did not answer within 0\.05 s"):
                keychain.read("u")
        assert backend.asked == ["get"]
    finally:
        backend.let_go.set()


def test_waiting_for_one_can_be_called_off() -> None:
    backend = Stuck()

    def pulse() -> None:
        raise ZeroDivisionError

    try:
        with pytest.raises(ZeroDivisionError):
            Keychain(lambda: backend, pulse=pulse).read("u")
    finally:
        backend.let_go.set()


def test_one_that_cannot_even_be_loaded_is_unusable() -> None:
    def load() -> object:
        raise ImportError("no backend")

    with pytest.raises(KeychainUnusable, match=r"could not be opened \(ImportError\)"):
        Keychain(load).require()


def test_one_that_fails_once_while_in_use_is_asked_again() -> None:
    backend = FakeBackend()
    keychain = Keychain(lambda: backend)
    keychain.require()
    with pytest.raises(KeychainUnusable, match=r"could not be changed \(KeyError\)"):
        keychain.delete("not there")
    keychain.write("u", "v")
    assert keychain.read("u") == "v"


def test_a_process_ends_although_its_keychain_hangs() -> None:
    code = (
        "import threading\n"
        "from mcpdeck.services.auth.keychain import Keychain, KeychainUnusable\n"
        "try: Keychain(threading.Event().wait, seconds=0.05).require()\n"
        "except KeychainUnusable as error: print(error.what)\n"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("did not answer within 0.05 s\n", "")


def test_backends_that_keep_nothing_or_keep_it_in_a_file_do_not_count() -> None:
    from keyring.backends import fail, null

    plaintext = type("PlaintextKeyring", (FakeBackend,), {"__module__": "keyrings.alt.file"})()
    assert [real_backend(each) for each in (fail.Keyring(), null.Keyring(), plaintext, object())] == [None] * 4
    assert real_backend(FakeBackend(priority=0.5)) is None
    good = FakeBackend()
    assert real_backend(good) is good


def test_the_backend_is_the_one_that_keyring_was_told_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends import null

    good = FakeBackend()
    for told, used in ((null.Keyring(), None), (good, good)):
        monkeypatch.setattr("keyring.core._keyring_backend", told)
        assert system_backend() is used


def test_of_a_chain_the_first_real_one_counts() -> None:
    from keyring.backends import null

    good = FakeBackend()
    chain = type("Chain", (), {"backends": [null.Keyring(), good, FakeBackend()], "priority": 10})()
    assert real_backend(chain) is good
    assert real_backend(type("Chain", (), {"backends": [], "priority": 10})()) is None


def test_a_key_that_the_keychain_did_not_keep_is_not_used() -> None:
    class Dropping(FakeBackend):
        def set_password(self, service: str, username: str, password: str) -> None:
            super().set_password(service, username, password)
            if username.startswith("credentials"):
                self.items.clear()

    with pytest.raises(KeychainUnusable, match="did not keep"):
        KeychainKeys(Keychain(Dropping)).fresh()


def test_a_key_is_found_by_its_name_only_and_a_changed_one_is_none() -> None:
    backend = FakeBackend()
    named, key = KeychainKeys(Keychain(lambda: backend)).fresh()
    assert KeychainKeys(Keychain(lambda: backend)).key(named) == key
    with pytest.raises(KeyGone, match="Fake Keychain"):
        KeychainKeys(Keychain(lambda: backend)).key({"key": "another"})
    for value in ("", "!!", "QUJD"):
        backend.items = dict.fromkeys(backend.items, value)
        with pytest.raises(KeyGone):
            KeychainKeys(Keychain(lambda: backend)).key(named)
