"""Sections 1 and 2: revisions, JSON-RPC.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

MESSAGES: tuple[Requirement, ...] = (
    Requirement(
        "1.1",
        "both",
        "I",
        "2026-07-28 changelog, deprecated",
        "Every released revision is one row of data: era, headers, batches, elicitation modes.",
        tests=(
            "tests/eras/test_negotiation.py::test_a_pinned_handshake_revision_is_the_one_that_is_offered",
            "tests/spec/test_section_06_era.py::test_any_handshake_version_in_the_answer_is_accepted_and_used",
        ),
    ),
    Requirement(
        "1.2",
        "both",
        "I",
        "2026-07-28 changelog, deprecated",
        "What the newest revision deprecates (roots, sampling, logging, HTTP+SSE) keeps working.",
        tests=(
            "tests/spec/test_section_13_sse.py::test_an_endpoint_that_takes_no_post_turns_out_to_be_one_of_http_with_sse",
            "tests/spec/test_section_15_rounds.py::test_roots_inside_a_result_are_answered_from_what_is_configured",
            "tests/spec/test_section_15_rounds.py::test_sampling_inside_a_result_is_answered_with_the_whole_result",
            "tests/spec/test_section_19_utilities.py::test_in_the_stateless_era_the_level_goes_with_each_request",
        ),
    ),
    Requirement(
        "2.0.1",
        "both",
        "MUST",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "Every message is JSON-RPC 2.0 in UTF-8, and every request has an integer or string id.",
        tests=(
            "tests/protocol/test_jsonrpc.py::test_a_lone_surrogate_leaves_as_an_escape",
            "tests/spec/test_section_02_json_rpc.py::test_each_message_is_one_json_rpc_object_and_each_request_has_an_integer_id",
        ),
    ),
    Requirement(
        "2.0.2",
        "both",
        "MUST",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "An inbound request whose id is null, a boolean or a fraction is no request.",
        tests=("tests/protocol/test_jsonrpc.py::test_every_shape_of_bytes_becomes_its_kind_of_message",),
    ),
    Requirement(
        "2.0.3",
        "both",
        "MUST",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "A request id is never used twice on a connection.",
        tests=("tests/protocol/test_dispatcher.py::test_ids_are_never_used_twice",),
    ),
    Requirement(
        "2.0.4",
        "both",
        "MUST",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "An answer is matched by id and by the id's JSON type.",
        tests=(
            "tests/protocol/test_dispatcher.py::test_an_id_of_another_json_type_is_not_an_answer",
            "tests/protocol/test_dispatcher.py::test_answers_find_their_requests_in_any_order",
        ),
    ),
    Requirement(
        "2.0.5",
        "both",
        "I",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "A late answer or one to an unknown id is reported and harms nothing.",
        tests=(
            "tests/protocol/test_dispatcher.py::test_a_time_out_says_cancelled_to_the_peer_and_a_late_answer_harms_nothing",
        ),
    ),
    Requirement(
        "2.0.6",
        "both",
        "MUST",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "An answer has either a result or an error; both, neither or a code that is no integer is told.",
        tests=(
            "tests/spec/test_section_02_json_rpc.py::test_an_answer_that_breaks_the_envelope_ends_its_request_and_is_told",
            "tests/spec/test_section_02_json_rpc.py::test_an_answer_with_neither_result_nor_error_ends_its_request",
        ),
    ),
    Requirement(
        "2.0.7",
        "both",
        "MUST",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "An error without an id, or with a null one, is an error of the connection and not lost.",
        tests=("tests/spec/test_section_02_json_rpc.py::test_an_error_without_an_id_is_told_as_one_of_the_connection",),
    ),
    Requirement(
        "2.0.8",
        "both",
        "MUST",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "A notification is never answered, not even an unknown one.",
        tests=("tests/spec/test_section_02_json_rpc.py::test_notifications_are_never_answered_whatever_they_are",),
    ),
    Requirement(
        "2.0.9",
        "modern",
        "MUST",
        "2026-07-28 basic/index#responses",
        "No JSON-RPC response is ever sent; a request from the server is a violation without an answer.",
        tests=(
            "tests/protocol/test_dispatcher.py::test_a_request_is_a_violation_where_the_era_forbids_it",
            "tests/spec/test_section_02_json_rpc.py::test_a_request_of_a_stateless_server_gets_no_answer_and_is_told",
        ),
    ),
    Requirement(
        "2.0.10",
        "legacy",
        "MUST",
        "2025-11-25 basic/index",
        "Every request of the server is answered: a result, or -32601 for what was not declared.",
        tests=(
            "tests/protocol/test_dispatcher.py::test_every_request_of_the_peer_gets_an_answer",
            "tests/session/test_session.py::test_ping_is_answered_and_an_undeclared_request_is_refused",
        ),
    ),
    Requirement(
        "2.0.11",
        "legacy",
        "MUST",
        "2025-03-26 basic/index#batching",
        "A batch is taken apart and each of its messages is handled.",
        tests=(
            "tests/protocol/test_jsonrpc.py::test_a_batch_becomes_its_messages_in_order",
            "tests/spec/test_section_02_json_rpc.py::test_a_batch_is_taken_apart_and_told_where_the_revision_has_none",
        ),
    ),
    Requirement(
        "2.0.12",
        "legacy",
        "MUST",
        "2025-06-18 changelog",
        "Messages are never sent as a batch.",
        tests=(
            "tests/spec/test_section_02_json_rpc.py::test_each_message_is_one_json_rpc_object_and_each_request_has_an_integer_id",
        ),
    ),
    Requirement(
        "2.0.13",
        "both",
        "I",
        "2025-06-18 changelog",
        "A batch from a revision that has none is told as a broken rule, and its messages still arrive.",
        tests=(
            "tests/spec/test_section_02_json_rpc.py::test_a_batch_is_taken_apart_and_told_where_the_revision_has_none",
        ),
    ),
    Requirement(
        "2.0.14",
        "both",
        "MUST",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "Members nobody here knows are kept, and an unknown notification ends nothing.",
        tests=("tests/spec/test_section_02_json_rpc.py::test_notifications_are_never_answered_whatever_they_are",),
    ),
    Requirement(
        "2.0.15",
        "both",
        "I",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "A failure of our own (time-out, lost connection) never looks like an error that the peer sent.",
        tests=("tests/spec/test_section_02_json_rpc.py::test_a_failure_of_our_own_is_never_an_error_of_the_peer",),
    ),
    Requirement(
        "2.0.16",
        "both",
        "MUST",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "Bytes that are no message are kept with the reason, and the connection goes on.",
        tests=(
            "tests/protocol/test_dispatcher.py::test_rubbish_is_kept_and_the_connection_goes_on",
            "tests/protocol/test_dispatcher.py::test_no_input_raises_out_of_the_dispatcher",
        ),
    ),
    Requirement(
        "2.0.17",
        "both",
        "I",
        "2026-07-28 basic/index, 2025-11-25 basic/index",
        "An answer that cannot be read ends its own request at once and no other.",
        tests=("tests/protocol/test_dispatcher.py::test_an_answer_that_cannot_be_read_ends_its_request_and_no_other",),
    ),
    Requirement(
        "2.1.1",
        "modern",
        "MUST",
        "2026-07-28 basic/index",
        "A result without resultType is complete.",
        tests=("tests/session/test_session.py::test_a_modern_result_without_a_type_is_complete_and_told",),
    ),
    Requirement(
        "2.1.2",
        "modern",
        "MUST",
        "2026-07-28 basic/index",
        "A resultType that is neither core nor of a declared extension makes the answer invalid.",
        tests=("tests/session/test_session.py::test_a_result_that_breaks_the_rules_of_rounds_is_an_error",),
    ),
    Requirement(
        "2.1.3",
        "modern",
        "MUST",
        "2026-07-28 basic/index",
        "input_required is an invalid answer to anything but tools/call, prompts/get and resources/read.",
        tests=(
            "tests/spec/test_section_02_json_rpc.py::test_a_result_type_that_does_not_belong_to_the_method_is_an_invalid_answer",
        ),
    ),
    Requirement(
        "2.1.4",
        "modern",
        "MUST",
        "2026-07-28 basic/index",
        "task is an invalid answer to anything but tools/call, and everywhere when the extension was not declared.",
        tests=(
            "tests/spec/test_section_02_json_rpc.py::test_a_result_type_that_does_not_belong_to_the_method_is_an_invalid_answer",
            "tests/spec/test_section_02_json_rpc.py::test_a_task_that_was_not_declared_is_an_invalid_answer_to_a_call",
        ),
    ),
    Requirement(
        "2.1.5",
        "legacy",
        "I",
        "2026-07-28 basic/index",
        "In the handshake era a member called resultType means nothing.",
        tests=(
            "tests/spec/test_section_02_json_rpc.py::test_in_the_handshake_era_a_member_called_result_type_means_nothing",
        ),
    ),
)
