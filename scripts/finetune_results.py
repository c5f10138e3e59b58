#!/usr/bin/env python3
"""Measures fine-tuning on real data sets and writes docs/results.md.

    python3 scripts/finetune_results.py --model runs/small/final --data ../shared/data [--output runs/results] [--task NAME]... [--jobs 2]

For each data set: the majority class, TF-IDF with logistic regression (where the task is one of classes; needs scikit-learn), the network
from random initialisation, and the same network from the pre-trained model. The learning rate is chosen on the validation data of the
randomly initialised network with the first seed, then used for both networks and all seeds. Data sets that come as one file are split
first: a fifth is the test part, whole articles for questions, equal texts on one side. A run that has finished is not repeated. Needs
build/release/bin/albert-finetune. Jobs take one thread each.
"""
import argparse
import collections
import concurrent.futures
import csv
import hashlib
import json
import pathlib
import shlex
import statistics
import subprocess
import sys

RATES = ["1e-4", "3e-4", "1e-3"]
SEEDS = [1, 2, 3]
TEST_SHARE = 5  # every fifth

TASKS = {
    "SST-2": dict(config="sst-2", epochs=2, length=64, metric="accuracy", text=("tsv", 0, 1), header=True,
                  train="sentiment/sst2/train.tsv", test="sentiment/sst2/test.tsv"),
    "AG News": dict(config="topics", epochs=3, length=96, metric="accuracy", text=("csv", (1, 2), 0), split="topic/ag_news/test.csv"),
    "TREC": dict(config="questions", epochs=6, length=48, metric="accuracy", text=("trec",), train="topic/trec/train.txt",
                 test="topic/trec/test.txt"),
    "SMS spam": dict(config="spam", epochs=3, length=96, metric="f1", text=("tsv", 1, 0), split="spam/SMSSpamCollection",
                     settings=["loss.class_weights=null"]),
    "SNIPS intents": dict(config="snips", epochs=3, length=48, metric="accuracy", text=("snips",), train="intent/snips/train",
                          validation="intent/snips/valid", test="intent/snips/test"),
    "MRPC": dict(config="mrpc", epochs=4, length=128, metric="accuracy", text=("tsv", (3, 4), 0), header=True,
                 train="pairs/MRPC/msr-para-train.tsv", validation="pairs/MRPC/msr-para-val.tsv", test="pairs/MRPC/msr-para-test.tsv"),
    "SQuAD 2.0 half": dict(config="squad2", epochs=2, length=128, metric="f1", split="qa/squad2_dev_half_A.json",
                           settings=["task.question_answering.head=linear"]),
    "WNUT17": dict(config="entities", epochs=6, length=128, metric="f1", train="token/wnut17/train.conll",
                   validation="token/wnut17/dev.conll", test="token/wnut17/test.annotated", settings=["data.test.format=conll"]),
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def is_test(text):
    return int(hashlib.sha256(" ".join(text.lower().split()).encode()).hexdigest(), 16) % TEST_SHARE == 0


def split_file(source, folder):
    """Writes train and test parts; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    train, test = folder / f"train-{source.name}", folder / f"test-{source.name}"
    if source.suffix == ".json":
        whole = json.loads(source.read_text(encoding="utf-8"))
        for path, part in ((train, 0), (test, 1)):
            articles = [a for i, a in enumerate(whole["data"]) if (i % TEST_SHARE == 0) == bool(part)]
            path.write_text(json.dumps({**whole, "data": articles}), encoding="utf-8")
        return train, test
    with open(source, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file)) if source.suffix == ".csv" else [line.rstrip("\r\n").split("\t") for line in file]
    for path, part in ((train, False), (test, True)):
        with open(path, "w", encoding="utf-8", newline="") as file:
            kept = [row for row in rows if is_test(" ".join(row[1:])) == part]
            if source.suffix == ".csv":
                csv.writer(file, quoting=csv.QUOTE_ALL).writerows(kept)
            else:
                file.writelines("\t".join(row) + "\n" for row in kept)
    return train, test


class Runner:
    def __init__(self, arguments):
        self.arguments = arguments
        self.data = pathlib.Path(arguments.data)
        self.output = pathlib.Path(arguments.output)

    def files(self, task):
        """Train, validation (or None) and test."""
        if "split" in task:
            train, test = split_file(self.data / task["split"], self.output / "data")
            return train, None, test
        return self.data / task["train"], self.data / task["validation"] if "validation" in task else None, self.data / task["test"]

    def command(self, name, task, kind, rate, seed):
        train, validation, test = self.files(task)
        values = [f"model.init_from={self.arguments.model}", f"data.train.path={train}", f"data.test={{path: {test}}}",
                  f"data.validation={{path: {validation}}}" if validation else "data.validation=null", "data.predict=null",
                  f"data.max_length={task['length']}", f"training.duration={task['epochs']} epochs", "schedule.warmup=10 %",
                  "evaluation.every=1 epochs", "checkpoint.every=1 epochs", "training.batch_size=32", "training.intra_op_threads=1",
                  "training.device=cpu", "model.dropout=0.1", f"optimizer.learning_rate={rate}", f"training.seed={seed}",
                  f"model.random_weights={'true' if kind == 'random' else 'false'}", *task.get("settings", [])]
        command = ["build/release/bin/albert-finetune", f"configs/finetune/{task['config']}.yaml", "--output", str(self.folder(name, kind, rate, seed))]
        for value in values:
            command += ["--set", value]
        return command

    def folder(self, name, kind, rate, seed):
        return self.output / name.replace(" ", "-").lower() / f"{kind}-{rate}-{seed}"

    def run(self, name, task, kind, rate, seed):
        """The one run in results.json."""
        results = self.folder(name, kind, rate, seed) / "results.json"
        if not results.exists():
            done = subprocess.run(self.command(name, task, kind, rate, seed), capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit(f"{name}: {kind}, {rate}, seed {seed}: exit code {done.returncode}\n{done.stderr[-2000:]}")
            say(f"{name}: {kind}, learning rate {rate}, seed {seed}: done")
        return json.loads(results.read_text())["runs"][0]

    def all_runs(self, names):
        """{name: (rate, {kind: [run of each seed]})}; the chosen rate's first seed is not run twice."""
        with concurrent.futures.ThreadPoolExecutor(self.arguments.jobs) as pool:
            tries = {name: {rate: pool.submit(self.run, name, TASKS[name], "random", rate, SEEDS[0]) for rate in RATES} for name in names}
            result, pending = {}, {}
            for name in names:
                metric = TASKS[name]["metric"]
                rate = max(RATES, key=lambda r: tries[name][r].result()["validation"][metric] or 0)
                pending[name] = rate, {kind: [pool.submit(self.run, name, TASKS[name], kind, rate, seed) for seed in SEEDS]
                                       for kind in ("random", "pretrained")}
            for name, (rate, kinds) in pending.items():
                result[name] = rate, {kind: [job.result() for job in jobs] for kind, jobs in kinds.items()}
        return result


def summary(runs, metric):
    """The seed in the middle, with its 95 % bootstrap interval over the test examples, and the range of the seeds."""
    ranked = sorted(runs, key=lambda run: run["test"][metric])
    middle = ranked[len(ranked) // 2]["test"]
    low, high = middle[metric + "_interval_95"]
    return dict(median=middle[metric], low=low, high=high, minimum=ranked[0]["test"][metric], maximum=ranked[-1]["test"][metric])


def read_plain(path, how):
    """(text, label) rows for the plain baselines, read without our code."""
    if how[0] == "snips":
        texts = (path / "seq.in").read_text().splitlines()
        return list(zip(texts, (path / "label").read_text().splitlines()))
    if how[0] == "trec":
        lines = path.read_text("latin-1").splitlines()
        return [(line.split(" ", 1)[1], line.split(":", 1)[0]) for line in lines if line]
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file)) if how[0] == "csv" else [line.rstrip("\r\n").split("\t") for line in file]
    columns = how[1] if isinstance(how[1], tuple) else (how[1],)
    return [("\n".join(row[c] for c in columns), row[how[2]]) for row in rows if len(row) > max(*columns, how[2])]


def score(metric, gold, predicted, positive):
    if metric == "accuracy":
        return sum(g == p for g, p in zip(gold, predicted)) / len(gold)
    right = sum(g == p == positive for g, p in zip(gold, predicted))
    found, there = predicted.count(positive), gold.count(positive)
    return 2 * right / (found + there) if right else 0.0


def plain_baselines(task, files):
    """The metric of always answering the most frequent class, and of TF-IDF with logistic regression."""
    train_file, _, test_file = files
    if task["config"] == "squad2":  # the most frequent answer is that there is none
        questions = [q for a in json.loads(test_file.read_text(encoding="utf-8"))["data"] for p in a["paragraphs"] for q in p["qas"]]
        return 100 * sum(q["is_impossible"] for q in questions) / len(questions), None
    if "text" not in task:
        return 0.0, None  # the most frequent tag is O: no entity is found
    header = 1 if task.get("header") else 0
    train, test = (read_plain(path, task["text"])[header:] for path in (train_file, test_file))
    counts = collections.Counter(label for _, label in train).most_common()
    gold, positive = [label for _, label in test], counts[-1][0]
    majority = score(task["metric"], gold, [counts[0][0]] * len(gold), positive)
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
    except ImportError:
        raise SystemExit("scikit-learn is needed for the TF-IDF baseline: pip install scikit-learn")
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), LogisticRegression(C=10, max_iter=1000))
    model.fit([text for text, _ in train], [label for _, label in train])
    return majority, score(task["metric"], gold, list(model.predict([text for text, _ in test])), positive)


def cell(values):
    return (f"{values['median']:.3f} [{values['low']:.3f}, {values['high']:.3f}]; {values['minimum']:.3f} to {values['maximum']:.3f}")


def number(value):
    return "-" if value is None else f"{value:.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="runs/small/final")
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--output", default="runs/results")
    parser.add_argument("--task", action="append", choices=list(TASKS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--page", default="docs/results.md")
    arguments = parser.parse_args()
    runner = Runner(arguments)
    names = arguments.task or list(TASKS)
    plain = {name: plain_baselines(TASKS[name], runner.files(TASKS[name])) for name in names}
    runs = runner.all_runs(names)
    rows, helped, commands = [], [], []
    for name in names:
        task, (rate, kinds) = TASKS[name], runs[name]
        random, trained = (summary(kinds[kind], task["metric"]) for kind in ("random", "pretrained"))
        if trained["low"] > random["high"]:
            helped.append(name)
        majority, tfidf = plain[name]
        rows.append(f"| {name} | {task['metric']} | {number(majority)} | {number(tfidf)} | {rate} | {cell(random)} | {cell(trained)} |")
        commands += [shlex.join(runner.command(name, task, kind, rate, SEEDS[0])) for kind in ("random", "pretrained")]
    page = pathlib.Path(arguments.page)
    notes = page.read_text().split(NOTES, 1)[1] if page.exists() and NOTES in page.read_text() else "\n"
    page.write_text(PAGE.format(rows="\n".join(rows), helped=len(helped), count=len(rows), names=", ".join(helped) or "none",
                                commands="\n\n".join(commands)) + NOTES + notes)


NOTES = "<!-- Below: written by hand; the script keeps it. -->\n"
PAGE = """# What pre-training is worth

The table is made by `python3 scripts/finetune_results.py --model runs/small/final --data ../shared/data`, where `runs/small/final` is the
model of `configs/pretrain/small.yaml` (35 minutes on two cores). Each network's cell: the median seed of three with its 95 % bootstrap
interval over the test examples; then the smallest and the largest seed. The learning rate is the best of 1e-4, 3e-4 and 1e-3 on the
validation data of the randomly initialised network. Accuracies, F1 of the spam class and entity F1 are shares; SQuAD's F1 is in percent.
Both networks have the same shape, tokenizer, epochs and data. AG News, SMS spam and the half of SQuAD's development set come as one file:
a fifth of each is the test part (whole articles for SQuAD; equal texts are never on both sides).

| data set | metric | most frequent class | TF-IDF + logistic regression | learning rate | random weights | pre-trained |
|---|---|---|---|---|---|---|
{rows}

Pre-training helps beyond the intervals (they do not overlap) on {helped} of {count}: {names}.

The commands of the first seed; the others differ in `training.seed` and `--output`:

```
{commands}
```

"""


if __name__ == "__main__":
    main()
