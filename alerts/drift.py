"""Whether what is judged has changed from week to week: topics, the model's confidence, words that it never saw.

The measure is the population stability index, sum of (a - e) ln(a / e) over the shares of a week (a) and of the weeks before
it (e); below 0.1 nothing has changed, from 0.25 on much has (Siddiqi, Credit Risk Scorecards, 2006, ch. 8). With few posts
it is large by chance alone, about (keys - 1)(1/n + 1/m) for n and m posts (Yurdakul 2018), so small weeks tell nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import log
from typing import TYPE_CHECKING

from alerts.model import Alert
from configs.catalog import SHANGHAI, Catalog
from configs.settings import DriftSettings

if TYPE_CHECKING:
    from alerts.ledger import Tx

TOPIC, CONFIDENCE, UNKNOWN = "judged_topic", "judged_confidence", "judged_unknown"  # what the judging stage counts
MEASURES: Mapping[str, str] = {TOPIC: "事项分布", CONFIDENCE: "置信度分布", UNKNOWN: "生词比例分布"}
BEFORE = 4  # weeks that a week is compared with
WEEK = timedelta(days=7)
SMOOTHING = 0.5  # posts added to every key, so that one without any has a logarithm
LEAST_MOVE = 0.01
NAMED = 3  # keys that are told, those that moved the index most

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Drift:
    """One measure of one whole week (its Monday in Shanghai) against the weeks before it.

    `index` is None where one of both has too few posts. `moved`: (key, share before, share now), the largest part first.
    """

    measure: str
    week: date
    posts: int
    before: int
    index: float | None
    moved: tuple[tuple[str, float, float], ...] = ()


def stability_index(before: Counts, now: Counts) -> tuple[float, list[tuple[str, float, float]]]:
    """The index, 0 for two equal mixes, and every key with its two shares, the largest part of the index first."""
    keys = sorted({*before, *now})
    parts = []
    for key in keys:
        expected, actual = _share(before, key, len(keys)), _share(now, key, len(keys))
        parts.append(((actual - expected) * log(actual / expected), key, expected, actual))
    parts.sort(key=lambda part: -part[0])
    return sum(part[0] for part in parts), [(key, expected, actual) for _, key, expected, actual in parts]


def drift_of(measure: str, week: date, now: Counts, before: Counts, least: int) -> Drift:
    """`least`: so many posts are needed on both sides."""
    posts, earlier = sum(now.values()), sum(before.values())
    if min(posts, earlier) < least:
        return Drift(measure, week, posts, earlier, None)
    index, moved = stability_index(before, now)
    return Drift(measure, week, posts, earlier, index, tuple(moved[:NAMED]))


def last_week(now: datetime) -> date:
    """The Monday of the last whole week in Shanghai."""
    today = now.astimezone(SHANGHAI).date()
    return today - timedelta(days=today.weekday()) - WEEK


def weekly_drift(tx: Tx, week: date, least: int) -> list[Drift]:
    """Every measure of the week that begins on that Monday."""
    counts = [_counts(tx, week - n * WEEK) for n in range(BEFORE + 1)]
    return [
        drift_of(measure, week, counts[0][measure], sum((one[measure] for one in counts[1:]), Counter()), least)
        for measure in MEASURES
    ]


def drift_alerts(catalog: Catalog, found: Sequence[Drift], settings: DriftSettings, now: datetime) -> list[Alert]:
    """For duty staff, once for each measure and week that passed the limit."""
    return [
        _alert(catalog, one, settings.limit, now)
        for one in found
        if one.index is not None and one.index > settings.limit
    ]


def key_name(catalog: Catalog, measure: str, key: str) -> str:
    """安全生产, 置信度 60%～70%, 生词 20%～30%."""
    if measure == TOPIC:
        topic = catalog.topic.get(key)
        return topic.short if topic else key
    start = round(float(key) * 100)
    return f"{'置信度' if measure == CONFIDENCE else '生词'} {start}%～{start + 10}%"


def moved_words(catalog: Catalog, one: Drift) -> str:
    """安全生产 4% → 15%、教育 12% → 6%; what moved by less than a hundredth is left out."""
    far = [(key, was, now) for key, was, now in one.moved if abs(now - was) >= LEAST_MOVE]
    return "、".join(f"{key_name(catalog, one.measure, key)} {was:.0%} → {now:.0%}" for key, was, now in far)


def _alert(catalog: Catalog, one: Drift, limit: float, now: datetime) -> Alert:
    """To the office that takes what nobody else takes: the duty room. Offices have nothing to do with it."""
    last = one.week + timedelta(days=6)
    days = f"{one.week:%m月%d日}至{last:%m月%d日}"
    return Alert(
        id=f"drift:{one.measure}:{one.week.isoformat()}",
        kind="drift",
        office=catalog.routes.lead,
        case_id="",
        event_id="",
        title=f"{MEASURES[one.measure]}与此前四周明显不同（{days}）",
        reason=(
            f"稳定性指数 {one.index:.2f}，超过界限 {limit:g}；变化最大的: {moved_words(catalog, one)}。"
            "可能是出了新情况、换了来源，也可能是研判变差: 请抽查近期研判，有误的在看板上改正，必要时重新训练模型。"
        ),
        created_at=now,
        severity=2,
        figures={"posts": one.posts, "index": round(one.index or 0.0, 3)},
    )


def _share(counts: Counts, key: str, keys: int) -> float:
    return (counts.get(key, 0) + SMOOTHING) / (sum(counts.values()) + SMOOTHING * keys)


def _counts(tx: Tx, week: date) -> dict[str, Counter[str]]:
    """Measure -> key -> posts, of all processes together."""
    start = datetime(week.year, week.month, week.day, tzinfo=SHANGHAI)
    found: dict[str, Counter[str]] = {measure: Counter() for measure in MEASURES}
    for meter in tx.meters.totals(start, start + WEEK):
        if meter.what in found:
            found[meter.what][meter.reason] += meter.n
    return found
