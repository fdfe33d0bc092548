"""Elasticsearch dies, hangs and comes back under an archive that is in use."""

from __future__ import annotations

import pytest

from app.servers.elastic import Elastic
from stream.archive import Query
from stream.archive_elastic import ElasticArchive
from stream.errors import Unavailable
from tests.contract.archive import found, judged
from tests.servers.elastic_archives import Open, archive, open_archive

__all__ = ["archive", "open_archive"]  # fixtures


def test_what_was_written_survives_a_kill(archive: ElasticArchive, elastic_server: Elastic) -> None:
    archive.upsert([judged(f"p{n}") for n in range(50)])
    elastic_server.kill()
    try:
        with pytest.raises(Unavailable, match="Elasticsearch"):
            archive.upsert([judged("late")])
        with pytest.raises(Unavailable):
            archive.search(Query())
    finally:
        elastic_server.start()
    archive.upsert([judged("late"), judged("p7", text="路灯不亮")])
    assert archive.search(Query()).total == 51
    assert found(archive, text="路灯") == ["p7"]


def test_a_server_that_hangs_is_given_up_and_its_late_write_doubles_nothing(
    open_archive: Open, elastic_server: Elastic
) -> None:
    archive = open_archive(timeout=1)
    open_archive().upsert([judged("a")])
    assert archive.get("a") == judged("a")
    elastic_server.pause()
    try:
        with pytest.raises(Unavailable, match="timed out"):
            archive.upsert([judged("b")])
    finally:
        elastic_server.resume()
    again = open_archive()
    again.upsert([judged("b")])
    assert found(again) == ["a", "b"]
