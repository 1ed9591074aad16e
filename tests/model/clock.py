# SPDX-License-Identifier: GPL-2.0-or-later
"""A made clock: actions in order of time, nanoseconds from 0.  Nothing waits in real time."""
import heapq

MICROSECOND = 1000
MILLISECOND = 1000 * MICROSECOND
SECOND = 1000 * MILLISECOND


def ns(seconds):
    return round(seconds * SECOND)


class Timer:
    """An action that may be cancelled before its time."""
    __slots__ = ("action", "arguments")

    def __init__(self, action, arguments):
        self.action = action
        self.arguments = arguments

    def cancel(self):
        self.action = None


class Clock:
    def __init__(self):
        self.now = 0
        self.queue = []
        self.count = 0  # keeps actions of the same time in order

    def after(self, delay, action, *arguments):
        """Runs the action after a delay in nanoseconds; returns its timer."""
        timer = Timer(action, arguments)
        self.count += 1
        heapq.heappush(self.queue, (self.now + delay, self.count, timer))
        return timer

    def run(self, until):
        """Runs all actions up to a time."""
        while self.queue and self.queue[0][0] <= until:
            self.now, _, timer = heapq.heappop(self.queue)
            if timer.action is not None:
                timer.action(*timer.arguments)
