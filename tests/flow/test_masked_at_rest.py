"""Personal numbers planted wherever a page or a sheet can hold them stand in no file of the data folder afterwards."""

from __future__ import annotations

import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.importing import Tools, drain, import_files
from app.parts import note_runs
from app.wire import House, open_house
from configs.catalog import Source
from crawlers.health import SourceResult
from crawlers.run import crawl_once
from stream.errors import MinshengError
from stream.packing import unpack
from tests.crawlers.conftest import Site

SECRETS = ("13800131111", "13800132222", "13800133333", "13800134444", "13800135555", "13800136666", "王建国", "1502室")
PAGE = """<h1>停水，请打13800131111</h1><div class="post"><i class="author">13800132222</i><i class="time">{time}</i>
<div class="content">我叫王建国，家住碧湖澜庭3幢2单元1502室，电话1 3 8-0013-3333</div></div>
<div class="reply"><div class="content">已致电13800134444</div><i class="office">供水科13800135555</i></div>"""
LIST = """<ul class="list"><li class="item"><a href="/b/1?tel=13800136666">x</a><span class="mark">13800131111</span></li>
<li class="item"><a href="/b/2">x</a><span class="mark">13800132222</span><i class="time">13800133333</i></li>
<li class="item"><a href="/b/3">x</a><span class="mark">13800134444</span></li><li class="item"><a href="tel:13800135555">x</a></li></ul>"""
HEADERS = ("工单编号", "标题", "诉求内容", "来电人", "来电时间", "答复内容")
GOOD = (
    "1",
    "停水13800131111",
    "我叫王建国，家住碧湖澜庭3幢2单元1502室，电话13800132222",
    "13800133333",
    "2026-11-25 08:00:00",
    "已致电13800134444",
)
SHIFTED = ("2", "停电", "没电了", "某", "打13800135555找王建国", "无")


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    return open_house({"MINSHENG_DATA": str(tmp_path / "data")})


def source(site: Site, kind: str, path: str) -> Source:
    plain = {"key": kind, "name": kind, "kind": kind, "url": site.url(path), "publishes": "message"}
    return Source.model_validate({**plain, "delay": 0, "allow_loopback": True})


def crawl(house: House, *sources: Source) -> list[SourceResult]:
    results = crawl_once(sources, house.crawl_deps(lambda *_: None), house.now)
    note_runs(house, results)
    return results


def at_rest(folder: Path) -> str:
    """All that the files of a folder hold, packed or not."""
    texts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".sqlite":
            texts += [_text(value) for value in _values(path)]
        elif path.is_file():
            texts.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(texts)


def _values(path: Path) -> Iterator[Any]:
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                yield from row


def _text(value: Any) -> str:
    if not isinstance(value, bytes):
        return str(value)
    try:
        return str(unpack(value))
    except (zlib.error, MinshengError):
        return value.decode("utf-8", "replace")


def left(folder: Path) -> list[str]:
    everything = at_rest(folder)
    return [secret for secret in (*SECRETS, "1 3 8-0013-3333") if secret in everything]


def test_what_a_crawl_reads_rests_nowhere_unmasked(site: Site, house: House, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("工单", 0)
    for row in (HEADERS, GOOD, SHIFTED):
        sheet.append(row)
    held = BytesIO()
    book.save(held)
    site.put("/b/", LIST)
    site.put("/b/1?tel=13800136666", PAGE.format(time="2026-11-25 08:00"))
    site.put("/b/2", "", status=500)
    site.put("/b/3", PAGE.format(time="打13800135555"))
    site.put("/s/list.xlsx", held.getvalue())
    results = crawl(house, source(site, "board", "/b/"), source(site, "sheet", "/s/list.xlsx"))
    assert [result.new for result in results] == [1, 1]
    assert "打" in results[1].reason  # the cell that is no time is quoted
    drain(house, Tools())
    everything = at_rest(tmp_path)
    assert everything.count("碧湖澜庭【门牌号】") >= 4  # posts.raw, posts.judged and the archive do hold the posts
    assert left(tmp_path) == []


def test_what_an_import_reads_rests_nowhere_unmasked(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("given") / "工单.csv"
    path.write_text("\n".join(",".join(row) for row in (HEADERS, GOOD, SHIFTED)), encoding="utf-8")
    assert import_files(house, [path], "hotline", "hotline", (), "", False) == 1
    assert left(tmp_path) == []
    shown = capsys.readouterr().out
    assert "第 3 行 来电时间" in shown
    assert [secret for secret in SECRETS if secret in shown] == []
