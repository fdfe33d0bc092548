"""The command line. Each command imports what it needs inside, so that `--help` and small commands start at once.

Exit codes: 0 all good; 1 done, but something was bad (lines, rows, findings); 2 wrong usage; 69 something that this
machine lacks; 78 the configuration is wrong; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app import VERSION
from app.cli_event import event
from app.cli_groups import BAD, archive, corrections, dead, house, model, rejudge, user
from app.cli_inbox import inbox
from app.cli_links import links
from app.cli_models import evaluate, train
from app.cli_quiet import alerts, silence
from app.cli_routes import route, routes
from app.cli_rules import rules
from app.click_words import speak_chinese

if TYPE_CHECKING:
    from app.stopping import Stop

MISSING, CONFIG, INTERRUPTED = 69, 78, 130
GROUPS: dict[str, tuple[str, ...]] = {
    "日常": ("demo", "run", "import", "weekly", "search"),
    "检查": ("check", "doctor", "event", "alerts", "silence", "rules", "routes", "links", "dead"),
    "保管": ("archive", "user", "backup", "restore"),
    "过滤器": ("judge", "events", "route", "mask"),
    "单个部件": ("worker", "deliver", "inbox", "crawl", "dashboard"),
    "模型": ("train", "evaluate", "rejudge", "model", "corrections"),
    "开发": ("servers", "test", "check-code", "bench", "chaos", "setup"),
}


class Grouped(click.Group):
    """Lists the commands under headings, in the order in which a newcomer meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in GROUPS.values() for name in names]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, names in GROUPS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(heading):
                formatter.write_dl([(name, command.get_short_help_str(60)) for name, command in commands if command])


@click.group(cls=Grouped, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name=None, version=VERSION, prog_name="minsheng", help="显示版本。")
def cli() -> None:
    """民声: 从公开信息发现民生问题，派给责任单位，盯住时限，按周出数。

    第一次使用: minsheng demo (演示城市，数据均为虚构)。
    """


for group in (event, inbox, alerts, silence, rules, route, routes, links, dead):
    cli.add_command(group)
for group in (archive, user, model, corrections, rejudge, train, evaluate):
    cli.add_command(group)


def listen() -> Stop:
    """Be ready to be stopped, before anything that takes its time."""
    from app.stopping import Stop

    return Stop().install()


# ---- 日常 ----------------------------------------------------------------------------------------


@cli.command()
@click.option("--fresh", is_flag=True, help="清空演示数据，从头开始。")
@click.option("--once", is_flag=True, help="不开看板，全部做完即退出 (0 表示都已就绪)。")
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="看板端口。")
@click.option("--town-port", type=click.IntRange(1, 65535), default=8765, show_default=True, help="演示城市网站端口。")
@click.option("--no-browser", is_flag=True, help="不自动打开浏览器。")
@click.option(
    "--distributed", is_flag=True, help="在真实的 Kafka、Elasticsearch、PostgreSQL 上演示 (用完即弃，每次从头)。"
)
def demo(fresh: bool, once: bool, port: int, town_port: int, no_browser: bool, distributed: bool) -> None:
    """演示: 虚构城市的四周信息走完全程，并打开看板。"""
    from app.demo.run import run_demo, run_on_servers

    browser = not no_browser
    if distributed:
        sys.exit(run_on_servers(os.environ, once=once, port=port, town_port=town_port, browser=browser))
    sys.exit(run_demo(os.environ, {}, fresh=fresh, once=once, port=port, town_port=town_port, browser=browser))


@cli.command()
def run() -> None:
    """正式运行: 按 configs/ 采集、研判、派单、发信，并打开看板。"""
    from app.parts import run_all

    sys.exit(run_all(house(), os.environ))


@cli.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="", help="来源标识，默认用 hotline_import。")
@click.option(
    "--kind", type=click.Choice(["message", "hotline", "forum", "social", "comment", "news"]), default="hotline"
)
@click.option("--map", "mapping", multiple=True, metavar="字段=列名", help="指定列，例如 --map text=诉求内容；可重复。")
@click.option("--region", default="", help="来源所在地区代码 (6 位)。")
@click.option("--live", is_flag=True, help="当作新信息处理 (会开案件、发预警)；默认按历史数据只归档、归并。")
def import_(files: tuple[Path, ...], source: str, kind: str, mapping: tuple[str, ...], region: str, live: bool) -> None:
    """导入热线表格 (xlsx、csv；列名自动对应并显示)。"""
    stop = listen()
    from app.importing import import_alone

    what = (files, source or "hotline_import", kind, mapping, region, live)
    sys.exit(INTERRUPTED if (code := import_alone(house(), stop, *what)) is None else code)


@cli.command()
@click.option("--week", default="", metavar="日期", help="周内任意一天，如 2026-11-16；默认上一周。")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="输出目录，默认 data/exports。")
def weekly(week: str, out: Path | None) -> None:
    """周报: 导出一周的表格 (xlsx) 和简报 (docx)。"""
    from app.exporting import export_week

    for path in export_week(house(), week, out):
        click.echo(path)


@cli.command()
@click.argument("words", nargs=-1)
@click.option("--topic", multiple=True, help="领域，如 wages；可重复。")
@click.option("--region", default="", help="地区代码，如 330100。")
@click.option("--severity", type=click.IntRange(1, 4), default=1, help="最低严重程度。")
@click.option("--since", default="", metavar="日期", help="从哪天起。")
@click.option("--until", default="", metavar="日期", help="到哪天止 (含)。")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="每条一行 JSON。")
def search(**options: Any) -> None:
    """检索已归档的信息。"""
    from app.searching import print_hits

    print_hits(house(), **options)


# ---- 检查 ----------------------------------------------------------------------------------------


@cli.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(folder: Path | None) -> None:
    """检查全部配置: 逐条给出文件、行、值、原因。"""
    from app.checking import print_check

    sys.exit(CONFIG if print_check(os.environ, folder) else 0)


@cli.command()
def doctor() -> None:
    """体检: 本机和设置有什么问题，该怎么办。"""
    from app.doctor import print_findings

    sys.exit(BAD if print_findings(os.environ) else 0)


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """备份到一个文件 (运行中也能做)；分布式只含案件库和密钥。"""
    from app.backup import back_up

    back_up(house(), file, os.environ)


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="替换已有的数据 (不可撤销)。")
def restore(file: Path, force: bool) -> None:
    """恢复一个备份: 先核对，要么全部恢复，要么不动。须先停止全部进程。"""
    from app.restore import restore as put_back

    put_back(house(), file, os.environ, force=force)


# ---- 过滤器 --------------------------------------------------------------------------------------


@cli.command()
@click.option(
    "--model",
    metavar="fast|transformer|cascade|目录",
    help="快速模型、深度模型、两级联用 (默认按设置 judge.mode)，或一个模型目录。",
)
def judge(model: str | None) -> None:
    """研判: 标准输入 posts.jsonl，标准输出 judged.jsonl。"""
    from app.filters import judgement_row, run_filter
    from app.models import judging_by
    from app.wire import wall_clock

    judging = judging_by(house(), model)
    bad = run_filter(lambda posts: map(judgement_row, judging(posts)), wall_clock())
    sys.exit(BAD if bad else 0)


@cli.command()
@click.option(
    "--window-days",
    type=click.IntRange(1),
    default=400,
    show_default=True,
    help="一个事件能接收新信息的天数；输入不按时间排列时须盖过全部。",
)
def events(window_days: int) -> None:
    """归并: 标准输入 posts.jsonl，标准输出每条所属事件。"""
    from app.filters import run_filter
    from app.wire import wall_clock

    grouping = house().grouping(window_days)
    bad = run_filter(lambda posts: [{"id": i, "event": event} for i, event in grouping(posts)], wall_clock())
    sys.exit(BAD if bad else 0)


@cli.command()
def mask() -> None:
    """遮盖: 标准输入 texts.jsonl，标准输出遮盖个人信息后的文字和各处位置。"""
    from app.masking import mask_lines

    sys.exit(BAD if mask_lines() else 0)


# ---- 单个部件 ------------------------------------------------------------------------------------


@cli.command()
@click.argument("stage", type=click.Choice(["judge", "archive", "decide"]))
@click.option("--drain", is_flag=True, help="处理完积压即退出。")
def worker(stage: str, drain: bool) -> None:
    """运行一个处理环节。"""
    stop = listen()
    from app.parts import work

    work(house(), stage, drain=drain, stop=stop)


@cli.command()
@click.option("--drain", is_flag=True, help="发完待发的即退出。")
def deliver(drain: bool) -> None:
    """盯时限、发预警。"""
    stop = listen()
    from app.parts import keep_delivering

    keep_delivering(house(), drain=drain, stop=stop)


@cli.command()
@click.option("--once", is_flag=True, help="各来源采一遍即退出。")
@click.argument("sources", nargs=-1)
def crawl(once: bool, sources: tuple[str, ...]) -> None:
    """采集启用的来源 (或指定的几个)。"""
    stop = listen()
    from app.parts import keep_crawling

    sys.exit(BAD if keep_crawling(house(), sources, once=once, stop=stop) else 0)


@cli.command()
def dashboard() -> None:
    """打开值班看板。"""
    from app.parts import serve_dashboard

    serve_dashboard(house(), os.environ)


# ---- 开发 ----------------------------------------------------------------------------------------


@cli.command()
@click.argument("action", type=click.Choice(["up", "down", "status"]))
def servers(action: str) -> None:
    """一次性的 Kafka、Elasticsearch、PostgreSQL: 启动、停止并删除、查看 (用于试用分布式运行)。"""
    from app.servers.commands import run

    sys.exit(run(action, os.environ, house().data))


@cli.command(context_settings={"ignore_unknown_options": True})
@click.option("--servers", is_flag=True, help="缺少 Kafka、Elasticsearch 或 PostgreSQL 算失败，而不是跳过。")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(servers: bool, arguments: tuple[str, ...]) -> None:
    """跑测试 (其余参数交给 pytest)。"""
    from app.develop import run_tests

    sys.exit(run_tests(arguments, servers))


@cli.command("check-code")
@click.option("--no-tests", is_flag=True, help="不跑测试。")
def check_code(no_tests: bool) -> None:
    """跑代码检查: 格式、风格、类型、导入方向、测试。"""
    from app.develop import check_all

    sys.exit(check_all(with_tests=not no_tests))


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(name: str | None, arguments: tuple[str, ...]) -> None:
    """跑一个基准，其余参数交给它 (不给名字则列出)。"""
    from app.develop import run_bench

    sys.exit(run_bench(name, arguments))


@cli.command()
@click.option("--profile", type=click.Choice(["embedded", "distributed", "all"]), default="all", show_default=True)
@click.option("--kills", type=click.IntRange(1), default=10, show_default=True, help="杀进程的次数，每 3 秒一次。")
@click.option("--rate", type=click.FloatRange(1), default=500, show_default=True, help="每秒发布的信息条数。")
@click.option("--away", type=click.FloatRange(1), default=10, show_default=True, help="服务器离线的秒数。")
@click.option("--seed", default=1, show_default=True, help="同一个数给出同样的信息和同样的顺序。")
def chaos(profile: str, kills: int, rate: float, away: float, seed: int) -> None:
    """混沌试验: 负载之下杀进程、断服务器、写满磁盘，再核对账目。"""
    from app.chaos.command import PROFILES, run_chaos
    from app.chaos.run import Plan

    profiles = PROFILES if profile == "all" else (profile,)
    sys.exit(run_chaos(os.environ, profiles, Plan(kills, rate, away, seed)))


@cli.command()
@click.option("--dev", is_flag=True, help="同时装开发依赖。")
@click.option("--train", "training", is_flag=True, help="同时装训练深度模型所需的依赖 (torch 等，约 5 GB)。")
def setup(dev: bool, training: bool) -> None:
    """只安装依赖，不做别的。"""
    also = "训练" if training else "开发" if dev else ""
    click.echo("依赖已装好" + (f" (含{also}依赖)。" if also else "。"))


def day(text: str, option: str) -> datetime:
    """Midnight in Shanghai of an ISO date; a wrong one is a usage error that names the option."""
    from configs.catalog import SHANGHAI

    try:
        return datetime.fromisoformat(text).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=SHANGHAI)
    except ValueError as error:
        raise click.UsageError(f"{option}: {text!r} 不是日期，应如 2026-11-16") from error


def main() -> None:
    from configs.errors import ConfigError
    from stream.errors import MinshengError

    speak_chinese()
    try:
        sys.exit(cli.main(prog_name="minsheng", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ConfigError as error:
        click.echo(f"配置有问题:\n{error}\n改好后运行 minsheng check 复查。", err=True)
        sys.exit(CONFIG)
    except MinshengError as error:
        click.echo(f"出错: {error}", err=True)
        sys.exit(BAD)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader went away; nothing to tell
        sys.exit(0)


if __name__ == "__main__":
    main()
