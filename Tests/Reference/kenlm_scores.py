"""Writes Tests/NGramsTests/Fixtures/kenlm.json: the scores that KenLM (PyPI: kenlm) gives sentences with ARPA files of rnntrain.

    kenlm_scores.py PROGRAM     PROGRAM: rnntrain

Fields: order; text, from which the model is made; sentences; scores, log10 of each word of each sentence and of its end.
"""
import json
import random
import subprocess
import sys
import tempfile

import kenlm


def text(generator, lines):
    words = [f"w{i}" for i in range(40)]
    weights = [1 / (i + 1) for i in range(40)]
    return [" ".join(generator.choices(words, weights, k=generator.randrange(12))) for _ in range(lines)]


def main():
    generator = random.Random(1)
    fixtures = []
    for order in (2, 3, 5):
        lines = text(generator, 200)
        sentences = lines[:5] + text(generator, 5) + ["w0 zebra w1", "zebra zebra", ""]
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/train.txt", "w") as file:
                file.write("".join(line + "\n" for line in lines))
            command = [sys.argv[1], "ngram", "--order", str(order), "--train", f"{folder}/train.txt", "--arpa", f"{folder}/m.arpa"]
            subprocess.run(command, check=True)
            model = kenlm.Model(f"{folder}/m.arpa")
            scores = [[p for p, _, _ in model.full_scores(sentence)] for sentence in sentences]
        fixtures.append({"order": order, "text": "\n".join(lines) + "\n", "sentences": sentences, "scores": scores})
    with open("Tests/NGramsTests/Fixtures/kenlm.json", "w") as file:
        json.dump(fixtures, file, indent=1)


main()
