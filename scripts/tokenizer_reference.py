#!/usr/bin/env python3
"""Google's ALBERT tokenizer in plain Python: the independent reference that the C++ tokenizer is tested against.

Written from the description of google-research/albert's tokenization.py (preprocess_text, encode_pieces, encode_ids), with
Python's unicodedata and the PyPI package sentencepiece; it shares no code with the C++ tokenizer.

    tokenizer_reference.py --model spiece.model LINES.jsonl OUT.jsonl [--cased] [--keep-accents]

LINES.jsonl: one JSON value a line, a string or {"hex": "..."} for bytes that may not be UTF-8.
OUT.jsonl: for each of them {"normalized": text, "ids": [...]}.
"""

import argparse
import json
import unicodedata

import sentencepiece

SPACE_SYMBOL = "\u2581"


def read_text(value):
    """The text of one input line; invalid bytes become U+FFFD, one for each maximal subpart."""
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"]).decode("utf-8", errors="replace")
    return value


def preprocess(text, lower_case, keep_accents):
    """White space, NFKD, combining marks, case: in this order."""
    text = " ".join(text.split())
    text = unicodedata.normalize("NFKD", text)
    if not keep_accents:
        text = "".join(c for c in text if unicodedata.combining(c) == 0)
    return text.lower() if lower_case else text


def encode_pieces(processor, text):
    """SentencePiece, then the rule for a comma behind a digit."""
    result = []
    for piece in processor.EncodeAsPieces(text):
        if len(piece) < 2 or piece[-1] != "," or not piece[-2].isdigit():
            result.append(piece)
            continue
        parts = processor.EncodeAsPieces(piece[:-1].replace(SPACE_SYMBOL, ""))
        if parts and parts[0].startswith(SPACE_SYMBOL) and not piece.startswith(SPACE_SYMBOL):
            # SentencePiece put a space in front that the piece did not have.
            parts[0] = parts[0][1:]
            if not parts[0]:
                del parts[0]
        result += parts + [","]
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="spiece.model")
    parser.add_argument("--cased", action="store_true", help="keep upper case")
    parser.add_argument("--keep-accents", action="store_true", help="keep combining marks")
    parser.add_argument("lines", help="input, JSON lines")
    parser.add_argument("output", help="output, JSON lines")
    arguments = parser.parse_args()

    processor = sentencepiece.SentencePieceProcessor()
    processor.Load(arguments.model)
    with open(arguments.lines, encoding="ascii") as lines, open(arguments.output, "w", encoding="ascii") as output:
        for line in lines:
            text = preprocess(read_text(json.loads(line)), not arguments.cased, arguments.keep_accents)
            ids = [processor.PieceToId(piece) for piece in encode_pieces(processor, text)]
            output.write(json.dumps({"normalized": text, "ids": ids}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
