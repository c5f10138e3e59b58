"""Options of albert-finetune: validation, several runs, collapse, early stopping, freezing, weights, heads; and privacy."""
import json
import os
import re
import stat
import unittest

from finetune_harness import BAD, GOOD, KINDS, THINGS, FinetuneTest, tensors_of
from harness import files_below


def make_alike(path):
    """Gives all examples of the file one text, and leaves their answers."""
    text = path.read_text()
    if path.suffix == ".json":
        document = json.loads(text)
        for article in document["data"]:
            paragraph, = article["paragraphs"]
            for question in paragraph["qas"]:
                answers = question.get("answers", [])
                for answer in answers:
                    answer["answer_start"] = ALIKE.index(answer["text"])
            paragraph["context"] = ALIKE
        path.write_text(json.dumps(document))
    elif path.suffix == ".jsonl":
        records = [json.loads(line) for line in text.splitlines()]
        alike = {key: records[0][key] for key in ("text", "question", "options") if key in records[0]}
        path.write_text("".join(json.dumps({**record, **alike}) + "\n" for record in records))
    elif path.suffix == ".conll":
        path.write_text("\n\n".join(f"word {tag}" for tag in ("O", "B-PER", "B-LOC") * 8) + "\n")
    else:
        header, *rows = text.splitlines()
        path.write_text("\n".join([header, *("alike\t" + row.split("\t")[1] for row in rows)]) + "\n")


# All answers stand in it.
ALIKE = "it is london, york or paris ."


class OptionsTest(FinetuneTest):
    def test_dry_run_writes_nothing(self):
        config = self.finetuning("single")
        before = files_below(self.folder)
        result = self.finetune(config, "--dry-run")
        self.assertEqual(files_below(self.folder), before)
        for text in ("train: 96 examples", "validation: 24 examples", "negative 48 (50.0 %)", "longest", "stand in the training data, too: its metrics are too good",
                     "predict: 15 examples", "predict: 15 examples (100.0 %) stand in the training data, too\n"):
            self.assertIn(text, result.stdout)

    def test_files_are_private(self):
        self.finetune(self.finetuning("single", training={"duration": "2 steps"}))
        for path in (self.folder / "run").rglob("*"):
            mode = stat.S_IMODE(path.stat().st_mode)
            self.assertEqual(mode & 0o077, 0, f"{path.name} has mode {mode:o}")

    def test_without_a_validation_file_a_part_is_held_out(self):
        config = self.finetuning("single", data={"validation": None, "test": None, "predict": None, "validation_fraction": 0.25})
        path = self.folder / "run-data" / "train.tsv"
        different = [f"{thing} is {word} {day}\t{label}\n" for label, words in (("negative", BAD), ("positive", GOOD)) for word in words
                     for thing in THINGS for day in ("today", "again", "there")]
        path.write_text("sentence\tlabel\n" + "".join(different * 2))  # each text twice: both stand on the same side
        result = self.finetune(config)
        self.assertIn("train: 72 examples", result.stderr)
        self.assertIn("validation: 24 examples", result.stderr)
        self.assertIn("validation: 2 classes: negative 12 (50.0 %), positive 12 (50.0 %)", result.stderr, "stratified")
        self.assertIn("validation: 12 repeated examples (50.0 %)", result.stderr)
        self.assertNotIn("stand in the training data", result.stderr)
        self.assertEqual(self.results()["runs"][0]["validation"]["accuracy"], 1.0)

    def test_without_any_validation(self):
        config = self.finetuning("single", data={"validation": None, "validation_fraction": 0})
        self.finetune(config)
        only, = self.results()["runs"]
        self.assertNotIn("validation", only)
        self.assertEqual(only["best_step"], 144, "without validation the last step is taken")
        self.assertEqual(only["test"]["accuracy"], 1.0)

    def test_more_validation_has_its_name_in_front(self):
        data = {"more_validation": [{"name": "mismatched", "path": str(KINDS["single"].write(self.folder, "more", 12, 9))}]}
        config = self.finetuning("single", data=data)
        self.finetune(config)
        last = [line for line in self.metrics(self.folder / "run") if line["split"] == "validation"][-1]
        self.assertLessEqual({"accuracy", "loss", "mismatched_accuracy", "mismatched_loss"}, set(last))
        results = self.results()["runs"][0]
        self.assertEqual(results["mismatched"]["accuracy"], 1.0)
        found = json.loads(self.finetune(config, "--evaluate", self.folder / "run/final").stdout)
        self.assertEqual(found, {part: results[part] for part in ("validation", "mismatched", "test")})

    def test_more_validation_alone_is_refused(self):
        data = {"validation": None, "validation_fraction": 0,
                "more_validation": [{"name": "other", "path": str(KINDS["single"].write(self.folder, "more", 12, 9))}]}
        result = self.finetune(self.finetuning("single", data=data), expect=2)
        self.assertIn("data.more_validation: needs data.validation or data.validation_fraction", result.stderr)

    def test_no_best_checkpoint_is_kept(self):
        self.finetune(self.finetuning("single", checkpoint={"keep_best": 0}))
        run = self.folder / "run"
        self.assertFalse((run / "checkpoints/best").exists())
        self.assertEqual(self.results()["runs"][0]["best_step"], 144)
        self.assertEqual(tensors_of(run / "checkpoints/latest/model.safetensors"), tensors_of(run / "final/model.safetensors"))

    def test_runs_have_a_summary_and_the_best_is_final(self):
        config = self.finetuning("single", training={"runs": 3, "duration": "4 epochs"}, evaluation={"every": "1 epochs", "metric": "loss"})
        result = self.finetune(config)
        results = self.results()
        self.assertEqual([run["seed"] for run in results["runs"]], [3, 4, 5])
        losses = [run["validation"]["loss"] for run in results["runs"]]
        self.assertEqual(len(set(losses)), 3, "seeds differ")
        summary = results["validation_summary"]
        self.assertEqual((summary["runs"], summary["median"], summary["minimum"], summary["maximum"]), (3, sorted(losses)[1], min(losses), max(losses)))
        best = results["runs"][losses.index(min(losses))]
        self.assertEqual(results["best_seed"], best["seed"])
        run = self.folder / "run"
        self.assertEqual(tensors_of(run / f"run-{best['seed']}/checkpoints/best/model.safetensors"), tensors_of(run / "final/model.safetensors"))
        self.assertIn("loss over 3 seeds: median", result.stdout)
        again = self.finetune(config)
        self.assertEqual(again.stderr.count("finished already"), 3)
        self.assertEqual(self.results(), results)
        alone = self.finetuning("single", "alone", training={"seed": 4, "duration": "4 epochs"}, evaluation={"every": "1 epochs", "metric": "loss"})
        self.finetune(alone)
        self.assertEqual(self.results("alone")["runs"][0], results["runs"][1], "a run of several is the run of its seed alone")

    def test_a_collapsed_run_is_reported_and_begun_again(self):
        """A class of weight 0 is never learned."""
        stuck = {"loss": {"class_weights": [{"label": "negative", "weight": 0}]}, "training": {"duration": "3 epochs"}}
        result = self.finetune(self.finetuning("single", "once", **stuck))
        self.assertEqual(result.stderr.count("has collapsed: it predicts the class 'positive' for every example; try"), 1)
        only, = self.results("once")["runs"]
        self.assertEqual((only["seed"], only["validation"]["collapsed"], only["validation"]["accuracy"]), (3, True, 0.5))
        stuck["training"]["restart_collapsed"] = 2
        result = self.finetune(self.finetuning("single", "again", **stuck))
        self.assertEqual(result.stderr.count("has collapsed: it predicts the class 'positive' for every example; try"), 3)
        only, = self.results("again")["runs"]
        self.assertEqual((only["seed"], only["validation"]["collapsed"]), (3 + 2 * 1000003, True))
        for folder in ("again", "again/restart-1", "again/restart-2"):
            self.assertTrue((self.folder / folder / "metrics.jsonl").exists(), folder)
        facts = json.loads(self.run_program("inspect", self.folder / "again", "--json", program="albert").stdout)
        self.assertEqual(list(facts["training"]["restarts"]), ["restart-1", "restart-2"])
        self.assertEqual(facts["training"]["restarts"]["restart-2"]["step"], 36)

    def test_every_kind_of_task_is_begun_again_where_it_has_collapsed(self):
        """Texts that are all alike, with answers that differ: whatever is learned is one answer."""
        found = {"multi_label": r"the labels '\S+' for every example|no label for any example", "regression": "nearly [-0-9.e]+ for every example",
                 "token": "the tag '[A-Z-]+' for every word", "squad": "the same answer to every question",
                 "squad2": "the same answer to every question|no answer to any question", "choice": "option [ABC] for every question"}
        for kind, words in found.items():
            config = self.finetuning(kind, kind, data={"test": None, "predict": None}, training={"duration": "1 steps", "restart_collapsed": 1})
            for role in ("train", "validation"):
                make_alike(next((self.folder / f"{kind}-data").glob(f"{role}.*")))
            result = self.finetune(config)
            self.assertEqual(len(re.findall(f"has collapsed: it predicts ({words})", result.stderr)), 2, result.stderr)
            only, = self.results(kind)["runs"]
            self.assertEqual((only["seed"], only["validation"]["collapsed"]), (3 + 1000003, True))
            self.assertTrue((self.folder / kind / "restart-1/metrics.jsonl").exists())

    def test_early_stopping(self):
        config = self.finetuning("single", training={"duration": "60 epochs"}, evaluation={"every": "1 epochs", "early_stopping": {"patience": 2}})
        result = self.finetune(config)
        self.assertIn("early stop: no better accuracy in 2 evaluations", result.stderr)
        lines = [line for line in self.metrics(self.folder / "run") if line["split"] == "validation"]
        best = self.results()["runs"][0]["best_step"]
        self.assertEqual(lines[-1]["step"], best + 2 * 12)
        self.assertLess(lines[-1]["step"], 60 * 12)
        again = self.finetune(config)
        self.assertIn("finished already", again.stderr)

    def test_frozen_parts_keep_their_bits(self):
        before = tensors_of(self.base / "model.safetensors")
        for freeze, is_frozen in (("encoder", lambda name: not name.startswith("albert.pooler.")),
                                  ("embeddings", lambda name: name.startswith("albert.embeddings."))):
            self.finetune(self.finetuning("single", freeze, model={"freeze": freeze}, training={"duration": "1 epochs"}))
            after = tensors_of(self.folder / freeze / "final/model.safetensors")
            shared = {name for name in after if name.startswith("albert.")}
            self.assertLessEqual(shared, set(before))
            frozen = {name for name in shared if is_frozen(name)}
            self.assertEqual({name for name in shared if after[name] == before[name]}, frozen, freeze)

    def test_random_weights_take_the_shape_only(self):
        result = self.finetune(self.finetuning("single", model={"random_weights": True}, training={"duration": "1 steps"}))
        self.assertIn("model.random_weights", result.stderr)
        before, after = tensors_of(self.base / "model.safetensors"), tensors_of(self.folder / "run/final/model.safetensors")
        name = "albert.embeddings.word_embeddings.weight"
        self.assertEqual(len(before[name]), len(after[name]))
        self.assertNotEqual(before[name], after[name])

    def test_class_weights(self):
        """A rare class: weights change the training, not the measured loss; auto is the list of N / (K n)."""
        data = {"train": {"path": str(self.folder / "rare.tsv")}}
        rows = KINDS["single"].write(self.folder, "rows", 96, 1).read_text().splitlines()
        (self.folder / "rare.tsv").write_text("\n".join(rows[:1] + rows[1::2] + rows[2::8]) + "\n")
        counts = {"negative": 48, "positive": 12}
        weights = [{"label": label, "weight": 60 / (2 * count)} for label, count in counts.items()]
        for name, loss in (("none", {}), ("auto", {"class_weights": "auto"}), ("list", {"class_weights": weights})):
            self.finetune(self.finetuning("single", name, data=data, loss=loss, training={"duration": "2 epochs"}))
        none, auto, given = (self.repeatable_metrics(self.folder / name) for name in ("none", "auto", "list"))
        self.assertEqual(auto, given)
        self.assertNotEqual(none, auto)

    def test_batch_tokens_bounds_every_step(self):
        self.finetune(self.finetuning("single", training={"batch_tokens": 100, "duration": "2 epochs"}, logging={"every": "1 steps"}))
        lines = [line for line in self.metrics(self.folder / "run") if line["split"] == "train"]
        tokens = [line["tokens"] for line in lines]
        self.assertTrue(all(b - a <= 100 for a, b in zip([0, *tokens], tokens)), tokens)
        self.assertEqual(lines[-1]["examples"], 2 * 96)

    def test_micro_batches_do_not_change_the_run(self):
        for size in (8, 3):
            self.finetune(self.finetuning("single", f"m{size}", training={"micro_batch": size, "duration": "6 steps"}, data={"max_length": 24},
                                          logging={"every": "1 steps"}))
        whole, parts = (self.metrics(self.folder / name) for name in ("m8", "m3"))
        self.assertEqual(len(whole), len(parts))
        for a, b in zip(whole, parts):
            self.assertAlmostEqual(a["loss"], b["loss"], delta=2e-5 * a["loss"])

    def test_micro_batch_auto_is_found_once_and_kept(self):
        config = self.finetuning("single", training={"duration": "4 steps"})
        self.finetune(config)
        resolved = self.folder / "run/config.yaml"
        self.assertIn("micro_batch: 8\n", resolved.read_text())
        resolved.write_text(resolved.read_text().replace("micro_batch: 8\n", "micro_batch: 3\n"))
        self.finetune(config, "--set", "training.duration=6 steps")
        self.assertIn("micro_batch: 3\n", resolved.read_text())

    def test_same_seed_same_bits(self):
        short = {"duration": "2 epochs"}
        for name, seed in (("a", 3), ("b", 3), ("c", 4)):
            self.finetune(self.finetuning("single", name, training={**short, "seed": seed}, model={"dropout": 0.1}))
        a, b, c = (self.repeatable_metrics(self.folder / name) for name in "abc")
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)

    def test_a_changed_run_is_refused(self):
        config = self.finetuning("single", training={"duration": "2 steps"})
        self.finetune(config)
        result = self.finetune(config, "--set", "optimizer.learning_rate=1e-3", "--set", "task.columns.text=other", expect=3)
        self.assertEqual(result.stderr.count("error: "), 1)
        result = self.finetune(config, "--set", "optimizer.learning_rate=1e-3", expect=2)
        self.assertIn("optimizer.learning_rate", result.stderr)


class HeadTest(FinetuneTest):
    """A fine-tuned model as the source of another one."""

    def setUp(self):
        super().setUp()
        self.finetune(self.finetuning("single", "first", training={"duration": "1 steps"}))
        self.source = self.folder / "first/final"

    def start_of(self, name, head, kind="single", **changes):
        """The head's weights before any step: one of learning rate 0."""
        result = self.finetune(self.finetuning(kind, name, model={"init_from": str(self.source), "head": head}, optimizer={"learning_rate": 0.0},
                                               training={"duration": "1 steps", "seed": 4}, **changes))
        return tensors_of(self.folder / name / "final/model.safetensors"), result

    def test_keep_replace_and_auto(self):
        source = tensors_of(self.source / "model.safetensors")
        for name, head, is_kept in (("kept", "keep", True), ("replaced", "replace", False), ("automatic", "auto", True)):
            start, result = self.start_of(name, head)
            self.assertEqual(start["classifier.weight"] == source["classifier.weight"], is_kept, name)
            self.assertEqual("new and untrained: classifier.bias, classifier.weight" in result.stderr, not is_kept, result.stderr)
            self.assertEqual({key: value for key, value in start.items() if key.startswith("albert.")},
                             {key: value for key, value in source.items() if key.startswith("albert.")})

    def test_auto_replaces_the_head_of_other_labels(self):
        source = tensors_of(self.source / "model.safetensors")
        start, _ = self.start_of("swapped", "auto", task={**KINDS["single"].task, "labels": ["positive", "negative"]})
        self.assertNotEqual(start["classifier.weight"], source["classifier.weight"])

    def test_keep_refuses_another_order_of_labels(self):
        config = self.finetuning("single", "swapped", model={"init_from": str(self.source), "head": "keep"},
                                 task={**KINDS["single"].task, "labels": ["positive", "negative"]})
        result = self.finetune(config, expect=2)
        self.assertIn("model.head: keep", result.stderr)
        self.assertIn("negative, positive", result.stderr)

    def forget_names(self, *names):
        """The source as transformers saves it by default: outputs are LABEL_0, LABEL_1."""
        path = self.source / "config.json"
        config = json.loads(path.read_text())
        names = names or ("LABEL_0", "LABEL_1")
        config["id2label"], config["label2id"] = {str(i): name for i, name in enumerate(names)}, {name: i for i, name in enumerate(names)}
        path.write_text(json.dumps(config))
        (self.source / "task.yaml").unlink(missing_ok=True)

    def test_outputs_without_names_are_called_as_the_configuration_says(self):
        config = self.finetuning("single")
        named = json.loads(self.finetune(config, "--evaluate", self.source).stdout)
        self.forget_names()
        result = self.finetune(config, "--evaluate", self.source, expect=2)
        self.assertIn(f"task.labels: must name the outputs of {self.source} in their order, config.json calls them LABEL_0, LABEL_1", result.stderr)
        for labels in (("LABEL_0", "LABEL_1"), ("NEG", "POS")):
            self.forget_names(*labels)
            result = self.finetune(config, "--evaluate", self.source, "--set", "task.labels=[negative, positive]")
            self.assertEqual(json.loads(result.stdout), named, labels)
            self.assertIn(f"calls its outputs {', '.join(labels)}: they are taken as negative, positive, in this order", result.stderr)
        result = self.finetune(config, "--evaluate", self.source, "--set", "task.labels=[a, b, c]", expect=2)
        self.assertIn("task.labels: must be as many as the 2 outputs", result.stderr)
        self.forget_names("positive", "negative")
        result = self.finetune(config, "--evaluate", self.source, "--set", "task.labels=[negative, positive]")
        self.assertNotEqual(json.loads(result.stdout), named, "the model's order counts where the names are the same")
        self.assertNotIn("in this order", result.stderr)

    def test_predictions_of_outputs_without_names(self):
        self.forget_names()
        config = self.finetuning("single")
        for setting, labels in (([], {"LABEL_0", "LABEL_1"}), (["--set", "task.labels=[negative, positive]"], {"negative", "positive"})):
            self.finetune(config, "--predict", self.source, "--output", self.folder / "predicted", *setting)
            for record in self.predictions("predicted"):
                self.assertEqual(set(record["probabilities"]), labels)

    def test_a_head_without_names_is_kept_only_where_that_is_asked_for(self):
        source = tensors_of(self.source / "model.safetensors")
        self.forget_names()
        start, result = self.start_of("automatic", "auto")
        self.assertNotEqual(start["classifier.weight"], source["classifier.weight"])
        self.assertEqual(result.stderr.count("the head of model.init_from is replaced, as its outputs have no names (LABEL_0, ...); model.head: keep "
                                             "takes them as negative, positive, in this order"), 1)
        start, result = self.start_of("kept", "keep")
        self.assertEqual(start["classifier.weight"], source["classifier.weight"])
        self.assertIn("have no names (LABEL_0, ...): they are taken as negative, positive, in this order", result.stderr)

    def test_auto_replaces_the_head_of_another_kind_and_keep_refuses(self):
        start, _ = self.start_of("token", "auto", "token")
        self.assertIn("classifier.weight", start)
        result = self.finetune(self.finetuning("token", "refused", model={"init_from": str(self.source), "head": "keep"}), expect=2)
        self.assertIn("the head must be", result.stderr)

    def test_a_pooler_that_the_source_lacks_is_new(self):
        self.finetune(self.finetuning("token", "tokens", training={"duration": "1 steps"}))
        self.source = self.folder / "tokens/final"
        _, result = self.start_of("pooled", "auto")
        self.assertIn("new and untrained: albert.pooler.bias, albert.pooler.weight, classifier.bias, classifier.weight", result.stderr)

    def test_another_task_than_the_model_was_trained_for(self):
        for option in ("--evaluate", "--predict"):
            result = self.finetune(self.finetuning("squad", "other"), option, self.source, expect=2)
            self.assertIn("was trained for", result.stderr)

    def test_predict_without_a_configured_test_file(self):
        config = self.finetuning("single", data={"test": None, "predict": None})
        result = self.finetune(config, "--predict", self.source, expect=2)
        self.assertIn("data.predict: must name the file to predict", result.stderr)


class PrivacyTest(FinetuneTest):
    SECRET = "xylophonicquartz"

    def check(self, kind, allowed=()):
        """Design 3.14: text, paths, host and environment stay out of logs, reports and exported folders."""
        outer, self.folder = self.folder, self.folder / f"{self.SECRET}-folder"
        self.folder.mkdir()
        config = self.finetuning(kind, output=str(outer / "run"), training={"duration": "2 epochs"}, evaluation={"every": "1 epochs"})
        for path in (self.folder / "run-data").iterdir():
            path.write_text(path.read_text().replace("today", self.SECRET).replace("smith", self.SECRET).replace(" is in ", f" {self.SECRET} in ", 1))
            if kind == "squad":
                document = json.loads(path.read_text())
                for article in document["data"]:
                    paragraph = article["paragraphs"][0]
                    paragraph["context"] = paragraph["context"] + f" {self.SECRET}"
                    for answer in paragraph["qas"][0].get("answers", ()):
                        answer["answer_start"] = paragraph["context"].index(answer["text"])
                path.write_text(json.dumps(document))
        result = self.finetune(config, env=dict(os.environ, SOME_TOKEN=f"{self.SECRET}-in-the-environment"))
        self.assertNotIn(self.SECRET, result.stdout + result.stderr)
        found = set()
        for path in (outer / "run").rglob("*"):
            if path.is_file() and self.SECRET.encode() in path.read_bytes():
                found.add(str(path.relative_to(outer / "run")))
        # The resolved configuration is the user's own file and names his files.
        self.assertEqual(found, {"config.yaml", *allowed})
        return outer / "run"

    def test_classification(self):
        self.check("single")

    def test_words_and_answers_stand_in_predictions_only(self):
        run = self.check("token", ("predictions/test.jsonl", "predictions/predict.jsonl"))
        self.assertTrue((run / "final/task.yaml").exists())

    def test_choices(self):
        self.check("choice")


if __name__ == "__main__":
    unittest.main()
