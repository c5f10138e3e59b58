"""Runs whose batches change on the way: lengths, sizes, masking, learning rate."""
import re
import unittest

from harness import ProgramTest

PHASES = """
phases:
  - {until: 50 %, max_length: 16, batch_size: 16, micro_batch: 8}
  - {until: 9 steps, max_length: 32}
  - {batch_size: 4}
"""


class PhasesTest(ProgramTest):
    def phased(self, name, *extra):
        """The tiny run of 12 steps in three phases, saved after each step."""
        path = self.tiny(name, checkpoint=1)
        path.write_text(path.read_text() + PHASES)
        return [path, "--set", "checkpoint.keep_last=20", "--set", "logging.every=1 steps", "--set", "objective.masking.probability=0.3",
                "--set", "objective.masking.end_probability=0.15", "--set", "schedule.scale_with_batch=8", *extra]

    def prepared_by(self, folder):
        return ["--set", f"data.store={folder / 'store'}", "--set", f"tokenizer.model={folder / 'final/spiece.model'}"]

    def test_the_dry_run_counts_the_steps_of_phases_with_and_without_a_store(self):
        path = self.tiny("run", micro_batch="auto")
        path.write_text(path.read_text() + "phases:\n  - {until: 90 %, max_length: 16}\n  - {max_length: 64}\n")
        options = [path, "--set", "training.duration=20000 tokens", "--set", "schedule.warmup=1 %"]
        steps = []
        for _ in range(2):
            shown = self.run_program(*options, "--dry-run").stdout
            self.assertRegex(shown, r"step, phase 1 .*8 sequences of 16 pieces, 8 in a forward pass\)\nstep, phase 2 .*8 sequences of 64 pieces")
            steps.append(int(re.search(r"training .* \(([0-9]+) steps", shown)[1]))
            self.run_program(*options, "--prepare-only")
        self.assertLess(abs(steps[0] - steps[1]), 0.25 * steps[1], steps)

    def test_phases_change_the_batches_and_resume_to_the_bit_anywhere(self):
        self.run_program(*self.phased("unbroken"))
        unbroken = self.folder / "unbroken"
        lines = [line for line in self.repeatable_metrics(unbroken) if line["split"] == "train"]
        self.assertEqual([line["examples"] for line in lines], [16, 32, 48, 64, 80, 96, 104, 112, 120, 124, 128, 132])
        tokens = [after["tokens"] - before["tokens"] for before, after in zip([{"tokens": 0}] + lines, lines)]
        self.assertTrue(all(count <= 16 * 16 for count in tokens[:6]), tokens)
        self.assertTrue(all(count <= 8 * 32 for count in tokens[6:9]), tokens)
        self.assertTrue(any(count > 4 * 32 for count in tokens[9:]), tokens)
        rates = [line["learning_rate"] for line in lines]
        plain = [1e-2 * (1 - step / 12) for step in range(12)]
        for step, factor in ((2, 2 ** 0.5), (5, 2 ** 0.5), (6, 1), (8, 1), (9, 0.5 ** 0.5), (11, 0.5 ** 0.5)):
            self.assertAlmostEqual(rates[step], factor * plain[step], places=12)
        for step in (3, 6, 8, 9, 10):  # inside and at the borders
            name = f"resumed{step}"
            self.run_program(*self.phased(name), *self.prepared_by(unbroken), "--resume", unbroken / f"checkpoints/step-{step:08}")
            resumed = self.folder / name
            self.assertEqual((resumed / "final/model.safetensors").read_bytes(), (unbroken / "final/model.safetensors").read_bytes(), name)
            self.assertEqual([line for line in self.repeatable_metrics(resumed) if line["split"] == "train"], lines[step:], name)
        changed = self.run_program(*self.phased("unbroken", "--set", "phases[1].max_length=64"), expect=2)
        self.assertIn("phases[1].max_length: was 32, is 64", changed.stderr)

    def test_a_warm_start_may_be_deeper_and_has_its_own_rate(self):
        self.run_program(self.tiny(steps=4))
        first = self.folder / "run"
        self.run_program(self.tiny("deeper", steps=2), *self.prepared_by(first), "--set", f"model.init_from={first / 'final'}",
                         "--set", "model.num_hidden_layers=3", "--set", "optimizer.learning_rate=1e-3", "--set", "schedule.warmup=0 steps")
        deeper = self.folder / "deeper"
        self.assertIn('"num_hidden_layers": 3', (deeper / "final/config.json").read_text())
        rates = [line["learning_rate"] for line in self.metrics(deeper) if line["split"] == "train"]
        self.assertEqual(rates, [1e-3 * (1 - 1 / 2)])


if __name__ == "__main__":
    unittest.main()
