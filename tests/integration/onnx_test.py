"""`albert convert MODEL NAME.onnx`: what onnxruntime computes is what the model computes."""
import json
import os
import subprocess
import unittest

from harness import BIN, SOURCE, ProgramTest

PYTHON = os.environ.get("ALBERT_TEST_PYTHON")


class OnnxRefusalTest(ProgramTest):
    def test_what_cannot_be_written_is_refused_by_name(self):
        target = self.folder / "model.onnx"
        (self.folder / "config.json").write_text(json.dumps({"model_type": "albert", "architectures": ["AlbertForNextSentencePrediction"]}))
        (self.folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
        beam = self.run_program("convert", self.folder, target, program="albert", expect=2)
        self.assertIn("model.safetensors: there must be an ONNX form of the model's class, got AlbertForNextSentencePrediction, which has none", beam.stderr)
        (self.folder / "config.json").write_text(json.dumps({"model_type": "albert", "architectures": ["AlbertModel"]}))
        empty = self.run_program("convert", self.folder, target, program="albert", expect=4)
        self.assertIn("missing", empty.stderr)
        self.assertFalse(target.exists())


@unittest.skipUnless(PYTHON, "ALBERT_TEST_PYTHON names no Python with onnxruntime")
class OnnxRuntimeTest(ProgramTest):
    def check(self, *arguments):
        result = subprocess.run([PYTHON, SOURCE / "tests/integration/check_onnx.py", *map(str, arguments)], capture_output=True, text=True,
                                env={**os.environ, "HF_HUB_OFFLINE": "1"})
        self.assertEqual(result.returncode, 0, f"{result.stdout}\n{result.stderr}")
        print(result.stdout)

    def test_every_head_computes_what_transformers_computes(self):
        self.check("transformers", self.folder, BIN / "albert")

    def test_the_beam_head_finds_what_ours_finds(self):
        self.check("beams", self.folder, BIN / "albert", SOURCE / "tests/golden/model/task_question_answering_beam.safetensors")

    def test_a_model_of_ours_computes_what_we_compute(self):
        for name, sharing in (("plain", "all"), ("parts", "attention"), ("halves", "feed_forward"), ("apart", "none")):
            self.run_program(self.tiny(name, steps=2), "--set", f"model.sharing={sharing}")
            final = self.folder / name / "final"
            lines = self.folder / "lines.txt"
            lines.write_text("In 2001, he came home.\n\nNobody said a word of it to anyone else.\n")
            with lines.open() as stdin:
                self.run_program("predict", final, "--tensors", self.folder / f"{name}.safetensors", program="albert", stdin=stdin)
            self.run_program("convert", final, final / "model.onnx", program="albert")
            self.check("tensors", final / "model.onnx", self.folder / f"{name}.safetensors")


if __name__ == "__main__":
    unittest.main()
