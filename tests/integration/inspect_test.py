"""albert inspect: what models, runs, checkpoints and token stores are, and how two of them differ."""
import json
import os
import shutil
import signal
import struct
import subprocess
import unittest

from finetune_harness import SOURCE, FinetuneTest, run_once
from harness import BIN, files_below

THREE_STEPS = {"training": {"duration": "3 steps"}, "evaluation": {"every": "1 steps"}, "checkpoint": {"every": "2 steps"},
               "logging": {"every": "1 steps"}}


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def write_sparse(path, shapes):
    """Zeros that take no place on the disk; returns the bytes of the file."""
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, end = end, end + 4 * shape[0] * shape[1]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    content = safetensors(header)
    path.write_bytes(content)
    os.truncate(path, len(content) + end)
    return len(content) + end


def flip(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x10
    path.write_bytes(content)


class InspectTest(FinetuneTest):
    """A run of twelve steps in `trained`, whose model is `base`."""

    @classmethod
    def pretrain(cls, output, *arguments):
        cls.trained = cls.shared / "trained"
        config = cls.trained.with_suffix(".yaml")
        config.write_text(cls.tiny_text(output=cls.trained, steps=12))
        run_once("albert-train", config, "--set", "training.intra_op_threads=1", *arguments)
        cls.checkpoints = sorted((cls.trained / "checkpoints").glob("step-*"))
        return cls.trained / "final"

    def copy(self, source, name="copy"):
        target = self.folder / name
        shutil.copytree(source, target, symlinks=True)
        return target

    def inspect(self, *arguments, **options):
        return self.run_program("inspect", *arguments, program="albert", **options)

    def facts(self, *arguments):
        return json.loads(self.inspect(*arguments, "--json").stdout)

    def error(self, *arguments, expect=4):
        """The one line of a failure."""
        lines = self.inspect(*arguments, expect=expect).stderr.splitlines()
        self.assertEqual(len(lines), 1, lines)
        return lines[0]


class RunTest(InspectTest):
    def test_a_finished_run_is_told_as_its_files_have_it(self):
        facts = self.facts(self.trained)
        metrics = self.metrics(self.trained)
        validation = [line for line in metrics if line["split"] == "validation"]
        state = json.loads((self.trained / "checkpoints/latest/training_state.json").read_text())
        self.assertEqual((facts["kind"], facts["program"], facts["progress"], facts["in_use"]), ("run", "albert-train", "finished", False))
        training = facts["training"]
        self.assertEqual((training["step"], training["total_steps"], training["resumable_from"]), (12, 12, 12))
        for key in ("run_id", "tokens", "seconds"):
            self.assertEqual(training[key], state[key])
        self.assertEqual(training["last_validation"], {k: v for k, v in validation[-1].items() if k != "split"})
        best = min(validation, key=lambda line: line["loss"])
        self.assertEqual(training["best_validation"], {k: v for k, v in best.items() if k != "split"})
        self.assertEqual([f"step-{c['step']:08}" for c in training["checkpoints"]], [folder.name for folder in self.checkpoints])
        self.assertEqual(len(self.checkpoints), 3)
        for checkpoint, folder in zip(training["checkpoints"], self.checkpoints):
            size = sum(f.stat().st_size for f in folder.iterdir() if f.name != "manifest.json")
            self.assertEqual((checkpoint["state"], checkpoint["size_bytes"]), ("complete", size))
        self.assertEqual([c.get("latest") for c in training["checkpoints"]], [None, None, True])
        self.assertEqual(facts["configuration"]["batch_size"], 8)
        self.assertEqual(facts["configuration"]["duration"], "12 steps")
        self.assertEqual(facts["final"]["class"], "AlbertForPreTraining")
        self.assertEqual(facts["store"]["pieces"], 400)

    def test_the_length_in_epochs_is_turned_into_steps(self):
        config = self.tiny("epochs", steps=1)
        self.run_program(config, "--set", "training.duration=2 epochs", "--set", "logging.every=1 steps", "--set", "training.batch_size=64",
                         "--set", "training.micro_batch=64", "--set", "schedule.warmup=0 steps")
        training = self.facts(self.folder / "epochs")["training"]
        self.assertEqual(training["total_steps"], training["step"])

    def test_plain_words_hold_no_text_and_no_path_but_the_one_given(self):
        text = self.inspect("trained", cwd=self.shared).stdout
        for words in ("progress  finished", "in use    no", "total steps", "AlbertForPreTraining"):
            self.assertIn(" ".join(words.split()), " ".join(text.split()))
        for secret in (str(self.shared), str(SOURCE), "data/sample"):
            self.assertNotIn(secret, text)
            self.assertNotIn(secret, self.inspect("trained", "--json", cwd=self.shared).stdout)

    def test_looking_changes_nothing(self):
        copy = self.copy(self.trained)
        (copy / "checkpoints/.tmp-step-00000099").mkdir()  # what a killed save left is for the next training
        before = [(name, (copy / name).lstat().st_mtime_ns) for name in files_below(copy)]
        self.inspect(copy, "--verify")
        self.inspect(copy, "--diff", self.trained)
        self.assertEqual([(name, (copy / name).lstat().st_mtime_ns) for name in files_below(copy)], before)

    def test_a_running_and_a_killed_run(self):
        process = self.start_program(self.tiny("long", steps=100000))
        output = self.folder / "long"
        self.wait_for_step(output, 6, process)
        running = self.facts(output)
        self.assertEqual((running["progress"], running["in_use"]), ("running", True))
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed = self.facts(output)
        self.assertEqual((killed["progress"], killed["in_use"]), ("interrupted", False))
        steps = [c["step"] for c in killed["training"]["checkpoints"] if c["state"] == "complete"]
        self.assertEqual(killed["training"]["resumable_from"], steps[-1])
        self.assertGreaterEqual(killed["training"]["step"], 6)
        self.assertNotIn("final", killed)
        with open(output / "metrics.jsonl", "a") as file:
            file.write('{"split": "train", "st')  # the line that it was writing
        self.assertEqual(self.facts(output)["training"]["step"], killed["training"]["step"])

    def test_damaged_checkpoints_are_told_and_the_one_before_is_resumable(self):
        copy = self.copy(self.trained)
        first, second, third = (copy / "checkpoints" / path.name for path in self.checkpoints)
        flip(third / "model.safetensors", -1)
        (second / "config.json").unlink()
        training = self.facts(copy)["training"]
        self.assertEqual([c["state"] for c in training["checkpoints"]], ["complete", "damaged", "complete"])
        self.assertIn('"config.json" is missing', training["checkpoints"][1]["problem"])
        verified = self.facts(copy, "--verify")["training"]
        self.assertEqual([c["state"] for c in verified["checkpoints"]], ["verified", "damaged", "damaged"])
        self.assertIn("damaged in tensor", verified["checkpoints"][2]["problem"])
        self.assertEqual(verified["resumable_from"], int(first.name[len("step-"):]))

    def test_a_run_before_its_first_step_and_one_with_broken_files(self):
        copy = self.copy(self.trained)
        for name in ("checkpoints", "final", "store"):
            shutil.rmtree(copy / name)
        (copy / "metrics.jsonl").unlink()
        facts = self.facts(copy)
        self.assertEqual((facts["progress"], facts["training"]["step"], facts["training"]["resumable_from"]), ("not begun", 0, None))
        (copy / "metrics.jsonl").write_text('{"split": "train", "step": 1}\nnonsense\n')
        self.assertIn("metrics.jsonl:2:1:2: wanted JSON", self.error(copy))
        (copy / "config.yaml").write_text("outptu: x\n")
        self.assertIn("config.yaml:1:1: outptu: unknown key", self.inspect(copy, expect=2).stderr)

    def test_a_broken_final_model_is_told_with_the_rest(self):
        copy = self.copy(self.trained)
        os.truncate(copy / "final/model.safetensors", 1000)
        facts = self.facts(copy)
        self.assertIn("cut short", facts["final"]["problem"])
        self.assertEqual(facts["training"]["step"], 12)

    def test_differences_of_runs(self):
        copy = self.copy(self.trained)
        same = self.facts(self.trained, "--diff", copy)
        self.assertEqual((same["kind"], same["of"], same["equal"]), ("difference", "run", True))
        other = self.folder / "other"
        self.run_program(self.tiny("other", steps=12), "--set", "optimizer.learning_rate=5e-3", "--set", "training.intra_op_threads=1")
        facts = self.facts(self.trained, "--diff", other)
        self.assertFalse(facts["equal"])
        self.assertEqual(facts["configuration"], [{"key": "optimizer.learning_rate", "a": "0.01", "b": "0.005"}])
        self.assertIn("training.last_validation.loss", [d["key"] for d in facts["results"]])
        self.assertIn("optimizer.learning_rate: 0.01 | 0.005", self.inspect(self.trained, "--diff", other).stdout)


class CheckpointTest(InspectTest):
    def test_a_checkpoint_is_a_model_with_its_training(self):
        path = self.trained / "checkpoints/latest"
        facts = self.facts(path)
        manifest = json.loads((path / "manifest.json").read_text())
        self.assertEqual((facts["kind"], facts["class"]), ("checkpoint", "AlbertForPreTraining"))
        self.assertEqual((facts["checkpoint"]["step"], facts["checkpoint"]["run_id"]), (12, manifest["run_id"]))
        self.assertEqual(facts["checkpoint"]["hashes"], manifest["hashes"])
        self.assertEqual(facts["checkpoint"]["state"], "complete")
        self.assertEqual(facts["training"]["examples"], 12 * 8)
        self.assertIs(facts["tokenizer"]["belongs_to_model"], True)
        self.assertEqual(self.facts(path, "--verify")["checkpoint"]["state"], "verified")
        final = self.facts(path, "--diff", self.trained / "final")
        self.assertEqual((final["of"], final["equal"]), ("model", True))
        before = self.facts(self.checkpoints[0], "--diff", path)
        self.assertEqual((before["of"], before["equal"], before["tensors"]["different"]), ("checkpoint", False, before["tensors"]["compared"]))

    def test_damage(self):
        copy = self.copy(self.checkpoints[-1], "step-00000012")
        flip(copy / "optimizer.safetensors", -1)
        self.inspect(copy)
        self.assertIn('"optimizer.safetensors" is damaged in tensor', self.error(copy, "--verify"))
        os.truncate(copy / "training_state.json", 5)
        self.assertIn('"training_state.json" has 5 bytes instead of', self.error(copy))
        (copy / "manifest.json").write_text("{}")
        self.assertIn("manifest.json: wanted a manifest that ends with its sha256", self.error(copy))


class StoreTest(InspectTest):
    def test_a_store(self):
        facts = self.facts(self.trained / "store")
        self.assertEqual(facts, {**self.facts(self.trained / "store/tokens.store"), "path": str(self.trained / "store")})
        self.assertEqual((facts["kind"], facts["version"], facts["pieces"], facts["checksums"]), ("store", 1, 400, "header verified"))
        self.assertEqual(facts["file_bytes"], (self.trained / "store/tokens.store").stat().st_size)
        self.assertGreater(facts["tokens"], facts["sentences"])
        self.assertGreater(facts["sentences"], facts["documents"])
        texts = sorted((SOURCE / "data/sample").glob("*.txt"))
        self.assertEqual([(f["name"], f["size_bytes"]) for f in facts["sources"]], [(t.name, t.stat().st_size) for t in texts])
        self.assertEqual(facts["tokenizer_hash"], self.facts(self.trained / "final")["tokenizer"]["hash"])
        verified = self.facts(self.trained / "store", "--verify")
        self.assertEqual({**verified, "checksums": "header verified"}, facts)

    def test_damage_is_found_by_verify_and_a_cut_file_always(self):
        copy = self.copy(self.trained / "store")
        flip(copy / "tokens.store", 400)
        self.inspect(copy)
        self.assertIn("block 0 of", self.error(copy, "--verify", expect=3))
        os.truncate(copy / "tokens.store", 5000)
        self.assertIn("the file is cut short", self.error(copy, expect=3))
        (copy / "tokens.store").write_bytes(b"ALB")
        self.assertIn("expected a token store, got only 3 bytes", self.error(copy, expect=3))

    def test_differences_of_stores(self):
        self.assertTrue(self.facts(self.trained / "store", "--diff", self.copy(self.trained / "store"))["equal"])
        text = self.folder / "one.txt"
        text.write_text("a day by the sea\n\nanother day\n\n" * 200)
        config = self.tiny("small", text=text)
        self.run_program(config, "--prepare-only", "--set", "tokenizer.model=" + str(self.trained / "final/spiece.model"))
        facts = self.facts(self.trained / "store", "--diff", self.folder / "small/store")
        keys = {difference["key"]: difference for difference in facts["facts"]}
        self.assertFalse(facts["equal"])
        self.assertEqual(keys["tokens"]["a"], self.facts(self.trained / "store")["tokens"])
        self.assertEqual(keys["documents"]["b"], 400)
        self.assertNotIn("tokenizer_hash", keys)
        self.assertIn(f"the token store of this run is {self.folder / 'small/store'}", self.error(self.folder / "small"))


class ModelTest(InspectTest):
    def test_a_folder_of_hugging_face_with_its_two_files_only(self):
        folder = self.folder / "hf"
        folder.mkdir()
        for name in ("config.json", "model.safetensors"):
            shutil.copy(self.trained / "final" / name, folder)
        facts = self.facts(folder)
        self.assertEqual((facts["kind"], facts["format"], facts["tokenizer"]), ("model", "Hugging Face folder", None))
        self.assertEqual(facts["shape"]["hidden_size"], 32)
        # embeddings (V+P+T)E + 2E; mapping EH + H; a block 4H^2 + 2HI + 9H + I; pooler H^2 + H; head HE + 3E + V; order 2H + 2
        parts = {"embeddings": (400 + 64 + 2) * 16 + 2 * 16, "embedding_mapping": 16 * 32 + 32, "shared_layers": 4 * 32**2 + 2 * 32 * 64 + 9 * 32 + 64,
                 "pooler": 32**2 + 32, "masked_lm_head": 32 * 16 + 3 * 16 + 400, "sentence_order_head": 2 * 32 + 2}
        self.assertEqual(facts["parameters"], {"total": sum(parts.values()), **parts})
        self.assertEqual(facts["tensors"]["types"], {"F32": facts["tensors"]["count"]})
        self.assertIn(f"{sum(parts.values()):,}", self.inspect(folder).stdout)

    def test_a_file_of_arrays_and_a_vocabulary(self):
        tensors = self.facts(self.trained / "final/model.safetensors")
        model = self.facts(self.trained / "final")
        self.assertEqual((tensors["kind"], tensors["parameters"]), ("tensors", model["parameters"]))
        self.assertEqual(len(tensors["tensors"]["list"]), model["tensors"]["count"])
        vocabulary = self.facts(self.trained / "final/spiece.model")
        self.assertEqual((vocabulary["kind"], vocabulary["pieces"]), ("vocabulary", 400))
        self.assertEqual(vocabulary["sha256"], model["tokenizer"]["sha256"])
        self.assertIs(model["tokenizer"]["belongs_to_model"], True)

    def test_a_fine_tuned_run_and_its_model(self):
        self.finetune(self.finetuning("single", **THREE_STEPS))
        facts = self.facts(self.folder / "run")
        self.assertEqual((facts["program"], facts["progress"]), ("albert-finetune", "finished"))
        self.assertEqual((facts["configuration"]["type"], facts["training"]["total_steps"]), ("sequence-classification", 3))
        self.assertEqual(facts["results"], self.results())
        self.assertEqual(facts["training"]["best_validation"]["step"], facts["results"]["runs"][0]["best_step"])
        model = self.facts(self.folder / "run/final")
        self.assertEqual(model["class"], "AlbertForSequenceClassification")
        self.assertEqual(model["task"], {"head": "sequence", "name": None, "type": "sequence-classification", "max_length": 48,
                                         "problem_type": "single_label_classification", "labels": ["negative", "positive"]})
        self.assertEqual(model["parameters"]["task_head"], 2 * 32 + 2)
        self.assertEqual([model["tensors"][key] for key in ("missing", "unknown", "misshapen")], [[], [], []])
        message = self.error(self.trained, "--diff", self.folder / "run", expect=2)
        self.assertIn("--diff: must be runs of the same program, got albert-train", message)

    def test_runs_of_several_seeds(self):
        self.finetune(self.finetuning("single", **{**THREE_STEPS, "training": {"duration": "2 steps", "runs": 2}}))
        facts = self.facts(self.folder / "run")
        self.assertEqual(list(facts["trainings"]), ["run-3", "run-4"])
        self.assertEqual([t["step"] for t in facts["trainings"].values()], [2, 2])
        self.assertEqual(facts["results"]["validation_summary"]["runs"], 2)

    def test_broken_files_give_one_line(self):
        entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
        cases = {
            "empty": b"", "short": b"\x01", "long_header": struct.pack("<Q", 1 << 60), "cut_header": struct.pack("<Q", 100) + b"{",
            "not_json": safetensors(b"nonsense"), "cut": safetensors({"a": entry}, b"1234"), "trailing": safetensors({"a": entry}, b"123456789"),
            "overflow": safetensors({"a": {"dtype": "F32", "shape": [1 << 62, 1 << 62], "data_offsets": [0, 8]}}, b"12345678"),
            "deep": safetensors(b'{"a":' + b"[" * 100000), "twice": safetensors(b'{"a":{},"a":{}}'), "type": safetensors({"a": {**entry, "dtype": "F7"}}, b"12345678"),
        }
        for name, content in cases.items():
            with self.subTest(name):
                path = self.folder / f"{name}.safetensors"
                path.write_bytes(content)
                self.assertIn(f"error: {path}: ", self.error(path))
        (self.folder / "x.model").write_bytes(b"\xff" * 100)
        self.assertIn("x.model: ", self.error(self.folder / "x.model", expect=3))
        model = self.copy(self.trained / "final", "model")
        for text in ("", "[]", "{", '{"model_type": "gpt2"}', '{"hidden_size": -1}'):
            (model / "config.json").write_text(text)
            self.assertIn("config.json", self.error(model))
        self.assertIn("got nothing of that name", self.error(self.folder / "none"))
        self.assertIn("of the same kind, got run (", self.error(self.trained, "--diff", self.trained / "final", expect=2))

    def test_large_files_are_compared_in_bounded_memory(self):
        """Two files of 600 MB each against the same command on small ones."""
        def peak(rows):
            paths = [self.folder / f"{rows}-{name}.safetensors" for name in "ab"]
            for path in paths:
                size = write_sparse(path, {"big": [rows, 1000], "bias": [1, 1000]})
            with open(paths[1], "r+b") as file:
                file.seek(size - 4000)
                file.write(struct.pack("<f", 0.5))
            process = subprocess.Popen([BIN / "albert", "inspect", paths[0], "--diff", paths[1], "--json"], stdout=subprocess.PIPE)
            facts = json.loads(process.stdout.read())
            process.stdout.close()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            self.assertEqual([(d["name"], d["largest_difference"]) for d in facts["tensors"]["differing"]], [("bias", 0.5)])
            return usage.ru_maxrss / 1024

        self.assertLess(peak(150_000) - peak(10), 100)


if __name__ == "__main__":
    unittest.main()
