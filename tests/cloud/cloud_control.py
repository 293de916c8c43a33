#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Starts and steers the local cloud.

  cloud_control.py wait DIR               until the server of that state directory is ready
  cloud_control.py behave DIR JSON        a list of misbehaviours, or one (cloud_misbehave.py has them)
  cloud_control.py config DIR JSON        changes the configuration
  cloud_control.py log DIR                prints the log
  cloud_control.py count DIR [ACTION]     prints how many requests came, or how many of an action
  cloud_control.py refused DIR            prints why requests were refused, a line each
  cloud_control.py reset DIR              forgets log and misbehaviours
  cloud_control.py stop DIR               ends the server
"""
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
READY_S = 30


def read_ready(state):
    """What the server says of itself, or None."""
    try:
        with open(os.path.join(state, "ready"), encoding="utf-8") as file:
            return dict(word.split("=", 1) for word in shlex.split(file.read()))
    except FileNotFoundError:
        return None


class Control:
    """The control of a server that runs."""

    def __init__(self, state):
        self.state = state
        ready = read_ready(state)
        if ready is None:
            raise RuntimeError(f"no server is ready in {state}")
        self.url, self.ca, self.pid = ready["CLOUD_URL"], ready["CLOUD_CA"], int(ready["CLOUD_PID"])
        self.base = ready["CLOUD_CONTROL"]
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, path, value=None):
        """GET, or POST with a value; what is refused is a ValueError."""
        data = None if value is None else json.dumps(value).encode()
        try:
            with self.opener.open(self.base + path, data, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None

    def behave(self, *behaviours):
        self.call("/behave", list(behaviours))

    def config(self, **patch):
        self.call("/config", patch)

    def reset(self):
        self.call("/reset", {})

    def log(self, action=None):
        return [entry for entry in self.call("/log") if action in (None, entry["action"])]

    def secrets(self):
        return self.call("/secrets")

    def last(self):
        return self.log()[-1]


class Cloud(Control):
    """A server of our own: a context manager that starts and ends it."""

    def __init__(self, config=None, state=None):
        self.own = state is None
        self.path = state or tempfile.mkdtemp(prefix="cloud.")
        arguments = [sys.executable, "-B", os.path.join(HERE, "cloud_server.py"), "--state", self.path]
        if config is not None:
            with open(os.path.join(self.path, "config.json"), "w", encoding="utf-8") as out:
                json.dump(config, out)
            arguments += ["--config", out.name]
        self.process = subprocess.Popen(arguments)
        try:
            wait(self.path, self.process)
        except RuntimeError:
            self.stop()
            raise
        super().__init__(self.path)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.own:
            shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def wait(state, process=None):
    end = time.monotonic() + READY_S
    while read_ready(state) is None:
        if time.monotonic() > end or (process and process.poll() is not None):
            raise RuntimeError(f"the server of {state} did not start")
        time.sleep(0.05)


def behave(control, text):
    value = json.loads(text)
    control.behave(*(value if isinstance(value, list) else [value]))


def stop(control):
    os.kill(control.pid, signal.SIGTERM)
    end = time.monotonic() + READY_S
    while read_ready(control.state) is not None and time.monotonic() < end:
        time.sleep(0.05)


COMMANDS = {
    "behave": behave,
    "config": lambda control, text: control.config(**json.loads(text)),
    "log": lambda control: print(json.dumps(control.log(), indent=1)),
    "count": lambda control, action=None: print(len(control.log(action))),
    "refused": lambda control: print("".join(f"{e['code']}: {e['why']}\n" for e in control.log() if e["verdict"] == "refused"), end=""),
    "reset": lambda control: control.reset(),
    "stop": stop,
}


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in (*COMMANDS, "wait"):
        sys.exit(__doc__)
    try:
        if arguments[0] == "wait":
            wait(arguments[1])
        else:
            COMMANDS[arguments[0]](Control(arguments[1]), *arguments[2:])
    except (RuntimeError, ValueError, OSError) as error:
        sys.exit(f"cloud_control.py: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
