"""How long a sound is and of what kind, as its header says.

Owns the reading of WAV, FLAC, Ogg (Vorbis, Opus) and MP3 headers. Never decodes a sound, reads no more than the
first and last bytes of it, and believes no number that makes no sense.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass

HEAD = 64 * 1024
"""Bytes at each end that are looked at."""
_MP3_RATES = (44_100, 48_000, 32_000)
_MP3_KBITS = {
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """``seconds`` None: the header does not tell."""

    seconds: float | None
    rate: int
    channels: int

    def words(self) -> str:
        """``0:03 · 44.1 kHz · stereo``."""
        parts = [length_words(self.seconds)] if self.seconds is not None else []
        parts.append(f"{self.rate / 1000:g} kHz")
        parts.append({1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels"))
        return " · ".join(parts)


def length_words(seconds: float) -> str:
    """``0.4 s`` below one second, else ``1:05``."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{whole // 60}:{whole % 60:02}"


def audio_facts(data: str) -> AudioFacts | None:
    """Of base64 as received; None where its bytes do not tell."""
    head, tail = _bytes(data[: HEAD // 3 * 4]), _bytes(_tail(data))
    size = len(data) * 3 // 4
    try:
        found = _wav(head, size) or _flac(head) or _ogg(head, tail) or _mp3(head, size)
    except (struct.error, IndexError, ValueError):
        return None
    if found is None or not 1_000 <= found.rate <= 768_000 or not 1 <= found.channels <= 255:
        return None
    if found.seconds is not None and not 0 <= found.seconds < 1e7:
        return AudioFacts(None, found.rate, found.channels)
    return found


def _tail(data: str) -> str:
    start = max(0, len(data) - HEAD // 3 * 4)
    return data[start - start % 4 :]


def _bytes(text: str) -> bytes:
    text = text[: len(text) // 4 * 4]
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


def _wav(head: bytes, size: int) -> AudioFacts | None:
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, channels, rate, per_second = 12, 0, 0, 0
    while at + 8 <= len(head):
        name, length = head[at : at + 4], int(struct.unpack_from("<I", head, at + 4)[0])
        if name == b"fmt ":
            _, channels, rate, per_second = struct.unpack_from("<HHII", head, at + 8)
        if name == b"data":
            there = min(length, max(0, size - at - 8)) if length else max(0, size - at - 8)
            return AudioFacts(there / per_second if per_second else None, rate, channels)
        at += 8 + length + length % 2
    return AudioFacts(None, rate, channels)


def _flac(head: bytes) -> AudioFacts | None:
    if head[:4] != b"fLaC" or head[4] & 0x7F:
        return None
    packed = int.from_bytes(head[18:26], "big")
    rate, channels, samples = packed >> 44, (packed >> 41 & 7) + 1, packed & (1 << 36) - 1
    return AudioFacts(samples / rate if samples and rate else None, rate, channels)


def _ogg(head: bytes, tail: bytes) -> AudioFacts | None:
    if head[:4] != b"OggS":
        return None
    last = tail.rfind(b"OggS")
    samples = struct.unpack_from("<q", tail, last + 6)[0] if last >= 0 else -1
    vorbis, opus = head.find(b"\x01vorbis", 0, 400), head.find(b"OpusHead", 0, 400)
    if vorbis >= 0:
        channels, rate = struct.unpack_from("<BI", head, vorbis + 11)
        return AudioFacts(samples / rate if samples > 0 and rate else None, rate, channels)
    if opus >= 0:  # its clock is always 48 kHz
        skipped = struct.unpack_from("<H", head, opus + 10)[0]
        return AudioFacts((samples - skipped) / 48_000 if samples > skipped else None, 48_000, head[opus + 9])
    return None


def _mp3(head: bytes, size: int) -> AudioFacts | None:
    start = 0
    if head[:3] == b"ID3":
        start = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
    while start + 4 <= len(head):
        if head[start] == 0xFF and head[start + 1] & 0xE6 == 0xE2:  # a frame of layer III
            break
        start = head.find(b"\xff", start + 1)
        if start < 0:
            return None
    version, kind = head[start + 1] >> 3 & 3, head[start + 2]
    if version == 1 or kind >> 4 in (0, 15) or kind >> 2 & 3 == 3:
        return None
    rate = _MP3_RATES[kind >> 2 & 3] >> {3: 0, 2: 1, 0: 2}[version]
    kbits = _MP3_KBITS[1 if version == 3 else 2][(kind >> 4) - 1]
    channels = 1 if head[start + 3] >> 6 == 3 else 2
    frame = head[start : start + 200]
    tag = max(frame.find(b"Xing"), frame.find(b"Info"))
    if tag > 0 and frame[tag + 7] & 1:  # of a changing bit rate: how many frames there are stands there
        frames = struct.unpack_from(">I", frame, tag + 8)[0]
        return AudioFacts(frames * (1152 if version == 3 else 576) / rate, rate, channels)
    return AudioFacts(max(0, size - start) * 8 / (kbits * 1000), rate, channels)
