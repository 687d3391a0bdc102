"""The second opinion: what Python's email package reads in a header.

It has three readers of addresses. That of email.policy.default is a parser of RFC 5322's grammar with error recovery.
email.utils.getaddresses() is older and lenient; since CVE-2023-27043 it has a strict mode, which gives an empty address
for what it will not read. They know nothing of each other, and nothing of ours.
"""

import email.message
import email.parser
import email.policy
import email.utils
import inspect
import ipaddress
import unicodedata

FIELDS = ("from", "sender", "resent-from", "resent-sender")
HAS_STRICT = "strict" in inspect.signature(email.utils.getaddresses).parameters


def fields(header):
    """The originator fields as Python finds them in the octets: [(name, value as text)]."""
    message = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(header)
    return [(name.lower(), value.encode("ascii", "surrogateescape").decode("utf-8", "replace"))
            for name, value in message.raw_items() if name.lower() in FIELDS]


def grammar(values):
    """What the parser of email.policy.default reads: [(local part, domain)]."""
    found = []
    for name, value in values:
        # As policies do it: lines are joined.
        parsed = email.policy.default.header_factory("from" if name == "sender" else name, "".join(value.splitlines()))
        found += [(one.username, one.domain) for one in parsed.addresses]
    return found


def lenient(values):
    """What getaddresses() reads as it always did."""
    return _getaddresses(values, {"strict": False} if HAS_STRICT else {})


def strict(values):
    """What getaddresses() reads in its strict mode."""
    return _getaddresses(values, {"strict": True})


READERS = {"grammar": grammar, "lenient": lenient, **({"strict": strict} if HAS_STRICT else {})}


def _getaddresses(values, arguments):
    found = email.utils.getaddresses([value for _name, value in values], **arguments)
    return [_split(address) for _name, address in found]


def _split(address):
    local, _, domain = address.rpartition("@")
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = email.utils.unquote(local)
    return local, domain


def unfolded(values):
    """The fields with their line breaks taken out, as RFC 5322 section 2.2.3 wants it before anybody reads them."""
    return [(name, value.replace("\r\n", "").replace("\n", "")) for name, value in values]


def normalised(addresses):
    """In the form in which Sendward compares: NFC, the domain in lower case A-labels."""
    return [(unicodedata.normalize("NFC", local), _domain(domain)) for local, domain in addresses]


def _domain(domain):
    if domain.lower().startswith("[ipv6:"):
        try:
            return f"[ipv6:{ipaddress.IPv6Address(domain[6:-1])}]"
        except ValueError:
            return domain
    labels = unicodedata.normalize("NFC", domain).lower().split(".")
    return ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in labels)
