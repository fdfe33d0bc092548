"""The files that offices attached, as one part of a backup: a tar of them inside it, each under its hash."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

from alerts.attachments import Checked, keep, place_of
from stream.errors import MinshengError


def attached(folder: Path) -> list[Path]:
    """Those that are whole. A file is there before the ledger names it, so these are all that the ledger knows by now."""
    return [path for path in sorted(folder.glob("??/*")) if path.is_file() and not path.name.startswith(".")]


def pack(files: Sequence[Path], to: Path) -> None:
    with (
        open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
        tarfile.open(fileobj=out, mode="w") as tar,
    ):
        for path in files:
            content = path.read_bytes()
            about = tarfile.TarInfo(path.name)
            about.size, about.mode = len(content), 0o600
            tar.addfile(about, io.BytesIO(content))


def unpack(packed: Path, folder: Path) -> None:
    """Put every file of the tar where it belongs; those that are there already stay as they are.

    Raises MinshengError when one is not what its name says.
    """
    with tarfile.open(packed, "r:") as tar:
        for about in tar:
            found = tar.extractfile(about)
            content = found.read() if found else b""
            if hashlib.sha256(content).hexdigest() != about.name:
                raise MinshengError(f"备份中的附件 {about.name[:64]!r} 已损坏；请换一个备份文件")
            if not place_of(folder, about.name).is_file():
                keep(folder, Checked(about.name, about.name, content))
