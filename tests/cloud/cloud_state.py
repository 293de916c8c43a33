# SPDX-License-Identifier: Apache-2.0
"""The state of the local cloud - configuration, log, misbehaviours to come - and the course of an exchange."""
import copy
import datetime
import threading
import time

import cloud_frame
import cloud_misbehave


class Unknown(cloud_frame.Service):
    def wants(self, request):
        return True

    def action(self, request):
        return None

    def check(self, request):
        raise cloud_frame.Refusal(404, "NotFound", f"nothing is served at {request.path}")

    def refuse(self, refusal, request, style=None):
        return cloud_frame.Answer(refusal.status, refusal.message + "\n", "text/plain")


def merge(base, patch):
    """JSON merge patch (RFC 7386): objects are merged, null deletes."""
    if not isinstance(patch, dict) or not isinstance(base, dict):
        return patch
    result = dict(base)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name, {}) if isinstance(value, dict) else None, value)
    return result


class Cloud:
    """The state of all services, and the course of an exchange."""

    def __init__(self, config, services):
        self.lock = threading.RLock()
        self.config = merge({"clock_offset": 0}, config)
        self.entries, self.behaviours, self.issued = [], [], {}
        self.services = [service(self) for service in services] + [Unknown(self)]

    def configure(self, patch):
        if not isinstance(patch, dict):
            raise ValueError("the configuration must be an object")
        with self.lock:
            self.config = merge(self.config, patch)

    def reset(self):
        with self.lock:
            self.entries, self.behaviours = [], []

    def behave(self, wanted):
        """Appends misbehaviours; raises ValueError where one is not known."""
        checked = [cloud_misbehave.check(item) for item in wanted]
        with self.lock:
            self.behaviours += checked

    def log(self):
        with self.lock:
            return copy.deepcopy(self.entries)

    def secrets(self):
        """What no client may show to anybody but the one who asked."""
        with self.lock:
            of_aws = [given[name] for given in self.issued.values() for name in ("secret", "token") if name in given]
            return of_aws + [token for token, given in self.issued.items() if "principal" in given]

    def take(self, service, action, path):
        """The next misbehaviour that fits, counted down."""
        with self.lock:
            for item in self.behaviours:
                wanted = {"service": service, "action": action, "path": path}
                if all(item.get(key, value) == value for key, value in wanted.items()):
                    item["count"] -= 1
                    if item["count"] == 0:
                        self.behaviours.remove(item)
                    return dict(item)
        return {}

    def exchange(self, request):
        """The answer to a request: misbehaviours never save one that must be refused."""
        service = next(s for s in self.services if s.wants(request))
        action = service.action(request)
        behaviour = self.take(service.name, action, request.path)
        seconds = time.time() + self.config["clock_offset"] + behaviour.get("skew", 0)
        request.now = datetime.datetime.fromtimestamp(seconds, cloud_frame.UTC)
        entry = {"service": service.name, "action": action, "method": request.method, "path": request.path,
                 "query": request.query, "headers": request.headers, "body": request.body.decode("latin-1"),
                 "parameters": {}, "verdict": "accepted", "why": "", "code": "", "behaviour": behaviour,
                 "connection": request.connection, "time": request.now.timestamp()}
        with self.lock:  # one request at a time is judged and answered; only the sending is not
            answer = self.judge(service, request, behaviour, entry)
            cloud_misbehave.edit_answer(answer, behaviour)
            answer.date = request.now
            entry.update(n=len(self.entries) + 1, status=answer.status)
            self.entries.append(entry)
        return answer

    def judge(self, service, request, behaviour, entry):
        try:
            call = service.check(request)
            entry["parameters"] = call["parameters"]
            instead = cloud_misbehave.instead(service, request, behaviour)
            if instead:
                return instead
            document = cloud_misbehave.edit_document(service.answer(call), behaviour)
            return service.render(document, call, behaviour.get("format"))
        except cloud_frame.Refusal as refusal:
            entry.update(verdict="refused", why=refusal.message, code=refusal.code)
            return service.refuse(refusal, request)
