"""The engine of every stage: read, handle, publish, commit. A crash anywhere means that the batch is read again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stream.dead import bury, dead_topic
from stream.errors import Poison, Unavailable
from stream.log import Log, Out, Record

Outs = Sequence[tuple[str, Out]]
Handle = Callable[[Sequence[Record]], Outs]
Count = Callable[[str, str, int], None]

FIRST_PAUSE = 0.5  # seconds; doubles with every further try
LONGEST_PAUSE = 30.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the flow as data.

    `handle` gets up to `batch` records and returns (topic, what to publish) pairs; its effects must be idempotent, as
    the same records may come again. `name` is also the consumer group, and the dead letters go to `dead.<name>`.
    """

    name: str
    source: str
    handle: Handle
    batch: int = 256


def ignore(what: str, reason: str, how_many: int) -> None:
    """Counts nothing: the default of a `count` argument."""


def run_once(
    stage: Stage,
    log: Log,
    *,
    wait: float = 0.0,
    count: Count = ignore,
    tries: int = 3,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Take one batch through the stage; returns how many records were committed (0: nothing to do).

    If the batch raises, its records are handled one by one: `Poison` at once, anything else after `tries` with doubling
    pauses, goes to the dead topic. What the log itself raises (but Poison: an item that it can never take) is not
    caught: it is not committed and comes again. So does `Unavailable`, whoever raises it: a server that is away says
    nothing of a record. Counts handled, published, retried and dead.
    """
    records = log.read(stage.source, stage.name, stage.batch, wait)
    if len(records) > 1 and _together(stage, log, records, count):
        log.commit(stage.name, records)
        return len(records)
    for record in records:
        _alone(stage, log, record, count=count, tries=tries, pause=pause)
        log.commit(stage.name, [record])
    return len(records)


def _together(stage: Stage, log: Log, records: Sequence[Record], count: Count) -> bool:
    """Whether the whole batch went through."""
    try:
        outs = stage.handle(records)
    except Unavailable:
        raise
    except Exception as error:
        logger.warning("stage %s: a batch of %d failed, going one by one: %r", stage.name, len(records), error)
        count("retried", type(error).__name__, len(records))
        return False
    if _publish(log, outs, count) is not None:
        return False
    count("handled", "ok", len(records))
    return True


def _alone(stage: Stage, log: Log, record: Record, *, count: Count, tries: int, pause: Callable[[float], None]) -> None:
    outs, error = _insist(stage, record, count=count, tries=tries, pause=pause)
    error = error or _publish(log, outs, count)
    if error is None:
        count("handled", "ok", 1)
        return
    where = f"{record.topic}/{record.partition}/{record.offset}"
    logger.error("stage %s: %s set aside", stage.name, where, exc_info=error)
    log.publish(dead_topic(stage.name), [bury(record, stage.name, error)])
    count("dead", type(error).__name__, 1)


def _insist(
    stage: Stage, record: Record, *, count: Count, tries: int, pause: Callable[[float], None]
) -> tuple[Outs, Exception | None]:
    """What the record gives, or the error that remained after the last try."""
    seconds = FIRST_PAUSE
    while True:
        try:
            return stage.handle([record]), None
        except Unavailable:
            raise
        except Exception as error:
            tries -= 1
            if isinstance(error, Poison) or tries <= 0:
                return (), error
            logger.warning("stage %s: trying again in %.1f s: %r", stage.name, seconds, error)
            count("retried", type(error).__name__, 1)
        pause(seconds)
        seconds = min(2 * seconds, LONGEST_PAUSE)


def _publish(log: Log, outs: Outs, count: Count) -> Poison | None:
    """Publish topic by topic in order; gives back the Poison of an item that the log can never take."""
    for topic in dict.fromkeys(topic for topic, _ in outs):
        items = [out for to, out in outs if to == topic]
        try:
            log.publish(topic, items)
        except Poison as error:
            return error
        count("published", topic, len(items))
    return None
