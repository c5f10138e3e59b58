"""albert-finetune as a user runs it: every kind of task, what it writes, and the files of the benchmarks."""
import json
import unittest

from finetune_harness import KINDS, FinetuneTest, tensors_of
from harness import files_below

EXPECTED_FILES = ("config.yaml", "metrics.jsonl", "curves.svg", "results.json", "checkpoints/latest", "checkpoints/best", "final/config.json",
                  "final/model.safetensors", "final/spiece.model", "final/tokenizer_config.json", "final/task.yaml",
                  "predictions/test.jsonl", "predictions/predict.jsonl")
ARCHITECTURES = {"single": "AlbertForSequenceClassification", "pair": "AlbertForSequenceClassification",
                 "multi_label": "AlbertForSequenceClassification", "regression": "AlbertForSequenceClassification",
                 "token": "AlbertForTokenClassification", "squad": "AlbertForQuestionAnswering", "squad2": "AlbertForQuestionAnswering",
                 "beam": "AlbertForBeamQuestionAnswering", "choice": "AlbertForMultipleChoice"}
# What a line of predictions says beside its id.
RECORDS = {"single": {"label", "probabilities"}, "pair": {"label", "probabilities"}, "multi_label": {"labels", "probabilities"},
           "regression": {"value"}, "token": {"words", "tags", "probabilities"}, "squad": {"answer", "n_best"},
           "squad2": {"answer", "no_answer_score", "n_best"}, "beam": {"answer", "no_answer_score", "n_best"},
           "choice": {"answer", "letter", "probabilities"}}


class KindsTest(FinetuneTest):
    """Each kind once: train, look, run again, evaluate, predict."""

    def check(self, kind):
        config = self.finetuning(kind)
        trained = self.finetune(config)
        run = self.folder / "run"
        for name in EXPECTED_FILES:
            self.assertTrue((run / name).exists(), f"{name} is missing; there are {files_below(run)}")
        self.check_results(kind)
        self.check_final(kind)
        self.check_predictions(kind)
        self.check_evaluation(config)
        self.check_prediction(kind, config)
        self.check_second_run()
        return trained

    def check_results(self, kind):
        results = self.results()
        metric = KINDS[kind].metric
        default = {"multi_label": "micro_f1"}.get(kind, metric)
        self.assertEqual(results["metric"], default)
        self.assertEqual(results["best_seed"], 3)
        only, = results["runs"]
        for part in ("validation", "test"):
            self.assertGreaterEqual(only[part][metric], KINDS[kind].best, f"{part} of a separable task: {only[part]}")
            self.assertIn("loss", only[part])
            low, high = only[part][f"{default}_interval_95"]
            self.assertTrue(low <= only[part][default] <= high, only[part])
            self.assertNotIn("collapsed", only[part])
            self.assertEqual(results[f"{part}_summary"]["runs"], 1)
            self.assertEqual(results[f"{part}_summary"]["median"], only[part][default])
        lines = self.metrics(self.folder / "run")
        training = [line for line in lines if line["split"] == "train"]
        validation = [line for line in lines if line["split"] == "validation"]
        self.assertLess(training[-1]["loss"], training[0]["loss"])
        best = next(line for line in validation if line["step"] == only["best_step"])
        self.assertEqual({key: best[key] for key in only["validation"] if key in best},
                         {key: value for key, value in only["validation"].items() if key in best})
        self.assertEqual(best[default], max(line[default] for line in validation))

    def check_final(self, kind):
        config = json.loads((self.folder / "run/final/config.json").read_text())
        self.assertEqual(config["architectures"], [ARCHITECTURES[kind]])
        labels = {"single": ["negative", "positive"], "pair": ["negative", "positive"], "multi_label": ["food", "weather"],
                  "token": ["B-LOC", "B-PER", "I-PER", "O"]}.get(kind)
        if labels:
            self.assertEqual(config["id2label"], {str(i): label for i, label in enumerate(labels)})
            self.assertEqual(config["label2id"], {label: i for i, label in enumerate(labels)})
        problems = {"single": "single_label_classification", "multi_label": "multi_label_classification", "regression": "regression"}
        if kind in problems:
            self.assertEqual(config["problem_type"], problems[kind])
        self.assertEqual((self.folder / "run/final/spiece.model").read_bytes(), (self.base / "spiece.model").read_bytes())
        best = tensors_of(self.folder / "run/checkpoints/best/model.safetensors")
        self.assertEqual(best, tensors_of(self.folder / "run/final/model.safetensors"), "final is the best checkpoint")

    def check_predictions(self, kind, name="run"):
        records = self.predictions(name)
        self.assertEqual(len(records), 15)
        for record in records:
            self.assertEqual(set(record), {"id"} | RECORDS[kind])
            if isinstance(record.get("probabilities"), dict) and kind != "multi_label":
                self.assertAlmostEqual(sum(record["probabilities"].values()), 1, places=6)
                self.assertEqual(record["label"], max(record["probabilities"], key=record["probabilities"].get))
        if kind == "multi_label":
            self.assertEqual([record["id"] for record in records], [f"row-{i}" for i in range(15)])
            for record in records:
                self.assertEqual(record["labels"], [label for label, p in record["probabilities"].items() if p >= 0.5])

    def check_evaluation(self, config):
        trained = self.results()["runs"][0]
        before = files_below(self.folder / "run")
        found = json.loads(self.finetune(config, "--evaluate", self.folder / "run/final").stdout)
        self.assertEqual(found, {part: trained[part] for part in ("validation", "test")})
        self.assertEqual(files_below(self.folder / "run"), before, "--evaluate writes nothing")

    def check_prediction(self, kind, config):
        self.finetune(config, "--predict", self.folder / "run/final", "--output", self.folder / "predicted")
        self.assertEqual(self.predictions("predicted"), self.predictions())
        self.assertEqual({path.split("/")[0] for path in files_below(self.folder / "predicted")}, {"predictions"})

    def check_second_run(self):
        """The resolved configuration is a configuration, and the run that it describes is finished."""
        run = self.folder / "run"
        kept = {name: (run / name).read_bytes() for name in ("metrics.jsonl", "results.json", "final/model.safetensors", "config.yaml")}
        result = self.finetune(run / "config.yaml")
        self.assertIn("finished", result.stderr)
        for name, content in kept.items():
            self.assertEqual((run / name).read_bytes(), content, name)

    def test_single(self):
        trained = self.check("single")
        self.assertIn("<- predicted", trained.stdout)

    def test_pair(self):
        self.check("pair")

    def test_multi_label(self):
        self.check("multi_label")

    def test_regression(self):
        self.check("regression")

    def test_token(self):
        trained = self.check("token")
        self.assertRegex(trained.stdout, r"PER +1\.0000 +1\.0000 +1\.0000")
        for line in self.predictions():
            self.assertEqual(len(line["words"]), len(line["tags"]))

    def test_squad(self):
        self.check("squad")
        submitted = json.loads((self.folder / "run/predictions/predict_predictions.json").read_text())
        self.assertEqual(submitted, {line["id"]: line["answer"] for line in self.predictions()})
        self.assertFalse((self.folder / "run/predictions/predict_null_odds.json").exists(), "SQuAD 1.1 has none")

    def test_squad2(self):
        self.check("squad2")
        for folder in ("run", "predicted"):
            submitted = json.loads((self.folder / folder / "predictions/predict_predictions.json").read_text())
            odds = json.loads((self.folder / folder / "predictions/predict_null_odds.json").read_text())
            self.assertEqual(submitted, {line["id"]: line["answer"] for line in self.predictions(folder)})
            self.assertEqual(odds, {line["id"]: line["no_answer_score"] for line in self.predictions(folder)})
            for i in range(15):
                self.assertEqual(submitted[f"q{i}"] == "", i % 2 == 1, "odd questions have no answer")

    def test_beam(self):
        self.check("beam")
        right = [(line["answer"] == "") == (i % 2 == 1) for i, line in enumerate(self.predictions())]
        self.assertGreaterEqual(sum(right), 13, "odd questions have no answer")

    def test_choice(self):
        self.check("choice")
        self.assertEqual([line["letter"] for line in self.predictions()], list("ABC" * 5))


class SubmissionTest(FinetuneTest):
    """The files of the benchmarks, from models of one step."""

    def submit(self, kind, name, rows, header, file, **changes):
        config = self.finetuning(kind, task={"name": name}, training={"duration": "1 steps"}, **changes)
        for role in ("train", "validation", "test", "predict"):
            path = next((self.folder / "run-data").glob(f"{role}.*"))
            lines = path.read_text().splitlines()
            path.write_text("\n".join([header[:len(lines[0].split("\t"))] if isinstance(header, list) else header, *rows(lines[1:])]) + "\n")
        self.finetune(config)
        return (self.folder / "run/predictions" / file).read_text().splitlines()

    def test_classification(self):
        lines = self.submit("single", "sst-2", lambda rows: [row.replace("negative", "0").replace("positive", "1") for row in rows],
                            "sentence\tlabel", "SST-2.tsv", data={"predict": None})
        self.assertEqual(lines[0], "index\tprediction")
        self.assertEqual([line.split("\t")[0] for line in lines[1:]], [str(i) for i in range(18)])
        self.assertLessEqual({line.split("\t")[1] for line in lines[1:]}, {"0", "1"})

    def test_the_parts_test_and_predict_do_not_share_a_file(self):
        config = self.finetuning("single", task={"name": "sst-2"}, training={"duration": "1 steps"})
        count = {}
        for role in ("train", "validation", "test", "predict"):
            path = next((self.folder / "run-data").glob(f"{role}.*"))
            lines = path.read_text().replace("negative", "0").replace("positive", "1").splitlines()
            keep = lines[1:] if role != "predict" else lines[1:-1]
            path.write_text("\n".join(["\t".join(["sentence", "label"][:lines[0].count("\t") + 1]), *keep]) + "\n")
            count[role] = len(keep)
        self.finetune(config)
        folder = self.folder / "run/predictions"
        self.assertNotEqual(count["test"], count["predict"])
        self.assertEqual(len((folder / "SST-2.tsv").read_text().splitlines()), 1 + count["predict"])
        self.assertEqual(len((folder / "test_SST-2.tsv").read_text().splitlines()), 1 + count["test"])

    def test_regression(self):
        lines = self.submit("regression", "sts-b", lambda rows: ["a day\t" + row for row in rows], "sentence1\tsentence2\tscore", "STS-B.tsv",
                            data={"predict": None})
        self.assertEqual(lines[0], "index\tprediction")
        self.assertEqual(len(lines), 1 + 18)
        for line in lines[1:]:
            self.assertRegex(line, r"^\d+\t-?\d+\.\d{3}$")

    def test_race(self):
        folder = self.folder / "race"
        for split in ("train", "dev", "test"):
            for i in range(4):
                path = folder / split / "middle" / f"{i}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps({"id": f"middle{i}.txt", "article": "The day is good.", "questions": ["It is _ .", "What is it ?"],
                                            "options": [["good", "bad", "old", "new"]] * 2, "answers": ["A", "B"]}))
        config = self.finetuning("choice", task={"name": "race"}, training={"duration": "1 steps"},
                                 data={"train": {"path": str(folder / "train")}, "validation": {"path": str(folder / "dev")},
                                       "test": {"path": str(folder / "test")}, "predict": None})
        self.finetune(config)
        lines = (self.folder / "run/predictions/test_answers.tsv").read_text().splitlines()
        self.assertEqual(len(lines), 8)
        for line in lines:
            self.assertRegex(line, r"^\S+\t[A-D]$")
        self.assertEqual(len({line.split("\t")[0] for line in lines}), 8, "ids of questions differ")

if __name__ == "__main__":
    unittest.main()
