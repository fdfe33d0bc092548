"""What deciding leaves in the ledger, in one line a table: its rows and their hash. Two checkouts that print the same decide
the same, to the last byte: run it before and after a change that must change nothing.

    python -m bench.decide_rows [POSTS] [FILE]

FILE holds judged posts as the log has them, a line each; without one they are invented: bench.events' posts with all
severities, intents, places and grades, some that accuse an office, some from before, not in order of time.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from unittest.mock import patch

from bench.decide import START, Office
from bench.events import make_posts
from configs.loader import SHIPPED, load_catalog
from stream.messages import Grade, Judged, Place, Scored, decode_judged

POSTS = 6000
_PLACES = (
    Place(),
    Place("330106", "浙江省", "杭州市", "西湖区", basis="text"),
    Place("330102", "浙江省", "杭州市", "上城区", basis="source"),
    Place("110101", "北京市", "北京市", "东城区", basis="text"),
)
_ACCUSING = ("{}不作为", "举报{}收了好处", "{}推诿，没人管", "希望{}尽快处理")
_GRADES: tuple[Grade | None, ...] = (None,) * 9 + ("一般", "较大")


def invented(count: int) -> list[Judged]:
    rng = random.Random(9)
    offices = [one.name for one in load_catalog([SHIPPED]).offices]
    return [_varied(one, number, offices, rng) for number, one in enumerate(make_posts(count, 4))]


def _varied(one: Judged, number: int, offices: Sequence[str], rng: random.Random) -> Judged:
    at = START + timedelta(minutes=4 * number + rng.randrange(-600, 600))
    more = rng.choice(_ACCUSING).format(rng.choice(offices)) if rng.random() < 0.2 else ""
    post = replace(one.post, text=one.post.text + more, published_at=at, fetched_at=at, backfill=rng.random() < 0.03)
    judgement = replace(
        one.judgement,
        topics=(Scored(rng.choice(("housing", "wages", "food_drug", "none")), 0.8), Scored("traffic", 0.1)),
        intent=Scored(rng.choice(("report", "complaint", "help", "praise", "ask")), 0.9),
        severity=rng.choice((1, 2, 2, 2, 3, 4)),
        severity_score=rng.random(),
        event_grade=rng.choice(_GRADES),
        place=rng.choice(_PLACES),
        keywords=tuple(rng.sample(("油烟", "噪音", "停水", "工资", "食堂"), 2)),
    )
    return Judged(post, judgement)


def stored(file: Path, count: int) -> list[Judged]:
    with file.open("rb") as lines:
        return [decode_judged(line) for line in islice(lines, count)]


def tables(file: Path) -> Iterator[str]:
    db = sqlite3.connect(file)
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        rows = sorted(map(repr, db.execute(f'SELECT * FROM "{table}"')))
        yield f"{table} {len(rows)} {hashlib.sha256(chr(10).join(rows).encode()).hexdigest()[:16]}"
    db.close()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else POSTS
    posts = stored(Path(sys.argv[2]), count) if len(sys.argv) > 2 else invented(count)
    with tempfile.TemporaryDirectory() as folder, patch.object(secrets, "token_hex", lambda n: "0" * 2 * n):
        office = Office(Path(folder))  # its decider's name is in the ledger
        office.decide(posts)
        office.close()
        print(*tables(office.file), *sorted(office.counts.items()), sep="\n")


if __name__ == "__main__":
    main()
