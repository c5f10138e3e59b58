"""A run that is interrupted and resumed equals the unbroken run, to the bit."""
import os
import random
import shutil
import signal
import time
import unittest

from harness import ProgramTest


class ResumeTest(ProgramTest):
    STEPS = 40

    def unbroken(self, **changes):
        self.run_program(self.tiny("unbroken", steps=self.STEPS, **changes))
        return self.folder / "unbroken"

    def assert_same_run(self, a, b):
        self.assertEqual(self.repeatable_metrics(a), self.repeatable_metrics(b))
        self.assertEqual((a / "final/model.safetensors").read_bytes(), (b / "final/model.safetensors").read_bytes())

    def interrupt(self, name, signal_number, at_step, **changes):
        config = self.tiny(name, steps=self.STEPS, **changes)
        process = self.start_program(config)
        self.wait_for_step(self.folder / name, at_step, process)
        process.send_signal(signal_number)
        return config, process.wait(timeout=60)

    def test_sigterm_saves_and_exits_75_and_the_resumed_run_is_the_same(self):
        reference = self.unbroken()
        for number, name in ((signal.SIGTERM, "term"), (signal.SIGINT, "int")):
            config, code = self.interrupt(name, number, at_step=6)
            self.assertEqual(code, 75)
            self.assertFalse((self.folder / name / "final").exists())
            self.run_program(config)
            self.assert_same_run(reference, self.folder / name)

    def test_sigkill_at_random_moments(self):
        reference = self.unbroken(checkpoint=1)
        generator = random.Random(11)
        config = self.tiny("killed", steps=self.STEPS, checkpoint=1)
        kills = 0
        for _ in range(12):
            process = self.start_program(config)
            time.sleep(generator.uniform(0.3, 1.3))
            process.kill()
            kills += process.wait(timeout=60) == -signal.SIGKILL
        self.assertGreaterEqual(kills, 3, "the run was too fast to be killed")
        self.run_program(config)
        self.assert_same_run(reference, self.folder / "killed")

    def test_a_run_that_goes_on_from_an_older_checkpoint_stays_on_that_branch_after_a_kill(self):
        changed = ["--set", "schedule.end_learning_rate=8e-3"]  # so that the branches differ
        config = self.tiny("run", steps=self.STEPS)
        self.run_program(config)
        run, reference = self.folder / "run", self.folder / "reference"
        old_model = (run / "final/model.safetensors").read_bytes()
        steps = sorted(path.name for path in (run / "checkpoints").glob("step-*"))
        older, later = run / "checkpoints" / steps[0], steps[1:]
        self.assertGreaterEqual(len(later), 2)
        shutil.copytree(run, reference, symlinks=True)
        self.run_program(self.tiny("reference", steps=self.STEPS), *changed, "--resume", reference / "checkpoints" / steps[0])

        process = self.start_program(config, *changed, "--resume", older, "--set", "checkpoint.every=1000 steps", "--set", "checkpoint.keep_best=0")
        deadline = time.monotonic() + 60
        while older.parent.joinpath(later[-1]).exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        process.kill()  # nothing of the new branch is saved
        self.assertEqual(process.wait(timeout=60), -signal.SIGKILL)
        result = self.run_program(config, *changed)
        self.assertIn(f"resumed at step {int(steps[0][5:])} of", result.stderr)
        self.assert_same_run(reference, run)
        self.assertNotEqual((run / "final/model.safetensors").read_bytes(), old_model)
        self.assertEqual(sorted(path.name for path in (run / "checkpoints/abandoned-1").iterdir()), later)

    def test_a_checkpoint_at_which_no_step_is_left(self):
        config = self.tiny(steps=8)
        self.run_program(config)
        run, copy = self.folder / "run", self.folder / "copy"
        last = run / "checkpoints/step-00000008"
        text = ("--set", f"data.store={run}/store", "--set", f"tokenizer.model={run}/tokenizer/spiece.model")
        # Into another folder: the model is written there, and the folder is a run like any other.
        result = self.run_program(self.tiny("copy", steps=8), *text, "--resume", last)
        self.assertIn("the run is finished: 8 steps", result.stdout)
        self.assertEqual((copy / "final/model.safetensors").read_bytes(), (run / "final/model.safetensors").read_bytes())
        self.assertEqual([path.name for path in (copy / "checkpoints").glob("step-*")], [last.name])
        self.assertIn("finished already at step 8 of 8", self.run_program(copy / "config.yaml").stderr)
        # A shorter run that ends at an older checkpoint: the next session finds that one.
        shorter = ("--set", "training.duration=5 steps")
        self.run_program(config, *shorter, "--resume", run / "checkpoints/step-00000005")
        model = (run / "final/model.safetensors").read_bytes()
        self.assertNotEqual(model, (copy / "final/model.safetensors").read_bytes())
        self.assertEqual([path.name for path in (run / "checkpoints/abandoned-1").iterdir()], [last.name])
        self.assertIn("finished already at step 5 of 5", self.run_program(config, *shorter).stderr)
        self.assertEqual((run / "final/model.safetensors").read_bytes(), model)

    def test_a_run_needs_the_model_that_it_began_from_no_more(self):
        for name, seed in (("source", 3), ("other", 4)):
            self.run_program(self.tiny(name, steps=2), "--set", f"training.seed={seed}")
        source = self.folder / "source/final"
        started_from = lambda path: ("--set", f"model={{init_from: {path}, dropout: 0.1}}")
        self.run_program(self.tiny("unbroken", steps=self.STEPS), *started_from(source))
        config = self.tiny("broken", steps=self.STEPS)
        process = self.start_program(config, *started_from(source))
        self.wait_for_step(self.folder / "broken", 6, process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 75)
        # Another model is refused, another spelling is not.
        refused = self.run_program(config, *started_from(self.folder / "other/final"), expect=2)
        self.assertIn("got one with another init_from", refused.stderr)
        respelled = os.path.relpath(source) + "/"
        process = self.start_program(config, *started_from(respelled))
        self.wait_for_step(self.folder / "broken", 16, process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 75)
        self.assertIn(f"init_from: {respelled}\n", (self.folder / "broken/config.yaml").read_text())
        # Without the model, and from the run's own configuration.
        shutil.rmtree(self.folder / "source")
        self.run_program(self.folder / "broken/config.yaml")
        self.assert_same_run(self.folder / "unbroken", self.folder / "broken")

    def test_bf16_resumes_too(self):
        reference = self.unbroken(precision="bf16")
        config, code = self.interrupt("bf16", signal.SIGTERM, at_step=6, precision="bf16")
        self.assertEqual(code, 75)
        self.run_program(config)
        self.assert_same_run(reference, self.folder / "bf16")

    def test_a_second_signal_ends_at_once(self):
        config = self.tiny("twice", steps=100000)
        process = self.start_program(config)
        self.wait_for_step(self.folder / "twice", 4, process)
        process.send_signal(signal.SIGSTOP)  # so that both signals arrive before the step ends
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        self.assertIn(process.wait(timeout=20), (128 + signal.SIGTERM, 128 + signal.SIGINT, -signal.SIGTERM, -signal.SIGINT))

    def test_a_finished_run_says_so(self):
        config = self.tiny()
        self.run_program(config)
        before = (self.folder / "run/metrics.jsonl").read_bytes()
        result = self.run_program(config)
        self.assertIn("finished", result.stdout + result.stderr)
        self.assertEqual((self.folder / "run/metrics.jsonl").read_bytes(), before)

    def test_a_changed_run_is_refused_with_the_differences(self):
        config = self.tiny()
        process_args = [config, "--set", "training.duration=4 steps"]
        self.run_program(*process_args)
        result = self.run_program(config, "--set", "optimizer.learning_rate=2e-2", "--set", "training.seed=4", expect=2)
        self.assertIn("optimizer.learning_rate", result.stderr)
        self.assertIn("training.seed", result.stderr)

    def test_resume_never_refuses_a_used_folder(self):
        config = self.tiny(steps=4)
        self.run_program(config)
        result = self.run_program(config, "--resume", "never", expect=4)
        self.assertIn("--resume", result.stderr)

    def test_a_second_run_in_the_folder_is_refused(self):
        config = self.tiny(steps=100000)
        process = self.start_program(config)
        self.wait_for_step(self.folder / "run", 2, process)
        result = self.run_program(config, expect=4)
        self.assertIn(str(process.pid), result.stderr)


if __name__ == "__main__":
    unittest.main()
