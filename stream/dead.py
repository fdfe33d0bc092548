"""Dead letters: records that a stage could not handle, with who, what, where and when, and the way back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from stream.errors import MinshengError
from stream.faults import raised_at
from stream.log import Log, Out, Record

GROUP = "dead-letters"
PREFIX = "dead."
BATCH = 256
MESSAGE_CHARACTERS = 500
WAIT = 10.0  # seconds for the first record of a topic that is known to hold some


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record that was set aside.

    `name` is the source position, "posts.raw/0/17", and stays the same however often the letter is moved. `error` is
    the class and `message` the text of what was raised (of errors that are not ours the place that raised them);
    `taken_at` is when the source topic took the record, `died_at` when it was set aside (both UTC). `key`, `value` and
    `headers` are the record's own.
    """

    name: str
    stage: str
    error: str
    message: str
    topic: str
    taken_at: datetime
    died_at: datetime
    key: str
    value: bytes
    headers: Mapping[str, str]


def dead_topic(stage: str) -> str:
    return f"dead.{stage}"


def bury(record: Record, stage: str, error: BaseException) -> Out:
    """What goes to the stage's dead topic: the record unchanged, and beside its headers why and whence."""
    why = {
        "stage": stage,
        "error": type(error).__name__,
        "message": _message(error),
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "at": record.at.isoformat(),
    }
    return Out(record.key, record.value, {**record.headers, **{PREFIX + name: text for name, text in why.items()}})


def _message(error: BaseException) -> str:
    """Our own words; of other errors the place where they were raised, as their words may repeat the record."""
    return str(error)[:MESSAGE_CHARACTERS] if isinstance(error, MinshengError) else raised_at(error)


def list_dead(log: Log, stage: str, limit: int = 1000) -> list[DeadLetter]:
    """The letters not yet replayed, oldest first; one that was set aside twice (after a crash) is listed once."""
    if not log.lag(dead_topic(stage), GROUP):
        return []
    letters = [_letter(record) for record in log.read(dead_topic(stage), GROUP, limit, WAIT)]
    return list({letter.name: letter for letter in letters}.values())


def show_dead(log: Log, stage: str, name: str) -> DeadLetter:
    """Raises MinshengError when no such letter waits."""
    for letter in list_dead(log, stage):
        if letter.name == name:
            return letter
    raise MinshengError(f"{dead_topic(stage)} 里没有 {name}；可用的名字见 minsheng dead list")


def replay(log: Log, stage: str, names: Collection[str] = ()) -> int:
    """Publish letters to their source topics again, all or those named; they are not listed any more.

    Letters that were not named move to the end of the dead topic. What dies again meanwhile is left for the next
    replay. Returns how many were replayed.
    """
    topic = dead_topic(stage)
    left, missing, done = log.lag(topic, GROUP), set(names), set[str]()
    while left > 0 and (missing or not names):
        records = log.read(topic, GROUP, min(left, BATCH), WAIT)
        if not records:
            break
        chosen = [letter for letter in map(_letter, records) if not names or letter.name in names]
        fresh = {letter.name: letter for letter in chosen if letter.name not in done}
        _give_back(log, list(fresh.values()))
        taken = {letter.name for letter in chosen}
        log.publish(topic, [_again(record) for record in records if _letter(record).name not in taken])
        log.commit(GROUP, records)
        done |= fresh.keys()
        missing -= done
        left -= len(records)
    return len(done)


def _give_back(log: Log, letters: Sequence[DeadLetter]) -> None:
    for topic in dict.fromkeys(letter.topic for letter in letters):
        outs = [Out(letter.key, letter.value, letter.headers) for letter in letters if letter.topic == topic]
        log.publish(topic, outs)


def _again(record: Record) -> Out:
    return Out(record.key, record.value, record.headers)


def _letter(record: Record) -> DeadLetter:
    why = {name.removeprefix(PREFIX): text for name, text in record.headers.items() if name.startswith(PREFIX)}
    try:
        return DeadLetter(
            name=f"{why['topic']}/{why['partition']}/{why['offset']}",
            stage=why["stage"],
            error=why["error"],
            message=why["message"],
            topic=why["topic"],
            taken_at=datetime.fromisoformat(why["at"]),
            died_at=record.at,
            key=record.key,
            value=record.value,
            headers={name: text for name, text in record.headers.items() if not name.startswith(PREFIX)},
        )
    except (KeyError, ValueError) as error:
        where = f"{record.topic}/{record.partition}/{record.offset}"
        raise MinshengError(f"{where} 不是民声写入的死信: 记录头 {error} 缺失或有误；请用日志工具查看它") from error
