"""The fields of an entry that names a remote server: url, headers, their helper, tls, token.

Owns what each transport needs of them. Never connects: whether a certificate file can be read is
found out when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ..models import (
    ConnectorTarget,
    Helper,
    HttpTarget,
    Json,
    JsonObject,
    SseTarget,
    Target,
    Tls,
    TransportKind,
    WebSocketTarget,
)
from ..telemetry.redaction import masked_text, masked_url
from .field_names import USED_BY
from .fields import FieldReader, Unusable
from .files import with_home
from .headers import header_name_problem, header_value_problem, set_by_mcpdeck
from .headers_helper import HeadersHelper
from .mask import masked_command
from .read import json_kind
from .several import written_addresses
from .tokens import GivenToken, TokenCommand, TokenFile
from .urls import encrypted, url_problem, url_remedy

IDE_HEADER = "X-Claude-Code-Ide-Authorization"
_TLS_FILES = ("ca", "cert", "key")
_TLS_FIELDS = (*_TLS_FILES, "minVersion")
_TOKENS = ("token", "tokenFile", "tokenCommand")


class RemoteReader(FieldReader):
    """Reads the target of a remote server. ``folder``: what paths are relative to; ``project``: where commands run."""

    def __init__(self, name: str, value: JsonObject, environ: Mapping[str, str], folder: Path, project: Path) -> None:
        super().__init__(value, environ)
        self._name = name
        self._environ = environ
        self._folder = folder
        self._project = project

    def remote(self, kind: TransportKind) -> Target:
        """The target of ``kind``. Raises ``Unusable``."""
        url = self._url(kind)
        headers = self._headers()
        tls = self._tls(url)
        match kind:
            case TransportKind.SSE | TransportKind.SSE_IDE:
                return SseTarget(url, headers, tls, kind, self._helper(kind, url))
            case TransportKind.WS_IDE:
                return WebSocketTarget(url, self._ide_headers(headers), tls, kind)
            case TransportKind.WS:
                return WebSocketTarget(url, headers, tls, kind, self._helper(kind, url))
            case TransportKind.CONNECTOR:
                return ConnectorTarget(url, self._token(headers), headers, tls)
            case _:
                return HttpTarget(url, headers, tls, helper=self._helper(kind, url))

    def remote_endpoint(self, kind: TransportKind) -> str:
        """The unexpanded, masked URL, or all of them; for a connector also what is read or run for its token."""
        shown = ", ".join(masked_url(url) for url in written_addresses(self.value))
        if kind is not TransportKind.CONNECTOR:
            return shown
        file, command = self.value.get("tokenFile"), self.value.get("tokenCommand")
        if isinstance(command, list):
            program, *words = [str(word) for word in command] or [""]
            return f"{shown} (token from the command: {masked_command(program, words)})"
        return f"{shown} (token from the file: {file})" if isinstance(file, str) else shown

    def _url(self, kind: TransportKind) -> str:
        """The message of what is raised never holds the expanded URL."""
        remedy = url_remedy(kind).removeprefix("write ").partition(" or ")[2]
        url = self.required_text("url", f'add "url": "{remedy}"')
        problem = url_problem(url, kind)
        if problem is None:
            return url
        shown = masked_url(str(self.value.get("url")))
        missing = ", ".join(self.expander.missing)
        if missing:
            raise Unusable(f'the url "{shown}" needs {missing}, which is not set', f"set {missing}", "url")
        remedy = url_remedy(kind, problem)
        if problem.startswith("does not begin") and shown.lower().startswith(("http", "ws")):
            remedy += f', or change "type": it is "{kind}"'
        raise Unusable(f'the url "{shown}" {problem}', remedy, "url")

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for name, value in self.mapping("headers").items():
            problem = header_name_problem(name)
            if problem is not None:
                raise Unusable(f'"headers" has the name "{name}", {problem}', "correct it or remove it", "headers")
            problem = header_value_problem(value)
            if problem is not None:
                raise Unusable(f'the value of header "{name}" has {problem}', "remove it", "headers")
            if set_by_mcpdeck(name):
                self.lints.append(f'the header "{name}" is set by mcpdeck for each message: this one is not sent')
            else:
                headers[name] = value
        return headers

    def _helper(self, kind: TransportKind, url: str) -> Helper | None:
        value = self.value.get("headersHelper")
        if value is None or "headersHelper" not in USED_BY[kind]:
            return None
        remedy = 'write the command as one string: "headersHelper": "/path/helper.sh"'
        if not isinstance(value, str):
            raise Unusable(f'"headersHelper" is {json_kind(value)}, not a string', remedy, "headersHelper")
        if not value.strip():
            raise Unusable('"headersHelper" is empty', remedy, "headersHelper")
        # Not expanded: the shell does that, from the same environment and without making code of a value.
        command = self.checked("headersHelper", value)
        return HeadersHelper(command, str(self._project), self._name, url)

    def _tls(self, url: str) -> Tls | None:
        value = self.value.get("tls")
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Unusable(f'"tls" is {json_kind(value)}, not an object', 'write "tls": {"ca": "ca.pem"}', "tls")
        self.lints += [f'unknown field "{key}" in "tls" (not used)' for key in value if key not in _TLS_FIELDS]
        known = FieldReader({"tls": {key: value[key] for key in value if key in _TLS_FIELDS}}, self._environ)
        known.expander, known.lints = self.expander, self.lints
        texts = known.mapping("tls")
        minimum = texts.get("minVersion")
        if minimum not in (None, "1.2", "1.3"):
            raise Unusable('"minVersion" in "tls" is no version that can be asked for', 'write "1.2" or "1.3"', "tls")
        if "key" in texts and "cert" not in texts:
            raise Unusable('"tls" has a "key" and no "cert"', 'add "cert": the certificate that it belongs to', "tls")
        if not encrypted(url):
            self.lints.append('"tls" is not used: the url is not encrypted')
        ca, cert, key = (self._path(texts.get(name), f'"{name}" in "tls"', "tls") for name in _TLS_FILES)
        return Tls(ca, cert, key, minimum)

    def _path(self, text: str | None, what: str, field: str) -> str | None:
        """A path as an absolute one; a relative one stands beside the file of the entry."""
        if text is None:
            return None
        if not text.strip():
            raise Unusable(f"{what} is empty", "write a path, or remove it", field)
        return str(self._folder / with_home(text))

    def _ide_headers(self, headers: dict[str, str]) -> dict[str, str]:
        value = self.value.get("authToken")
        if value is None:
            return headers
        token = self.required_text("authToken", "write the token of the IDE's lock file, or remove it")
        if header_value_problem(token) is not None:
            raise Unusable('"authToken" has characters that a header cannot carry', "correct it", "authToken")
        return {
            **{name: text for name, text in headers.items() if name.lower() != IDE_HEADER.lower()},
            IDE_HEADER: token,
        }

    def _token(self, headers: Mapping[str, str]) -> Callable[[bool], str]:
        if any(name.lower() == "authorization" for name in headers):
            raise Unusable(
                'it has a header "Authorization", where the account\'s token belongs',
                'remove it, or use "type": "http"',
                "headers",
            )
        given = [name for name in _TOKENS if self.value.get(name) is not None]
        if len(given) != 1:
            what = f"it has {' and '.join(given)}: one is enough" if given else "it has no token"
            raise Unusable(what, 'write one of "token", "tokenFile" and "tokenCommand"', given[0] if given else None)
        match given[0]:
            case "token":
                return GivenToken(self.required_text("token", 'write "token": "${NAME}"'))
            case "tokenFile":
                path = self._path(self.required_text("tokenFile", "write a path"), '"tokenFile"', "tokenFile")
                return TokenFile(str(path), self._written(self.value["tokenFile"]))
            case _:
                words = self.texts("tokenCommand")
                if not words or not words[0].strip():
                    raise Unusable('"tokenCommand" is empty', 'write "tokenCommand": ["PROGRAM"]', "tokenCommand")
                return TokenCommand(tuple(words), str(self._project), written=self._written(self.value["tokenCommand"]))

    @staticmethod
    def _written(value: Json) -> str:
        """A path or program as it stands in the entry, where variables are put into it; else nothing."""
        text = value[0] if isinstance(value, list) else value
        return masked_text(text) if isinstance(text, str) and "${" in text else ""
