"""The files that offices attached are part of a backup and come back with it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from alerts.attachments import checked, keep, place_of
from alerts.replies import attachment
from app.backup import back_up
from app.restore import restore
from app.wire import House
from stream.errors import MinshengError
from tests.app.test_backup import content, fill, house, house_at

__all__ = ["house"]  # a fixture


def attach(house: House, text: str) -> Path:
    """As the page of an office does."""
    file = checked("核查.pdf", f"%PDF-1.7 {text}".encode(), 1)
    keep(house.post_office.attachments, file)
    with house.ledger.begin() as tx:
        tx.replies.add_file(attachment("c1", file, house.now(), "renshe"))
    return place_of(house.post_office.attachments, file.hash)


def test_the_files_of_offices_come_back_with_the_ledger_that_names_them(house: House, tmp_path: Path) -> None:
    fill(house, 1)
    first = attach(house, "first")
    (first.parent / ".half.1.part").write_bytes(b"%PDF")
    back_up(house, tmp_path / "copy", {})
    later = attach(house, "later")
    there = house_at(tmp_path / "there")
    restore(there, tmp_path / "copy", {}, force=False)
    kept = there.post_office.attachments
    assert [path.relative_to(kept) for path in kept.rglob("*") if path.is_file()] == [
        first.relative_to(house.data / "attachments")
    ]
    assert place_of(kept, first.name).read_bytes() == first.read_bytes()
    assert stat.S_IMODE(place_of(kept, first.name).stat().st_mode) == 0o600
    with there.ledger.read() as tx:
        assert [one.hash for one in tx.replies.files("c1")] == [first.name]
    there.close()
    house.close()
    first.unlink()
    restore(house_at(house.data), tmp_path / "copy", {}, force=True)
    assert (first.is_file(), later.is_file()) == (True, True), "what the backup lacks is no case's any more, and stays"


def test_an_attached_file_that_is_not_what_its_name_says_changes_nothing(house: House, tmp_path: Path) -> None:
    fill(house, 1)
    attach(house, "first").write_bytes(b"other bytes")
    back_up(house, tmp_path / "copy", {})
    before = content(house.data)
    house.close()
    with pytest.raises(MinshengError, match=r"附件 .* 已损坏"):
        restore(house_at(house.data), tmp_path / "copy", {}, force=True)
    assert content(house.data) == before
