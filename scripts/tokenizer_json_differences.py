#!/usr/bin/env python3
"""Counts where a model folder's tokenizer.json gives other ids than `albert tokenize`, by class of text (docs/formats.md).

    tokenizer_json_differences.py FOLDER --albert build/release/bin/albert [--numbers] [--characters] [TEXT ...]

TEXT: a text file, line by line, or JSON lines of strings (.jsonl). Prints one JSON object: for each input the number of texts, and of
those with other ids by class. Class `other` is what nobody has explained: where there is any, the exit code is 1.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

from tokenizers import Tokenizer

SPECIAL = ("[CLS]", "[SEP]", "[MASK]", "<pad>", "<unk>")
SHOWN = 5


def read_texts(path):
    """Lines without line breaks inside, as `albert tokenize` takes them; strings that UTF-8 cannot hold are left out."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if path.suffix == ".jsonl":
        lines = [value for value in map(json.loads, filter(None, lines)) if isinstance(value, str)]
    return [line.replace("\n", " ").replace("\r", " ") for line in lines if not re.search("[\ud800-\udfff]", line)]


class Comparison:
    def __init__(self, albert, folder):
        self.command = [albert, "tokenize", folder]
        self.theirs = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.examples = []

    def different(self, texts):
        """Those with other ids."""
        ours = subprocess.run(self.command, input="\n".join(texts) + "\n", capture_output=True, encoding="utf-8", check=True)
        ids = [[int(i) for i in line.split()] for line in ours.stdout.split("\n")[:-1]]
        assert len(ids) == len(texts), (len(ids), len(texts))
        theirs = self.theirs.encode_batch(texts, add_special_tokens=False)
        return [text for text, a, b in zip(texts, ids, theirs) if a != b.ids]

    def normalized(self, texts):
        """Of each text the one that both sides segment: ours from the pieces, where unknown ones stand as they are."""
        ours = subprocess.run([*self.command, "--pieces"], input="\n".join(texts) + "\n", capture_output=True, encoding="utf-8", check=True)
        theirs = (self.theirs.normalizer.normalize_str(text).replace(" ", "\u2581") for text in texts)
        return [(line.replace(" ", ""), "\u2581" + text if text else "") for line, text in zip(ours.stdout.split("\n"), theirs)]

    def lines(self, texts):
        counts = {"texts": len(texts), "special_tokens": 0, "numbers": 0, "other": 0}
        different = self.different(texts)
        # Numbers with a comma explain a difference if the rest of the text has none.
        without = {text: re.sub(r"\d[\d,]*,\d[\d,]*", "0", text) for text in different}
        still_different = set(self.different(sorted(set(without.values())))) if different else set()
        for text in different:
            is_number = without[text] != text and without[text] not in still_different
            kind = "special_tokens" if any(token in text for token in SPECIAL) else "numbers" if is_number else "other"
            counts[kind] += 1
            if kind == "other":
                self.examples.append(text)
        return counts

    def numbers(self):
        """1,000 to 999,999 with the comma of thousands, alone."""
        texts = [f"{number:,}" for number in range(1000, 1_000_000)]
        return {"texts": len(texts), "numbers": len(self.different(texts))}

    def characters(self):
        """Every character between two letters: is it prepared alike? Whatever the vocabulary has."""
        codes = [code for code in range(0x110000) if code not in (0x0A, 0x0D) and not 0xD800 <= code <= 0xDFFF]
        pairs = self.normalized([f"a{chr(code)}b" for code in codes])
        return {"texts": len(codes), "characters": [f"U+{code:04X}" for code, (a, b) in zip(codes, pairs) if a != b]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="model folder")
    parser.add_argument("--albert", required=True, help="the program")
    parser.add_argument("--numbers", action="store_true", help="also all numbers with a comma of thousands")
    parser.add_argument("--characters", action="store_true", help="also every character of Unicode")
    parser.add_argument("texts", nargs="*", type=pathlib.Path)
    arguments = parser.parse_intermixed_args()
    comparison = Comparison(arguments.albert, arguments.folder)
    result = {path.name: comparison.lines(read_texts(path)) for path in arguments.texts}
    if arguments.numbers:
        result["numbers"] = comparison.numbers()
    if arguments.characters:
        result["characters"] = comparison.characters()
    print(json.dumps(result, indent=1))
    for text in comparison.examples[:SHOWN]:
        print(f"unexplained: {text!r}", file=sys.stderr)
    return 1 if comparison.examples else 0


if __name__ == "__main__":
    sys.exit(main())
