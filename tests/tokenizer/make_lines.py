#!/usr/bin/env python3
"""Writes lines that are hard for a tokenizer, as JSON lines in ASCII (input of scripts/tokenizer_reference.py).

    make_lines.py OUT.jsonl --seed 1 --random 300 [--long-words] [--code-points] [--text FILE --text-lines 1500]...

Only code points that Unicode 14 assigns: this Python's unicodedata must be of Unicode 14 (Python 3.11).
"""

import argparse
import json
import random
import sys
import unicodedata

WHITE_SPACE = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
MARKS = [chr(c) for c in range(0x300, 0x370)] + ["\u0591", "\u05bf", "\u064b", "\u0655", "\u093c", "\u094d", "\u20d0", "\u3099", "\ufe20"]
ALPHABETS = {
    "latin": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "accents": "\u00e0\u00e9\u00ee\u00f5\u00fc\u00c5\u00d8\u0130\u0131\u017f\u1e9e\u00df\u0149\u01c5\u01c6\u0345\u1fb3\ufb01\ufb03",
    "greek": "\u0391\u0392\u03a3\u03a3\u03a3\u03c3\u03c2\u03b1\u03a9\u1f88\u1fbc\u0345",
    "cyrillic": "\u0410\u0411\u0412\u0419\u0439\u0401\u0451\u0436\u0429",
    "hebrew": "\u05d0\u05d1\u05b7\u05bc\u05e9\u05c1\u200f\u200e",
    "arabic": "\u0627\u0644\u0639\u0631\u0628\u064a\u0629\u0660\u0661\u0669\ufdfa\ufefb\u0640\u202b\u202c",
    "devanagari": "\u0915\u093f\u0924\u093e\u092c\u094d\u0930\u0966\u096f\u0903",
    "cjk": "\u4e2d\u6587\u3042\u30ab\u3099\u30ac\uff76\uff9e\uac00\u1100\u1161\u11a8\u2f00\uf900\U00020000\U0002f800",
    "full_width": "\uff21\uff22\uff41\uff42\uff10\uff11\uff0c\uff0e\uff08\uff09\u3000\uffe1",
    "digits": "0123456789,.,\u00b2\u00bd\u2460\u0663\u096b\u0be7\U0001d7ce\U0001d7ff\u3007\u4e00",
    "punctuation": "()\"-.\u2013\u2014\u00a3\u20ac``''\u2018\u2019\u201c\u201d\u2026[]<>&#$%@!?;:/\\|~^_`=+*{}",
    "emoji": "\U0001f600\U0001f44d\U0001f3fd\u200d\u2764\ufe0f\U0001f1e9\U0001f1ea\U0001f468\U0001f469\U0001f467\U0001f9d1",
    "control": "".join(map(chr, range(0x20))) + "\x7f\x80\x85\x9f\u200b\u2060\ufeff\ufffd\ufffc\U000e0001\U000e0020",
    "symbols": "\u2581\u2047\u00a8\u00af\u00b4\u2122\u2126\u212a\u212b\u2160\u24b6\u00b5\u01c4\u1d2c\u02b0\u00aa\u2002\ufb00\u0340\u0344\u0958",
}
FIXED = [
    "", " ", "\t\n", "\u3000\u2003", "In 2001, he said: \"9,000 (nine) - 3.0% of it\".", "1,", "1,2", "10,", "2010, 2011,2012,", "9,000,000,",
    "a1,b 12, 3,4,5,", ",", ",,", "1 ,", "\u0661\u0662,", "\u096b,", "\u00b2,", "x\u00b2, y\u00bd,", "\u2460,", "\U0001d7d9,", "\uff11\uff0c",
    "\u039f\u0394\u039f\u03a3", "\u039f\u0394\u039f\u03a3 \u03a3", "\u03a3", "\u03a3\u03a3", "A\u03a3", "A\u03a3'", "A\u03a3'b", "A\u03a3\u0301", "A\u03a3\u0301b", "A.\u03a3.",
    "\u0391\u03a3\u00ad\u0391", "1\u03a3", "A\u03a3\u200d", "\u02b0\u03a3", "A\u02b0\u03a3\u02b0", "\u0130stanbul I\u0307 \u0131", "\u1e9e\u00df", "\u01c5 \u01c4", "e\u0301 \u00e9 e\u0327\u0301 e\u0301\u0327",
    "\u1100\u1161\u11a8 \uac01", "\u212a \u212b \u2126", "\ufdfa", "\u0344 \u0958", "a\u00a0b\u00a0", "a\u0085b\x1cc", "a\x00b", "\x00", "a\u200bb\ufeffc", "``a'' ''b``",
    "[CLS] a [SEP] [MASK] <pad> <unk>", "[MASK]", "x[MASK]y", "<s> </s> <0x41>", "\u2581a \u2581\u2581b", "\u2581", "a  b   c", "\u2047", "\ufffd\ufffd",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea", "\u05e9\u05dc\u05d5\u05dd abc \u202e123, \u202c", "don't can't won't o'clock", "half-life 3.0 a.b U.S.A.",
    "\u00a3100 \u20ac200, \u2013 \u2014", "It\u2019s \u201cquoted\u201d\u2026", "\u00a8 \u00b4a \u2017", "a\u0300\u0315\u0316\u0301b", "\u0f71\u0f72\u0f74\u0f80", "\U0001d15e \U0001d1bb",
]
INVALID = [
    "ff", "c3", "c328", "e28281"[:4], "e2", "e282", "f09f98", "f09f9800", "c0af", "e080af", "f08080af", "eda080", "edbfbf", "edb080eda080", "f4908080", "f8888080",
    "80", "bf61", "61c3", "6180618180", "fefe61ff", "e2e282ac", "f0f09f9880", "c3a9c3", "20ff20", "00ff00",
]


def random_line(source):
    """Words of mixed alphabets with marks, digits and commas, and odd white space between them."""
    line = []
    for _ in range(source.randint(1, 14)):
        alphabets = source.choices(list(ALPHABETS), k=source.choice([1, 1, 1, 2, 3]))
        word = [source.choice(ALPHABETS[source.choice(alphabets)]) for _ in range(source.randint(1, 12))]
        if source.random() < 0.2:
            word.insert(source.randrange(len(word) + 1), "".join(source.choices(MARKS, k=source.randint(1, 5))))
        if source.random() < 0.2:
            word += [str(source.randint(0, 2100)), source.choice([",", ",,", ".", ""])]
        line.append("".join(word))
        line.append(source.choice(WHITE_SPACE) * source.choice([1, 1, 1, 2]) if source.random() < 0.4 else " ")
    return "".join(line)


def long_words(source):
    """Words of 64 kB: one letter, letters, digits, marks, unknown characters, final sigmas, user-defined symbols, bytes that are not text."""
    size = 65536
    yield "a" * size
    yield "".join(source.choices(ALPHABETS["latin"], k=size))
    yield "1," * (size // 2)
    yield "e" + "".join(source.choices(MARKS, k=size // 2))
    yield "\u0316\u0301" * (size // 4)
    yield "\U0001f600" * (size // 4)
    yield "\u4e2d" * (size // 3)
    yield "A" + "\u03a3" * (size // 2)
    yield "\u03a3" + "'" * size + "\u03a3" + "." * size
    yield "-" * size
    yield " ".join(["the quick, brown fox 1999,"] * (size // 27))
    yield {"hex": "ff" * size}
    yield {"hex": "e282" * (size // 2)}


def code_points(per_line=160):
    """Every assigned code point once: alone, inside a word, and behind a sigma."""
    line = []
    for c in range(0x110000):
        if unicodedata.category(chr(c)) in ("Cn", "Cs") or 0xF0010 <= c < 0x10FFF0 or 0xE010 <= c < 0xF8F0:
            continue
        line.append(f"{chr(c)} Ab{chr(c)}d \u0391\u03a3{chr(c)}")
        if len(line) == per_line:
            yield " ".join(line)
            line = []
    yield " ".join(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--random", type=int, default=300, help="number of random lines")
    parser.add_argument("--long-words", action="store_true")
    parser.add_argument("--code-points", action="store_true")
    parser.add_argument("--text", action="append", default=[], help="a text file; its lines are taken evenly spread")
    parser.add_argument("--text-lines", type=int, default=1500, help="lines of each text file")
    arguments = parser.parse_args()
    if unicodedata.unidata_version != "14.0.0":
        sys.exit(f"make_lines.py: needs Python with Unicode 14 (3.11), got {unicodedata.unidata_version}")

    source = random.Random(arguments.seed)
    lines = list(FIXED) + [{"hex": value} for value in INVALID] + [random_line(source) for _ in range(arguments.random)]
    if arguments.long_words:
        lines += long_words(source)
    if arguments.code_points:
        lines += code_points()
    for path in arguments.text:
        with open(path, encoding="utf-8") as text:
            real = [line for line in text if line.strip()]
        lines += real[:: max(1, len(real) // arguments.text_lines)][: arguments.text_lines]
    with open(arguments.output, "w", encoding="ascii") as output:
        for line in lines:
            output.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
