"""The file that a backup is: a tar with one member per part, then manifest.json.

The manifest says when and by which program it was made, and of each part the version, size, checksum and number of
rows. It comes last, so a file that was cut short has none.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from stream.errors import MinshengError

FORMAT = 2  # 2: with the files that offices attached
MANIFEST = "manifest.json"
BLOCK = 1 << 20
PartName = Literal["ledger", "log", "archive", "secret", "attachments"]
Kind = Literal["sqlite", "postgresql", "key", "files"]


class Content(BaseModel):
    """One part in the file. `version` is that of its tables ("" for key and files); `counts`: table -> rows."""

    model_config = ConfigDict(frozen=True)

    part: PartName
    kind: Kind
    file: str
    version: str
    size: int
    sha256: str
    counts: dict[str, int]


class Manifest(BaseModel):
    model_config = ConfigDict(frozen=True)

    format: int
    program: str
    made_at: datetime
    contents: tuple[Content, ...]


@dataclass(frozen=True)
class Source:
    """What is to be put in: `copy` writes it to a new file, which has mode 0600."""

    part: PartName
    kind: Kind
    version: str
    counts: dict[str, int]
    copy: Callable[[Path], None]


def write_bundle(file: Path, sources: Sequence[Source], program: str, made_at: datetime) -> Manifest:
    """Make the file, readable by its owner alone, in one step: until it is whole, an older one of that name stays.

    Raises MinshengError when it cannot be written, or when something stands there that is no backup.
    """
    _refuse_other(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _in_one_step(file) as out, tarfile.open(fileobj=out, mode="w") as tar:
            contents = tuple(_put(tar, source, file, made_at) for source in sources)
            manifest = Manifest(format=FORMAT, program=program, made_at=made_at, contents=contents)
            _add(tar, MANIFEST, io.BytesIO(manifest.model_dump_json(indent=1).encode()), made_at)
    except OSError as error:
        raise MinshengError(f"备份 {file} 写不成: {error.strerror or error}；请检查路径、权限和磁盘空间") from error
    return manifest


def read_manifest(file: Path) -> Manifest:
    """Raises MinshengError when the file is no backup, was cut short, or comes from a newer program."""
    with _opened(file) as tar:
        try:
            found = tar.extractfile(MANIFEST)
        except KeyError:
            raise MinshengError(f"{file} 不完整，没有清单 {MANIFEST}；请换一个备份文件") from None
        try:
            manifest = Manifest.model_validate_json(found.read() if found else b"")
        except ValidationError as error:
            raise MinshengError(f"{file} 的清单 {MANIFEST} 已损坏；请换一个备份文件") from error
        if manifest.format > FORMAT:
            raise MinshengError(f"{file} 是较新的程序 ({manifest.program}) 备份的；请升级程序后再恢复")
        return manifest


def extract(file: Path, content: Content, to: Path) -> None:
    """Write a part to a new file with mode 0600. Raises MinshengError when it is not what the manifest says."""
    with _opened(file) as tar:
        try:
            found = tar.extractfile(content.file)
        except KeyError:
            found = None
        if found is None:
            raise MinshengError(f"{file} 已损坏: 缺少 {content.file}；请换一个备份文件")
        try:
            with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                checksum = _pass_on(found, out)
                os.fsync(out.fileno())
        except OSError as error:
            raise MinshengError(f"{to} 写不成: {error.strerror or error}；请检查权限和磁盘空间") from error
    if checksum != content.sha256:
        raise MinshengError(f"{file} 已损坏: {content.file} 的校验和不符；请换一个备份文件")


def _put(tar: tarfile.TarFile, source: Source, file: Path, at: datetime) -> Content:
    """Copy the part beside the file, then take it in; so at most one copy of one part lies there."""
    name = f"{source.part}.{source.kind}"
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
        copy = Path(folder) / name
        source.copy(copy)
        with copy.open("rb") as made:
            checksum = hashlib.file_digest(made, "sha256").hexdigest()
            made.seek(0)
            size = _add(tar, name, made, at)
    return Content(
        part=source.part,
        kind=source.kind,
        file=name,
        version=source.version,
        size=size,
        sha256=checksum,
        counts=source.counts,
    )


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], at: datetime) -> int:
    about = tarfile.TarInfo(name)
    about.size = content.seek(0, os.SEEK_END)
    about.mode, about.mtime = 0o600, int(at.timestamp())
    content.seek(0)
    tar.addfile(about, content)
    return about.size


@contextmanager
def _in_one_step(file: Path) -> Iterator[IO[bytes]]:
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
        sync_folder(file.parent)
    finally:
        part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in it outlast a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _refuse_other(file: Path) -> None:
    if not file.exists():
        return
    try:
        read_manifest(file)
    except MinshengError as error:
        raise MinshengError(f"{file} 已存在，但不是完整的民声备份，不会覆盖它；请换一个文件名") from error


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise MinshengError(f"{file} 不是民声的备份，或已损坏 ({error})；请换一个备份文件") from error
    except OSError as error:
        raise MinshengError(f"{file} 读不出来: {error.strerror or error}") from error


def _pass_on(found: IO[bytes], out: IO[bytes]) -> str:
    checksum = hashlib.sha256()
    while block := found.read(BLOCK):
        checksum.update(block)
        out.write(block)
    return checksum.hexdigest()
