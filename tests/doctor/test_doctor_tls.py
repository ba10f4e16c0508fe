"""The doctor on certificates: expired, signed by itself or by nobody known, for another name, about to end, good."""

from __future__ import annotations

import ssl
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.models import Check, CheckState, HttpTarget, ServerEntry, Source, Tls, TransportKind
from tests.doctor.examined import examined, failed
from tests.servers.certificates import Authority, Pair


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("doctor"))


class Refuses(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


class Secured(ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.context is None:
            super().finish_request(request, client_address)
            return
        with self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@asynccontextmanager
async def serving(pair: Pair | None) -> AsyncGenerator[str]:
    with Secured(("127.0.0.1", 0), Refuses) as server:
        if pair is not None:
            server.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            server.context.load_cert_chain(pair.cert, pair.key)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}/mcp"
        finally:
            server.shutdown()
            thread.join(5)


async def checks_of(pair: Pair | None, ca: str | None) -> dict[str, Check]:
    async with serving(pair) as url:
        target = HttpTarget(url, tls=Tls(ca=ca) if ca is not None else None)
        entry = ServerEntry("secure", Source.CLI, target, TransportKind.HTTP, url, "digest")
        return await examined(entry)


async def test_a_good_certificate_is_described(authority: Authority) -> None:
    checks = await checks_of(authority.issue("good", days=200), authority.file)
    assert checks["tls"].state is CheckState.OK, checks["tls"]
    assert "CN=good, signed by CN=ca of a test" in checks["tls"].detail
    assert "days left" in checks["tls"].detail
    assert "TLSv1.3" in checks["tls"].detail
    assert failed(checks) == ["http"]  # the server says 404 to everything


async def test_one_that_ends_soon_is_a_remark(authority: Authority) -> None:
    checks = await checks_of(authority.issue("soon", days=3), authority.file)
    assert checks["tls"].state is CheckState.WARN
    assert "renew" in checks["tls"].remedy


async def test_an_expired_one_says_since_when(authority: Authority) -> None:
    checks = await checks_of(authority.issue("old", days=-2), authority.file)
    assert failed(checks) == ["tls"]
    assert "ago" in checks["tls"].detail
    assert "out of date" in checks["tls"].remedy


async def test_one_for_another_name_says_for_which(authority: Authority) -> None:
    checks = await checks_of(authority.issue("other", host="mcp.example.test"), authority.file)
    assert failed(checks) == ["tls"]
    assert "for mcp.example.test" in checks["tls"].detail
    assert "another name" in checks["tls"].remedy


async def test_one_that_nobody_known_signed_says_who_did(authority: Authority) -> None:
    checks = await checks_of(authority.issue("private"), None)
    assert failed(checks) == ["tls"]
    assert "signed by CN=ca of a test" in checks["tls"].detail
    assert '"ca"' in checks["tls"].remedy


async def test_one_that_is_signed_by_itself_is_told_from_that(tmp_path: Path) -> None:
    pair = self_signed(tmp_path)
    checks = await checks_of(pair, None)
    assert failed(checks) == ["tls"]
    assert "signed by itself" in checks["tls"].detail
    assert "signed by itself" in checks["tls"].remedy


async def test_a_server_that_speaks_no_tls_is_named() -> None:
    checks = await checks_of(None, None)
    assert failed(checks) == ["tls"]
    assert "http://" in checks["tls"].remedy


async def test_a_file_of_the_entry_that_is_no_certificate_is_named(authority: Authority, tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("nothing of the kind")
    checks = await checks_of(authority.issue("fine"), str(broken))
    assert failed(checks) == ["tls"]
    assert "ca.pem" in checks["tls"].detail


def self_signed(folder: Path) -> Pair:
    import datetime as dt
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alone")])
    now = dt.datetime.now(dt.UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = Pair(str(folder / "alone.pem"), str(folder / "alone.key"))
    Path(files.cert).write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    Path(files.key).write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files
