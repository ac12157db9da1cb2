#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads a run's TensorBoard events with TensorBoard itself and compares them with the run's log.jsonl.

    python3 -m venv bench/.venv && bench/.venv/bin/pip install tensorboard
    bench/.venv/bin/python tests/oracles/tensorboard_events.py runs/NAME

Not part of `make test`, which needs no Python.
"""
import json
import pathlib
import sys

from tensorboard.backend.event_processing import event_accumulator


def main(run: pathlib.Path) -> int:
    events = event_accumulator.EventAccumulator(
        str(run / "tensorboard"), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    print("scalars:", ", ".join(tags["scalars"]), "| texts:", ", ".join(tags["tensors"]))
    logged = {}
    for line in (run / "log.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["type"] == "step" and event["loss"] is not None:
            logged[event["step"]] = event["loss"]
    tag = next((t for t in tags["scalars"] if "loss" in t), None)
    if tag is None:
        print("FAIL no scalar named like a loss")
        return 1
    seen = {e.step: e.value for e in events.Scalars(tag)}
    wrong = [s for s, loss in logged.items() if s in seen and abs(seen[s] - loss) > 1e-6 * abs(loss)]
    strangers = [s for s in seen if s not in logged]
    print(f"{tag}: {len(seen)} points, {len(wrong)} differ from the log, {len(strangers)} are not in it")
    return 1 if wrong or strangers or not seen else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
