"""Runs that go wrong, and the average of the weights, as a user meets them."""
import json
import unittest

from harness import ProgramTest, read_weights


class DivergenceTest(ProgramTest):
    # One update of this rate spoils the weights.
    HOPELESS = ["--set", "optimizer.learning_rate=1e30", "--set", "schedule.warmup=0 steps"]

    def test_a_run_that_diverges_says_where_and_exits_5(self):
        config = self.tiny()
        result = self.run_program(config, *self.HOPELESS, expect=5)
        self.assertRegex(result.stderr, r"step 2: .* must be finite, got .*\(.*(layer|embeddings|head).*; .*example [0-9]+ of epoch 0.*\); the update was not made")
        last = self.metrics(self.folder / "run")[-1]
        self.assertEqual((last["split"], last["step"], last["first_example"], last["end_example"]), ("train", 2, 8, 16))
        self.assertRegex(last["bad_examples"], "example [0-9]+ of epoch 0")
        self.assertTrue(last["layer"])
        skipping = self.run_program(config, *self.HOPELESS, "--output", self.folder / "skipping", "--set", "training.on_divergence=skip",
                                    "--set", "training.divergence.max_skips=2", expect=5)
        self.assertIn("step 4: ", skipping.stderr)
        self.assertIn("2 updates in a row were left out already", skipping.stderr)
        actions = [line["action"] for line in self.metrics(self.folder / "skipping") if line["split"] == "divergence"]
        self.assertEqual(actions, ["skip", "skip"])

    def test_the_average_is_saved_resumed_and_exported(self):
        averaged = ["--set", "training.ema={decay: 0.9}"]
        self.run_program(self.tiny("unbroken"), *averaged)
        unbroken = self.folder / "unbroken"
        final, average, last = (read_weights(unbroken / path) for path in (
            "final/model.safetensors", "checkpoints/latest/ema.safetensors", "checkpoints/latest/model.safetensors"))
        shared = [name for name in average if name in final]
        self.assertGreater(len(shared), 10)
        for name in shared:
            self.assertEqual(final[name], average[name])
        self.assertNotEqual(final[shared[0]], last[shared[0]])
        prepared = ["--set", f"data.store={unbroken / 'store'}", "--set", f"tokenizer.model={unbroken / 'final/spiece.model'}"]
        self.run_program(self.tiny("resumed"), *averaged, *prepared, "--resume", unbroken / "checkpoints/step-00000008")
        resumed = self.folder / "resumed"
        for path in ("final/model.safetensors", "checkpoints/latest/ema.safetensors"):
            self.assertEqual((resumed / path).read_bytes(), (unbroken / path).read_bytes())
        refused = self.run_program(self.tiny("unbroken"), "--set", "training.ema={decay: 0.8}", expect=2)
        self.assertIn("training.ema.decay", refused.stderr)
        result = self.run_program(self.tiny("unbroken"), "--evaluate", unbroken / "final")
        evaluated = [line for line in self.metrics(unbroken) if line["split"] == "validation"][-1]
        self.assertAlmostEqual(json.loads(result.stdout)["mlm_loss"], evaluated["mlm_loss"], places=5)


if __name__ == "__main__":
    unittest.main()
