"""How a Query becomes a request to Elasticsearch, and how its answer is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

from stream.archive import Bucket, Interval, Query, Sort, Split
from stream.elastic_docs import is_id
from stream.elastic_text import spell_word
from stream.fields import FACETS, INTERVALS, TITLE_WEIGHT, Mark, division_prefix, sort_of
from stream.sqlite import from_micros, to_micros
from stream.terms import Word, parse

Json = dict[str, Any]

MANY = 10_000  # keys of a facet and buckets of one answer: more than there are sources or divisions
TERMS = 60_000  # values that the server takes in one list
HOUR_MICROS = 3_600_000_000

# What decides the order, most important first, and its direction. The id comes last, so that no two posts are equal.
ORDERS: Mapping[Sort, tuple[tuple[str, ...], str]] = {
    "newest": (("at", "id"), "desc"),
    "oldest": (("at", "id"), "asc"),
    "severity": (("severity", "at", "id"), "desc"),
    "relevance": (("_score", "id"), "desc"),
}


def page_request(query: Query, size: int, mark: Mark | None) -> Json:
    """The arguments of a search for the hits after `mark`."""
    columns, direction = ORDERS[sort_of(query)]
    request: Json = {"query": _query(query), "size": size, "sort": [{column: direction} for column in columns]}
    if mark is not None:
        request["search_after"] = list(mark)
    if "_score" in columns:  # the same copies are asked for each page, with the frequencies of words in all months
        request |= {
            "search_type": "dfs_query_then_fetch",
            "preference": f"words-{crc32(query.text.encode('utf-8', 'replace'))}",
        }
    return request


def count_request(query: Query) -> Json:
    """What the first page of a search asks for beside the hits."""
    facets = {name: {"terms": {"field": name, "size": MANY}} for name in FACETS} if query.facets else {}
    return {"track_total_hits": True, **({"aggregations": facets} if facets else {})}


def read_facets(answer: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    counted = answer.get("aggregations", {})  # left out where there is no index yet
    return {
        name: {str(bucket["key"]): bucket["doc_count"] for bucket in counted.get(name, {}).get("buckets", ())}
        for name in FACETS
    }


def histogram_request(query: Query, by: Interval, split: Split, after: Json | None) -> Json:
    length, shift = (part // HOUR_MICROS for part in INTERVALS[by])
    start = {"field": "published_at", "fixed_interval": f"{length}h", "offset": f"-{shift}h"}
    sources: list[Json] = [{"start": {"date_histogram": start}}]
    if split:
        sources.append({"key": {"terms": {"field": split}}})
    counts: Json = {"size": MANY, "sources": sources} | ({"after": after} if after else {})
    return {"query": _query(query), "size": 0, "aggregations": {"counts": {"composite": counts}}}


def read_histogram(answer: Mapping[str, Any]) -> tuple[list[Bucket], Json | None]:
    """The buckets in order, and where the next answer goes on (None: there are no more)."""
    counts = answer.get("aggregations", {}).get("counts", {})
    buckets = counts.get("buckets", ())
    found = [
        Bucket(from_micros(one["key"]["start"] * 1000), str(one["key"].get("key", "")), one["doc_count"])
        for one in buckets
    ]
    return found, counts.get("after_key") if len(found) == MANY else None


def between(since: datetime | None, until: datetime | None) -> Json:
    """What was published from `since` on and before `until`."""
    limits = {"gte": since, "lt": until}
    return {"range": {"at": {name: to_micros(at) for name, at in limits.items() if at is not None}}}


def _query(query: Query) -> Json:
    words = [_word(word) for word in parse(query.text)] if query.text.strip() else []
    filters = [*_lists(query), *_ranges(query), *_flags(query)]
    if sort_of(query) == "relevance":
        return {"bool": {"must": words, "filter": filters}}
    return {"bool": {"filter": filters + words}}


def _word(word: Word) -> Json:
    """A word occurs in the title or in the text, never across both; the title weighs more."""
    terms = spell_word(word)
    return {"bool": {"should": [_occurs("title", terms, TITLE_WEIGHT), _occurs("text", terms, 1.0)]}}


def _occurs(field: str, terms: Sequence[str], weight: float) -> Json:
    if len(terms) == 1:
        return {"term": {field: {"value": terms[0], "boost": weight}}}
    return {"match_phrase": {field: {"query": " ".join(terms), "analyzer": "whitespace", "boost": weight}}}


def _lists(query: Query) -> list[Json]:
    asked: Mapping[str, Sequence[str]] = {
        "topic": query.topics,
        "office": query.offices,
        "sentiment": query.sentiments,
        "intent": query.intents,
        "source": query.sources,
        "kind": query.kinds,
    }
    lists = [_any_of(field, [_sendable(key) for key in keys]) for field, keys in asked.items() if keys]
    return [*lists, _any_of("_id", list(filter(is_id, query.ids)))] if query.ids else lists


def _any_of(field: str, keys: Sequence[str]) -> Json:
    parts = [{"terms": {field: keys[start : start + TERMS]}} for start in range(0, len(keys), TERMS)]
    return {"bool": {"should": parts}} if parts else {"match_none": {}}


def _ranges(query: Query) -> list[Json]:
    terms: list[Json] = []
    if query.severity_min > 1:
        terms.append({"range": {"severity": {"gte": query.severity_min}}})
    if query.region:
        terms.append({"prefix": {"region": _sendable(division_prefix(query.region))}})
    if query.since is not None or query.until is not None:
        terms.append(between(query.since, query.until))
    return terms


def _flags(query: Query) -> list[Json]:
    asked = {"set_aside": query.set_aside, "needs_human": query.needs_human}
    return [{"term": {field: value}} for field, value in asked.items() if value is not None]


def _sendable(key: str) -> str:
    """Half a surrogate pair, which no post holds, cannot be sent."""
    return key.encode("utf-8", "replace").decode()
