"""One run of albert-train from text to a model folder: what is in the output folder, and what other tools make of it."""
import json
import os
import stat
import subprocess
import unittest

from harness import SHARED, SOURCE, ProgramTest, files_below

PYTHON = os.environ.get("ALBERT_TEST_PYTHON")


class PretrainTest(ProgramTest):
    def test_output_folder_and_metrics(self):
        self.run_program(self.tiny())
        run = self.folder / "run"
        for name in ("config.yaml", "metrics.jsonl", "curves.svg", "final/model.safetensors", "final/config.json", "final/spiece.model",
                     "final/tokenizer_config.json", "checkpoints/latest", "checkpoints/best", "checkpoints/step-00000012/manifest.json"):
            self.assertTrue((run / name).exists(), f"{name} is missing; there are {files_below(run)}")
        self.assertEqual(os.readlink(run / "checkpoints/latest"), "step-00000012")
        lines = self.metrics(run)
        training = [line for line in lines if line["split"] == "train"]
        validation = [line for line in lines if line["split"] == "validation"]
        self.assertEqual([line["step"] for line in training], [2, 4, 6, 8, 10, 12])
        self.assertEqual([line["step"] for line in validation], [5, 10, 12])
        for line in training:
            self.assertLessEqual({"split", "step", "epoch", "examples", "tokens", "loss", "mlm_loss", "sop_loss", "mlm_accuracy",
                                  "sop_accuracy", "gradient_norm", "learning_rate", "tokens_per_second", "mfu", "seconds",
                                  "peak_memory_bytes"}, set(line))
            self.assertAlmostEqual(line["loss"], line["mlm_loss"] + line["sop_loss"], places=4)
        self.assertEqual(training[-1]["examples"], 12 * 8)
        self.assertLess(training[-1]["mlm_loss"], training[0]["mlm_loss"], "nothing was learnt in 12 steps at learning rate 1e-2")

    def test_files_are_private(self):
        self.run_program(self.tiny(steps=2))
        for path in (self.folder / "run").rglob("*"):
            mode = stat.S_IMODE(path.stat().st_mode)
            self.assertEqual(mode & 0o077, 0, f"{path.name} has mode {mode:o}")

    def test_the_resolved_configuration_runs_again_as_it_is(self):
        self.run_program(self.tiny())
        resolved = self.folder / "run/config.yaml"
        self.run_program(resolved, "--output", self.folder / "again", "--set", f"data.store={self.folder / 'again/store'}")
        self.assertEqual(self.repeatable_metrics(self.folder / "run"), self.repeatable_metrics(self.folder / "again"))

    def test_same_seed_same_bits_and_another_seed_other_bits(self):
        for name in ("a", "b"):
            self.run_program(self.tiny(name))
        self.run_program(self.tiny("c"), "--set", "training.seed=4")
        a, b, c = (self.repeatable_metrics(self.folder / name) for name in "abc")
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)

    def test_micro_batches_do_not_change_the_run(self):
        for size in (8, 3):
            self.run_program(self.tiny(f"m{size}", micro_batch=size, dropout=0.0, steps=6))
        for whole, parts in zip(self.metrics(self.folder / "m8"), self.metrics(self.folder / "m3")):
            self.assertAlmostEqual(whole["loss"], parts["loss"], delta=2e-5 * whole["loss"])

    def test_dry_run_starts_nothing(self):
        result = self.run_program(self.tiny(), "--dry-run")
        self.assertFalse((self.folder / "run").exists())
        for text in ("parameters", "embeddings", "document 1", "document 3"):
            self.assertIn(text, result.stdout)

    def test_dry_run_refuses_what_the_run_would_refuse(self):
        self.run_program(self.tiny(steps=2))
        other = self.run_program(self.tiny(steps=2), "--dry-run", "--set", "training.seed=9", expect=2)
        self.assertIn("training.seed: was", other.stderr)
        (self.folder / "file").write_text("")
        taken = self.run_program(self.tiny(), "--dry-run", "--output", self.folder / "file", expect=4)
        self.assertIn("must be a folder", taken.stderr)
        store = self.run_program(self.tiny(), "--dry-run", "--output", self.folder / "new", "--set", f"data.store={self.folder / 'run/store'}",
                                 "--set", f"tokenizer.model={self.folder / 'run/final/spiece.model'}")
        self.assertIn("parameters", store.stdout)
        self.assertFalse((self.folder / "new").exists())

    def test_prepare_only_makes_vocabulary_and_store(self):
        self.run_program(self.tiny(), "--prepare-only")
        run = self.folder / "run"
        self.assertTrue((run / "tokenizer/spiece.model").exists())
        self.assertTrue((run / "store").exists())
        self.assertFalse((run / "checkpoints").exists())

    def test_tokenize_and_predict(self):
        self.run_program(self.tiny(steps=2))
        final = self.folder / "run/final"
        text = "The harbour is quiet.\n\nIn 2001, ships came.\n"
        out = self.folder / "out.safetensors"
        for arguments in (["tokenize", final], ["tokenize", final, "--pieces"]):
            path = self.folder / "in.txt"
            path.write_text(text)
            with path.open() as stdin:
                lines = self.run_program(*arguments, program="albert", stdin=stdin).stdout.split("\n")
            self.assertEqual(len(lines), 4, "one line of output for each line of input")
            self.assertEqual(lines[1], "")
        with path.open() as stdin:
            self.run_program("predict", final, "--tensors", out, program="albert", stdin=stdin)
        header_size = int.from_bytes(out.read_bytes()[:8], "little")
        header = json.loads(out.read_bytes()[8:8 + header_size])
        self.assertLessEqual({"ids", "segments", "lengths", "hidden_states.0", "hidden_states.2", "pooled"}, set(header))

    def test_no_secret_leaks(self):
        """Design 3.14: text, path, host and environment stay out of logs, reports and exported folders."""
        secret = "xylophonicquartz"
        text = self.folder / f"{secret}-folder"
        text.mkdir()
        for sample in (SOURCE / "data" / "sample").glob("*.txt"):
            (text / sample.name).write_text(sample.read_text())
        (text / "secret.txt").write_text(f"The word {secret} is planted here. " * 5 + "It must not be printed anywhere.\n")
        environment = dict(os.environ, SOME_TOKEN=f"{secret}-in-the-environment")
        result = self.run_program(self.tiny(text=text / "*.txt"), env=environment)
        self.assertNotIn(secret, result.stdout + result.stderr)
        for path in (self.folder / "run").rglob("*"):
            relative = path.relative_to(self.folder / "run")
            # The resolved configuration is the user's own file and names his text; the vocabulary may hold words of it, the store does.
            if path.is_file() and relative.parts[0] not in ("store", "tokenizer", "config.yaml") and relative.name not in ("spiece.model",):
                self.assertNotIn(secret.encode(), path.read_bytes(), relative)


@unittest.skipUnless(PYTHON, "ALBERT_TEST_PYTHON names no Python with transformers")
class OtherToolsTest(ProgramTest):
    def python(self, script, *arguments):
        result = subprocess.run([PYTHON, SOURCE / "tests/integration" / script, *map(str, arguments)], capture_output=True, text=True,
                                env=dict(os.environ, HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES=""))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_transformers_loads_the_final_folder_with_equal_logits(self):
        self.run_program(self.tiny())
        run = self.folder / "run"
        self.python("check_transformers.py", "make-input", run / "final", self.folder / "in.safetensors")
        self.run_program("predict", run / "final", "--ids", self.folder / "in.safetensors", "--tensors", self.folder / "out.safetensors",
                         "--device", "cpu", program="albert")
        print(self.python("check_transformers.py", "compare", run / "final", self.folder / "out.safetensors"))

    def test_tensorboard_reads_the_events(self):
        self.run_program(self.tiny())
        print(self.python("check_tensorboard.py", self.folder / "run"))


if __name__ == "__main__":
    unittest.main()
