"""The corpus of message headers: reads tests/header/*.cases, whose format README.md describes."""

import dataclasses
import glob
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULT_OWNS = "alice@example.com"
# How a verdict is told: with the addresses, the reason, or the field and the address.
VERDICTS = ("pass", "fault", "foreign")
_ESCAPE = re.compile(r'\{([0-9A-F]{2})\}|\{"((?:[^"\\]|\\.)*)"\*(\d+)\}')


class BadCorpus(Exception):
    """A file of cases that cannot be read, with file and line."""


@dataclasses.dataclass
class Case:
    """One header, and what must come of it.

    `header` is what a client sends, lines end in CRLF. `verdict` is one of VERDICTS, and `says` what stands behind it.
    `read` are the addresses of a refused header, when the case tells them. `shows` is the foreign address a name
    shows. `postfix` is (verdict, says) where what Postfix makes of the header has another verdict, or ("reply", code).
    """

    name: str
    place: str
    sources: list = dataclasses.field(default_factory=list)
    seen: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)
    owns: str = DEFAULT_OWNS
    config: str = ""
    header: bytes = b""
    verdict: str = ""
    says: str = ""
    read: str = None
    shows: str = ""
    postfix: tuple = None

    def addresses(self):
        """What must be read, as one text; None when the case does not tell."""
        return self.says if self.verdict == "pass" else self.read


def cases():
    """All cases of all files, in the order of the files' names."""
    found = []
    for path in sorted(glob.glob(os.path.join(HERE, "*.cases"))):
        found += _read_file(path)
    names = [one.name for one in found]
    for one in found:
        if names.count(one.name) > 1:
            raise BadCorpus(f"{one.place}: there are two cases \"{one.name}\"")
    return found


def octets(text):
    """{0D} is an octet, {"ab"*3} is a repetition; anything else is itself, in UTF-8."""
    out, at = b"", 0
    for found in _ESCAPE.finditer(text):
        out += text[at:found.start()].encode()
        if found.group(1):
            out += bytes([int(found.group(1), 16)])
        else:
            repeated = found.group(2).replace("\\r", "\r").replace("\\n", "\n")
            out += repeated.encode() * int(found.group(3))
        at = found.end()
    return out + text[at:].encode()


def _text(text):
    return octets(text).decode().strip()


def _read_file(path):
    found = []
    with open(path, encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            place = f"{os.path.basename(path)}:{number}"
            line = line.rstrip("\n")
            try:
                if line.startswith("case "):
                    found.append(Case(line[5:], place))
                elif line and not line.startswith("#"):
                    _read_line(found[-1], line)
            except (IndexError, ValueError) as why:
                raise BadCorpus(f"{place}: {why}") from None
    for one in found:
        if not one.sources or one.verdict not in VERDICTS:
            raise BadCorpus(f"{one.place}: a case without source or verdict")
    return found


def _read_line(one, line):
    if line.startswith("\t"):
        one.header += octets(line[1:]) + b"\r\n"
        return
    word, _, rest = line.partition(" ")
    if word in ("source", "seen", "note"):
        {"source": one.sources, "seen": one.seen, "note": one.notes}[word].append(rest)
    elif word in VERDICTS:
        one.verdict, one.says = word, _text(rest)
    elif word in ("owns", "read", "shows"):
        setattr(one, word, _text(rest))
    elif word == "config":
        one.config += rest + ";"
    elif word == "postfix":
        verdict, _, says = rest.partition(" ")
        if verdict not in (*VERDICTS, "reply"):
            raise ValueError(f"no verdict: {verdict}")
        one.postfix = (verdict, _text(says))
    else:
        raise ValueError(f"unknown word: {word}")
