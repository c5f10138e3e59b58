"""What the tests of faults share: a run that is watched from outside, and the truth it is held against.

The truth is kept outside of the process that suffers: the highest step that it acknowledged as saved (its own log line), and the metrics and
weights of one unbroken run of the same configuration. Standard library only."""
import hashlib
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from metrics_file import read_metrics, without_clock  # noqa: E402

SAVED = re.compile(r"saved the checkpoint of step (\d+)")

CONFIG = """
output: {output}
model: {{preset: albert-base-v2, hidden_size: {hidden}, num_hidden_layers: {layers}, num_attention_heads: 2, intermediate_size: {intermediate},
        embedding_size: {embedding}, max_position_embeddings: 64, dropout: 0.1}}
tokenizer: {{type: symbols, vocabulary: {folder}/symbols.txt, max_unknown: 0.5}}
data:
  sources: [{{path: "{folder}/text.txt", format: sentences, document_boundary: blank_line}}]
  store: {folder}/store
  max_length: {length}
  validation_fraction: 0.05
optimizer: {{name: lamb, learning_rate: 1e-3}}
schedule: {{name: linear, warmup: 2 steps}}
training: {{duration: {steps} steps, batch_size: {batch}, micro_batch: {batch}, precision: {precision}, device: cpu, seed: 3, intra_op_threads: {threads}}}
evaluation: {{every: {evaluate} steps}}
checkpoint: {{every: {save} steps, keep_last: 2, keep_best: 1, asynchronous: {asynchronous}}}
logging: {{every: 1 steps, tensorboard: false}}
"""

FINETUNE_CONFIG = """
output: {output}
model: {{init_from: {folder}/source/final, dropout: 0.1, classifier_dropout: 0.1}}
task: {{type: sequence-classification, columns: {{text: text, label: label}}}}
data: {{train: {{path: {folder}/train.csv}}, validation: {{path: {folder}/dev.csv}}, max_length: {length}}}
optimizer: {{learning_rate: 1e-3}}
training: {{duration: {steps} steps, batch_size: {batch}, micro_batch: {batch}, precision: {precision}, device: cpu, seed: 3, intra_op_threads: {threads}}}
evaluation: {{every: {evaluate} steps}}
checkpoint: {{every: {save} steps, keep_last: 2, keep_best: 1, asynchronous: {asynchronous}}}
logging: {{every: 1 steps, tensorboard: false}}
"""

TINY = dict(hidden=32, layers=2, intermediate=64, embedding=16, length=32, batch=4, steps=60, save=1, evaluate=10, precision="fp32",
            asynchronous="false", symbols=500, sentences=600, threads=1)
# albert-base: 768 wide, 12 layers, 30,000 pieces; short sequences, so that much of the time is saving.
BASE = dict(hidden=768, layers=12, intermediate=3072, embedding=128, length=24, batch=1, steps=150, save=1, evaluate=1000, precision="fp32",
            asynchronous="false", symbols=30000, sentences=3000, threads="auto")


def require(condition, text):
    """An assertion that stays with python -O."""
    if not condition:
        raise AssertionError(text)


def write_text(folder, symbols, sentences, seed=7):
    """Symbols and sentences of them, the same for every run: no corpus is needed."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = random.Random(seed)
    inventory = [chr(0x4E00 + i) if i < 20000 else chr(0xAC00 + i - 20000) for i in range(symbols)]
    (folder / "symbols.txt").write_text("".join(f"{symbol}\n" for symbol in inventory), encoding="utf-8")
    weights = [1 / (rank + 5) for rank in range(symbols)]
    lines = []
    for index in range(sentences):
        words = ["".join(generator.choices(inventory, weights, k=generator.randint(1, 2))) for _ in range(generator.randint(4, 9))]
        lines.append(" ".join(words) + ("\n" if index % 6 == 5 else ""))
    (folder / "text.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_labelled_texts(folder, symbols, seed=9):
    generator = random.Random(seed)
    inventory = [chr(0x4E00 + i) for i in range(symbols)]
    for name, rows in (("train", 200), ("dev", 40)):
        lines = ["text,label"]
        for _ in range(rows):
            label = generator.choice(("a", "b"))
            half = inventory[: symbols // 2] if label == "a" else inventory[symbols // 2:]
            lines.append(" ".join(generator.choices(half, k=generator.randint(4, 12))) + f",{label}")
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


class Run:
    """One output folder, and what its program has acknowledged so far."""
    program = "albert-train"
    template = CONFIG

    def __init__(self, binaries, folder, name, shape, **changes):
        self.binaries = pathlib.Path(binaries)
        self.output = folder / name
        self.config = folder / f"{name}.yaml"
        self.log = folder / f"{name}.log"
        self.acknowledged = 0
        values = {**shape, **changes}
        self.steps = values["steps"]
        self.write_inputs(folder, values)
        self.config.write_text(self.template.format(output=self.output, folder=folder, **values), encoding="utf-8")

    def write_inputs(self, folder, values):
        if not (folder / "text.txt").exists():
            write_text(folder, values["symbols"], values["sentences"])

    def start(self, *arguments, prefix=(), environment=None, preexec=None):
        log = open(self.log, "wb")
        process = subprocess.Popen([*prefix, str(self.binaries / self.program), str(self.config), *arguments], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}, preexec_fn=preexec)
        log.close()
        return process

    def finish(self, *arguments, expect=0, timeout=600, **options):
        process = self.start(*arguments, **options)
        code = process.wait(timeout=timeout)
        self.note()
        require(expect is None or code == expect, f"exit code {code}, wanted {expect}:\n{self.text()[-3000:]}")
        return code

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def note(self):
        """Takes over what the log of this session acknowledges."""
        for match in SAVED.finditer(self.text()):
            self.acknowledged = max(self.acknowledged, int(match.group(1)))

    def inspect(self):
        result = subprocess.run([str(self.binaries / "albert"), "inspect", str(self.output), "--json", "--verify"], capture_output=True,
                                text=True)
        require(result.returncode == 0, f"inspect {self.output}: {result.stdout}{result.stderr}")
        return json.loads(result.stdout)

    def require_nothing_lost(self):
        """A checkpoint of the acknowledged step or a later one is there and whole, and so is every other one that can be seen."""
        self.note()
        if self.acknowledged == 0:
            return
        report = self.inspect()
        resumable = report["training"]["resumable_from"]
        require(resumable is not None and resumable >= self.acknowledged, f"step {self.acknowledged} was acknowledged, resumable from {resumable}")
        damaged = [entry for entry in report["training"]["checkpoints"] if entry.get("problem")]
        require(not damaged, f"checkpoints that can be seen and are not whole: {damaged}")

    def interrupted_save(self):
        folder = self.output / "checkpoints"
        return folder.is_dir() and any(name.startswith((".tmp-", ".old-")) for name in os.listdir(folder))

    def all_metrics(self):
        return read_metrics(self.output / "metrics.jsonl", complete=False)

    def metrics(self):
        """Of a run that has ended, without the clock."""
        return without_clock(read_metrics(self.output / "metrics.jsonl"))

    def weights(self):
        return hashlib.sha256((self.output / "final" / "model.safetensors").read_bytes()).hexdigest()

    def require_equal(self, other):
        mine, theirs = self.metrics(), other.metrics()
        require(len(mine) == len(theirs), f"{len(mine)} lines of metrics, wanted {len(theirs)}")
        for number, (a, b) in enumerate(zip(mine, theirs), 1):
            require(a == b, f"metrics.jsonl:{number}: {a}, wanted {b}")
        require(self.weights() == other.weights(), "the final weights differ from the unbroken run's")


class FinetuneRun(Run):
    """The same of albert-finetune, from a model that two steps of pre-training have made."""
    program = "albert-finetune"
    template = FINETUNE_CONFIG

    def write_inputs(self, folder, values):
        if (folder / "train.csv").exists():
            return
        Run(self.binaries, folder, "source", values, steps=2, save=2, evaluate=2, asynchronous="false", precision="fp32").finish()
        write_labelled_texts(folder, min(values["symbols"], 400))


PROGRAMS = {"pretraining": Run, "fine-tuning": FinetuneRun}


def kill_at_random(run, process, generator, longest):
    """SIGKILL after a random time; true when it met a save, None when the run came to its end before."""
    try:
        process.wait(timeout=generator.uniform(0, longest))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    code = process.wait(timeout=60)
    if code == 0:
        return None
    require(code == -signal.SIGKILL, f"exit code {code}, wanted 0 or death by SIGKILL:\n{run.text()[-3000:]}")
    return run.interrupted_save()


def wait_until(condition, run, limit=120, interval=0.01):
    """Looks every `interval` seconds; returns when it was met (monotonic)."""
    end = time.monotonic() + limit
    while not condition():
        require(time.monotonic() < end, f"nothing within {limit} s:\n{run.text()[-2000:]}")
        time.sleep(interval)
    return time.monotonic()


def wait_for_progress(run, process):
    """Until the session has resumed or saved something, or is over."""
    wait_until(lambda: process.poll() is not None or SAVED.search(run.text()) or "resumed at step" in run.text(), run)
