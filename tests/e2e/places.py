"""Where the tests put what they need while they run."""

import tempfile

# A Unix socket's path has 107 bytes (unix(7)); what is made below a directory of ours takes up to 60 of them.
LONGEST = 40


def make_temporary(prefix):
    """A new directory in $TMPDIR, or in /tmp where a socket's path would be too long. The caller removes it."""
    place = tempfile.gettempdir()
    return tempfile.mkdtemp(prefix=prefix, dir=place if len(place) <= LONGEST else "/tmp")
