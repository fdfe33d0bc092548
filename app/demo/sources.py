"""The demo town's five sources as the crawler knows them. Only they may reach loopback."""

from __future__ import annotations

from configs.catalog import Source

PORT = 8765


def demo_sources(port: int = PORT) -> tuple[Source, ...]:
    """The five sources for a town on 127.0.0.1:`port`."""
    base = f"http://127.0.0.1:{port}"
    return (
        _source("board", "市民留言板", "board", f"{base}/board/", "message"),
        _source("forum", "城事论坛", "forum", f"{base}/forum/", "forum"),
        _source("news", "本地新闻", "news", f"{base}/news/", "news"),
        _source("feed", "街镇快讯", "rss", f"{base}/rss.xml", "news"),
        _source("hotline", "12345 工单", "sheet", f"{base}/hotline/12345.xlsx", "hotline"),
    )


def _source(key: str, name: str, kind: str, url: str, publishes: str) -> Source:
    return Source.model_validate(
        {
            "key": key,
            "name": name,
            "kind": kind,
            "url": url,
            "publishes": publishes,
            "enabled": True,
            "region": "330000",
            "delay": 0,
            "every": 0.2,
            "max_pages": 60,
            "allow_loopback": True,
            "note": "演示数据，均为虚构",
        }
    )
