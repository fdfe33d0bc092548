"""Archives on the real Elasticsearch for the tests of this folder, each under a prefix of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

import configs
from stream.archive_elastic import ElasticArchive

TEMPLATES = Path(configs.__file__).parent / "elastic"
Open = Callable[..., ElasticArchive]


@pytest.fixture
def open_archive(elastic_url: str) -> Iterator[Open]:
    """Opens any number of archives on the same posts; closed, and the posts gone, afterwards."""
    with opening(elastic_url) as make:
        yield make


@contextmanager
def opening(elastic_url: str) -> Iterator[Open]:
    prefix = f"t{uuid4().hex[:8]}"
    with ExitStack() as handles:

        def make(templates: Path = TEMPLATES, **options: object) -> ElasticArchive:
            archive = ElasticArchive(elastic_url, templates=templates, prefix=prefix, **options)  # type: ignore[arg-type]
            return handles.enter_context(closing(archive))

        yield make
        cleaner = make()
        for index in cleaner.months.look().values():
            cleaner.months.drop(index)
        cleaner._server.es.options(ignore_status=404).indices.delete_index_template(name=prefix)


@pytest.fixture
def archive(open_archive: Open) -> ElasticArchive:
    return open_archive()


def wait_for(seen: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)
