"""Which checkpoints of rnntrain score_lines.py can score: models of words with torch.nn.LSTM or torch.nn.GRU and a softmax over all words."""

import json
import pathlib

# The values of the keys that change what a model computes for a text.
VALUES = {
    "task": ["language-model"],
    "tokens": ["word"],
    "cell": ["lstm", "gru"],
    "connections": ["stacked"],
    "output": ["full", "sampled", "nce", "blackout"],
    "gru-reset": ["after"],
    "initial-state": ["zero"],
    "time-skips": ["none"],
    "precision": ["fp32"],
    "tie-weights": [False],
    "layer-norm": [False],
    "projection-size": [0],
    "input-mlp": [0],
    "transition-mlp": [0],
    "output-mlp": [0],
    "max-ent-order": [0],
}


class NotComparable(Exception):
    """A file that is no checkpoint, or a model that score_lines.py cannot score."""


def header(path):
    """The arrays of a checkpoint by name, and its metadata."""
    with pathlib.Path(path).open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        try:
            arrays = json.loads(file.read(size)) if size < 100_000_000 else {}
            metadata = arrays.pop("__metadata__")
            return arrays, {name: json.loads(metadata[name]) for name in ("configuration", "state")}
        except (ValueError, KeyError, AttributeError, TypeError):
            raise NotComparable(f"{path} is no checkpoint of rnntrain.") from None


def require_plain(path):
    """Raises NotComparable, with the key, unless PyTorch has the model."""
    arrays, metadata = header(path)
    configuration = metadata["configuration"]
    for key, values in VALUES.items():
        value = configuration.get(key, values[0])
        if value not in values:
            text = str(value).lower()
            raise NotComparable(
                f"{path} has {key} = {text}. Only models of words with --cell lstm or gru, one softmax over all words, and the default "
                "of every other key that changes the model can be compared.")
    updates, is_average = metadata["state"].get("updates", 0), metadata["state"].get("holdsAverage", False)
    if configuration.get("optimizer") in ("asgd", "nt-asgd") and updates > 0 and not is_average:
        raise NotComparable(
            f"{path} has the parameters beside their average, which rnntrain scores. Name the best model of the run, best.safetensors.")
    if "decoder.weight" not in arrays:
        raise NotComparable(f"{path} has no decoder.weight.")
