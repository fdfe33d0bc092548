"""How a Query becomes SQL for the embedded archive. Values are always bound; only names written here enter the text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from stream.archive import Interval, Query, Sort, Split
from stream.fields import FACETS, INTERVALS, TITLE_WEIGHT, Mark, division_prefix, sort_of
from stream.sqlite import to_micros
from stream.terms import Word, parse, phrase_terms, term_prefix

# What decides the order, most important first, and its direction. The id comes last, so that no two posts are equal.
ORDERS: Mapping[Sort, tuple[tuple[str, ...], str]] = {
    "newest": (("at", "id"), "DESC"),
    "oldest": (("at", "id"), "ASC"),
    "severity": (("severity", "at", "id"), "DESC"),
    "relevance": (("score", "id"), "DESC"),
}
SPLITS: Mapping[Split, str] = {
    "": "''",
    "topic": "topic",
    "sentiment": "sentiment",
    "severity": "severity",
    "source": "source",
    "kind": "kind",
    "office": "office",
    "region": "region",
}


class Sql(NamedTuple):
    text: str
    values: tuple[Any, ...]


def count_sql(query: Query) -> Sql:
    where, values = _where(query)
    return Sql(f"SELECT count(*) FROM post WHERE {where}", values)


def page_sql(query: Query, mark: Mark | None) -> Sql:
    """Rows of n and the values that decide the order, one more than the limit so that the end is known."""
    columns, direction = ORDERS[sort_of(query)]
    where, values = _where(query)
    source = "post"
    if "score" in columns:
        source = (
            f"(SELECT rowid AS found, -bm25(words, {TITLE_WEIGHT}, 1.0) AS score FROM words WHERE words MATCH ?"
            " LIMIT -1) CROSS JOIN post ON post.n = found"  # the LIMIT keeps bm25 inside its own query
        )
        values = (_match(query), *values)
    if mark is not None:
        where += f" AND ({', '.join(columns)}) {'>' if direction == 'ASC' else '<'} ({', '.join('?' * len(columns))})"
        values = (*values, *mark)
    order = ", ".join(f"{column} {direction}" for column in columns)
    text = f"SELECT n, {', '.join(columns)} FROM {source} WHERE {where} ORDER BY {order} LIMIT ?"
    return Sql(text, (*values, max(query.limit, 0) + 1))


def facets_sql(query: Query) -> Sql:
    """Rows of facet, key, count; the matches are found once."""
    where, values = _where(query)
    counts = " UNION ALL ".join(f"SELECT '{name}', {name}, count(*) FROM matched GROUP BY {name}" for name in FACETS)
    return Sql(f"WITH matched AS MATERIALIZED (SELECT {', '.join(FACETS)} FROM post WHERE {where}) {counts}", values)


def histogram_sql(query: Query, by: Interval, split: Split) -> Sql:
    """Rows of start (microseconds), key, count."""
    where, values = _where(query)
    length, shift = INTERVALS[by]
    start = f"at - ((at + {shift}) % {length} + {length}) % {length}"
    return Sql(f"SELECT {start}, {SPLITS[split]}, count(*) FROM post WHERE {where} GROUP BY 1, 2 ORDER BY 1, 2", values)


def _where(query: Query) -> Sql:
    terms = [*_lists(query), *_ranges(query)]
    if query.text.strip():
        terms.append(("n IN (SELECT rowid FROM words WHERE words MATCH ?)", _match(query)))
    texts = [text for text, _ in terms] + _flags(query)
    return Sql(" AND ".join(texts) or "1", tuple(value for _, value in terms))


def _lists(query: Query) -> list[tuple[str, Any]]:
    asked: Mapping[str, Sequence[str]] = {
        "id": query.ids,
        "topic": query.topics,
        "office": query.offices,
        "sentiment": query.sentiments,
        "intent": query.intents,
        "source": query.sources,
        "kind": query.kinds,
    }
    return [
        (f"{column} IN (SELECT value FROM json_each(?))", json.dumps(keys)) for column, keys in asked.items() if keys
    ]


def _ranges(query: Query) -> list[tuple[str, Any]]:
    terms: list[tuple[str, Any]] = []
    if query.severity_min > 1:
        terms.append(("severity >= ?", query.severity_min))
    if query.region:
        prefix = division_prefix(query.region)
        terms += [("region >= ?", prefix), ("region < ?", prefix + "\U0010ffff")]
    if query.since is not None:
        terms.append(("at >= ?", to_micros(query.since)))
    if query.until is not None:
        terms.append(("at < ?", to_micros(query.until)))
    return terms


def _flags(query: Query) -> list[str]:
    asked = {"set_aside": query.set_aside, "needs_human": query.needs_human}
    return [f"{column} = {int(value)}" for column, value in asked.items() if value is not None]


def _match(query: Query) -> str:
    """An FTS5 expression. Terms hold nothing but letters, digits and "_", so they need no escape inside the quotes."""
    return " AND ".join(map(_match_word, parse(query.text)))


def _match_word(word: Word) -> str:
    return f'"{term_prefix(word)}" *' if len(word) == 1 else f'"{" ".join(phrase_terms(word))}"'
