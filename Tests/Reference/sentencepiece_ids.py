"""Writes Tests/TextDataTests/Fixtures/sentencepiece.json: the ids that SentencePiece (PyPI: sentencepiece) gives lines.

    sentencepiece_ids.py [MODEL TEXT TOKENS]

With arguments, it compares instead: the ids of the lines of TEXT with those of a token file (RUN/data/train.tokens) of rnntrain.

Fields: for a unigram and a BPE model with byte fallback: model, in Base64; lines; ids of each line; texts, decoded from the ids.
"""
import array
import base64
import io
import json
import random
import sys

import sentencepiece


def sentences(generator, count):
    syllables = ["ba", "né", "ko", "shi", "tu", "lö", "ra"]
    words = ["".join(generator.choices(syllables, k=generator.randrange(1, 5))) for _ in range(60)]
    return [" ".join(generator.choices(words, k=generator.randrange(3, 9))) for _ in range(count)]


def trained(lines, kind):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, model_type=kind, vocab_size=60 if kind == "unigram" else 340,
        normalization_rule_name="identity", byte_fallback=kind == "bpe", hard_vocab_limit=False, num_threads=1, minloglevel=2)
    return model.getvalue()


def fixture(kind):
    generator = random.Random(7)
    lines = sentences(generator, 400)
    model = trained(lines, kind)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    examples = lines[:20] + ["", " ", "  two  blanks ", "unseen ß 語 text", "▁ mark", lines[0] + " \u00a0x"]
    ids = [processor.encode(line) for line in examples]
    return {
        "kind": kind, "model": base64.b64encode(model).decode(), "lines": examples, "ids": ids,
        "texts": [processor.decode(line) for line in ids],
    }


def compare(model, text, tokens):
    processor = sentencepiece.SentencePieceProcessor(model_file=model)
    lines = open(text, newline="\n", encoding="utf-8").read().split("\n")
    if lines[-1] == "":
        lines.pop()
    ids = [number for line in lines for number in processor.encode(line) + [processor.eos_id()]]
    width = "H" if processor.get_piece_size() <= 65536 else "i"
    found = array.array(width)
    found.frombytes(open(tokens, "rb").read()[64:])
    equal = list(found) == ids
    print(f"{len(lines)} lines, {len(ids)} ids, {'equal' if equal else 'NOT EQUAL'} (sentencepiece {sentencepiece.__version__})")
    return 0 if equal else 1


def main():
    if len(sys.argv) == 4:
        sys.exit(compare(*sys.argv[1:]))
    with open("Tests/TextDataTests/Fixtures/sentencepiece.json", "w") as file:
        json.dump([fixture("unigram"), fixture("bpe")], file)


main()
