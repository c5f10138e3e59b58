#!/usr/bin/env python3
"""Kills a run at random moments, and holds it against an unbroken one (docs/reliability.md, P1).

  scripts/reliability/kills.py [--kills 200] [--during-saves 100] [--size base | tiny] [--program pretraining | fine-tuning]
                               [--binaries build/release/bin] [--folder FOLDER] [--seed 1]

The run saves after every step. After each kill every visible checkpoint is verified, byte by byte, and the newest must be as new as the last
one that the run acknowledged in its log. A chain of kills ends when the run does; its metrics, line by line, and its final weights must then
equal those of the unbroken run to the bit: every resume of the chain was right. Chains follow until both numbers of kills are reached.
Exit code 0: nothing was lost."""
import argparse
import pathlib
import random
import shutil
import sys
import tempfile
import time

from oracle import BASE, PROGRAMS, TINY, kill_at_random, require, wait_for_progress

# Kills in a row that met no new checkpoint. The last step is followed by the evaluation and the model: a run that is there would be killed
# again and again before it ends.
MOST_STALLED = 10


def run_chain(reference, binaries, folder, shape, counts, options, generator):
    run = PROGRAMS[options.program](binaries, folder, f"chain-{counts['chains'] + 1}", shape)
    stalled = 0
    while stalled < MOST_STALLED and (counts["kills"] < options.kills or counts["during_saves"] < options.during_saves):
        before = run.acknowledged
        process = run.start()
        # The start is the same each time: most kills fall where something is at stake, some at the start.
        if generator.random() < 0.9:
            wait_for_progress(run, process)
        met_save = kill_at_random(run, process, generator, counts["longest"])
        if met_save is None:
            break
        counts["kills"] += 1
        counts["during_saves"] += met_save
        run.require_nothing_lost()
        stalled = stalled + 1 if run.acknowledged == before else 0
        print(f"\r{counts['kills']} kills, {counts['during_saves']} during a save, at step {run.acknowledged}  ", end="", file=sys.stderr)
    run.finish()
    run.require_equal(reference)
    counts["chains"] += 1
    shutil.rmtree(run.output)


def seconds_of(run):
    """Wall time of training, from the last line of its metrics."""
    return [line["seconds"] for line in run.all_metrics() if "seconds" in line][-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--during-saves", type=int, default=100)
    parser.add_argument("--size", choices=("base", "tiny"), default="base")
    parser.add_argument("--program", choices=tuple(PROGRAMS), default="pretraining")
    parser.add_argument("--binaries", type=pathlib.Path, default=pathlib.Path("build/release/bin"))
    parser.add_argument("--folder", type=pathlib.Path, help="for the runs; default: a temporary folder, removed at the end")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    shape = BASE if options.size == "base" else TINY
    folder = options.folder or pathlib.Path(tempfile.mkdtemp(prefix="albert-kills-"))
    start = time.monotonic()
    try:
        reference = PROGRAMS[options.program](options.binaries.resolve(), folder, "unbroken", shape, save=1000)
        reference.finish(timeout=3600)
        counts = {"kills": 0, "during_saves": 0, "chains": 0, "longest": max(0.5, 6 * seconds_of(reference) / reference.steps)}
        generator = random.Random(options.seed)
        while counts["kills"] < options.kills or counts["during_saves"] < options.during_saves:
            run_chain(reference, options.binaries.resolve(), folder, shape, counts, options, generator)
        require(counts["chains"] > 0, "no chain came to its end")
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{options.program}, {options.size}: {counts['kills']} random SIGKILLs, {counts['during_saves']} during a save; 0 acknowledged checkpoints lost, 0 invalid "
          f"visible; {counts['kills']} resumes in {counts['chains']} runs, all equal to the unbroken run to the bit; {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
