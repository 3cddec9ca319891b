"""Reads the TensorBoard event file of a run with the package `tensorboard`, and compares it with the run's metrics.jsonl.

    python3 Tests/Reference/tensorboard_events.py RUN            (needs `pip install tensorboard`)

Prints the last value of each scalar, and ends with status 1 if a scalar of the last line `step` or `validation` differs.
"""

import json
import math
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

GROUPS = {"step": "train", "validation": "validation"}

run = sys.argv[1]
events = EventAccumulator(run, size_guidance={"scalars": 0, "tensors": 0})
events.Reload()
tags = events.Tags()
print(f"{len(tags['scalars'])} scalars, {len(tags['tensors'])} texts")
for tag in tags["scalars"]:
    points = events.Scalars(tag)
    print(f"{tag}: {len(points)} points, last {points[-1].value:.7g} at step {points[-1].step}")
for tag in tags["tensors"]:
    last = events.Tensors(tag)[-1]
    print(f"{tag}: at step {last.step}: {last.tensor_proto.string_val[0].decode()[:60]!r}")

different = 0
last = {}
for line in open(f"{run}/metrics.jsonl"):
    if line.endswith("\n"):
        fields = json.loads(line)
        last[fields["event"]] = fields
for event, group in GROUPS.items():
    for name, value in last.get(event, {}).items():
        if name in ("step", "streams") or isinstance(value, (bool, str)) or value is None or name == "elapsed_seconds":
            continue
        point = events.Scalars(f"{group}/{name}")[-1]
        if point.step != last[event]["step"] or not math.isclose(point.value, value, rel_tol=1e-6):
            different += 1
            print(f"{group}/{name}: {point.value} at step {point.step}, but metrics.jsonl has {value} at {last[event]['step']}")
print("equal to metrics.jsonl" if different == 0 else f"{different} differ")
sys.exit(different > 0)
