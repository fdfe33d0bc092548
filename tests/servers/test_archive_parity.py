"""The same invented posts in both archives: every query finds the same in both."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stream.archive import Hit, Query
from stream.archive_elastic import ElasticArchive
from stream.archive_sqlite import SqliteArchive
from stream.terms import tokens
from tests.contract.archive import NOON, ids, judged
from tests.contract.queries import QUERIES
from tests.servers.elastic_archives import archive, open_archive

__all__ = ["archive", "open_archive"]  # fixtures

# What the server's own tokenizer has rules for, and what it has none for.
SIGNS = "工资拖欠水电々〇𠮷𪚥仝㐂ゟかがァアーヴ한국àÉßİıΣςшЩไทยأب१٣aBz019ＫＴ５_.'’:·-·,;@/#\u00ad\u200d\ufe0f\u0301\u3099\x00👍🏽 　\n"
WORDS = [
    "工资",
    "拖欠",
    "a_b",
    "86.5",
    "www.town.example",
    "can't",
    "12:30",
    "ＫＴＶ",
    "한국",
    "アパート",
    "人々",
    "x" * 300,
]


def invent(draw: random.Random) -> str:
    return "".join(draw.choice(WORDS) if draw.random() < 0.2 else draw.choice(SIGNS) for _ in range(draw.randrange(30)))


def facts(draw: random.Random) -> dict[str, Any]:
    return {
        "topic": draw.choice(["wages", "housing", ""]),
        "severity": draw.randrange(1, 5),
        "region": draw.choice(["330106", "330109", "330203", "320102", "330000", ""]),
        "set_aside": draw.choice(["", "", "", "advert"]),
        "needs_human": draw.random() < 0.3,
        "kind": draw.choice(["message", "forum"]),
    }


def ask(draw: random.Random, texts: Sequence[str]) -> str:
    """Mostly a piece of some text, so that much is found."""
    if draw.random() < 0.2:
        return invent(draw)
    text = draw.choice(texts)
    start = draw.randrange(len(text) + 1)
    piece = text[start : start + draw.randrange(1, 8)]
    return f'"{piece}"' if draw.random() < 0.3 else piece


def seen(hits: Sequence[Hit]) -> list[tuple[object, ...]]:
    return [(hit.judged, hit.title_spans, hit.text_spans) for hit in hits]


@pytest.mark.parametrize("seed", range(4))
def test_both_archives_find_the_same(archive: ElasticArchive, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    posts = [
        judged(f"p{n}", invent(draw), invent(draw), NOON - timedelta(hours=draw.randrange(2000)), **facts(draw))
        for n in range(150)
    ]
    texts = [text for one in posts for text in (one.post.title, one.post.text) if tokens(text)]
    with closing(SqliteArchive(tmp_path / "archive.db")) as peer:
        peer.upsert(posts)
        archive.upsert(posts)
        for _ in range(60):
            query = Query(text=ask(draw, texts), set_aside=None, facets=True, sort="oldest", limit=20)
            if draw.random() < 0.5:
                query = replace(query, region=draw.choice(["330000", "330100"]), severity_min=draw.randrange(1, 4))
            ours, theirs = archive.search(query), peer.search(query)
            assert (seen(ours.hits), ours.total) == (seen(theirs.hits), theirs.total), query
            assert (ours.next, ours.facets) == (theirs.next, theirs.facets), query
            for by in ("hour", "week"):
                assert archive.histogram(query, by, "topic") == peer.histogram(query, by, "topic"), query


def test_the_table_of_queries_comes_in_the_same_order(archive: ElasticArchive, tmp_path: Path) -> None:
    """By relevance: what has the word in its title is before what has it in its text alone, on both."""
    rest = "其余都是一样长的一段话，讲的是别的事情，凑足字数而已。"
    posts = [judged("text", "关于小区的反映", f"工资。{rest}"), judged("title", "工资没有发放的", f"别的。{rest}")]
    posts += [judged("both", "工资没有发放的", f"工资。{rest}")]
    posts += [judged(f"other{n}", "关于小区的反映", rest) for n in range(20)]
    with closing(SqliteArchive(tmp_path / "archive.db")) as peer:
        for one in (archive, peer):
            one.upsert(posts)
            for text in ("工资", "资"):
                assert ids(one.search(Query(text=text, sort="relevance"))) == ["both", "title", "text"]
        for row in QUERIES:
            query = Query(text=row.query, sort="severity")
            assert ids(archive.search(query)) == ids(peer.search(query))
