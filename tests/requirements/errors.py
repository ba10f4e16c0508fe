"""Sections 3 to 5: error codes, ``_meta``, capabilities.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

ERRORS: tuple[Requirement, ...] = (
    Requirement(
        "3.1",
        "both",
        "MUST",
        "2026-07-28 basic/index#error-codes",
        "The peer's error reaches the caller with its code, message and data.",
        tests=("tests/protocol/test_dispatcher.py::test_the_peers_error_is_raised_with_code_and_data",),
    ),
    Requirement(
        "3.2",
        "both",
        "MUST",
        "2026-07-28 basic/index#error-codes",
        "Codes from -32000 to -32019 carry no meaning and never decide the era.",
        tests=(
            "tests/eras/test_negotiation.py::test_whatever_is_no_evidence_of_the_modern_era_leads_to_the_handshake",
        ),
    ),
    Requirement(
        "3.3",
        "legacy",
        "SHOULD",
        "2026-07-28 server/resources",
        "-32002 is still understood as a resource that was not found.",
        tests=("tests/spec/test_section_03_errors.py::test_a_resource_that_was_not_found_says_so_whatever_the_code",),
    ),
    Requirement(
        "3.4",
        "modern",
        "SHOULD",
        "2026-07-28 basic/index#error-codes",
        "After -32020 the tools are listed again, the headers rebuilt, and the call sent once more.",
        tests=(
            "tests/session/test_session.py::test_a_header_mismatch_reads_the_tools_again_and_retries_once",
            "tests/spec/test_section_10_http.py::test_after_a_header_mismatch_the_headers_are_rebuilt_from_a_fresh_list_once",
            "tests/spec/test_section_10_http.py::test_a_mismatch_that_stays_is_told_after_one_more_try",
        ),
    ),
    Requirement(
        "3.5",
        "modern",
        "MUST",
        "2026-07-28 basic/index#error-codes",
        "-32021 is told with the capabilities that are wanted, and not taken for an older server.",
        tests=(
            "tests/spec/test_section_03_errors.py::test_an_error_that_names_what_is_wanted_says_so_in_its_hint",
            "tests/eras/test_negotiation.py::test_other_modern_errors_never_lead_to_the_handshake",
            "tests/spec/test_section_03_errors.py::test_a_missing_client_capability_is_told_with_what_is_wanted",
        ),
    ),
    Requirement(
        "3.6",
        "both",
        "MUST",
        "2026-07-28 basic/index#error-codes",
        "No code of our own lies in -32020 to -32099.",
        tests=("tests/spec/test_section_03_errors.py::test_no_code_of_ours_lies_in_the_range_of_the_specification",),
    ),
    Requirement(
        "3.7",
        "both",
        "I",
        "2026-07-28 basic/index#error-codes",
        "A JSON-RPC error in the body of an unsuccessful HTTP answer is the answer of its request.",
        tests=("tests/protocol/test_dispatcher.py::test_an_http_error_body_that_is_the_requests_error_becomes_it",),
    ),
    Requirement(
        "3.8",
        "both",
        "I",
        "2026-07-28 basic/index#error-codes",
        "An error never turns into a success: a failed request says the code and what to do next.",
        tests=("tests/cli/test_tools_and_calls.py::test_an_error_object_instead_of_a_result_is_1_with_its_code",),
    ),
    Requirement(
        "4.1",
        "modern",
        "MUST",
        "2026-07-28 basic/index#_meta",
        "protocolVersion and clientCapabilities are in _meta of every request, discover and retries included.",
        tests=(
            "tests/eras/test_negotiation.py::test_every_modern_request_carries_the_envelope_and_its_headers",
            "tests/spec/test_section_03_errors.py::test_every_kind_of_modern_request_carries_the_whole_envelope",
            "tests/spec/test_section_15_rounds.py::test_a_retry_has_all_answers_a_new_id_and_a_whole_envelope",
        ),
    ),
    Requirement(
        "4.2",
        "modern",
        "SHOULD",
        "2026-07-28 basic/index#_meta",
        "Every request carries clientInfo with name and version.",
        tests=(
            "tests/eras/test_negotiation.py::test_every_modern_request_carries_the_envelope_and_its_headers",
            "tests/spec/test_section_03_errors.py::test_every_kind_of_modern_request_carries_the_whole_envelope",
        ),
    ),
    Requirement(
        "4.3",
        "legacy",
        "MUST",
        "2026-07-28 basic/index#_meta",
        "Handshake requests carry no modern envelope.",
        tests=("tests/eras/test_negotiation.py::test_handshake_requests_carry_no_envelope",),
    ),
    Requirement(
        "4.4",
        "modern",
        "SHOULD",
        "2026-07-28 basic/index#_meta",
        "What a server claims to be in _meta serverInfo is shown and decides nothing.",
        tests=("tests/spec/test_section_03_errors.py::test_what_a_server_calls_itself_is_kept_and_decides_nothing",),
    ),
    Requirement(
        "4.5",
        "both",
        "MUST",
        "2026-07-28 basic/index#_meta",
        "traceparent, tracestate and baggage in _meta follow the W3C formats where they are sent.",
        tests=(
            "tests/session/test_trace_context.py::test_each_request_has_a_span_of_its_own_in_the_trace_that_was_given",
            "tests/session/test_trace_context.py::test_without_a_valid_parent_nothing_is_sent",
        ),
    ),
    Requirement(
        "4.6",
        "both",
        "MUST",
        "2026-07-28 basic/index#_meta",
        "_meta of the caller is kept beside what the era adds to it.",
        tests=("tests/spec/test_section_03_errors.py::test_meta_of_the_caller_stands_beside_that_of_the_era",),
    ),
    Requirement(
        "4.7",
        "both",
        "I",
        "2026-07-28 basic/index#_meta",
        "A _meta key that breaks the key grammar is warned about and sent.",
        why="keys are typed by people only with raw requests, which are not offered in the dashboard yet",
    ),
    Requirement(
        "5.1",
        "both",
        "MUST",
        "2026-07-28 basic/versioning, 2025-11-25 basic/lifecycle#capability-negotiation",
        "Only what can be fulfilled right now is declared: with no one to answer, nothing is.",
        tests=(
            "tests/spec/test_section_03_errors.py::test_no_code_of_ours_lies_in_the_range_of_the_specification",
            "tests/spec/test_section_03_errors.py::test_with_no_one_to_answer_nothing_is_declared",
            "tests/spec/test_section_33_questions.py::test_with_no_one_to_answer_a_question_is_refused_at_once",
        ),
    ),
    Requirement(
        "5.2",
        "both",
        "MUST",
        "2026-07-28 basic/versioning, 2025-11-25 basic/lifecycle#capability-negotiation",
        "A declared capability is an object, and declaring elicitation names at least one mode.",
        tests=(
            "tests/session/test_session.py::test_a_question_of_the_handshake_era_is_answered_by_the_human",
            "tests/spec/test_section_33_questions.py::test_a_mode_that_was_not_declared_is_refused",
        ),
    ),
    Requirement(
        "5.3",
        "both",
        "MUST",
        "2026-07-28 basic/versioning, 2025-11-25 basic/lifecycle#capability-negotiation",
        "Capabilities of a server that nobody here knows are kept.",
        tests=(
            "tests/ui/test_deck_lists.py::test_an_overview_keeps_capabilities_that_nobody_here_knows",
            "tests/spec/test_section_36_tasks.py::test_extensions_and_unknown_capabilities_of_the_server_are_kept_as_they_are",
        ),
    ),
    Requirement(
        "5.4",
        "legacy",
        "MUST",
        "2026-07-28 basic/versioning, 2025-11-25 basic/lifecycle#capability-negotiation",
        "What the server did not announce is not used by itself: its lists are not read.",
        tests=("tests/spec/test_section_03_errors.py::test_only_lists_that_the_server_announces_are_read",),
    ),
    Requirement(
        "5.5",
        "both",
        "MUST",
        "2026-07-28 basic/versioning, 2025-11-25 basic/lifecycle#capability-negotiation",
        "The capability member being there counts, an empty object included.",
        tests=("tests/spec/test_section_03_errors.py::test_only_lists_that_the_server_announces_are_read",),
    ),
    Requirement(
        "5.6",
        "both",
        "I",
        "2026-07-28 basic/versioning, 2025-11-25 basic/lifecycle#capability-negotiation",
        "An explicit request is sent also where the server announces nothing: a debugger must be able to.",
        tests=(
            "tests/cli/test_batch.py::test_what_the_server_does_not_announce_is_sent_all_the_same",
            "tests/spec/test_section_03_errors.py::test_an_explicit_request_is_sent_also_where_the_server_announces_nothing",
        ),
    ),
)
