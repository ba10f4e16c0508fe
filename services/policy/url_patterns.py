r"""Does an address fit a pattern of a policy rule?

Owns reading URLs in every way a client may read them, and the matching of ``*``. Never resolves a
name and knows no list.

Two programs can read one text as two addresses: ``https://a\@b/`` is the host ``b`` to RFC 3986 and the host
``a`` to a browser. So a text has *readings*. An allow needs every reading to fit, a deny needs one; a text that
has no reading at all fits no allow, and whoever denies URLs must take it as denied.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import unquote

DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
SECURE = ("https", "wss")

_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd]")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")
_DEVIATIONS = frozenset("\u00df\u03c2\u200c\u200d\u1e9e")
"""Characters that IDNA 2003 and IDNA 2008 map to different names."""
_DECODINGS = 4


def glob(pattern: str, text: str) -> bool:
    """``*`` is any run of characters, also none; everything else is itself.

    Takes time linear in both: each piece is searched from where the one before it ended, never again.
    """
    first, *pieces = pattern.split("*")
    if not pieces:
        return pattern == text
    last = pieces.pop()
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    position, end = len(first), len(text) - len(last)
    for piece in pieces:
        found = text.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a URL: lower case scheme and host, the port that is meant, path and query as sent."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    def __str__(self) -> str:
        port = "" if self.port == DEFAULT_PORTS.get(self.scheme) else f":{self.port}"
        return self._written(port)

    @property
    def with_port(self) -> str:
        """The same, the port written also where it is the scheme's own."""
        return self._written(f":{self.port}")

    def _written(self, port: str) -> str:
        return f"{self.scheme}://{self.host}{port}{self.path}{'?' + self.query if self.query else ''}"


@dataclass(frozen=True, slots=True)
class Address:
    """A URL with all its readings. ``clear``: there is at least one, and none was lost on the way."""

    readings: tuple[Reading, ...]
    clear: bool

    @classmethod
    def of(cls, url: str) -> Address:
        """Read ``url``; never raises."""
        found: list[Reading] = []
        clear = True
        url = url.strip(" ")
        if _UNSEEN.search(url):
            # some clients drop such characters, some encode them, some refuse
            clear, url = False, _UNSEEN.sub("", url)
        for text in dict.fromkeys((url, url.replace("\\", "/"))):
            reading = _read(text)
            if reading is None:
                clear = False
            else:
                found += _paths_of(reading)
        return cls(tuple(dict.fromkeys(found)), clear)


def _read(text: str) -> Reading | None:
    """The parts of one URL (RFC 3986, section 3), None when it is none that could be contacted."""
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in DEFAULT_PORTS:
        return None
    authority, path, query = _split(rest)
    _, _, host_and_port = authority.rpartition("@")
    host, port = _host_and_port(host_and_port)
    if "\\" in host or not (port == "" or (port.isascii() and port.isdigit() and len(port) <= 6)):
        return None
    name = _host_of(host)
    if not name:
        return None
    return Reading(scheme, name, int(port) if port else DEFAULT_PORTS[scheme], path or "/", query)


def _split(rest: str) -> tuple[str, str, str]:
    """What follows ``://`` -> authority, path, query. What follows ``#`` is never sent."""
    rest = rest.partition("#")[0]
    end = next((index for index, char in enumerate(rest) if char in "/?"), len(rest))
    path, _, query = rest[end:].partition("?")
    return rest[:end], path, query


def _host_and_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, bracket, port = text.partition("]")
        return host + bracket, port.removeprefix(":") if port.startswith(":") or not port else "?"
    host, _, port = text.partition(":")
    return host, port


def _host_of(host: str) -> str | None:
    """One spelling for every way to write a host; None for what is no host."""
    if host.startswith("["):
        try:
            address = IPv6Address(host[1:-1].partition("%")[0])
        except (AddressValueError, ValueError):
            return None
        return str(address.ipv4_mapped) if address.ipv4_mapped else f"[{address.compressed}]"
    name = (_ascii_name(host.lower()) or "").removesuffix(".")
    if not _HOST.fullmatch(name):
        return None
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        # 127.1, 2130706433 and 0x7f.0.0.1 are 127.0.0.1 to whoever connects
        try:
            return socket.inet_ntoa(socket.inet_aton(name))
        except OSError:
            return None
    return name


def _ascii_name(host: str) -> str | None:
    """The name that is looked up (IDNA); None where two versions of IDNA look up different ones."""
    if host.isascii():
        return host
    if _DEVIATIONS & set(host):
        return None
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None


def _paths_of(reading: Reading) -> list[Reading]:
    """The path as it is sent, and as servers and clients may understand it."""
    paths = dict.fromkeys((reading.path, _without_dots(reading.path)))
    decoded = reading.path
    for _ in range(_DECODINGS):
        further = unquote(decoded)
        if further == decoded:
            break
        decoded = further
    plain = decoded.replace("\\", "/").partition("?")[0].partition("#")[0]
    if ".." in plain or "//" in plain or "/./" in plain or "\\" in decoded or plain != decoded:
        # what %2e%2e, %2f and // become depends on who reads them
        paths[_without_dots(plain)] = None
        paths[_without_dots(re.sub("//+", "/", plain))] = None
    paths[plain] = None
    return [Reading(reading.scheme, reading.host, reading.port, path, reading.query) for path in paths]


def _without_dots(path: str) -> str:
    """RFC 3986, section 5.2.4."""
    kept: list[str] = []
    parts = path.split("/")
    for part in parts[1:]:
        if part == "..":
            if kept:
                kept.pop()
        elif part != ".":
            kept.append(part)
    if parts[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


@dataclass(frozen=True, slots=True)
class UrlPattern:
    """A ``serverUrl`` as it is written in a rule.

    ``path`` None: any path. ``port`` empty: not given; an allow means the scheme's own port then, a deny every
    port. Without a scheme every scheme is meant by a deny, only an encrypted one by an allow.
    """

    text: str
    scheme: str | None
    host: str
    port: str
    path: str | None
    query: str | None

    @classmethod
    def of(cls, text: str) -> UrlPattern:
        """Take a pattern apart; never raises. What is no sensible pattern fits nothing."""
        scheme, separator, rest = text.strip().partition("://")
        if not separator:
            scheme, rest = "", text.strip()
        if rest == "*":
            return cls(text, scheme.lower() or "*", "*", "*", None, None)
        has_query = "?" in rest.partition("#")[0]
        authority, path, query = _split(rest.replace("\\", "/"))
        host, port = _host_and_port(authority.rpartition("@")[2])
        return cls(text, scheme.lower() or None, canonical_host(host), port, path or None, query if has_query else None)

    def allows(self, address: Address) -> bool:
        """Every reading fits, as a person who reads the pattern expects."""
        return address.clear and bool(address.readings) and all(self._allowed(reading) for reading in address.readings)

    def denies(self, address: Address) -> bool:
        """Some reading fits."""
        return any(self._denied(reading) for reading in address.readings)

    def _allowed(self, url: Reading) -> bool:
        if not (url.scheme in SECURE if self.scheme is None else glob(self.scheme, url.scheme)):
            return False
        if self.port:
            if not glob(self.port, str(url.port)):
                return False
        elif url.port != DEFAULT_PORTS[url.scheme] and not self._leaves_the_port_open:
            return False
        return self._allows_host(url.host) and self._allows_path(url)

    @property
    def _leaves_the_port_open(self) -> bool:
        """``http://localhost*``: what follows the host is a port as well as a path."""
        return self.path is None and self.host.endswith("*") and not self.host.endswith(".*")

    def _allows_host(self, host: str) -> bool:
        if len(self.host) > 1 and self.host.endswith("*"):
            begin = self.host[:-1]
            if not begin.endswith("."):
                # "https://good.com*" is meant for what follows the host, never for good.com.evil.com
                return glob(begin, host)
            # "https://good.*" is meant for one more label, never for good.evil.com
            head, _, label = host.rpartition(".")
            return bool(label) and glob(begin, head + ".")
        return glob(self.host, host)

    def _allows_path(self, url: Reading) -> bool:
        if self.path is None:
            return self.query is None or glob(self.query, url.query)
        if not self._fits_path(url.path):
            return False
        if self.query is not None:
            return glob(self.query, url.query)
        # "/*/public" says nothing of "/secret?x=/public": what follows the "?" is looked at by itself
        return not url.query or self.path.endswith("*")

    def _fits_path(self, path: str) -> bool:
        # The readings of a path are decoded, and a pattern may be written either way.
        return self.path is None or glob(self.path, path) or ("%" in self.path and glob(unquote(self.path), path))

    def _denied(self, url: Reading) -> bool:
        if self.scheme is None and glob(_host_in_lower_case(self.text.strip()), str(url)):
            return True  # "*evil*" is read as text
        if self.scheme is not None and not glob(self.scheme, url.scheme):
            return False
        if self.port and not glob(self.port, str(url.port)):
            return False
        # "https://bad.com*" denies bad.com with every path too
        if not (glob(self.host, url.host) or (self.path is None and glob(self.host.removesuffix("*"), url.host))):
            return False
        if self.path not in (None, "/"):
            ends = (url.path, url.path.removesuffix("/"), url.path + "/")
            if not any(self._fits_path(path) for path in ends):
                return False
        return self.query is None or glob(self.query, url.query)


def _host_in_lower_case(text: str) -> str:
    host, slash, path = text.partition("/")
    return host.lower() + slash + path


def canonical_host(host: str) -> str:
    """The host of a pattern in the spelling of a reading; where that has none, as it stands."""
    host = host.lower()
    if "*" not in host:
        return _host_of(host) or host
    labels = [_ascii_name(label) or label for label in host.split(".")]
    return ".".join(labels).removesuffix(".")
