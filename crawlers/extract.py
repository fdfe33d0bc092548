"""From a page to clean text, by CSS selectors.

A selector that ends in `::text` or `::attr(name)` gives the first such value; any other gives the whole text of the
first element it finds, one line per block. Alternatives are written with a comma, as in CSS.
"""

from __future__ import annotations

import re

from cssselect import SelectorError
from lxml import etree  # type: ignore[import-untyped]
from parsel import Selector
from parsel.csstranslator import HTMLTranslator

from configs.catalog import Source
from crawlers.fields import DEFAULTS, columns_of, fields_of

_BLOCKS = frozenset(
    (
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    )
)
_SKIPPED = frozenset(("script", "style", "noscript", "template"))
_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u2002-\u200a\u3000]+")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(万|w|k)?", re.IGNORECASE)
_SCALE = {"万": 10_000, "w": 10_000, "k": 1_000}


def pick(node: Selector, css: str) -> str:
    """The text that a selector finds under `node`, cleaned; "" when it finds nothing or is empty."""
    if not css:
        return ""
    found = node.css(css)
    if not found:
        return ""
    if "::" in css:
        return clean(found[0].get() or "")
    return text_of(found[0])


def pick_count(node: Selector, css: str) -> int | None:
    """The first number a selector finds (点赞 1.2万 is 12000), None when there is none."""
    match = _NUMBER.search(pick(node, css).replace(",", ""))
    if match is None:
        return None
    return round(float(match[1]) * _SCALE.get((match[2] or "").lower(), 1))


def text_of(node: Selector) -> str:
    """All text of an element, one line per block, without scripts and styles."""
    root = node.root
    if not isinstance(root, etree._Element):  # noqa: SLF001 (lxml's only name for the type)
        return clean(str(root))
    pieces: list[str] = []
    skipping = 0
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            skipping += element.tag in _SKIPPED
            pieces.append("\n" if element.tag in _BLOCKS else "")
            pieces.append("" if skipping else element.text or "")
        elif event == "end":
            skipping -= element.tag in _SKIPPED
            pieces.append("\n" if element.tag in _BLOCKS else "")
        if event != "start" and element is not root and not skipping:
            pieces.append(element.tail or "")
    return clean("".join(pieces))


def html_text(html: str) -> str:
    """The text of a fragment of HTML (a feed's description); plain text stays as it is."""
    if "<" not in html and "&" not in html:
        return clean(html)
    return text_of(Selector(text=f"<div>{html}</div>", type="html"))


def clean(text: str) -> str:
    """Single spaces, no blank lines, nothing at the ends."""
    lines = (_SPACES.sub(" ", line).strip() for line in text.replace("\x00", "").splitlines())
    return "\n".join(line for line in lines if line)


def problems(source: Source) -> list[str]:
    """What is wrong with a source's `fields`, each as a Chinese sentence; empty when all is well."""
    found = []
    for field in sorted(set(source.fields) - set(DEFAULTS[source.kind])):
        if not (source.kind == "sheet" and field in {f"column.{name}" for name in columns_of(source)}):
            known = "、".join(DEFAULTS[source.kind])
            found.append(f"信源 {source.key}：{source.kind} 没有字段 fields.{field}，可用的是：{known}")
    for field, css in fields_of(source).items():
        if css and not field.startswith("column.") and not _is_selector(css):
            found.append(f"信源 {source.key}：fields.{field} 的选择器“{css}”写法有误，请改成 CSS 选择器")
    return found


def _is_selector(css: str) -> bool:
    try:
        HTMLTranslator().css_to_xpath(css)
    except (SelectorError, ValueError):
        return False
    return True
