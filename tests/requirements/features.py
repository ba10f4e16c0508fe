"""Sections 29 to 32: content blocks, icons, resources, prompts.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

FEATURES: tuple[Requirement, ...] = (
    Requirement(
        "29.1",
        "both",
        "MUST",
        "2026-07-28 server/tools#tool-result",
        "Text, image, audio, embedded resources and links are each shown as what they are, an unknown type as JSON.",
        tests=("tests/ui/test_result_view.py::test_every_kind_of_block_is_told_apart",),
    ),
    Requirement(
        "29.2",
        "both",
        "SHOULD",
        "2026-07-28 server/tools#tool-result",
        "Base64 is checked, bounded and compared with its type before anything is drawn.",
        tests=(
            "tests/ui/test_image_preview.py::test_a_wrong_type_is_warned_about_and_the_picture_still_shown",
            "tests/ui/test_image_preview.py::test_what_cannot_be_drawn_is_named_with_its_reason",
            "tests/ui/test_image_preview.py::test_large_pictures_are_kept_small",
        ),
    ),
    Requirement(
        "29.3",
        "both",
        "I",
        "2026-07-28 server/tools#tool-result",
        "A link to a resource is not read by itself.",
        tests=("tests/spec/test_section_26_tools.py::test_nothing_that_a_server_points_at_is_fetched_by_itself",),
    ),
    Requirement(
        "29.4",
        "both",
        "I",
        "2026-07-28 server/tools#tool-result",
        "An image or a sound can be saved.",
        tests=("tests/app/test_saving.py::test_the_part_a_person_means_gets_a_file_of_its_own",),
    ),
    Requirement(
        "29.5",
        "both",
        "MAY",
        "2026-07-28 server/tools#tool-result",
        "Annotations of a block (audience, priority) are hints.",
        why="shown as they came; nothing is hidden or sorted by them",
    ),
    Requirement(
        "30.1",
        "both",
        "MUST",
        "2025-11-25 basic/index#icons",
        "Icons are not fetched and not drawn.",
        tests=("tests/spec/test_section_26_tools.py::test_nothing_that_a_server_points_at_is_fetched_by_itself",),
    ),
    Requirement(
        "30.2",
        "both",
        "MUST",
        "2025-11-25 basic/index#icons",
        "Icons are kept as metadata of what they belong to.",
        tests=(
            "tests/spec/test_section_26_tools.py::test_a_tool_is_shown_by_title_then_annotated_title_then_name_and_keeps_all_it_has",
        ),
    ),
    Requirement(
        "30.3",
        "both",
        "MUST",
        "2026-07-28 basic/index#icons",
        "No scheme of an icon is followed, https and data included: none is fetched.",
        tests=("tests/spec/test_section_26_tools.py::test_nothing_that_a_server_points_at_is_fetched_by_itself",),
    ),
    Requirement(
        "31.1",
        "both",
        "MUST",
        "2026-07-28 server/resources",
        "Resources and templates are listed with every member as received.",
        tests=(
            "tests/spec/test_section_19_utilities.py::test_every_list_is_read_with_all_its_pages",
            "tests/spec/test_section_26_tools.py::test_resources_templates_and_prompts_are_kept_with_every_member",
        ),
    ),
    Requirement(
        "31.2",
        "both",
        "MUST",
        "2026-07-28 server/resources",
        "A uri is sent back exactly as it came.",
        tests=(
            "tests/spec/test_section_10_http.py::test_a_uri_goes_back_exactly_as_it_came",
            "tests/spec/test_section_16_changes.py::test_in_the_handshake_era_a_resource_is_subscribed_by_its_uri_as_it_was_listed",
        ),
    ),
    Requirement(
        "31.3",
        "both",
        "I",
        "2026-07-28 server/resources",
        "A read result may hold several contents; one with both text and blob, or neither, is told.",
        tests=("tests/spec/test_section_26_tools.py::test_contents_of_a_resource_have_either_text_or_bytes",),
    ),
    Requirement(
        "31.4",
        "both",
        "SHOULD",
        "2026-07-28 server/resources",
        "A resource that was not found says so, whether by -32602 or by -32002.",
        tests=("tests/spec/test_section_03_errors.py::test_a_resource_that_was_not_found_says_so_whatever_the_code",),
    ),
    Requirement(
        "31.5",
        "both",
        "MUST",
        "2026-07-28 server/resources",
        "Templates are expanded by RFC 6570, all operators and percent-encoding included.",
        tests=(
            "tests/session/test_uri_templates.py::test_the_examples_of_the_rfc_expand_to_what_it_says",
            "tests/session/test_uri_templates.py::test_what_the_rfc_says_without_an_example_holds_too",
        ),
    ),
    Requirement(
        "31.6",
        "both",
        "SHOULD",
        "2026-07-28 server/resources",
        "A templates list that the server does not know (-32601) is an empty one.",
        tests=("tests/spec/test_section_26_tools.py::test_a_list_of_templates_that_the_server_does_not_know_is_empty",),
    ),
    Requirement(
        "31.7",
        "both",
        "I",
        "2026-07-28 server/resources",
        "A result without contents is said to be empty, and text of any type shows its control characters.",
        tests=(
            "tests/cli/test_resources_and_prompts.py::test_several_contents_have_headings_and_what_is_binary_is_described",
        ),
    ),
    Requirement(
        "31.8",
        "both",
        "MUST",
        "2026-07-28 server/resources",
        "What a resource's URI points at is never fetched or opened by us: only the server reads it.",
        tests=("tests/spec/test_section_26_tools.py::test_nothing_that_a_server_points_at_is_fetched_by_itself",),
    ),
    Requirement(
        "31.9",
        "both",
        "SHOULD",
        "2026-07-28 server/resources",
        "An argument of a template is completed with the text of the template.",
        tests=(
            "tests/cli/test_resources_and_prompts.py::test_completions_are_one_a_line",
            "tests/spec/test_section_19_utilities.py::test_a_completion_names_its_reference_argument_and_what_was_chosen",
        ),
    ),
    Requirement(
        "31.10",
        "modern",
        "MUST",
        "2026-07-28 server/resources",
        "Reading a resource may take several rounds.",
        tests=(
            "tests/spec/test_section_15_rounds.py::test_reading_a_resource_and_getting_a_prompt_may_ask_for_input_too",
        ),
    ),
    Requirement(
        "32.1",
        "both",
        "MUST",
        "2026-07-28 server/prompts",
        "prompts/get names the prompt, and its arguments are strings.",
        tests=(
            "tests/spec/test_section_26_tools.py::test_a_prompt_is_asked_for_by_name_with_texts_and_shown_as_it_came",
        ),
    ),
    Requirement(
        "32.2",
        "both",
        "MUST",
        "2026-07-28 server/prompts",
        "Prompts are listed with their arguments as received.",
        tests=(
            "tests/spec/test_section_19_utilities.py::test_every_list_is_read_with_all_its_pages",
            "tests/spec/test_section_26_tools.py::test_resources_templates_and_prompts_are_kept_with_every_member",
        ),
    ),
    Requirement(
        "32.3",
        "both",
        "I",
        "2026-07-28 server/prompts",
        "A prompt's messages are shown as they came.",
        tests=(
            "tests/spec/test_section_26_tools.py::test_a_prompt_is_asked_for_by_name_with_texts_and_shown_as_it_came",
        ),
    ),
    Requirement(
        "32.4",
        "both",
        "SHOULD",
        "2026-07-28 server/prompts",
        "Required arguments are checked before a prompt is asked for.",
        tests=(
            "tests/cli/test_resources_and_prompts.py::test_arguments_of_a_prompt_are_checked_before_anything_is_sent",
        ),
    ),
)
