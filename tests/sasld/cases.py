"""The cases, each a function whose text is its name."""

import time

from bench import Failure, expect
from sendward import PREFIX, events

CASES = []
ROSE = "rose@dom.example"
PASSWORD = "Correct-Horse-7"


def case(function):
    CASES.append(function)
    return function


def accepted(username=ROSE):
    return "OK", {"user": username}


@case
def plain(bench):
    """PLAIN lets in who knows the password, and nobody else"""
    bench.start().user(ROSE)
    client = bench.client()
    expect(client.plain(ROSE, PASSWORD), accepted())
    expect(client.plain(ROSE, "wrong"), ("FAIL", {}))
    expect(client.plain("nobody@dom.example", PASSWORD), ("FAIL", {}))
    expect(client.plain(ROSE, PASSWORD), accepted())


@case
def login(bench):
    """LOGIN lets in who knows the password, and nobody else"""
    bench.start().user(ROSE)
    client = bench.client()
    expect(client.login(ROSE, PASSWORD), accepted())
    expect(client.login(ROSE, "wrong"), ("FAIL", {}))


@case
def scram(bench):
    """SCRAM-SHA-256 lets in who knows the password, and proves that the server does"""
    bench.start().user(ROSE)
    client = bench.client()
    expect(client.scram(ROSE, PASSWORD), accepted())
    expect(client.scram(ROSE, "wrong"), ("FAIL", {}))
    expect(client.scram("nobody@dom.example", PASSWORD), ("FAIL", {}))
