"""Markdown as lines: what is drawn, what is told from other text, and that nothing of it does anything."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from mcpdeck.services.state.text import visible
from mcpdeck.widgets.markdown_lines import LARGEST, Markdown, looks_like_markdown
from tests.ui.form_stage import FORBIDDEN, HOSTILE
from tests.ui.result_states import MARKDOWN


def drawn(text: str, width: int = 60) -> list[str]:
    return ["".join(part for part, _ in line).rstrip() for line in Markdown(text).lines(width)]


def inks(text: str) -> dict[str, str]:
    return {part.strip(): ink for line in Markdown(text).lines(60) for part, ink in line if part.strip()}


@pytest.mark.parametrize(
    "text",
    [
        MARKDOWN,
        "# A heading\n\nand words",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "see [the guide](https://example.com)",
        "- one\n- two\n- three",
        "with **bold** and `code`",
        "```\ncode\n```",
    ],
)
def test_text_with_signs_enough_is_markdown(text: str) -> None:
    assert looks_like_markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain words",
        "one * two * three and a_b_c",
        "- one line",
        '{"a": "**b** and `c`"}',
        "<html># x\n```</html>",
        "#!/bin/sh\n# a comment\n# another",
        "# comment\nx = 1\n# comment\n# comment\n# more\ny = 2",
        "\x1b[31m# red\x1b[0m\n```",
        "2026-01-01 12:00:00 - INFO - started",
    ],
)
def test_other_text_stays_text(text: str) -> None:
    assert not looks_like_markdown(text)


def test_the_type_that_is_claimed_decides_first() -> None:
    assert looks_like_markdown("plain words", "text/markdown; charset=utf-8")
    assert not looks_like_markdown(MARKDOWN, "text/csv")
    assert not looks_like_markdown("# x\n" * LARGEST, "text/markdown")


def test_headings_lists_tables_code_and_quotations_are_drawn() -> None:
    lines = drawn(MARKDOWN)
    for line in (
        "▍Release notes",
        "• faster start",
        "  1. first",
        "  2. second",
        "name   │ answers │ ms",
        "search │ 4       │ 87",
        "┌ sh",
        "│ mcpdeck call demo echo text=hi",
        "│ quoted [bold red]not ours[/]",
    ):
        assert line in lines
    assert inks(MARKDOWN)["new"] == "strong"
    assert inks(MARKDOWN)["went away"] == "code"


def test_a_link_shows_where_it_leads_and_html_stays_text() -> None:
    assert drawn("[bank](https://evil.example/?x=1)") == ["bank <https://evil.example/?x=1>"]
    assert drawn("<https://a.example>") == ["https://a.example"]
    assert drawn("![logo](http://a.example/x.png)") == ["[picture logo] <http://a.example/x.png>"]
    assert drawn("a <b onclick=x>b</b>") == ["a <b onclick=x>b</b>"]


@pytest.mark.parametrize("width", [12, 20, 33, 79])
def test_no_line_is_wider_than_there_is_room(width: int) -> None:
    text = MARKDOWN + "\n\n" + "日本語" * 30 + "\n\n* " + "x" * 200 + "\n\n> > * a `" + "code " * 40 + "`"
    assert max(cell_len(line) for line in drawn(text, width)) <= max(width, 20)


def test_no_word_of_a_paragraph_is_lost_at_any_width() -> None:
    words = " ".join(f"word{number}" for number in range(80))
    for width in (12, 17, 40):
        assert " ".join(drawn(words, width)).split() == words.split()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_made_visible_wherever_it_stands(hostile: str) -> None:
    for text in (hostile, f"# {hostile}", f"* {hostile}", f"`{hostile}`", f"[{hostile}](x)", f"[x](<{hostile}>)",
                 f"```{hostile}\n{hostile}\n```", f"| {hostile} | b |\n|--|--|\n| {hostile} | c |"):  # fmt: skip
        assert not FORBIDDEN & set("".join(drawn(text)))
    assert visible("\x1b") in "".join(drawn("\x1b[31m"))


def test_nothing_in_deep_lists_and_quotations_is_lost() -> None:
    assert "deep" in "".join(drawn("> " * 60 + "deep", 40))
    assert drawn("\n".join("  " * level + "* x" for level in range(60)), 40)
    assert not looks_like_markdown("# x\n" + "> " * 150 + "deep", "text/markdown")
