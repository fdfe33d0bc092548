"""Corrections by staff: they stand in the archive whatever judges anew, and they are what the next model learns from."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alerts.corrections import NOTHING, Correction, Field, answers, apply_corrections, newest
from stream.archive import read_judged
from stream.messages import Judged, Post

if TYPE_CHECKING:
    from app.wire import House

HELD_BACK = 5  # one of so many corrected posts is never trained on
LOOK_BACK = timedelta(hours=3)  # longer than between two times of keeping the house


def store_corrected(house: House, judged: Sequence[Judged]) -> None:
    """Archive judged posts as staff corrected them: the one way into the archive for whatever judges.

    A correction that is made meanwhile was written to the ledger before the archive. So the ledger is looked at once more
    after writing: either this sees it, or it is written to the archive later than this. It costs two small queries for a
    batch, and one more where there are corrections at all.
    """
    ids, seen = [one.post.id for one in judged], -1
    while True:
        with house.ledger.read() as tx:
            number = tx.corrections.newest_number()
            if number == seen:
                return
            found = tx.corrections.of_posts(ids) if number else {}
        if seen >= 0:
            judged = [one for one in judged if one.post.id in found]
        if judged:
            house.archive.upsert(apply_corrections(house.catalog, judged, found))
        seen = number


def catch_up(house: House, now: datetime) -> int:
    """Write the latest corrections to the archive again, for who was cut off between ledger and archive; how many posts."""
    with house.ledger.read() as tx:
        ids = sorted({one.post_id for one in tx.corrections.since(now - LOOK_BACK)})
    found = list(read_judged(house.archive, ids).values())
    if found:
        store_corrected(house, found)
    return len(found)


@dataclass(frozen=True, slots=True)
class Held:
    """A corrected post that no model was trained on, and what a person said of it, field by field."""

    post: Post
    gold: Mapping[Field, str]


def corrected_examples(house: House) -> list[dict[str, Any]]:
    """The corrected posts that may be trained on, as rows of the labelled files (labels/*.jsonl).

    What a person did not look at stands as the archive has it. Posts past their retention are gone, and their
    corrections with them.
    """
    return [_row(judged, said) for judged, said in _corrected(house) if not is_held_back(judged)]


def held_corrections(house: House) -> list[Held]:
    """The corrected posts that are kept for evaluation."""
    return [
        Held(judged.post, {field: one.value for field, one in said.items()})
        for judged, said in _corrected(house)
        if is_held_back(judged)
    ]


def is_held_back(judged: Judged) -> bool:
    """Every fifth post, by its id, today as ever; near copies of one post go the same way."""
    name = judged.judgement.near_copy_of or judged.post.id
    return hashlib.sha256(name.encode()).digest()[0] % HELD_BACK == 0


def export_corrections(house: House, out: Path | None) -> None:
    """`minsheng corrections export`: all corrected posts, those held back too, one JSON object a line."""
    from app.users import operator

    rows = [
        _row(judged, said) | {"held_back": True} if is_held_back(judged) else _row(judged, said)
        for judged, said in _corrected(house)
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    with house.ledger.begin() as tx:
        tx.audit.add(house.now(), operator(), "export.corrections", str(out or "stdout"), f"{len(rows)} 条")
    if out is None:
        sys.stdout.write(text)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    click.echo(f"已导出 {len(rows)} 条改正到 {out}（内有原文，请按内部资料保管）")


def _corrected(house: House) -> Iterator[tuple[Judged, Mapping[Field, Correction]]]:
    """Every corrected post that is still archived, with the corrections that hold; in the order of their ids."""
    by_post: dict[str, list[Correction]] = {}
    with house.ledger.read() as tx:
        for one in tx.corrections.since():
            by_post.setdefault(one.post_id, []).append(one)
    found = read_judged(house.archive, sorted(by_post))
    for post_id, judged in found.items():
        (done,) = apply_corrections(house.catalog, [judged], by_post)
        yield done, newest(by_post[post_id])


def _row(judged: Judged, said: Mapping[Field, Correction]) -> dict[str, Any]:
    """`judged` has the corrected answers. A second topic that no person confirmed is left out."""
    post, given = judged.post, answers(judged.judgement)
    return {
        "id": post.id,
        "title": post.title,
        "text": post.text,
        "topic": given["topic"],
        "topic2": given["topic2"] if "topic2" in said else NOTHING,
        "office": given["office"],
        "sentiment": given["sentiment"],
        "intent": given["intent"],
        "severity": int(given["severity"]),
        "source": post.kind,
    }
