"""The words of a text, divided as `rnntrain` divides it."""

import re

# The characters that Unicode calls white space. `str.split` also divides at U+001C to U+001F.
WHITE_SPACE = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


def word_lines(path):
    """The words of each line. Only a line feed ends a line, and a byte order mark at the start is no character."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        lines = file.read().split("\n")
    if lines[-1] == "":
        lines.pop()
    return [[word for word in WHITE_SPACE.split(line) if word] for line in lines]
