"""Prints what TensorBoard's own reader finds in a folder of event files: read_events.py FOLDER TAG."""
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

accumulator = EventAccumulator(sys.argv[1])
accumulator.Reload()
print(json.dumps({
    "tags": sorted(accumulator.Tags()["scalars"]),
    "file_version": accumulator.file_version,
    "points": [[event.step, event.value] for event in accumulator.Scalars(sys.argv[2])],
}))
