"""One run of albert-train from text to a model folder: what is in the output folder, and what other tools make of it."""
import fcntl
import json
import math
import os
import re
import stat
import subprocess
import textwrap
import unittest

from harness import SHARED, SOURCE, ProgramTest, files_below, read_weights

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
                                  "sop_accuracy", "gradient_norm", "learning_rate", "tokens_per_second", "waiting_share", "mfu", "seconds",
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

    def test_activation_checkpointing_does_not_change_the_run(self):
        for name, every in (("kept", 0), ("again", 1)):
            self.run_program(self.tiny(name, steps=6), "--set", f"training.activation_checkpointing={every}")
        for kept, again in zip(self.metrics(self.folder / "kept"), self.metrics(self.folder / "again"), strict=True):
            self.assertAlmostEqual(kept["loss"], again["loss"], delta=2e-5 * kept["loss"])

    def test_dry_run_starts_nothing(self):
        result = self.run_program(self.tiny(), "--dry-run")
        self.assertFalse((self.folder / "run").exists())
        for text in ("parameters", "embeddings", "document 1", "document 3"):
            self.assertIn(text, result.stdout)

    def test_evaluation_needs_as_many_positions_as_the_data(self):
        config = self.tiny(steps=2)
        self.run_program(config)
        longer = ["--set", "model.max_position_embeddings=256", "--set", "data.max_length=256", "--output", self.folder / "other"]
        refused = self.run_program(config, "--evaluate", self.folder / "run/final", *longer, expect=2)
        self.assertIn(f"data.max_length: must be at most the 64 positions of {self.folder}/run/final, got 256", refused.stderr)
        self.assertFalse((self.folder / "other").exists())

    def test_an_evaluation_that_makes_a_store_holds_the_lock(self):
        config = self.tiny(steps=2)
        self.run_program(config)
        other = self.folder / "other"
        other.mkdir()
        evaluate = (config, "--evaluate", self.folder / "run/final", "--output", other, "--set", f"data.store={other}/store")
        with open(other / ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertIn("wanted an output folder that no other run uses", self.run_program(*evaluate, expect=4).stderr)
        self.run_program(*evaluate)
        self.assertEqual(sorted(path.name for path in other.iterdir()), ["store"])
        with open(other / ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.run_program(*evaluate)  # there is a store: nothing is written

    def test_dry_run_foresees_the_run(self):
        config = self.tiny(micro_batch="auto", steps=8)
        wide = ["--set", "model.hidden_size=256", "--set", "model.intermediate_size=1024", "--set", "training.batch_size=64"]
        before = self.run_program(config, "--dry-run", *wide).stdout
        self.assertRegex(before, r"the token store about [0-9.]+ MB; [0-9.]+ GB are free")
        result = self.run_program(config, *wide)
        after = self.run_program(config, "--dry-run", *wide).stdout
        self.assertNotIn("token store about", after)
        self.assertRegex(after, r"training +[0-9]+:[0-9]+ \(8 steps, 2 evaluations of [0-9]+ sequences, 2 checkpoints\)")
        # What makes vocabulary and store keeps some memory, which a dry run says it does not count: compared is a run that finds them.
        found = [self.tiny("again", micro_batch="auto", steps=8), *wide, "--set", f"data.store={self.folder}/run/store", "--set",
                 f"tokenizer.model={self.folder}/run/tokenizer/spiece.model"]
        foreseen = 1e6 * float(re.search(r"memory +([0-9.]+) MB", self.run_program(*found, "--dry-run").stdout)[1])
        self.run_program(*found)
        peak = max(line["peak_memory_bytes"] for line in self.metrics(self.folder / "again") if line["split"] == "train")
        self.assertLess(abs(foreseen - peak), 0.1 * peak)
        error = re.search(r"foreseen: [0-9:]+ and [0-9.]+ MB; measured: [0-9:]+ and [0-9.]+ MB; error [-+][0-9.]+ % and ([-+][0-9.]+) %", result.stdout)
        self.assertLess(abs(float(error[1])), 10, result.stdout)

    def test_dry_run_warns_of_a_disk_that_is_too_small(self):
        config = self.tiny(steps=100000)
        few = self.run_program(config, "--dry-run")
        self.assertNotIn("on disk", few.stderr)
        many = self.run_program(config, "--dry-run", "--set", "checkpoint.keep_last=100000000", "--set", "training.duration=1000000000 steps")
        self.assertRegex(many.stderr, r"output: the run needs about [0-9.]+ GB on disk, [0-9.]+ GB are free; free some, or lower checkpoint.keep_last")

    def test_dry_run_shows_documents_of_each_source(self):
        for name in "ab":
            (self.folder / f"{name}.txt").write_text(f"This is the text of {name}. It is short.\n\n" * 200)
        config = self.tiny(text=self.folder / "a.txt", steps=2)
        config.write_text(config.read_text().replace("  store:", f"    - {{path: {self.folder}/b.txt, format: paragraphs}}\n  store:"))
        shown = self.run_program(config, "--dry-run").stdout
        self.assertRegex(shown, r"(?s)document 1 \(.*a\.txt\).*the text of a\..*document 2 \(.*b\.txt\).*the text of b\.")

    def test_micro_batch_auto_is_kept_by_a_resumed_run(self):
        config = self.tiny(micro_batch="auto", steps=4)
        self.run_program(config)
        resolved = self.folder / "run/config.yaml"
        self.assertIn("micro_batch: 8\n", resolved.read_text())
        resolved.write_text(resolved.read_text().replace("micro_batch: 8\n", "micro_batch: 2\n"))
        self.run_program(config, "--set", "training.duration=6 steps")
        self.assertIn("micro_batch: 2\n", resolved.read_text())

    def test_dry_run_reads_the_text_to_its_end(self):
        text = self.folder / "text"
        text.mkdir()
        samples = sorted((SOURCE / "data/sample").glob("*.txt"))
        (text / "a.txt").write_text("\n\n".join(sample.read_text() for sample in samples))
        (text / "b.txt").write_text("")
        config = self.tiny(text=text / "*.txt")
        result = self.run_program(config, "--dry-run")
        self.assertRegex(result.stdout, r"read to the end: [0-9]+ documents, [0-9]+ lines")
        self.assertIn("text: 1 of 2 files are empty", result.stderr)
        with (text / "a.txt").open("ab") as file:
            file.write(b"Far in there is a byte \xff that is no text.\n")
        refused = self.run_program(config, "--dry-run", expect=3)
        self.assertRegex(refused.stderr, r"a\.txt:[0-9]+:24: expected UTF-8, got byte 0xff")
        self.assertFalse((self.folder / "run").exists())

    def test_dry_run_and_run_ask_whether_the_text_is_wrapped(self):
        words = (SOURCE / "data/sample").glob("*.txt")
        text = self.folder / "wrapped.txt"
        text.write_text("\n\n".join(textwrap.fill(paragraph, 70) for path in sorted(words) for paragraph in path.read_text().splitlines()))
        for arguments in (["--dry-run"], ["--prepare-only"]):
            result = self.run_program(self.tiny(text=text), *arguments)
            self.assertRegex(result.stderr, "text: [0-9]+ of the first [0-9]+ lines end inside a sentence; if the text is hard-wrapped, set format: wrapped")
        for result in (self.run_program(self.tiny("good"), "--dry-run"),
                       self.run_program(self.tiny("told", text=text), "--dry-run", "--set", "data.sources[0].format=wrapped")):
            self.assertNotIn("hard-wrapped", result.stderr)

    def test_a_refused_or_finished_run_keeps_its_configuration(self):
        config = self.tiny(steps=2)
        self.run_program(config)
        kept = (self.folder / "run/config.yaml").read_text()
        self.run_program(config, "--resume", "never", "--set", "training.duration=7 steps", expect=4)
        self.assertEqual((self.folder / "run/config.yaml").read_text(), kept)
        self.run_program(config, "--set", "schedule.warmup=1 steps", "--set", "training.duration=1 steps")
        self.assertEqual((self.folder / "run/config.yaml").read_text(), kept)
        self.run_program(config, "--set", "training.duration=3 steps")
        self.assertIn("duration: 3 steps", (self.folder / "run/config.yaml").read_text())

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

    def test_pre_training_goes_on_from_a_model(self):
        self.run_program(self.tiny())
        text = (SOURCE / "configs/pretrain/continue.yaml").read_text()
        config = self.folder / "continue.yaml"
        config.write_text(text.replace("runs/continued", str(self.folder / "continued")).replace("runs/small/final", str(self.folder / "run/final"))
                          .replace("texts/*.txt", str(SOURCE / "data/sample/*.txt")).replace("max_length: 128", "max_length: 64")
                          .replace("2000 steps", "4 steps"))
        self.run_program(config, "--set", "logging.every=1 steps")
        first, new = self.metrics(self.folder / "run"), self.metrics(self.folder / "continued")
        self.assertLess(new[0]["mlm_loss"], first[0]["mlm_loss"] - 0.05, "it starts where the model was")
        self.assertEqual((self.folder / "continued/final/spiece.model").read_bytes(), (self.folder / "run/final/spiece.model").read_bytes())
        wrong = self.run_program(config, "--set", "data.max_length=128", "--output", self.folder / "long", expect=2)
        self.assertIn("must be at most the 64 positions of model.init_from", wrong.stderr)

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
        for command in ("tokenize", "predict"):
            wrong = self.run_program(command, self.folder / "run", program="albert", expect=4)
            self.assertIn(f"; the model of this run is {final}", wrong.stderr)
        with path.open() as stdin:
            self.run_program("predict", final, "--tensors", out, program="albert", stdin=stdin)
        header_size = int.from_bytes(out.read_bytes()[:8], "little")
        header = json.loads(out.read_bytes()[8:8 + header_size])
        self.assertLessEqual({"ids", "segments", "lengths", "hidden_states.0", "hidden_states.2", "pooled"}, set(header))


class OptionsReachTheRunTest(ProgramTest):
    """Each run takes one step from the same weights on the same batch, so that an option shows in what the step changed. AdamW without
    weight decay and with an epsilon far above the gradients: the change of a parameter is proportional to its learning rate and to its
    (clipped) gradient."""

    def step(self, name, *overrides, learning_rate=1000.0, clip=0.0, optimizer=""):
        config = self.tiny(name, steps=1, dropout=0.0)
        config.write_text(config.read_text().replace(
            "optimizer: {name: lamb, learning_rate: 1e-2}",
            f"optimizer: {{name: adamw, learning_rate: {learning_rate}, epsilon: 1000.0, weight_decay: 0{optimizer}}}").replace(
            "schedule: {name: linear, warmup: 2 steps}", "schedule: {name: constant, warmup: 0 steps}"))
        settings = [f"training.gradient_clip={clip}", *overrides]
        self.run_program(config, *(word for setting in settings for word in ("--set", setting)))
        return read_weights(self.folder / name / "final/model.safetensors")

    def setUp(self):
        super().setUp()
        self.start = self.step("start", learning_rate=0.0)

    def change(self, name, *overrides, **options):
        after = self.step(name, *overrides, **options)
        return {key: [b - a for a, b in zip(self.start[key], values)] for key, values in after.items()}

    @staticmethod
    def norm(changes):
        return math.sqrt(sum(value * value for values in changes for value in values))

    def gradient_norm(self, name):
        return self.metrics(self.folder / name)[0]["gradient_norm"]

    def test_gradient_clip(self):
        # m = (1 - beta1) * gradient, so a step of the whole model is as long as learning_rate / epsilon * 0.1 * its clipped norm.
        free = self.norm(self.change("free").values())
        self.assertGreater(self.gradient_norm("free"), 1.0)
        self.assertAlmostEqual(free / (0.1 * self.gradient_norm("free")), 1, delta=1e-3)
        for clip in (0.5, 0.25):
            clipped = self.norm(self.change(f"clip{clip}", clip=clip).values())
            self.assertAlmostEqual(clipped / (0.1 * clip), 1, delta=1e-3)
        self.assertEqual(self.gradient_norm("clip0.5"), self.gradient_norm("free"), "the norm is logged as it was before clipping")

    def test_layer_decay_by_groups(self):
        whole = self.change("whole")
        decayed = self.change("decayed", optimizer=", layer_decay: {rate: 0.5, mode: groups}")
        expected = {"predictions.dense.weight": 1, "albert.pooler.weight": 1,
                    "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.weight": 0.5,
                    "albert.encoder.embedding_hidden_mapping_in.weight": 0.25, "albert.embeddings.word_embeddings.weight": 0.125}
        for name, factor in expected.items():
            self.assertAlmostEqual(self.norm([decayed[name]]) / self.norm([whole[name]]), factor, delta=1e-3 * factor, msg=name)

    def test_layer_decay_by_applications_and_both(self):
        name = "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.weight"
        whole = self.change("whole")
        mixed = self.change("applications", optimizer=", layer_decay: {rate: 0.5, mode: applications}")
        both = self.change("both", optimizer=", layer_decay: {rate: 0.5, mode: both}")
        self.assertLess(self.gradient_norm("applications"), 0.95 * self.gradient_norm("whole"))
        self.assertEqual(self.gradient_norm("applications"), self.gradient_norm("both"))
        self.assertAlmostEqual(self.norm([mixed["predictions.dense.weight"]]) / self.norm([whole["predictions.dense.weight"]]), 1, delta=1e-3)
        # `both` shrinks the step by the mean weight of the two applications as well.
        self.assertAlmostEqual(self.norm([both[name]]) / self.norm([mixed[name]]), (1 + 0.5) / 2, delta=1e-3)

    def test_weight_decay(self):
        # AdamW's decay is apart from the gradient: learning_rate * weight_decay * weight, for all but biases and LayerNorms.
        def after(name, decay):
            config = self.tiny(name, steps=1, dropout=0.0)
            config.write_text(config.read_text().replace("name: lamb, learning_rate: 1e-2", f"name: adamw, learning_rate: 0.1, weight_decay: {decay}"))
            self.run_program(config, "--set", "schedule={name: constant, warmup: 0 steps}")
            return read_weights(self.folder / name / "final/model.safetensors")

        plain, decayed = after("plain", 0.0), after("decayed", 0.5)
        checked = 0
        for name, values in decayed.items():
            shrinks = not (name.endswith("bias") or "LayerNorm" in name or "layer_norm" in name)
            difference = self.norm([[a - b for a, b in zip(plain[name], values)]])
            expected = 0.1 * 0.5 * self.norm([self.start[name]]) if shrinks else 0.0
            self.assertAlmostEqual(difference, expected, delta=1e-3 * expected + 1e-7, msg=name)
            checked += shrinks
        self.assertGreater(checked, 5)

    def test_precision(self):
        def loss(name, precision):
            self.run_program(self.tiny(name, steps=1, dropout=0.0, precision=precision), "--set", "schedule.warmup=0 steps")
            return self.metrics(self.folder / name)[0]["loss"]

        fp32, bf16 = loss("fp32", "fp32"), loss("bf16", "bf16")
        self.assertNotEqual(fp32, bf16)
        self.assertAlmostEqual(fp32, bf16, delta=0.02 * fp32)

    def test_dropout(self):
        def loss(name, dropout):
            self.run_program(self.tiny(name, steps=1, dropout=dropout), "--set", "schedule.warmup=0 steps")
            return self.metrics(self.folder / name)[0]["loss"]

        self.assertNotEqual(loss("none", 0.0), loss("some", 0.1))
        self.assertEqual(loss("some", 0.1), loss("again", 0.1))


class WaitingTest(ProgramTest):
    def test_a_run_does_not_wait_for_data(self):
        """Steps as small as those of configs/pretrain/small.yaml (the larger the model, the less there is to wait)."""
        config = self.tiny(steps=12)
        self.run_program(config, "--set", "model.hidden_size=192", "--set", "model.num_hidden_layers=4", "--set", "model.num_attention_heads=3",
                         "--set", "model.intermediate_size=768", "--set", "training.batch_size=16", "--set", "training.micro_batch=16")
        lines = [line for line in self.metrics(self.folder / "run") if line["split"] == "train"]
        tokens = [b["tokens"] - a for a, b in zip([0, *(line["tokens"] for line in lines)], lines)]
        seconds = [count / line["tokens_per_second"] for count, line in zip(tokens, lines)]
        share = sum(line["waiting_share"] * part for line, part in zip(lines, seconds)) / sum(seconds)
        print(f"waited for data {100 * share:.2f} % of the time")
        self.assertLessEqual(share, 0.01)


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
