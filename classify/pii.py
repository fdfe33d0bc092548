"""Personal numbers, and the name and door number given with them, replaced before anything is stored.

Kept: sums of money, dates, document and order numbers, service numbers (12345, 110, 95588, 400…). What is replaced, see
LABELS; also written with full-width, circled, keycap or Chinese digits, with separators or invisible characters between.
`pii_fold` makes a text plain, `pii_numbers` finds the numbers, `pii_checks` doubts them, `pii_given` finds what was given with them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from classify.pii_fold import BLANK, blank, plain_of
from classify.pii_given import given
from classify.pii_numbers import KEPT, Span, may_hold, numbers
from stream.messages import Post, Reply

__all__ = ["LABELS", "Span", "apply", "mask", "mask_post", "mask_url", "spans"]

LABELS = {
    "mobile": "【手机号】",
    "landline": "【电话】",
    "id": "【身份证号】",
    "bank": "【银行卡号】",
    "email": "【邮箱】",
    "plate": "【车牌】",
    "wechat": "【微信号】",
    "qq": "【QQ号】",
    "name": "【姓名】",
    "door": "【门牌号】",
}
_MASKED = re.compile("|".join(map(re.escape, LABELS.values())))
_PERSONAL = re.compile(
    r"tel|phone|mobile|mail|shouji|dianhua|lxdh|lxr|sfz|idcard|idno|qq|weixin|wechat|xingming|realname|username",
    re.IGNORECASE,
)


def spans(text: str) -> list[Span]:
    """What is personal in a text, in order, never overlapping; offsets in the text as written."""
    if not may_hold(text):
        return []
    written = plain_of(text)
    plain = _MASKED.sub(_blank_label, written.text)
    found: list[Span] = []
    while new := numbers(plain):  # a number that touched another may show only now
        found += new
        plain = blank(plain, [span[:2] for span in new])
        if not may_hold(plain):
            break
    if not found:
        return []
    found += given(plain, found)
    return sorted(Span(*written.span(span.start, span.end), span.kind) for span in found)


def _blank_label(match: re.Match[str]) -> str:
    """A label that masks already is nothing to read but as the head of a form's field (【微信号】abc123)."""
    label = match.group()
    return BLANK * (len(label) - 1) + KEPT.get(label, BLANK)


def apply(text: str, found: list[Span]) -> str:
    """The text with these spans of it replaced by their labels."""
    parts, last = [], 0
    for span in found:
        parts += [text[last : span.start], LABELS[span.kind]]
        last = span.end
    return "".join((*parts, text[last:]))


def mask(text: str) -> str:
    """The text with all that is personal replaced by its kind in brackets; idempotent."""
    found = spans(text)
    return apply(text, found) if found else text


def mask_url(url: str) -> str:
    """The address without the parameters of its query that hold a personal number or are named after one."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return mask(url)
    if not parts.query:
        return url
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if not _is_personal(name, value)]
    return url if len(kept) == len(pairs) else urlunsplit(parts._replace(query=urlencode(kept)))


def _is_personal(name: str, value: str) -> bool:
    if _PERSONAL.search(name):
        return True
    return any(span.kind in ("id", "email") for span in spans(value))  # eleven digits may be the number of a page


def mask_post(post: Post) -> Post:
    """The post with title, text, address and reply masked; the same object if there was nothing to mask."""
    title, text = mask(post.title), mask(post.text)
    url = mask_url(post.url) if "?" in post.url or "://" not in post.url else post.url
    reply = post.reply and _mask_reply(post.reply)
    if (title, text, url, reply) == (post.title, post.text, post.url, post.reply):
        return post
    return replace(post, title=title, text=text, url=url, reply=reply)


def _mask_reply(reply: Reply) -> Reply:
    return replace(reply, text=mask(reply.text), office=mask(reply.office))
