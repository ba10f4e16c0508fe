"""``mcpdeck reset-project-choices``: forget every approval, rejection and switch of this project.

Owns the question and the account of what was forgotten. Writes mcpdeck's own memory only; settings files that hold
choices are named and left alone.
"""

from __future__ import annotations

import sys

from ...services.errors import UntrustedError
from ...services.models import Json
from ...services.policy.choices import Reset
from ...services.state.text import one_line
from ..exits import Exit
from ..options import Options
from ..printing import note, write, write_json
from ..resolve import configured


def run(options: Options) -> int:
    """Exit code 5 when the person at the terminal said no."""
    deck, _ = configured(options, None)
    project = str(deck.options.project)
    preview = deck.reset_choices(dry_run=True)
    # A script that says it means it; a person is asked, because approvals cannot be brought back.
    if not (options.dry_run or options.yes or preview.nothing) and sys.stdin.isatty() and not options.json:
        for line in _lines(preview):
            note(line)
        _ask(project)
    done = preview if options.dry_run or preview.nothing else deck.reset_choices()
    if options.json:
        write_json(
            {
                "project": project,
                "approved": [*done.approved],
                "rejected": [*done.rejected],
                "pinned": [*done.pinned],
                "switched": [*done.switched],
                "remaining": _remaining(done),
                "dryRun": options.dry_run,
            }
        )
        return Exit.DONE
    if done.nothing:
        write(f"nothing to forget: no choice is kept for {one_line(project)}")
    else:
        write(f"{'would be forgotten' if options.dry_run else 'forgotten'} for {one_line(project)}:")
        for line in _lines(done):
            write(line)
    for left in done.remaining:
        count = "" if left.counts else " (approvals in it do not count)"
        note(f"still in {one_line(str(left.file))}{count}:")
        for choice in left.choices:
            note(f"  {one_line(choice)}")
    if done.remaining:
        note("mcpdeck does not write these files: take out there what should not count")
    return Exit.DONE


def _lines(reset: Reset) -> list[str]:
    kinds = (
        ("approved", reset.approved),
        ("rejected", reset.rejected),
        ("approved by name", reset.pinned),
        ("switched", reset.switched),
    )
    lines = [f"  {kind}: {one_line(', '.join(names))}" for kind, names in kinds if names]
    return lines + [f"  all that {one_line(str(path))} held: it cannot be read" for path in reset.broken]


def _ask(project: str) -> None:
    """Raises ``UntrustedError`` when the answer is no."""
    sys.stderr.write(f"Forget these choices for {one_line(project)}? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UntrustedError("nothing was forgotten", hint="mcpdeck reset-project-choices --yes does not ask")


def _remaining(reset: Reset) -> list[Json]:
    return [
        {"file": str(left.file), "choices": [*left.choices], "approvalsCount": left.counts} for left in reset.remaining
    ]
