"""Writing many documents at once: each is written, or refused for good, or the server cannot take it now."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError
from pydantic_core import to_json

from stream.elastic_client import Server, reason, said
from stream.elastic_docs import Doc
from stream.errors import Poison

Failed = list[tuple[Doc, Mapping[str, Any]]]  # the server's answer beside each document that was not written

WANTED = "errors,items.*.status,items.*.error"  # of the answer; the rest repeats what we know
GONE, CONFLICT = 404, 409
REFUSED = frozenset({400, 413})


@dataclass(frozen=True, slots=True)
class Copy:
    """A document to be deleted, unless somebody wrote it again since it was seen."""

    id: str
    index: str
    seq_no: int
    primary_term: int


def write(
    server: Server, docs: Sequence[Doc], alias: Callable[[str], str], open_months: Callable[[set[str]], None]
) -> None:
    """Returns when all are durable.

    Args:
        alias: month -> where its documents go; a plain index does not do.
        open_months: makes the aliases of these months.

    Raises Poison naming a post that can never be written, after the others were; Unavailable when some could not be
    written within a few tries.
    """
    refused: list[str] = []
    waiting = list(docs)
    for seconds in (*server.pauses, None):
        failed = _send(server, waiting, alias)
        if missing := {doc.month for doc, item in failed if item["status"] == GONE}:
            open_months(missing)
            failed = [one for one in failed if one[1]["status"] != GONE] + _send(
                server, [doc for doc, item in failed if item["status"] == GONE], alias
            )
        refused += [f"{doc.id}: {_why(item)}" for doc, item in failed if item["status"] in REFUSED]
        failed = [(doc, item) for doc, item in failed if item["status"] not in REFUSED]
        if not failed:
            break
        if seconds is None:
            raise server.away(f"{len(failed)} 条没有写入，如 {failed[0][0].id}: {_why(failed[0][1])}")
        time.sleep(seconds)
        waiting = [doc for doc, _ in failed]
    if refused:
        raise Poison(f"Elasticsearch 不收信息 {refused[0]}" + (f" (同批共 {len(refused)} 条)" if refused[1:] else ""))


def _send(server: Server, docs: Sequence[Doc], alias: Callable[[str], str]) -> Failed:
    lines = [line for doc in docs for line in (_action(alias(doc.month), doc.id), doc.source)]
    try:
        answer = server.ask(
            server.es.bulk,
            through=REFUSED,
            operations=lines,
            require_alias=True,
            filter_path=WANTED,
            include_source_on_error=False,
        )
    except ApiError as error:  # the request as a whole; what is too much or bad together may go in parts
        if len(docs) == 1:
            return [(docs[0], {"status": error.meta.status, "error": said(error)})]
        middle = len(docs) // 2
        return _send(server, docs[:middle], alias) + _send(server, docs[middle:], alias)
    if not answer["errors"]:
        return []
    items = [item["index"] for item in answer["items"]]
    return [(doc, item) for doc, item in zip(docs, items, strict=True) if item["status"] >= 300]


def _action(alias: str, id_: str) -> bytes:
    return to_json({"index": {"_index": alias, "_id": id_}})


def _why(item: Mapping[str, Any]) -> str:
    return f"{item['status']} {reason(item.get('error'))}"


def delete(server: Server, copies: Sequence[Copy]) -> int:
    """How many were deleted. Raises Unavailable when some could not be."""
    gone, waiting = 0, list(copies)
    for seconds in (*server.pauses, None):
        lines = [to_json({"delete": _target(copy)}) for copy in waiting]
        answer = server.ask(server.es.bulk, operations=lines, filter_path=WANTED) if lines else {"items": ()}
        items = [item["delete"] for item in answer["items"]]
        gone += sum(item["status"] < 300 for item in items)
        settled = {GONE, CONFLICT}
        left = [
            (copy, item)
            for copy, item in zip(waiting, items, strict=True)
            if item["status"] >= 300 and item["status"] not in settled
        ]
        if not left:
            break
        if seconds is None:
            raise server.away(f"{len(left)} 条没有删除，如 {left[0][0].id}: {_why(left[0][1])}")
        time.sleep(seconds)
        waiting = [copy for copy, _ in left]
    return gone


def _target(copy: Copy) -> dict[str, Any]:
    return {"_index": copy.index, "_id": copy.id, "if_seq_no": copy.seq_no, "if_primary_term": copy.primary_term}
