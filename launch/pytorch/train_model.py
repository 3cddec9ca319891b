"""Trains a language model of words in PyTorch; prints one JSON object per epoch, with its validation perplexity and its time.

    train_model.py --train FILE --valid FILE [--epochs N] [--threads N]

The model and its settings are those of PyTorch's example word_language_model: an LSTM of two layers of 200 units, full softmax, dropout 0.2,
B 20, T 35, SGD with a rate of 20 and clipping at 0.25, which is divided by 4 after an epoch without improvement. The batches, the carried
state and the order are those of that example. `elapsed_seconds` and `processor_seconds` (of all threads) count from the first step, with
the validations.
"""

import argparse
import json
import math
import time

import torch
from torch import nn
from torch.nn import functional

from word_lines import word_lines

STREAMS, STEPS, HIDDEN, LAYERS, DROPOUT = 20, 35, 200, 2, 0.2
VALIDATION_STREAMS = 10


class LanguageModel(nn.Module):
    """Embedding, LSTM and output, with dropout around the LSTM's layers: from tokens [T,B] to logits [T*B,V]."""

    def __init__(self, vocabulary):
        super().__init__()
        self.encoder = nn.Embedding(vocabulary, HIDDEN)
        self.rnn = nn.LSTM(HIDDEN, HIDDEN, LAYERS, dropout=DROPOUT)
        self.decoder = nn.Linear(HIDDEN, vocabulary)
        self.drop = nn.Dropout(DROPOUT)
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)

    def forward(self, tokens, state):
        outputs, state = self.rnn(self.drop(self.encoder(tokens)), state)
        return self.decoder(self.drop(outputs).flatten(0, 1)), tuple(part.detach() for part in state)


def read_words(path):
    """The words of a text, with <eos> at each end of a line."""
    return [word for line in word_lines(path) for word in [*line, "<eos>"]]


def streams_of(tokens, streams):
    """Tokens [length, streams] of consecutive pieces of the text; a rest is left out."""
    length = len(tokens) // streams
    return torch.tensor(tokens[:length * streams]).view(streams, length).t().contiguous()


def windows(tokens):
    for start in range(0, len(tokens) - 1, STEPS):
        end = min(start + STEPS, len(tokens) - 1)
        yield tokens[start:end], tokens[start + 1:end + 1].flatten()


def train_epoch(model, tokens, rate):
    model.train()
    state = None
    for inputs, targets in windows(tokens):
        model.zero_grad(set_to_none=True)
        logits, state = model(inputs, state)
        functional.cross_entropy(logits, targets).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(parameter.grad, alpha=-rate)


@torch.no_grad()
def perplexity(model, tokens):
    model.eval()
    state, total, count = None, 0.0, 0
    for inputs, targets in windows(tokens):
        logits, state = model(inputs, state)
        total += functional.cross_entropy(logits, targets, reduction="sum").item()
        count += len(targets)
    return math.exp(total / count)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", required=True)
    parser.add_argument("--valid", required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    texts = [read_words(path) for path in (arguments.train, arguments.valid)]
    numbers = {word: number for number, word in enumerate(dict.fromkeys(word for text in texts for word in text))}
    train, valid = [[numbers[word] for word in text] for text in texts]
    train, valid = streams_of(train, STREAMS), streams_of(valid, VALIDATION_STREAMS)
    model = LanguageModel(len(numbers))
    rate, best = 20.0, math.inf
    start, processor = time.monotonic(), time.process_time()
    for epoch in range(1, arguments.epochs + 1):
        train_epoch(model, train, rate)
        valid_perplexity = perplexity(model, valid)
        rate = rate if valid_perplexity < best else rate / 4
        best = min(best, valid_perplexity)
        print(json.dumps({
            "epoch": epoch, "perplexity": valid_perplexity, "elapsed_seconds": time.monotonic() - start,
            "processor_seconds": time.process_time() - processor, "vocabulary": len(numbers),
            "parameters": sum(parameter.numel() for parameter in model.parameters()), "version": torch.__version__}), flush=True)


if __name__ == "__main__":
    main()
