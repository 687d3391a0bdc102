"""Message headers made up by chance: from the grammar, and from the corpus with a few octets changed.

The same seed gives the same headers. About half of them are meant to be good, for only those are compared.
"""

import random

ATOMS = ["alice", "bob", "a.b", "x+y", "o'brien", "Boss", "J.", "Q", "é", "用户", "=", "a=b", "it's", "x_y", "-", "#1"]
DOMAINS = ["example.com", "bank.example", "EXAMPLE.com", "a.b.c.example", "xn--bcher-kva.example", "bücher.example",
           "[192.0.2.1]", "[IPv6:2001:db8::1]", "x-y.example"]
QUOTED = ['"Boss, The"', '"a@b"', '"x\\"y"', '"\\\\"', '""', '"a.b"', '"<z>"', '"A (b)"', '"ü"', '":;"', '" "']
WORDS = ["=?utf-8?q?B=C3=A4r?=", "=?utf-8?b?Ym9zc0BiYW5rLmV4YW1wbGU=?=", "=?us-ascii?q?a=2Cb?=",
         "=?utf-8?q?=22?=", "=?utf-8?q?x?="]
COMMENTS = ["(c)", "(a (b) c)", "(x, y)", "(boss@bank.example)", "(\\))", "()", "(\")", "(=?utf-8?q?c?=)", "(é)"]
BLANKS = ["", " ", " ", " ", "  ", "\t", "\r\n ", "\r\n\t", " (c) "]
NAMES = ["From", "From", "From", "FROM", "Sender", "Resent-From", "Resent-Sender"]
# What a mutation puts in: the octets that mean something.
SPICE = [b"<", b">", b"(", b")", b'"', b",", b";", b":", b"@", b".", b"\\", b" ", b"[", b"]", b"\t", b"=?", b"?=", b"\r\n ",
         b"\xc3\xa9", b"a", b"%"]


class Generator:
    """An endless supply of headers; `seeds` are headers to change."""

    def __init__(self, seed, seeds):
        self._random = random.Random(seed)
        self._seeds = seeds

    def header(self):
        """The octets of one header."""
        if self._random.random() < 0.25:
            return self._mutated(self._pick(self._seeds))
        header = self._field("From")
        while self._random.random() < 0.1:
            header += self._field(self._pick(NAMES))
        octets = header.encode()
        return self._mutated(octets) if self._random.random() < 0.25 else octets

    def _pick(self, choices):
        return choices[self._random.randrange(len(choices))]

    def _chance(self, probability):
        return self._random.random() < probability

    def _field(self, name):
        elements = [self._element() for _ in range(self._pick((1, 1, 1, 2, 3)))]
        separator = self._pick((",", ", ", ",\r\n ", " , "))
        return name + ":" + self._pick(BLANKS[1:]) + separator.join(elements) + self._pick(("", "", " ", " (end)")) + "\r\n"

    def _element(self):
        if not self._chance(0.08):
            return self._mailbox()
        members = ", ".join(self._mailbox() for _ in range(self._pick((1, 1, 2))))
        return self._phrase() + self._pick(("", " ")) + ":" + self._pick(BLANKS) + members + self._pick(("", " ")) + ";"

    def _mailbox(self):
        address = self._address()
        if self._chance(0.3):
            return self._comment() + address + self._comment()
        phrase = self._phrase() + self._pick(BLANKS) if self._chance(0.8) else ""
        return phrase + "<" + address + ">" + self._comment()

    def _comment(self):
        return self._pick((" ", "")) + self._pick(COMMENTS) if self._chance(0.2) else ""

    def _phrase(self):
        words = [self._pick(self._pick((ATOMS, ATOMS, QUOTED, WORDS))) for _ in range(self._pick((1, 1, 2, 3)))]
        return self._pick((" ", " ", " ", " (c) ", "\r\n ")).join(words)

    def _address(self):
        local = self._pick(QUOTED) if self._chance(0.1) else self._pick(ATOMS)
        return local + "@" + self._pick(DOMAINS)

    def _mutated(self, octets):
        """One or two places changed, anywhere."""
        for _ in range(self._pick((1, 1, 2))):
            at = self._random.randrange(len(octets)) if octets else 0
            kind = self._random.random()
            if kind < 0.5:
                octets = octets[:at] + self._pick(SPICE) + octets[at:]
            elif kind < 0.75:
                octets = octets[:at] + octets[at + 1:]
            else:
                end = at + self._random.randrange(1, 12)
                octets = octets[:end] + octets[at:end] + octets[end:]
        return octets
