"""`minsheng rejudge`: history judged again by the model in use, from `posts.raw`, while everything else goes on.

Only the archive is written: no event moves, no case opens, no alert goes out. The log is read by a group named after the
model, so a stop goes on where it was and another model starts anew. What is written:

* the post as it is archived, unless the raw record is of an earlier fetch: the newer one comes later in the log;
* with the corrections of staff in place of the model's answers, those made meanwhile too;
* with the near copy that was found at first: which post came first is not the model's to say.

What is not archived (its time is over, or the live flow will do it) is passed over. It begins when the live flow is done
with all there was, so that nothing that was judged before comes after it, and pauses while the live flow is behind.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Protocol

import click

from alerts.corrections import apply_corrections
from app.correcting import store_corrected
from app.process import Process
from app.progress import Progress, showing
from app.rejudge_notes import JUDGED_AGAIN, Change, Notes, Outcome, answer_of, summary, write_list
from app.stages import SOURCES
from stream.archive import Query
from stream.errors import Conflict, Poison, Unavailable
from stream.log import REREADS, Record
from stream.messages import RAW, Judged, Post, decode_post
from stream.worker import Count, ignore

if TYPE_CHECKING:
    from app.stopping import Stop
    from app.wire import House

BAD, INTERRUPTED = 1, 130
YIELDING = 10  # of os.nice: more than any part
BATCH = 200  # few, so that the archive is never held for long
GIVES_WAY_TO = ("judge", "archive")
MOST_BEHIND = 500  # records that a stage may be behind before it is given way to
LOOK_EVERY = 1.0  # seconds between two looks at how far the others are
CAUGHT_UP = 15.0  # seconds without a record from before the start, where new ones never end
NOBODY = f"{REREADS}nobody"  # a group that never reads: what it lags is all there is
STATE = "@rejudge"  # beside the crawls' cursors: the names of the groups that were begun anew

Judging = Callable[[Sequence[Post]], list[Judged]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Span:
    """Which posts: `since` <= published_at < `until`; None: no bound."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, post: Post) -> bool:
        after = self.since is None or post.published_at >= self.since
        return after and (self.until is None or post.published_at < self.until)

    @property
    def name(self) -> str:
        """ "" for all of history."""
        dates = (f"{at:%Y%m%d}" if at else "" for at in (self.since, self.until))
        return "-".join(("", *dates)) if self.since or self.until else ""


class Noted(Protocol):
    """Where what was found is written down."""

    def add(self, outcomes: Sequence[Outcome]) -> None: ...


class Rejudge:
    """One pass over `posts.raw`. `judging`: posts in, judged posts out, by the model that is to judge."""

    def __init__(
        self, house: House, judging: Judging, group: str, notes: Noted, span: Span, count: Count = ignore
    ) -> None:
        self.house, self.judging, self.group, self.notes, self.span, self.count = (
            house, judging, group, notes, span, count
        )  # fmt: skip

    def round(self, limit: int) -> list[Record]:
        """Read a batch, judge it again, commit. A death anywhere means that the same batch comes again."""
        records = self.house.log.read(RAW, self.group, limit, 0.0)
        if records:
            self._again(records)
            self.house.log.commit(self.group, records)
        return records

    def _again(self, records: Sequence[Record]) -> None:
        """When something is wrong, one by one; the post that it is wrong with stays as it is."""
        try:
            self._together(records)
        except (Unavailable, Conflict):
            raise
        except Exception as error:
            if len(records) > 1:
                for record in records:
                    self._again([record])
                return
            logger.error("record %s/%d was not judged again", RAW, records[0].offset, exc_info=error)
            self._note([_outcome(records[0], "failed")])

    def _together(self, records: Sequence[Record]) -> None:
        outcomes = [(record, *self._read(record)) for record in records]
        newest = {post.id: post for post in sorted(filter(None, (one[1] for one in outcomes)), key=_fetched)}
        judged = self.judging(list(newest.values())) if newest else []
        stored = self._stored(list(newest))  # only now, so that little time passes until the write
        due = [_as_stored(one, stored[one.post.id]) for one in judged if not _why_not(one.post, stored)]
        changes = {one.post.id: _change(stored[one.post.id], one) for one in self._corrected(due)}
        self._note(
            _outcome(record, why or _why_not(post, stored) or JUDGED_AGAIN, changes.get(post.id))
            if post
            else _outcome(record, why)
            for record, post, why in outcomes
        )
        if due:
            store_corrected(self.house, due)

    def _read(self, record: Record) -> tuple[Post | None, str]:
        """The post, or why there is none to judge."""
        try:
            post = decode_post(record.value)
        except Poison:
            return None, "unreadable"  # a dead letter of the judge
        return (post, "") if self.span.holds(post) else (None, "outside")

    def _stored(self, ids: Sequence[str]) -> dict[str, Judged]:
        """What was archived a moment ago no search may find yet: it is asked for by its id."""
        if not ids:
            return {}
        archive = self.house.archive
        found = {
            hit.judged.post.id: hit.judged
            for hit in archive.search(Query(ids=tuple(ids), set_aside=None, limit=len(ids))).hits
        }
        late = (archive.get(one) for one in ids if one not in found)
        return found | {one.post.id: one for one in late if one}

    def _corrected(self, judged: Sequence[Judged]) -> list[Judged]:
        """As the archive will have them, for the comparison."""
        with self.house.ledger.read() as tx:
            found = tx.corrections.of_posts([one.post.id for one in judged]) if tx.corrections.newest_number() else {}
        return apply_corrections(self.house.catalog, judged, found)

    def _note(self, outcomes: Iterable[Outcome]) -> None:
        found = list(outcomes)
        self.notes.add(found)
        for one in found:
            self.count(*(("handled", "ok") if one.what == JUDGED_AGAIN else ("skipped", one.what)), 1)
            if one.change:
                self.count("changed", "newly_grave" if one.change.newly_grave else "other", 1)


def _fetched(post: Post) -> datetime:
    return post.fetched_at


def _outcome(record: Record, what: str, change: Change | None = None) -> Outcome:
    return Outcome(record.partition, record.offset, what, change if what == JUDGED_AGAIN else None)


def _why_not(post: Post, stored: Mapping[str, Judged]) -> str:
    if post.id not in stored:
        return "not_archived"
    return "older" if post.fetched_at < stored[post.id].post.fetched_at else ""


def _as_stored(judged: Judged, stored: Judged) -> Judged:
    return replace(judged, judgement=replace(judged.judgement, near_copy_of=stored.judgement.near_copy_of))


def _change(before: Judged, after: Judged) -> Change | None:
    was, now = answer_of(before.judgement), answer_of(after.judgement)
    return Change(after.post.id, was, now) if was != now else None


# ---- the command ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Options:
    """`limit` 0: all. `most_behind`: records that a stage may be behind before it is given way to."""

    span: Span = Span()
    limit: int = 0
    restart: bool = False
    quiet: bool = False
    listing: Path | None = None
    most_behind: int = MOST_BEHIND


def rejudge_alone(house: House, stop: Stop, options: Options) -> int:
    """In a process of its own, which waits for servers; returns the exit code (1: some posts could not be judged)."""
    os.nice(YIELDING)
    with Process(house, "rejudge", stop) as process:
        return rejudge(process, options)
    return INTERRUPTED  # it was to stop while a server was away


def rejudge(process: Process, options: Options) -> int:
    from app.users import operator

    house, folder = process.house, process.house.model_folder()
    judging, model = house.judge(folder), house.classifier(folder).name  # this one, whichever is chosen meanwhile
    group = process.insist(lambda: open_group(house, model, options.span, operator(), restart=options.restart))
    with Notes(notes_path(house, group)) as notes:
        again = Rejudge(house, judging, group, notes, options.span, process.counter)
        with showing("重新研判", quiet=options.quiet) as progress:
            whole = _go(process, again, options, progress, lambda: house.model_folder() == folder)
        _tell(process, notes, model, options)
    if house.model_folder() != folder:
        click.echo("使用中的模型换了，已停下；再运行会用新的模型从头研判。", err=True)
        return BAD
    if not whole:
        left = house.log.lag(RAW, group)
        click.echo(f"已停下，还剩 {left:,} 条；再运行同样的命令会从这里接着做。", err=True)
        return INTERRUPTED
    return BAD if notes.counts["failed"] else 0


def open_group(house: House, model: str, span: Span, actor: str, *, restart: bool) -> str:
    """The group that reads for this model and these posts; a new one with `restart`. The audit notes who did it."""
    base = REREADS + re.sub(r"[^\w.+-]", "_", model + span.name)
    now = house.now()
    with house.ledger.begin() as tx:
        state = tx.meters.cursor(STATE)
        if restart:
            state[base] = f"{now:%Y%m%dT%H%M%S%f}"
            tx.meters.save_cursor(STATE, state)
        group = f"{base}-{state[base]}" if base in state else base
        tx.audit.add(now, actor, "rejudge", model, group)
    return group


def notes_path(house: House, group: str) -> Path:
    return house.data / "rejudge" / f"{group}.jsonl"


def _go(process: Process, again: Rejudge, options: Options, progress: Progress, in_use: Callable[[], bool]) -> bool:
    """Whether all is done, or as much as was asked for; False when it was stopped before, or its model is not `in_use`."""
    house = again.house
    for stage in GIVES_WAY_TO:
        if not _wait_until(process, process.insist(partial(passing, house, stage)), progress):
            return False
    course = process.insist(partial(Course, house, again.group, options.limit))
    looked = float("-inf")
    while not process.asked():
        if monotonic() - looked >= LOOK_EVERY:
            if not in_use() or not _wait_until(process, partial(behind, house, options.most_behind), progress):
                return False
            process.insist(partial(process.look_behind, RAW, again.group))
            looked = monotonic()
        records = process.insist(partial(again.round, course.room))
        process.came_round(len(records))
        course.went(records)
        progress.show(*course.shown)
        if process.insist(course.is_over):
            return True
    return False


class Course:
    """How far one run has come, and when it is over: with new records coming in all the time, there may be no last one."""

    def __init__(self, house: House, group: str, limit: int) -> None:
        self._house, self._group, self._limit = house, group, limit
        self._started, self._old_at = house.now(), monotonic()
        self._left = house.log.lag(RAW, group)
        self._before = max(0, house.log.lag(RAW, NOBODY) - self._left)  # done by an earlier run
        self._done = 0
        self._empty = False

    @property
    def room(self) -> int:
        return min(BATCH, self._limit - self._done) if self._limit else BATCH

    @property
    def shown(self) -> tuple[int, int]:
        """Records done and to be done."""
        left = max(self._left, self._done)
        return self._before + self._done, self._before + (min(left, self._limit) if self._limit else left)

    def went(self, records: Sequence[Record]) -> None:
        self._done += len(records)
        self._empty = not records
        if any(record.at < self._started for record in records):
            self._old_at = monotonic()

    def is_over(self) -> bool:
        if self._limit and self._done >= self._limit:
            return True
        if monotonic() - self._old_at > CAUGHT_UP:
            return True
        return self._empty and not self._house.log.lag(RAW, self._group)


def _wait_until(process: Process, why: Callable[[], str], progress: Progress) -> bool:
    """Wait while there is a reason to; False when asked to stop meanwhile."""
    while reason := process.insist(why):
        progress.wait(reason)
        process.asked()
        if process.stop.wait(LOOK_EVERY):
            return False
    return True


def passing(house: House, stage: str) -> Callable[[], str]:
    """A question: why the stage is not done yet with what its topic holds now; "" when it is."""
    log, topic = house.log, SOURCES[stage]
    at_first = log.lag(topic, NOBODY)

    def why() -> str:
        since = max(0, log.lag(topic, NOBODY) - at_first)
        left = log.lag(topic, stage) - since
        return _held_up(stage, left) if left > 0 else ""

    return why


def behind(house: House, most: int) -> str:
    """Which stage of the live flow is to be given way to; "" if none."""
    lags = ((stage, house.log.lag(SOURCES[stage], stage)) for stage in GIVES_WAY_TO)
    return next((_held_up(stage, lag) for stage, lag in lags if lag > most), "")


def _held_up(stage: str, lag: int) -> str:
    return f"先等环节 {stage} 处理完积压的 {lag:,} 条 (没有在运行的话: minsheng run 或 minsheng worker {stage} --drain)"


def _tell(process: Process, notes: Notes, model: str, options: Options) -> None:
    from app.users import operator

    house, span = process.house, options.span
    query = Query(since=span.since, until=span.until, set_aside=None, limit=1)
    click.echo(summary(notes, model, process.insist(lambda: house.archive.search(query)).total))
    if not options.listing:
        return
    path, changes = options.listing, notes.changes
    process.insist(lambda: write_list(house, changes, path))
    with house.ledger.begin() as tx:
        tx.audit.add(house.now(), operator(), "export.rejudged", path.name, f"{len(changes)} 条")
    click.echo(f"有变化的信息已写入 {path}")
