"""Every part alone, as a process: it works, tells how it fares, and ends within ten seconds of being asked to."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from alerts.ledger import CaseFilter
from app.wire import House, open_house
from stream.archive import Query
from stream.dead import list_dead
from stream.log import Out
from stream.messages import JUDGED, RAW, encode_post
from tests.flow.running import HOST, WITHIN, Running, eventually, free_port, processes_of, start_part
from tests.flow.town_posts import make_posts, make_records, publish_all

pytestmark = pytest.mark.slow

Start = Callable[..., Running]
STAGES = {"judge": RAW, "archive": JUDGED, "decide": JUDGED}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def house(folder: Path) -> Iterator[House]:
    house = open_house({"MINSHENG_DATA": str(folder)})
    _ = house.log, house.archive, house.ledger
    yield house
    house.close()


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    running: list[Running] = []

    def make(*arguments: str, **settings: str) -> Running:
        running.append(start_part(folder, *arguments, **settings))
        return running[-1]

    yield make
    for one in running:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts and never says a word."""
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen(64)
        yield int(server.getsockname()[1])


def drain(start: Start, *stages: str) -> None:
    for stage in stages:
        part = start("worker", stage, "--drain")
        assert part.process.wait(120) == 0, part.log.read_text("utf-8")


def counted(house: House, part: str) -> dict[tuple[str, str], int]:
    now = house.now()
    with house.ledger.read() as tx:
        found = tx.meters.totals(now - timedelta(hours=2), now + timedelta(hours=1))
    return {(one.what, one.reason): one.n for one in found if one.part == part}


def fresh_posts(house: House) -> None:
    """The town's posts as of now, so that they are news."""
    now = datetime.now(UTC)
    posts = [replace(post, published_at=now - timedelta(hours=1), fetched_at=now) for post in make_posts()]
    house.log.publish(RAW, [Out(post.id, encode_post(post)) for post in posts])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stages_stop_in_time_with_their_counts_kept_and_no_text_in_their_logs(
    house: House, start: Start, number: signal.Signals
) -> None:
    publish_all(house.log)
    parts = {stage: start("worker", stage, JUDGE__BATCH="4", DECIDE__BATCH="4") for stage in STAGES}
    eventually(lambda: house.log.lag(JUDGED, "decide") < len(make_posts()) and house.log.lag(RAW, "judge") == 0)
    for stage, part in parts.items():
        eventually(part.is_up)
        code, seconds = part.stop(number)
        assert code == 0, stage
        assert seconds < WITHIN, stage
    drain(start, *STAGES)
    for stage, topic in STAGES.items():
        assert house.log.lag(topic, stage) == 0
        assert counted(house, stage)["handled", "ok"] >= len(make_posts())
        assert parts[stage].lines()
    assert house.archive.search(Query(set_aside=None)).total == len(make_posts())
    texts = [value for post in make_posts() for value in (post.title, post.text)]
    logs = "".join(part.log.read_text("utf-8") for part in parts.values())
    assert not [text for text in texts if text in logs]


def test_a_record_that_no_stage_can_take_is_in_no_log(house: House, start: Start) -> None:
    text = "张三住在青禾路七号"
    wrong = encode_post(make_posts()[0]).decode().replace('"counts":{}', f'"counts":{{"{text}":"{text}"}}')
    assert text in wrong
    house.log.publish(RAW, [*make_records(make_posts())[:2], Out("k", wrong.encode()), Out("k", f"{{{text}".encode())])
    house.log.publish(JUDGED, [Out("k", text.encode())])
    parts = [start("worker", stage, "--drain") for stage in STAGES]
    assert [part.process.wait(120) for part in parts] == [0, 0, 0]
    assert [len(list_dead(house.log, stage)) for stage in STAGES] == [2, 1, 1]
    for part in parts:
        assert any("set aside" in line["message"] for line in part.lines())
        assert text not in part.log.read_text("utf-8")
    assert not [letter for stage in STAGES for letter in list_dead(house.log, stage) if text in letter.message]


def test_health_tells_the_lag_and_what_was_done(house: House, start: Start) -> None:
    publish_all(house.log)
    part = start("worker", "judge")
    eventually(lambda: house.log.lag(RAW, "judge") == 0)
    eventually(lambda: part.health()[1].get("last_progress"))
    status, report = part.health()
    assert (status, report["part"], report["profile"]) == (200, "judge", "embedded")
    assert report["lag"] == {RAW: len(make_posts()) + 1}  # as of the first look


def test_deliver_stops_between_mails_and_no_mail_is_doubled(house: House, start: Start) -> None:
    fresh_posts(house)
    drain(start, *STAGES)
    part = start("deliver")
    eventually(lambda: list(house.outbox.glob("*.eml")))
    code, seconds = part.stop()
    assert (code, seconds < WITHIN) == (0, True)
    assert start("deliver", "--drain").process.wait(120) == 0
    assert counted(house, "deliver")["sent", "accepted"] >= 2
    assert all("mail" not in line or line["mail"] for line in part.lines())


def test_deliver_stops_in_the_middle_of_a_mail_to_a_server_that_says_nothing(
    house: House, start: Start, silent: int
) -> None:
    fresh_posts(house)
    drain(start, *STAGES)
    settings = {"MAIL__HOST": HOST, "MAIL__PORT": str(silent), "MAIL__SECURITY": "none", "MAIL__TIMEOUT": "60"}
    part = start("deliver", **settings)
    eventually(lambda: held(house))
    code, seconds = part.stop()
    assert (code, seconds < WITHIN) == (0, True)
    assert any("comes again" in line["message"] for line in part.lines())
    assert held(house)


def held(house: House) -> bool:
    from alerts.ledger import AlertFilter

    with house.ledger.read() as tx:
        return any("正在发送" in alert.why_not for alert in tx.alerts.find(AlertFilter()))


def test_a_crawl_of_a_site_that_says_nothing_stops_in_time(
    house: House, start: Start, silent: int, tmp_path: Path
) -> None:
    configs = tmp_path / "configs"
    configs.mkdir()
    source = {
        "key": "mute",
        "name": "无声留言板",
        "kind": "board",
        "url": f"http://{HOST}:{silent}/list",
        "publishes": "message",
        "enabled": True,
        "allow_loopback": True,
        "delay": 0,
        "fields": {
            "entry": "li",
            "link": "a::attr(href)",
            "title": "h1::text",
            "text": "p::text",
            "time": "time::text",
        },
    }
    (configs / "sources.yaml").write_text(yaml.safe_dump({"sources": [source]}, allow_unicode=True), "utf-8")
    part = start("crawl", CONFIGS=str(configs))
    eventually(part.is_up)
    eventually(lambda: connected_to(part.process.pid, silent))
    code, seconds = part.stop()
    assert (code, seconds < WITHIN) == (0, True), part.log.read_text("utf-8")
    assert part.lines() is not None


def connected_to(pid: int, port: int) -> bool:
    """Whether somebody has a connection to this loopback port (Linux)."""
    return f":{port:04X} 01 " in Path(f"/proc/{pid}/net/tcp").read_text("ascii")


def test_an_import_that_is_stopped_says_so_and_the_same_again_brings_the_rest(
    house: House, start: Start, tmp_path: Path
) -> None:
    rows = [f"{n},第{n}号楼停水,第{n}号楼停水三天了,2026-03-01 09:30:00,," for n in range(6000)]
    path = tmp_path / "工单.csv"
    path.write_text("\n".join(["工单编号,诉求标题,诉求内容,来电时间,答复意见,答复时间", *rows]), "utf-8")
    part = start("import", str(path))
    eventually(lambda: house.log.lag(RAW, "judge") > 0)
    code, seconds = part.stop()
    assert (code, seconds < WITHIN) == (130, True)
    assert house.archive.search(Query(set_aside=None)).total < len(rows)
    assert start("import", str(path)).process.wait(300) == 0
    assert house.archive.search(Query(set_aside=None)).total == len(rows)
    assert all(house.log.lag(topic, stage) == 0 for stage, topic in STAGES.items())


def test_two_that_decide_at_once_make_the_same_cases_as_one(house: House, start: Start, tmp_path: Path) -> None:
    """In turns, the other one being held; then both at once. Each must know what the other did."""
    alone = open_house({"MINSHENG_DATA": str(tmp_path / "alone")})
    publish_all(alone.log)
    for stage in ("judge", "decide"):
        assert start_part(alone.data, "worker", stage, "--drain").process.wait(120) == 0
    records = alone.log.read(JUDGED, "copy", 1000, 0.0)
    assert len(records) == len(make_posts())

    parts = [start("worker", "decide"), start("worker", "decide")]
    eventually(lambda: all(part.is_up() for part in parts))
    for turn, record in enumerate(records):
        held = parts[turn % 2 : turn % 2 + 1] if turn < len(records) // 2 else []
        for part in held:
            part.process.send_signal(signal.SIGSTOP)
        house.log.publish(JUDGED, [Out(record.key, record.value)])
        eventually(lambda: house.log.lag(JUDGED, "decide") == 0)
        for part in held:
            part.process.send_signal(signal.SIGCONT)
    assert [part.stop()[0] for part in parts] == [0, 0]
    assert events_and_cases(house) == events_and_cases(alone)
    assert len(events_and_cases(house)[1]) >= 2
    assert not list_dead(house.log, "decide")
    alone.close()


def events_and_cases(house: House) -> tuple[list[int], list[tuple[str, str]]]:
    """The sizes of the events, and the cases: their place and their title."""
    from alerts.ledger import EventFilter

    with house.ledger.read() as tx:
        sizes = sorted(event.posts for event in tx.events.find(EventFilter(limit=500)))
        cases = sorted((case.region, case.title) for case in tx.cases.find(CaseFilter(limit=500)))
    return sizes, cases


@pytest.mark.parametrize(
    ("arguments", "away"), [(("worker", "judge"), "archive"), (("worker", "archive"), "log"), (("deliver",), "ledger")]
)
def test_a_part_starts_while_its_servers_are_away_and_says_for_which_it_waits(
    start: Start, arguments: tuple[str, ...], away: str
) -> None:
    nowhere = {
        "PROFILE": "distributed",
        "KAFKA__SERVERS": f"{HOST}:1",
        "ELASTIC__URLS": f"http://{HOST}:1",
        "LEDGER__URL": f"postgresql://nobody@{HOST}:1/nothing",
    }
    part = start(*arguments, **nowhere)

    def waits() -> bool:
        status, report = part.health()
        told = (status, report.get("status"), report.get("waiting_for"))
        return told == (503, "waiting", away) and "127.0.0.1" in str(report.get("why"))

    eventually(waits)
    code, seconds = part.stop()
    assert (code, seconds < WITHIN) == (0, True)
    assert any(line["message"].startswith(f"waiting for the {away}") for line in part.lines())


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at Linux's processes")
def test_run_starts_every_part_and_all_end_with_it(house: House, start: Start) -> None:
    part = start("run", DASHBOARD__PORT=str(free_port()))
    logs = house.data / "logs"
    eventually(lambda: "is ready" in "".join(path.read_text("utf-8") for path in logs.glob("worker-*.log")))
    code, seconds = part.stop()
    assert (code, seconds < WITHIN) == (0, True)
    assert not processes_of(house.data)
