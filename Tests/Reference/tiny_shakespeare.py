"""Trains the model of launch/recipes/tiny-shakespeare.toml in PyTorch, and prints the validation loss of each epoch in nats.

    python3 Tests/Reference/tiny_shakespeare.py input.txt [EPOCHS [CHECKPOINT]]

input.txt is the text of karpathy/char-rnn, 1,115,394 bytes: the first 1,003,854 to train, the rest to validate. Characters,
LSTM 2 x 128, embedding 128, B 50, T 50, Adam 0.002, norm clipped at 5, all parameters uniform in -0.08...0.08, no dropout.
Streams and windows are rnntrain's: B streams of ceil((n-1)/B) predictions, padding masked, state carried within an epoch.

Other initial parameters change these losses by some 0.03. With CHECKPOINT, the step-00000000.safetensors of a run of rnntrain (kept with
--keep 100), training starts from its parameters, and the losses equal those of rnntrain within 0.004.
"""

import json
import sys
import time
from pathlib import Path

import torch
from safetensors import safe_open

from language_model import LanguageModel, detach

TRAIN_BYTES = 1_003_854
B, T, SIZE, LAYERS = 50, 50, 128, 2
LEARNING_RATE, CLIP, SCALE = 0.002, 5.0, 0.08


def make_windows(tokens):
    """Divides a text into windows of inputs, targets and mask, each [T,B]. The last window may be shorter."""
    predictions = len(tokens) - 1
    length = -(-predictions // B)
    padding = torch.zeros(B * length - predictions, dtype=torch.long)
    inputs, targets = (torch.cat([x, padding]).view(B, length).T for x in (tokens[:-1], tokens[1:]))
    mask = (torch.arange(B * length) < predictions).view(B, length).T.float()
    return list(zip(inputs.split(T), targets.split(T), mask.split(T)))


def sum_of_losses(model, window, state):
    inputs, targets, mask = window
    logits, state = model(inputs, state)
    losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    return (losses * mask.flatten()).sum(), state


def train_epoch(model, optimizer, windows):
    state = model.first_state(B)
    for window in windows:
        total, state = sum_of_losses(model, window, state)
        optimizer.zero_grad()
        (total / window[2].sum()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        state = detach(state)


@torch.no_grad()
def validate(model, windows):
    state, total = model.first_state(B), 0.0
    for window in windows:
        loss, state = sum_of_losses(model, window, state)
        total += loss.item()
    return total / sum(window[2].sum().item() for window in windows)


def initial_model(text, checkpoint):
    """A model and its symbols: initialised from a seed, or loaded from a checkpoint."""
    if checkpoint is None:
        symbols = sorted(set(text[:TRAIN_BYTES]))
        torch.manual_seed(1)
        model = LanguageModel(len(symbols), SIZE, SIZE, LAYERS)
        for parameter in model.parameters():
            torch.nn.init.uniform_(parameter, -SCALE, SCALE)
        return model, symbols
    with safe_open(checkpoint, "pt") as file:
        symbols = [ord(symbol) for symbol in json.loads(file.metadata()["vocabulary"])["symbols"]]
        model = LanguageModel(len(symbols), SIZE, SIZE, LAYERS)
        model.load_state_dict({name: file.get_tensor(name) for name in model.state_dict()})
    return model, symbols


def main():
    text = Path(sys.argv[1]).read_bytes()
    epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    model, symbols = initial_model(text, sys.argv[3] if len(sys.argv) > 3 else None)
    number = {symbol: k for k, symbol in enumerate(symbols)}
    tokens = torch.tensor([number[symbol] for symbol in text])
    train, valid = make_windows(tokens[:TRAIN_BYTES]), make_windows(tokens[TRAIN_BYTES:])
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    for epoch in range(1, epochs + 1):
        start = time.time()
        train_epoch(model, optimizer, train)
        print(f"epoch {epoch} validation {validate(model, valid):.4f} nats, {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
