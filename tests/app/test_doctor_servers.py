"""The doctor in the distributed profile: each server by name, and what to do; the parts by what they say."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from app.doctor import examine
from app.finding import Finding
from app.monitor import Metrics, Monitor, Pulse

HOST = "127.0.0.1"


def findings(tmp_path: Path, **settings: str) -> list[Finding]:
    return list(
        examine({"MINSHENG_DATA": str(tmp_path), **{f"MINSHENG_{name}": one for name, one in settings.items()}})
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_each_server_that_is_away_is_named_once_with_what_to_do_and_no_password(tmp_path: Path) -> None:
    found = findings(
        tmp_path,
        PROFILE="distributed",
        KAFKA__SERVERS=f"{HOST}:1",
        ELASTIC__URLS=f"http://elastic:geheim@{HOST}:1",
        LEDGER__URL=f"postgresql://minsheng:geheim@{HOST}:1/minsheng",
    )
    for name, setting in (("Kafka", "kafka.servers"), ("Elasticsearch", "elastic.urls"), ("PostgreSQL", "ledger.url")):
        (one,) = [finding for finding in found if finding.what.startswith(f"{name} ")]
        assert "用不了" in one.what
        assert setting in one.advice
    assert "geheim" not in "".join(one.what + one.advice for one in found)
    assert not [one for one in found if one.what.startswith("无法检查")]


def test_a_part_that_waits_is_a_problem_and_one_that_works_is_none(tmp_path: Path) -> None:
    port = free_port()
    working, waiting = Metrics(Pulse("judge", "embedded")), Metrics(Pulse("decide", "embedded"))
    waiting.pulse.wait("ledger", "案件库暂时不能用")
    monitors = [Monitor(HOST, port, one) for one in (working, waiting)]
    try:
        found = {one.what: one.advice for one in findings(tmp_path, MONITOR__PORT=str(port))}
    finally:
        for one in monitors:
            one.close()
    assert found["部件 judge: ok"] == ""
    assert found["部件 decide: waiting"] == "案件库暂时不能用"


def test_without_a_part_on_this_machine_nothing_is_wrong(tmp_path: Path) -> None:
    found = findings(tmp_path, MONITOR__PORT=str(free_port()))
    (one,) = [finding for finding in found if "监控端口" in finding.what]
    assert one.advice == ""
