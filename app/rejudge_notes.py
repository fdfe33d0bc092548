"""What `minsheng rejudge` found, kept beside the data so that no stop and no kill forgets it; its summary and its list.

A line is added for each batch before the archive is written, and tells up to which record it counts. A batch that comes
again after a kill adds nothing. The file holds ids and labels, no text.
"""

from __future__ import annotations

import csv
import fcntl
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from configs.catalog import SHANGHAI
from stream.archive import Query
from stream.errors import MinshengError, Unavailable
from stream.messages import Judged, Judgement

if TYPE_CHECKING:
    from app.wire import House

GRAVE = 3  # severity from which a person should look
JUDGED_AGAIN = "judged"
AT_ONCE = 500  # posts looked up at a time
HEAD = ("编号", "发布时间", "来源", "标题", "新列为严重", "原领域", "新领域", "原单位", "新单位", "原严重程度",
        "新严重程度", "原搁置", "新搁置", "网址")  # fmt: skip


class Answer(NamedTuple):
    """What is compared of two judgements."""

    topic: str
    office: str
    severity: int
    aside: str


def answer_of(said: Judgement) -> Answer:
    return Answer(said.topic, said.office.key, said.severity, said.set_aside)


@dataclass(frozen=True, slots=True)
class Change:
    post_id: str
    before: Answer
    after: Answer

    @property
    def newly_grave(self) -> bool:
        return self.before.severity < GRAVE <= self.after.severity


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one raw record: "judged", or why it was passed over."""

    partition: int
    offset: int
    what: str
    change: Change | None = None


class Notes:
    """The file of one run over history. Raises MinshengError while another process has it open."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.counts: Counter[str] = Counter()
        self._changes: dict[str, Change] = {}
        self._upto: dict[str, int] = {}
        self._file = path.open("a+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise MinshengError("另一个 minsheng rejudge 正在做同样的事，请等它做完") from None
        self._read()

    def __enter__(self) -> Notes:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._file.close()

    @property
    def changes(self) -> list[Change]:
        """Of each changed post what was said of it at first and at last; those that became grave come first."""
        found = (one for one in self._changes.values() if one.before != one.after)
        return sorted(found, key=lambda one: (not one.newly_grave, -one.after.severity))

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Durable on return. What was counted before is not counted again. Raises Unavailable when the disk is full."""
        fresh = [one for one in outcomes if one.offset > self._upto.get(str(one.partition), -1)]
        if not fresh:
            return
        upto = {str(one.partition): one.offset for one in sorted(fresh, key=lambda one: one.offset)}
        counts = Counter(one.what for one in fresh)
        changed = [(one.post_id, one.before, one.after) for one in (one.change for one in fresh) if one]
        line = {"upto": upto, "counts": counts, "changed": changed}
        self._append(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._take(json.loads(json.dumps(line)))

    def _append(self, line: bytes) -> None:
        end = self._file.seek(0, os.SEEK_END)
        try:
            if self._file.write(line) != len(line):
                raise OSError("short write")
            os.fsync(self._file.fileno())
        except OSError as error:
            self._file.truncate(end)
            raise Unavailable(f"{self.path} 写不成: {error.strerror or error}；请检查磁盘空间") from error

    def _read(self) -> None:
        """A last line that was cut short by a kill is taken off; its batch comes again."""
        self._file.seek(0)
        whole = self._file.readall() or b""
        end = whole.rfind(b"\n") + 1
        self._file.truncate(end)
        for line in whole[:end].splitlines():
            self._take(json.loads(line))

    def _take(self, line: Mapping[str, Any]) -> None:
        self._upto |= line["upto"]
        self.counts.update(line["counts"])
        for post_id, before, after in line["changed"]:
            first = self._changes.get(post_id)
            self._changes[post_id] = Change(post_id, first.before if first else Answer(*before), Answer(*after))


def summary(notes: Notes, model: str, archived: int) -> str:
    """For a person.

    Args:
        archived: how many posts the archive holds of the time that was asked for.
    """
    judged, counts, changes = notes.counts[JUDGED_AGAIN], notes.counts, notes.changes
    differ = {
        name: sum(one.before[field] != one.after[field] for one in changes)
        for field, name in enumerate(("领域", "单位", "严重程度", "搁置与否"))
    }
    grave = sum(one.newly_grave for one in changes)
    calmer = sum(one.before.severity >= GRAVE > one.after.severity for one in changes)
    lines = [
        f"模型 {model}: 已重新研判 {judged:,} 条，有变化 {len(changes):,} 条 ("
        + "，".join(f"{name} {n:,}" for name, n in differ.items())
        + ")。",
        f"新列为严重及以上 {grave:,} 条，不再是 {calmer:,} 条。事件、案件、预警均未改动，请人工查看有变化的信息。",
        f"未改动: 不在检索库 {counts['not_archived']:,}，已有更新的版本 {counts['older']:,}，"
        f"无法解析 {counts['unreadable']:,}，出错 {counts['failed']:,}；"
        f"检索库中另有 {max(0, archived - judged):,} 条的原文已不在流水里或还没有轮到，保持原样。",
    ]
    return "\n".join(lines)


def write_list(house: House, changes: Sequence[Change], path: Path) -> None:
    """The changed posts as a table for Excel, no cell a formula. Raises MinshengError when it cannot be written."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file)
            table.writerow(HEAD)
            for start in range(0, len(changes), AT_ONCE):
                table.writerows(_rows(house, changes[start : start + AT_ONCE]))
        part.replace(path)
    except OSError as error:
        raise MinshengError(f"{path} 写不成: {error.strerror or error}；请检查路径、权限和磁盘空间") from error
    finally:
        part.unlink(missing_ok=True)


def _rows(house: House, changes: Sequence[Change]) -> list[list[str]]:
    from reports.cells import safe_text

    query = Query(ids=tuple(one.post_id for one in changes), set_aside=None, limit=len(changes))
    found = {hit.judged.post.id: hit.judged for hit in house.archive.search(query).hits}
    return [[safe_text(cell) for cell in _row(house, one, found.get(one.post_id))] for one in changes]


def _row(house: House, change: Change, judged: Judged | None) -> list[str]:
    """A post that is no longer archived keeps its id and its labels."""
    about = ["", "", ""]
    if judged:
        source = house.catalog.source.get(judged.post.source)
        at = judged.post.published_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        about = [at, source.name if source else judged.post.source, judged.post.title or judged.post.text[:60]]
    pairs = zip(_said(house, change.before), _said(house, change.after), strict=True)
    labels = [label for pair in pairs for label in pair]
    return [change.post_id, *about, "是" if change.newly_grave else "", *labels, judged.post.url if judged else ""]


def _said(house: House, answer: Answer) -> list[str]:
    topic = house.catalog.topic.get(answer.topic)
    office = house.catalog.office_name(answer.office) if answer.office in house.catalog.office else answer.office
    return [topic.short if topic else answer.topic, office, f"{answer.severity}级", answer.aside]
