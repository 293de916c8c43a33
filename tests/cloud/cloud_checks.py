# SPDX-License-Identifier: Apache-2.0
"""Counts checks, and speaks HTTP as plainly as it can be, for the tests of the local cloud."""
import http.client
import socket
import ssl
import sys
import urllib.parse


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def true(self, name, value, seen=""):
        if value:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {name}: {seen}", file=sys.stderr)

    def equal(self, name, seen, wanted):
        self.true(name, seen == wanted, f"{seen!r} is not {wanted!r}")

    def contains(self, name, seen, part):
        self.true(name, part in seen, f"{part!r} is not in {seen!r}")

    def refused(self, name, control, code, text=""):
        """The last request was refused with that code, and a text with that in it."""
        last = control.last()
        self.true(name, last["verdict"] == "refused" and last["code"] == code and text.lower() in last["why"].lower(),
                  f"{last['verdict']} {last['code']}: {last['why']}")

    def raises(self, name, kind, function, *arguments):
        try:
            value = function(*arguments)
        except kind as error:
            self.passed += 1
            return error
        self.true(name, False, f"no {kind} but {value!r}")
        return None


class Reply:
    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()


def context(control):
    strict = ssl.create_default_context(cafile=control.ca)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    return strict


def send(control, method, target, headers, body=b"", timeout=20):
    """Sends exactly these headers (pairs), and a Content-Length."""
    local = urllib.parse.urlsplit(control.url)
    connection = http.client.HTTPSConnection("localhost", local.port, timeout=timeout, context=context(control))
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body or method == "POST":
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return Reply(connection.getresponse())
    finally:
        connection.close()


def raw(control, data, timeout=20):
    """What comes back for these bytes, until the server closes."""
    port = urllib.parse.urlsplit(control.url).port
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout) as plain:
        with context(control).wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(data)
            try:
                while block := tls.recv(65536):
                    got += block
            except (ssl.SSLError, OSError):
                pass
    return got
