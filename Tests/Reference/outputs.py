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
