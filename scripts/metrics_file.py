"""metrics.jsonl of a run, for tests and for the scripts that hold runs against each other. Standard library only."""
import json

# Keys that hold the clock or the machine; all others repeat to the bit.
CLOCK_KEYS = {"tokens_per_second", "waiting_share", "mfu", "seconds", "peak_memory_bytes"}


def read_metrics(path, complete=True):
    """The records of whole lines. `complete`: of a run that has ended, so that the last line must be whole, too."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if complete and lines[-1] != "":
        raise AssertionError(f"{path} ends inside a line")
    return [json.loads(line) for line in lines[:-1]]


def without_clock(records):
    return [{key: value for key, value in record.items() if key not in CLOCK_KEYS} for record in records]
