"""The table: every client scenario of the conformance framework on every wire it applies to.

Owns what has to be seen for a pair to count, for all but authorization, which has a table of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.interop.conformance.authorization import AUTHORIZATION
from tests.interop.conformance.scenario import (
    JUNE,
    NOVEMBER,
    STATELESS,
    VALID,
    WIRES,
    Pair,
    Refusal,
    Scenario,
)

TAMPERED = Refusal("verification", 1)
"""A skill that is not what its description says."""


def _each(check: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{check}#{name}" for name in names)


def _skills(what: str, check: str, refuses: Refusal | None) -> Scenario:
    return Scenario(f"sep-2640-client-{what}", WIRES, (check,), refuses, extension=True)


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
    _skills("no-prefetch", "sep-2640-host-no-prefetch", None),
    _skills("verify-digest", "sep-2640-host-verify-digest", TAMPERED),
    _skills("verify-size", "sep-2640-host-size-mismatch-failure", TAMPERED),
    _skills("verify-frontmatter", "sep-2640-host-frontmatter-comparison", TAMPERED),
    *AUTHORIZATION,
)


def pairs() -> Iterator[Pair]:
    """Every pair that is run."""
    for scenario in SCENARIOS:
        for wire in scenario.wires:
            yield Pair(scenario, wire)
