"""Phonemes instead of pieces: from a file of symbols to a model folder that other tools read, and back."""
import json
import os
import random
import subprocess
import unittest

from harness import SOURCE, ProgramTest

PYTHON = os.environ.get("ALBERT_TEST_PYTHON")
SAMPLE = SOURCE / "data/phonemes"
SYMBOLS = f'tokenizer: {{type: symbols, vocabulary: {SAMPLE / "symbols.txt"}, punctuation: [",", ".", "?"]}}'
# What the two tokenizers must cut alike: listed and unknown symbols, marks, ties, separators, nothing.
PARTS = ["h", "ə", "oʊ", "o", "ʊ", "tʃ", "t", "ʃ", ",", ".", "ˈ", "t\u0361ʃ", "t\u0361s", "a\u0303", "\u00e3", "ɛ\u0303", "l\u0329", "\u0303", "\u0361", "\u035c",
         "\u00e7", "c\u0327", "q", "中", " ", "  ", "\t", "\u00a0", "\u3000", "|", "-", "\u2581", "\\", "^", "[", "]", "&", "\U0001f600", "\u200d", "\r", "\u0327\u0303"]


def tiny_phonemes(test, name="run", tokenizer=SYMBOLS, text=SAMPLE / "english.txt", **changes):
    path = test.tiny(name, text=text, **changes)
    changed = path.read_text().replace("tokenizer: {vocab_size: 400, sample_bytes: 1 MiB}", tokenizer)
    path.write_text(changed.replace("format: paragraphs", "format: sentences").replace("validation_fraction: 0.1", "validation_fraction: 0.3"))
    return path


class SymbolsTest(ProgramTest):
    def lines_of(self, command, text, **options):
        path = self.folder / "lines.txt"
        path.write_text(text)
        with path.open() as stdin:
            return self.run_program(*command, program="albert", stdin=stdin, **options).stdout.split("\n")[:-1]

    def test_a_run_ends_with_a_folder_that_every_tool_reads(self):
        self.run_program(tiny_phonemes(self))
        final = self.folder / "run/final"
        self.assertEqual((final / "symbols.txt").read_bytes(), (SAMPLE / "symbols.txt").read_bytes())
        self.assertEqual(json.loads((final / "config.json").read_text())["vocab_size"], 6 + len((SAMPLE / "symbols.txt").read_text().split()))
        self.assertTrue((self.folder / "run/checkpoints/step-00000012/symbols.txt").exists())
        training = [line for line in self.metrics(self.folder / "run") if line["split"] == "train"]
        self.assertLess(training[-1]["mlm_loss"], training[0]["mlm_loss"])
        self.assertEqual(self.lines_of(["tokenize", final, "--pieces"], "ðə tʃˈaɪld.\n\n"), ["▁ ð ə ▁ tʃ ˈ aɪ l d .", ""])
        (masked,) = self.lines_of(["predict", final, "--fill-mask", "--top-k", "3"], "ðə [MASK]ˈɪnd ɪz\n")
        self.assertEqual([len(mask) for mask in json.loads(masked)["masks"]], [3])
        facts = json.loads(self.run_program("inspect", final, "--json", program="albert").stdout)["tokenizer"]
        self.assertEqual((facts["type"], facts["word_separator"], facts["symbol_separator"], facts["belongs_to_model"]), ("symbols", " ", None, True))
        out = self.folder / "out.safetensors"
        self.lines_of(["predict", final, "--tensors", out], "ðə wˈɪnd\n")
        self.assertTrue(out.exists())
        self.lines_of(["predict", final, "--embeddings", "mean"], "ðə wˈɪnd\n")

    def test_a_stopped_run_repeats_the_unbroken_one(self):
        constant = ("--set", "schedule={name: constant, warmup: 0 steps}")
        self.run_program(tiny_phonemes(self, "whole"), *constant)
        config = tiny_phonemes(self, "parts")
        self.run_program(config, *constant, "--set", "training.duration=8 steps")
        self.run_program(config, *constant)
        whole, parts = ([line for line in self.repeatable_metrics(self.folder / name) if line["split"] == "train"] for name in ("whole", "parts"))
        self.assertEqual(whole, parts)
        changed = self.run_program(config, *constant, "--set", "tokenizer.punctuation=[]", expect=2)
        self.assertIn("tokenizer.punctuation: was", changed.stderr)

    def test_the_vocabulary_is_made_of_the_text(self):
        text = self.folder / "t.txt"
        text.write_text("bã t͡ʃa\nab ba\n\nba\u0303 ab\nab x\n")
        config = tiny_phonemes(self, tokenizer="tokenizer: {type: symbols, min_count: 2, max_unknown: 0.5, punctuation: ['!']}", text=text)
        dry = self.run_program(config, "--dry-run").stdout
        self.assertIn("vocabulary 10", dry)
        self.assertIn("symbols: 15 in 8 words, 1.9 a word; 2 (13.33 %) are not in the vocabulary", dry)
        self.assertIn("  U+0078 1 time, first at t.txt:5", dry)
        self.assertFalse((self.folder / "run").exists())
        prepared = self.run_program(config, "--prepare-only")
        self.assertEqual((self.folder / "run/tokenizer/symbols.txt").read_text(), "!\na\nã\nb\n")
        self.assertIn("text: 2 symbols (13.33 %) are not in the vocabulary; --dry-run lists them with their places", prepared.stderr)
        self.assertNotIn("t.txt", prepared.stderr)
        other = self.run_program(config, "--prepare-only", "--set", "tokenizer.min_count=1", expect=2)
        self.assertIn("tokenizer.min_count was 2 and is 1", other.stderr)

    def test_a_wrong_text_is_refused_before_anything_is_made(self):
        text = self.folder / "nasal.txt"
        text.write_text((SAMPLE / "english.txt").read_text() + "\nɛ̃ ɔ̃\n")
        for arguments in (["--dry-run"], ["--prepare-only"]):
            refused = self.run_program(tiny_phonemes(self, text=text), *arguments, expect=3)
            self.assertRegex(refused.stderr, r"at most 0\.1 % of the symbols of the text may be unknown \(tokenizer\.max_unknown\), got [0-9.]+ %, 2 of [0-9]+: "
                                             r"U\+0254 U\+0303 1 time, first at nasal\.txt:55; U\+025B U\+0303 1 time, first at nasal\.txt:55; list them")
        pipes = self.run_program(tiny_phonemes(self, tokenizer=SYMBOLS.replace("punctuation", "word_separator: '|', punctuation")), "--dry-run", expect=3)
        self.assertIn("U+0020", pipes.stderr)
        whole = self.folder / "whole.txt"
        whole.write_text((SAMPLE / "english.txt").read_text().replace(" ", ""))
        glued = self.run_program(tiny_phonemes(self, text=whole), "--dry-run", "--set", "data.max_length=32", expect=3)
        self.assertRegex(glued.stderr, r"tokenizer\.word_separator: words must not be longer than the 5 symbols that are masked in a sequence .* got words of [0-9.]+ symbols")
        broken = self.folder / "broken.txt"
        broken.write_text("h\nə\nh\n")
        twice = self.run_program(tiny_phonemes(self), "--dry-run", "--set", f"tokenizer.vocabulary={broken}", "--set", "tokenizer.punctuation=[]", expect=3)
        self.assertIn("broken.txt:3: must be a symbol that is not yet given, got U+0068 again, which is line 1", twice.stderr)

    def test_pre_training_and_fine_tuning_go_on_from_the_folder(self):
        self.run_program(tiny_phonemes(self, steps=2))
        final = self.folder / "run/final"
        config = tiny_phonemes(self, "more", tokenizer="", steps=2)
        config.write_text(config.read_text().replace("  preset: albert-base-v2", f"  init_from: {final}").split("  embedding_size")[0]
                          + "data:" + config.read_text().split("\ndata:")[1])
        self.run_program(config)
        self.assertEqual((self.folder / "more/final/tokenizer.json").read_bytes(), (final / "tokenizer.json").read_bytes())
        other = self.run_program(config, "--output", self.folder / "other", "--set", "tokenizer.type=symbols", "--set", "tokenizer.word_separator='|'", expect=2)
        self.assertIn("tokenizer: must be that of model.init_from", other.stderr)
        lines = [line for line in (SAMPLE / "english.txt").read_text().split("\n") if line]
        rows = self.folder / "rows.tsv"
        rows.write_text("text\tlabel\n" + "".join(f"{line}\t{'question' if '?' in line else 'statement'}\n" for line in lines))
        words = self.folder / "words.conll"
        words.write_text("".join("".join(f"{word} {'S' if 'ˈ' in word else 'O'}\n" for word in line.split()) + "\n" for line in lines))
        pieces = self.folder / "pieces.conll"
        (self.folder / "symbols.in").write_text("\n".join(lines) + "\n")
        with (self.folder / "symbols.in").open() as stdin:
            cut = self.run_program("tokenize", final, "--pieces", program="albert", stdin=stdin).stdout.split("\n")[:-1]
        pieces.write_text("".join("".join(f"{piece} {'V' if piece[0] in 'aæɑeəɛiɪoɔuʊʌɜɚ' else 'O'}\n" for piece in line.split()) + "\n" for line in cut))
        for name, task, data in (("rows", "{type: sequence-classification, columns: {text: text, label: label}}", rows), ("words", "{type: token-classification}", words),
                                 ("pieces", "{type: token-classification}", pieces)):
            tuned = self.folder / f"{name}.yaml"
            tuned.write_text(f"output: {self.folder / name}\nmodel: {{init_from: {final}}}\ntask: {task}\ndata:\n  train: {{path: {data}}}\n  max_length: 64\n"
                             "optimizer: {learning_rate: 1e-3}\ntraining: {duration: 2 steps, batch_size: 8, device: cpu}\n")
            self.run_program(tuned, program="albert-finetune")
            self.assertTrue((self.folder / name / "final/symbols.txt").exists())
            (answer,) = self.lines_of(["predict", self.folder / name / "final"], "ðə wˈɪnd\n")
            json.loads(answer)

    def test_a_folder_with_a_changed_vocabulary_is_refused(self):
        self.run_program(tiny_phonemes(self, steps=2))
        final = self.folder / "run/final"
        lines = (final / "symbols.txt").read_text().split("\n")
        (final / "symbols.txt").write_text("\n".join([lines[1], lines[0], *lines[2:]]))
        swapped = self.run_program("predict", final, "--embeddings", "mean", program="albert", expect=4)
        self.assertIn("symbols.txt does not belong to the model: model.safetensors was written with another one", swapped.stderr)
        (final / "tokenizer_config.json").write_text("{}")
        unknown = self.run_program("tokenize", final, program="albert", expect=4)
        self.assertIn("tokenizer_config.json: symbols.word_separator: must be text or null", unknown.stderr)


@unittest.skipUnless(PYTHON, "ALBERT_TEST_PYTHON names no Python with transformers")
class TransformersTest(ProgramTest):
    """The same ids in transformers, for each way to separate, on thousands of hostile texts."""

    def test_transformers_gives_the_same_ids_and_logits(self):
        listed = ["h", "ə", "oʊ", "tʃ", "t", "ʃ", ",", ".", "ˈ", "t\u0361ʃ", "\u00e3", "\u00e7", "\\", "^", "]"]
        marks = [*listed, "\u0303", "a"]
        text = self.folder / "t.txt"
        cases = {"plain": (listed, " ", None), "marks": (marks, " ", None), "pipe": (listed, "|", None), "alone": (listed, None, None), "blank": (listed, "|", " "),
                 "hyphen": (listed, " ", "-"), "apart": (listed, None, " ")}
        draw = random.Random(7)
        lines = ["", " ", "hə oʊ", *("".join(draw.choices(PARTS, k=draw.randint(1, 24))).replace("\r", "").replace("\n", "") for _ in range(1500))]
        (self.folder / "lines.json").write_text(json.dumps(lines))
        (self.folder / "lines.txt").write_text("\n".join(lines) + "\n")
        for name, (symbols, word, symbol) in cases.items():
            file = self.folder / f"{name}.symbols"
            file.write_text("\n".join(symbols) + "\n")
            words = lambda: ((symbol or "").join(draw.choices(symbols, k=3)) for _ in range(4))
            text.write_text("\n\n".join("\n".join((word or symbol or "").join(words()) for _ in range(12)) for _ in range(4)) + "\n")
            section = {"type": "symbols", "vocabulary": str(file), "word_separator": word, "symbol_separator": symbol}
            self.run_program(tiny_phonemes(self, name, text=text, steps=2, tokenizer="tokenizer: " + json.dumps(section)), "--set", "evaluation.every=100 steps")
            with (self.folder / "lines.txt").open() as stdin:
                ids = self.run_program("tokenize", self.folder / name / "final", program="albert", stdin=stdin).stdout.split("\n")[:-1]
            (self.folder / name / "ours.json").write_text(json.dumps([[int(i) for i in line.split()] for line in ids]))
        result = subprocess.run([PYTHON, SOURCE / "tests/integration/check_symbols.py", self.folder / "lines.json", *(self.folder / name for name in cases)],
                                capture_output=True, text=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
        self.assertEqual(result.returncode, 0, f"{result.stdout}\n{result.stderr}")
        print(result.stdout)


if __name__ == "__main__":
    unittest.main()
