#!/usr/bin/env python3
"""Makes tests/tokenizer/golden: two small vocabularies, adversarial lines, and the ids that the Python reference gives.

    make_golden.py tests/tokenizer/golden

tiny.model    ALBERT's settings, trained by PyPI's sentencepiece on the text below (written for this test)
strip.model   made by hand: no normalisation table, pieces such as "1," without a space in front (the strip branch of the
              digit-comma rule), user-defined symbols that begin with one another, and no character of "[MASK]"
bytes.model   tiny.model's normalisation with byte fallback

offsets_expected.jsonl has the ranges of Hugging Face's `tokenizers` (make_offsets.py) for tiny.model.
"""

import io
import json
import random
import subprocess
import sys
import unicodedata
from pathlib import Path

import sentencepiece
import tokenizers
from sentencepiece import sentencepiece_model_pb2 as model_pb2

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parent.parent / "scripts" / "tokenizer_reference.py"

SUBJECTS = "the baker,a quiet sailor,my neighbour,the old teacher,nobody,one of the gardeners,the youngest child,an engineer".split(",")
VERBS = "painted,remembered,sold,was repairing,didn't like,counted,found,had forgotten,measured,borrowed".split(",")
OBJECTS = "a wooden boat,the half-open window,seven letters,his father's clock,a map of the coast,the bread,an unusual stone,both bridges".split(",")
ENDINGS = (
    "before the rain came.|in the winter of 1987.|for 2,500 coins, not 3,000.|- or so they said.|(twice).|near the harbour, where it was cold.|"
    "at 7.30 in the morning.|and said \"perhaps\".|between 1914 and 1918, 12 times.|without asking anyone.|with great care, slowly.|in 2001, 2004, and 2010."
).split("|")


def training_text():
    source = random.Random(3)
    pick = source.choice
    return [f"{pick(SUBJECTS)} {pick(VERBS)} {pick(OBJECTS)} {pick(ENDINGS)}" for _ in range(1500)]


def train(vocab_size, **options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.Train(
        sentence_iterator=iter(training_text()), model_writer=model, model_type="unigram", vocab_size=vocab_size, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1,
        control_symbols=["[CLS]", "[SEP]", "[MASK]"], user_defined_symbols=["(", ")", '"', "-", ".", "\u2013", "\u00a3", "\u20ac"],
        character_coverage=0.99995, minloglevel=2, **options)
    return model.getvalue()


def strip_model():
    types = model_pb2.ModelProto.SentencePiece
    model = model_pb2.ModelProto()
    pieces = [("<pad>", 0, types.CONTROL), ("<unk>", 0, types.UNKNOWN), ("[CLS]", 0, types.CONTROL), ("[SEP]", 0, types.CONTROL), ("[MASK]", 0, types.CONTROL)]
    pieces += [(symbol, 0, types.USER_DEFINED) for symbol in ("-", "--", "--->", "\u2013", "a b")]
    scored = {"\u2581": -3, ",": -3.5, "1": -5, "2": -5, "3": -5.25, "1,": -2, "23,": -2.5, "\u25811": -4, "\u258123": -4, "\u25817,": -2, "7": -6, "\u2581x3,": -2.5,
              "\u096b,": -3, "\u00b2,": -3, "4\u25815,": -3, "x": -6, "y": -6.5, "a": -6, "b": -6, "ab": -9, "aa": -12, "aaa": -18, "12": -10.5, "\u2581,": -6}
    pieces += [(text, score, types.NORMAL) for text, score in scored.items()]
    pieces += [("yy", -1, types.UNUSED)]
    for text, score, kind in pieces:
        model.pieces.add(piece=text, score=score, type=kind)
    model.trainer_spec.model_type = model_pb2.TrainerSpec.UNIGRAM
    model.trainer_spec.vocab_size = len(pieces)
    for name, value in (("unk_id", 1), ("bos_id", -1), ("eos_id", -1), ("pad_id", 0)):
        setattr(model.trainer_spec, name, value)
    model.normalizer_spec.name = "identity"
    return model.SerializeToString()


def strip_lines():
    source = random.Random(5)
    alphabet = ["1", "2", "3", "7", "4 5", "1,", "23,", "7,", ",", ",", "x", "y", "yy", "a", "b", "ab", "aaaa", "-", "--", "--->", "\u2013", "a b", " ", " ", "\u096b,", "\u00b2,", "\u096b", "Q,", "[MASK]",
                "[CLS]", "<unk>", "<pad>", "\u2581", "\u0661,", "A"]
    fixed = ["1,", "x1,", "11,", "1,1,", "7,", "x7,", "23,23,", "x23,", "\u096b,", "\u00b2,", "Q1,", "[MASK]", "x[MASK]x", "[MASK][CLS]", "<unk>", "4 5,", "x4 5,", "--->--", "a ba b", "\u2581"]
    return fixed + ["".join(source.choices(alphabet, k=source.randint(1, 14))) for _ in range(250)]


def main():
    golden = Path(sys.argv[1])
    golden.mkdir(parents=True, exist_ok=True)
    (golden / "tiny.model").write_bytes(train(120))
    (golden / "strip.model").write_bytes(strip_model())
    (golden / "bytes.model").write_bytes(train(370, byte_fallback=True, normalization_rule_name="identity"))
    subprocess.run([sys.executable, HERE / "make_lines.py", golden / "lines.jsonl", "--seed", "11", "--random", "250"], check=True)
    (golden / "strip_lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in strip_lines()), encoding="ascii")
    runs = [("tiny.model", "lines.jsonl", "tiny_expected.jsonl", []), ("tiny.model", "lines.jsonl", "tiny_cased_expected.jsonl", ["--cased", "--keep-accents"]),
            ("strip.model", "strip_lines.jsonl", "strip_expected.jsonl", ["--cased"]), ("bytes.model", "lines.jsonl", "bytes_expected.jsonl", [])]
    for model, lines, expected, options in runs:
        subprocess.run([sys.executable, REFERENCE, "--model", golden / model, *options, golden / lines, golden / expected], check=True)
    subprocess.run([sys.executable, HERE / "make_offsets.py", "--model", golden / "tiny.model", golden / "offsets_expected.jsonl"], check=True)
    provenance = {"command": "python tests/tokenizer/make_golden.py tests/tokenizer/golden", "python": sys.version.split()[0],
                  "unicodedata": unicodedata.unidata_version, "sentencepiece": sentencepiece.__version__, "tokenizers": tokenizers.__version__,
                  "text": "written for this test (make_golden.py)"}
    (golden / "provenance.json").write_text(json.dumps(provenance, indent=2) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
