"""What docs/operations.md names is there: metrics, settings and the state of a part."""

import re
from pathlib import Path

import pytest

from app.cli import cli
from app.monitor import STALLED_AFTER, Metrics, Pulse
from configs.layers import environment_names

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def test_its_metrics_are_served_and_all_of_ours_are_told() -> None:
    metrics = Metrics(Pulse("judge", "distributed"))
    metrics.count("handled", "ok")
    metrics.took(0.1)
    metrics.behind("posts.raw", "judge", 0)
    metrics.drifted("topic", 0.1)
    served = set(re.findall(r"^(minsheng_\w+)[{ ]", metrics.text().decode(), re.MULTILINE))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in served if not name.endswith("_created")}
    assert set(re.findall(r"\bminsheng_\w+", TEXT)) == families


def test_its_settings_are_settings() -> None:
    known = {".".join(path) for path in environment_names().values()}
    sections = {name.partition(".")[0] for name in known if "." in name}
    named = {one for one in re.findall(r"`([a-z]+\.[a-z_]+)`", TEXT) if one.partition(".")[0] in sections}
    assert {"kafka.partitions", "log.keep_days", "ledger.url"} <= named
    assert named <= known


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(?:\./)?minsheng ([a-z][a-z-]+)", TEXT))))
def test_its_commands_are_commands(name: str) -> None:
    assert name in cli.commands


def test_its_seconds_are_the_program_s() -> None:
    assert f"has not come round for {STALLED_AFTER:.0f} s" in TEXT
