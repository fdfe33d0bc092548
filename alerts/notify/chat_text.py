"""What a chat group is told: little, and no link that lets its reader act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.notify.clean import clean_line, clip
from alerts.notify.notice import Letterhead, Notice, OfficeAddress
from alerts.notify.templates import render
from alerts.notify.view import by_case, order, view

MOST = 8  # matters named
LONGEST = 640  # characters: WeCom takes 2,048 bytes, a Chinese character has three


def chat_text(letterhead: Letterhead, office: OfficeAddress, notices: Sequence[Notice], now: datetime) -> str:
    matters = by_case(order(notices))
    values = {
        "office": clip(clean_line(office.name), 40),
        "items": [view(matter, "", now) for matter in matters[:MOST]],
        "more": max(0, len(matters) - MOST),
        "total": len(matters),
        "demo": letterhead.demo,
        "redirected": bool(letterhead.redirect_to),
    }
    return clip(render("chat.txt.j2", values).strip(), LONGEST)
