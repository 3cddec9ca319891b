"""Scores the lines of a text with a checkpoint of rnntrain in PyTorch, in padded batches; prints one JSON object with the speed.

    score_lines.py --checkpoint FILE --data FILE --output FILE [--batch N] [--threads N] [--sort]

The work is that of `rnntrain score`: each line by itself, after `<eos>`; a row with surprisal, entropy and rank for each token. The time includes
reading and writing, but neither the start of Python nor loading the model. plain_model.py says which models it can score.
"""

import argparse
import json
import math
import pathlib
import time

import torch
from torch import nn

from word_lines import word_lines


class Model(nn.Module):
    """Embedding, recurrent layers, linear output; the names of the parameters are those of the checkpoint."""

    def __init__(self, size, configuration):
        super().__init__()
        embedding, hidden = configuration["embedding-size"], configuration["hidden-size"]
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[configuration["cell"]]
        self.encoder = nn.Embedding(size, embedding)
        self.rnn = kind(embedding, hidden, configuration["layers"])
        self.decoder = nn.Linear(hidden, size)

    def forward(self, inputs):
        return self.decoder(self.rnn(self.encoder(inputs))[0])


def read_safetensors(path):
    """The metadata and the float32 arrays of a checkpoint, by name."""
    data = pathlib.Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__")
    arrays = {}
    for name, entry in header.items():
        if entry["dtype"] == "F32":
            first, last = entry["data_offsets"]
            array = torch.frombuffer(bytearray(data[start + first:start + last]), dtype=torch.float32)
            arrays[name] = array.reshape(entry["shape"])
    return metadata, arrays


def load(path):
    metadata, arrays = read_safetensors(path)
    symbols = json.loads(metadata["vocabulary"])["symbols"]
    model = Model(len(symbols), json.loads(metadata["configuration"]))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(arrays[name])
    return model.eval(), {symbol: number for number, symbol in enumerate(symbols)}


def figures(model, lines, end):
    """Surprisal and entropy in bits, and rank, of each token of a padded batch, `[T, B]` each."""
    targets = nn.utils.rnn.pad_sequence([torch.tensor(line) for line in lines], padding_value=end)
    inputs = torch.cat([torch.full_like(targets[:1], end), targets[:-1]])
    logs = torch.log_softmax(model(inputs), dim=-1)
    own = logs.gather(-1, targets.unsqueeze(-1))
    entropy = -(logs.exp() * logs).sum(-1)
    rank = (logs > own).sum(-1) + 1
    return -own.squeeze(-1) / math.log(2), entropy / math.log(2), rank


@torch.inference_mode()
def score(model, numbers, arguments):
    """Writes the table, and returns lines, tokens and the sum of the surprisals in bits."""
    words = [line + ["<eos>"] for line in word_lines(arguments.data)]
    lines = [[numbers.get(word, numbers.get("<unk>")) for word in line] for line in words]
    order = list(range(len(lines)))
    if arguments.sort:
        order.sort(key=lambda number: len(lines[number]))
    rows, total = [None] * len(lines), 0.0
    for start in range(0, len(order), arguments.batch):
        batch = order[start:start + arguments.batch]
        columns = [figure.t().tolist() for figure in figures(model, [lines[number] for number in batch], numbers["<eos>"])]
        for place, number in enumerate(batch):
            rows[number] = list(zip(words[number], *(column[place] for column in columns)))
            total += sum(row[1] for row in rows[number])
    with open(arguments.output, "w", encoding="utf-8") as file:
        file.write("line\tposition\ttoken\tsurprisal_bits\tentropy_bits\trank\n")
        for number, line in enumerate(rows, start=1):
            file.writelines(
                f"{number}\t{position}\t{word}\t{surprisal}\t{entropy}\t{rank}\n"
                for position, (word, surprisal, entropy, rank) in enumerate(line, start=1))
    return len(lines), sum(map(len, lines)), total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sort", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    model, numbers = load(arguments.checkpoint)
    start = time.perf_counter()
    lines, tokens, total = score(model, numbers, arguments)
    seconds = time.perf_counter() - start
    print(json.dumps({
        "version": torch.__version__.split("+")[0], "lines": lines, "tokens": tokens, "seconds": seconds,
        "loss": total * math.log(2) / tokens}))


if __name__ == "__main__":
    main()
