"""A server's certificate in words: whose it is, who signed it, until when it holds.

Owns reading it (with ``cryptography``, which logins need anyway; ``ssl`` tells nothing of one that was not verified).
Never decides whether it is trusted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from ipaddress import ip_address

from ..state.text import one_line

SOON = dt.timedelta(days=14)
"""From when on the end of a certificate is worth a word."""
NAMES = 6


@dataclass(frozen=True, slots=True)
class Seen:
    """``names``: those it is good for, the first of them; ``own``: signed by itself."""

    subject: str
    issuer: str
    begins: dt.datetime
    ends: dt.datetime
    names: tuple[str, ...]
    own: bool

    def lines(self) -> tuple[str, ...]:
        signed = "signed by itself" if self.own else f"signed by {self.issuer}"
        more = f" and {len(self.names) - NAMES} more" if len(self.names) > NAMES else ""
        names = ", ".join(self.names[:NAMES]) + more
        return (
            f"{self.subject}, {signed}",
            f"for {names or 'no name at all'}",
            f"from {self.begins:%Y-%m-%d} until {self.ends:%Y-%m-%d} ({self._left()})",
        )

    def _left(self) -> str:
        days = (self.ends - dt.datetime.now(dt.UTC)).days
        if days < 0:
            return f"ended {-days} day{'' if days == -1 else 's'} ago"
        return f"{days} day{'' if days == 1 else 's'} left"

    def soon(self) -> str:
        """What to do about one that is about to end; empty: it holds for long."""
        if self.ends - dt.datetime.now(dt.UTC) > SOON:
            return ""
        return "It ends soon: whoever runs the server has to renew it."

    def remedy(self, host: str) -> str:
        """What to do about it where it was not accepted; empty: it does not show."""
        now = dt.datetime.now(dt.UTC)
        if self.ends < now:
            return "It is out of date: whoever runs the server has to renew it. Is the clock of this machine right?"
        if self.begins > now:
            return "It does not hold yet: is the clock of this machine right?"
        if not any(_fits(name, host) for name in self.names):
            return f"It is for another name than {host}: check the host in the URL."
        if self.own:
            return 'It is signed by itself: if you trust it, give its file as "tls": {"ca": …} in the entry.'
        return 'Nobody here knows who signed it: name that authority with "tls": {"ca": …} in the entry.'


def seen(certificate: bytes) -> Seen | None:
    """``certificate`` is DER; None for what cannot be read as one."""
    from cryptography import x509  # 60 ms: not before somebody looks at a certificate

    try:
        read = x509.load_der_x509_certificate(certificate)
        try:
            extension = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            names = (
                *extension.get_values_for_type(x509.DNSName),
                *map(str, extension.get_values_for_type(x509.IPAddress)),
            )
        except x509.ExtensionNotFound:
            names = ()
        subject, issuer = _name(read.subject.rfc4514_string()), _name(read.issuer.rfc4514_string())
    except (ValueError, x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType):
        return None  # the library's own are no ValueErrors
    shown = tuple(one_line(name, 80) for name in names)
    own = read.subject == read.issuer
    return Seen(subject, issuer, read.not_valid_before_utc, read.not_valid_after_utc, shown, own)


def _name(text: str) -> str:
    return one_line(text, 120) or "(no name)"


def _fits(name: str, host: str) -> bool:
    """``name`` is that of ``host`` (RFC 9525, section 6.3): a star stands for the whole first label."""
    try:
        return ip_address(name) == ip_address(host)
    except ValueError:
        pass
    one, other = name.lower().rstrip("."), host.lower().rstrip(".")
    if one.startswith("*."):
        return one[2:] == other.partition(".")[2]
    return one == other
