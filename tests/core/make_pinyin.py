"""Writes ``app/core/pinyin.txt``: ``python -m tests.core.make_pinyin``.

A line is a spelling without tones, a blank, and the characters read so; a character's lines stand in the order of use: the
first holds the usual reading. Rare readings are left out, those of well-known place and family names are put in.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

TARGET = Path(__file__).parent.parent.parent / "app" / "core" / "pinyin.txt"
FIRST, LAST = 0x4E00, 0x9FFF
# A reading is kept when the phrases use it so often beside the character's others.
SHARE, TIMES = 0.03, 2
NAMES = (
    "重chong 长chang 厦xia 行hang 乐yue 乐lao 朝chao 都du 单shan 曾zeng 解xie 查zha 仇qiu 朴piao 盖ge 覃qin"
    " 冼xian 六lu 蚌beng 埠bu 亳bo 莞guan 台tai 尉yu 洞tong 铅yan 亭ting 大dai 堡pu 会kuai 句ju 泊po 泌bi"
    " 枞zong 歙she 黟yi 砀dang 涡guo 柘zhe 儋dan 番pan 荥xing 浚xun 监jian 牟mu 任ren 华hua 员yun 翟zhai"
    " 尹yin 缪miao 逄pang 隗wei 郗xi 乜nie 么yao 车che 石shi 射she 陂po 阿e 并bing 侯hou 柏bai 柏bo 系xi"
    " 虹hong 什shi 沈shen 涌chong 圳zhen 濮pu 郫pi 筠jun 犍qian 荣rong 藏zang 吐tu 鲁lu 巴ba 喀ka 拉la 呼hu"
    " 哈ha 佳jia"
)


def plain(spelling: str) -> str:
    """``spelling`` without its tone; ü is v, as people type it."""
    unmarked = unicodedata.normalize("NFD", spelling.replace("ü", "v")).replace("u\u0308", "v")
    return re.sub(r"[^a-z]", "", unmarked)


def readings() -> dict[str, list[str]]:
    """The spellings of each character, the usual one first."""
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for phrase, spelled in PHRASES_DICT.items():
        for character, (spelling, *_others) in zip(phrase, spelled, strict=False):
            used[character][plain(spelling)] += 1
    found = {}
    for code, listed in PINYIN_DICT.items():
        character = chr(code)
        if FIRST <= code <= LAST:
            known = list(dict.fromkeys(plain(spelling) for spelling in listed.split(",") if plain(spelling)))
            counts = used[character]
            needed = max(TIMES, SHARE * sum(counts.values()))
            ordered = sorted(known, key=lambda spelling: (-counts[spelling], known.index(spelling)))
            found[character] = ordered[:1] + [spelling for spelling in ordered[1:] if counts[spelling] >= needed]
    for name in NAMES.split():
        if name[1:] not in found[name[0]]:
            found[name[0]].append(name[1:])
    return found


def main() -> None:
    """Write the table."""
    lines: dict[tuple[int, str], str] = defaultdict(str)
    for character, spelled in sorted(readings().items()):
        for place, spelling in enumerate(spelled):
            lines[place, spelling] += character
    text = "".join(f"{spelling} {characters}\n" for (_place, spelling), characters in sorted(lines.items()) if spelling)
    TARGET.write_text(text, encoding="utf8")


if __name__ == "__main__":
    main()
