from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

import configs
from stream.archive_elastic import ElasticArchive
from tests.contract.archive import ArchiveContract

TEMPLATES = Path(configs.__file__).parent / "elastic"
numbers = count()


@pytest.fixture
def prefix() -> str:
    return f"t{os.getpid()}-{next(numbers)}"


@pytest.fixture
def archive(elastic_url: str, prefix: str) -> Iterator[ElasticArchive]:
    with closing(ElasticArchive(elastic_url, templates=TEMPLATES, prefix=prefix)) as archive:
        yield archive
        for index in archive.months.look().values():
            archive.months.drop(index)


class TestElasticArchive(ArchiveContract):
    pass
