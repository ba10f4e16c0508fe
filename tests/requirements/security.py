"""Sections 39 to 46: security, trust, what an inspector shows, and traps.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

SECURITY: tuple[Requirement, ...] = (
    Requirement(
        "39.1",
        "both",
        "MUST",
        "security best practices",
        "A command from a project's file runs only after its exact text was seen and approved.",
        tests=(
            "tests/cli/test_approval.py::test_an_unapproved_project_server_is_5_and_how_to_approve_and_never_runs",
            "tests/ui/test_deck_approval.py::test_enter_on_a_server_that_waits_shows_the_full_command_environment_and_file",
        ),
    ),
    Requirement(
        "39.2",
        "both",
        "SHOULD",
        "security best practices",
        "A command that changed is asked about again.",
        tests=("tests/config/test_trust.py::test_an_edited_entry_asks_again_and_the_approved_text_stays_approved",),
    ),
    Requirement(
        "39.3",
        "both",
        "MUST",
        "security best practices",
        "Credentials of an entry never follow a redirect to another origin.",
        tests=(
            "tests/transports/test_http_answers.py::test_a_redirect_within_the_origin_is_followed_and_any_other_refused",
        ),
    ),
    Requirement(
        "39.4",
        "both",
        "SHOULD",
        "security best practices",
        "The session id is a secret: it stands in no log, error or address.",
        tests=(
            "tests/cli/test_trace_file.py::test_tokens_and_session_ids_never_stand_in_a_trace",
            "tests/transports/test_sessions.py::test_a_session_id_stands_in_no_note_and_no_error",
            "tests/spec/test_section_12_sessions.py::test_the_session_id_stands_in_no_log_and_no_error",
        ),
    ),
    Requirement(
        "39.5",
        "both",
        "SHOULD",
        "security best practices",
        "Secrets of an entry are masked wherever it is shown.",
        tests=(
            "tests/config/test_mask.py::test_secrets_of_a_command_line_are_masked_and_the_rest_is_readable",
            "tests/config/test_mask.py::test_secrets_of_a_url_are_masked",
        ),
    ),
    Requirement(
        "39.6",
        "both",
        "SHOULD",
        "security best practices",
        "Discovery never leads into private networks by itself.",
        tests=(
            "tests/auth/test_guarded_addresses.py::test_a_public_server_leads_nobody_inside",
            "tests/auth/test_guarded_addresses.py::test_a_server_that_shows_that_it_is_inside_excuses_its_own_kind_only",
            "tests/auth/test_guarded.py::test_a_redirect_to_where_nobody_may_go_is_not_followed",
            "tests/auth/test_misbehaving_server.py::test_discovery_that_must_not_be_trusted_ends_before_any_browser",
        ),
    ),
    Requirement(
        "39.7",
        "both",
        "SHOULD",
        "security best practices",
        "A local listener checks Host and Origin.",
        tests=(
            "tests/auth/test_callback.py::test_another_name_for_this_machine_is_refused",
            "tests/auth/test_callback.py::test_only_a_plain_get_counts",
        ),
    ),
    Requirement(
        "39.8",
        "both",
        "MUST",
        "security best practices",
        "A url from a server is opened only when it is https, or http for loopback.",
        tests=("tests/ui/test_elicitation_panel.py::test_addresses_are_judged_by_their_text",),
    ),
    Requirement(
        "39.9",
        "both",
        "MUST",
        "security best practices",
        "No text of a server drives the terminal: escapes, bidi and invisible characters are shown.",
        tests=(
            "tests/cli/test_pages.py::test_a_hostile_cursor_is_a_word_that_a_shell_gives_back_and_no_terminal_obeys",
            "tests/state/test_text.py::test_hostile_characters_are_shown_and_others_left_alone",
            "tests/state/test_text.py::test_no_control_or_format_character_survives",
            "tests/cli/test_tools_and_calls.py::test_text_of_a_server_cannot_drive_the_terminal",
        ),
    ),
    Requirement(
        "39.10",
        "both",
        "MUST",
        "security best practices",
        "No text of a server is read as markup.",
        tests=(
            "tests/ui/test_deck_screen.py::test_hostile_names_and_texts_stand_there_as_text",
            "tests/ui/test_console_calls.py::test_hostile_words_in_calls_show_as_text",
            "tests/ui/test_form_tool.py::test_hostile_words_anywhere_in_a_tool_show_as_text",
        ),
    ),
    Requirement(
        "39.11",
        "both",
        "SHOULD",
        "security best practices",
        "Message size, list length, notification rate and memory have bounds.",
        tests=(
            "tests/connections/test_misbehaving.py::test_a_flood_of_notifications_is_counted_and_the_answer_still_comes",
            "tests/protocol/test_peer_requests.py::test_a_peer_that_does_not_read_its_answers_gets_each_of_them_later",
            "tests/transports/test_framing.py::test_an_event_beyond_the_limit_is_refused",
            "tests/session/test_session.py::test_a_list_without_end_is_cut_and_told",
        ),
    ),
    Requirement(
        "39.12",
        "both",
        "SHOULD",
        "security best practices",
        "JSON nested too deeply ends its own request only.",
        tests=(
            "tests/protocol/test_jsonrpc.py::test_an_answer_that_cannot_be_read_still_says_which_request_it_is_for",
        ),
    ),
    Requirement(
        "39.13",
        "both",
        "SHOULD",
        "security best practices",
        "Files that we write are private.",
        tests=(
            "tests/cli/test_trace_file.py::test_records_are_written_as_they_come_for_the_owner_alone",
            "tests/config/test_trust.py::test_the_file_is_private_and_names_no_expanded_value",
            "tests/ui/test_deck_controller.py::test_a_saved_result_is_whole_and_for_the_owner_only",
            "tests/spec/test_section_18_caching.py::test_what_was_kept_of_a_server_is_not_shown_to_another_login",
        ),
    ),
    Requirement(
        "39.14",
        "both",
        "SHOULD",
        "security best practices",
        "A header value that HTTP does not allow is refused without showing it.",
        tests=(
            "tests/transports/test_http_answers.py::test_a_header_that_http_does_not_allow_is_refused_without_showing_its_value",
        ),
    ),
    Requirement(
        "40.1",
        "both",
        "MUST",
        "2026-07-28 index, architecture/index",
        "Each server has a session of its own; roots and questions name one server only.",
        tests=("tests/spec/test_section_33_questions.py::test_a_question_and_its_roots_belong_to_one_server_only",),
    ),
    Requirement(
        "40.2",
        "both",
        "MUST",
        "2026-07-28 index, architecture/index",
        "A server is known by its configured name, whatever it calls itself.",
        tests=("tests/spec/test_section_03_errors.py::test_what_a_server_calls_itself_is_kept_and_decides_nothing",),
    ),
    Requirement(
        "40.3",
        "both",
        "MUST",
        "2026-07-28 index, architecture/index",
        "One server's failure never touches another.",
        tests=("tests/connections/test_misbehaving.py::test_all_of_them_together_settle_without_a_traceback",),
    ),
    Requirement(
        "41.1",
        "both",
        "I",
        "inspector",
        "Era, version and how they were decided are shown with what each side can do.",
        tests=("tests/spec/test_section_06_era.py::test_the_probe_is_labelled_and_how_the_era_was_decided_is_kept",),
    ),
    Requirement(
        "41.2",
        "both",
        "I",
        "inspector",
        "Every message can be seen byte by byte with its time.",
        tests=(
            "tests/cli/test_trace_file.py::test_a_message_is_written_as_it_was_on_the_wire",
            "tests/spec/test_section_41_inspector.py::test_every_message_is_kept_byte_by_byte_in_both_directions",
        ),
    ),
    Requirement(
        "41.3",
        "both",
        "I",
        "inspector",
        "A broken rule is told with the section it breaks, counted, and never fatal.",
        tests=(
            "tests/session/test_session.py::test_a_modern_result_without_a_type_is_complete_and_told",
            "tests/spec/test_section_41_inspector.py::test_every_broken_rule_names_its_section",
        ),
    ),
    Requirement(
        "41.4",
        "both",
        "I",
        "inspector",
        "A raw request of any method can be sent.",
        tests=(
            "tests/spec/test_section_03_errors.py::test_an_explicit_request_is_sent_also_where_the_server_announces_nothing",
        ),
    ),
    Requirement(
        "42.1",
        "both",
        "I",
        "conformance framework",
        "Every scenario passes on every wire version.",
        tests=("tests/interop/conformance/test_conformance.py::test_a_pair_passes",),
    ),
)
