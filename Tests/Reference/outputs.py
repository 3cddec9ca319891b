"""The output layers that torch.nn lacks, in PyTorch, from the references that docs/models.md names. Gradients are autograd's.

A training loss that compares the target with samples of the step gets them from `draw`: the counter-based random numbers of the program, so that both use
the same ones.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from language_model import LanguageModel, detach


def philox(key, counter):
    """Philox4x32-10 (Salmon et al. 2011): four 32-bit numbers."""
    c, k0, k1, m = list(counter), key & 0xFFFFFFFF, key >> 32, 0xFFFFFFFF
    for _ in range(10):
        low0, low1 = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(low1 >> 32) ^ c[1] ^ k0, low1 & m, (low0 >> 32) ^ c[3] ^ k1, low0 & m]
        k0, k1 = (k0 + 0x9E3779B9) & m, (k1 + 0xBB67AE85) & m
    return c


def draw(q, samples, seed=0, step=0):
    """Tokens drawn with replacement with the probabilities q: the first whose cumulative probability is above the number."""
    key = (seed ^ (0x736D706C * 0xD1B54A32D192ED03)) & 0xFFFFFFFFFFFFFFFF
    sums = q.cumsum(0) / q.sum()
    tokens = []
    for i in range(samples):
        high, low, _, _ = philox(key, (i & 0xFFFFFFFF, i >> 32, step & 0xFFFFFFFF, step >> 32))
        number = ((high << 32 | low) >> 11) * 2.0**-53
        tokens.append(min(int((sums <= number).sum()), len(q) - 1))
    return torch.tensor(tokens)


class SampledModel(LanguageModel):
    """Sampled softmax (Jean et al. 2015), noise-contrastive estimation (Mnih & Teh 2012) or BlackOut (Ji et al. 2016)."""

    def __init__(self, kind, vocabulary, embedding, hidden, layers, samples, power=1.0, log_normalizer=0.0):
        super().__init__(vocabulary, embedding, hidden, layers)
        self.kind, self.log_normalizer = kind, log_normalizer
        q = torch.arange(1, vocabulary + 1).double() ** -power
        self.expected = (samples * q / q.sum()).log()
        self.drawn = draw(q, samples)

    def losses(self, output, targets):
        corrected = self.decoder(output) - self.expected - self.log_normalizer
        own, others = corrected.gather(1, targets[:, None]), corrected[:, self.drawn]
        if self.kind == "nce":
            return F.softplus(-own[:, 0]) + F.softplus(others).sum(1)
        others = others.masked_fill(self.drawn[None] == targets[:, None], -math.inf)
        logs = F.log_softmax(torch.cat([own, others], 1), 1)
        if self.kind == "sampled":
            return -logs[:, 0]
        return -logs[:, 0] - torch.log1p(-logs[:, 1:].exp()).sum(1)


def mixed(value, number):
    """A step of the hash of contexts, in 64 bits."""
    product = (value ^ number) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    return product ^ (product >> 32)


class MaxEntModel(LanguageModel):
    """Direct weights from hashed contexts of the last 1 to `order` tokens to the output (Mikolov et al. 2011): a row of a table for each context; with
    classes, one for the context, and one for the context and the class."""

    def __init__(self, vocabulary, embedding, hidden, layers, order, size, classes=0):
        super().__init__(vocabulary, embedding, hidden, layers)
        self.order, self.classes = order, None
        if classes:
            numbers = [max(c for c in range(classes) if c * c * vocabulary <= w * classes * classes) for w in range(vocabulary)]
            self.classes = [[w for w in range(vocabulary) if numbers[w] == c] for c in sorted(set(numbers))]
            size //= 2
            self.decoder = nn.Module()
            for name, rows, columns in [("class", len(self.classes), hidden)]:
                self.decoder.register_module(name, nn.Linear(columns, rows, bias=False))
            self.decoder.weight = nn.Parameter(torch.empty(vocabulary, hidden))
            columns = len(self.classes)
            getattr(self.decoder, "class").register_module("direct", self.table(size, columns))
            columns = max(map(len, self.classes))
        else:
            columns = vocabulary
        self.decoder.register_module("direct", self.table(size, columns))
        self.history = None

    @staticmethod
    def table(size, columns):
        return nn.Embedding(max(size // columns, 1), columns)

    def first_state(self, batch):
        self.history = [[] for _ in range(batch)]
        return super().first_state(batch)

    def begin(self, inputs):
        """The contexts of each prediction [T*B]: the tokens before it, the last first."""
        self.contexts = []
        for row in inputs.tolist():
            self.history = [[token, *before][:self.order] for token, before in zip(row, self.history)]
            self.contexts += self.history

    def direct(self, table, row, target=0):
        value, ids = 0x9E3779B97F4A7C15, []
        for token in self.contexts[row]:
            value = mixed(value, token + 1)
            ids.append(mixed(max(value, 1), target) % table.num_embeddings)
        return sum(table.weight[i] for i in ids)

    def losses(self, output, targets):
        return torch.stack([self.loss(row, h, target) for row, (h, target) in enumerate(zip(output, targets.tolist()))])

    def loss(self, row, h, target):
        if not self.classes:
            return -F.log_softmax(self.decoder(h) + self.direct(self.decoder.direct, row), 0)[target]
        c = next(c for c, words in enumerate(self.classes) if target in words)
        head, words = getattr(self.decoder, "class"), self.classes[c]
        first = F.log_softmax(head.weight @ h + self.direct(head.direct, row), 0)[c]
        own = self.decoder.weight[words] @ h + self.direct(self.decoder.direct, row, c)[:len(words)]
        return -first - F.log_softmax(own, 0)[words.index(target)]


class HierarchicalModel(LanguageModel):
    """Hierarchical softmax (Morin & Bengio 2005) over the Huffman tree of counts 1 / (w + 1). Nodes are numbered by depth, and those of one depth
    from the one that was made last on."""

    def __init__(self, vocabulary, embedding, hidden, layers):
        super().__init__(vocabulary, embedding, hidden, layers)
        self.decoder = nn.Linear(hidden, vocabulary - 1, bias=False)
        trees = [(1 / (w + 1), vocabulary - w, w) for w in range(vocabulary)]
        for made in range(vocabulary - 1):
            (a, _, left), (b, _, right) = (trees.pop(0) for _ in range(2) if not trees.sort(key=lambda t: t[:2]))
            trees.append((a + b, vocabulary + 1 + made, (made, left, right)))
        nodes, paths = [], [None] * vocabulary
        self.walk(trees[0][2], [], nodes, paths)
        numbers = {made: number for number, (_, made) in enumerate(sorted(nodes, key=lambda n: (n[0], -n[1])))}
        self.paths = [[(numbers[made], sign) for made, sign in path] for path in paths]

    def walk(self, tree, path, nodes, paths):
        if isinstance(tree, int):
            paths[tree] = path
            return
        made, left, right = tree
        nodes.append((len(path), made))
        self.walk(left, path + [(made, 1.0)], nodes, paths)
        self.walk(right, path + [(made, -1.0)], nodes, paths)

    def losses(self, output, targets):
        x = self.decoder(output)
        return torch.stack([
            sum(F.softplus(-sign * x[row, node]) for node, sign in self.paths[target]) for row, target in enumerate(targets.tolist())
        ])
