"""Has the machine stood still? A case during which it did has proved nothing, and is tried again."""

import threading
import time

BEAT_S = 0.01
STILL_S = 0.06    # a beat that comes so late is one of a machine with too much to do


class Pulse(threading.Thread):
    """Beats as long as the process lives; for one case after the other."""

    def __init__(self):
        super().__init__(daemon=True)
        self._longest_s = 0
        self.start()

    def run(self):
        last = time.monotonic()
        while True:
            time.sleep(BEAT_S)
            now = time.monotonic()
            self._longest_s = max(self._longest_s, now - last)
            last = now

    def begin(self):
        self._longest_s = 0

    def stood_still_ms(self):
        """The longest time without a beat since begin(), in ms; 0 when it was none to speak of."""
        return self._longest_s * 1000 if self._longest_s > STILL_S else 0
