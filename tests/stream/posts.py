"""Invented values for the tests of this folder."""

from __future__ import annotations

import string
from datetime import UTC, datetime

from hypothesis import strategies as st

from stream.log import Log, Out, Record
from stream.messages import Facts, Judged, Judgement, Place, Post, Reason, Reply, Scored

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)

texts = st.text(max_size=60)
keys = st.text(string.ascii_lowercase, min_size=1, max_size=8)
times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
scores = st.floats(0, 1)
scored = st.builds(Scored, keys, scores)
numbers = st.none() | st.integers(0, 10**9)

posts = st.builds(
    Post,
    id=keys,
    source=keys,
    kind=st.sampled_from(["message", "hotline", "forum", "social", "comment", "news"]),
    title=texts,
    text=texts,
    published_at=times,
    fetched_at=times,
    url=texts,
    author=texts,
    region=st.sampled_from(["", "330106"]),
    reply=st.none() | st.builds(Reply, texts, texts, st.none() | times),
    counts=st.dictionaries(keys, st.integers(0, 10**6), max_size=3),
    backfill=st.booleans(),
)
judgements = st.builds(
    Judgement,
    post_id=keys,
    topics=st.lists(scored, min_size=1, max_size=3).map(tuple),
    office=scored,
    sentiment=scored,
    intent=scored,
    severity=st.integers(1, 4),
    severity_score=scores,
    place=st.builds(Place, code=st.sampled_from(["", "330106"]), town=texts, candidates=st.tuples(keys, keys)),
    model=keys,
    event_grade=st.sampled_from([None, "一般", "较大", "重大", "特别重大"]),
    facts=st.builds(Facts, numbers, numbers, numbers, numbers, st.none() | st.floats(0, 1e12)),
    keywords=st.lists(texts, max_size=3).map(tuple),
    reasons=st.lists(st.builds(Reason, keys, texts, start=st.integers(0, 9), weight=scores), max_size=3).map(tuple),
    set_aside=st.sampled_from(["", "advert"]),
    near_copy_of=texts,
    needs_human=st.booleans(),
)
judgeds = st.builds(Judged, posts, judgements)


def post(name: str, text: str = "楼道的灯坏了三天没有人修") -> Post:
    return Post(name, "board", "message", f"关于{name}", text, NOON, NOON)


def judge(one: Post) -> Judged:
    place = Place("330106", "浙江省", "杭州市", "西湖区", basis="text")
    label = Scored("housing", 0.9)
    return Judged(
        one, Judgement(one.id, (label,), label, Scored("neg", 0.8), Scored("help", 0.7), 2, 2.1, place, "m-1")
    )


def fill(log: Log, topic: str, *values: str) -> None:
    log.publish(topic, [Out(f"k{value}", value.encode(), {"n": value}) for value in values])


def everything(log: Log, topic: str) -> list[Record]:
    """All records of a topic, whatever its groups have committed."""
    return log.read(topic, "test-looks-on", 10_000, 0)


def values(log: Log, topic: str) -> list[str]:
    return [record.value.decode() for record in everything(log, topic)]
