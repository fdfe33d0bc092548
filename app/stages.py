"""The three stages of the flow as data: what each does with a batch of records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stream.log import Out, Record
from stream.messages import JUDGED, RAW, decode_judged, decode_post, encode_judged
from stream.worker import Handle, Stage

if TYPE_CHECKING:
    from app.counters import Counter
    from app.wire import House

REMEMBERED = 5000  # archived posts whose copies are known again after a restart
SOURCES = {"judge": RAW, "archive": JUDGED, "decide": JUDGED}


def make_stage(house: House, name: str, count: Counter) -> Stage:
    handle = {"judge": judge_handle, "archive": archive_handle, "decide": decide_handle}[name](house, count)
    batch = house.settings.decide.batch if name == "decide" else house.settings.judge.batch
    return Stage(name, SOURCES[name], handle, batch)


def judge_handle(house: House, count: Counter) -> Handle:
    judging = house.judge(remember=REMEMBERED)

    def handle(records: Sequence[Record]) -> list[tuple[str, Out]]:
        judged = judging([decode_post(record.value) for record in records])
        return [(JUDGED, Out(one.partition_key, encode_judged(one))) for one in judged]

    return handle


def archive_handle(house: House, count: Counter) -> Handle:
    archive = house.archive

    def handle(records: Sequence[Record]) -> list[tuple[str, Out]]:
        archive.upsert([decode_judged(record.value) for record in records])
        return []

    return handle


def decide_handle(house: House, count: Counter) -> Handle:
    return house.decider(count).handle
