"""What grouping learns from: labelled posts, those of staff's merges and splits among them."""

from __future__ import annotations

from pathlib import Path

from alerts.grouping_match import load_network
from alerts.grouping_train import fit, gather, save
from tests.alerts.telling import ESTATE, QUESTIONS, SCHOOLS, tell

MORE = [
    tell(f"m{n}", f"{name}小区{what}", f"{name}小区{what}，住户反映多次没有人管，希望尽快处理。", day=n)
    for n, (name, what) in enumerate((name, what) for name in ("云锦", "柳湖", "兰亭") for what in ("停水", "停电"))
]


def test_pairs_are_those_that_the_network_sees(tmp_path: Path) -> None:
    posts = [*ESTATE, *SCHOOLS, *QUESTIONS, *MORE]
    events = {one.post.id: "estate" if one in ESTATE else one.post.id for one in posts}
    pairs = gather(posts, events)
    assert pairs.rows.shape[1] == load_network().hidden.shape[0]
    assert 0 < pairs.same.sum() < len(pairs.same)
    save(fit(pairs), tmp_path / "weights.json")
    assert (tmp_path / "weights.json").stat().st_size > 1000
