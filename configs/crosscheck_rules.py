"""What is wrong in the rules of time windows: what they cannot count by, and what would never hold."""

from __future__ import annotations

from collections.abc import Iterator

from configs.catalog import EVENT_RULES, GROUP_RULES, Rule
from configs.found import Found
from configs.yaml_lines import Path_

COUNTED = ("topics", "regions", "sources", "severity_min")  # conditions that counts can be held against
LONGEST = 168  # hours; a longer window would overlap with the same hours of the week before


def window_problems(rule: Rule, path: Path_) -> Iterator[Found]:
    """Of a rule that looks at counts; none of a rule that looks at one event, but for `by`, which that has no use for."""
    if rule.kind not in GROUP_RULES and rule.by:
        yield Found((*path, "by"), list(rule.by), "只有 spike、sentiment 可以分组计数", "删去 by")
    if rule.kind in EVENT_RULES:
        return
    for name in sorted(rule.match.model_fields_set - {*COUNTED}):
        if getattr(rule.match, name):
            todo = f"只用 {'、'.join(COUNTED)}" if rule.kind != "source_silent" else "只用 sources"
            yield Found((*path, "match", name), None, "计数的规则看不到这个条件", todo)
    if rule.kind == "source_silent" and (rule.match.topics or rule.match.regions or rule.match.severity_min > 1):
        yield Found((*path, "match"), None, "来源中断看的是来源的全部信息，不能再加条件", "只留 sources")
    if rule.window_hours > LONGEST:
        yield Found(
            (*path, "window_hours"), rule.window_hours, "窗口长过一周，无法与往周同一时段比较", f"改为 {LONGEST} 以内"
        )
    if rule.kind in ("spike", "sentiment", "new_term") and rule.alike > rule.posts:
        yield Found(
            (*path, "alike"), rule.alike, f"{rule.posts} 条信息达不到，规则永远不会触发", "alike 不要大于 posts"
        )
    if rule.weeks < 4:
        yield Found((*path, "weeks"), rule.weeks, "少于四周看不出往常是多少，规则永远不会触发", "改为 4 或以上")
