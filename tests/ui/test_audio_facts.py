"""How long a sound is, from its header alone."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.widgets.audio_facts import AudioFacts, audio_facts, length_words
from tests.ui.result_states import sound


def told(data: bytes) -> AudioFacts | None:
    return audio_facts(base64.b64encode(data).decode())


def test_a_wav_tells_its_length_rate_and_channels() -> None:
    facts = audio_facts(sound(2.5))
    assert facts is not None
    assert facts.words() == "0:02 · 8 kHz · mono"


def test_a_flac_tells_its_length() -> None:
    packed = (44_100 << 44 | 1 << 41 | 15 << 36 | 44_100 * 90).to_bytes(8, "big")
    data = b"fLaC\x00\x00\x00\x22" + bytes(10) + packed + bytes(16)
    assert told(data) == AudioFacts(90.0, 44_100, 2)


def test_an_ogg_tells_its_length_on_its_last_page() -> None:
    page = struct.pack("<4sBBqIIIB", b"OggS", 0, 2, 0, 1, 0, 0, 1) + b"\x1e"
    vorbis = b"\x01vorbis" + struct.pack("<IBI", 0, 2, 48_000) + bytes(20)
    last = struct.pack("<4sBBqIIIB", b"OggS", 0, 4, 48_000 * 5, 1, 9, 0, 1) + b"x"
    assert told(page + vorbis + last) == AudioFacts(5.0, 48_000, 2)


def test_an_mp3_of_one_bit_rate_is_as_long_as_its_size_says() -> None:
    data = b"\xff\xfb\x90\x00" + bytes(16_000 * 3 - 4)  # 128 kbit/s, 44.1 kHz, stereo
    facts = told(data)
    assert facts is not None
    assert (round(facts.seconds or 0), facts.rate, facts.channels) == (3, 44_100, 2)


@pytest.mark.parametrize("data", ["", "AAAA", "not base64!", base64.b64encode(b"RIFF\0\0\0\0WAVE").decode()])
def test_what_is_no_sound_tells_nothing(data: str) -> None:
    assert audio_facts(data) is None


@given(
    st.sampled_from([b"RIFF\0\0\0\0WAVEfmt ", b"fLaC\0", b"OggS", b"ID3\x03\0\0\0\0\0\x05", b"\xff\xfb"]), st.binary()
)
def test_a_broken_header_never_raises_and_never_lies_by_much(head: bytes, rest: bytes) -> None:
    facts = told(head + rest)
    assert facts is None or (facts.seconds is None or 0 <= facts.seconds < 1e7)


@pytest.mark.parametrize(("seconds", "words"), [(0.44, "0.4 s"), (1, "0:01"), (65, "1:05"), (3_725, "1:02:05")])
def test_lengths_are_said_as_clocks_say_them(seconds: float, words: str) -> None:
    assert length_words(seconds) == words
