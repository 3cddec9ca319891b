"""Measures `rnntrain benchmark` and the same step in PyTorch in turn, and prints their ratios as a table in Markdown.

launch/compare-pytorch starts it, and documents the options. A ratio is the median over the rounds of rnntrain's tokens per second divided by
PyTorch's in the same round, so a machine that is temporarily slower affects both.
"""

import argparse
import datetime
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys

from programs import end_on_signals, run

# The options of `rnntrain benchmark` for each model.
MODELS = {
    "zaremba-small": ["--model", "zaremba-small"],
    "zaremba-medium": ["--model", "zaremba-medium"],
    "char": ["--model", "char"],
    "wikitext-2": ["--model", "wikitext-2", "--zipf"],
    "wikitext-2-adaptive": ["--model", "wikitext-2", "--zipf", "--output", "adaptive"],
}
# Steps of a round that take some seconds on one core.
STEPS = {"zaremba-small": 20, "zaremba-medium": 6, "char": 30, "wikitext-2": 6, "wikitext-2-adaptive": 20}
# The compared pairs: ranks of rnntrain, and threads and processes of PyTorch.
SETTINGS = [
    ("1 rank / 1 thread", 1, 1, 1),
    ("2 ranks / 2 threads", 2, 2, 1),
    ("2 ranks / 2 processes, DDP over gloo", 2, 1, 2),
]
PRECISIONS = ["fp32", "bf16"]
HEAD = """\
| model | rnntrain / PyTorch | precision | rnntrain, tokens/s | PyTorch, tokens/s | ratio | in the rounds |
|---|---|---|---|---|---|---|"""


class MeasurementFailed(Exception):
    """A measured program failed. The message contains its name and its output."""


def processor():
    """The processor's name and features, from Linux."""
    name, features = "unknown processor", set()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            name = value.strip()
        if key.strip() == "flags":
            features = set(value.split())
    return name, features


def measured(command, environment, name):
    """The JSON object that a program prints as its last line."""
    result = run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    if result.returncode != 0:
        errors = [line.strip() for line in result.stderr.splitlines() if "rror" in line]
        raise MeasurementFailed(f"{name} ended with status {result.returncode}" + "".join(f": {line}" for line in errors[:1]))
    return json.loads(result.stdout.splitlines()[-1])


def ours(arguments, model, ranks, precision):
    command = shlex.split(arguments.launcher) if ranks > 1 else []
    command += [
        arguments.program, "benchmark", *MODELS[model], "--precision", precision, "--steps", str(steps_of(arguments, model)), "--json"]
    return measured(command, dict(os.environ), "rnntrain")


def theirs(arguments, model, figures, threads, processes, precision):
    step = pathlib.Path(__file__).with_name("training_step.py")
    command = [
        arguments.python, str(step), "--model", json.dumps(figures), "--threads", str(threads), "--processes", str(processes),
        "--steps", str(steps_of(arguments, model))]
    if precision == "bf16":
        command.append("--bf16")
    # Large tensors use memory that stays mapped. Otherwise each step would fault in its pages again.
    kept = {"OMP_NUM_THREADS": str(threads), "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(16 << 30)}
    return measured(command, {**os.environ, **kept}, "PyTorch")


def steps_of(arguments, model):
    return arguments.steps or STEPS[model]


def round_of(arguments, model, setting, precision):
    """Tokens per second of rnntrain and of PyTorch, measured one after the other."""
    _, ranks, threads, processes = setting
    our = ours(arguments, model, ranks, precision)
    their = theirs(arguments, model, our, threads, processes, precision)
    if our["parameters"] != their["parameters"]:
        raise MeasurementFailed(f"{model}: {our['parameters']} parameters here and {their['parameters']} in PyTorch")
    arguments.versions.add(their["version"])
    return our["tokens_per_second"], their["tokens_per_second"]


def row(arguments, model, setting, precision):
    """A row of the table."""
    start = f"| {model} | {setting[0]} | {precision} |"
    if precision == "bf16" and not arguments.has_bf16:
        return f"{start} not measured: this processor has no AVX512-BF16 | | | |"
    try:
        rounds = [round_of(arguments, model, setting, precision) for _ in range(arguments.rounds)]
    except MeasurementFailed as failure:
        arguments.failures += 1
        return f"{start} not measured: {failure} | | | |"
    ratios = sorted(our / their for our, their in rounds)
    speeds = [f"{statistics.median(side):,.0f}" for side in zip(*rounds)]
    return f"{start} {speeds[0]} | {speeds[1]} | {statistics.median(ratios):.2f} | {ratios[0]:.2f} - {ratios[-1]:.2f} |"


def footer(arguments, name):
    """The measured versions, the machine and the time."""
    cores = len(os.sched_getaffinity(0))
    versions = ", ".join(sorted(arguments.versions)) or "not measured"
    return (
        f"{datetime.date.today()}, {name}, {cores} cores; PyTorch {versions}; medians over {arguments.rounds} rounds of steps "
        "in turn, a ratio above 1 where rnntrain is faster")


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--launcher", required=True, help="the words that start two ranks")
    parser.add_argument("--python", required=True)
    parser.add_argument("--models", nargs="+", required=True, choices=MODELS)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    name, features = processor()
    arguments.has_bf16 = "avx512_bf16" in features
    arguments.versions, arguments.failures = set(), 0
    print(HEAD, flush=True)
    for model in arguments.models:
        for setting in SETTINGS:
            for precision in arguments.precisions:
                print(row(arguments, model, setting, precision), flush=True)
    print("\n" + footer(arguments, name))
    return 70 if arguments.failures else 0


if __name__ == "__main__":
    end_on_signals()
    sys.exit(main())
