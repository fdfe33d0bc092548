"""RSS 2.0, RSS 1.0 and Atom to `Found`. Pure; entities are never expanded and nothing is fetched."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from lxml import etree  # type: ignore[import-untyped]

from crawlers.extract import clean, html_text
from crawlers.found import Found
from crawlers.urls import is_web, normalise

_ITEMS = frozenset(("item", "entry"))
_TEXT = ("encoded", "content", "description", "summary")
_TIME = ("pubDate", "published", "date", "updated", "issued")
_AUTHOR = ("creator", "author", "name")


class NotAFeed(Exception):
    """The text says why, in Chinese."""


def read_feed(body: bytes, base: str) -> list[Found]:
    """The items of a feed, in its order. `base` resolves relative links. Raises NotAFeed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise NotAFeed(f"XML 第 {error.lineno} 行有误") from error
    if _name(root) not in ("rss", "RDF", "feed"):
        raise NotAFeed(f"根元素是 {_name(root)}")
    return [_found(node, base) for node in root.iter() if _name(node) in _ITEMS]


def _found(node: Any, base: str) -> Found:
    parts: dict[str, Any] = {}
    for child in node:
        parts.setdefault(_name(child), child)
    guid = clean(_string(parts.get("guid", parts.get("id"))))
    link = _link(node) or (guid if is_web(guid) else "")
    url = urljoin(base, link) if link else ""
    return Found(
        key=normalise(url) if url else guid,
        url=url,
        title=html_text(_string(parts.get("title"))).replace("\n", " "),
        text=html_text(_first(parts, _TEXT)),
        time=clean(_first(parts, _TIME)),
        author=clean(_first(parts, _AUTHOR)),
    )


def _link(node: Any) -> str:
    """RSS writes the address as text; Atom as an attribute, the page itself without `rel` or as "alternate"."""
    for child in node:
        if _name(child) == "link" and child.get("rel", "alternate") == "alternate":
            found = clean(str(child.get("href") or _string(child)))
            if found:
                return found
    return ""


def _first(parts: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((text for name in names if name in parts and (text := _string(parts[name])).strip()), "")


def _string(node: Any) -> str:
    return "" if node is None else "".join(node.itertext())


def _name(node: Any) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""
