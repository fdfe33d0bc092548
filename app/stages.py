"""The three stages of the flow as data: what each does with a batch of records."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from app.correcting import store_corrected
from stream.errors import Conflict
from stream.log import Out, Record
from stream.messages import JUDGED, RAW, decode_judged, decode_post, encode_judged
from stream.worker import Count, Handle, Outs, Stage

if TYPE_CHECKING:
    from app.wire import House

REMEMBERED = 5000  # archived posts whose copies are known again after a restart
SOURCES = {"judge": RAW, "archive": JUDGED, "decide": JUDGED}
LOOK_EVERY = 0.5
MEETINGS = 5  # times that a batch may meet another process that decides the same


def make_stage(house: House, name: str, count: Count) -> Stage:
    handle = {"judge": judge_handle, "archive": archive_handle, "decide": decide_handle}[name](house, count)
    batch = house.settings.decide.batch if name == "decide" else house.settings.judge.batch
    return Stage(name, SOURCES[name], handle, batch)


def judge_handle(house: House, count: Count) -> Handle:
    from classify.drift import DriftReader

    house.watch_group("judge", lambda: None, count)  # its copies are spread over all partitions, whoever reads which
    judging, drift = house.judge(remember=REMEMBERED, busy=busy_reader(house)), DriftReader.load()

    def handle(records: Sequence[Record]) -> list[tuple[str, Out]]:
        judged = judging([decode_post(record.value) for record in records])
        for what, key, n in drift.read(judged):
            count(what, key, n)
        for model, n in Counter(one.judgement.model for one in judged).items():
            count("judged_by", model, n)
        return [(JUDGED, Out(one.partition_key, encode_judged(one))) for one in judged]

    return handle


def busy_reader(house: House) -> Callable[[], bool]:
    """Whether so much waits that the fast model is to answer alone; measured at most every LOOK_EVERY seconds."""
    looked, found = float("-inf"), False

    def busy() -> bool:
        nonlocal looked, found
        if time.monotonic() - looked >= LOOK_EVERY:
            looked, found = time.monotonic(), house.log.lag(RAW, "judge") > house.settings.judge.busy_behind
        return found

    return busy


def archive_handle(house: House, count: Count) -> Handle:
    _ = house.archive  # opened before the first batch
    house.watch_group("archive", lambda: None, count)

    def handle(records: Sequence[Record]) -> list[tuple[str, Out]]:
        store_corrected(house, [decode_judged(record.value) for record in records])
        return []

    return handle


def decide_handle(house: House, count: Count) -> Handle:
    """When partitions move, what others have decided of them is read from the ledger."""
    decider = house.decider(count)
    house.watch_group("decide", decider.forget, count)
    return patient(decider.handle, count)


def patient(handle: Handle, count: Count) -> Handle:
    """The same, but a Conflict (somebody else was faster) is not yet a failure of the batch."""

    def handling(records: Sequence[Record]) -> Outs:
        for meeting in range(1, MEETINGS):
            try:
                return handle(records)
            except Conflict:
                count("retried", "Conflict", len(records))
                time.sleep(random.uniform(0.01, 0.05) * meeting)  # noqa: S311 - so that they do not meet again
        return handle(records)

    return handling
