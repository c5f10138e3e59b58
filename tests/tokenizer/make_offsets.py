#!/usr/bin/env python3
"""Ranges of pieces as Hugging Face's `tokenizers` finds them: the independent reference of Tokenizer::encode_with_offsets.

    make_offsets.py --model tests/tokenizer/golden/tiny.model OUT.jsonl [--text FILE]...

Ordinary sentences with capitals, accents (composed or not) and odd spacing, and the lines of make_lines.py without control and
format characters, where the fast tokenizer's ranges are of little use. Only lines in which its ids equal Google's.
OUT.jsonl: {"text": ..., "ranges": [[begin byte, end byte], ...]}; a range is without the white space around it, and combining marks
behind a character belong to it. A piece of a word mark alone has null: the fast tokenizer gives it the character behind it.
"""

import argparse
import json
import random
import sys
import unicodedata
from pathlib import Path

from sentencepiece import SentencePieceProcessor, sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "scripts")]
from make_golden import training_text  # noqa: E402
from make_lines import FIXED  # noqa: E402
from tokenizer_reference import encode_pieces, preprocess  # noqa: E402

SPACE_SYMBOL = "\u2581"


def is_plain(line):
    """Without control and format characters, U+2581, and the one character that is four words."""
    return line == line.strip() and all(unicodedata.category(c) not in ("Cc", "Cf") and c not in "\u2581\ufdfa" for c in line)


def lines_of(paths):
    """1,000 lines of each file, evenly spread."""
    for path in paths:
        with open(path, encoding="utf-8") as text:
            real = [line.strip() for line in text if is_plain(line.strip())]
        yield from real[:: max(1, len(real) // 1000)]


def written_lines():
    """Sentences that do not look alike, then the adversarial lines that are left."""
    source = random.Random(6)
    accents = str.maketrans({letter: letter + mark for letter, mark in zip("aeiou", "\u0301\u0300\u0302\u0303\u0308")})
    for sentence in training_text()[:80]:
        words = sentence.split()
        for i, word in enumerate(words):
            words[i] = source.choice([word, word, word.upper(), word.capitalize(), word.translate(accents)])
            if source.random() < 0.3:
                words[i] = unicodedata.normalize("NFC", words[i])
        yield "".join(word + source.choice([" ", " ", " ", "  "]) for word in words).strip()
    yield from filter(is_plain, FIXED)


def load(path):
    """The SentencePiece processor, and ALBERT's fast tokenizer of the hub era (albert_facts 4.2): no user-defined symbol is an added token."""
    proto = sentencepiece_model_pb2.ModelProto()
    with open(path, "rb") as file:
        proto.ParseFromString(file.read())
    processor = SentencePieceProcessor(model_file=path)
    vocabulary = [(piece.piece, piece.score) for piece in proto.pieces]
    # SentencePiece prefers a user-defined symbol to everything; a plain unigram model does so by a high score.
    vocabulary = [(text, 0.1 * (len(text.encode()) - 1) if proto.pieces[i].type == 4 else score) for i, (text, score) in enumerate(vocabulary)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=processor.unk_id()))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
            normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE_SYMBOL, prepend_scheme="always")
    return processor, tokenizer


def byte_range(text, begin, end):
    """The visible part of [begin, end) and the marks behind it, in bytes; None if nothing of it is visible."""
    while begin < end and text[begin].isspace():
        begin += 1
    while begin < end and text[end - 1].isspace():
        end -= 1
    if begin == end:
        return None
    while end < len(text) and unicodedata.combining(text[end]) != 0:
        end += 1
    return [len(text[:begin].encode()), len(text[:end].encode())]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="spiece.model")
    parser.add_argument("--text", action="append", default=[], help="a text file whose lines are taken instead of the written ones")
    parser.add_argument("output", help="JSON lines")
    arguments = parser.parse_args()

    processor, tokenizer = load(arguments.model)
    with open(arguments.output, "w", encoding="ascii") as output:
        for text in lines_of(arguments.text) if arguments.text else written_lines():
            encoding = tokenizer.encode(text, add_special_tokens=False)
            ids = [processor.PieceToId(piece) for piece in encode_pieces(processor, preprocess(text, lower_case=True, keep_accents=False))]
            if not ids or encoding.ids != ids:
                continue
            ranges = [byte_range(text, *span) if piece != SPACE_SYMBOL else None for piece, span in zip(encoding.tokens, encoding.offsets)]
            output.write(json.dumps({"text": text, "ranges": ranges}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
