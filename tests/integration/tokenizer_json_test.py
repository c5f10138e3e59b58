"""tokenizer.json of a model folder: transformers gives the ids that the model was trained with."""
import json
import os
import subprocess
import unittest

from harness import BIN, SHARED, SOURCE, ProgramTest

PYTHON = os.environ.get("ALBERT_TEST_PYTHON")
GOLDEN = SOURCE / "tests/tokenizer/golden"
ENGLISH = SHARED / "vocab/albert_en_30k_rebuilt.model"


@unittest.skipUnless(PYTHON, "ALBERT_TEST_PYTHON names no Python with transformers")
class TokenizerJsonTest(ProgramTest):
    def run_python(self, script, *arguments):
        result = subprocess.run([PYTHON, SOURCE / script, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
        self.assertEqual(result.returncode, 0, f"{result.stdout}\n{result.stderr}")
        return result.stdout

    def differences(self, folder, *arguments):
        return json.loads(self.run_python("scripts/tokenizer_json_differences.py", folder, "--albert", BIN / "albert", *arguments))

    def train(self, name, *arguments):
        self.run_program(self.tiny(name, steps=2), *arguments)
        return self.folder / name / "final"

    def test_ids_of_a_vocabulary_of_the_run_are_the_same(self):
        final = self.train("run")
        counts = self.differences(final, GOLDEN / "lines.jsonl", *sorted((SOURCE / "data/sample").glob("*.txt")))
        golden = counts.pop("lines.jsonl")
        self.assertGreater(golden["texts"], 300)
        self.assertEqual(golden["special_tokens"], 3, "the golden lines that spell [MASK] and the like")
        self.assertLessEqual(golden["numbers"], 3)
        for name, count in counts.items():
            self.assertEqual((count["special_tokens"], count["numbers"], count["other"]), (0, 0, 0), name)
        self.run_python("tests/integration/check_tokenizer_json.py", final, BIN / "albert")

    def test_cased_text_is_cut_alike(self):
        final = self.train("cased", "--set", "tokenizer.lower_case=false")
        self.assertEqual(self.differences(final, GOLDEN / "lines.jsonl")["lines.jsonl"]["other"], 0)

    @unittest.skipUnless(ENGLISH.exists(), "no shared data")
    def test_ids_of_the_english_vocabulary_are_the_same(self):
        final = self.train("english", "--set", f"tokenizer.model={ENGLISH}")
        plain = self.folder / "wikitext.txt"  # which writes <unk> for rare words
        plain.write_text((SHARED / "pretrain/wikitext2.valid.txt").read_text().replace("<unk>", "unk"))
        counts = self.differences(final, GOLDEN / "lines.jsonl", plain, SHARED / "pretrain/tinyshakespeare.txt", SHARED / "pretrain/gutenberg/moby_dick.txt")
        golden = counts.pop("lines.jsonl")
        self.assertEqual((golden["special_tokens"], golden["numbers"]), (3, 0))
        self.assertGreater(sum(count["texts"] for count in counts.values()), 60000)
        for name, count in counts.items():
            self.assertEqual((count["special_tokens"], count["numbers"], count["other"]), (0, 0, 0), name)


if __name__ == "__main__":
    unittest.main()
