"""What the tests of albert-finetune share: a tiny pre-trained model, small separable tasks of every kind, configurations.
Standard library only."""
import csv
import io
import json
import pathlib
import random
import re
import shutil
import tempfile

from harness import SOURCE, ProgramTest, run_once

GOOD, BAD = ("good", "fine"), ("bad", "dull")
THINGS = ("the day", "a boat", "the harbour", "a long story")
PEOPLE, PLACES = ("anna", "peter", "maria"), ("london", "york", "paris")


class Kind:
    """A task that a tiny model learns without a mistake: what the configuration says and the text of a file.

    `make(generator, number, gold)` gives the file; without `gold` the file for prediction. `metric` reaches `best`."""

    def __init__(self, name, make, task, extension, metric="accuracy", best=1.0, lines=None, **training):
        self.name, self.make, self.task, self.extension = name, make, task, extension
        self.metric, self.best, self.lines, self.training = metric, best, lines, training

    def write(self, folder, name, number, seed, gold=True):
        path = folder / f"{name}{self.extension}"
        path.write_text(self.make(random.Random(f"{self.name} {seed}"), number, gold))
        return path


def sentence(generator, words):
    return f"{generator.choice(THINGS)} is {generator.choice(words)} today"


def opinion(generator, i):
    return sentence(generator, (BAD, GOOD)[i % 2]), ("negative", "positive")[i % 2]


def tsv(header, rows, gold):
    """Rows end with their label."""
    rows = [header, *rows]
    return "".join("\t".join(map(str, row if gold else row[:-1])) + "\n" for row in rows)


def single(generator, number, gold):
    return tsv(("sentence", "label"), [opinion(generator, i) for i in range(number)], gold)


def pair(generator, number, gold):
    """The second text says it: its segment must reach the network."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["premise", "hypothesis", "label"][:3 if gold else 2])
    for i in range(number):
        text, label = opinion(generator, i)
        writer.writerow([sentence(generator, ("new, and \"old\"",)), text, label][:3 if gold else 2])
    return out.getvalue()


def jsonl(records, gold, key):
    return "".join(json.dumps({k: v for k, v in record.items() if gold or k != key}) + "\n" for record in records)


def multi_label(generator, number, gold):
    records = []
    for i in range(number):
        words = {"food": "bread", "weather": "rain"}
        chosen = [name for bit, name in enumerate(words) if i >> bit & 1]
        text = " and ".join([generator.choice(THINGS), *(words[name] for name in chosen)])
        records.append({"id": f"row-{i}", "text": text, "labels": chosen})
    return jsonl(records, gold, "labels")


def regression(generator, number, gold):
    return tsv(("text", "label"), [(sentence(generator, (BAD, GOOD)[i % 2]), (0.0, 1.0)[i % 2]) for i in range(number)], gold)


def token(generator, number, gold):
    """Two columns, BIO."""
    lines = []
    for _ in range(number):
        person, place = generator.choice(PEOPLE), generator.choice(PLACES)
        words = [("then", "O"), (person, "B-PER"), ("smith", "I-PER"), ("went", "O"), ("to", "O"), (place, "B-LOC"), (".", "O")]
        lines += [" ".join(pair if gold else pair[:1]) for pair in words[generator.randrange(2):]] + [""]
    return "\n".join(lines) + "\n"


def squad(generator, number, gold, unanswerable=False):
    """The answer is the place; where there is none, the question cannot be answered."""
    articles = []
    for i in range(number):
        has_answer = not unanswerable or i % 2 == 0
        before = f"{generator.choice(THINGS)} is in "
        answer = generator.choice(PLACES) if has_answer else "it"
        question = {"id": f"q{i}", "question": "which place?"}
        if gold:
            question["answers"] = [{"text": answer, "answer_start": len(before)}] if has_answer else []
            if unanswerable:
                question["is_impossible"] = not has_answer
        articles.append({"title": f"t{i}", "paragraphs": [{"context": f"{before}{answer} .", "qas": [question]}]})
    return json.dumps({"version": "v2.0" if unanswerable else "1.1", "data": articles})


def squad2(generator, number, gold):
    return squad(generator, number, gold, unanswerable=True)


def choice(generator, number, gold):
    records = []
    for i in range(number):
        options = [sentence(generator, BAD) for _ in range(3)]
        options[i % 3] = sentence(generator, GOOD)
        records.append({"question": "what is nice ?", "options": options, "answer": "ABC"[i % 3]})
    return jsonl(records, gold, "answer")


WINDOWS = {"windows": {"max_question_length": 16, "stride": 16}}  # of 48 pieces
KINDS = {kind.name: kind for kind in (
    Kind("single", single, {"type": "sequence-classification", "columns": {"text": "sentence"}}, ".tsv"),
    Kind("pair", pair, {"type": "sequence-classification", "columns": {"text": "premise", "text_pair": "hypothesis"}}, ".csv"),
    Kind("multi_label", multi_label, {"type": "multi-label-classification", "columns": {"label": "labels", "id": "id"}}, ".jsonl",
         metric="exact_match", duration="30 epochs"),
    Kind("regression", regression, {"type": "regression"}, ".tsv", metric="pearson", best=0.99, duration="20 epochs"),
    Kind("token", token, {"type": "token-classification", "tokens": {"scheme": "bio"}}, ".conll", metric="f1"),
    Kind("squad", squad, {"name": "squad", "question_answering": WINDOWS}, ".json", metric="f1", best=100.0),
    Kind("squad2", squad2, {"name": "squad2", "question_answering": WINDOWS}, ".json", metric="f1", best=100.0),
    Kind("beam", squad2, {"type": "question-answering", "question_answering": {"head": "beam", "unanswerable": True, **WINDOWS}}, ".json", metric="f1", best=90.0,
         duration="20 epochs"),
    Kind("choice", choice, {"type": "multiple-choice"}, ".jsonl"),
)}


class FinetuneTest(ProgramTest):
    """Each class of tests has a model of two steps of pre-training in `base`."""

    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="albert-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.base = cls.pretrain(cls.shared / "base")

    @classmethod
    def pretrain(cls, output, *arguments):
        """A model folder with a vocabulary of its own."""
        config = output.with_suffix(".yaml")
        config.write_text(cls.tiny_text(output=output, steps=2))
        run_once("albert-train", config, "--set", "training.intra_op_threads=1", "--set", "logging.tensorboard=false",
                 "--set", "model.initializer_range=0.1", *arguments)
        return output / "final"

    def finetuning(self, kind, name="run", rows=96, **changes):
        """Writes files of the kind and a configuration; returns its path. A section of `changes` is laid over the default's."""
        kind = KINDS[kind]
        data = self.folder / f"{name}-data"
        data.mkdir(exist_ok=True)
        config = {
            "output": str(self.folder / name),
            "model": {"init_from": str(self.base), "dropout": 0.0, "classifier_dropout": 0.0},
            "task": kind.task,
            "data": {"train": {"path": str(kind.write(data, "train", rows, 1))},
                     "validation": {"path": str(kind.write(data, "validation", 24, 2))},
                     "test": {"path": str(kind.write(data, "test", 18, 3))},
                     "predict": {"path": str(kind.write(data, "predict", 15, 4, gold=False))},
                     "max_length": 48},
            "optimizer": {"learning_rate": 2e-3},
            "training": {"duration": "12 epochs", "batch_size": 8, "precision": "fp32", "device": "cpu", "seed": 3,
                         "intra_op_threads": 1, **kind.training},
            "evaluation": {"every": "4 epochs"},
            "checkpoint": {"every": "4 epochs"},
            "logging": {"every": "24 steps", "tensorboard": False},
        }
        for section, values in changes.items():
            if isinstance(values, dict) and section != "task":
                config[section] = {**config.get(section, {}), **values}
            else:
                config[section] = values
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(config))
        return path

    def finetune(self, config, *arguments, **options):
        return self.run_program(config, *arguments, program="albert-finetune", **options)

    def results(self, name="run"):
        return json.loads((self.folder / name / "results.json").read_text())

    def predictions(self, name="run", file="predict.jsonl"):
        return [json.loads(line) for line in (self.folder / name / "predictions" / file).read_text().splitlines()]


def tensors_of(path):
    """Bytes of each tensor of a safetensors file."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    return {name: data[8 + size + entry["data_offsets"][0]:8 + size + entry["data_offsets"][1]] for name, entry in header.items()}


def errors_of(result):
    """The lines of standard error that are no log lines."""
    return [line for line in result.stderr.splitlines() if not re.search(r"^[0-9:]+ (info|warning) ", line)]


__all__ = ["SOURCE", "KINDS", "WINDOWS", "FinetuneTest", "errors_of", "tensors_of"]
