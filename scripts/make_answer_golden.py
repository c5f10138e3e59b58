#!/usr/bin/env python3
"""Windows and answers of question answering in plain, slow Python: the independent reference of tests/tasks.

    make_answer_golden.py tests/golden/tasks

Written from the description of google-research/albert's squad_utils.py and HF's utils_qa.py (sliding windows, maximum context,
n-best search, v2 beam). Writes answers.json: invented documents with invented scores, and what a decoder makes of them. Only the
standard library; the same bytes for every run.
"""

import json
import math
import random
import sys
from pathlib import Path

CLS_AND_SEP = 3
WORDS = "the old mill stands by a river caf\u00e9 na\u00efve 1999 , . bridge mill river the".split()


def make_document(source, num_pieces):
    """A text and the bytes of each piece: whole words, halves of words, and bare word marks (empty ranges)."""
    text, ranges = "", []
    while len(ranges) < num_pieces:
        if text:
            text += " " * source.choice([1, 1, 1, 2])
        word = source.choice(WORDS)
        begin = len(text.encode())
        if source.random() < 0.15:
            ranges.append([begin, begin])
        cut = source.randint(1, len(word) - 1) if len(word) > 3 and source.random() < 0.4 else len(word)
        ranges.append([begin, begin + len(word[:cut].encode())])
        if cut < len(word):
            ranges.append([begin + len(word[:cut].encode()), begin + len(word.encode())])
        text += word
    return text, ranges[:num_pieces]


def windows_of(num_pieces, length, advance):
    """(start, length) of each window."""
    result, start = [], 0
    while True:
        size = min(length, num_pieces - start)
        result.append((start, size))
        if start + size >= num_pieces:
            return result
        start += min(size, advance)


def best_window(windows, piece):
    """The number of the window that sees the piece with the most context: every window is asked."""
    best, best_score = None, None
    for number, (start, length) in enumerate(windows):
        end = start + length - 1
        if start <= piece <= end:
            score = min(piece - start, end - piece) + 0.01 * length
            if best_score is None or score > best_score:
                best, best_score = number, score
    return best


def text_of(case, first, last):
    """Stripped slice of the document for pieces first to last."""
    begin, end = case["ranges"][first][0], case["ranges"][last][1]
    return case["text"].encode()[begin:end].decode().strip() if begin < end else ""


def softmax(scores):
    highest = max(scores, default=0)
    values = [math.exp(score - highest) for score in scores]
    return [value / sum(values) for value in values]


def rank(case, spans):
    """spans: (first piece, last piece, start score, end score) in order of discovery."""
    best = []
    for first, last, start, end in sorted(spans, key=lambda span: span[2] + span[3], reverse=True):
        text = text_of(case, first, last)
        if text and text not in [entry["text"] for entry in best]:
            best.append({"text": text, "start": start, "end": end})
    best = best[: case["n_best"]]
    for entry, probability in zip(best, softmax([entry["start"] + entry["end"] for entry in best])):
        entry["probability"] = probability
    return best


def is_allowed(case, number, start, end):
    """Both positions in the document, in order, not too long, and the start in the window that knows it best."""
    first, length = case["windows"][number]
    offset = case["question_pieces"] + 2
    if not (offset <= start < offset + length and offset <= end < offset + length):
        return False
    if end < start or end - start + 1 > case["max_answer_length"]:
        return False
    return case["max_context"] == "ignored" or best_window(case["windows"], first + start - offset) == number


def to_piece(case, number, position):
    return case["windows"][number][0] + position - case["question_pieces"] - 2


def decode_linear(case):
    spans, null_scores = [], []
    for number, scores in enumerate(case["linear"]):
        null_scores.append(scores["start"][0] + scores["end"][0])
        order = {key: sorted(range(len(scores[key])), key=lambda i: -scores[key][i])[: case["n_best"]] for key in scores}
        for start in order["start"]:
            for end in order["end"]:
                if is_allowed(case, number, start, end):
                    spans.append((to_piece(case, number, start), to_piece(case, number, end), scores["start"][start], scores["end"][end]))
    best = rank(case, spans)
    score = best[0]["start"] + best[0]["end"] if best else 0
    return {"n_best": best, "no_answer_score": min(null_scores) - score}


def decode_beam(case):
    spans = []
    for number, beam in enumerate(case["beam"]):
        for i, start in enumerate(beam["start_positions"]):
            ends = len(beam["end_positions"]) // len(beam["start_positions"])
            for j in range(i * ends, (i + 1) * ends):
                end = beam["end_positions"][j]
                if is_allowed(case, number, start, end):
                    spans.append((to_piece(case, number, start), to_piece(case, number, end), beam["start_scores"][i], beam["end_scores"][j]))
    return {"n_best": rank(case, spans), "no_answer_score": min(beam["no_answer"] for beam in case["beam"])}


def draw_score(source):
    return source.randint(-40, 40) / 8  # eighths: exact in binary, and often equal


def make_case(source, number):
    pieces, advance = [0, 9, 30, 55, 55, 1, 30, 40][number % 8], source.choice([3, 8, 100])
    question, max_length = source.randint(1, 4), source.choice([16, 20, 32])
    case = {"question_pieces": question, "max_length": max_length, "stride": advance, "n_best": source.choice([2, 5, 20, 20])}
    case["max_answer_length"] = source.choice([2, 6, 30])
    case["max_context"] = source.choice(["required", "required", "ignored"])
    case["text"], case["ranges"] = make_document(source, pieces)
    case["windows"] = windows_of(pieces, max_length - question - CLS_AND_SEP, advance)
    case["best_window"] = [best_window(case["windows"], piece) for piece in range(pieces)]
    case["linear"], case["beam"] = [], []
    for _, length in case["windows"]:
        size = length + question + CLS_AND_SEP
        case["linear"].append({key: [draw_score(source) for _ in range(size)] for key in ("start", "end")})
        starts = source.sample(range(size), min(5, size))
        ends = [min(max(start + source.randint(-2, 9), 0), size - 1) for start in starts for _ in range(5)]
        case["beam"].append(
            {
                "start_positions": starts,
                "start_scores": sorted((-source.randint(0, 64) / 8 for _ in starts), reverse=True),
                "end_positions": ends,
                "end_scores": [-source.randint(0, 64) / 8 for _ in ends],
                "no_answer": draw_score(source),
            }
        )
    case["expected_linear"], case["expected_beam"] = decode_linear(case), decode_beam(case)
    return case


def main():
    source = random.Random(4)
    cases = [make_case(source, number) for number in range(16)]
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (folder / "answers.json").write_text(f'{{"command":"python scripts/make_answer_golden.py tests/golden/tasks","cases":[\n{text}\n]}}\n', encoding="ascii")


if __name__ == "__main__":
    main()
