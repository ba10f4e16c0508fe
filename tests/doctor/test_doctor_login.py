"""The doctor on a server that wants a login: how one is done is found out, and nobody is logged in."""

from __future__ import annotations

import json
from pathlib import Path

import anyio

from mcpdeck.app.main import running
from mcpdeck.services.config.files import Folders
from mcpdeck.services.connections.logins import Logins
from mcpdeck.services.models import CheckState, Status
from tests import entries
from tests.doctor.examined import examined, failed
from tests.servers.scripted_http import Exchange, scripted_http
from tests.waiting import eventually


async def test_how_a_login_is_done_is_told_and_the_last_check_says_that_nobody_is_logged_in(tmp_path: Path) -> None:
    posted: list[str] = []

    async def guarded(exchange: Exchange) -> None:
        base = f"http://{exchange.headers['host']}"
        if exchange.path.startswith("/.well-known/oauth-protected-resource"):
            document = {"resource": f"{base}/mcp", "authorization_servers": [base]}
            await exchange.answer("200 OK", json.dumps(document).encode())
        elif exchange.path.startswith("/.well-known/"):
            document = {
                "issuer": base,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "registration_endpoint": f"{base}/register",
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
            }
            await exchange.answer("200 OK", json.dumps(document).encode())
        else:
            posted.append(exchange.path)
            await exchange.answer("401 Unauthorized", www_authenticate="Bearer")

    environ = {"MCPDECK_HOME": str(tmp_path), "HOME": str(tmp_path)}
    logins = Logins(Folders.of(environ), environ)
    with anyio.fail_after(40):
        async with scripted_http(guarded) as server:
            entry = entries.http("locked", server.url)
            async with running([entry], logins=logins) as services:
                rows = services.store
                await eventually(lambda: rows.state.mcp.servers["locked"].status is Status.NEEDS_AUTH, "wanted login")
                checks = await examined(entry, authorization=services.manager.authorization("locked"))
    assert checks["http"].state is CheckState.WARN
    assert checks["discovery"].state is CheckState.OK, checks["discovery"]
    assert "127.0.0.1" in checks["discovery"].detail
    assert failed(checks) == ["login"]
    assert "Enter logs in" in checks["login"].remedy
    assert {*posted} == {"/mcp"}  # nobody was registered, and no token was asked for
