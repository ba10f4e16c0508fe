"""Section 15: multi round-trip requests.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

ROUNDS: tuple[Requirement, ...] = (
    Requirement(
        "15.1",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "input_required without inputRequests and without requestState is an invalid answer.",
        tests=(
            "tests/session/test_session.py::test_a_result_that_breaks_the_rules_of_rounds_is_an_error",
            "tests/spec/test_section_15_rounds.py::test_a_round_that_asks_for_nothing_is_an_invalid_answer_and_the_tool_is_not_called_again",
        ),
    ),
    Requirement(
        "15.2",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "All inputs are gathered before the request is sent again, under the same keys.",
        tests=(
            "tests/session/test_session.py::test_a_round_trip_echoes_the_state_and_answers_with_a_new_id",
            "tests/spec/test_section_15_rounds.py::test_a_retry_has_all_answers_a_new_id_and_a_whole_envelope",
        ),
    ),
    Requirement(
        "15.3",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "The retry has the original method and params, a new id and a complete envelope.",
        tests=(
            "tests/session/test_session.py::test_a_round_trip_echoes_the_state_and_answers_with_a_new_id",
            "tests/spec/test_section_15_rounds.py::test_a_retry_has_all_answers_a_new_id_and_a_whole_envelope",
        ),
    ),
    Requirement(
        "15.4",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "The retry has a new progress token, whose progress reaches the same call.",
        tests=(
            "tests/spec/test_section_15_rounds.py::test_each_round_has_a_token_of_its_own_whose_progress_reaches_the_same_call",
        ),
    ),
    Requirement(
        "15.5",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "requestState goes back exactly as it came, and none is sent when the last result had none.",
        tests=(
            "tests/session/test_session.py::test_a_round_trip_echoes_the_state_and_answers_with_a_new_id",
            "tests/spec/test_section_15_rounds.py::test_nothing_of_an_earlier_round_is_sent_again",
            "tests/spec/test_section_15_rounds.py::test_the_state_goes_back_exactly_as_it_came",
        ),
    ),
    Requirement(
        "15.6",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "Answers of earlier rounds are not sent again.",
        tests=(
            "tests/session/test_session.py::test_a_round_trip_echoes_the_state_and_answers_with_a_new_id",
            "tests/spec/test_section_15_rounds.py::test_a_retry_has_all_answers_a_new_id_and_a_whole_envelope",
            "tests/spec/test_section_15_rounds.py::test_nothing_of_an_earlier_round_is_sent_again",
        ),
    ),
    Requirement(
        "15.7",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "State and answers never reach another request, a parallel call of the same tool included.",
        tests=(
            "tests/spec/test_section_15_rounds.py::test_state_and_answers_of_parallel_calls_of_one_tool_stay_apart",
        ),
    ),
    Requirement(
        "15.8",
        "modern",
        "MAY",
        "2026-07-28 basic/patterns/mrtr",
        "With requestState alone the retry follows without asking.",
        tests=(
            "tests/session/test_session.py::test_a_round_with_state_alone_is_retried_without_asking",
            "tests/spec/test_section_15_rounds.py::test_state_alone_is_answered_without_asking_anyone",
        ),
    ),
    Requirement(
        "15.9",
        "modern",
        "I",
        "2026-07-28 basic/patterns/mrtr",
        "The rounds of one request have an end.",
        tests=("tests/session/test_session.py::test_an_endless_round_trip_ends",),
    ),
    Requirement(
        "15.10",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "A request for input that was not declared is not fulfilled and told as a violation.",
        tests=(
            "tests/session/test_session.py::test_a_result_that_breaks_the_rules_of_rounds_is_an_error",
            "tests/spec/test_section_15_rounds.py::test_what_was_not_offered_is_not_fulfilled",
            "tests/spec/test_section_15_rounds.py::test_without_a_capability_its_questions_reach_no_one",
        ),
    ),
    Requirement(
        "15.11",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "resources/read and prompts/get may ask for input as well.",
        tests=(
            "tests/spec/test_section_15_rounds.py::test_reading_a_resource_and_getting_a_prompt_may_ask_for_input_too",
        ),
    ),
    Requirement(
        "15.12",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "roots/list inside a result is answered from the configured roots, also when it has no params.",
        tests=(
            "tests/spec/test_section_15_rounds.py::test_roots_inside_a_result_are_answered_from_what_is_configured",
        ),
    ),
    Requirement(
        "15.13",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "sampling/createMessage inside a result is answered with the whole result.",
        tests=(
            "tests/spec/test_section_15_rounds.py::test_sampling_inside_a_result_is_answered_with_the_whole_result",
        ),
    ),
    Requirement(
        "15.14",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "A sampling request that is refused ends the operation without a retry.",
        tests=(
            "tests/spec/test_section_15_rounds.py::test_a_refused_sampling_request_ends_the_operation_without_a_retry",
        ),
    ),
    Requirement(
        "15.15",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "A declined or cancelled elicitation is an answer, and the retry carries it.",
        tests=("tests/spec/test_section_15_rounds.py::test_a_declined_question_is_an_answer_that_the_retry_carries",),
    ),
    Requirement(
        "15.16",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "The result of a retry is never cached.",
        tests=("tests/spec/test_section_15_rounds.py::test_what_a_retry_brought_is_never_served_again",),
    ),
    Requirement(
        "15.17",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/mrtr",
        "Headers are made anew for the retry: the mirrored name and arguments stay.",
        tests=("tests/spec/test_section_15_rounds.py::test_the_headers_of_a_retry_mirror_name_and_arguments_again",),
    ),
    Requirement(
        "15.18",
        "modern",
        "I",
        "2026-07-28 basic/patterns/mrtr",
        "Input requests of another kind than the three are not fulfilled.",
        tests=("tests/spec/test_section_15_rounds.py::test_what_was_not_offered_is_not_fulfilled",),
    ),
    Requirement(
        "15.19",
        "modern",
        "I",
        "2026-07-28 basic/patterns/mrtr",
        "Rounds can be stepped through, edited and tampered with by hand.",
        why="questions are put to the person as they come, and raw requests may break rules",
    ),
)
