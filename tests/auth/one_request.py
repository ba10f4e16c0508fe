"""A process of its own that holds a login from the store: one request to the MCP server, as soon as it is told to.

``python one_request.py FOLDER URL``: prints ``ready``; for each line of its input it prints ``asking``, and then the
status and the token that went along.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio
import anyio.to_thread
import httpx

from mcpdeck.services.auth.authorizations import Authorizations
from mcpdeck.services.auth.store import CredentialStore
from tests.entries import http


async def main() -> None:
    folder, url = Path(sys.argv[1]), sys.argv[2]
    store = CredentialStore(folder, cache=folder, environ={}, keychain=False)
    entry = http("protected", url)
    authorizations = Authorizations(
        store, store.needed, environ=os.environ, emit=lambda _: None, invite=lambda server, issuer: ""
    )
    authorization = authorizations.of(entry)
    assert authorization is not None
    # nothing goes to another origin; but the token that has expired is in its memory now
    assert await authorization.headers("POST", "https://elsewhere.example/") == {}
    assert authorization.login is not None
    print("ready", flush=True)
    while await anyio.to_thread.run_sync(sys.stdin.readline):
        print("asking", flush=True)
        headers = await authorization.headers("POST", url)
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
            answer = await client.post(url, json=body, headers=dict(headers))
        print(answer.status_code, headers.get("Authorization"), flush=True)


if __name__ == "__main__":
    anyio.run(main)
