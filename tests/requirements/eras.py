"""Section 6: which era.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

ERAS: tuple[Requirement, ...] = (
    Requirement(
        "6.0.1",
        "both",
        "SHOULD",
        "2026-07-28 basic/versioning",
        "The era is a property of the server, found out once for a connection and not with every request.",
        tests=(
            "tests/cli/test_memory.py::test_a_second_run_of_a_configured_server_of_the_older_era_does_not_probe",
            "tests/spec/test_section_06_era.py::test_the_era_is_found_out_once_and_not_with_every_request",
            "tests/spec/test_section_06_era.py::test_a_verdict_is_kept_so_that_the_next_connection_does_not_probe_again",
        ),
    ),
    Requirement(
        "6.0.2",
        "both",
        "MUST",
        "2026-07-28 basic/versioning",
        "A recognised modern error never leads to initialize.",
        tests=(
            "tests/eras/test_negotiation.py::test_other_modern_errors_never_lead_to_the_handshake",
            "tests/eras/test_negotiation.py::test_no_version_in_common_names_both_lists",
            "tests/spec/test_section_06_era.py::test_400_with_a_modern_error_is_no_reason_for_the_handshake",
        ),
    ),
    Requirement(
        "6.0.3",
        "both",
        "MUST",
        "2026-07-28 basic/versioning",
        "The way back to the handshake is not tied to one error code.",
        tests=(
            "tests/eras/test_negotiation.py::test_whatever_is_no_evidence_of_the_modern_era_leads_to_the_handshake",
        ),
    ),
    Requirement(
        "6.0.4",
        "both",
        "I",
        "2026-07-28 basic/versioning",
        "Pinned to the handshake there is no probe, pinned to the modern era no handshake.",
        tests=(
            "tests/eras/test_negotiation.py::test_pinned_to_the_handshake_there_is_no_probe",
            "tests/eras/test_negotiation.py::test_pinned_to_the_modern_era_there_is_no_handshake",
        ),
    ),
    Requirement(
        "6.0.5",
        "both",
        "I",
        "2026-07-28 basic/versioning",
        "The probe is labelled, so that nobody takes it for traffic of the era that was found.",
        tests=("tests/spec/test_section_06_era.py::test_the_probe_is_labelled_and_how_the_era_was_decided_is_kept",),
    ),
    Requirement(
        "6.0.6",
        "both",
        "I",
        "2026-07-28 basic/versioning",
        "How the era was decided is kept and shown.",
        tests=("tests/spec/test_section_06_era.py::test_the_probe_is_labelled_and_how_the_era_was_decided_is_kept",),
    ),
    Requirement(
        "6.0.7",
        "both",
        "I",
        "2026-07-28 basic/versioning",
        "A version can be pinned exactly, and an unknown one is refused before anything is sent.",
        tests=(
            "tests/eras/test_negotiation.py::test_an_unknown_pin_is_refused_before_anything_is_sent",
            "tests/eras/test_negotiation.py::test_a_pinned_handshake_revision_is_the_one_that_is_offered",
        ),
    ),
    Requirement(
        "6.0.8",
        "both",
        "SHOULD",
        "2026-07-28 basic/versioning",
        "A verdict that is kept can be thrown away, so that an upgraded server is recognised.",
        tests=(
            "tests/session/test_memory.py::test_detecting_again_asks_anew_whatever_is_remembered",
            "tests/session/test_memory.py::test_the_older_verdict_expires",
            "tests/spec/test_section_06_era.py::test_a_verdict_can_be_thrown_away",
            "tests/spec/test_section_06_era.py::test_a_verdict_that_turns_out_to_be_wrong_is_looked_into_again",
        ),
    ),
    Requirement(
        "6.1.1",
        "both",
        "SHOULD",
        "2026-07-28 basic/transports/stdio#backward-compatibility",
        "server/discover is the first message on the pipe and names the preferred version.",
        tests=("tests/eras/test_negotiation.py::test_a_discover_result_makes_it_modern_and_nothing_else_is_sent",),
    ),
    Requirement(
        "6.1.2",
        "both",
        "MUST",
        "2026-07-28 basic/transports/stdio#backward-compatibility",
        "A discover result makes the server modern, at the best version both know.",
        tests=("tests/eras/test_negotiation.py::test_a_discover_result_makes_it_modern_and_nothing_else_is_sent",),
    ),
    Requirement(
        "6.1.3",
        "both",
        "I",
        "2026-07-28 basic/transports/stdio#backward-compatibility",
        "A discover result or -32022 that names handshake versions only leads to initialize at the newest of them.",
        tests=(
            "tests/eras/test_negotiation.py::test_whatever_is_no_evidence_of_the_modern_era_leads_to_the_handshake",
        ),
    ),
    Requirement(
        "6.1.4",
        "both",
        "MUST",
        "2026-07-28 basic/transports/stdio#backward-compatibility",
        "-32022 leads to one more discover with a version that was named, and to no loop.",
        tests=(
            "tests/eras/test_negotiation.py::test_a_refused_version_is_asked_again_once_with_the_one_that_was_named",
        ),
    ),
    Requirement(
        "6.1.5",
        "both",
        "MUST",
        "2026-07-28 basic/transports/stdio#backward-compatibility",
        "Without a version in common the error names both lists.",
        tests=("tests/eras/test_negotiation.py::test_no_version_in_common_names_both_lists",),
    ),
    Requirement(
        "6.1.6",
        "both",
        "MUST",
        "2026-07-28 basic/transports/stdio#backward-compatibility",
        "Any other error, an unusable result or silence leads to initialize on the same process.",
        tests=(
            "tests/eras/test_negotiation.py::test_whatever_is_no_evidence_of_the_modern_era_leads_to_the_handshake",
            "tests/eras/test_negotiation.py::test_silence_on_a_shared_channel_leads_to_the_handshake",
            "tests/connections/test_misbehaving.py::test_a_server_that_ignores_the_probe_is_spoken_to_in_the_older_era",
        ),
    ),
    Requirement(
        "6.1.7",
        "both",
        "I",
        "2026-07-28 basic/transports/stdio#backward-compatibility",
        "A child that ends on the probe is started again and initialized.",
        tests=(
            "tests/connections/test_misbehaving.py::test_a_server_that_exits_on_the_probe_is_started_again_and_initialized",
        ),
    ),
    Requirement(
        "6.1.8",
        "both",
        "I",
        "2026-07-28 basic/transports/stdio#backward-compatibility",
        "The answer to a probe that was given up may arrive later and harms nothing.",
        tests=("tests/spec/test_section_06_era.py::test_a_probe_that_is_answered_late_harms_nothing",),
    ),
    Requirement(
        "6.1.9",
        "both",
        "I",
        "2026-07-28 basic/transports/stdio#backward-compatibility",
        "initialize answered with -32022 is evidence of a slow modern server, which is probed once more.",
        tests=("tests/eras/test_negotiation.py::test_a_slow_modern_server_found_out_by_the_handshake_is_asked_again",),
    ),
    Requirement(
        "6.1.10",
        "both",
        "SHOULD",
        "2026-07-28 basic/transports/stdio#backward-compatibility",
        "The words with which a modern-only server refuses initialize reach the person.",
        tests=(
            "tests/spec/test_section_06_era.py::test_the_words_with_which_a_modern_server_refuses_initialize_reach_the_person",
        ),
    ),
    Requirement(
        "6.2.1",
        "both",
        "SHOULD",
        "2026-07-28 basic/transports/streamable-http#backward-compatibility",
        "The probe over HTTP is a POST of server/discover with all modern headers.",
        tests=(
            "tests/eras/test_negotiation.py::test_every_modern_request_carries_the_envelope_and_its_headers",
            "tests/spec/test_section_06_era.py::test_the_probe_over_http_is_a_post_with_all_modern_headers",
        ),
    ),
    Requirement(
        "6.2.2",
        "both",
        "I",
        "2026-07-28 basic/transports/streamable-http#backward-compatibility",
        "401 and 403 mean a login first and are never evidence of an era.",
        tests=(
            "tests/eras/test_negotiation.py::test_an_outage_or_a_login_is_never_taken_for_an_era",
            "tests/spec/test_section_06_era.py::test_a_login_that_is_wanted_is_told_with_every_challenge_and_no_handshake_follows",
        ),
    ),
    Requirement(
        "6.2.3",
        "both",
        "I",
        "2026-07-28 basic/transports/streamable-http#backward-compatibility",
        "An outage (5xx, 429, no connection) is reported and is never evidence of an era.",
        tests=(
            "tests/eras/test_negotiation.py::test_an_outage_or_a_login_is_never_taken_for_an_era",
            "tests/spec/test_section_06_era.py::test_a_server_that_is_out_of_order_is_not_taken_for_an_older_one",
        ),
    ),
    Requirement(
        "6.2.4",
        "both",
        "MUST",
        "2026-07-28 basic/transports/streamable-http#backward-compatibility",
        "400 with a recognised modern error stays modern.",
        tests=(
            "tests/protocol/test_dispatcher.py::test_an_http_error_body_that_is_the_requests_error_becomes_it",
            "tests/spec/test_section_06_era.py::test_400_with_a_modern_error_is_no_reason_for_the_handshake",
        ),
    ),
    Requirement(
        "6.2.5",
        "both",
        "I",
        "2026-07-28 basic/transports/streamable-http#backward-compatibility",
        "200 with any other error, or a result that is none of discover, leads to the handshake.",
        tests=(
            "tests/eras/test_negotiation.py::test_whatever_is_no_evidence_of_the_modern_era_leads_to_the_handshake",
        ),
    ),
    Requirement(
        "6.2.6",
        "both",
        "SHOULD",
        "2026-07-28 basic/transports/streamable-http#backward-compatibility",
        "400, 404 and 405 without a recognised body lead to a POST of initialize.",
        tests=(
            "tests/eras/test_negotiation.py::test_whatever_is_no_evidence_of_the_modern_era_leads_to_the_handshake",
            "tests/spec/test_section_06_era.py::test_a_status_without_a_modern_body_leads_to_initialize_over_http",
        ),
    ),
    Requirement(
        "6.2.7",
        "both",
        "SHOULD",
        "2026-07-28 basic/transports/streamable-http#backward-compatibility",
        "initialize refused with 400, 404 or 405 leads to GET, and an endpoint event there to HTTP+SSE.",
        tests=(
            "tests/spec/test_section_13_sse.py::test_an_endpoint_that_takes_no_post_turns_out_to_be_one_of_http_with_sse",
            "tests/spec/test_section_13_sse.py::test_without_that_wish_the_refusal_stands",
        ),
    ),
    Requirement(
        "6.2.8",
        "both",
        "SHOULD",
        "2026-07-28 basic/transports/streamable-http#backward-compatibility",
        "The discover result is understood as JSON and as an event stream.",
        tests=("tests/spec/test_section_06_era.py::test_a_discover_result_in_an_event_stream_is_understood",),
    ),
    Requirement(
        "6.2.9",
        "both",
        "I",
        "2026-07-28 basic/transports/streamable-http#backward-compatibility",
        "On HTTP silence is an outage and not an older server.",
        tests=("tests/spec/test_section_06_era.py::test_silence_over_http_is_an_outage_and_no_older_server",),
    ),
    Requirement(
        "6.3.1",
        "both",
        "I",
        "2026-07-28 basic/transports/index#custom-transports",
        "A transport with one shared channel (in-process, WebSocket) detects the era as stdio does.",
        tests=(
            "tests/transports/test_memory.py::test_the_handshake_era_is_spoken_in_whole_json_frames",
            "tests/transports/test_memory.py::test_the_stateless_era_is_spoken_too",
            "tests/transports/test_websocket.py::test_it_is_a_shared_channel_for_both_eras",
        ),
    ),
)
