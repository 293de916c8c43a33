# SPDX-License-Identifier: Apache-2.0
"""What the services of the local cloud share: requests, answers, refusals, and what a service must do."""
import datetime
import json

UTC = datetime.timezone.utc


class Refusal(Exception):
    """A request that the service refuses. `code` is the service's own name of the error, `more` are members of its document."""

    def __init__(self, status, code, message, headers=(), request_id=None, more=None):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.headers, self.request_id = status, code, message, list(headers), request_id
        self.more = more or {}


def strict(why):
    """What the real service might forgive, and we do not. No real service uses this code."""
    return Refusal(400, "StrictCheckFailed", why)


class Request:
    """A request as it came: nothing decoded, headers in their order."""

    def __init__(self, method, target, headers, body, connection=0):
        self.method, self.target, self.headers, self.body, self.connection = method, target, headers, body, connection
        self.path, _, self.query = target.partition("?")
        self.now = None  # the server's time, set for each exchange

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        """The one value of a header, or None; twice the same header is refused."""
        values = self.all(name)
        if len(values) > 1:
            raise strict(f"the header {name} is there {len(values)} times")
        return values[0] if values else None


class Answer:
    def __init__(self, status, body=b"", content_type=None, headers=()):
        self.status, self.body = status, body.encode() if isinstance(body, str) else body
        self.headers = ([("Content-Type", content_type)] if content_type else []) + list(headers)
        self.wire = {}  # how it is sent: see cloud_misbehave.WIRE
        self.date = None

    def set_header(self, name, value):
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))


class Service:
    """One cloud service. A service overrides all of these."""

    name = "none"

    def __init__(self, cloud):
        self.cloud = cloud

    def wants(self, request):
        """Whether the request is for this service: by path and host only."""
        raise NotImplementedError

    def action(self, request):
        """The name of what is asked, for filters and the log, without any check."""
        raise NotImplementedError

    def check(self, request):
        """Checks everything, changes nothing; gives a call: a dict with at least "parameters". Raises Refusal."""
        raise NotImplementedError

    def answer(self, call):
        """Does what was asked and gives the document of the answer: nested dicts, with datetime for times."""
        raise NotImplementedError

    def render(self, document, call, style):
        """The Answer with that document; `style` is None or the argument of the misbehaviour "format"."""
        raise NotImplementedError

    def refuse(self, refusal, request, style=None):
        """The Answer with that error; `style` is None or the member "form" of the misbehaviour "error"."""
        raise NotImplementedError

    def throttled(self, style):
        """The Refusal of a request too many; `style` is the argument of the misbehaviour "throttle"."""
        return Refusal(429 if style == "json" else 400, "Throttling", "Rate exceeded")


def load_json(text):
    """JSON as a strict server reads it: no member twice, no NaN."""
    def unique(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise ValueError("a member is there twice")
        return dict(pairs)

    def no_constant(name):
        raise ValueError(f"{name} is not JSON")
    return json.loads(text, object_pairs_hook=unique, parse_constant=no_constant)
