"""A fine-tuning that is interrupted and resumed equals the unbroken one, to the bit: dropout, data order, evaluation, predictions."""
import ctypes
import json
import os
import random
import shutil
import signal
import struct
import time
import unittest

from finetune_harness import FinetuneTest, tensors_of
from harness import files_below


class FinetuneResumeTest(FinetuneTest):
    def config(self, name, kind="single", **training):
        return self.finetuning(kind, name, model={"dropout": 0.1, "classifier_dropout": 0.1}, training={"duration": "5 epochs", **training},
                               evaluation={"every": "10 steps"}, checkpoint={"every": "1 steps"}, logging={"every": "1 steps"})

    def assert_same_run(self, a, b):
        self.assertEqual(self.repeatable_metrics(self.folder / a), self.repeatable_metrics(self.folder / b))
        for name in ("final/model.safetensors", "results.json", "predictions/test.jsonl", "predictions/predict.jsonl"):
            self.assertEqual((self.folder / a / name).read_bytes(), (self.folder / b / name).read_bytes(), name)

    def interrupt(self, name, config, number, step):
        process = self.start_program(config, program="albert-finetune")
        self.wait_for_step(self.folder / name, step, process)
        process.send_signal(number)
        return process.wait(timeout=60)

    def test_sigterm_and_sigkill_at_any_step(self):
        for kind in ("single", "squad2"):
            self.finetune(self.config(f"{kind}-unbroken", kind))
            generator = random.Random(7)
            name = f"{kind}-broken"
            config = self.config(name, kind)
            for number, expected in ((signal.SIGTERM, 75), (signal.SIGKILL, -signal.SIGKILL)):
                step = generator.randrange(2, 20) if number == signal.SIGTERM else generator.randrange(25, 45)
                self.assertEqual(self.interrupt(name, config, number, step), expected, f"{kind}: signal {number} at step {step}")
                self.assertFalse((self.folder / name / "final").exists())
                self.assertFalse((self.folder / name / "results.json").exists())
            result = self.finetune(config)
            self.assertIn("resumed at step", result.stderr)
            self.assert_same_run(f"{kind}-unbroken", name)

    def opens_of(self, path, run):
        """How often a file is opened while `run` runs (inotify)."""
        system = ctypes.CDLL(None)
        watch = system.inotify_init()
        self.assertGreaterEqual(watch, 0)
        is_opened, is_closed = 0x20, 0x10  # both are asked for, as equal events in a row are merged
        self.assertGreaterEqual(system.inotify_add_watch(watch, os.fsencode(path), is_opened | is_closed), 0)
        os.set_blocking(watch, False)
        try:
            run()
            events = os.read(watch, 65536)
        finally:
            os.close(watch)
        return sum(bool(mask & is_opened) for _, mask, _, _ in struct.iter_unpack("iIII", events))

    def test_a_checkpoint_is_verified_when_it_is_chosen_read_and_loaded(self):
        config = self.config("run", duration="1 epochs")
        self.finetune(config)
        longer = lambda: self.assertIn("resumed at step", self.finetune(config, "--set", "training.duration=2 epochs").stderr)
        newest = sorted((self.folder / "run/checkpoints").glob("step-*"))[-1]
        # To find what the run starts from, by the reader of its shape and vocabulary, and under the run's lock to load it; no more often.
        self.assertEqual(self.opens_of(newest / "optimizer.safetensors", longer), 3)

    def test_sigkill_at_random_moments(self):
        """Also while the model, the results and the predictions are written."""
        self.finetune(self.config("unbroken"))
        generator = random.Random(11)
        config = self.config("killed")

        def kill_after(step, delay):
            process = self.start_program(config, program="albert-finetune")
            self.wait_for_step(self.folder / "killed", step, process)
            time.sleep(delay)
            process.kill()
            return process.wait(timeout=60) == -signal.SIGKILL

        # 60 steps, of which a kill may lose none and its moment adds a few: these are all in the run, however fast the machine is.
        kills = sum(kill_after(step, generator.uniform(0, 0.02)) for step in (2, 9, 17, 26, 36))
        self.assertGreaterEqual(kills, 4, "the run was too fast to be killed")
        for _ in range(4):
            kill_after(56, generator.uniform(0.05, 0.6))
        self.finetune(config)
        self.assert_same_run("unbroken", "killed")
        left = [name for name in files_below(self.folder / "killed") if ".tmp" in name]
        self.assertEqual(left, [], "half-written files were left behind")

    def test_a_run_needs_the_model_that_it_began_from_no_more(self):
        for model in ("source", "copy"):
            shutil.copytree(self.base, self.folder / model)
        config = self.config("broken")
        started_from = lambda path: ("--set", f"model.init_from={self.folder / path}")
        self.finetune(self.config("unbroken"), *started_from("source"))
        process = self.start_program(config, *started_from("source"), program="albert-finetune")
        self.wait_for_step(self.folder / "broken", 12, process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 75)
        other = self.pretrain(self.folder / "other", "--set", "training.seed=5")
        refused = self.finetune(config, *started_from("other/final"), expect=2)
        self.assertIn("model.init_from: must have the weights that seed 3 began from, got others", refused.stderr)
        self.assertTrue(other.exists())
        shutil.rmtree(self.folder / "source")
        process = self.start_program(config, *started_from("copy"), program="albert-finetune")
        self.wait_for_step(self.folder / "broken", 24, process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 75)
        shutil.rmtree(self.folder / "copy")
        self.finetune(self.folder / "broken/config.yaml")
        self.assert_same_run("unbroken", "broken")

    def test_a_checkpoint_of_one_of_several_runs(self):
        config = self.config("several", runs=2, duration="2 epochs")
        keep = ("--set", "checkpoint.keep_last=3")
        self.finetune(config, *keep)
        older = sorted((self.folder / "several/run-4/checkpoints").glob("step-*"))[0]
        result = self.finetune(config, *keep, "--resume", older)
        self.assertIn(f"resumed at step {int(older.name[5:])} of", result.stderr)
        self.assertIn("finished already", result.stderr, "the other run goes on by itself")
        self.assertIn("must be a checkpoint of one of the 2 runs", self.finetune(config, "--resume", self.base, expect=2).stderr)

    def test_the_second_of_three_runs(self):
        several = {"runs": 3, "duration": "2 epochs"}
        self.finetune(self.config("unbroken", **several))
        config = self.config("broken", **several)
        process = self.start_program(config, program="albert-finetune")
        self.wait_for_step(self.folder / "broken/run-4", 5, process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 75)
        self.assertFalse((self.folder / "broken/run-5").exists())
        self.finetune(config)
        for name in ("final/model.safetensors", "results.json"):
            self.assertEqual((self.folder / "unbroken" / name).read_bytes(), (self.folder / "broken" / name).read_bytes(), name)
        for seed in (3, 4, 5):
            self.assertEqual(self.repeatable_metrics(self.folder / f"unbroken/run-{seed}"), self.repeatable_metrics(self.folder / f"broken/run-{seed}"))

    def test_seeds_of_one_summary_begin_from_the_same_weights(self):
        self.pretrain(self.folder / "other", "--set", "training.seed=5")
        source = self.folder / "source"
        shutil.copytree(self.base, source)

        def exchange(model):
            shutil.copy(model / "model.safetensors", self.folder / "new")
            os.replace(self.folder / "new", source / "model.safetensors")

        config = self.config("run", runs=2)
        arguments = (config, "--set", f"model.init_from={source}")
        # While the first seed is trained.
        process = self.start_program(*arguments, program="albert-finetune")
        self.wait_for_step(self.folder / "run/run-3", 3, process)
        process.send_signal(signal.SIGSTOP)
        exchange(self.folder / "other/final")
        process.send_signal(signal.SIGCONT)
        self.assertIn("model.init_from: must keep its weights until all seeds have begun", process.stderr.read())
        self.assertEqual(process.wait(timeout=60), 2)
        self.assertFalse((self.folder / "run/run-4/checkpoints").exists())
        self.assertFalse((self.folder / "run/results.json").exists())
        exchange(self.base)
        self.finetune(*arguments)
        # Between two calls, where the first seed is to be trained again.
        exchange(self.folder / "other/final")
        shutil.rmtree(self.folder / "run/run-3")
        refused = self.finetune(*arguments, expect=2)
        self.assertIn("model.init_from: must have the weights that seed 4 began from, got others", refused.stderr)
        self.assertFalse((self.folder / "run/run-3/checkpoints").exists())

    def test_a_source_in_shards_gives_the_same_run(self):
        shards = self.folder / "shards"
        shutil.copytree(self.base, shards)
        weights = (shards / "model.safetensors").rename(shards / "model-00001-of-00001.safetensors")
        (shards / "model.safetensors.index.json").write_text(json.dumps({"weight_map": dict.fromkeys(tensors_of(weights), weights.name)}))
        for name, source in (("whole", self.base), ("sharded", shards)):
            self.finetune(self.config(name, duration="2 epochs"), "--set", f"model.init_from={source}")
        self.assert_same_run("whole", "sharded")


if __name__ == "__main__":
    unittest.main()
