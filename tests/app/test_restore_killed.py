"""A restore that is killed at any step says so when it is run again, and is finished with --force."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.restore import restore
from app.wire import House
from stream.errors import MinshengError
from tests.app.test_backup import content, copy, files, house, house_at, publish

__all__ = ["copy", "house"]  # fixtures


class Killed(BaseException):
    """The process is gone: nothing is tidied up behind it."""


@pytest.mark.parametrize("at", range(1, 9))
def test_a_restore_that_was_killed_says_so_and_is_finished_with_force(
    copy: Path, house: House, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    good = content(house.data)
    publish(house, 77)
    house.close()
    rename, left, dead = Path.rename, at, False

    def mortal(self: Path, target: Path) -> Path:
        nonlocal left, dead
        left -= 1
        dead = dead or not left
        if dead:
            raise Killed
        return rename(self, target)

    def stays(self: Path, missing_ok: bool = False) -> None:
        """Whoever is dead deletes nothing."""

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", mortal)
        patch.setattr(Path, "unlink", stays)
        with pytest.raises(Killed):
            restore(house_at(house.data), copy, {}, force=True)
    with pytest.raises(MinshengError, match=r"上次恢复没有做完.*--force"):
        restore(house_at(house.data), copy, {}, force=False)
    restore(house_at(house.data), copy, {}, force=True)
    assert content(house.data) == good
    assert files(house.data) == ["archive.sqlite", "ledger.sqlite", "log.sqlite", "secret.key"]
