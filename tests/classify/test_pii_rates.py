"""How many planted numbers are masked and how many others are harmed, over large samples that are always the same."""

from __future__ import annotations

from random import Random

import pytest

from classify.pii import Span, mask, spans
from tests.classify.planting import PLANTED, Planted, introduced, kept

MASKED, HARMED = 0.995, 0.001


def bare(planted: Planted, found: list[Span]) -> str:
    """The letters and digits of the secret that stand outside every span."""
    first = len(planted.before)
    covered = {place for span in found for place in range(span.start, span.end)}
    left = (char for place, char in enumerate(planted.secret, first) if place not in covered)
    return "".join(char for char in left if char.isalnum())


@pytest.mark.parametrize("maker", PLANTED, ids=lambda maker: maker.__name__)
def test_of_each_kind_nearly_all_planted_numbers_are_masked(maker: object) -> None:
    draw = Random(1)
    planted = [maker(draw) for _ in range(1500)]  # type: ignore[operator]
    missed = [one.text for one in planted if bare(one, spans(one.text))]
    assert len(missed) <= (1 - MASKED) * len(planted), (len(missed), missed[:20])


def test_other_numbers_are_kept() -> None:
    draw = Random(2)
    texts = [kept(draw) for _ in range(10_000)]
    harmed = [text for text in texts if mask(text) != text]
    assert len(harmed) <= HARMED * len(texts), (len(harmed), harmed[:20])


def test_what_stands_beside_a_planted_number_is_kept() -> None:
    """A number of each sort in one text: the personal one goes, the other one stays."""
    draw = Random(3)
    harmed, missed, size = [], [], 3000
    for _ in range(size):
        planted, other = draw.choice(PLANTED)(draw), kept(draw)
        text = f"{other}\n{planted.text}\n{other}"
        masked = mask(text)
        if masked.count(other) != 2 and "室" not in other:
            harmed.append(text)
        if bare(planted, [Span(s.start - len(other) - 1, s.end - len(other) - 1, s.kind) for s in spans(text)]):
            missed.append(text)
    assert len(harmed) <= HARMED * size, (len(harmed), harmed[:10])
    assert len(missed) <= (1 - MASKED) * size, (len(missed), missed[:10])


def test_names_and_doors_given_with_a_number_go_and_the_estate_stays() -> None:
    draw = Random(4)
    given = [introduced(draw) for _ in range(2000)]
    told = [(one, mask(one.text)) for one in given]
    left = [one.text for one, masked in told if any(word in masked for word in one.gone)]
    lost = [one.text for one, masked in told if one.stays not in masked]
    assert len(left) <= (1 - MASKED) * len(given), (len(left), left[:20])
    assert len(lost) <= HARMED * len(given), (len(lost), lost[:20])
