"""Sections 26 to 28: tools, structured content, schemas.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

TOOLS: tuple[Requirement, ...] = (
    Requirement(
        "26.1",
        "both",
        "MUST",
        "2026-07-28 server/tools",
        "tools/call names the tool and carries its arguments; isError is a result and no failure of the call.",
        tests=(
            "tests/spec/test_section_26_tools.py::test_a_result_is_handed_on_exactly_as_it_came",
            "tests/spec/test_section_26_tools.py::test_an_error_of_the_tool_is_a_result_and_an_error_object_is_a_failure",
        ),
    ),
    Requirement(
        "26.2",
        "both",
        "SHOULD",
        "2026-07-28 server/tools",
        "A tool with an odd name is kept and can be called.",
        tests=("tests/spec/test_section_26_tools.py::test_a_tool_with_an_odd_name_is_kept_and_can_be_called",),
    ),
    Requirement(
        "26.3",
        "both",
        "MUST",
        "2026-07-28 server/tools",
        "The input schema is an object schema; anything else is a problem of the tool, which stays listed.",
        tests=("tests/session/test_session.py::test_a_tool_is_kept_with_its_problems",),
    ),
    Requirement(
        "26.4",
        "both",
        "MUST",
        "2026-07-28 server/tools",
        "The name to show is title, then annotations.title, then name.",
        tests=(
            "tests/spec/test_section_26_tools.py::test_a_tool_is_shown_by_title_then_annotated_title_then_name_and_keeps_all_it_has",
        ),
    ),
    Requirement(
        "26.5",
        "both",
        "MUST",
        "2026-07-28 server/tools",
        "Annotations are claims of the server and decide nothing about safety.",
        tests=("tests/ui/test_form_tool.py::test_the_header_names_the_tool_its_server_and_what_the_server_claims",),
    ),
    Requirement(
        "26.6",
        "both",
        "SHOULD",
        "2026-07-28 server/tools",
        "The exact arguments are seen before they are sent.",
        tests=("tests/ui/test_form_tool.py::test_form_and_json_carry_the_values_both_ways",),
    ),
    Requirement(
        "26.7",
        "both",
        "I",
        "2026-07-28 server/tools",
        "Wrong arguments are shown first and sent anyway when asked.",
        tests=(
            "tests/ui/test_form_tool.py::test_a_broken_rule_is_shown_first_and_sent_anyway_on_the_second_press",
            "tests/cli/test_tools_and_calls.py::test_no_validate_sends_what_the_schema_forbids",
        ),
    ),
    Requirement(
        "26.8",
        "both",
        "MUST",
        "2026-07-28 server/tools",
        "Numbers keep their kind and size, and what was left empty is left out.",
        tests=(
            "tests/protocol/test_jsonrpc.py::test_numbers_keep_their_kind_and_size",
            "tests/ui/test_form_tool.py::test_empty_optional_fields_are_not_sent",
            "tests/ui/test_form_values.py::test_typed_text_becomes_the_value_of_its_kind",
            "tests/spec/test_section_26_tools.py::test_arguments_leave_with_the_kind_and_size_of_their_numbers",
        ),
    ),
    Requirement(
        "26.9",
        "both",
        "I",
        "2026-07-28 server/tools",
        "A JSON-RPC error and an error of the tool are told apart.",
        tests=(
            "tests/cli/test_tools_and_calls.py::test_an_error_object_instead_of_a_result_is_1_with_its_code",
            "tests/cli/test_tools_and_calls.py::test_a_tool_error_is_1_and_its_content_is_still_printed",
        ),
    ),
    Requirement(
        "26.10",
        "both",
        "MUST",
        "2026-07-28 server/tools",
        "A result is shown as it came, with members nobody knows.",
        tests=("tests/spec/test_section_26_tools.py::test_a_result_is_handed_on_exactly_as_it_came",),
    ),
    Requirement(
        "26.11",
        "both",
        "MUST",
        "2026-07-28 server/tools",
        "A tool that the client must refuse is not called without an override.",
        tests=(
            "tests/spec/test_section_10_http.py::test_a_tool_with_a_wrong_annotation_is_told_with_its_reason_and_not_called",
        ),
    ),
    Requirement(
        "26.12",
        "both",
        "SHOULD",
        "2026-07-28 server/tools",
        "A person is able to deny a call: nothing is called without somebody who asked for it.",
        tests=("tests/spec/test_section_03_errors.py::test_only_lists_that_the_server_announces_are_read",),
    ),
    Requirement(
        "26.13",
        "both",
        "I",
        "2026-07-28 server/tools",
        "Tools of servers with the same tool names stay apart by the configured name.",
        tests=("tests/cli/test_tools_and_calls.py::test_tools_json_has_every_field_of_the_contract",),
    ),
    Requirement(
        "27.1",
        "both",
        "MUST",
        "2026-07-28 server/tools#structured-content",
        "Structured content may be any JSON value; null, false, 0 and an empty text are not the same as none.",
        tests=("tests/spec/test_section_26_tools.py::test_a_result_is_handed_on_exactly_as_it_came",),
    ),
    Requirement(
        "27.2",
        "both",
        "SHOULD",
        "2026-07-28 server/tools#structured-content",
        "Structured content is checked against the output schema, and a failure is shown without losing the data.",
        tests=(
            "tests/cli/test_tools_and_calls.py::test_structured_content_that_breaks_its_schema_is_shown_with_what_is_wrong",
            "tests/spec/test_section_26_tools.py::test_a_result_that_does_not_keep_its_output_schema_is_told",
        ),
    ),
    Requirement(
        "27.3",
        "both",
        "MUST",
        "2026-07-28 server/tools#structured-content",
        "An output schema without structured content is told, except with isError.",
        tests=("tests/spec/test_section_26_tools.py::test_a_result_that_does_not_keep_its_output_schema_is_told",),
    ),
    Requirement(
        "27.4",
        "both",
        "I",
        "2026-07-28 server/tools#structured-content",
        "Text that only repeats the structured content is shown once.",
        tests=(
            "tests/ui/test_result_view.py::test_text_that_repeats_the_structured_content_is_not_shown_twice",
            "tests/ui/test_result_view.py::test_text_that_differs_from_the_structured_content_is_shown_beside_it",
        ),
    ),
    Requirement(
        "28.1",
        "both",
        "MUST",
        "2026-07-28 basic/index#json-schema-usage",
        "A schema without $schema is one of 2020-12.",
        tests=("tests/spec/test_section_26_tools.py::test_without_a_dialect_a_schema_is_one_of_2020_12",),
    ),
    Requirement(
        "28.2",
        "both",
        "MUST",
        "2026-07-28 basic/index#json-schema-usage",
        "Another dialect that is known is applied as such, its trailing # ignored.",
        tests=("tests/engine/test_validation.py::test_an_older_dialect_is_applied_as_such",),
    ),
    Requirement(
        "28.3",
        "both",
        "I",
        "2026-07-28 basic/index#json-schema-usage",
        "A schema that is invalid, or of an unknown dialect, leaves the tool usable.",
        tests=(
            "tests/engine/test_validation.py::test_a_schema_that_cannot_be_applied_does_not_keep_anyone_from_calling",
        ),
    ),
    Requirement(
        "28.4",
        "both",
        "MUST",
        "2026-07-28 basic/index#json-schema-usage",
        "A remote reference is never fetched.",
        tests=(
            "tests/engine/test_validation.py::test_a_remote_reference_is_never_fetched",
            "tests/spec/test_section_26_tools.py::test_no_keyword_makes_a_schema_fetch_anything",
        ),
    ),
    Requirement(
        "28.5",
        "both",
        "SHOULD",
        "2026-07-28 basic/index#json-schema-usage",
        "Validation is bounded in time and never holds up the rest.",
        tests=(
            "tests/engine/test_validation.py::test_a_huge_value_does_not_make_a_huge_message",
            "tests/engine/test_executor.py::test_a_catastrophic_pattern_is_given_up_and_the_loop_goes_on_meanwhile",
        ),
    ),
    Requirement(
        "28.6",
        "both",
        "MUST",
        "2026-07-28 basic/index#json-schema-usage",
        "A format is an annotation and refuses nothing.",
        tests=("tests/spec/test_section_26_tools.py::test_a_format_refuses_nothing",),
    ),
    Requirement(
        "28.7",
        "both",
        "I",
        "2026-07-28 basic/index#json-schema-usage",
        "Forms survive every keyword and keep those that they do not know.",
        tests=(
            "tests/ui/test_form_values.py::test_every_kind_of_schema_gets_the_control_that_fits",
            "tests/ui/test_form_values.py::test_names_beyond_the_properties_and_keywords_beyond_the_form_are_not_forgotten",
        ),
    ),
    Requirement(
        "28.8",
        "both",
        "MUST",
        "2026-07-28 basic/index#json-schema-usage",
        "A schema that is invalid, of an unknown dialect, or that points outside itself is said to be one.",
        tests=(
            "tests/spec/test_section_26_tools.py::test_a_schema_that_cannot_be_applied_is_told_as_a_problem_of_its_tool",
        ),
    ),
)
