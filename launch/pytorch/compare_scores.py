"""Measures `rnntrain score` and the same work in PyTorch in turn, and prints their speeds as a table in Markdown.

launch/compare-score starts it, and documents the options. A ratio is the median over the rounds, of sentences per second of rnntrain divided by
those of PyTorch in the same round. The time of rnntrain is that of the whole process.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from compare import MeasurementFailed, footer, measured, processor
from plain_model import NotComparable, require_plain
from programs import end_on_signals, run

SETTINGS = [
    ("padded batches in the order of the text", []),
    ("padded batches of lines sorted by length", ["--sort"]),
]
HEAD = """\
| PyTorch | rnntrain, sentences/s | PyTorch, sentences/s | ratio | range over the rounds |
|---|---|---|---|---|"""


def ours(arguments, folder):
    """The seconds of a run."""
    output = folder / "ours.tsv"
    command = [arguments.program, "score", "--checkpoint", arguments.checkpoint, "--data", arguments.data]
    start = time.perf_counter()
    with output.open("wb") as file:
        result = run(command, stdout=file, stderr=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - start
    if result.returncode != 0:
        raise MeasurementFailed(f"rnntrain ended with status {result.returncode}: {result.stderr.strip()}")
    return seconds


def theirs(arguments, folder, options):
    script = pathlib.Path(__file__).with_name("score_lines.py")
    threads = len(os.sched_getaffinity(0))
    command = [
        arguments.python, str(script), "--checkpoint", arguments.checkpoint, "--data", arguments.data, "--output",
        str(folder / "theirs.tsv"), "--batch", str(arguments.batch), "--threads", str(threads)] + options
    return measured(command, {**os.environ, "OMP_NUM_THREADS": str(threads)}, "PyTorch")


def check_loss(arguments, their):
    """Raises an error unless both programs have the same mean loss."""
    command = [
        arguments.program, "score", "--checkpoint", arguments.checkpoint, "--data", arguments.data, "--format", "json"]
    result = run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        raise MeasurementFailed(f"rnntrain ended with status {result.returncode}")
    loss = json.loads(result.stdout.splitlines()[-1])["loss"]
    if abs(loss - their["loss"]) > 1e-4:
        raise MeasurementFailed(f"a loss of {loss} here and of {their['loss']} in PyTorch")


def stamp(path):
    """What changes with the contents of a file."""
    status = os.stat(path)
    return status.st_ino, status.st_size, status.st_mtime_ns


def row(arguments, setting, folder):
    """A row of the table."""
    name, options = setting
    rounds = []
    begun = stamp(arguments.data)
    for _ in range(arguments.rounds):
        seconds = ours(arguments, folder)
        their = theirs(arguments, folder, options)
        rounds.append((their["lines"] / seconds, their["lines"] / their["seconds"]))
    check_loss(arguments, their)
    if stamp(arguments.data) != begun:
        raise MeasurementFailed(f"{arguments.data} has changed during the measurement. Measure a copy of it")
    arguments.versions.add(their["version"])
    arguments.sizes = f"{their['lines']:,} sentences, {their['tokens']:,} tokens, batches of {arguments.batch} in PyTorch"
    ratios = sorted(our / their for our, their in rounds)
    speeds = [f"{statistics.median(side):,.0f}" for side in zip(*rounds)]
    return f"| {name} | {speeds[0]} | {speeds[1]} | {statistics.median(ratios):.2f} | {ratios[0]:.2f} - {ratios[-1]:.2f} |"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, required=True)
    arguments = parser.parse_args()
    try:
        require_plain(arguments.checkpoint)
    except NotComparable as reason:
        print(f"launch/compare-score: {reason}", file=sys.stderr)
        return 65
    arguments.versions = set()
    print(HEAD, flush=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for setting in SETTINGS:
                print(row(arguments, setting, pathlib.Path(folder)), flush=True)
    except MeasurementFailed as failure:
        print(f"launch/compare-score: {failure}", file=sys.stderr)
        return 70
    print(f"\n{arguments.sizes}; {footer(arguments, processor()[0])}")
    return 0


if __name__ == "__main__":
    end_on_signals()
    sys.exit(main())
