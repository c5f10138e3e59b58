"""Labelled files, model folders and options that a fine-tuning meets in the wild: the broken ones give one clear line and the right
exit code, and leave nothing behind. The files are those of tests/data/broken_data, whose expected.txt says how each is read and what
the line is."""
import concurrent.futures
import json
import shutil
import unittest

from finetune_harness import KINDS, SOURCE, WINDOWS, FinetuneTest, errors_of

BROKEN = SOURCE / "tests" / "data" / "broken_data"
CASES = [json.loads(line) for line in (BROKEN / "expected.txt").read_text().splitlines()]
# Good files to train on, by what a case says of its task: the column of the words, or the name.
GOOD = {
    "1": ("good.tsv", "the day is good\t1\t1\na boat is bad\t0\t0\n"),
    "q": ("good.csv", "q,a,b,gold\nwhat is nice ?,good,bad,0\nwhat is bad ?,good,bad,1\n"),
    "cola": ("good.tsv", "x\t1\t\tthe day is good\nx\t0\t*\ta boat is\n"),
    "mnli": ("good.csv", "premise,hypothesis,label\na day,a boat,neutral\na day,a day,entailment\n"),
    "trec": ("good.txt", "NUM:date what day ?\nLOC:city what boat ?\n"),
    "sts-b": ("good.tsv", "sentence1\tsentence2\tscore\na day\ta boat\t1.5\na day\ta day\t5\n"),
    "token-classification": ("good.conll", "anna _ _ _ _ _ B-PER\nis _ _ _ _ _ O\n"),
    "multiple-choice": ("good.jsonl", '{"question": "what ?", "options": ["a", "b"], "answer": "A"}\n'),
    "arc": ("good.csv", "what is nice ?,good,bad,dull,,B\nwhat is bad ?,good,bad,dull,fine,A\n"),
    "race": ("good.jsonl", '{"id": "high1.txt", "article": "a day", "questions": ["what ?"], "options": [["a", "b"]], "answers": ["A"]}\n'),
}
# What is wrong with these is the gold alone, which is not read for prediction.
GOLD = {"missing_label_column.csv", "number_too_high.tsv", "one_label.tsv", "unknown_label.tsv", "empty_label.tsv", "mnli_label.csv",
        "not_a_number.tsv", "not_finite.tsv", "too_few_labels.txt", "too_many_labels.txt", "label_list.jsonl", "short_record.json", "no_tags.conll",
        "empty_tag.conll", "no_upos.conllu", "high_column.conll", "snips_short", "snips_words", "squad_start.json", "squad_fraction.json",
        "squad_misaligned.json", "squad_impossible.json", "choice_e.csv", "choice_number.csv", "choice_text.csv", "choice_same.csv",
        "race_answer.jsonl"}
# These can be measured: an answer is scored by its text, and one label of two is enough.
MEASURABLE = {"squad_misaligned.json", "squad_start.json", "squad_fraction.json", "squad_impossible.json", "one_label.tsv"}
# Also where it is the configuration that describes a good file wrongly (columns, header, separator): reading the file finds it.
EXIT_CODE = 3


def rename_tensor(path, old, new):
    """Both names are equally long, so that nothing else of the file moves."""
    data = path.read_bytes()
    assert len(old) == len(new) and data.count(f'"{old}"'.encode()) == 1, old
    path.write_bytes(data.replace(f'"{old}"'.encode(), f'"{new}"'.encode()))


class BrokenDataTest(FinetuneTest):
    maxDiff = None

    def good_file(self, folder, task):
        """A file in the new folder that can be learned from as the case describes it."""
        folder.mkdir()
        key = task.get("name") or task.get("columns", {}).get("text") or task.get("columns", {}).get("question") or task["type"]
        if key in ("squad", "squad2"):
            return KINDS[key].write(folder, "good", 4, 1)
        if key == "snips-slots":
            for name, text in (("seq.in", "go york\n"), ("seq.out", "O B-city\n"), ("label", "Go\n")):
                (folder / name).write_text(text)
            return folder
        if key in ("sentence", "sequence-classification"):
            low, high = task.get("labels", ["0", "1"])
            column = "text" if key == "sequence-classification" else key
            name, text = "good.tsv", f"{column}\tlabel\nthe day is good\t{high}\na boat is bad\t{low}\n"
        else:
            name, text = GOOD[key]
        (folder / name).write_text(text)
        return folder / name

    def run_case(self, number, case, role):
        """Runs one case; returns what is wrong with it."""
        name = f"case-{role}-{number}"
        file = {key: str(BROKEN / value) if key in ("path", "labels") else value for key, value in case["data"].items()}
        config = json.loads(self.finetuning("single", name, rows=8).read_text())
        config["task"], config["data"] = case["task"], {"max_length": 48, role: file}
        if role != "train":
            config["data"] |= {"train": {"path": str(self.good_file(self.folder / f"{name}-good", case["task"]))}, "validation_fraction": 0}
            if case["task"].get("name") == "race":
                config["data"]["train"]["format"] = "race"
        if "squad" in case["task"].get("name", ""):
            config["task"] = {**case["task"], "question_answering": WINDOWS}
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(config))
        result = self.finetune(path, expect=None)
        expected = "error: " + case["error"].replace("{data}", str(BROKEN))
        if result.returncode != EXIT_CODE or errors_of(result) != [expected]:
            return f"{file['path']}: exit code {result.returncode}, expected\n  {expected}\ngot\n  {result.stderr.strip()}"
        return f"{file['path']}: left an output folder" if (self.folder / name).exists() else None

    def expect_lines(self, role, but_for=()):
        cases = [item for item in enumerate(CASES) if item[1]["data"]["path"] not in but_for]
        with concurrent.futures.ThreadPoolExecutor(2) as workers:
            problems = list(workers.map(lambda item: self.run_case(*item, role), cases))
        self.assertEqual("\n".join(filter(None, problems)), "")

    def test_every_broken_training_file_gives_its_line_and_nothing_else(self):
        self.assertGreaterEqual(len(CASES), 80)
        self.expect_lines("train")

    def test_every_broken_validation_file_does_so_beside_good_training_data(self):
        self.expect_lines("validation", MEASURABLE)

    def test_broken_test_files_do_so_beside_good_training_data(self):
        # Read as validation data are; a part of the cases shows that nothing is left behind.
        self.expect_lines("test", MEASURABLE | {case["data"]["path"] for number, case in enumerate(CASES) if number % 6})

    def test_every_broken_file_to_predict_does_so_beside_good_training_data(self):
        self.assertLessEqual(GOLD, {case["data"]["path"] for case in CASES})
        self.expect_lines("predict", GOLD)

    def refuse(self, config, code, text, *arguments, name="run"):
        result = self.finetune(config, *arguments, expect=code)
        self.assertEqual(errors_of(result), [f"error: {text}"])
        self.assertFalse((self.folder / name).exists(), "an output folder was left behind")

    def test_a_validation_file_with_a_label_that_training_has_not(self):
        config = self.finetuning("single")
        path = self.folder / "run-data" / "validation.tsv"
        path.write_text(path.read_text().replace("positive", "mixed", 1))
        self.refuse(config, 3, f"{path}:3: expected one of the labels negative, positive, got \"mixed\"; correct the row, or set task.labels")

    def test_a_tag_that_training_has_not(self):
        config = self.finetuning("token")
        path = self.folder / "run-data" / "validation.conll"
        path.write_text("anna B-PER\n\nyork B-ORG\n")
        self.refuse(config, 3, f"{path}:3: word 1: tag must be one of B-LOC, B-PER, I-PER, O, got 'B-ORG'; add it to task.labels, or give training "
                               "data that has it")

    def test_a_tag_that_the_scheme_does_not_allow(self):
        config = self.finetuning("token")
        path = self.folder / "run-data" / "train.conll"
        path.write_text("anna B-PER\n\nyork I-LOC\n")
        result = self.finetune(config, expect=3)
        self.assertEqual(len(errors_of(result)), 1, result.stderr)
        self.assertIn(f"{path}:3: ", errors_of(result)[0])
        self.assertIn("I-LOC", errors_of(result)[0])
        self.assertFalse((self.folder / "run").exists())

    def test_an_unanswerable_question_where_all_have_an_answer(self):
        config = self.finetuning("squad")
        path = KINDS["squad2"].write(self.folder / "run-data", "train", 4, 1)
        self.refuse(config, 3, f"{path}: question q1: must have an answer, is marked as impossible; set task.question_answering.unanswerable: true, "
                               "or task.name: squad2")


class BrokenModelTest(FinetuneTest):
    def copy_of_base(self):
        folder = self.folder / "model"
        shutil.copytree(self.base, folder)
        return folder

    def refuse(self, config, code, *texts):
        result = self.finetune(config, expect=code)
        errors = errors_of(result)
        self.assertEqual(len(errors), 1, result.stderr)
        for text in texts:
            self.assertIn(text, errors[0])
        self.assertFalse((self.folder / "run/final").exists())
        self.assertFalse((self.folder / "run/checkpoints").exists())

    def test_no_folder(self):
        self.refuse(self.finetuning("single", model={"init_from": str(self.folder / "none")}), 4, "not a model folder", "there is no such folder")

    def test_missing_files(self):
        for name in ("config.json", "model.safetensors", "spiece.model"):
            with self.subTest(name):
                model = self.copy_of_base()
                (model / name).unlink()
                self.refuse(self.finetuning("single", model={"init_from": str(model)}), 4, "not a model folder", f"{name} is missing")
                shutil.rmtree(model)

    def test_all_missing_and_unexpected_weights_are_listed(self):
        model = self.copy_of_base()
        weights = model / "model.safetensors"
        layer = "albert.encoder.albert_layer_groups.0.albert_layers.0."
        rename_tensor(weights, layer + "attention.query.bias", layer + "attention.query.bond")
        rename_tensor(weights, "albert.embeddings.LayerNorm.weight", "albert.embeddings.LayerNorm.height")
        self.refuse(self.finetuning("single", model={"init_from": str(model)}), 4, layer + "attention.query.bias", layer + "attention.query.bond",
                    "albert.embeddings.LayerNorm.weight", "albert.embeddings.LayerNorm.height")

    def test_cut_weights(self):
        model = self.copy_of_base()
        weights = model / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1])
        self.refuse(self.finetuning("single", model={"init_from": str(model)}), 4, str(weights))

    def test_a_vocabulary_of_another_size_or_another_text(self):
        for arguments, text in ((("--set", "tokenizer.vocab_size=300"), "spiece.model does not belong to the model: it has 300 pieces, "
                                 "config.json says vocab_size 400"),
                                (("--set", "tokenizer.sample_bytes=20 KiB"), "spiece.model does not belong to the model: model.safetensors was "
                                 "written with another one")):
            with self.subTest(arguments):
                other = self.pretrain(self.folder / "other", *arguments)
                model = self.copy_of_base()
                shutil.copy(other / "spiece.model", model)
                self.refuse(self.finetuning("single", model={"init_from": str(model)}), 4, text)
                shutil.rmtree(model)
                shutil.rmtree(self.folder / "other")

    def test_longer_than_the_positions_of_the_model(self):
        self.refuse(self.finetuning("single", data={"max_length": 65}), 2,
                    "data.max_length: must be at most the 64 positions of model.init_from, got 65")

    def short_task(self, name, **data):
        """A task whose name brings a length of 512, without one of the user's."""
        path = self.folder / "rows.tsv"
        path.write_text("sentence\tlabel\n" + "".join(f"{'the day was good and long ' * 40}{i}\t{i % 2}\n" for i in range(12)))
        config = json.loads(self.finetuning("single", name, training={"duration": "2 steps"}).read_text())
        config |= {"task": {"name": "sst-2"}, "data": {**dict.fromkeys(("train", "validation", "test", "predict"), {"path": str(path)}), **data}}
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(config))
        return path

    def test_a_default_length_gives_way_to_the_positions_of_the_model(self):
        result = self.finetune(self.short_task("run"))
        self.assertIn("data.max_length is 64, the positions of the model, as none is given (default: 512)", result.stderr)
        self.assertIn("max_length: 64\n", (self.folder / "run/config.yaml").read_text())
        self.assertIn("finished already", self.finetune(self.short_task("run")).stderr, "the same run")
        refused = self.finetune(self.short_task("other", max_length=512), expect=2)
        self.assertIn("data.max_length: must be at most the 64 positions of model.init_from, got 512", refused.stderr)

    def test_a_default_length_gives_way_to_that_of_the_model_that_is_used(self):
        self.finetune(self.short_task("run", max_length=32))
        model = self.folder / "run/final"
        told = "data.max_length is 32, that of the model, as none is given (default: 512)"
        result = self.finetune(self.short_task("other"), "--evaluate", model)
        self.assertIn(told, result.stderr)
        written = json.loads((self.folder / "run/results.json").read_text())["runs"][0]["test"]["accuracy"]
        self.assertAlmostEqual(json.loads(result.stdout)["test"]["accuracy"], written)
        self.assertIn(told, self.finetune(self.short_task("other"), "--predict", model).stderr)
        (model / "task.yaml").unlink()
        self.assertIn("data.max_length is 64, the positions of", self.finetune(self.short_task("other"), "--evaluate", model).stderr)
        refused = self.finetune(self.short_task("other", max_length=512), "--evaluate", model, expect=2)
        self.assertIn(f"data.max_length: must be at most the 64 positions of {model}, got 512", refused.stderr)

    def test_a_default_length_that_the_windows_do_not_fit_into(self):
        config = self.short_task("run")
        config.write_text(json.dumps(json.loads(config.read_text()) | {"task": {"name": "squad"}}))
        self.refuse(config, 2, "data.max_length: must be at least 68 (question 64, 3 special tokens, window 1), got 64; raise it, or lower "
                               "max_question_length")

    def test_the_pretrained_folder_is_no_task_model(self):
        for option in ("--evaluate", "--predict"):
            result = self.finetune(self.finetuning("single"), option, self.base, expect=4)
            self.assertEqual(len(errors_of(result)), 1, result.stderr)
            self.assertIn("must be a fine-tuned model, config.json names AlbertForPreTraining", errors_of(result)[0])


class OptionsTest(FinetuneTest):
    def refuse(self, config, text, *arguments):
        result = self.finetune(config, *arguments, expect=2)
        self.assertEqual(len(errors_of(result)), 1, result.stderr)
        self.assertIn(text, errors_of(result)[0])
        self.assertFalse((self.folder / "run").exists(), "an output folder was left behind")

    def test_no_training_file(self):
        self.refuse(self.finetuning("single"), "data.train: must name the file to learn from", "--set", "data.train=null")

    def test_unknown_task(self):
        self.refuse(self.finetuning("single", task={"name": "sst2"}), "did you mean \"sst-2\"?")

    def test_unknown_metric_is_refused_before_training(self):
        self.refuse(self.finetuning("single", evaluation={"metric": "acuracy"}),
                    "evaluation.metric: must be one of accuracy, f1, loss, macro_f1, matthews_correlation, got 'acuracy'")

    def test_unknown_class_of_class_weights(self):
        self.refuse(self.finetuning("single", loss={"class_weights": [{"label": "neutral", "weight": 2}]}),
                    "loss.class_weights: label must be one of negative, positive, got 'neutral'")

    def test_class_weights_without_classes(self):
        self.refuse(self.finetuning("regression", loss={"class_weights": "auto"}), "loss.class_weights: must be null for regression, which has no classes")

    def test_beams_without_unanswerable_questions(self):
        self.refuse(self.finetuning("squad", task={"name": "squad", "question_answering": {**WINDOWS, "head": "beam"}}),
                    "task.question_answering.head: must be linear for data without unanswerable questions, got beam")

    def test_out_of_scope_that_is_no_label(self):
        self.refuse(self.finetuning("single", task={**KINDS["single"].task, "out_of_scope": "other"}),
                    "task.out_of_scope: must be one of the labels")

    def test_a_head_that_cannot_be_kept(self):
        self.refuse(self.finetuning("single", model={"head": "keep"}), "model.head: keep needs a model with a head of this task")


if __name__ == "__main__":
    unittest.main()
