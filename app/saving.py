"""Results as files: each part in the form a person can open.

Owns names, folder and modes of saved results. Never overwrites and never follows somebody's link.
"""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
import os
import time
from pathlib import Path

from ..services.models import JsonObject, as_list, as_object, as_text
from ..services.state.model import CallState


def save_result(call: CallState, folder: Path) -> Path:
    """Write the result of ``call`` below ``folder``; the path a person wants to open.

    The whole result as received always goes into a ``.json`` file; a single picture, sound or blob and
    a single text also get a file of their own (``.png``, ``.txt`` …), whose path is returned then.
    Raises ``OSError``.
    """
    assert call.result is not None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(call.started_at))
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in call.tool)
    stem = f"{stamp}-{plain[:60] or 'result'}-{call.id[:6]}"
    whole = json.dumps(call.result, ensure_ascii=False, indent=2) + "\n"
    path = folder / f"{stem}.json"
    _write(path, whole.encode("utf-8", "surrogatepass"))
    part = _part(call.result)
    if part is None:
        return path
    suffix, data = part
    path = folder / f"{stem}{suffix}"
    _write(path, data)
    return path


def _part(result: JsonObject) -> tuple[str, bytes] | None:
    """The one part a person means by "the result": suffix and bytes; None when it takes the whole."""
    blocks = [as_object(block) for block in as_list(result.get("content"))]
    binary = [found for block in blocks if (found := _binary(block)) is not None]
    if len(binary) == 1:
        return binary[0]
    texts = [
        text for block in blocks if block.get("type") == "text" and (text := as_text(block.get("text"))) is not None
    ]
    if len(texts) == len(blocks) == 1 and "structuredContent" not in result:
        return ".txt", texts[0].encode("utf-8", "surrogatepass")
    return None


def _binary(block: JsonObject) -> tuple[str, bytes] | None:
    inner = as_object(block.get("resource")) if block.get("type") == "resource" else block
    data = as_text(inner.get("blob")) if block.get("type") == "resource" else as_text(block.get("data"))
    if data is None:
        return None
    try:
        decoded = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    media = (as_text(inner.get("mimeType")) or "").partition(";")[0].strip().lower()
    return mimetypes.guess_extension(media) or ".bin", decoded


def _write(path: Path, data: bytes) -> None:
    # A result may hold secrets: made for the owner alone, never through somebody's symbolic link.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
