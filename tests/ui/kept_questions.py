"""What is asked about questions and roots, as tests pretend it: kept, and answered from what a test sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mcpdeck.app.auto_answers import AutoProfile
from mcpdeck.app.question_intents import Answering, RootsChoice
from mcpdeck.services.config.roots import root_uri
from mcpdeck.services.models import JsonObject


class KeptQuestions:
    """``QuestionIntents``. ``browser``: whether one is started."""

    asked: list[tuple[object, ...]]
    answered_by: Answering = Answering()
    roots: RootsChoice = RootsChoice()
    browser: bool = True

    def answering(self, server: str) -> Answering:
        return self.answered_by

    def answer_automatically(self, server: str, profile: AutoProfile, *, keep: bool) -> None:
        self.asked.append(("answer automatically", server, profile, keep))
        self.answered_by = Answering(profile, keep, self.answered_by.keepable)

    def roots_of(self, server: str) -> RootsChoice:
        return self.roots

    def tell_roots(self, server: str | None, roots: tuple[JsonObject, ...] | None) -> None:
        self.asked.append(("tell roots", server, roots))
        if server is None:
            self.roots = RootsChoice(self.roots.own, self.roots.entry, roots or ())
        else:
            self.roots = RootsChoice(roots, self.roots.entry, self.roots.everyone)

    def root_uri(self, text: str) -> str | None:
        return root_uri(text.strip(), Path("/home/ada/shop")) if text.strip() else None

    def look_at_root(self, uri: str, told: Callable[[str], None]) -> None:
        told("there is no such folder on this machine" if "gone" in uri else "")

    def visit(self, server: str, url: str, opened: Callable[[bool], None]) -> None:
        self.asked.append(("visit", server, url))
        opened(self.browser)
