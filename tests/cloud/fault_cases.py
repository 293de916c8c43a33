# SPDX-License-Identifier: Apache-2.0
"""What the tests of faults of all clouds share."""
import time

ALWAYS = -1  # a count that never ends


def always(**behaviour):
    return [{"count": ALWAYS, **behaviour}]


def deep(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


class Target:
    """A command that asks a server. `before` are the requests to another service that come first."""

    def __init__(self, world, name, arguments, before=0, filters=None):
        self.world, self.name, self.arguments, self.before, self.filters = world, name, arguments, before, filters or {}

    def only(self, behave):
        return [{**self.filters, **item} for item in behave]

    def refused(self, name, behave, parts, requests=1, more=()):
        return self.world.refused(f"{self.name}, {name}", [*self.arguments, *more], 1, parts, requests + self.before, behave=self.only(behave))

    def accepted(self, name, behave, requests, more=()):
        """The seconds that it took."""
        start = time.monotonic()
        self.world.accepted(f"{self.name}, {name}", [*self.arguments, *more], requests + self.before, behave=self.only(behave))
        return time.monotonic() - start


def times(target):
    ran = target.refused("slow", always(slow=5), ["timed out"], 1, ["--timeout-ms", "700"])
    target.world.checks.true(f"{target.name}, slow: ends in time", ran.seconds < 4, ran.seconds)
    ran = target.refused("drop by drop", always(drip=0.05), ["timed out"], 1, ["--timeout-ms", "1500"])
    target.world.checks.true(f"{target.name}, drop by drop: ends in time", ran.seconds < 4, ran.seconds)
    target.accepted("late but in time", [{"slow": 1}], 1)
    for where in ("start", "header", "body"):
        target.accepted(f"cut at the {where}, then good", [{"cut": where}], 2)
        target.refused(f"cut at the {where} for ever", always(cut=where), ["localhost"], 3)
    target.accepted("connections that are closed", [{"close": True}], 1)
