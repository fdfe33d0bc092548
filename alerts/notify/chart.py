"""The days of an event as a small picture: bars with digits and dates only, so that no Chinese font is needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from io import BytesIO

DAYS = 14
WIDTH, HEIGHT, MARGIN, FOOT, HEAD = 560, 132, 8, 22, 20
BAR, LAST, INK, LINE = "#9dbbe0", "#1d5fa8", "#374151", "#d1d5db"


def daily_chart(daily: Mapping[str, int]) -> bytes | None:
    """A PNG of the posts per day up to the last day, at most 14 of them; None where only one day has posts."""
    counts = {date.fromisoformat(day): n for day, n in daily.items() if n > 0}
    if len(counts) < 2:
        return None
    last = max(counts)
    first = max(min(counts), last - timedelta(days=DAYS - 1))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return _draw(days, [counts.get(day, 0) for day in days])


def chart_words(daily: Mapping[str, int]) -> str:
    """The same for those who cannot see it: 11-24 3, 11-25 9."""
    days = sorted(day for day, n in daily.items() if n > 0)[-DAYS:]
    return "，".join(f"{day[5:]} {daily[day]} 条" for day in days)


def _draw(days: list[date], counts: list[int]) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=11)
    step, floor, most = (WIDTH - 2 * MARGIN) / len(days), HEIGHT - FOOT, max(counts)
    draw.line((MARGIN, floor, WIDTH - MARGIN, floor), fill=LINE)
    for n, (day, count) in enumerate(zip(days, counts, strict=True)):
        middle = MARGIN + (n + 0.5) * step
        half = min(step * 0.34, 22)
        top = floor - (floor - HEAD) * count / most
        if count:
            draw.rectangle((middle - half, top, middle + half, floor - 1), fill=LAST if day == days[-1] else BAR)
            draw.text((middle, top - 2), str(count), fill=INK, font=font, anchor="mb")
        draw.text((middle, floor + 4), f"{day:%m-%d}", fill=INK, font=font, anchor="mt")
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
