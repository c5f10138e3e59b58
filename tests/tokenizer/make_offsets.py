#!/usr/bin/env python3
"""Ranges of pieces as Hugging Face's `tokenizers` finds them: the independent reference of Tokenizer::encode_with_offsets.

    make_offsets.py --model tests/tokenizer/golden/tiny.model LINES.jsonl EXPECTED.jsonl OUT.jsonl

LINES.jsonl and EXPECTED.jsonl are the files of scripts/tokenizer_reference.py. For each line where the fast tokenizer's ids equal the
expected ones OUT.jsonl has {"line": number from 0, "ranges": [[begin byte, end byte], ...]}; a range is without the white space around
it, combining marks behind a character belong to it, and a piece of a word mark alone has null (there the fast tokenizer gives the first character of the word).
"""

import argparse
import json
import unicodedata

from sentencepiece import SentencePieceProcessor, sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

SPACE_SYMBOL = "\u2581"


def load(path):
    """ALBERT's fast tokenizer of the hub era (albert_facts 4.2): no user-defined symbol is an added token."""
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
    return tokenizer


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
    parser.add_argument("lines", help="JSON lines")
    parser.add_argument("expected", help="JSON lines of scripts/tokenizer_reference.py")
    parser.add_argument("output", help="JSON lines")
    arguments = parser.parse_args()

    tokenizer = load(arguments.model)
    with (
        open(arguments.lines, encoding="ascii") as lines,
        open(arguments.expected, encoding="ascii") as expected,
        open(arguments.output, "w", encoding="ascii") as output,
    ):
        for number, (line, reference) in enumerate(zip(lines, expected, strict=True)):
            text = json.loads(line)
            if not isinstance(text, str):
                continue
            encoding = tokenizer.encode(text, add_special_tokens=False)
            if encoding.ids != json.loads(reference)["ids"] or not encoding.ids:
                continue
            ranges = [byte_range(text, *span) if piece != SPACE_SYMBOL else None for piece, span in zip(encoding.tokens, encoding.offsets)]
            output.write(json.dumps({"line": number, "ranges": ranges}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
