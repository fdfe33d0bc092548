"""Chinese search queries and what they must find: one table for every archive. All texts are invented."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    why: str
    query: str
    finds: str  # the names of the texts below, one letter each


TEXTS = {
    "a": ("工地拖欠农民工工资", "清河苑三期工地拖欠我们四十七名农民工工资，共计86.5万元，望解决。"),
    "b": ("工资", "单位不发工，也不发资料。欠缴社保，拖了很久。"),
    "c": ("楼下KTV扰民", "星光ＫＴＶ每晚唱到2点，噪声很大，打12345热线也没用。A座居民都睡不好！"),
    "d": ("3号线什么时候通车", "请问地铁3号线5G信号何时开通？联系 service@town.example 或 www.town.example"),
    "e": ("Water supply", "Tap water is brown in Building A-12 since Monday. 自来水发黄。"),
    "f": ("符号", '他说"不行"：100%的人反对 (真的) * OR NOT NEAR title: a_b C++ 𠮷野家'),
    "g": ("哈哈", "哈哈哈，路灯终于亮了，谢谢！"),
    "h": ("", "123456789"),
}

QUERIES = [
    Row("an empty query does not filter", "", "abcdefgh"),
    Row("blanks alone do not filter", " \u3000\t\n", "abcdefgh"),
    Row("a two-character word", "工资", "ab"),
    Row("two characters that only stand near each other are no word", "欠工", ""),
    Row("a single character", "线", "cd"),
    Row("a single character at the end of a text", "料", "b"),
    Row("a single character that ends a field", "车", "d"),
    Row("a four-character word", "农民工工", "a"),
    Row("a long word must occur whole", "拖欠工资", ""),
    Row("words in any order", "工资 拖欠", "a"),
    Row("words parted by a full-width blank", "拖欠\u3000工资", "a"),
    Row("every word must occur", "工资 噪声", ""),
    Row("one word in the title, one in the text", "扰民 热线", "c"),
    Row("a word never runs from the title into the text", "工资清河", ""),
    Row("a word given twice is one word", "工资 工资", "ab"),
    Row("a phrase in quotes", '"农民工工资"', "a"),
    Row("a phrase in Chinese quotes", "“噪声很大”", "c"),
    Row("a phrase in corner brackets", "「路灯终于亮了」", "g"),
    Row("a phrase with a blank in it", '"tap water"', "e"),
    Row("a phrase keeps the order", '"water tap"', ""),
    Row("a phrase and a word", '"农民工" 86', "a"),
    Row("a quote that is never closed", '"工资 拖欠', "a"),
    Row("quotes around nothing", '"" 工资', "ab"),
    Row("Latin letters in any case", "ktv", "c"),
    Row("Latin letters in full width", "ｋｔｖ", "c"),
    Row("Latin and Chinese together", "KTV每晚", "c"),
    Row("Chinese and Latin together", "楼下ktv", "c"),
    Row("a part of a Latin word is no word", "kt", ""),
    Row("digits", "12345", "c"),
    Row("digits within longer digits are no word", "123456", ""),
    Row("digits and Chinese", "3号线", "d"),
    Row("digits in full width", "３号线", "d"),
    Row("letters and digits in one", "5g", "d"),
    Row("a decimal number", "86.5万元", "a"),
    Row("an address of the web", "www.town.example", "d"),
    Row("an e-mail address", "service@town.example", "d"),
    Row("a hyphen", "A-12", "e"),
    Row("a letter before Chinese", "A座", "c"),
    Row("punctuation within a word does not matter", "睡不好！", "c"),
    Row("punctuation between words is no word", "工资 ， 拖欠", "a"),
    Row("punctuation alone finds nothing", "？！…", ""),
    Row("a repeated character", "哈哈哈", "g"),
    Row("a rare character beyond the first plane", "𠮷野", "f"),
    Row("FTS syntax: a star", "工*", "ab"),
    Row("FTS syntax: a column", "title:工资", ""),
    Row("FTS syntax: NOT is a word", "NOT", "f"),
    Row("FTS syntax: OR is a word", "工资 OR 噪声", ""),
    Row("FTS syntax: NEAR and brackets", "NEAR(工资 拖欠)", ""),
    Row("FTS syntax: a caret, plus and minus", "^工资 +拖欠 -农民工", "a"),
    Row("FTS syntax: brackets and braces", "(工资) {拖欠} [农民工]", "a"),
    Row("a percent sign and an underscore are no wildcards", "1%0 _", ""),
    Row("a percent sign after digits", "100%", "f"),
    Row("an apostrophe and a semicolon", "工资'; DROP TABLE post; --", ""),
    Row("a backslash and a zero byte", "\\ \x00 工资", "ab"),
    Row("half a surrogate pair", "\ud800 工资", "ab"),
    Row("a very long word that does not occur", "水" * 10_000, ""),
    Row("a very long list of one word", "工资 " * 3_000, "ab"),
    Row("very many quotes", '"' * 10_000, ""),
    Row("very many different words", " ".join(chr(0x4E00 + n) for n in range(5_000)), ""),
    Row("ten thousand stars", "*" * 10_000, ""),
]
