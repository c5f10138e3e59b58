#!/usr/bin/env python3
"""Trains under random faults for a given time, and holds every run against an unbroken one (docs/reliability.md, S2).

  scripts/soak.sh MINUTES [--seed SEED] [--report FILE] [--binaries build/release/bin]

Each run is a pre-training or a fine-tuning with a random configuration (precision, asynchronous saving, saving every 1 to 4 steps); a fault of scripts/reliability/faults.py strikes
each of its sessions until it is finished. After each: no acknowledged checkpoint is lost and no damaged one is visible; at the end: metrics and
weights equal those of an unbroken run to the bit. The first broken promise ends it with exit code 1, the seed, and the folder as it was."""
import argparse
import collections
import datetime
import pathlib
import random
import shutil
import sys
import tempfile
import time

from faults import FAULTS, Skip
from oracle import PROGRAMS, TINY


def soak(options, counts, skipped, folder):
    generator = random.Random(options.seed)
    end = time.monotonic() + 60 * options.minutes
    runs = 0
    while time.monotonic() < end:
        changes = dict(precision=generator.choice(("fp32", "fp32", "bf16")), asynchronous=generator.choice(("true", "false")),
                       save=generator.randint(1, 4), steps=generator.randint(40, 120))
        place = folder / f"run-{runs + 1}"
        program = PROGRAMS[generator.choice(tuple(PROGRAMS))]
        reference = program(options.binaries, place, "unbroken", TINY, **changes)
        reference.finish()
        run = program(options.binaries, place, "struck", TINY, **changes)
        while True:
            name = generator.choice([name for name in FAULTS if name not in skipped]) if time.monotonic() < end else None
            print(f"\rrun {runs + 1}, session {sum(counts.values()) + 1}: {name or 'to its end':<24}", end="", file=sys.stderr)
            if name is None:
                run.finish()
                break
            try:
                finished = FAULTS[name](run, generator)
            except Skip as reason:
                skipped[name] = str(reason)
                continue
            except Exception as error:
                raise AssertionError(f"run {runs + 1} ({program.program}, {changes}), fault {name}: {error}") from error
            counts[name] += 1
            run.require_nothing_lost()
            if finished:
                break
        run.require_equal(reference)
        runs += 1
        shutil.rmtree(place)
    return runs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--binaries", type=pathlib.Path, default=pathlib.Path("build/release/bin"))
    options = parser.parse_args()
    options.binaries = options.binaries.resolve()
    counts, skipped = collections.Counter(), {}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="albert-soak-"))
    failure = None
    try:
        runs = soak(options, counts, skipped, folder)
        shutil.rmtree(folder)
    except AssertionError as error:
        runs, failure = None, error
    lines = [f"Soak of {options.minutes:g} minutes, seed {options.seed}, {datetime.date.today()}", "", "| fault | sessions |", "|---|---|"]
    lines += [f"| {name.replace('_', ' ')} | {counts[name] if name not in skipped else 'skipped: ' + skipped[name]} |" for name in FAULTS]
    lines += ["", f"{sum(counts.values())} faults in {runs} runs: 0 hangs, 0 unexplained exits, 0 checkpoints lost, every run equal to the unbroken one."
              if failure is None else f"BROKEN after {sum(counts.values())} faults: {failure}\nleft in {folder}"]
    print("\n" + "\n".join(lines))
    if options.report:
        options.report.write_text("\n".join(lines) + "\n")
    return 0 if failure is None else 1


if __name__ == "__main__":
    sys.exit(main())
