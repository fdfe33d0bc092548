from __future__ import annotations

from pathlib import Path

import pytest

from app.archive_admin import reindex_months
from app.wire import open_house
from stream.archive_elastic import ElasticArchive
from stream.errors import MinshengError


def test_the_distributed_profile_has_its_archive_without_asking_the_server(tmp_path: Path) -> None:
    env = {
        "MINSHENG_PROFILE": "distributed",
        "MINSHENG_DATA": str(tmp_path),
        "MINSHENG_ELASTIC__URLS": "http://127.0.0.1:1",
        "MINSHENG_ELASTIC__USER": "minsheng",
        "MINSHENG_ELASTIC__PASSWORD": "密码",
        "MINSHENG_ELASTIC__PREFIX": "posts",
    }
    archive = open_house(env).archive
    assert isinstance(archive, ElasticArchive)
    assert archive.months.alias("2026.11") == "posts-2026.11"
    assert archive.months.template()["version"] >= 1
    archive.close()


def test_the_embedded_archive_has_no_index_to_make_anew(tmp_path: Path) -> None:
    with pytest.raises(MinshengError, match="MINSHENG_PROFILE=distributed"):
        reindex_months(open_house({"MINSHENG_DATA": str(tmp_path)}), ())
