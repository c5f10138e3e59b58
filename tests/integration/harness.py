"""What the tests of the programs share: a tiny configuration, running a program, reading its output. Standard library only."""
import array
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ["ALBERT_BIN"])
SHARED = pathlib.Path(os.environ.get("ALBERT_SHARED_DATA", SOURCE.parent / "shared" / "data"))
sys.path.insert(0, str(SOURCE / "scripts"))
from metrics_file import read_metrics, without_clock  # noqa: E402

TINY = """
output: {output}
model:
  preset: albert-base-v2
  embedding_size: 16
  hidden_size: 32
  num_hidden_layers: 2
  num_attention_heads: 2
  intermediate_size: 64
  max_position_embeddings: 64
  dropout: {dropout}
tokenizer: {{vocab_size: 400, sample_bytes: 1 MiB}}
data:
  sources:
    - {{path: "{text}", format: paragraphs, document_boundary: blank_line}}
  store: {output}/store
  max_length: 64
  validation_fraction: 0.1
optimizer: {{name: lamb, learning_rate: 1e-2}}
schedule: {{name: linear, warmup: 2 steps}}
training: {{duration: {steps} steps, batch_size: 8, micro_batch: {micro_batch}, precision: {precision}, device: cpu, seed: 3}}
evaluation: {{every: 5 steps}}
checkpoint: {{every: {checkpoint} steps, keep_last: 3, keep_best: 1}}
logging: {{every: 2 steps, tensorboard: true}}
"""


class ProgramTest(unittest.TestCase):
    """A temporary folder per test and the helpers to run a program in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="albert-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def tiny(self, name="run", **changes):
        """Writes the tiny configuration as NAME.yaml; returns its path."""
        path = self.folder / f"{name}.yaml"
        path.write_text(self.tiny_text(**{"output": self.folder / name, **changes}))
        return path

    @staticmethod
    def tiny_text(**changes):
        values = dict(text=SOURCE / "data" / "sample" / "*.txt", dropout=0.1, steps=12, micro_batch=4, precision="fp32", checkpoint=4)
        return TINY.format(**{**values, **changes})

    def run_program(self, *arguments, program="albert-train", expect=0, timeout=120, prefix=(), **options):
        """`prefix`: a command that runs the program (isolation.py)."""
        result = subprocess.run([*prefix, BIN / program, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                                stdin=options.pop("stdin", subprocess.DEVNULL), **options)
        if expect is not None:
            self.assertEqual(result.returncode, expect, f"{arguments}\n{result.stdout}\n{result.stderr}")
        return result

    def start_program(self, *arguments, program="albert-train"):
        process = subprocess.Popen([BIN / program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)  # the last one added runs first
        return process

    def wait_for_step(self, output, step, process, timeout=60):
        """Until metrics.jsonl holds a training line of at least `step`."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if any(line["step"] >= step for line in self.metrics(output, complete=False) if line["split"] == "train"):
                return
            if process.poll() is not None:
                self.fail(f"ended with {process.returncode} before step {step}: {process.stderr.read()}")
            time.sleep(0.01)
        self.fail(f"no step {step} within {timeout} s")

    @staticmethod
    def metrics(output, complete=True):
        path = output / "metrics.jsonl"
        return read_metrics(path, complete) if path.exists() else []

    @classmethod
    def repeatable_metrics(cls, output):
        return without_clock(cls.metrics(output))


def read_weights(path):
    """Arrays of a safetensors file of fp32 by name."""
    data = path.read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    result = {}
    for name, entry in json.loads(data[8:begin]).items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32", entry
        first, last = entry["data_offsets"]
        result[name] = array.array("f", data[begin + first:begin + last])
    return result


def run_once(program, *arguments):
    """Runs a program that a whole class of tests needs."""
    result = subprocess.run([BIN / program, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stderr


def files_below(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
