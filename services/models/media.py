"""What bytes are: media types from their first bytes, and how their files end.

Owns magic numbers, suffixes and the strict reading of base64. Never decodes a picture or a sound, and never believes
a claimed type that the bytes contradict (protocol section 29).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
    (b"MThd", "audio/midi"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"(\xb5/\xfd", "application/zstd"),
    (b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (b"\x00asm", "application/wasm"),
    (b"wOF2", "font/woff2"),
    (b"wOFF", "font/woff"),
)
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_SAME = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/apng": "image/png",
    "image/vnd.mozilla.apng": "image/png",
    "image/vnd.microsoft.icon": "image/x-icon",
    "image/ico": "image/x-icon",
    "image/x-ms-bmp": "image/bmp",
    "image/x-bmp": "image/bmp",
    "image/svg": "image/svg+xml",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "audio/x-flac": "audio/flac",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/aac": "audio/aac",
    "audio/x-aac": "audio/aac",
    "audio/aacp": "audio/aac",
    "audio/opus": "audio/ogg",
    "application/ogg": "audio/ogg",
    "application/x-zip-compressed": "application/zip",
    "application/x-gzip": "application/gzip",
    "application/x-pdf": "application/pdf",
    "text/json": "application/json",
    "text/xml": "application/xml",
}
_SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
    "image/tiff": ".tiff",
    "image/x-icon": ".ico",
    "image/svg+xml": ".svg",
    "image/avif": ".avif",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "application/pdf": ".pdf",
    "audio/wav": ".wav",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/flac": ".flac",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "audio/midi": ".mid",
    "audio/webm": ".webm",
    "video/webm": ".webm",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/x-msvideo": ".avi",
    "video/ogg": ".ogv",
    "application/zip": ".zip",
    "application/gzip": ".gz",
    "application/x-bzip2": ".bz2",
    "application/x-xz": ".xz",
    "application/zstd": ".zst",
    "application/x-7z-compressed": ".7z",
    "application/x-tar": ".tar",
    "application/vnd.sqlite3": ".sqlite",
    "application/wasm": ".wasm",
    "application/json": ".json",
    "application/xml": ".xml",
    "application/yaml": ".yaml",
    "application/rtf": ".rtf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/epub+zip": ".epub",
    "application/java-archive": ".jar",
    "font/woff": ".woff",
    "font/woff2": ".woff2",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/css": ".css",
    "text/csv": ".csv",
    "text/markdown": ".md",
    "text/calendar": ".ics",
}
_HOLDERS = {
    "application/zip": (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".epub", ".jar", ".zip"),
    "video/webm": (".webm",),
    "audio/ogg": (".ogg", ".ogv"),
    "video/mp4": (".mp4", ".m4a", ".mov"),
}
"""Formats that are others as well: the claim decides among these suffixes."""
HEAD = 4_096
"""Bytes that are enough to tell what something is."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """What base64 stands for; ``data`` None: it is none, or more than was asked for. ``flaw`` says what is wrong."""

    data: bytes | None
    flaw: str = ""


def media_type(claimed: str) -> str:
    """A claimed type in one spelling: lower case, without parameters, older names as the registered ones."""
    plain = claimed[:256].partition(";")[0].strip().lower()
    return _SAME.get(plain, plain)


def sniffed(data: bytes) -> str | None:
    """The media type that the first ``HEAD`` bytes tell, or None."""
    for magic, mime in _MAGIC:
        if data.startswith(magic):
            return mime
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12])
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "video/mp4")
    # Two letters are no magic number: what follows must be the sizes of a bitmap.
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0" and data[14:18] in _BITMAP_HEADERS:
        return "image/bmp"
    if data[:1] == b"\xff" and len(data) > 2:
        if data[1] & 0xF6 == 0xF0:
            return "audio/aac"  # ADTS: twelve bits set, layer 0
        if data[1] & 0xE6 == 0xE2 and data[2] >> 4 != 15:
            return "audio/mpeg"  # eleven bits set, layer III; the mark of UTF-16 has layer I
    head = data[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "image/svg+xml" if head.startswith(_MARKUP) and b"<svg" in head else None


_MARKUP = (b"<svg", b"<?xml", b"<!--", b"<!doctype svg")
_BITMAP_HEADERS = tuple(size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124))


def contradiction(claimed: str, found: str | None) -> str:
    """What to say when the bytes are another type than the server says; empty when they may well be that."""
    said = media_type(claimed)
    if found is None or said == found:
        return ""
    if said in ("application/octet-stream", "binary/octet-stream") or said.endswith("+zip"):
        return ""
    if extension_of(said, b"") in _HOLDERS.get(found, ()) or said.partition("/")[2] == found.partition("/")[2]:
        return ""
    return f"the server says {said or 'no type'}, the bytes are {found}"


def extension_of(mime: str, data: bytes) -> str:
    """How a file of ``data`` ends, with its dot: by its bytes, else as claimed, ``.txt`` for text, else ``.bin``."""
    said = media_type(mime)
    named = _SUFFIXES.get(said) or _by_structure(said)
    found = sniffed(data)
    if found is not None:
        return named if named and named in _HOLDERS.get(found, ()) else _SUFFIXES.get(found, ".bin")
    if said.partition("/")[0] in ("image", "audio", "video") and data and named != ".svg" and _is_text(data):
        return ".txt"  # an error page, perhaps; a viewer that opens it by its suffix says nothing useful
    if named:
        return named
    if not said and data:
        return ".txt" if _is_text(data) else ".bin"
    import mimetypes  # reads files of the system the first time: only for types that are not in the table

    return mimetypes.guess_extension(said, strict=False) or (".txt" if said.startswith("text/") else ".bin")


def _by_structure(said: str) -> str | None:
    """The suffix of a structured syntax (RFC 6839)."""
    for ending, suffix in (("+json", ".json"), ("+xml", ".xml"), ("+yaml", ".yaml"), ("+zip", ".zip")):
        if said.endswith(ending):
            return suffix
    return None


def _is_text(data: bytes) -> bool:
    head = data[:HEAD]
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return len(data) > HEAD and error.start > len(head) - 4  # a character that the cut went through
    return True


def decoded(text: str, most: int) -> Bytes:
    """The bytes of base64, read strictly; line breaks, which MCP does not allow, are forgiven and named.

    More than ``most`` bytes are not decoded.
    """
    if len(text) * 3 // 4 > most + 2:
        return Bytes(None, f"more than {most:,} bytes")
    try:
        return Bytes(base64.b64decode(text.encode("ascii"), validate=True))
    except (binascii.Error, ValueError):
        pass
    joined = "".join(text.split())
    if joined != text:
        try:
            return Bytes(
                base64.b64decode(joined.encode("ascii"), validate=True),
                "the base64 has line breaks in it, which MCP does not allow",
            )
        except (binascii.Error, ValueError):
            pass
    return Bytes(None, "the data is not base64")


def head_of(text: str, most: int = HEAD) -> bytes:
    """The first bytes of base64, about ``most`` of them; empty when it does not begin as base64 does.

    What stands behind them is not looked at.
    """
    part = "".join(text[: (most // 3) * 4 + 64].split())
    try:
        return base64.b64decode(part[: len(part) // 4 * 4].encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def decoded_size(text: str) -> int:
    """Bytes that base64 text stands for, about."""
    return max(0, len(text) * 3 // 4 - text.count("=", max(0, len(text) - 2)))
