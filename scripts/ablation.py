#!/usr/bin/env python3
"""Runs configs/ablation with several seeds and writes docs/ablation.md; called by scripts/ablation.sh, which says more.

Each run: pre-training, held-out losses under two objectives (so that all models are measured on the same examples, whatever they were
trained on), and fine-tuning on SST-2. What is compared is the difference to the base run of the same seed: it saw the same text in the
same order with the same masks. Intervals of 95 % hold both the seeds (Student's t) and, for accuracies, the finite number of held-out
examples.
"""
import argparse
import concurrent.futures
import datetime
import json
import pathlib
import shlex
import statistics
import subprocess
import sys
import time

BIN = pathlib.Path("build/release/bin")
CONFIGS = pathlib.Path("configs/ablation")
BASE = "base"
GROUPS = [
    ("What the layers share", [BASE, "sharing-attention", "sharing-feed-forward", "sharing-none"]),
    ("Width of the embeddings", ["embedding-64", BASE, "embedding-hidden"]),
    ("The second target", [BASE, "objective-nsp", "objective-none"]),
    ("ALBERT and BERT", [BASE, "bert"]),
]
LABELS = {BASE: "base: all shared, E = 128, SOP", "sharing-attention": "attention shared", "sharing-feed-forward": "feed-forward shared",
          "sharing-none": "nothing shared", "embedding-64": "E = 64", "embedding-hidden": "E = H = 192", "objective-nsp": "NSP",
          "objective-none": "masked tokens alone", "bert": "BERT: nothing shared, E = H, NSP"}
# Key of a measurement, its name, and which way is better.
MEASURES = [("mlm_loss", "masked-token loss", -1), ("sop_accuracy", "SOP accuracy", 1), ("nsp_accuracy", "NSP accuracy", 1),
            ("sst2_accuracy", "SST-2 accuracy", 1)]
# What the paper reports (Lan et al. 2019, Tables 3 to 5, averages over downstream tasks, and 5 for the last): the first is better.
CLAIMS = [("sharing-none", BASE, "sst2_accuracy", "not shared 81.6, all shared 80.1 (Table 4, E = 128)"),
          ("sharing-attention", BASE, "sst2_accuracy", "attention shared 81.7, all shared 80.1 (Table 4)"),
          ("sharing-attention", "sharing-feed-forward", "sst2_accuracy", "attention shared 81.7, feed-forward shared 80.2 (Table 4)"),
          (BASE, "embedding-64", "sst2_accuracy", "E = 128 is the best width where all is shared (Table 3)"),
          (BASE, "embedding-hidden", "sst2_accuracy", "E = 128 is the best width where all is shared (Table 3)"),
          (BASE, "objective-nsp", "sst2_accuracy", "SOP 80.1, NSP 79.2 (Table 5)"),
          (BASE, "objective-none", "sst2_accuracy", "SOP 80.1, no second target 79.0 (Table 5)"),
          (BASE, "objective-nsp", "sop_accuracy", "a model of SOP orders sentences, one of NSP does not (Table 5)")]
FEW_HELD_OUT = ["data.validation_fraction=0.002"]  # of the miniature
# Student's t, two-sided 95 %, by degrees of freedom.
STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}
VARIANTS = list(dict.fromkeys(name for _, names in GROUPS for name in names))


def say(text):
    print(text, file=sys.stderr, flush=True)


def mean_interval(values, *held_out):
    """Mean and half the width of its 95 % interval: Student's t over the seeds. All seeds are measured on the same examples, so the
    half-widths for these (`held_out`) do not shrink with the seeds; they are added in squares. None for a single seed."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, None
    over_seeds = STUDENT[len(values) - 1] * statistics.stdev(values) / len(values) ** 0.5
    return mean, sum(part * part for part in (over_seeds, *held_out)) ** 0.5


def half_width_of(runs, key):
    """Of the held-out examples alone; 0 for the loss, of which the programs report no interval."""
    return statistics.fmean(run.get(f"{key}_half_width", 0.0) for run in runs)


def difference_of(first, second, key):
    """Mean and half-width of first - second, seed by seed. That both see the same examples is not used: too wide, if anything."""
    differences = [a[key] - b[key] for a, b in zip(first, second)]
    return mean_interval(differences, half_width_of(first, key), half_width_of(second, key))


def verdict(difference, half_width, direction):
    """Whether the first is better by the measure whose direction is given: shown, not shown, opposite."""
    if half_width is None or abs(difference) <= half_width:
        return "not shown"
    return "shown" if difference * direction > 0 else "opposite"


class Ablation:
    def __init__(self, arguments):
        self.arguments = arguments
        self.output = pathlib.Path(arguments.output)
        self.data = pathlib.Path(arguments.data)

    def call(self, what, command, result=None):
        """Runs a program; its output goes to `result`, which appears only when it has succeeded."""
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{what}: exit code {done.returncode}\n{shlex.join(map(str, command))}\n{done.stderr[-2000:]}")
        if result:
            temporary = result.with_suffix(".tmp")
            temporary.write_text(done.stdout)
            temporary.replace(result)

    def train_command(self, variant, output, *settings):
        texts = ("gutenberg/*.txt", "tinyshakespeare.txt", "wikitext2.*.txt")  # in the order of base.yaml
        sources = [f"data.sources[{i}].path={self.data}/pretrain/{name}" for i, name in enumerate(texts)]
        command = [BIN / "albert-train", CONFIGS / f"{variant}.yaml", "--output", output]
        for value in (*sources, f"data.store={self.output}/store", *settings):
            command += ["--set", value]
        return command

    def vocabulary(self):
        return f"tokenizer.model={self.output}/text/tokenizer/spiece.model"

    def prepare(self):
        """One vocabulary and one token store for all runs."""
        self.call("text", [*self.train_command(BASE, self.output / "text"), "--prepare-only"])

    def folder(self, variant, seed):
        return self.output / f"{variant}-{seed}"

    def pretrain(self, variant, seed):
        miniature = ["training.duration=8 steps", *FEW_HELD_OUT] if self.arguments.miniature else []
        command = self.train_command(variant, self.folder(variant, seed), self.vocabulary(), f"training.seed={seed}", *miniature)
        self.call(f"{variant}, seed {seed}", command)

    def evaluate(self, variant, seed, objective):
        """Held-out losses on the examples of the base configuration with SOP, or with NSP."""
        result = self.folder(variant, seed) / f"held-out-{objective}.json"
        if not result.exists():
            few = FEW_HELD_OUT if self.arguments.miniature else []
            command = self.train_command(BASE, self.output / "unused", self.vocabulary(), f"objective.sentence_order={objective}", *few)
            self.call(f"{variant}, seed {seed}, {objective}", [*command, "--evaluate", self.folder(variant, seed) / "final"], result)
        return json.loads(result.read_text())

    def finetune(self, variant, seed):
        output = self.folder(variant, seed) / "sst-2"
        result = output / "results.json"
        if not result.exists():
            sst2 = self.data / "sentiment/sst2"
            command = [BIN / "albert-finetune", "configs/finetune/sst-2.yaml", "--output", output]
            values = [f"model.init_from={self.folder(variant, seed)}/final", f"data.train.path={sst2}/train.tsv", "data.validation=null",
                      f"data.test={{path: {sst2}/test.tsv}}", "data.predict=null", "data.max_length=64", "model.dropout=0.1",
                      "schedule.warmup=10 %", "data.validation_fraction=" + ("0.002" if self.arguments.miniature else "0.1"),
                      "training.duration=" + ("5 steps" if self.arguments.miniature else "1 epochs"),
                      "optimizer.learning_rate=3e-4", "evaluation.every=100 %", "checkpoint.every=100 %", "training.intra_op_threads=1",
                      "training.device=cpu", "training.precision=fp32", f"training.seed={seed}"]
            for value in values:
                command += ["--set", value]
            self.call(f"{variant}, seed {seed}, SST-2", command)
        return json.loads(result.read_text())["runs"][0]["test"]

    def parameters(self, variant, seed):
        """Of the encoder: embeddings, mapping and layers."""
        result = self.folder(variant, seed) / "inspect.json"
        if not result.exists():
            self.call(f"{variant}, inspect", [BIN / "albert", "inspect", self.folder(variant, seed) / "final", "--json"], result)
        counts = json.loads(result.read_text())["parameters"]
        return sum(counts.get(part, 0) for part in ("embeddings", "embedding_mapping", "shared_layers"))

    def run(self, variant, seed):
        begin = time.monotonic()
        self.pretrain(variant, seed)
        sop, nsp = (self.evaluate(variant, seed, objective) for objective in ("sop", "nsp"))
        task = self.finetune(variant, seed)
        say(f"{variant}, seed {seed}: {time.monotonic() - begin:.0f} s")
        # Measured with SOP pairs: those of NSP break the text, which costs every model.
        result = {"mlm_loss": sop["mlm_loss"], "sst2_accuracy": task["accuracy"],
                  "sst2_accuracy_half_width": half(*task["accuracy_interval_95"]), "unigram_entropy": sop["unigram_entropy"],
                  "mlm_targets": sop["mlm_targets"], "order_targets": sop.get("sop_targets"), "parameters": self.parameters(variant, seed)}
        for name, report in (("sop", sop), ("nsp", nsp)):
            if "sop_accuracy" in report:
                result[f"{name}_accuracy"] = report["sop_accuracy"]
                result[f"{name}_accuracy_half_width"] = half(report["sop_accuracy_low"], report["sop_accuracy_high"])
        return result

    def all_runs(self):
        """{variant: [measurements of each seed]}. Seeds on the outside: an interrupted ablation has whole seeds."""
        with concurrent.futures.ThreadPoolExecutor(self.arguments.jobs) as pool:
            jobs = {(variant, seed): pool.submit(self.run, variant, seed) for seed in self.arguments.seeds for variant in VARIANTS}
            try:
                return {variant: [jobs[variant, seed].result() for seed in self.arguments.seeds] for variant in VARIANTS}
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def half(low, high):
    return (high - low) / 2


def with_interval(text, half_width):
    return text if half_width is None else f"{text} ± {half_width:.3f}"


def cell(runs, base, key):
    """Mean, and the difference to the base with its interval; - where the model has no such head."""
    if key not in runs[0]:
        return "-"
    mean, half_width = mean_interval([run[key] for run in runs], half_width_of(runs, key))
    if runs is base:
        return with_interval(f"{mean:.3f}", half_width)
    difference, half_width = difference_of(runs, base, key)
    return f"{mean:.3f} ({with_interval(f'{difference:+.3f}', half_width)})"


def table(title, names, results):
    heads = " | ".join(name for _, name, _ in MEASURES)
    lines = [f"## {title}", "", f"| model | parameters | {heads} |", "|---|---|" + "---|" * len(MEASURES)]
    for name in names:
        cells = [cell(results[name], results[BASE], key) for key, _, _ in MEASURES]
        lines.append(f"| {LABELS[name]} | {results[name][0]['parameters']:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def directions(results):
    lines = ["| the paper | compared here | difference | direction of the paper |", "|---|---|---|---|"]
    for first, second, key, text in CLAIMS:
        _, name, direction = next(row for row in MEASURES if row[0] == key)
        difference, half_width = difference_of(results[first], results[second], key)
        compared = f"{LABELS[first]} - {LABELS[second]}, {name}"
        shown = verdict(difference, half_width, direction)
        lines.append(f"| {text} | {compared} | {with_interval(f'{difference:+.3f}', half_width)} | {shown} |")
    return "\n".join(lines)


def page(results, arguments):
    first = results[BASE][0]
    return PAGE.format(seeds=", ".join(map(str, arguments.seeds)), count=len(arguments.seeds), targets=int(first["mlm_targets"]),
                       pairs=int(first["order_targets"]), entropy=first["unigram_entropy"], date=datetime.date.today().isoformat(),
                       note=MINIATURE if arguments.miniature else "",
                       tables="\n\n".join(table(title, names, results) for title, names in GROUPS), directions=directions(results))


MINIATURE = "\nThis is the miniature: a few steps, to see that the script works. The figures mean nothing.\n"
PAGE = """# The ablation of the ALBERT paper at small scale

Made by `scripts/ablation.sh` on {date} from `configs/ablation`. The script keeps what stands below the last table and replaces the rest.
{note}
Each cell is the mean over {count} seeds ({seeds}); in brackets the difference to the base run of the same seed, which saw the same
text in the same order, with its 95 % interval (for the base row that of the mean): Student's t over the seeds, and for accuracies also
the sampling of the held-out examples. Loss and accuracies of pre-training are measured on the same held-out text for all models:
{targets:,} masked pieces, on which a model that knows only how frequent pieces are has {entropy:.3f} nats, and {pairs:,} pairs of
segments. "SOP accuracy" of a model that was trained on NSP is what its head says of swapped segments, and the other way round; chance
is 0.5. SST-2 is the accuracy on the test sentences after one epoch of fine-tuning. Parameters are those of embeddings, mapping and
layers. The intervals are not corrected for the number of comparisons: of twenty, one is expected to miss by chance.

{tables}

## The directions of the paper

"Shown" and "opposite": the interval of the difference leaves out 0. "Not shown": this scale cannot tell the two apart. The paper's
figures are averages over its downstream tasks for models of base size after 125,000 steps.

{directions}

"""
NOTES = "<!-- Below: written by hand; the script keeps it. -->\n"


def seeds_of(text):
    seeds = [int(part) for part in text.split(",")]
    if len(set(seeds)) != len(seeds) or len(seeds) - 1 not in (0, *STUDENT):
        raise argparse.ArgumentTypeError(f"one to {max(STUDENT) + 1} different seeds wanted, got {text}")
    return seeds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2, help="runs at once, of one thread each")
    parser.add_argument("--seeds", type=seeds_of, default=None, help="default 1,2,3")
    parser.add_argument("--data", default="../shared/data", help="folder with pretrain/ and sentiment/sst2/")
    parser.add_argument("--output", default=None, help="default runs/ablation, or runs/ablation-miniature")
    parser.add_argument("--page", default=None, help="default docs/ablation.md, or OUTPUT/ablation.md")
    parser.add_argument("--miniature", action="store_true", help="two seeds of a few steps")
    arguments = parser.parse_args()
    arguments.seeds = arguments.seeds or ([1, 2] if arguments.miniature else [1, 2, 3])
    arguments.output = arguments.output or ("runs/ablation-miniature" if arguments.miniature else "runs/ablation")
    target = pathlib.Path(arguments.page or (f"{arguments.output}/ablation.md" if arguments.miniature else "docs/ablation.md"))
    ablation = Ablation(arguments)
    ablation.prepare()
    results = ablation.all_runs()
    old = target.read_text() if target.exists() else ""
    notes = old.split(NOTES, 1)[1] if NOTES in old else "\n"
    target.write_text(page(results, arguments) + NOTES + notes)
    say(f"written: {target}")


if __name__ == "__main__":
    main()
