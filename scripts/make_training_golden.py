#!/usr/bin/env python3
"""Golden values of what changes from step to step: the average of the weights, and the recipe in two phases.

    python3 scripts/make_training_golden.py tests/golden/train

The standard library only, in fp64, from the published formulas; no line is shared with the C++ code. The same call makes the same files.
average.json: the exponential moving average as tf.train.ExponentialMovingAverage defines it without num_updates,
    shadow = decay * shadow + (1 - decay) * variable, which begins as the variable.
phases.json: configs/pretrain/two-phases.yaml, as it is at chosen steps, and cut to 50 steps at every one. Learning rate: optimization.py of
    google-research/albert with tf.train.polynomial_decay of power 1 (the decay counts from step 0, below the warm-up it is replaced), times
    sqrt(batch / 4096) as in table 4 of You et al. 2019 (LAMB). Length: 128, then 512 for the last tenth (Devlin et al. 2019, appendix A.2).
    Masking: from 0.3 at the first step to 0.15 at the last one, linearly.
"""
import json
import math
import pathlib
import random
import struct
import sys

COMMAND = "python3 scripts/make_training_golden.py tests/golden/train"
PEAK, BATCH_OF_PEAK = 1.76e-3, 4096
MASKING, END_MASKING = 0.3, 0.15


def as_float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def averages(decay, steps):
    """A random walk of five weights, and their average after each of its steps."""
    draw = random.Random(f"average {decay}")
    weights = [as_float32(draw.gauss(0, 1)) for _ in range(5)]
    shadow, walk = list(weights), [list(weights)]
    expected = [list(shadow)]
    for _ in range(steps):
        weights = [as_float32(weight + draw.gauss(0, 0.1)) for weight in weights]
        shadow = [decay * old + (1 - decay) * weight for old, weight in zip(shadow, weights)]
        walk.append(list(weights))
        expected.append(list(shadow))
    return {"decay": decay, "weights": walk, "average": expected}


def step_of_recipe(step, total, warmup, border, batches):
    batch = batches[0] if step < border else batches[1]
    rate = PEAK * step / warmup if step < warmup else PEAK * (1 - step / total)
    return {"step": step, "learning_rate": rate * math.sqrt(batch / BATCH_OF_PEAK), "max_length": 128 if step < border else 512,
            "batch_size": batch, "masking_probability": MASKING + (END_MASKING - MASKING) * step / (total - 1)}


def recipe():
    chosen = (0, 1, 1000, 3124, 3125, 3126, 100_000, 250_000, 449_999, 450_000, 450_001, 499_999)
    whole = [step_of_recipe(step, 500_000, 3125, 450_000, (1024, 1024)) for step in chosen]
    short = [step_of_recipe(step, 50, 5, 45, (1024, 256)) for step in range(50)]
    cut = ["training.duration=50 steps", "schedule.warmup=5 steps", "phases[1].batch_size=256"]
    return [{"set": [], "total_steps": 500_000, "steps": whole}, {"set": cut, "total_steps": 50, "steps": short}]


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    values = {"average": [averages(decay, 20) for decay in (0.5, 0.9, 0.999)], "phases": recipe()}
    for name, golden in values.items():
        lines = json.dumps({"command": COMMAND, "values": golden}, indent=1)
        (folder / f"{name}.json").write_text(lines + "\n")


if __name__ == "__main__":
    main()
