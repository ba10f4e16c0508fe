r"""Text that may be meant for a model and not for a person: hidden characters, and orders.

Owns the patterns and where in a definition they are looked for. It recognises what is well known and proves
nothing: text that is not told of here may still be an attack. Never changes or drops a text.

Every definition is looked at when a list is read, so the first look is at the compact JSON of all of it, for
words that may be part of a pattern; only where one is found is each of its texts looked at. All patterns take time
in proportion to the text: repetitions are bounded, and white space is folded before.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator
from itertools import islice

from ..models import Json, JsonObject
from ..state.text import quoted, shortened

LOOKED_AT = 32 * 1024
"""Characters of the texts of one definition that are looked at."""
PARTS = 20_000
"""Values of one definition that are looked at."""
TOLD = 5
"""Findings of one definition that are told."""
SHOWN = 280
"""Characters of a finding."""
_PADDING = 60
"""Blanks in a row, or a third as many line ends, that push what follows out of sight."""

_EMOJI_TAGS = re.compile("\U0001f3f4[\U000e0030-\U000e007a]{1,6}\U000e007f")
"""Flags of regions, which are written with tag characters."""
_TAGS = re.compile("[\U000e0000-\U000e007f]+")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u2028\u2029\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]"
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,}"
)
_JOINED = re.compile("(?<=[\x20-\x7e])[\u200c\u200d]|[\u200c\u200d](?=[\x20-\x7e])")
"""Joiners have their place between letters of some scripts and within emoji, not beside Latin ones."""
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MARKS = re.compile("[\u061c\u200e\u200f]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_ANSI = re.compile("\x1b|\x9b")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9a\x9c-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_HIDDEN: tuple[tuple[re.Pattern[str], str], ...] = (
    (_INVISIBLE, "characters that are not seen"),
    (_JOINED, "characters that are not seen"),
    (_BIDI, "characters that turn the order of what is read"),
    (_ANSI, "escape sequences for a terminal"),
    (_CONTROL, "control characters"),
    (_SURROGATES, "halves of characters (lone surrogates)"),
)
_ANY_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e01ef]"
)

_KEEPS, _IGNORES = "tells a model to keep something from the user", "tells a model to ignore its instructions"
_ORDERS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile("".join(parts)), what)
    for what, *parts in (
        (
            _IGNORES,
            r"\b(?:ignore|disregard|forget|override|bypass)",
            r"(?: (?:all|any|of|the|your|my|its|these|those|every|other)){0,4}",
            r" (?:previous|prior|above|earlier|preceding|existing|former|system|safety|original|initial)",
            r"(?: [\w-]{1,16}){0,2}? (?:instruction|prompt|rule|guideline|direction|message|context|polic|command",
            r"|constraint|restriction|order|safeguard)",
        ),
        (
            _IGNORES,
            r"\b(?:ignore|disregard|forget) (?:all|everything|anything|whatever) (?:[\w']{1,16} ){0,3}?",
            r"(?:instructions?|rules|told|said|above|before)\b",
        ),
        (
            _KEEPS,
            r"\b(?:do not|don'?t|never|must not|mustn't|should not|shouldn't|cannot|not to|without|avoid) ",
            r"(?:ever |also )?",
            r"(?:tell|inform|mention|reveal|notify|alert|disclose|report|show|explain|let)(?:l?ing|t?ing)?",
            r"(?: (?:this|it|that|these|them|anything|any of this|of this|about|to)){0,4} ",
            r"(?:the |your |this |any |an? )?",
            r"(?:user|human|person|operator|customer|developer|anyone|anybody)s?\b(?! (?:id|name|agent)\b)",
        ),
        (
            _KEEPS,
            r"\b(?:keep (?:this|it|that) (?:a )?(?:secret|hidden|confidential)|(?:secretly|silently|covertly) ",
            r"(?:call|send|read|upload|forward|include|copy|run|execute|add|pass))\b",
        ),
        (
            "has a mark that is meant for a model",
            r"< ?/?(?:important|system|system[-_ ]prompt|instructions?|secret|hidden|critical|override|admin)",
            r"(?: [^<>]{0,80})? ?>|\[/?(?:inst|system)\]|<\|(?:im_start|im_end|system|endoftext)\|?>?",
        ),
        ("has a comment that is not seen where it is drawn", r"<!--"),
        (
            "asks for the conversation as an argument",
            r"\b(?:system prompt|conversation history|chat history|previous messages|whole conversation)\b[^.]{0,60}?",
            r"\b(?:as|in|into|to|with) (?:the |this |an? )?[`'\"]?\w{1,30}[`'\"]? (?:parameter|argument|field)",
        ),
        (
            "gives a model another role",
            r"\byou are now (?:an? |in |the )|\bnew instructions? ?:|\bfrom now on,? (?:you|always|ignore|act)\b",
            r"|\bact as (?:an? |the )?(?:unrestricted|jailbroken|admin|root|system)",
        ),
    )
)
_BETWEEN = re.compile(r"[^\w\s<>/\[\].;:!?~|'-]+|(?<![^\W_])['_]+|['_]+(?![^\W_])|(?<!<)\|(?!>)")
"""Signs that stand between, or around, words and end no sentence: quotation marks, arrows, dots in the middle. An
apostrophe and ``_`` within a word belong to it, and marks such as ``<|system|>`` stay what they are."""
_SECRET_FILES = re.compile(
    r"~/\.(?:ssh|aws|gnupg|kube|config|cursor|claude|netrc)|\bid_(?:rsa|ed25519|ecdsa)\b|/etc/(?:passwd|shadow)\b"
    r"|\.aws/credentials|\.ssh/|\b(?:mcp|claude_desktop_config)\.json\b|(?<![\w.])\.env\b(?!\.)|\bssh keys?\b"
    r"|\bprivate keys?\b(?= (?:file|of the user|from))"
)
_READING = re.compile(
    r"\b(?:read|open|cat|load|fetch|access|get|include|pass|send|provide|copy|find|upload|attach|use|contents?)\b[^.]*$"
)
_BEFORE = 120
"""Characters before the name of such a file in which something is to be done with it."""
_FILES = 20
_ALONE = frozenset(
    b"ignore disregard forget override bypass secret secretly hidden confidential silently covertly rsa ed25519 ecdsa"
    b" ssh aws gnupg kube netrc env inst passwd shadow private prompt history conversation instruction instructions"
    b" previous now act".split()
)
_NOT = frozenset(b"not never without avoid don dont must mustn should shouldn cannot".split())
_TELLING = frozenset(
    b"tell telling inform informing mention mentioning reveal revealing notify notifying alert alerting disclose"
    b" disclosing report reporting show showing explain explaining let letting".split()
)
_READERS = frozenset(
    word + end
    for word in b"user human person operator customer developer anyone anybody".split()
    for end in (b"", b"s")
)
"""Words that are part of whatever the patterns find: one of those that stand alone, or one of each of the others."""
_BYTES = (b"<", b"[system", b"[/system", b"/.", b"mcp.json", b"_config.json")
_ESCAPES = (rb"\u", rb"\b", rb"\f")
_SIGNS = bytes.maketrans(string.punctuation.encode(), b" " * len(string.punctuation))
_OTHER_SIGNS = re.compile(r"[^\w\x00-\x7f]")
_BLANKS = b" " * (_PADDING // 3)


def may_be_suspicious(definition: bytes) -> bool:
    """A quick look at the compact JSON of a definition: whether its texts are to be looked at one by one."""
    if b"\\" in definition and any(escape in definition for escape in _ESCAPES):
        return True
    if not definition.isascii():
        text = definition.decode("utf-8", "replace")
        if _ANY_HIDDEN.search(text):
            return True
        plain = unicodedata.normalize("NFKC", text).casefold()
        # One blank for each sign, so that words end where they do in the long look, and stretches stay as long.
        definition = _OTHER_SIGNS.sub(" ", plain).encode("utf-8", "replace")
    elif b"\x7f" in definition:
        return True
    lower = definition.lower()
    for part in _BYTES:  # any() would take twice as long
        if part in lower:
            return True
    if b"\\" in lower:
        lower = lower.replace(rb"\\", b" ").replace(b"\\n", b" ").replace(b"\\t", b" ").replace(b"\\r", b" ")
    words = set(lower.translate(_SIGNS).split())
    if not _ALONE.isdisjoint(words):
        return True
    if not (_NOT.isdisjoint(words) or _TELLING.isdisjoint(words) or _READERS.isdisjoint(words)):
        return True
    return _BLANKS in lower


def suspicious_texts(definition: JsonObject) -> list[str]:
    """Sentences about the texts of a tool: descriptions, titles, names of parameters, values of enumerations …"""
    found: dict[str, None] = {}
    room = LOOKED_AT
    for place, text in _texts(definition):
        if len(found) >= TOLD:
            break
        for finding in suspicious(text[:room]):
            found[shortened(f"{place} {finding}", SHOWN)] = None
        room -= len(text)
        if room <= 0:
            found[f"its texts are longer than {LOOKED_AT:,} characters; the rest was not looked at"] = None
            break
    return list(found)[:TOLD]


def suspicious(text: str) -> tuple[str, ...]:
    """What is odd about one text, each as the end of a sentence: ``holds characters …``, ``tells a model …``."""
    found: dict[str, None] = {}
    plain = text
    if not text.isascii() or not text.isprintable():
        plain = _EMOJI_TAGS.sub("", text)
        hidden = "".join(_TAGS.findall(plain))
        if hidden:
            found[f"holds hidden text in tag characters: {quoted(_untagged(hidden))}"] = None
        for pattern, what in _HIDDEN:
            match = pattern.search(plain)
            if match is not None:
                found[f"holds {what} ({_code(match.group())})"] = None
        match = _MARKS.search(plain)
        if match is not None and not _RIGHT_TO_LEFT.search(plain):
            found[f"holds characters that turn the order of what is read ({_code(match.group())})"] = None
        if _padded(plain):
            found["holds a long stretch of nothing before more text"] = None
        plain = unicodedata.normalize("NFKC", _ANY_HIDDEN.sub("", " ".join(plain.split()))) + f" {_untagged(hidden)}"
    elif "  " in text and _padded(text):
        found["holds a long stretch of nothing before more text"] = None
    plain = " ".join(_BETWEEN.sub(" ", plain.casefold().replace("’", "'")).split())
    for pattern, what in _ORDERS:
        match = pattern.search(plain)
        if match is not None:
            found[f"{what}: {quoted(match.group())}"] = None
    # The verb is looked for from the file's name back: the other way round would try it at every verb.
    for match in islice(_SECRET_FILES.finditer(plain), _FILES):
        reading = _READING.search(plain, max(0, match.start() - _BEFORE), match.start())
        if reading is not None:
            found[f"asks for a file with secrets: {quoted(reading.group() + match.group())}"] = None
            break
    return tuple(found)


def _untagged(hidden: str) -> str:
    """What tag characters say."""
    return "".join(chr(ord(char) - 0xE0000) for char in hidden if "\U000e0020" <= char <= "\U000e007e")


def _code(text: str) -> str:
    return f"U+{ord(text[0]):04X}"


def _padded(text: str) -> bool:
    """Text follows after so many blanks, or empty lines, that nobody scrolls there."""
    end = len(text.rstrip())
    return any(
        match.end() < end and (len(match.group()) >= _PADDING or match.group().count("\n") >= _PADDING // 3)
        for match in re.finditer(r"\s{20,}", text)
    )


def _texts(definition: JsonObject) -> Iterator[tuple[str, str]]:
    """Every text of a definition but those of ``_meta`` and ``icons``, with its place in words."""
    waiting: list[tuple[str, Json]] = [
        (name, value) for name, value in reversed(definition.items()) if name not in ("_meta", "icons")
    ]
    room = PARTS
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str):
            yield place, value
        elif isinstance(value, dict):
            for name, part in reversed(value.items()):
                step = shortened(name, 40)
                # Names of parameters are read by a model as well.
                if len(name) > 40 or not name.isascii():
                    yield f"a name in {place}", name
                waiting.append((_below(place, step), part))
        elif isinstance(value, list):
            waiting += [(place, part) for part in reversed(value)]
        room -= 1
        if len(waiting) > room:
            del waiting[: len(waiting) - max(room, 0)]


def _below(place: str, step: str) -> str:
    if step in ("properties", "inputSchema"):
        return place if step == "properties" else "inputSchema"
    return shortened(f"{place}/{step}", 120)
