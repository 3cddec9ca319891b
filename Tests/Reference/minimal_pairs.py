"""Decides minimal pairs of BLiMP with a checkpoint of rnntrain in PyTorch, as `rnntrain probe --items` does.

    python3 Tests/Reference/minimal_pairs.py RUN/best.safetensors pairs.jsonl > items.tsv

With --golden, each pair is printed as one JSON line with its decision, which is how Tests/CommandLineTests/Fixtures/pairs.jsonl was made:

    python3 Tests/Reference/minimal_pairs.py --golden Tests/CommandLineTests/Fixtures/probe.safetensors pairs.jsonl

Each sentence is scored by itself, after a line end and from the initial state. Everything is computed in float64.
"""

import json
import math
import sys

import torch

from checkpoint_loss import load, symbols


class Scorer:
    def __init__(self, path):
        self.model, self.vocabulary = load(path)
        self.number = {symbol: k for k, symbol in enumerate(self.vocabulary["symbols"])}
        self.unit = self.vocabulary["unit"]

    @torch.no_grad()
    def bits(self, text):
        """The symbols of a line, and -log2 p of each; None if a character has no number."""
        names = symbols((text + "\n").encode(), self.unit)
        tokens = [self.number.get(name, self.number.get("<unk>")) for name in names]
        if None in tokens:
            return names, None
        start = {"word": "<eos>", "char": "\n", "byte": "0a"}[self.unit]
        inputs = torch.tensor([self.number.get(start, 0)] + tokens[:-1]).unsqueeze(1)
        logits, _ = self.model(inputs, self.model.first_state(1))
        scores = torch.log_softmax(logits.squeeze(1), dim=1)[torch.arange(len(tokens)), tokens]
        return names, [-score.item() / math.log(2) for score in scores]

    def is_unknown(self, name):
        return name not in self.number or name == "<unk>"

    def sentences(self, good, bad):
        (a, first), (b, second) = self.bits(good), self.bits(bad)
        if first is None or second is None:
            return "unknown", None, None
        start = 0
        while start < min(len(a), len(b)) and a[start] == b[start]:
            start += 1
        end = 0
        while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
            end += 1
        if any(map(self.is_unknown, a[start:len(a) - end] + b[start:len(b) - end])):
            return "unknown", None, None
        return self.decision(sum(first), sum(second))

    def word(self, prefix, word):
        """The bits of a word with the blank after it, and whether it is unknown."""
        names, bits = self.bits(f"{prefix} {word} ")
        if bits is None:
            return 0, True
        before = len(symbols(f"{prefix} ".encode(), self.unit)) - (self.unit == "word")  # without <eos>
        count = len(symbols(f"{word} ".encode(), self.unit)) - (self.unit == "word")
        part = slice(before, before + count)
        return sum(bits[part]), any(map(self.is_unknown, names[part]))

    def words(self, good, bad):
        (first, unknown), (second, other) = self.word(*good), self.word(*bad)
        return ("unknown", None, None) if unknown or other else self.decision(first, second)

    @staticmethod
    def decision(good, bad):
        return ("right" if good < bad else "tie" if good == bad else "wrong"), good, bad

    def answers(self, pair):
        yield "sentence", self.sentences(pair["sentence_good"], pair["sentence_bad"])
        if "one_prefix_prefix" in pair:
            prefix = pair["one_prefix_prefix"]
            yield "one-prefix", self.words((prefix, pair["one_prefix_word_good"]), (prefix, pair["one_prefix_word_bad"]))
        if "two_prefix_word" in pair:
            word = pair["two_prefix_word"]
            yield "two-prefix", self.words((pair["two_prefix_prefix_good"], word), (pair["two_prefix_prefix_bad"], word))


def main():
    golden = sys.argv[1:2] == ["--golden"]
    arguments = sys.argv[2:] if golden else sys.argv[1:]
    if len(arguments) != 2:
        sys.exit("usage: minimal_pairs.py [--golden] CHECKPOINT PAIRS")
    torch.set_default_dtype(torch.float64)
    scorer = Scorer(arguments[0])
    if not golden:
        print("item\tgroup\tmethod\tdecision\tgood_bits\tbad_bits")
    for number, line in enumerate(open(arguments[1], encoding="utf-8"), start=1):
        pair = json.loads(line)
        for method, (decision, good, bad) in scorer.answers(pair):
            if golden:
                pair[method] = [decision, good, bad]
            else:
                figures = "\t".join("" if value is None else repr(value) for value in (good, bad))
                print(f"{number}\t{pair['UID']}\t{method}\t{decision}\t{figures}")
        if golden:
            print(json.dumps(pair, ensure_ascii=False))


if __name__ == "__main__":
    main()
