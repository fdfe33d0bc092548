"""Which model is in use, who chose it, and the way back."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.model_registry import BOOK, SHIPPED, Following, Registry, Verdict
from stream.errors import MinshengError
from stream.messages import Judgement, Post

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    for n, name in enumerate(("fast-a", "fast-b")):
        make_model(tmp_path / "models" / name)
        os.utime(tmp_path / "models" / name, (1000 + n, 1000 + n))
    return Registry(tmp_path / "models")


def make_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text("{}", encoding="utf-8")
    return folder


def test_at_first_the_shipped_model_is_in_use(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "none")
    assert (registry.book().model, registry.current(), registry.names()) == (SHIPPED, None, [SHIPPED])


def test_models_are_the_folders_with_a_meta_file_newest_first(registry: Registry) -> None:
    (registry.folder / "half-made").mkdir()
    make_model(registry.folder / ".part")
    assert registry.names() == [SHIPPED, "fast-b", "fast-a"]


def test_a_model_is_used_and_the_history_says_by_whom(registry: Registry) -> None:
    registry.use("fast-a", "cli:wang", NOW)
    assert registry.current() == registry.folder / "fast-a"
    (use,) = registry.book().history
    assert (use.by, use.at, use.what, use.model, use.forced) == ("cli:wang", NOW, "use", "fast-a", False)


def test_a_roll_back_goes_back_step_by_step_and_no_further(registry: Registry) -> None:
    for name in ("fast-a", "fast-b", "fast-b"):
        registry.use(name, "w", NOW)
    assert [registry.rollback("w", NOW).model for _ in range(2)] == ["fast-a", SHIPPED]
    with pytest.raises(MinshengError, match="没有可退回"):
        registry.rollback("w", NOW)
    registry.use("fast-b", "w", NOW)
    assert registry.rollback("w", NOW).model == SHIPPED
    assert [one.what for one in registry.book().history] == ["use"] * 3 + ["rollback"] * 2 + ["use", "rollback"]


def test_a_model_that_was_found_worse_is_refused_unless_forced(registry: Registry) -> None:
    registry.judge_of("fast-a", Verdict(at=NOW, against="fast-0", why=("事项准确率 0.80 → 0.70",)))
    with pytest.raises(MinshengError, match=r"不如 fast-0: 事项准确率.*--force"):
        registry.use("fast-a", "w", NOW)
    assert registry.book().model == SHIPPED
    assert registry.use("fast-a", "w", NOW, force=True).history[-1].forced
    registry.judge_of("fast-b", Verdict(at=NOW, against="fast-a"))
    assert not registry.use("fast-b", "w", NOW, force=True).history[-1].forced


@pytest.mark.parametrize("name", ["fast-z", "", "..", "../models/fast-a", "/etc"])
def test_a_model_that_is_not_there_is_told_with_those_that_are(registry: Registry, name: str) -> None:
    with pytest.raises(MinshengError, match="现有: shipped、fast-b、fast-a"):
        registry.use(name, "w", NOW)


def test_a_roll_back_to_a_model_that_was_deleted_is_refused(registry: Registry) -> None:
    registry.use("fast-a", "w", NOW)
    registry.use("fast-b", "w", NOW)
    (registry.folder / "fast-a" / "meta.json").unlink()
    with pytest.raises(MinshengError, match="没有模型 fast-a"):
        registry.rollback("w", NOW)
    assert registry.book().model == "fast-b"


def test_a_trained_folder_is_kept_under_its_name(registry: Registry, tmp_path: Path) -> None:
    assert registry.keep(make_model(tmp_path / "made"), "fast-c") == registry.folder / "fast-c"
    again = make_model(tmp_path / "again")
    (again / "new").touch()
    assert (registry.keep(again, "fast-c") / "new").exists()
    for name in (SHIPPED, "", "a/b", ".hidden"):
        with pytest.raises(MinshengError, match="文件夹名"):
            registry.keep(tmp_path / "made", name)


def test_the_file_is_written_in_one_step(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.use("fast-a", "w", NOW)

    def fail(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        registry.use("fast-b", "w", NOW)
    assert registry.book().model == "fast-a"
    json.loads((registry.folder / BOOK).read_text(encoding="utf-8"))


def test_a_damaged_file_is_told(registry: Registry) -> None:
    (registry.folder / BOOK).write_text("{", encoding="utf-8")
    with pytest.raises(MinshengError, match="已损坏"):
        registry.current()


class Named:
    def __init__(self, name: str) -> None:
        self.name = name

    def judge(self, posts: Sequence[Post]) -> list[Judgement]:
        return []


def test_who_judges_follows_the_choice_from_the_next_batch_on(registry: Registry) -> None:
    loaded: list[str] = []

    def load() -> Named:
        loaded.append(registry.book().model)
        return Named(loaded[-1])

    model = Following(load, registry.stamp)
    model.judge([])
    assert model.name == SHIPPED
    registry.use("fast-a", "w", NOW)
    model.judge([])
    assert model.name == "fast-a"
    model.judge([])
    registry.rollback("w", NOW)
    model.judge([])
    assert loaded == [SHIPPED, "fast-a", SHIPPED]


def test_a_choice_that_cannot_be_loaded_leaves_the_one_before_at_work(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    def load() -> Named:
        if registry.book().model == "fast-a":
            raise ValueError("fast-a/meta.json: format = 9")
        return Named(registry.book().model)

    model = Following(load, registry.stamp)
    registry.use("fast-a", "w", NOW)
    model.judge([])
    model.judge([])
    assert model.name == SHIPPED
    assert caplog.text.count("format = 9") == 1
    registry.use("fast-b", "w", NOW)
    model.judge([])
    assert model.name == "fast-b"
