"""The index of senders: where logins are found that may own an address (store/senders.h)."""

from bench import equal


def index(b):
    """Place -> logins, as Redis has it."""
    head = "sendward:{@"
    return {key[len(head):].replace("}:s:", " "): sorted(b.redis("ZRANGE", key, 0, -1))
            for key in b.redis("KEYS", "sendward:{@*}:s:*")}


def follows(b):
    """the index of senders follows every change of an account"""
    b.ok("user", "add", "rose@dom.example")
    equal(index(b), {"dom.example rose": ["rose@dom.example"], "%25plan: *": ["rose@dom.example"],
                     "dom.example %": ["rose@dom.example"]})
    b.ok("user", "set", "rose@dom.example", "--sender", "SALES@dom.example", "--sender", "*@*.sub.example", "--sender",
         "!x@sub.example")
    equal(index(b), {"dom.example rose": ["rose@dom.example"], "dom.example sales": ["rose@dom.example"],
                     "sub.example *.": ["rose@dom.example"]})
    b.ok("user", "add", "lily", "--plan", "students", "--sender", "sales@dom.example")
    b.ok("block", "lily")
    b.ok("user", "set", "rose@dom.example", "--remove-sender", "SALES@dom.example", "--add-sender", "info@dom.example")
    equal(index(b), {"dom.example rose": ["rose@dom.example"], "dom.example sales": ["lily"],
                     "dom.example info": ["rose@dom.example"], "sub.example *.": ["rose@dom.example"]})
    b.ok("user", "delete", "rose@dom.example")
    b.ok("import", "-", stdin='{"login":"lily","plan":"students"}\n{"login":"iris@dom.example"}\n')
    equal(index(b), {"%25plan:students *": ["lily"], "%25plan: *": ["iris@dom.example"],
                     "dom.example %": ["iris@dom.example"], "dom.example iris": ["iris@dom.example"]})


def reindex(b):
    """reindex puts accounts into the index that are not there, and says that it is complete"""
    b.ok("user", "add", "rose", "--sender", "sales@dom.example")
    b.ok("user", "add", "lily", "--sender", "sales@dom.example")
    whole = index(b)
    for key in b.redis("KEYS", "sendward:{@*}:s:*"):
        b.redis("DEL", key)
    equal(b.redis("EXISTS", "sendward:senders"), 0)
    equal(b.ok("reindex"), "2 accounts are in the index of senders\n")
    equal(index(b), whole)
    equal(b.redis("EXISTS", "sendward:senders"), 1)
    equal(b.json("reindex"), {"accounts": 2})


def no_index(b):
    """an account is not written when the index does not take it"""
    b.redis("SET", "sendward:{@dom.example}:s:sales", "not a set")
    b.refused(1, "rose: redis at unix:.*: WRONGTYPE", "user", "add", "rose", "--sender", "sales@dom.example")
    equal(b.ok("user", "list"), "no accounts\n")


CASES = [follows, reindex, no_index]
