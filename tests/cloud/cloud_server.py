#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A cloud on this machine that is stricter than the real ones, for tests: cloud_server.py --state DIR [--config FILE.json]

It serves HTTPS on a free port of 127.0.0.1, and HTTP for the tests on another. When both are ready, DIR/ready says
where, in lines for a shell: CLOUD_URL, CLOUD_CONTROL, CLOUD_CA, CLOUD_PID. It ends on SIGTERM, with its parent, or
after an hour.

The control takes POST /behave (a list of misbehaviours, see cloud_misbehave.py), POST /reset (forgets log and
misbehaviours), POST /config (a JSON merge patch of the configuration), GET /config, GET /log, and GET /secrets (the secrets
and tokens that were given out).

Each service has its own paths, for clients are told where it is; its file has its part of the configuration at the top.
"""
import argparse
import contextlib
import email.utils
import http.server
import itertools
import json
import os
import signal
import socket
import socketserver
import ssl
import sys
import threading
import time

import aws_rolesanywhere
import aws_sts
import cloud_frame
import cloud_pki
import cloud_state
import entra_resource
import entra_token
import google_iam
import google_sts
import google_token

SERVICES = (aws_rolesanywhere.RolesAnywhere, aws_sts.Sts, google_token.Token, google_iam.Iam, google_iam.Check, google_sts.Sts,
            google_sts.Gdch, entra_token.Token, entra_resource.Documents, entra_resource.Check, entra_resource.UserToken)
LIFETIME_S = 3600
IDLE_S = 60
BODY_MAX = 1 << 20
ENDLESS_S = 60


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, handler, cloud, context=None):
        super().__init__(("127.0.0.1", 0), handler)
        self.cloud, self.context = cloud, context
        self.connections = itertools.count(1)

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # HTTPServer would ask the DNS for our name
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        kind = sys.exc_info()[0]
        if not issubclass(kind, (ConnectionError, ssl.SSLError, TimeoutError, OSError)):
            super().handle_error(request, client_address)

    def shutdown_request(self, request):
        self.close_request(request)  # after a broken TLS session there is nothing to shut down


class CloudHandler(http.server.BaseHTTPRequestHandler):
    """The HTTPS side: HTTP/1.1 with what the services need, and the wire's misbehaviours."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S

    def setup(self):
        self.request.settimeout(IDLE_S)
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.connection_number = next(self.server.connections)
        super().setup()

    def finish(self):
        try:
            super().finish()
        finally:
            self.request.close()

    def log_message(self, format, *args):
        pass

    def read_body(self):
        lengths = self.headers.get_all("Content-Length") or ["0"]
        if self.headers.get("Transfer-Encoding") or len(lengths) > 1 or not lengths[0].isdigit() or int(lengths[0]) > BODY_MAX:
            return None
        return self.rfile.read(int(lengths[0]))

    def serve(self):
        body = self.read_body()
        if body is None or len(self.headers.get_all("Host") or []) != 1:
            self.close_connection = True
            self.send_answer(cloud_frame.Answer(400, "the body's length or the host is not clear\n", "text/plain"))
            self.drain()
            return
        headers = [(name, str(value)) for name, value in self.headers.items()]
        target = self.requestline.split(" ")[1]
        request = cloud_frame.Request(self.command, target, headers, body, self.connection_number)
        self.send_answer(self.server.cloud.exchange(request))

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = serve

    def drain(self):
        """Takes what still comes, for else the kernel's reset may overtake the answer."""
        self.wfile.flush()
        self.request.settimeout(0.5)
        self.request.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while self.request.recv(65536):
                pass

    def head(self, answer):
        self.close_connection = self.close_connection or "close" in answer.wire
        when = answer.date.timestamp() if answer.date else time.time()
        huge = answer.wire.get("huge")
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('Unknown',))[0]}",
                 "Server: local-cloud"]
        if "no_date" not in answer.wire:
            lines.append("Date: " + email.utils.formatdate(when, usegmt=True))
        lines.append("Transfer-Encoding: chunked" if huge == "endless" else f"Content-Length: {huge or len(answer.body)}")
        lines += [f"{name}: {value}" for name, value in answer.headers]
        lines += ["Connection: close"] if self.close_connection else []
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def send_answer(self, answer):
        time.sleep(answer.wire.get("slow", 0))
        head = b"" if "raw" in answer.wire else self.head(answer)
        body = b"" if self.command == "HEAD" else answer.body
        cut = answer.wire.get("cut")
        ends = {"start": 0, "header": len(head) // 2, "body": len(head) + len(body) // 2}
        data = (head + body)[:ends.get(cut, len(head) + len(body))]
        self.close_connection = self.close_connection or cut is not None or "raw" in answer.wire
        if "drip" in answer.wire:
            self.drip(data, answer.wire["drip"])
        else:
            self.wfile.write(data)
        if "huge" in answer.wire and not cut:
            self.flood(answer.wire["huge"])

    def drip(self, data, pause):
        for i in range(len(data)):
            self.wfile.write(data[i:i + 1])
            time.sleep(pause)

    def flood(self, size):
        """Sends a body that is too big: whitespace, which JSON and XML allow for ever."""
        block = b" " * 65536
        if size == "endless":
            end = time.monotonic() + ENDLESS_S
            while time.monotonic() < end:
                self.wfile.write(b"10000\r\n" + block + b"\r\n")
            self.close_connection = True
            return
        for start in range(0, size, len(block)):
            self.wfile.write(block[:size - start])


class ControlHandler(http.server.BaseHTTPRequestHandler):
    """The HTTP side, for tests."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S

    def log_message(self, format, *args):
        pass

    def reply(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        cloud = self.server.cloud
        values = {"/log": cloud.log, "/config": lambda: cloud.config, "/secrets": cloud.secrets}
        if self.path in values:
            self.reply(200, values[self.path]())
        else:
            self.reply(404, {"error": "no such control"})

    def do_POST(self):
        cloud = self.server.cloud
        actions = {"/behave": cloud.behave, "/config": cloud.configure, "/reset": lambda _: cloud.reset()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path not in actions:
            self.reply(404, {"error": "no such control"})
            return
        try:
            actions[self.path](json.loads(body or b"null"))
            self.reply(200, {})
        except (ValueError, TypeError, KeyError) as error:
            self.reply(400, {"error": str(error)})


def make_context(state):
    authority = cloud_pki.Authority("local cloud test root")
    certificate, key = authority.issue_server("localhost", ["localhost", "westeurope.localhost"], ["127.0.0.1", "::1"])
    write(state, "ca.pem", authority.pem())
    write(state, "server.pem", cloud_pki.pem(certificate) + authority.pem())
    write(state, "server.key", cloud_pki.key_pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(os.path.join(state, "server.pem"), os.path.join(state, "server.key"))
    context.set_alpn_protocols(["http/1.1"])
    return context


def write(state, name, data):
    """Writes a file of the state directory in one step."""
    path = os.path.join(state, name)
    fd = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as out:
        out.write(data)
    os.rename(path + ".new", path)


def watch(parent, stop):
    """Ends the server with its parent, or after its time."""
    end = time.monotonic() + LIFETIME_S
    while not stop.wait(0.5):
        if os.getppid() != parent or time.monotonic() > end:
            stop.set()


def main():
    parent = os.getppid()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--state", required=True)
    parser.add_argument("--config")
    args = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    config = {}
    if args.config:
        with open(args.config, encoding="utf-8") as file:
            config = json.load(file)
    os.makedirs(args.state, exist_ok=True)
    cloud = cloud_state.Cloud(config, SERVICES)
    servers = [Server(CloudHandler, cloud, make_context(args.state)), Server(ControlHandler, cloud)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ready = {"CLOUD_URL": f"https://localhost:{servers[0].server_port}", "CLOUD_CONTROL": f"http://127.0.0.1:{servers[1].server_port}",
             "CLOUD_CA": os.path.join(os.path.abspath(args.state), "ca.pem"), "CLOUD_PID": os.getpid()}
    write(args.state, "ready", "".join(f"{name}='{value}'\n" for name, value in ready.items()).encode())
    watch(parent, stop)
    os.unlink(os.path.join(args.state, "ready"))


if __name__ == "__main__":
    main()
