"""What a browser is shown that comes to the address of the callback.

Owns the whole answers, headers included: constant bytes, made once. Nothing of a request ever gets into one.
"""

from __future__ import annotations

import base64
import hashlib
from enum import Enum

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;"
    "font:1.0625rem/1.5 system-ui,sans-serif;background:#f4f5f7;color:#1c2330}"
    "main{box-sizing:border-box;width:min(30rem,calc(100vw - 2rem));padding:2.25rem;border-radius:.75rem;"
    "background:#fff;border:1px solid #d9dde5;border-top:.375rem solid var(--mark)}"
    ".good{--mark:#1a7f4b}.bad{--mark:#b3261e}.other{--mark:#6b7280}"
    "h1{margin:0 0 .5rem;font-size:1.375rem;line-height:1.3}p{margin:.5rem 0 0}"
    "@media(prefers-color-scheme:dark){body{background:#12161d;color:#e6e9ef}main{background:#1b212b;"
    "border-color:#303948;border-top-color:var(--mark)}.good{--mark:#4cc38a}.bad{--mark:#f2837c}}"
)
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HEADERS = (
    "Content-Type: text/html; charset=utf-8",
    "Cache-Control: no-store",
    f"Content-Security-Policy: {_POLICY}",
    "Referrer-Policy: no-referrer",
    "X-Content-Type-Options: nosniff",
    "Connection: close",
)


def _page(status: str, mark: str, title: str, *lines: str, allow: str = "") -> bytes:
    text = "".join(f"<p>{line}</p>" for line in lines)
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f'<body><main class="{mark}"><h1>{title}</h1>{text}</main></body></html>'
    ).encode()
    head = [f"HTTP/1.1 {status}", *_HEADERS, *([f"Allow: {allow}"] if allow else []), f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode("ascii") + body


class Page(Enum):
    """The answers there are."""

    GOOD = _page(
        "200 OK",
        "good",
        "mcpdeck has the answer",
        "You can close this window and go back to mcpdeck: it finishes the login and says how it went.",
    )
    BAD = _page(
        "400 Bad Request",
        "bad",
        "The login did not succeed",
        "mcpdeck says why. You can close this window.",
    )
    STRAY = _page(
        "400 Bad Request",
        "bad",
        "This belongs to no login that mcpdeck waits for",
        "It may be of an earlier login. Nothing of it was used; the login that is running goes on.",
    )
    NOT_FOUND = _page("404 Not Found", "other", "There is nothing here", "mcpdeck waits here for the end of a login.")
    METHOD = _page(
        "405 Method Not Allowed",
        "other",
        "A login ends with a plain visit",
        "The authorization server must send the browser here with a redirect (response_mode query).",
        allow="GET",
    )
    UNREADABLE = _page("400 Bad Request", "other", "That is no request that can be read here")
