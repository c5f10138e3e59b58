#!/usr/bin/env python3
"""Measures fine-tuning on real data sets and writes docs/results.md.

    python3 scripts/finetune_results.py --model runs/small/final --data ../shared/data [--output runs/results] [--task NAME]... [--seeds 3]

For each data set: the majority class, TF-IDF with logistic regression (where scikit-learn is installed and the task is one of
classes), the network from random initialisation, and the same network from the pre-trained model. The learning rate is chosen on the
validation data of the randomly initialised network (one seed each), then used for both. Finished runs are not repeated. Needs
build/release/bin/albert-finetune.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys

RATES = ["1e-4", "3e-4", "1e-3"]

# name: (configuration, settings, metric, readers of the plain baselines' data)
TASKS = {
    "SST-2": dict(config="sst-2", epochs=2, length=64, metric="accuracy", text=("tsv", 0, 1), header=True,
                  train="sentiment/sst2/train.tsv", test="sentiment/sst2/test.tsv"),
    "AG News": dict(config="topics", epochs=3, length=96, metric="accuracy", text=("csv", (1, 2), 0),
                    train="topic/ag_news/test.csv", split_test=0.2),
    "TREC": dict(config="questions", epochs=6, length=48, metric="accuracy", text=("trec",), train="topic/trec/train.txt",
                 test="topic/trec/test.txt"),
    "SMS spam": dict(config="spam", epochs=3, length=96, metric="f1", text=("tsv", 1, 0), train="spam/SMSSpamCollection", split_test=0.2,
                     settings=["loss.class_weights=null"]),
    "SNIPS intents": dict(config="snips", epochs=3, length=48, metric="accuracy", text=("snips",), train="intent/snips/train",
                          validation="intent/snips/valid", test="intent/snips/test"),
    "MRPC": dict(config="mrpc", epochs=4, length=128, metric="accuracy", text=("tsv", (3, 4), 0), header=True,
                 train="pairs/MRPC/msr-para-train.tsv", validation="pairs/MRPC/msr-para-val.tsv", test="pairs/MRPC/msr-para-test.tsv"),
    "SQuAD 2.0 half": dict(config="squad2", epochs=2, length=192, metric="f1", train="qa/squad2_dev_half_A.json", split_test=0.2,
                           settings=["task.question_answering.head=linear"]),
    "WNUT17": dict(config="entities", epochs=6, length=128, metric="f1", train="token/wnut17/train.conll",
                   validation="token/wnut17/dev.conll", test="token/wnut17/test.annotated"),
}


def say(text):
    print(text, file=sys.stderr, flush=True)


class Runner:
    def __init__(self, arguments):
        self.arguments = arguments
        self.data = pathlib.Path(arguments.data)
        self.commands = {}

    def settings(self, name, task):
        values = [f"model.init_from={self.arguments.model}", f"data.train.path={self.data / task['train']}",
                  f"data.max_length={task['length']}", f"training.duration={task['epochs']} epochs", "schedule.warmup=10 %",
                  "evaluation.every=1 epochs", "checkpoint.every=1 epochs", "training.batch_size=32", "model.dropout=0.1", "data.predict=null"]
        validation = task.get("validation")
        values.append(f"data.validation={{path: {self.data / validation}}}" if validation else "data.validation=null")
        values.append(f"data.test={{path: {self.data / task['test']}}}" if "test" in task else "data.test=null")
        if "split_test" in task:  # no test part at hand: the held-out part is what is measured
            values.append(f"data.validation_fraction={task['split_test']}")
        return values + task.get("settings", [])

    def run(self, name, task, kind, rate, runs):
        """results.json of one configuration."""
        output = pathlib.Path(self.arguments.output) / name.replace(" ", "-").lower() / f"{kind}-{rate}-{runs}"
        values = self.settings(name, task) + [f"optimizer.learning_rate={rate}", f"training.runs={runs}",
                                              f"model.random_weights={'true' if kind == 'random' else 'false'}"]
        command = ["build/release/bin/albert-finetune", f"configs/finetune/{task['config']}.yaml", "--output", str(output)]
        for value in values:
            command += ["--set", value]
        self.commands[(name, kind)] = " ".join(f"'{part}'" if " " in part or "{" in part else part for part in command)
        results = output / "results.json"
        if not results.exists():
            say(f"{name}: {kind}, learning rate {rate}, {runs} run(s)")
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return json.loads(results.read_text())

    def choose_rate(self, name, task):
        best = None
        for rate in RATES:
            score = self.run(name, task, "random", rate, 1)["runs"][0]["validation"][task["metric"]] or 0
            if best is None or score > best[0]:
                best = (score, rate)
        return best[1]


def summary(results, task):
    part = "test" if "test_summary" in results else "validation"
    runs = results["runs"]
    values = results[f"{part}_summary"]
    intervals = [run[part].get(task["metric"] + "_interval_95", [None, None]) for run in runs]
    return dict(median=values["median"], minimum=values["minimum"], maximum=values["maximum"],
                low=min(i[0] for i in intervals), high=max(i[1] for i in intervals), part=part)


def read_plain(path, how):
    """(text, label) rows for the plain baselines, read without our code."""
    import csv
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


def plain_baselines(task, data):
    """Accuracy (or F1 of the rarer class) of the majority and of TF-IDF with logistic regression, where a test file is given."""
    if "text" not in task or "test" not in task:
        return None, None
    header = 1 if task.get("header") else 0
    train = read_plain(data / task["train"], task["text"])[header:]
    test = read_plain(data / task["test"], task["text"])[header:]
    majority = collections.Counter(label for _, label in train).most_common(1)[0][0]
    share = sum(label == majority for _, label in test) / len(test)
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
    except ImportError:
        return share, None
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), LogisticRegression(C=10, max_iter=1000))
    model.fit([text for text, _ in train], [label for _, label in train])
    return share, float(model.score([text for text, _ in test], [label for _, label in test]))


def cell(values):
    return f"{values['median']:.4g} ({values['minimum']:.4g} to {values['maximum']:.4g}; {values['low']:.4g} to {values['high']:.4g})"


def number(value):
    return "-" if value is None else f"{value:.4g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="runs/small/final")
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--output", default="runs/results")
    parser.add_argument("--task", action="append", choices=list(TASKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--page", default="docs/results.md")
    arguments = parser.parse_args()
    runner = Runner(arguments)
    rows, helped = [], []
    for name in arguments.task or TASKS:
        task = TASKS[name]
        rate = runner.choose_rate(name, task)
        random = summary(runner.run(name, task, "random", rate, arguments.seeds), task)
        trained = summary(runner.run(name, task, "pretrained", rate, arguments.seeds), task)
        majority, tfidf = plain_baselines(task, runner.data)
        if trained["minimum"] > random["high"]:
            helped.append(name)
        rows.append(f"| {name} | {task['metric']} ({trained['part']}) | {number(majority)} | {number(tfidf)} | {rate} | {cell(random)} | {cell(trained)} |")
        say(rows[-1])
    commands = "\n".join(runner.commands[(name, kind)] for name in (arguments.task or TASKS) for kind in ("random", "pretrained"))
    pathlib.Path(arguments.page).write_text(f"""# What pre-training is worth

Made by `scripts/finetune_results.py` from the model of `configs/pretrain/small.yaml`. Each network's cell: median over {arguments.seeds} seeds
(smallest to largest; union of the seeds' 95 % bootstrap intervals over examples). The learning rate was chosen on the validation data of
the randomly initialised network. Accuracies and entity F1 are shares, SQuAD's F1 is in percent. "validation": no test part is at hand, so
the held-out part is both what chooses the epoch and what is measured, for both networks alike.

| data set | metric | majority | TF-IDF + logistic regression | learning rate | random weights | pre-trained |
|---|---|---|---|---|---|---|
{chr(10).join(rows)}

Pre-training helps beyond the interval (worst pre-trained seed above the top of the random network's interval) on {len(helped)} of {len(rows)}:
{', '.join(helped) or 'none'}.

The commands:

```
{commands}
```
""")


if __name__ == "__main__":
    main()
