"""Which of some prepared answers suits a text best: by the pairs of characters that they share. Pure."""

from __future__ import annotations

from collections.abc import Sequence

# pairs that any letter and any answer may share
_COMMON = frozenset(
    {
        "工作",
        "单位",
        "情况",
        "我们",
        "已经",
        "有关",
        "责任",
        "要求",
        "完成",
        "人员",
        "负责",
        "反映",
        "处理",
        "一个",
        "可以",
    }
    | {
        "没有",
        "进行",
        "相关",
        "现场",
        "结果",
        "您好",
        "问题",
        "两个",
        "一次",
        "不得",
        "提供",
        "材料",
        "办理",
        "时间",
        "恢复",
    }
)


def best_fit(text: str, answers: Sequence[str], enough: int = 3) -> str:
    """The answer that shares most character pairs with `text`, the first of equals; "" when none shares `enough`."""
    pairs = _pairs(text)
    scores = [len(pairs & _pairs(answer)) for answer in answers]
    best = max(scores, default=0)
    return answers[scores.index(best)] if best >= enough else ""


def _pairs(text: str) -> set[str]:
    pairs = {text[i : i + 2] for i in range(len(text) - 1)}
    return {pair for pair in pairs - _COMMON if pair.isalpha()}
