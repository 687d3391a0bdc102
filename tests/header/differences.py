"""Headers that Sendward reads in exactly one way, and Python in another: every known class, and why ours is right.

What is in no class fails the test. Each class has a case of its own in the corpus, and the test fails when that case
does not show it any more.
"""

import dataclasses
import re

import second

_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_BLANK_AT = re.compile(rb"[ \t]@|@[\r \t]")
_LOOKS_LIKE_LOCAL = re.compile(r"[^][()<>,;:\"\\\s]+")
_LOOKS_LIKE_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)+")
_WORD_BEGINS = re.compile(rb"=\?[^?]+\?[qb]\?=[0-9a-f]{2}", re.I)
_NO_NAME = re.compile(rb"^:", re.M)
_BLANK_BEFORE_COLON = re.compile(rb"^[!-9;-~]+[ \t]+:", re.M)


@dataclasses.dataclass
class Disagreement:
    """One header, read by one of second.READERS."""

    header: bytes
    reader: str
    ours: list      # [(local part, domain)]
    theirs: object  # the same, or the exception
    shown: str      # the address in a name or comment that Sendward noticed


@dataclasses.dataclass
class Class:
    name: str
    example: str    # the name of a case of the corpus
    matches: object
    why: str


def _bare(one):
    return _BARE.search(one.header)


def _blank(one):
    return _BLANK_BEFORE_COLON.search(one.header)


def _no_name(one):
    return _NO_NAME.search(one.header)


def _crash(one):
    return one.reader == "grammar" and isinstance(one.theirs, AttributeError)


def _same(reader, theirs, ours):
    """The strict reader puts an empty address in the place of what it does not take, or of everything."""
    return theirs == ours or (reader == "strict" and (theirs == [("", "")] or len(theirs) == len(ours) and
                                                      all(a in (b, ("", "")) for a, b in zip(theirs, ours))))


def _fold(one):
    """A fold within quotes or a comment, and nothing else: unfolded, the reader agrees. What it takes for an address
    has been noticed, but for "boss @bank.example", which nobody else takes for one."""
    if one.reader == "grammar" or b"\r\n" not in one.header or not isinstance(one.theirs, list):
        return False
    again = second.READERS[one.reader](second.unfolded(second.fields(one.header)))
    if not _same(one.reader, second.normalised(again), one.ours):
        return False
    others = [address for address in one.theirs
              if address not in one.ours and _LOOKS_LIKE_LOCAL.fullmatch(address[0]) and
              _LOOKS_LIKE_DOMAIN.fullmatch(address[1])]
    return not others or one.shown or _BLANK_AT.search(one.header)


def _no_end(one):
    """No address is read in place of ours."""
    return (one.reader == "grammar" and isinstance(one.theirs, list) and _WORD_BEGINS.search(one.header) and
            all(address in one.ours or not address[1] for address in one.theirs))


def _refused(one):
    return one.reader == "strict" and isinstance(one.theirs, list) and _same(one.reader, one.theirs, one.ours)


CLASSES = (
    Class("a bare line feed or carriage return", "other fields behind a bare line feed in another field", _bare,
          "Python ends a line there. In SMTP a line ends in CRLF, and Postfix has decided what it makes of such octets "
          "before a milter sees them: tests/e2e/cases_header.py."),
    Class("a blank before the colon", "blanks behind the name", _blank,
          "For Python the header ends there. RFC 5322 4.5 has it in the obsolete syntax, Postfix takes the blank away "
          "and delivers the field: it must count."),
    Class("a field without a name", "a line that begins with a colon", _no_name,
          "Python goes on behind such a line. For Postfix the header ends there, and it delivers an empty line before "
          "it: nobody who gets the message sees the fields behind it as fields."),
    Class("a name that ends in a dot", "a dot right before the bracket", _crash,
          "python/cpython #87667: the parser raises an exception, so there is no other reading."),
    Class("a strict reader that refuses", "a comment within a name", _refused,
          "getaddresses(strict=True) answers with an empty address for a domain literal, and with that alone where it "
          "counts commas and addresses and they do not match: no other reading."),
    Class("a fold in quotes or a comment", "a fold behind an address in a quoted name", _fold,
          "SpamScope/mail-parser #63, python/cpython #75272: getaddresses() wants unfolded values, and ends the string at "
          "the fold when it gets another. RFC 5322 2.2.3 has unfolding first, and real names are folded there. What "
          "such a reader takes for the address stands in the name, so it is flagged, or refused by "
          "display_name_address = reject."),
    Class("an encoded word without an end", "an encoded word that does not end", _no_end,
          "email.policy.default takes all that follows for the word, up to the end, and finds no address; who does not "
          "decode it reads ours. Nobody reads another one."),
)

# Where a Python that does not have the fault, or the reader, is no surprise.
MAY_BE_MENDED = (_crash, _fold, _no_end, _refused)


def class_of(disagreement):
    """The class it falls into, or None."""
    for one in CLASSES:
        if one.matches(disagreement):
            return one
    return None
