"""`minsheng chaos`: which storms, and what is printed."""

from __future__ import annotations

from collections.abc import Mapping

import click

from app.chaos.books import Books
from app.chaos.run import Plan, Storm, as_json, report, storm_distributed, storm_embedded

PROFILES = ("embedded", "distributed")


def run_chaos(env: Mapping[str, str], profiles: tuple[str, ...], plan: Plan) -> int:
    """Returns the exit code: 0 when nothing was lost or doubled anywhere."""
    kept = {name: value for name, value in env.items() if not name.startswith("MINSHENG_")}
    results, clean = [], True
    for profile in profiles:
        click.echo(f"== {profile}: {plan.rate:.0f} 条/秒，共 {plan.posts} 条，杀进程 {plan.kills} 次")
        storm, books = storm_embedded(plan, kept) if profile == "embedded" else _on_servers(plan, kept)
        clean = report(profile, storm, books) and clean
        results.append((storm, books))
    click.echo(as_json(results))
    return 0 if clean else 1


def _on_servers(plan: Plan, env: Mapping[str, str]) -> tuple[Storm, Books]:
    from app.servers.cluster import running_cluster

    with running_cluster(env, click.echo) as cluster:
        return storm_distributed(plan, cluster.servers, {**env, **cluster.settings()})
