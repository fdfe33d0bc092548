"""The models of this installation: <data>/models/NAME, and in models.json which is in use, since when and why.

The file is written in one step. Processes that judge look at it before every batch and load the other model by themselves.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from stream.errors import MinshengError

if TYPE_CHECKING:
    from classify.judge import Classifier
    from stream.messages import Judgement, Post

SHIPPED = "shipped"  # the name of the model that comes with the program
BOOK = "models.json"

logger = logging.getLogger(__name__)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Use(_Value):
    """That a model was taken into use: by whom, when; `forced` against the verdict of `evaluate`."""

    at: datetime
    by: str
    what: Literal["use", "rollback"]
    model: str
    forced: bool = False


class Verdict(_Value):
    """What `evaluate` said of a model: against which it was compared, and in what it is worse (nothing: it passed)."""

    at: datetime
    against: str
    why: tuple[str, ...] = ()


class Book(_Value):
    """`model` is in use; `before` are those that `rollback` goes back through, the latest last."""

    format: int = 1
    model: str = SHIPPED
    before: tuple[str, ...] = ()
    history: tuple[Use, ...] = ()
    verdicts: dict[str, Verdict] = {}


class Registry:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / BOOK

    def book(self) -> Book:
        """Raises MinshengError when the file is damaged."""
        try:
            return Book.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return Book()
        except ValidationError as error:
            raise MinshengError(f"{self._file} 已损坏，请从备份恢复或删去它 (删去后用随附的模型)") from error

    def names(self) -> list[str]:
        """All models that may be used, the shipped one first, then the newest first."""
        made = [path.parent for path in self.folder.glob("*/meta.json") if not path.parent.name.startswith(".")]
        made.sort(key=lambda path: (-path.stat().st_mtime, path.name))
        return [SHIPPED, *(path.name for path in made)]

    def find(self, name: str) -> Path | None:
        """The model's folder; None for the shipped one. Raises MinshengError when there is no such model."""
        if name not in self.names():
            raise MinshengError(f"没有模型 {name}，现有: {'、'.join(self.names())} (模型放在 {self.folder})")
        return None if name == SHIPPED else self.folder / name

    def current(self) -> Path | None:
        """The folder of the model in use; None for the shipped one."""
        return self.find(self.book().model)

    def stamp(self) -> tuple[int, int]:
        """Another value after every change of what is in use; costs one look at the file's times."""
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_mtime_ns, found.st_ino

    def keep(self, made: Path, name: str) -> Path:
        """Take a folder with a trained model in under its name, in place of one of the same name; returns where it is."""
        if not name or name == SHIPPED or name.startswith(".") or Path(name).name != name:
            raise MinshengError(f"模型名 {name!r} 不能用作文件夹名，请换一个")
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = self.folder / name
        if kept.exists():
            shutil.rmtree(kept)
        shutil.move(made, kept)
        return kept

    def judge_of(self, name: str, verdict: Verdict) -> None:
        """Keep what `evaluate` said of a model."""
        book = self.book()
        self._write(book.model_copy(update={"verdicts": {**book.verdicts, name: verdict}}))

    def use(self, name: str, by: str, at: datetime, *, force: bool = False) -> Book:
        """Take a model into use. Raises MinshengError when it is not there, or when `evaluate` found it worse and it is not
        forced."""
        self.find(name)
        book = self.book()
        verdict = book.verdicts.get(name)
        refused = bool(verdict and verdict.why)
        if verdict and verdict.why and not force:
            why = "；".join(verdict.why)
            raise MinshengError(
                f"evaluate 认为模型 {name} 不如 {verdict.against}: {why}。确要启用请加 --force (会记录)"
            )
        use = Use(at=at, by=by, what="use", model=name, forced=refused)
        before = book.before if name == book.model else (*book.before, book.model)
        return self._write(book.model_copy(update={"model": name, "before": before, "history": (*book.history, use)}))

    def rollback(self, by: str, at: datetime) -> Book:
        """Go back to the model that was in use before. Raises MinshengError when there is none."""
        book = self.book()
        if not book.before:
            raise MinshengError("没有可退回的模型: 此前没有换过模型")
        *before, name = book.before
        self.find(name)
        use = Use(at=at, by=by, what="rollback", model=name)
        return self._write(
            book.model_copy(update={"model": name, "before": tuple(before), "history": (*book.history, use)})
        )

    def _write(self, book: Book) -> Book:
        """In one step and outlasting a power cut: whoever reads sees the old or the new."""
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self._file.with_name(f".{BOOK}.{os.getpid()}")
        with part.open("w", encoding="utf-8") as out:
            out.write(book.model_dump_json(indent=1) + "\n")
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._file)
        return book


class Following:
    """The classifier in use, whichever that is now: another choice is noticed before the next batch.

    One that cannot be loaded is told in the log, and the one before goes on.
    """

    def __init__(self, load: Callable[[], Classifier], stamp: Callable[[], object]) -> None:
        self._load = load
        self._stamp = stamp
        self._seen = stamp()
        self._model = load()
        self.name = self._model.name

    def judge(self, posts: Sequence[Post]) -> list[Judgement]:
        if (now := self._stamp()) != self._seen:
            self._seen = now
            self._change()
        return self._model.judge(posts)

    def _change(self) -> None:
        before = self.name
        try:
            self._model = self._load()
        except (OSError, ValueError, MinshengError) as error:
            logger.error("the model that was chosen cannot be loaded, %s goes on: %s", before, error)
            return
        self.name = self._model.name
        logger.info("model %s in place of %s", self.name, before)
