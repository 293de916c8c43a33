# SPDX-License-Identifier: Apache-2.0
"""Networks and servers that are not there, or not who they say: what the program says, and how often it tries. A world's askers
are the commands that ask a server, by name, with that server's URL or the local cloud's."""
import socket
import ssl
import threading
import time

import cloud_pki


def closed_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Listener:
    """A context manager: a server that counts connections and treats each with a function, or not at all."""

    def __init__(self, treat=None):
        self.treat, self.count, self.kept = treat, 0, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            try:
                if self.treat:
                    self.treat(connection)
                else:
                    self.kept.append(connection)
            except OSError:
                pass

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for connection in self.kept:
            connection.close()


def unplugged(world):
    port = closed_port()
    for name, arguments in world.askers(f"https://localhost:{port}"):
        world.refused(f"{name}, nobody listens", arguments, 1, ["localhost", str(port)])
    for name, arguments in world.askers("https://no-such-host.invalid"):
        ran = world.refused(f"{name}, no such host", [*arguments, "--timeout-ms", "5000"], 1, ["no-such-host.invalid"])
        world.checks.true(f"{name}, no such host: ends in time", ran.seconds < 10, ran.seconds)


def wrong_servers(world):
    """Servers that close, keep still, or do not speak TLS."""
    def hang_up(connection):
        connection.close()

    def plain(connection):
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        connection.close()
    with Listener(hang_up) as closing:
        for name, arguments in world.askers(f"https://localhost:{closing.port}"):
            closing.count = 0
            world.refused(f"{name}, hangs up", arguments, 1, "localhost")
            world.checks.true(f"{name}, hangs up: bounded", 1 <= closing.count <= 6, closing.count)
    with Listener(plain) as speaking:
        for name, arguments in world.askers(f"https://localhost:{speaking.port}"):
            world.refused(f"{name}, no TLS", arguments, 1, ["localhost", "SSL"])
    with Listener() as still:
        for name, arguments in world.askers(f"https://localhost:{still.port}"):
            start = time.monotonic()
            world.refused(f"{name}, keeps still", [*arguments, "--timeout-ms", "1000"], 1, ["localhost", "timed out"])
            world.checks.true(f"{name}, keeps still: ends in time", time.monotonic() - start < 5)


def authorities(world):
    """Who may vouch for the server."""
    def with_file(arguments, path):
        return [path if word == world.cloud.ca else word for word in arguments]
    other = world.file("other.pem", cloud_pki.Authority("other").pem())
    none = world.file("none.pem", "")
    for name, arguments in world.askers(None):
        world.refused(f"{name}, another authority", with_file(arguments, other), 1, ["localhost", "certificate"])
        at = arguments.index("--ca-file")
        world.refused(f"{name}, the system's authorities", arguments[:at] + arguments[at + 2:], 1, ["localhost", "certificate"])
        for path in (world.file("missing-ca.pem"), none):
            world.refused(f"{name}, {path}", with_file(arguments, path), 1, [path])
    for name, arguments in world.askers(world.cloud.url.replace("localhost", "127.0.0.1")):
        world.accepted(f"{name}, by address", arguments, 1)


def tls_server(world, name, **more):
    """A server with a certificate of our own, and the path of its authority."""
    authority = cloud_pki.Authority("authority of " + name)
    key = cloud_pki.new_key()
    names = [cloud_pki.x509.SubjectAlternativeName([cloud_pki.x509.DNSName(name)])]
    certificate = authority.issue(name, key.public_key(), extensions=names, **more)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(world.file(name + ".crt", cloud_pki.pem(certificate)), world.file(name + ".key", cloud_pki.key_pem(key)))

    def treat(connection):
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1000)
    return Listener(treat), world.file(name + ".ca", authority.pem())


def certificates(world):
    """Row 20: a certificate of another host, and one that has expired."""
    cases = (("other.example.com", {}), ("localhost", {"start": cloud_pki.datetime.datetime(2020, 1, 1, tzinfo=cloud_pki.UTC)}))
    for host, more in cases:
        server, authority = tls_server(world, host, **more)
        with server:
            for name, arguments in world.askers(f"https://localhost:{server.port}"):
                server.count = 0
                changed = [authority if word == world.cloud.ca else word for word in arguments]
                world.refused(f"{name}, certificate of {host}", changed, 1, ["localhost", "certificate"])
                world.checks.equal(f"{name}, certificate of {host}: is not tried again", server.count, 1)


def proxies(world):
    """A proxy that is not there is told, and never used for loopback."""
    proxy = f"http://127.0.0.1:{closed_port()}"
    for name, arguments in world.askers(None):
        world.accepted(f"{name}, loopback past the proxy", [*arguments, "--proxy", proxy], 1)
    for name, arguments in world.askers("https://sts.example.com"):
        world.refused(f"{name}, dead proxy", [*arguments, "--proxy", proxy], 1, ["sts.example.com", "127.0.0.1 port"])
        ran = world.refused(f"{name}, proxy with a password", [*arguments, "--proxy", proxy.replace("//", "//user:pw-of-proxy@")], 2, "--proxy")
        world.checks.true(f"{name}, proxy with a password: is not told", "pw-of-proxy" not in ran.err, ran.err)


def run(world):
    for cases in (unplugged, wrong_servers, authorities, certificates, proxies):
        cases(world)
