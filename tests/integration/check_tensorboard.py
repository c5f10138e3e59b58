"""The real TensorBoard reads the event files of a run and finds the numbers of metrics.jsonl."""
import json
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = pathlib.Path(sys.argv[1])
events = EventAccumulator(str(run / "tensorboard"))
events.Reload()
tags = events.Tags()["scalars"]
lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
compared = 0
for line in lines:
    for key in ("loss", "mlm_loss", "sop_loss"):
        tag = f"{line['split']}/{key}"
        if tag not in tags:
            sys.exit(f"no scalar {tag} among {tags}")
        values = {event.step: event.value for event in events.Scalars(tag)}
        if abs(values[line["step"]] - line[key]) > 1e-5 * abs(line[key]):
            sys.exit(f"{tag} at step {line['step']}: {values[line['step']]} in the events, {line[key]} in metrics.jsonl")
        compared += 1
print(f"{compared} scalars equal")
if compared < 10:
    sys.exit("too few scalars to compare")
