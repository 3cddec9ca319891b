"""Damages and mixes the files of small runs at random, and checks what `evaluate`, `verify` and `--resume` make of them.

    python3 Tests/Reference/random_faults.py TEXT FOLDER [--seconds N] [--seed N]

TEXT is a text of at least 40 kB; FOLDER is new. The program is `.build/release/rnntrain`, or RNNTRAIN_PROGRAM. For each set of options, a run of
two epochs (half) is continued to four (whole), continued with another learning rate (copy), and trained with another seed (other). Then, again and
again, a copy of half or whole gets a bit flipped in a file, a file cut, removed, or replaced by that of another of these runs. Then:

- `evaluate` has the loss of the run's own best model, or warns, or ends with an error.
- `verify` ends with a status of the documentation.
- `--resume --epochs 4` ends with the figures of the undisturbed run, or says what is different, or ends with an error; and after a success
  `verify` finds no fault, except in files that the resume has named, or that it does not read.
- Nothing changes the texts, and no program crashes.

Prints one line for each case in which this does not hold, and the number of cases. The exit status is 0 only if there is none.
"""

import json
import pathlib
import random
import shutil
import sys
import time

from random_runs import Difference, FIGURES, PROGRAM, arguments, cut_texts, last_line, parse_arguments, random_options, require_success, run, train

STATUSES = (0, 64, 65, 66, 74)
FILES = ["best.safetensors", "metrics.jsonl", "config.toml", "vocabulary.json", "checkpoints", "data", "data/train.tokens", "data/valid.tokens",
         "data/stamps.json", "lock"]


def continued(runs, source, name, *more):
    shutil.copytree(runs / source, runs / name)
    result = run([PROGRAM, "--run", str(runs / name), "--resume", *more])
    require_success(f"making {name}", result)
    if "returned to a checkpoint" in result.stdout:
        raise Difference("diverged")


def make_runs(choose, texts, runs):
    """The four runs; None if the options are refused or if the run diverges."""
    options = random_options(choose)
    options.update({"epochs": 2, "checkpoint-every": choose(["7 steps", "20 steps"]), "keep": choose([2, 5])})
    for name in ("patience", "epsilon"):
        options.pop(name, None)
    result = train(options, texts, runs / "half")
    if result is None or result.returncode != 0 or "returned to a checkpoint" in result.stdout:
        return None
    try:
        continued(runs, "half", "whole", "--epochs", "4")
        continued(runs, "half", "copy", "--epochs", "3", "--learning-rate", "0.0371")
        continued(runs, "copy", "copy-whole", "--epochs", "4", "--learning-rate", str(options["learning-rate"]))
        other = train({**options, "seed": options["seed"] + 1, "epochs": 4}, texts, runs / "other")
    except Difference as difference:
        if "making" in str(difference):
            print(" ".join(arguments(options)), "->", difference, flush=True)
        return None
    return options if other is not None and other.returncode == 0 else None


def evaluated(path, text):
    """The result of `evaluate`, and its loss; nil if it failed."""
    result = run([PROGRAM, "evaluate", "--checkpoint", str(path), "--data", text, "--json"])
    return result, json.loads(result.stdout)["loss"] if result.returncode == 0 else None


def files_of(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def damage(victim, runs, choose):
    """Changes one file or folder of the victim. Returns what was done."""
    kind = choose(["flip", "cut", "remove", "replace", "replace", "replace", "add"])
    if kind in ("flip", "cut"):
        name = choose([name for name in files_of(victim) if not name.endswith("lock")])
        content = bytearray((victim / name).read_bytes())
        if not content:
            return "nothing"
        place = choose(range(len(content)))
        if kind == "flip":
            content[place] ^= 1 << choose(range(8))
        (victim / name).write_bytes(content if kind == "flip" else content[:place])
        return f"{kind} {name} at {place}"
    if kind == "add":
        source = runs / choose(["half", "whole", "copy", "copy-whole", "other"]) / "checkpoints"
        path = choose(sorted(source.iterdir()))
        (victim / "checkpoints").mkdir(exist_ok=True)
        shutil.copy(path, victim / "checkpoints" / path.name)
        return f"add {path.relative_to(runs)}"
    name = choose(FILES)
    target = victim / name
    if target.is_dir():
        shutil.rmtree(target)
    elif target.exists():
        target.unlink()
    if kind == "remove":
        return f"remove {name}"
    source = runs / choose(["half", "whole", "copy", "copy-whole", "other"]) / name
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists() and target.parent.exists():
        shutil.copy(source, target)
    return f"replace {source.relative_to(runs)}"


def require_ending(what, result):
    if result.returncode not in STATUSES or (result.returncode != 0 and "rnntrain: error: " not in result.stderr):
        raise Difference(f"{what}: status {result.returncode}: {result.stderr[-300:]}")


def says_something(result):
    return any(word in result.stdout + result.stderr for word in ("note:", "warning:", "  lost "))


def check_case(victim, runs, base, losses, text, done):
    result, loss = evaluated(victim, text)
    require_ending("evaluate", result)
    if loss is not None and loss != losses[base] and "warning:" not in result.stderr and (victim / "best.safetensors").exists():
        raise Difference(f"evaluate: {loss} without a warning, expected {losses[base]}")
    if loss is not None and loss not in losses.values() and (victim / "best.safetensors").exists():
        raise Difference(f"evaluate: {loss} is the loss of no model")
    verified = run([PROGRAM, "verify", str(victim)])
    require_ending("verify", verified)
    resumed = run([PROGRAM, "--run", str(victim), "--resume", "--epochs", "4"])
    require_ending("resume", resumed)
    if resumed.returncode != 0:
        return
    expected, found = last_line(runs / "whole"), last_line(victim)
    if any(expected.get(name) != found.get(name) for name in FIGURES) and not says_something(resumed):
        changed = {name: (expected.get(name), found.get(name)) for name in FIGURES if expected.get(name) != found.get(name)}
        raise Difference(f"resume says nothing, but {changed}")
    # Stay: a log that is not as it was written, foreign checkpoints, with a warning, and damaged checkpoints before the newest one.
    invalid = [line.split("  ")[:2] for line in run([PROGRAM, "verify", str(victim)]).stdout.splitlines() if line.endswith("NOT VALID")]
    named = resumed.stdout + resumed.stderr
    unnamed = [path for kind, path in invalid if path not in named and not any(pathlib.Path(path).name in damage for damage in done)]
    if unnamed:
        raise Difference(f"verify after the resume: {unnamed}")
    if found.get("test_of") != "best":  # the best model is lost, and a damaged file stays until the next validation
        return
    after, loss = evaluated(victim, text)
    require_success("evaluate after the resume", after)
    if loss != found["test_loss"]:
        raise Difference(f"evaluate after the resume: {loss}, but the run's test has {found['test_loss']}")


def check(choose, texts, folder, end):
    """Returns the numbers of cases and of failures."""
    runs, count, failures = folder / "runs", 0, 0
    shutil.rmtree(runs, ignore_errors=True)
    runs.mkdir()
    options = make_runs(choose, texts, runs)
    if options is None:
        return 0, 0
    names = ["half", "whole", "copy", "copy-whole", "other"]
    losses = {name: evaluated(runs / name, texts[-1])[1] for name in names}
    before = [pathlib.Path(path).read_bytes() for path in texts[1::2]]
    for _ in range(60):
        if time.monotonic() > end:
            break
        base, victim, done = choose(["half", "whole"]), runs / "victim", []
        shutil.rmtree(victim, ignore_errors=True)
        shutil.copytree(runs / base, victim)
        try:
            for _ in range(choose([1, 1, 2, 3])):
                done.append(damage(victim, runs, choose))
            shutil.rmtree(runs / "damaged", ignore_errors=True)
            shutil.copytree(victim, runs / "damaged")
            check_case(victim, runs, base, losses, texts[-1], done)
            if before != [pathlib.Path(path).read_bytes() for path in texts[1::2]]:
                raise Difference("a text has changed")
        except Difference as difference:
            failures += 1
            shutil.copytree(runs, folder / f"failure-{time.time_ns()}")
            print(f"{' '.join(arguments(options))}: {base}, {', '.join(done)} -> {difference}", flush=True)
        count += 1
    return count, failures


def main():
    given = parse_arguments(__doc__)
    folder = pathlib.Path(given.folder)
    texts = cut_texts(given.text, folder, {"train": (0, 3000), "valid": (20000, 21000), "test": (30000, 31000)})
    choose, end, count, failures = random.Random(given.seed).choice, time.monotonic() + given.seconds, 0, 0
    while time.monotonic() < end:
        more = check(choose, texts, folder, end)
        count, failures = count + more[0], failures + more[1]
    print(f"{count} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
