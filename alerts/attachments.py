"""Files that offices attach to their cases: which are taken, and how they are kept.

A file is kept under the hash of its bytes, without its ending and not executable; its name lives in the ledger. It is only
ever handed out to staff, as a download.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from alerts.notify.clean import clean_line, clip
from stream.errors import MinshengError

PER_CASE = 20  # files
NAME_LIMIT = 80  # characters
# What each ending must begin with. No archive, no page and no script is taken, and no document with macros.
TYPES = {
    "pdf": b"%PDF-",
    "png": b"\x89PNG\r\n\x1a\n",
    "jpg": b"\xff\xd8\xff",
    "jpeg": b"\xff\xd8\xff",
    "docx": b"PK\x03\x04",
    "xlsx": b"PK\x03\x04",
}
_OFFICE = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
_UNPACKED = 200 << 20  # bytes that a document may have when unpacked


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept."""

    name: str
    hash: str
    content: bytes


def checked(name: str, content: bytes, limit_mb: int) -> Checked:
    """Raises MinshengError, in Chinese, when the file is too big, empty, or not of a type that is taken."""
    shown = safe_name(name)
    ending = shown.rpartition(".")[2].lower()
    if not content:
        raise MinshengError(f"附件“{shown}”是空文件")
    if len(content) > limit_mb << 20:
        raise MinshengError(f"附件“{shown}”超过 {limit_mb} MB")
    if ending not in TYPES:
        raise MinshengError(f"附件“{shown}”的类型不接受，可用: {'、'.join(TYPES)}")
    if not content.startswith(TYPES[ending]) or (ending in _OFFICE and not _is_document(content, _OFFICE[ending])):
        raise MinshengError(f"附件“{shown}”的内容与类型不符，或含有宏，请另存后再传")
    return Checked(shown, hashlib.sha256(content).hexdigest(), content)


def safe_name(name: str) -> str:
    """The last part of the name, on one line, without marks that a file system or a header could trip over."""
    last = PurePosixPath(clean_line(name).replace("\\", "/")).name
    kept = "".join("_" if one in '<>:"|?*;%' else one for one in last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    return f"{clip(stem, NAME_LIMIT - 8)}.{ending[:7]}" if dot and stem else clip(kept, NAME_LIMIT) or "附件"


def keep(folder: Path, file: Checked) -> None:
    """Write the file if it is not there yet."""
    place = place_of(folder, file.hash)
    if place.is_file():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{file.hash}.{os.getpid()}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(file.content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(place)


def place_of(folder: Path, file_hash: str) -> Path:
    if len(file_hash) != 64 or not set(file_hash) <= set("0123456789abcdef"):
        raise ValueError("not a hash")
    return folder / file_hash[:2] / file_hash


def _is_document(content: bytes, main: str) -> bool:
    """Whether the packed file is a document of the kind, of a sound size, without macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False
    names = {one.filename for one in parts}
    macros = any(name.lower().endswith(("vbaproject.bin", ".exe", ".js", ".vbs")) for name in names)
    return {main, "[Content_Types].xml"} <= names and not macros and sum(one.file_size for one in parts) <= _UNPACKED
