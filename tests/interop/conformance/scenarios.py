"""The table: every client scenario of the conformance framework on every wire it applies to.

Owns what has to be seen for a pair to count. The framework's own verdict is too lenient for that: it passes
a run with no checks at all, and it ignores how the client ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FRAMEWORK = "0.2.0-alpha.12"
MARCH, JUNE, NOVEMBER, STATELESS = WIRES = ("2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
VALID = "wire-schema-valid"
"""Every message of ours fits the schema of its revision; only some scenarios look at that."""


@dataclass(frozen=True)
class Scenario:
    """``required``: check ids, or ``id#name`` where one id has several checks; each must be seen as SUCCESS.

    ``refuses``: the client is right to end with a failure, because something of the server's must be refused.
    """

    name: str
    wires: tuple[str, ...]
    required: tuple[str, ...]
    refuses: bool = False
    extension: bool = False


@dataclass(frozen=True)
class Pair:
    """One scenario on one wire: the protocol revision that the framework's server speaks."""

    scenario: Scenario
    wire: str

    @property
    def id(self) -> str:
        return f"{self.scenario.name}@{self.wire}"

    @property
    def pin(self) -> tuple[str, str]:
        """The option that tells the client which version to speak."""
        if self.scenario.extension and self.wire == MARCH:
            # These servers answer a handshake for 2025-03-26 with 2026-07-28, which no handshake may agree on.
            return "--era", "legacy"
        return "--protocol-version", self.wire


def _each(check: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{check}#{name}" for name in names)


def _skills(what: str, check: str, *, refuses: bool) -> Scenario:
    return Scenario(f"sep-2640-client-{what}", WIRES, (check,), refuses=refuses, extension=True)


SCENARIOS = (
    Scenario("initialize", (JUNE, NOVEMBER), ("mcp-client-initialization",)),
    Scenario("tools_call", (JUNE, NOVEMBER, STATELESS), ("tool-add-numbers", VALID)),
    Scenario(
        "elicitation-sep1034-client-defaults",
        (NOVEMBER,),
        tuple(
            f"client-elicitation-sep1034-{kind}-default" for kind in ("string", "integer", "number", "enum", "boolean")
        ),
    ),
    Scenario(
        "sse-retry",
        (NOVEMBER,),
        ("client-sse-graceful-reconnect", "client-sse-retry-timing", "client-sse-last-event-id"),
    ),
    Scenario(
        "request-metadata",
        (STATELESS,),
        (
            "sep-2575-http-client-sends-version-header",
            "sep-2575-client-populates-meta",
            "sep-2575-client-sends-client-info",
            "sep-2575-http-version-header-matches-meta",
            "sep-2575-client-declares-roots-capability",
            "sep-2575-client-declares-sampling-capability",
            "sep-2575-client-declares-elicitation-capability",
            "sep-2575-client-retry-supported-version",
        ),
    ),
    Scenario(
        "sep-2322-client-request-state",
        (STATELESS,),
        (
            "sep-2322-client-request-state-echoed",
            "sep-2322-client-jsonrpc-id-different",
            "sep-2322-client-no-state-omitted",
            "sep-2322-client-parallel-isolation",
            "sep-2322-default-result-type-complete",
        ),
    ),
    Scenario(
        "http-standard-headers",
        (STATELESS,),
        _each(
            "sep-2243-client-includes-standard-headers",
            "ClientMcpMethodHeader_tools_list",
            "ClientMcpMethodHeader_tools_call",
            "ClientMcpMethodHeader_resources_list",
            "ClientMcpMethodHeader_resources_read",
            "ClientMcpMethodHeader_prompts_list",
            "ClientMcpMethodHeader_prompts_get",
            "ClientMcpNameHeader_tools_call",
            "ClientMcpNameHeader_resources_read",
            "ClientMcpNameHeader_prompts_get",
        ),
    ),
    Scenario(
        "http-custom-headers",
        (STATELESS,),
        (
            "sep-2243-client-supports-custom-headers",
            "sep-2243-client-omit-null",
            *_each(
                "sep-2243-client-mirrors-designated-params",
                "ClientCustomHeader_Region",
                "ClientCustomHeader_EmptyVal",
                "ClientCustomHeader_Method",
                "ClientCustomHeader_InternalSpace",
                "ClientCustomHeaderNoMirrorNumber",
                "ClientCustomHeaderNoMirrorUnannotated",
            ),
            *_each(
                "sep-2243-client-encode-values",
                "ClientCustomHeader_Priority",
                "ClientCustomHeader_Verbose",
                "ClientCustomHeader_Debug",
            ),
            *_each(
                "sep-2243-client-base64-unsafe",
                "ClientCustomHeader_NonAscii",
                "ClientCustomHeader_Whitespace",
                "ClientCustomHeader_LeadingSpace",
                "ClientCustomHeader_TrailingSpace",
                "ClientCustomHeader_ControlChar",
                "ClientCustomHeader_CrLf",
                "ClientCustomHeader_Tab",
            ),
        ),
    ),
    Scenario(
        "http-invalid-tool-headers",
        (STATELESS,),
        (
            "sep-2243-client-reject-invalid-tool",
            "sep-2243-x-mcp-header-not-empty",
            "sep-2243-x-mcp-header-primitive-only",
            "sep-2243-x-mcp-header-unique",
            "sep-2243-x-mcp-header-charset",
        ),
    ),
    Scenario("json-schema-ref-no-deref", (STATELESS,), ("sep-2106-no-network-ref-deref",)),
    Scenario(
        "json-schema-2020-12-preservation",
        (NOVEMBER, STATELESS),
        (
            "json-schema-2020-12-client-tool-found",
            "json-schema-2020-12-client-echo-completed",
            "json-schema-2020-12-client-$schema-preserved",
            "json-schema-2020-12-client-$defs-preserved",
            "json-schema-2020-12-client-additionalProperties-preserved",
            "sep-2106-client-composition-keywords-preserved",
            "sep-2106-client-conditional-keywords-preserved",
            "sep-2106-client-anchor-keyword-preserved",
            VALID,
        ),
    ),
    _skills("no-prefetch", "sep-2640-host-no-prefetch", refuses=False),
    _skills("verify-digest", "sep-2640-host-verify-digest", refuses=True),
    _skills("verify-size", "sep-2640-host-size-mismatch-failure", refuses=True),
    _skills("verify-frontmatter", "sep-2640-host-frontmatter-comparison", refuses=True),
)


def pairs() -> Iterator[Pair]:
    """Every pair that is run."""
    for scenario in SCENARIOS:
        for wire in scenario.wires:
            yield Pair(scenario, wire)


BOTH, SINCE_JUNE, NEWEST = (NOVEMBER, STATELESS), (JUNE, NOVEMBER, STATELESS), (STATELESS,)
AUTHORIZATION = {
    "auth/2025-03-26-oauth-metadata-backcompat": (MARCH,),
    "auth/2025-03-26-oauth-endpoint-fallback": (MARCH,),
    "auth/metadata-default": BOTH,
    "auth/metadata-var1": BOTH,
    "auth/metadata-var2": BOTH,
    "auth/metadata-var3": BOTH,
    "auth/basic-cimd": BOTH,
    "auth/scope-from-www-authenticate": BOTH,
    "auth/scope-from-scopes-supported": BOTH,
    "auth/scope-omitted-when-undefined": BOTH,
    "auth/scope-step-up": BOTH,
    "auth/scope-retry-limit": BOTH,
    "auth/token-endpoint-auth-basic": SINCE_JUNE,
    "auth/token-endpoint-auth-post": SINCE_JUNE,
    "auth/token-endpoint-auth-none": SINCE_JUNE,
    "auth/pre-registration": BOTH,
    "auth/resource-mismatch": NEWEST,
    "auth/offline-access-scope": NEWEST,
    "auth/offline-access-not-supported": NEWEST,
    "auth/authorization-server-migration": NEWEST,
    "auth/iss-supported": NEWEST,
    "auth/iss-not-advertised": NEWEST,
    "auth/iss-supported-missing": NEWEST,
    "auth/iss-wrong-issuer": NEWEST,
    "auth/iss-unexpected": NEWEST,
    "auth/iss-normalized": NEWEST,
    "auth/metadata-issuer-mismatch": NEWEST,
    "auth/client-credentials-jwt": (NOVEMBER,),
    "auth/client-credentials-basic": (NOVEMBER,),
    "auth/enterprise-managed-authorization": (NOVEMBER,),
    "auth/dpop": (NOVEMBER,),
    "auth/dpop-nonce": (NOVEMBER,),
    "auth/wif-jwt-bearer": (NOVEMBER,),
}
"""Pairs that are not run: logging in is not built yet. Extensions are counted on the framework's default wire."""
