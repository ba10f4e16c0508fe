"""The content of an encrypted file: which records are in it, found, put in, dropped and brought together.

Owns the shape of the content (``logins`` and ``clients``, lists of records, the newest last) and that a server has one
login for the same settings. What is not known here stays as it is. Never touches a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..models import Json, JsonObject, as_list, as_object, as_text
from ..state.text import one_line
from .kinds import Client, Login
from .records import (
    VERSION,
    Unfit,
    client_from,
    client_object,
    key_of,
    login_from,
    login_key,
    login_record,
    servers_of,
)
from .sealed import hint_of

Remark = Callable[[str], None]


def find_login(content: JsonObject, server_url: str, wanted: str, remark: Remark) -> Login | None:
    """The newest login for this URL and these settings; a record that does not fit is told and skipped."""
    for record in reversed(_logins(content)):
        if record.get("wanted") == wanted and server_url in servers_of(record):
            try:
                return login_from(record, server_url)
            except Unfit as error:
                remark(_unfit("login", record, error))
    return None


def logins(content: JsonObject, server_url: str | None, remark: Remark) -> Iterator[Login]:
    """Every login that fits; with ``server_url`` those that it uses."""
    for record in _logins(content):
        if server_url is not None and server_url not in servers_of(record):
            continue
        try:
            yield login_from(record, server_url)
        except Unfit as error:
            remark(_unfit("login", record, error))


def record_of(content: JsonObject, login: Login) -> JsonObject | None:
    """The record that ``login`` is kept in."""
    return next((record for record in _logins(content) if key_of(record) == login_key(login)), None)


def obtained(record: JsonObject) -> float:
    """When the tokens of a record were had, in wall seconds."""
    at = as_object(record.get("tokens")).get("obtained_at")
    return at if isinstance(at, int | float) else 0.0


def is_of(record: JsonObject, server_url: str, access: str) -> bool:
    """Whether ``server_url`` uses the record, and with this access token."""
    return server_url in servers_of(record) and as_object(record.get("tokens")).get("access") == access


def put_login(content: JsonObject, login: Login, known: JsonObject | None = None) -> None:
    """Put ``login`` in the place of the one before it; ``known``: its record in another file.

    The server leaves other logins with the same settings, and one without a server is dropped: it was replaced.
    """
    record = login_record(login, record_of(content, login) or known)
    kept: list[Json] = []
    for item in as_list(content.get("logins")):
        other = as_object(item)
        if key_of(other) == login_key(login) and isinstance(item, dict):
            continue
        if other.get("wanted") == login.wanted and login.server_url in servers_of(other):
            left: list[Json] = [url for url in servers_of(other) if url != login.server_url]
            if not left:
                continue
            other["servers"] = left
        kept.append(item)
    content["logins"] = [*kept, record]


def drop_login(content: JsonObject, login: Login) -> bool:
    """Whether it was there."""
    return _drop(content, "logins", lambda record: key_of(record) == login_key(login))


def find_client(content: JsonObject, issuer: str, server_url: str, remark: Remark) -> Client | None:
    """The client kept for this authorization server: for ``server_url``, else for any."""
    for server in dict.fromkeys((server_url, "")):
        for record in reversed(_objects(content, "clients")):
            if record.get("issuer") == issuer and (as_text(record.get("server")) or "") == server:
                try:
                    return _client(record)
                except Unfit as error:
                    remark(_unfit("client registration", record, error))
    return None


def put_client(content: JsonObject, issuer: str, client: Client, server_url: str = "") -> None:
    """Put ``client`` in the place of the one before it, for the same authorization server (and MCP server)."""
    _drop(content, "clients", lambda record: _client_key(record) == (issuer, server_url))
    record: JsonObject = {"version": VERSION, "issuer": issuer, "server": server_url, "client": client_object(client)}
    content["clients"] = [*as_list(content.get("clients")), record]


def drop_client(content: JsonObject, issuer: str, client_id: str) -> bool:
    """Whether it was there."""

    def unwanted(record: JsonObject) -> bool:
        client = as_object(record.get("client"))
        return record.get("issuer") == issuer and client.get("client_id") == client_id

    return _drop(content, "clients", unwanted)


def merge(content: JsonObject, more: JsonObject) -> None:
    """Put what ``more`` has into ``content``; of two logins with the same key the newer token counts."""
    for name, value in more.items():
        if name not in ("logins", "clients"):
            content.setdefault(name, value)
    found = {key_of(record): record for record in _logins(content)}
    for record in _logins(more):
        known = found.get(key_of(record))
        if known is None or obtained(record) > obtained(known):
            found[key_of(record)] = record
    clients = {_client_key(record): record for record in _objects(more, "clients")}
    clients |= {_client_key(record): record for record in _objects(content, "clients")}
    content["logins"] = [*found.values()]
    content["clients"] = [*clients.values()]


def hints(content: JsonObject) -> Iterator[str]:
    """What stands in the open for every login, see ``sealed.hint_of``."""
    for record in _logins(content):
        for url in servers_of(record):
            yield hint_of(url, as_text(record.get("wanted")) or "")


def counted(content: JsonObject) -> str:
    """How much there is, in words."""
    kinds = (("logins", "login"), ("clients", "client registration"))
    counts = [(len(as_list(content.get(name))), word) for name, word in kinds]
    return " and ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count) or "nothing"


def _logins(content: JsonObject) -> list[JsonObject]:
    return _objects(content, "logins")


def _objects(content: JsonObject, name: str) -> list[JsonObject]:
    return [item for item in as_list(content.get(name)) if isinstance(item, dict)]


def _drop(content: JsonObject, name: str, unwanted: Callable[[JsonObject], bool]) -> bool:
    before = as_list(content.get(name))
    after = [item for item in before if not (isinstance(item, dict) and unwanted(item))]
    if len(after) != len(before):
        content[name] = after
    return len(after) != len(before)


def _client(record: JsonObject) -> Client:
    if record.get("version") != VERSION:
        raise Unfit("version")
    return client_from(as_object(record.get("client")))


def _client_key(record: JsonObject) -> tuple[str, str]:
    return as_text(record.get("issuer")) or "", as_text(record.get("server")) or ""


def _unfit(what: str, record: JsonObject, error: Unfit) -> str:
    issuer = one_line(as_text(record.get("issuer")) or "an unnamed authorization server", 200)
    return f"a stored {what} at {issuer} was skipped: its {error} cannot be understood"
