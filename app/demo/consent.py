"""The page on which the guest agrees: HTML, nothing else.

Owns how it looks. Every text of a client is escaped; there are no scripts, no images and no fonts from elsewhere, and
the headers say so to the browser (Content Security Policy).
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from .authorization import SCOPES, TOKEN_LIFETIME, WaitingRequest

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2433;--soft:#5c6780;--card:#fff;--line:#e3e7f0;--back:#eef1f8;--accent:#3a5bdc;
--accent-ink:#fff;--fresh:#0f7b4f;--fresh-back:#e0f5ea}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf6;--soft:#9aa6c0;--card:#1a2030;--line:#2c3550;--back:#0f131d;
--accent:#7d98ff;--accent-ink:#0f131d;--fresh:#6fe0ad;--fresh-back:#143526}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--back);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:30rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;overflow:hidden;
box-shadow:0 1.2rem 3rem rgb(15 23 60/.12)}
header{padding:2rem 2rem 1.25rem;border-bottom:1px solid var(--line)}
.mark{width:2.75rem;height:2.75rem;border-radius:.8rem;background:var(--accent);color:var(--accent-ink);display:grid;
place-items:center;margin-bottom:1rem}
h1{font-size:1.35rem;line-height:1.3;margin:0 0 .4rem;overflow-wrap:anywhere}
p{margin:0;color:var(--soft)}
section{padding:1.25rem 2rem}section+section{padding-top:0}
h2{font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:0 0 .6rem}
ul{list-style:none;margin:0;padding:0}
li{display:flex;gap:.75rem;align-items:flex-start;padding:.45rem 0}
li svg{flex:none;margin-top:.2rem;color:var(--accent)}
code{font:.85em ui-monospace,SFMono-Regular,Menlo,monospace;color:var(--soft)}
.new{font-size:.72rem;font-weight:600;color:var(--fresh);background:var(--fresh-back);border-radius:1rem;
padding:.1rem .55rem;margin-left:.4rem;white-space:nowrap}
dl{display:grid;grid-template-columns:auto 1fr;gap:.3rem 1rem;margin:0;font-size:.85rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
details{border-top:1px solid var(--line);padding:1rem 2rem}
summary{cursor:pointer;color:var(--soft);font-size:.85rem}
details dl{margin-top:.75rem}
form{display:flex;gap:.75rem;padding:1.25rem 2rem 2rem;border-top:1px solid var(--line)}
button{font:inherit;font-weight:600;padding:.7rem 1.2rem;border-radius:.65rem;border:1px solid var(--line);
background:transparent;color:var(--ink);cursor:pointer}
button.yes{flex:1;background:var(--accent);border-color:var(--accent);color:var(--accent-ink)}
button:hover{filter:brightness(1.08)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
"""
_SHIELD = (
    '<svg width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
    '<path d="M12 3l7 3v5c0 4.5-3 8-7 10-4-2-7-5.5-7-10V6z"/><path d="M9 12l2 2 4-4"/></svg>'
)
_TICK = (
    '<svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="2.2" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M3 8.5l3.5 3.5L13 4.5"/></svg>'
)
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
    'content="width=device-width,initial-scale=1"><title>{title}</title><style>{style}</style></head>'
    "<body><main>{body}</main></body></html>"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_ORIGIN = re.compile(r"https?://[\w.\-\[\]:]+")


def consent_page(request: WaitingRequest, ticket: str) -> HTMLResponse:
    """What is asked, by whom, and where the answer goes; a form with ``ticket`` and ``answer`` (yes or no)."""
    back = str(request.params.redirect_uri)
    client = request.client.client_name or "A client without a name"
    more = bool(request.granted)
    facts = {
        "Client": request.client.client_id,
        "Resource": request.params.resource or "not named",
        "Goes back to": back,
    }
    body = (
        f'<header><div class="mark">{_SHIELD}</div><h1>{_text(client)} {"wants more" if more else "wants to log in"}'
        "</h1><p>to <strong>demo-login</strong>, a server on this machine.</p></header>"
        f"<section><h2>It would be allowed to</h2><ul>{_scopes(request)}</ul></section>"
        "<section><dl><dt>You are</dt><dd>the guest: there is no password</dd>"
        f"<dt>For</dt><dd>{TOKEN_LIFETIME} seconds at a time, renewed without asking you</dd></dl></section>"
        "<details><summary>Details of the request</summary><dl>"
        + "".join(f"<dt>{name}</dt><dd><code>{_text(value)}</code></dd>" for name, value in facts.items())
        + f'</dl></details><form method="post"><input type="hidden" name="ticket" value="{_text(ticket)}">'
        '<button class="yes" name="answer" value="yes">Continue as guest</button>'
        '<button name="answer" value="no">Decline</button></form>'
    )
    return _answer("Log in to demo-login", body, 200, back)


def expired_page() -> HTMLResponse:
    """For a ticket that nobody knows any more."""
    body = (
        f'<header><div class="mark">{_SHIELD}</div><h1>This login has expired</h1>'
        "<p>It was answered already, or it waited for more than five minutes. "
        "Please start it again where you came from.</p></header>"
    )
    return _answer("This login has expired", body, 400, "")


def _scopes(request: WaitingRequest) -> str:
    return "".join(
        f"<li>{_TICK}<span>{_text(SCOPES.get(scope, 'Something this page has no words for'))} "
        f"<code>{_text(scope)}</code>"
        + (' <span class="new">new</span>' if request.granted and scope not in request.granted else "")
        + "</span></li>"
        for scope in request.scopes
    )


def _answer(title: str, body: str, status: int, back: str) -> HTMLResponse:
    # Browsers hold the redirect that answers a form to form-action too, so the way back has to be named.
    parts = urlsplit(back)
    origin = f"{parts.scheme}://{parts.netloc}"
    targets = f"'self' {origin}" if _ORIGIN.fullmatch(origin) else "'self'"
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action {targets}; frame-ancestors 'none'; "
        "base-uri 'none'"
    )
    page = _PAGE.format(title=title, style=_STYLE, body=body)
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(page, status, headers)


def _text(value: str) -> str:
    return html.escape(value)
