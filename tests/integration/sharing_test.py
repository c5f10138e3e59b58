"""Models whose layers share only attention or only feed-forward networks, as a user meets them; and the ablation's arithmetic."""
import importlib.util
import json
import os
import signal
import subprocess
import unittest

from harness import SOURCE, ProgramTest, read_weights

PYTHON = os.environ.get("ALBERT_TEST_PYTHON")
LAYER = "albert.encoder.albert_layer_groups.{}.albert_layers.0."
SHARED = {"attention": "attention.query.weight", "feed_forward": "ffn.weight"}
EMBEDDINGS = (400 + 64 + 2) * 16 + 2 * 16
MAPPING = 16 * 32 + 32
ATTENTION = 4 * 32**2 + 6 * 32          # four projections, their biases, LayerNorm
FEED_FORWARD = 2 * 32 * 64 + 64 + 3 * 32


class SharingTest(ProgramTest):
    def shared(self, name, sharing, **changes):
        path = self.tiny(name, **changes)
        text = path.read_text().replace("model:\n", f"model:\n  sharing: {sharing}\n")
        path.write_text(text.replace("device: cpu", "device: cpu, intra_op_threads: 1"))
        return path

    def facts(self, path):
        return json.loads(self.run_program("inspect", path, "--json", program="albert").stdout)

    def test_a_run_stores_the_shared_half_once_and_says_so(self):
        counts = {"all": ATTENTION + FEED_FORWARD, "attention": ATTENTION + 2 * FEED_FORWARD, "feed_forward": 2 * ATTENTION + FEED_FORWARD,
                  "none": 2 * (ATTENTION + FEED_FORWARD)}
        for sharing, layers in counts.items():
            config = self.shared(sharing, sharing, steps=2)
            self.run_program(config)
            facts = self.facts(self.folder / sharing / "final")
            self.assertEqual(facts["shape"]["sharing"], sharing)
            self.assertEqual(facts["parameters"]["shared_layers"], layers)
            self.assertEqual(facts["parameters"]["embeddings"] + facts["parameters"]["embedding_mapping"], EMBEDDINGS + MAPPING)
            self.assertEqual([facts["tensors"][key] for key in ("missing", "unknown", "misshapen", "ignored")], [[], [], [], []])
            family = "PartlySharedAlbert" if sharing in SHARED else "Albert"
            self.assertEqual(facts["class"], f"{family}ForPreTraining")
            weights = read_weights(self.folder / sharing / "final/model.safetensors")
            for half, name in SHARED.items():
                self.assertEqual(LAYER.format(1) + name in weights, sharing not in ("all", half), (sharing, half))

    def test_dry_run_counts_the_halves(self):
        self.assertIn("model: 2 layers of 1 attention and 2 feed-forward part(s), ",
                      self.run_program(self.shared("run", "attention"), "--dry-run").stdout)

    def test_an_interrupted_run_goes_on_to_the_bit(self):
        steps = 30
        self.run_program(self.shared("unbroken", "attention", steps=steps))
        config = self.shared("broken", "attention", steps=steps)
        process = self.start_program(config)
        self.wait_for_step(self.folder / "broken", 6, process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 75)
        self.run_program(config)
        unbroken, broken = self.folder / "unbroken", self.folder / "broken"
        self.assertEqual(self.repeatable_metrics(unbroken), self.repeatable_metrics(broken))
        self.assertEqual((unbroken / "final/model.safetensors").read_bytes(), (broken / "final/model.safetensors").read_bytes())

    def test_another_sharing_is_another_run(self):
        config = self.shared("run", "attention", steps=2)
        self.run_program(config)
        result = self.run_program(config, "--set", "model.sharing=feed_forward", "--set", "training.duration=4 steps", expect=2)
        self.assertIn("model.sharing", result.stderr)

    def test_pre_training_goes_on_from_it_and_reshapes_nothing(self):
        self.run_program(self.shared("first", "feed_forward", steps=2))
        config = self.tiny("second", steps=2)
        self.run_program(config, "--set", f"model={{init_from: {self.folder}/first/final, dropout: 0.1}}", "--set", "tokenizer.vocab_size=400")
        self.assertEqual(self.facts(self.folder / "second/final")["shape"], self.facts(self.folder / "first/final")["shape"])
        result = self.run_program(self.tiny("third", steps=2), "--set", f"model={{init_from: {self.folder}/first/final, sharing: all}}", expect=4)
        self.assertIn("tensors must be those of the model, got unexpected", result.stderr)

    def test_fine_tuning_and_prediction_start_from_such_a_folder(self):
        self.run_program(self.shared("run", "attention", steps=2))
        rows = [f"day {i} was {'good' if i % 2 else 'bad'}\t{i % 2}" for i in range(40)]
        (self.folder / "rows.tsv").write_text("\n".join(["sentence\tlabel", *rows]) + "\n")
        (self.folder / "task.yaml").write_text(f"""
output: {self.folder}/task
model: {{init_from: {self.folder}/run/final}}
task: {{type: sequence-classification, columns: {{text: sentence, label: label}}}}
data: {{train: {{path: {self.folder}/rows.tsv}}, max_length: 32}}
optimizer: {{learning_rate: 1e-3, layer_decay: {{rate: 0.9}}}}
training: {{duration: 4 steps, batch_size: 8, device: cpu}}
""")
        self.run_program(self.folder / "task.yaml", program="albert-finetune")
        facts = self.facts(self.folder / "task/final")
        self.assertEqual((facts["class"], facts["shape"]["sharing"]), ("PartlySharedAlbertForSequenceClassification", "attention"))
        self.assertEqual(facts["tensors"]["missing"] + facts["tensors"]["unknown"], [])
        with open(self.folder / "rows.tsv", encoding="utf-8") as lines:
            answer = self.run_program("predict", self.folder / "task/final", program="albert", stdin=lines)
        self.assertEqual(len(answer.stdout.splitlines()), 41)

    @unittest.skipUnless(PYTHON, "ALBERT_TEST_PYTHON is not set")
    def test_transformers_refuses_it_by_name(self):
        self.run_program(self.shared("run", "attention", steps=2))
        result = subprocess.run([PYTHON, "-c", "import sys; from transformers import AutoModel; AutoModel.from_pretrained(sys.argv[1])",
                                 self.folder / "run/final"], capture_output=True, text=True, env=dict(os.environ, HF_HUB_OFFLINE="1"))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("partly_shared_albert", result.stderr)


class AblationArithmeticTest(unittest.TestCase):
    def setUp(self):
        spec = importlib.util.spec_from_file_location("ablation", SOURCE / "scripts/ablation.py")
        self.ablation = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.ablation)

    def test_intervals_are_student_s(self):
        mean, half_width = self.ablation.mean_interval([1.0, 2.0, 3.0])
        self.assertEqual(mean, 2.0)
        self.assertAlmostEqual(half_width, 4.303 / 3**0.5)
        self.assertEqual(self.ablation.mean_interval([5.0]), (5.0, None))
        self.assertAlmostEqual(self.ablation.mean_interval([2.0, 2.0], 0.3, 0.4)[1], 0.5)

    def test_differences_are_paired_by_seed_and_hold_the_sampling_of_the_examples(self):
        first, second = ([{"loss": value, "accuracy": 0.5, "accuracy_half_width": 0.03} for value in values]
                         for values in ((1.1, 5.1, 9.1), (1.0, 5.0, 9.0)))
        difference, half_width = self.ablation.difference_of(first, second, "loss")
        self.assertAlmostEqual(difference, 0.1)
        self.assertAlmostEqual(half_width, 0.0)
        self.assertAlmostEqual(self.ablation.difference_of(first, second, "accuracy")[1], 0.03 * 2**0.5)

    def test_a_direction_is_shown_only_where_the_interval_leaves_out_zero(self):
        self.assertEqual(self.ablation.verdict(0.2, 0.1, 1), "shown")
        self.assertEqual(self.ablation.verdict(0.2, 0.1, -1), "opposite")
        self.assertEqual(self.ablation.verdict(-0.2, 0.1, -1), "shown")
        self.assertEqual(self.ablation.verdict(0.1, 0.1, 1), "not shown")
        self.assertEqual(self.ablation.verdict(0.2, None, 1), "not shown")

    def test_every_configuration_is_run_and_described(self):
        shipped = {path.stem for path in (SOURCE / "configs/ablation").glob("*.yaml")}
        self.assertEqual(shipped, set(self.ablation.VARIANTS))
        self.assertEqual(shipped, set(self.ablation.LABELS))


if __name__ == "__main__":
    unittest.main(verbosity=2)
