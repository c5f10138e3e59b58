#!/usr/bin/env python3
"""What a synchronous save of an albert-base costs, against dd writing and fsyncing as many bytes (docs/reliability.md).

  scripts/reliability/save_cost.py [--saves 15] [--binaries build/release/bin] [--folder FOLDER]

The run saves after every step. After each save it is held still, and dd writes the bytes of that checkpoint to the same folder, once; so both
meet the same disk. Prints the medians, their ratio (the bar is 1.5), and the share of a run that saves every 10 minutes (the bar is 1 %)."""
import argparse
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

from oracle import BASE, Run, require, wait_until


def wait_while_running(condition, run, process):
    met = wait_until(lambda: condition() or process.poll() is not None, run, interval=0.0005)
    require(process.poll() is None, f"the run ended:\n{run.text()[-2000:]}")
    return met


def timed_save(run, process, step):
    """Seconds from the first file of the save to the line that acknowledges it."""
    folder = run.output / "checkpoints"
    temporary, line = folder / f".tmp-step-{step:08}", f"saved the checkpoint of step {step} "
    begin = wait_while_running(temporary.exists, run, process)
    return wait_while_running(lambda: line in run.text(), run, process) - begin


def timed_dd(folder, size):
    path = folder / "dd.bin"
    begin = time.monotonic()
    subprocess.run(["dd", "if=/dev/zero", f"of={path}", "bs=1M", f"count={size}", "iflag=count_bytes", "conv=fsync", "status=none"], check=True)
    seconds = time.monotonic() - begin
    path.unlink()
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=15)
    parser.add_argument("--binaries", type=pathlib.Path, default=pathlib.Path("build/release/bin"))
    parser.add_argument("--folder", type=pathlib.Path, help="on the disk to be measured; default: a temporary folder")
    options = parser.parse_args()
    folder = options.folder or pathlib.Path(tempfile.mkdtemp(prefix="albert-save-cost-"))
    run = Run(options.binaries.resolve(), folder, "run", BASE, steps=options.saves + 3)
    process = run.start()
    saves, copies, size = [], [], 0
    try:
        for step in range(1, options.saves + 2):
            seconds = timed_save(run, process, step)
            process.send_signal(signal.SIGSTOP)
            size = sum(entry.stat().st_size for entry in os.scandir(run.output / "checkpoints" / f"step-{step:08}"))
            copy = timed_dd(folder, size)
            process.send_signal(signal.SIGCONT)
            if step > 1:  # the first one makes the folder
                saves.append(seconds)
                copies.append(copy)
    finally:
        process.kill()
        process.wait()
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    save, copy = statistics.median(saves), statistics.median(copies)
    ratio = statistics.median(a / b for a, b in zip(saves, copies))
    print(f"{len(saves)} saves of {size / 1e6:.1f} MB: median {save:.3f} s ({min(saves):.3f} to {max(saves):.3f}); dd with fsync {copy:.3f} s "
          f"({min(copies):.3f} to {max(copies):.3f}); ratio {ratio:.2f}; {100 * save / 600:.3f} % of a run that saves every 10 minutes")


if __name__ == "__main__":
    main()
