"""The error tree: what happened, where, and what to do next.

Owns every exception that leaves a service. Never formats for a screen; ``ErrorInfo`` (models) is
the value that the state, the dashboard and ``--json`` show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from .models import Json


class McpDeckError(Exception):
    """Base of all errors a person may see.

    ``title`` says what happened, ``hint`` what to do next, ``server`` whose it is (the configured
    name), ``retryable`` whether trying again may help. ``details`` are JSON values for ``--json``.
    """

    kind: ClassVar[str] = "internal"

    def __init__(
        self,
        title: str,
        *,
        hint: str = "",
        server: str | None = None,
        retryable: bool = False,
        details: dict[str, Json] | None = None,
    ) -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint
        self.server = server
        self.retryable = retryable
        self.details: dict[str, Json] = details or {}


class UsageError(McpDeckError):
    """The person asked for something that does not exist or cannot be (exit code 2)."""

    kind = "usage"


class ConfigError(McpDeckError):
    """A configuration file or entry that cannot be used."""

    kind = "config"


class ConfigSyntaxError(ConfigError):
    """The file is not JSON; ``details`` carry file, line and column."""


class ConfigValidationError(ConfigError):
    """The file is JSON, but an entry of it cannot be used."""


class UntrustedError(ConfigError):
    """An entry of a project file that nobody approved yet."""

    kind = "permission"


class PolicyDenied(McpDeckError):
    """An allow or deny rule, or a managed file, keeps a server from being used.

    ``details``: ``rule`` (as written), ``list`` (``deniedMcpServers`` or ``allowedMcpServers``), ``file``.
    """

    kind = "policy"


class TransportError(McpDeckError):
    """Bytes could not be carried.

    ``untaken``: the message this was raised for was certainly not taken (nothing listened, it was the one answered
    404, or it was not sent any more), so it can be sent again elsewhere. False for what was in flight.
    """

    kind = "connect"
    untaken: bool = False

    def for_unsent(self) -> Self:
        """The same error for a message that was not sent any more; what was in flight keeps its own."""
        late = type(self).__new__(type(self), *self.args)  # not called: each class has parameters of its own
        late.__dict__ |= {**self.__dict__, "details": dict(self.details), "untaken": True}
        late.__cause__ = self.__cause__
        return late


class ConnectError(TransportError):
    """The peer could not be reached at all."""


class SpawnError(ConnectError):
    """A child process did not start or ended at once; ``details``: exitCode, stderr (last lines)."""


class HttpStatusError(TransportError):
    """An HTTP answer that is not a success. ``body``: its first 64 KiB, which may hold a JSON-RPC error.

    ``retry_after``: seconds after which the server wants to be asked again (RFC 9110, section 10.2.3), where it said.
    """

    kind = "http"
    retry_after: float | None = None

    def __init__(self, title: str, *, status: int, body: bytes = b"", hint: str = "", retryable: bool = False) -> None:
        shown = body[:2_000].decode("utf-8", "replace")
        super().__init__(title, hint=hint, retryable=retryable, details={"status": status, "body": shown})
        self.status = status
        self.body = body


class TransportTimeout(TransportError):
    """Connecting or writing took longer than allowed."""

    kind = "timeout"


class ConnectionLost(TransportError):
    """The peer went away while the connection was in use."""


class FrameTooLarge(TransportError):
    """One message is larger than the configured limit."""

    kind = "protocol"


class SessionExpired(TransportError):
    """404 to a request that carried a session id (2025-11-25 transports, Session Management)."""


class ProtocolError(McpDeckError):
    """The protocol was broken."""

    kind = "protocol"


class LocalProtocolError(ProtocolError):
    """We were about to break it."""


class RemoteProtocolError(ProtocolError):
    """The peer broke it so that no answer could be had."""


class VerificationError(ProtocolError):
    """What was received is not what its digest, size or description says."""

    kind = "verification"


class UnsupportedVersion(ProtocolError):
    """No protocol revision in common; ``details`` name both lists."""


class CapabilityMissing(ProtocolError):
    """The peer does not offer what was asked of it."""


RPC_HINTS = {
    -32700: "The server could not parse the request; see its log.",
    -32600: "The server found the request invalid; see its log.",
    -32601: "The server does not know this method, or does not offer the feature it belongs to.",
    -32602: "The server refused the parameters: an unknown name, or arguments it does not accept.",
    -32603: "The server failed while it worked on this; its log should say why. Trying again may help.",
    -32002: "The server does not have that resource.",
    -32020: "The request headers did not mirror its body; connect again to read the tools afresh.",
    -32021: "The server needs a capability that mcpdeck did not offer for this request.",
    -32022: "The server does not speak the protocol version that was used.",
    -32042: "The server wants a web page to be visited first.",
}
"""What to do about the codes that have a meaning (protocol section 3)."""


_NAMED_IN = {-32021: "requiredCapabilities", -32022: "supported"}
"""Member of an error's ``data`` that says what is wanted instead (protocol section 3)."""


def _named(code: int, data: Json) -> str:
    """What the error names, as a list of words; empty when it names nothing."""
    names = data.get(_NAMED_IN[code]) if code in _NAMED_IN and isinstance(data, dict) else None
    return ", ".join(str(name) for name in names) if isinstance(names, (dict, list)) else ""


class RPCError(McpDeckError):
    """The peer answered with a JSON-RPC error object (protocol section 3)."""

    kind = "jsonrpc"

    def __init__(self, code: int, message: str, data: Json = None, *, hint: str = "") -> None:
        hint = hint or RPC_HINTS.get(code, "This is the server's own error; its log may say more.")
        named = _named(code, data)
        if named:
            hint = f"{hint} It names {named}."
        super().__init__(message or f"error {code}", hint=hint, details={"code": code, "data": data})
        self.code = code
        self.message = message
        self.data = data


class RequestTimeout(McpDeckError):
    """No answer in time."""

    kind = "timeout"


class RequestCancelled(McpDeckError):
    """We gave the request up."""

    kind = "cancelled"


class AuthError(McpDeckError):
    """Authorization stands in the way."""

    kind = "auth"


class AuthorizationRequired(AuthError):
    """401 or 403: the server wants a login first; ``challenges`` are the WWW-Authenticate values."""

    def __init__(self, title: str, *, hint: str = "", status: int = 401, challenges: tuple[str, ...] = ()) -> None:
        super().__init__(title, hint=hint, details={"status": status, "challenges": list(challenges)})
        self.status = status
        self.challenges = challenges


class AuthorizationRefused(AuthError):
    """A configured ``Authorization`` header was refused; logging in would not help."""


class InsufficientScope(AuthorizationRequired):
    """403 ``insufficient_scope`` (RFC 6750, section 3.1), and no wider token was to be had."""


class AuthorizationDenied(AuthError):
    """The person, or the authorization server, said no; or the login was given up.

    ``details``: ``error`` (the OAuth code) where the authorization server named one.
    """


class LoginGivenUp(AuthorizationDenied):
    """The person did not go on with a login: nobody's failure."""


class DiscoveryError(AuthError):
    """The way from the MCP server to its authorization server does not hold: what was missing or wrong there.

    Also where an address must not be contacted (protocol section 39).
    """


class RegistrationError(AuthError):
    """No client identity is to be had at this authorization server."""


class TokenError(AuthError):
    """The token endpoint gave no token that can be used; ``details``: ``error``, ``description``, ``status``."""


class TokenRefreshFailed(TokenError):
    """A token could not be refreshed. ``lost``: its refresh token is no good any more, so a login is needed."""

    lost: bool = False


class StorageError(AuthError):
    """Credentials cannot be read or kept."""


class PermissionDenied(McpDeckError):
    """A rule, or a person who was asked, does not let a call be made; nothing was sent.

    ``details``: ``rule`` (as written), ``source`` (where it stands), ``by`` (``rule``, ``person`` or ``nobody``: it
    would have to be asked for, and nobody is there).
    """

    kind = "permission"


class CircuitOpen(McpDeckError):
    """Calls to a server whose transport failed again and again are held back for a while; nothing was sent."""

    kind = "connect"


class ToolError(McpDeckError):
    """A call that never left, or an answer that does not fit its schema."""

    kind = "usage"


class UnknownTool(ToolError):
    """No tool of that name."""


class InvalidArguments(ToolError):
    """Arguments that fail the tool's input schema; ``problems`` are ``path: what is wrong``."""

    def __init__(self, title: str, *, problems: tuple[str, ...], hint: str = "", server: str | None = None) -> None:
        super().__init__(title, hint=hint, server=server, details={"problems": list(problems)})
        self.problems = problems


class InvalidOutput(ToolError):
    """Structured content that fails the tool's output schema."""

    kind = "protocol"
