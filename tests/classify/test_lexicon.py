"""The word lists are checked when they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import ConfigError
from configs.lexicon import load_lexicon

SIGNS = "adverts: {threshold: 3, signs: [{key: a, rule: 甲, weight: 2, words: [甲乙]}]}\n"


def test_the_shipped_lists_are_good() -> None:
    lexicon = load_lexicon()
    words = [word for sign in lexicon.adverts.signs for word in sign.words]
    assert len(words) == len(set(words)), "a word in two signs would count for one of them only"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (SIGNS + "stopwords: [的]\n", "stopwords"),
        (SIGNS.replace("weight: 2", "weight: 重"), "weight"),
        (SIGNS.replace("words: [甲乙]", "words: [甲]"), "words"),
        (SIGNS.replace("threshold: 3", "threshold: 0"), "threshold"),
        ("adverts: [", "YAML"),
    ],
)
def test_a_bad_list_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "lexicon.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=named) as error:
        load_lexicon(file)
    assert str(file) in str(error.value)


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="检查文件是否存在"):
        load_lexicon(tmp_path / "none.yaml")
