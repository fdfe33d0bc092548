"""`minsheng demo`: the town, its history, then every part live, with the dashboard."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
import webbrowser
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.demo.history import STEP, TownState, replay
from app.demo.schedule import HISTORY
from app.demo.sources import demo_sources
from app.exporting import last_monday, monday_of, write
from app.parts import all_parts, note_runs, wait_until
from app.ports import answers, refuse_taken_port
from app.runner import Part, Stop, Supervisor, part_environment
from app.wire import House, home, open_house
from configs.catalog import SHANGHAI
from configs.loader import SHIPPED
from stream.errors import MinshengError

HOST = "127.0.0.1"
USER = "duty"
READY_WITHIN = 60.0  # seconds for a part to answer on its port


def run_on_servers(env: Mapping[str, str], *, once: bool, port: int, town_port: int, browser: bool) -> int:
    """The demo on Kafka, Elasticsearch and PostgreSQL. They are thrown away after it, so it begins anew each time."""
    from app.servers.cluster import running_cluster

    with running_cluster(env, click.echo) as cluster:
        servers = cluster.settings()
        return run_demo(env, servers, fresh=True, once=once, port=port, town_port=town_port, browser=browser)


def run_demo(
    env: Mapping[str, str],
    servers: Mapping[str, str],
    *,
    fresh: bool,
    once: bool,
    port: int,
    town_port: int,
    browser: bool,
) -> int:
    """Returns the exit code: 0 when all is there (or the user stopped it), 1 when something did not come about.

    `servers`: the settings under which servers are used; empty: none are.
    """
    started = time.monotonic()
    folder = data_folder(env, "demo-servers" if servers else "demo")
    refuse_taken_port(HOST, town_port, "演示城市", "用 --town-port 换一个端口")
    if not once:
        refuse_taken_port(HOST, port, "看板", "用 --port 换一个端口")
    if fresh:
        clear(folder)
    settings = demo_environment(env, folder, port, town_port) | dict(servers)
    state = TownState.open(folder / "town.json", datetime.now(UTC))
    house = open_house(settings, now=state.clock)
    state.wake(last_visit(house), datetime.now(UTC))
    password = make_user(house)
    stop = Stop().install()
    town = Supervisor([town_part(folder, town_port)], folder / "logs", settings, click.echo)
    town.start()
    try:
        wait_until(lambda: answers(HOST, town_port), stop, READY_WITHIN)
        show_history(house, state, stop)
        if stop:
            click.echo("已停止；再次运行 minsheng demo 会接着做。")
            return 0
        write_exports(house)
        if once:
            return conclude(house, started)
        return live(house, settings, stop, password, port, browser)
    except TimeoutError:
        raise MinshengError(
            f"演示城市没有在 {READY_WITHIN:.0f} 秒内应答，请看日志 {folder / 'logs' / 'town.log'}"
        ) from None
    finally:
        town.stop()


def data_folder(env: Mapping[str, str], name: str = "demo") -> Path:
    return home() / env.get("MINSHENG_DATA", "data") / name


def clear(folder: Path) -> None:
    """Remove an earlier demo; refuses a folder that no demo made."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "town.json").is_file():
        raise MinshengError(f"{folder} 不像演示数据 (没有 town.json)，未清空；请自行查看后删除")
    shutil.rmtree(folder, ignore_errors=True)


def demo_environment(env: Mapping[str, str], folder: Path, port: int, town_port: int) -> dict[str, str]:
    """The environment of all parts: the demo's own sources and data, mails into its outbox, a notice on every page."""
    configs = folder / "configs"
    configs.mkdir(parents=True, exist_ok=True)
    sources = [source.model_dump(mode="json", exclude_defaults=True) for source in demo_sources(town_port)]
    text = yaml.safe_dump({"sources": sources}, allow_unicode=True)
    (configs / "sources.yaml").write_text(text, encoding="utf-8")
    (configs / "quiet.yaml").write_text(yaml.safe_dump(demo_quiet(), allow_unicode=True), encoding="utf-8")
    others = {name: value for name, value in env.items() if not name.startswith("MINSHENG_")}
    return part_environment(
        others,
        MINSHENG_CONFIGS=str(configs),
        MINSHENG_DATA=str(folder),
        MINSHENG_MAIL__HOST="",
        MINSHENG_DASHBOARD__HOST=HOST,
        MINSHENG_DASHBOARD__PORT=str(port),
        MINSHENG_DASHBOARD__PUBLIC_URL=f"http://{HOST}:{port}",
        MINSHENG_DASHBOARD__DEMO_NOTICE="true",
    )


def demo_quiet() -> dict[str, Any]:
    """As shipped, but nobody has to wait for a mail until the office opens."""
    shipped: dict[str, Any] = yaml.safe_load((SHIPPED / "quiet.yaml").read_text(encoding="utf-8"))
    return {**shipped, "office_hours": False, "group": {**shipped["group"], "wait_minutes": 0}}


def town_part(folder: Path, port: int) -> Part:
    return Part("town", ("-m", "app.demo.town", "--state", str(folder), "--port", str(port)))


def last_visit(house: House) -> datetime | None:
    """When any source of the town was visited last."""
    with house.ledger.read() as tx:
        return max((run.at for run in tx.meters.source_health()), default=None)


def make_user(house: House) -> str:
    """The demo's user gets a new password at every start; it is printed and kept nowhere else."""
    password = secrets.token_urlsafe(9)
    with house.ledger.begin() as tx:
        if USER in {user.name for user in tx.users.all()}:
            tx.users.set_password(USER, password)
        else:
            tx.users.add(USER, "演示值班员", password, "admin", datetime.now(UTC))
    return password


def show_history(house: House, state: TownState, stop: Stop) -> None:
    """Replay what is left of the history under a progress bar."""
    if state.simulated_now is None:
        return
    from crawlers.run import crawl_once

    counter = house.counter("crawl")
    deps = house.crawl_deps(counter)
    sources = house.crawl_sources(())
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[posts]} 条"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task("重放四周", total=HISTORY // STEP, posts=0)
        seen = 0

        def tell(at: datetime, posts: int) -> None:
            nonlocal seen
            seen += posts
            done = HISTORY // STEP - max(0, -(-(state.anchor - at) // STEP))
            progress.update(bar, completed=done, posts=seen, description=f"重放 {at.astimezone(SHANGHAI):%m月%d日}")

        def crawl() -> None:
            note_runs(house, crawl_once(sources, deps, state.clock, stop=lambda: bool(stop)))

        replay(house, state, crawl, tell, lambda: bool(stop))
    counter.flush()


def write_exports(house: House) -> None:
    """This week's and last week's report."""
    click.echo("导出本周与上周周报 …")
    this = monday_of(house.now().astimezone(SHANGHAI).date())
    for week in (last_monday(house.now()), this):
        write(house, week, house.exports, "system")


def conclude(house: House, started: float) -> int:
    """For `--once`: whether everything is there, said in one line each."""
    from alerts.ledger import CaseFilter, EventFilter
    from stream.archive import Query

    with house.ledger.read() as tx:
        events, cases = tx.events.count(EventFilter()), tx.cases.count(CaseFilter(open=True))
    found = {
        "已归档信息": house.archive.search(Query(limit=1, set_aside=None)).total,
        "事件": events,
        "在办案件": cases,
        "邮件": len(list(house.outbox.glob("*.eml"))),
        "周报文件": len([*house.exports.glob("*.xlsx"), *house.exports.glob("*.docx")]),
    }
    for what, n in found.items():
        click.echo(f"{what}: {n}")
    missing = [what for what, n in found.items() if not n]
    click.echo(f"缺少: {'、'.join(missing)}" if missing else f"演示就绪，用时 {time.monotonic() - started:.0f} 秒。")
    return 1 if missing else 0


def live(house: House, env: Mapping[str, str], stop: Stop, password: str, port: int, browser: bool) -> int:
    """Every part on the wall clock until Ctrl-C."""
    supervisor = Supervisor(all_parts(house), house.data / "logs", env, click.echo)
    supervisor.start()
    try:
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: answers(HOST, port), stop, READY_WITHIN)
        address = f"http://{HOST}:{port}"
        click.echo(
            f"\n看板: {address}    用户: {USER}    密码: {password}\n邮件: {house.outbox}\n周报: {house.exports}"
        )
        click.echo("演示数据，均为虚构。新信息会不断到来；停止: Ctrl-C")
        if browser:
            webbrowser.open(address)
        supervisor.watch(stop)
    finally:
        supervisor.stop()
    click.echo("已全部停止；再次运行 minsheng demo 会接着做，--fresh 从头开始。")
    return 0
