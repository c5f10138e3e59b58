"""albert convert as a user meets it: folders of transformers of every class and age, runs of ours, the number of heads."""
import array
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import SOURCE, ProgramTest, files_below

PYTHON = os.environ.get("ALBERT_TEST_PYTHON")
ENVIRONMENT = dict(os.environ, HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES="", OMP_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1")
ADDITIONS = {"sharded": "AlbertForPreTraining", "bfloat16": "AlbertForPreTraining", "old": "AlbertForMaskedLM", "hub": "AlbertForMaskedLM"}


class ConvertTest(ProgramTest):
    def convert(self, source, target, *options, **expected):
        return self.run_program("convert", source, target, *options, program="albert", **expected)


@unittest.skipUnless(PYTHON, "ALBERT_TEST_PYTHON names no Python with transformers")
class TransformersTest(ConvertTest):
    @staticmethod
    def python(*arguments, **options):
        result = subprocess.run([PYTHON, *arguments], capture_output=True, text=True, env=ENVIRONMENT, **options)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    @classmethod
    def setUpClass(cls):
        cls.made = pathlib.Path(tempfile.mkdtemp(prefix="albert-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.made, ignore_errors=True)
        cls.python(SOURCE / "tests/integration/check_convert.py", "make", cls.made)

    def setUp(self):
        super().setUp()
        shutil.copytree(self.made, self.folder, dirs_exist_ok=True)

    def weights(self, *parts):
        return self.folder.joinpath(*parts, "model.safetensors").read_bytes()

    def test_folders_of_every_class(self):
        names = sorted(p.name for p in self.folder.iterdir() if p.is_dir() and (p.name[0].isupper() or p.name in ADDITIONS))
        self.assertEqual(len(names), 18)
        jobs = []
        for name in names:
            ours, again = f"{name}-ours", f"{name}-again"
            told = self.convert(self.folder / name, self.folder / ours).stdout
            self.assertIn(f": {ADDITIONS.get(name, name)}, ", told)
            self.convert(self.folder / ours, self.folder / again)
            self.assertEqual(self.weights(again), self.weights(ours))
            if name in ("old", "sharded"):
                continue
            self.assertEqual(self.weights(ours), self.weights(name), f"{name}: not the bytes that transformers wrote")
        for name in names:
            tensors = self.folder / f"{name}.tensors"
            self.run_program("predict", self.folder / f"{name}-again", "--ids", self.folder / "ids.safetensors", "--tensors", tensors, program="albert")
            source = {"old": "AlbertForMaskedLM"}.get(name, name)
            jobs.append([str(self.folder / source), str(self.folder / f"{name}-again"), str(tensors)])
        # What is the same model under other names is the same file in the end.
        self.assertEqual(self.weights("old-ours"), self.weights("AlbertForMaskedLM"))
        self.assertEqual(self.weights("sharded-ours"), self.weights("AlbertForPreTraining"))
        (self.folder / "jobs.json").write_text(json.dumps(jobs))
        print(self.python(SOURCE / "tests/integration/check_convert.py", "compare", self.folder / "jobs.json").strip())

    def test_what_was_read_renamed_and_skipped_is_told(self):
        told = self.convert(self.folder / "old", self.folder / "out").stdout
        self.assertIn("tensors without their prefix", told)
        self.assertIn("predictions.decoder.bias to predictions.bias", told)
        self.assertIn("embeddings.position_ids (a constant)", told)
        self.assertIn("predictions.decoder.weight (a second name of albert.embeddings.word_embeddings.weight)", told)
        told = self.convert(self.folder / "hub", self.folder / "out2").stdout
        self.assertIn("net_structure_type of config.json (unknown here)", told)

    def test_a_pickle_is_refused_and_the_cure_works(self):
        source = self.folder / "pickle"
        error = self.convert(source, self.folder / "out", expect=4).stderr
        self.assertIn("pytorch_model.bin is a pickle, which can run code when it is read and so never is", error)
        self.assertEqual(error.count("\n"), 1)
        cure = re.search(r'python3 -c "(.*)"$', error.strip()).group(1)
        self.python("-c", cure, cwd=source)
        self.convert(source, self.folder / "out")
        self.assertEqual(self.weights("out"), self.weights("AlbertForPreTraining"))

    def test_an_untied_decoder_is_refused(self):
        error = self.convert(self.folder / "untied", self.folder / "out", expect=4).stderr
        self.assertIn("given twice predictions.decoder.weight (differs from albert.embeddings.word_embeddings.weight)", error)
        told = self.convert(self.folder / "untied", self.folder / "out", "--lenient").stdout
        self.assertIn("left out      predictions.decoder.weight", told)
        self.assertEqual(self.weights("out"), self.weights("AlbertForPreTraining"))

    def test_shards_are_read_by_inspect_and_predict(self):
        facts = json.loads(self.run_program("inspect", self.folder / "sharded", "--json", program="albert").stdout)
        self.assertEqual(facts["tensors"]["missing"], [])
        self.assertTrue(json.loads(self.run_program("inspect", self.folder / "sharded", "--diff", self.folder / "AlbertForPreTraining", "--json",
                                                    program="albert").stdout)["equal"])
        shutil.copy(self.folder / "ids.safetensors", self.folder / "in.safetensors")
        for name in ("sharded", "AlbertForPreTraining"):
            self.run_program("predict", self.folder / name, "--ids", self.folder / "in.safetensors", "--tensors", self.folder / f"{name}.out",
                             program="albert")
        self.assertEqual((self.folder / "sharded.out").read_bytes(), (self.folder / "AlbertForPreTraining.out").read_bytes())


class GoogleTest(ConvertTest):
    """The archive as Google publishes them is a source for every program, not for albert convert alone."""

    archive = SOURCE / "tests/golden/tf1/albert_tiny.tar.gz"

    def test_the_converted_folder_has_all_files_and_the_same_ids(self):
        self.convert(self.archive, self.folder / "out")
        self.assertEqual(files_below(self.folder / "out"),
                         ["config.json", "model.safetensors", "spiece.model", "tokenizer.json", "tokenizer_config.json"])

    def test_the_ending_of_an_onnx_file_may_have_any_case(self):
        for name in ("model.onnx", "MODEL.ONNX"):
            self.convert(self.archive, self.folder / name)
        self.assertEqual((self.folder / "MODEL.ONNX").read_bytes(), (self.folder / "model.onnx").read_bytes())

    def test_training_begins_with_it_and_goes_on_without_it(self):
        archive = pathlib.Path(shutil.copy(self.archive, self.folder))
        run = self.folder / "run"
        text = re.sub(r"model:\n(  .*\n)+tokenizer.*\n", f"model: {{init_from: {archive}}}\n", self.tiny_text(output=run, steps=2))
        config = self.folder / "run.yaml"
        config.write_text(text.replace("max_length: 64", "max_length: 10"))
        self.run_program(config)
        self.assertEqual((run / "final/spiece.model").read_bytes(), (self.archive.parent / "pretraining/30k-clean.model").read_bytes())
        self.assertFalse((run / "tokenizer").exists())
        self.run_program(run / "config.yaml", "--dry-run")
        archive.unlink()
        self.run_program(config, "--set", "training.duration=3 steps")

    def test_predictions_and_what_inspect_says(self):
        (self.folder / "in.txt").write_text("a b [MASK] d\n")
        lines = [self.run_program("predict", model, "--fill-mask", "--input", self.folder / "in.txt", program="albert").stdout
                 for model in (self.archive, self.archive.parent / "pretraining")]
        self.assertEqual(len(json.loads(lines[0])["masks"]), 1)
        self.assertEqual(lines[0], lines[1])
        error = self.run_program("inspect", self.archive, program="albert", expect=4).stderr
        self.assertIn(f"albert convert {self.archive} FOLDER makes a model folder of it", error)


class RunTest(ConvertTest):
    def test_a_run_and_its_checkpoint(self):
        config = self.tiny("run", steps=4)
        self.run_program(config)
        run = self.folder / "run"
        told = self.convert(run, self.folder / "out").stdout
        self.assertIn("model of a finished run: AlbertForPreTraining", told)
        self.assertEqual((self.folder / "out/model.safetensors").read_bytes(), (run / "final/model.safetensors").read_bytes())
        self.assertEqual(files_below(self.folder / "out"), files_below(run / "final"))
        shutil.rmtree(run / "final")
        told = self.convert(run, self.folder / "out2").stdout
        self.assertIn("checkpoint of step 4: AlbertForPreTraining", told)

        weights = run / "checkpoints/latest/model.safetensors"
        data = bytearray(weights.read_bytes())
        data[-1] ^= 1
        weights.write_bytes(data)
        error = self.convert(run / "checkpoints/latest", self.folder / "out3", expect=4).stderr
        self.assertIn("model.safetensors", error)
        self.assertFalse((self.folder / "out3").exists())

        error = self.convert(self.folder / "out", self.folder / "out2", expect=4).stderr
        self.assertIn("out2: wanted a new name for the target, got one that is taken", error)

        self.check_heads(self.folder / "out")

    def check_heads(self, model):
        self.sharpen_attention(model / "model.safetensors")
        text = self.folder / "text.txt"
        text.write_text("\n".join(sorted((SOURCE / "data/sample").glob("*.txt"))[0].read_text().splitlines()[:40]))
        losses = {}
        for tried in ("2,16", "16,2"):  # the order does not matter
            target = self.folder / f"heads-{tried}"
            told = self.convert(model, target, "--try-heads", tried, "--text", text, "--device", "cpu").stdout
            losses = {int(heads): float(loss) for heads, loss in re.findall(r"tried +(\d+) heads: loss ([\d.]+) over \d+ masked", told)}
            self.assertEqual(sorted(losses), [2, 16])
            self.assertNotEqual(losses[2], losses[16])
            best = min(losses, key=losses.get)
            self.assertIn(f"kept          {best} heads", told)
            self.assertEqual(json.loads((target / "config.json").read_text())["num_attention_heads"], best)
        self.convert(model, self.folder / "eight", "--num-attention-heads", "8")
        self.assertEqual(json.loads((self.folder / "eight/config.json").read_text())["num_attention_heads"], 8)
        self.spoil(model / "model.safetensors")
        refused = self.convert(model, self.folder / "spoilt", "--try-heads", "2,16", "--text", text, expect=4)
        self.assertIn("--try-heads: wanted a finite loss with one of 2, 16 heads, got none; the weights hold values that are not finite", refused.stderr)
        self.assertNotIn("kept", refused.stdout)
        self.assertFalse((self.folder / "spoilt").exists())
        error = self.convert(model, self.folder / "five", "--try-heads", "2,5", "--text", text, expect=2).stderr
        self.assertIn("--try-heads: num_attention_heads must divide hidden_size", error)

    @staticmethod
    def sharpen_attention(path):
        """Larger queries and values, so that the number of heads matters in a model that has learnt little."""
        data = bytearray(path.read_bytes())
        begin = 8 + int.from_bytes(data[:8], "little")
        for name, entry in json.loads(data[8:begin]).items():
            if name.endswith(("attention.query.weight", "attention.value.weight")):
                first, last = (begin + offset for offset in entry["data_offsets"])
                data[first:last] = array.array("f", [300 * value for value in array.array("f", bytes(data[first:last]))]).tobytes()
        path.write_bytes(data)

    @staticmethod
    def spoil(path):
        """NaN in the table of words."""
        data = bytearray(path.read_bytes())
        begin = 8 + int.from_bytes(data[:8], "little")
        first = begin + json.loads(data[8:begin])["albert.embeddings.word_embeddings.weight"]["data_offsets"][0]
        data[first:first + 4 * 1024] = array.array("f", [float("nan")] * 1024).tobytes()
        path.write_bytes(data)

    def test_command_lines_that_contradict(self):
        out = self.folder / "out"
        for options, expected in ((("--num-attention-heads", "0"), "--num-attention-heads: must be at least 1, got 0"),):
            self.assertIn(expected, self.convert(self.folder, out, *options, expect=2).stderr)
        self.assertIn("wanted a folder with config.json and model.safetensors, a checkpoint, a run, or a checkpoint or archive of Google's ALBERT, got none of them",
                      self.convert(self.folder, out, expect=4).stderr)
        self.assertIn("wanted a model, got nothing of that name", self.convert(self.folder / "none", out, expect=4).stderr)
        self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
