"""Writes Tests/ModelsTests/Fixtures/sequences.json: batches of sequences of unequal length, in PyTorch's packed sequences.

    python3 Tests/Reference/sequences.py            (needs PyTorch, see README.md beside this file)

Two models with the same LSTM of two layers: a classifier, whose linear output reads the last hidden state of each sequence, and a language
model, whose output reads every hidden state. Everything is computed in float64, from weights that float32 represents exactly. All dimensions
differ, so that a transposed array fails.

Keys (every array flat, row-major; tokens time-major, 0 at padding):
    dimensions      T, B, E, H, V, L, C (labels)
    parameters      name -> {shape, values}; classifier.* and decoder.* are the two outputs
    inputs          [T,B]
    lengths         [B]
    labels          [B]
    targets         [T,B]
    classifier      loss (mean over the sequences), losses [B], gradients name -> values
    languageModel   loss (mean over the tokens), losses [T,B], gradients name -> values
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

T, B, E, H, V, L, C = 6, 5, 4, 8, 7, 2, 3
LENGTHS = [6, 6, 4, 3, 1]
FILE = Path(__file__).resolve().parent.parent / "ModelsTests" / "Fixtures" / "sequences.json"


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Embedding(V, E)
        self.rnn = nn.LSTM(E, H, L)
        self.classifier = nn.Linear(H, C)
        self.decoder = nn.Linear(H, V)


def flat(tensor):
    return tensor.detach().flatten().tolist()


def result(model, output, losses, loss):
    model.zero_grad()
    loss.backward(retain_graph=True)
    names = [n for n, _ in model.named_parameters() if n.split(".")[0] in ("encoder", "rnn", output)]
    parameters = dict(model.named_parameters())
    return {"loss": loss.item(), "losses": flat(losses), "gradients": {n: flat(parameters[n].grad) for n in names}}


def main():
    generator = torch.Generator().manual_seed(11)
    model = Model().double()
    for parameter in model.parameters():
        parameter.data = torch.randint(-512, 513, parameter.shape, generator=generator).double() / 1024
    lengths = torch.tensor(LENGTHS)
    real = torch.arange(T)[:, None] < lengths[None, :]
    inputs = torch.randint(0, V, (T, B), generator=generator) * real
    targets = torch.randint(0, V, (T, B), generator=generator) * real
    labels = torch.randint(0, C, (B,), generator=generator)
    packed, (h, _) = model.rnn(pack_padded_sequence(model.encoder(inputs), lengths))
    hidden, _ = pad_packed_sequence(packed)
    ofLabels = nn.functional.cross_entropy(model.classifier(h[-1]), labels, reduction="none")
    ofTokens = nn.functional.cross_entropy(model.decoder(hidden).flatten(0, 1), targets.flatten(), reduction="none") * real.flatten()
    fixture = {
        "dimensions": dict(T=T, B=B, E=E, H=H, V=V, L=L, C=C),
        "parameters": {n: {"shape": list(p.shape), "values": flat(p)} for n, p in model.named_parameters()},
        "inputs": flat(inputs), "lengths": LENGTHS, "labels": flat(labels), "targets": flat(targets),
        "classifier": result(model, "classifier", ofLabels, ofLabels.mean()),
        "languageModel": result(model, "decoder", ofTokens, ofTokens.sum() / real.sum()),
    }
    FILE.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


main()
