"""Scores a text with a checkpoint of rnntrain in PyTorch. The figures equal those of `rnntrain evaluate`.

    python3 Tests/Reference/checkpoint_loss.py RUN/best.safetensors valid.txt

The text is one stream, and its state is carried from the first token to the last. Everything is computed in float64.
"""

import json
import math
import re
import sys
from pathlib import Path

import torch
from safetensors import safe_open

from language_model import LanguageModel

WINDOW = 256  # tokens at a time; the result does not depend on it
WORD = re.compile("[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


def load(path):
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        configuration, vocabulary = json.loads(metadata["configuration"]), json.loads(metadata["vocabulary"])
        model = LanguageModel(
            len(vocabulary["symbols"]), configuration["embedding-size"], configuration["hidden-size"],
            configuration["layers"], configuration["cell"], configuration["nonlinearity"], configuration["gru-reset"],
            configuration["tie-weights"], configuration["initial-state"] == "learned",
            input_mlp=configuration.get("input-mlp", 0), output_mlp=configuration.get("output-mlp", 0))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(file.get_tensor(name))
    return model, vocabulary


def symbols(text, unit):
    """The symbols of a text (bytes), tokenised as by rnntrain."""
    if unit == "byte":
        return [f"{byte:02x}" for byte in text]
    text = text.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    if unit == "char":
        return list(text.replace("\r\n", "\n"))
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [symbol for line in lines for symbol in WORD.findall(line) + ["<eos>"]]


def encode(text, vocabulary):
    number = {symbol: k for k, symbol in enumerate(vocabulary["symbols"])}
    unknown = number.get("<unk>")
    tokens = [number.get(symbol, unknown) for symbol in symbols(text, vocabulary["unit"])]
    if None in tokens:
        sys.exit("the text has a character that the vocabulary lacks")
    return torch.tensor(tokens).unsqueeze(1)  # [n, 1]


@torch.no_grad()
def mean_loss(model, tokens):
    """Nats per predicted token; every token but the first is predicted."""
    state, total = model.first_state(1), 0.0
    for inputs, targets in zip(tokens[:-1].split(WINDOW), tokens[1:].split(WINDOW)):
        logits, state = model(inputs, state)
        total += torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum").item()
    return total / (len(tokens) - 1)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: checkpoint_loss.py CHECKPOINT TEXT")
    torch.set_default_dtype(torch.float64)
    model, vocabulary = load(sys.argv[1])
    tokens = encode(Path(sys.argv[2]).read_bytes(), vocabulary)
    loss = mean_loss(model, tokens)
    print(f"tokens {len(tokens) - 1} loss {loss:.8f} perplexity {math.exp(loss):.6f}")


if __name__ == "__main__":
    main()
