"""Trains small models with random options, and compares each with itself: on other ranks, after kills, and as other commands see it.

    python3 Tests/Reference/random_runs.py TEXT FOLDER [--seconds N] [--seed N]

TEXT is a text of at least 40 kB; FOLDER is new. The program is `.build/release/rnntrain`, or RNNTRAIN_PROGRAM. For each set of options:

- The digests and losses, also those of each validation, are the same on one rank and on several, with windows or messages, and with the
  kernels of another level.
- After a signal at a random moment, and two resumes that are also interrupted, the run ends with the same digests and losses, and `verify`
  finds no fault.
- `evaluate` has the loss of the run's test to the last bit, and the sum of `score` is this loss.

Prints one line for each difference, with the options, and the number of runs. The exit status is 0 only without a difference.
"""

import argparse
import json
import math
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("RNNTRAIN_PROGRAM", str(ROOT / ".build/release/rnntrain"))
ENVIRONMENT = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
FIGURES = ("parameters_digest", "best_step", "best_loss", "best_parameters_digest", "test_loss", "lost_best_step")
CELLS = ("additive average concatenation elman elman-pre elman-jordan feed-forward gru jordan leaky lstm mingru minlstm mogrifier rglru slstm "
         "update-gate").split()
OPTIMIZERS = "sgd nesterov adam adamw adadelta adagrad rmsprop asgd nt-asgd".split()
SCHEDULES = "constant step plateau inverse inverse-time cosine linear".split()
# Options that one run in so many has.
SOMETIMES = {
    "warm-up": (2, 7), "dropout": (2, 0.3), "embedding-dropout": (3, 0.2), "weight-dropout": (3, 0.3), "activation-regularization": (3, 1),
    "temporal-regularization": (3, 1), "variable-window": (3, None), "tie-weights": (3, None), "layer-norm": (4, None),
    "projection-size": (4, 5), "max-ent-order": (4, 2), "input-mlp": (4, 6), "output-mlp": (4, 6), "transition-mlp": (4, 6),
    "time-skips": (4, "2,3"), "initial-state": (4, "learned"), "precision": (4, "bf16"), "minimum-count": (3, 2), "validate-every": (3, 10),
    "patience": (3, 1), "epsilon": (3, 0.02), "locked-dropout": (4, None),
}


class Difference(Exception):
    """Two figures that must be equal are not, or a command failed."""


def random_options(choose):
    """Options by name. Some do not fit together: `train` removes those that the program refuses."""
    size, batch, optimizer = choose([7, 8, 12]), choose([3, 4, 6]), choose(OPTIMIZERS)
    fast = optimizer in ("sgd", "asgd", "nt-asgd", "adadelta")
    options = {
        "tokens": choose(["word", "char", "byte", "char"]), "cell": choose(CELLS), "layers": choose([1, 2, 3]), "hidden-size": size,
        "embedding-size": choose([size, size, 5]), "batch-size": batch, "bptt": choose([5, 8, 13]), "epochs": choose([1, 2]),
        "connections": choose(["stacked", "stacked", "residual", "highway", "dense"]),
        "output": choose(["full", "full", "adaptive", "class", "mixture", "hierarchical", "sampled", "nce", "blackout"]),
        "batching": choose(["streams", "streams", "sentences"]), "optimizer": optimizer,
        "learning-rate": choose([0.003, 0.01, 0.5 if fast else 0.02]), "schedule": choose(SCHEDULES), "seed": choose(range(1000)),
        "checkpoint-every": choose(["7 steps", "20 steps", "1000 steps", "0.05s"]), "shards": choose([2, batch]),
    }
    if options["output"] == "adaptive":
        options["cutoffs"] = choose(["10", "10,20", "5"])
    if options["output"] in ("sampled", "nce", "blackout"):
        options["samples"] = choose([3, 10])
    if optimizer == "asgd":
        options["asgd-start"] = choose([5, 20])
    if optimizer == "nt-asgd":
        options["nt-asgd-interval"] = choose([1, 3])
    options.update({name: value for name, (rarity, value) in SOMETIMES.items() if choose(range(rarity)) == 0})
    return options


def arguments(options):
    return [word for name, value in options.items() for word in ([f"--{name}"] if value is None else [f"--{name}", str(value)])]


def cut_texts(text, folder, places):
    """Makes the folder, and writes the bytes of each place of the text to a file there. Returns the options that name the files."""
    folder.mkdir()
    content = pathlib.Path(text).read_bytes()
    for role, (start, end) in places.items():
        (folder / role).write_bytes(content[start:end])
    return [word for role in places for word in (f"--{role}", str(folder / role))]


def run(command, **environment):
    return subprocess.run(
        command, env={**ENVIRONMENT, **environment}, capture_output=True, text=True, errors="replace", timeout=300, stdin=subprocess.DEVNULL)


def on_ranks(count, words):
    return ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(count), PROGRAM, *words]


def last_line(folder):
    return json.loads((folder / "metrics.jsonl").read_text(errors="replace").splitlines()[-1])


def validations(folder):
    """The loss and the digest of each validation, by step."""
    lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    return {line["step"]: (line["loss"], line["parameters_digest"]) for line in lines if line["event"] == "validation"}


def train(options, texts, folder):
    """Trains on one rank, without the options that the program refuses. Returns the result; nil if it refuses the rest as well."""
    for _ in range(12):
        shutil.rmtree(folder, ignore_errors=True)
        result = run([PROGRAM, *arguments(options), *texts, "--run", str(folder)])
        if result.returncode != 64:
            return result
        refused = [name for name in options if f"--{name}" in result.stderr and name not in ("cell", "output", "tokens", "shards")]
        if not refused:
            return None
        del options[refused[0]]
    return None


def require_success(what, result):
    if result.returncode != 0:
        raise Difference(f"{what}: status {result.returncode}: {result.stderr[-400:]}")


def require_equal(what, expected, found):
    for name in FIGURES:
        if expected.get(name) != found.get(name):
            raise Difference(f"{what}: {name} is {found.get(name)}, expected {expected.get(name)}")


def check_ranks(options, texts, folder, expected, choose):
    more = choose([[], ["--exchange", "messages"], ["--node-size", "2"], ["--teams", "always"]])
    words = [*arguments(options), *texts, "--run", str(folder), *more]
    count = choose(range(1, options["shards"] + 1))
    what = f"{count} ranks {' '.join(more)}"
    require_success(what, run(on_ranks(count, words), RNNTRAIN_CPU_LEVEL=choose(["baseline", "avx2"])))
    require_equal(what, expected, last_line(folder))
    one, many = validations(folder.parent / "one"), validations(folder)
    differing = [step for step in one.keys() | many.keys() if one.get(step) != many.get(step)]
    if differing:
        raise Difference(f"{what}: other validations after the steps {sorted(differing)[:5]}")


def interrupt(command, seconds, number):
    """Sends a signal after some time. Returns the status; a run that another job still has is not an error."""
    process = subprocess.Popen(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        return process.wait()


def check_kills(options, texts, folder, expected, choose):
    resume = ["--run", str(folder), "--resume"]
    interrupt([PROGRAM, *arguments(options), *texts, "--run", str(folder)], choose([0.1, 0.2, 0.3, 0.5]), choose([signal.SIGKILL, signal.SIGTERM]))
    if not (folder / "config.toml").exists():
        return
    for _ in range(2):
        interrupt(on_ranks(choose(range(1, options["shards"] + 1)), resume), choose([0.3, 0.5, 0.8]), choose([signal.SIGKILL, signal.SIGTERM]))
        time.sleep(3)  # the ranks of a killed mpirun end after it
    require_success("resume", run([PROGRAM, *resume]))
    require_equal("resume", expected, last_line(folder))
    require_success("verify", run([PROGRAM, "verify", str(folder)]))


def check_scores(options, text, folder, expected):
    evaluated = run([PROGRAM, "evaluate", "--checkpoint", str(folder), "--data", text, "--json"])
    require_success("evaluate", evaluated)
    figures = json.loads(evaluated.stdout)
    if figures["loss"] != expected["test_loss"]:
        raise Difference(f"evaluate: {figures['loss']}, expected {expected['test_loss']}")
    carried = [] if options.get("batching") == "sentences" else ["--carry-state"]
    scored = run([PROGRAM, "score", "--checkpoint", str(folder), "--data", text, *carried])
    require_success("score", scored)
    bits = [row.split("\t")[3] for row in scored.stdout.splitlines()[1:]]
    total, sought = math.fsum(float(value) for value in bits if value), figures["loss"] * figures["tokens"] / math.log(2)
    if abs(total - sought) > 1e-9 * abs(sought):
        raise Difference(f"score: the sum is {total}, expected {sought}")


def check(options, texts, folder, choose):
    """Returns False if the options were refused, or if the run diverged, after which digests depend on checkpoints."""
    result = train(options, texts, folder / "one")
    if result is None or "returned to a checkpoint" in result.stdout or "diverged" in result.stderr:
        return False
    require_success("train", result)
    expected = last_line(folder / "one")
    check_ranks(options, texts, folder / "many", expected, choose)
    check_kills(options, texts, folder / "killed", expected, choose)
    check_scores(options, texts[-1], folder / "one", expected)
    return True


def parse_arguments(text):
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("text")
    parser.add_argument("folder")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    given = parse_arguments(__doc__)
    folder = pathlib.Path(given.folder)
    texts = cut_texts(given.text, folder, {"train": (0, 9000), "valid": (20000, 22500), "test": (30000, 32600)})
    choose, end, done, differences = random.Random(given.seed).choice, time.monotonic() + given.seconds, 0, 0
    while time.monotonic() < end:
        options, runs = random_options(choose), folder / "runs"
        shutil.rmtree(runs, ignore_errors=True)
        runs.mkdir()
        try:
            done += check(options, texts, runs, choose)
        except Difference as difference:
            differences += 1
            print(" ".join(arguments(options)), "->", difference, flush=True)
    print(f"{done} sets of options, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
