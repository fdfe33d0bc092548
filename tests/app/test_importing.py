"""`minsheng import` to the end: from a spreadsheet to the archive and the events."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.importing import import_files
from app.wire import House, open_house
from stream.archive import Query
from stream.errors import MinshengError
from stream.messages import Post

HEADER = "工单编号,诉求标题,诉求内容,来电时间,答复意见,答复时间\n"
ROWS = (
    "1,碧湖澜庭停水,碧湖澜庭小区停水三天了，联系电话13800001234,2026-03-01 09:30:00,已派人抢修,2026-03-02 10:00:00\n"
    "2,工地欠薪,老板欠我们三十个人的工资,2026/3/2 8:00,,\n"
    "3,坏行,时间写错了,三月二日,,\n"
)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house({"MINSHENG_DATA": str(tmp_path / "data")})


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding)
    return path


def archived(house: House) -> int:
    return house.archive.search(Query(set_aside=None, limit=1)).total


def test_rows_are_archived_bad_ones_named_and_a_second_import_adds_nothing(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "工单.csv", HEADER + ROWS, "gb18030")
    assert import_files(house, [path], "hotline", "hotline", (), "", False) == 1
    shown = capsys.readouterr().out
    assert "共 3 行: 导入 2" in shown
    assert "第 4 行 来电时间: '三月二日'" in shown
    assert archived(house) == 2
    import_files(house, [path], "hotline", "hotline", (), "", False)
    assert "导入 0，更新 0，已有 2" in capsys.readouterr().out
    assert archived(house) == 2


def test_what_is_archived_is_masked_dated_and_has_its_reply(house: House, tmp_path: Path) -> None:
    import_files(house, [write(tmp_path / "a.csv", HEADER + ROWS)], "hotline", "hotline", (), "", False)
    (hit,) = house.archive.search(Query(text="停水")).hits
    post = hit.judged.post
    assert "13800001234" not in post.text
    assert post.published_at.isoformat() == "2026-03-01T01:30:00+00:00"
    assert post.reply is not None
    assert post.reply.text == "已派人抢修"
    assert post.backfill


def test_history_opens_no_case_but_is_grouped(house: House, tmp_path: Path) -> None:
    from alerts.ledger import CaseFilter, EventFilter

    import_files(house, [write(tmp_path / "a.csv", HEADER + ROWS)], "hotline", "hotline", (), "", False)
    with house.ledger.read() as tx:
        assert tx.cases.count(CaseFilter()) == 0
        assert tx.events.count(EventFilter()) == 2


def test_columns_can_be_named_by_hand(house: House, tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", "甲,乙\n停水三天了,2026-03-01 09:30\n")
    with pytest.raises(MinshengError):
        import_files(house, [path], "hotline", "hotline", (), "", False)
    assert import_files(house, [path], "hotline", "hotline", ("text=甲", "published_at=乙"), "", False) == 0
    assert archived(house) == 1


def test_a_repost_after_a_restart_is_still_a_copy(tmp_path: Path) -> None:
    """The judge that starts anew knows the newest posts of the archive."""
    text = "碧湖澜庭小区从周一起停水，物业说水泵坏了，到今天还没有修好，老人提水上楼很不方便"
    at = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    first = Post("first", "board", "message", "", text, at, at)
    house = open_house({"MINSHENG_DATA": str(tmp_path / "data")})
    house.archive.upsert(house.judge()([first]))
    again = open_house({"MINSHENG_DATA": str(tmp_path / "data")})
    (judged,) = again.judge(remember=100)([replace(first, id="second", text=f"转：{text}")])
    assert judged.judgement.near_copy_of == "first"
