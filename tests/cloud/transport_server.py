#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Servers that behave well and badly, for the test of the built-in HTTP transport.

usage: transport_server.py PROGRAM

Makes certificates in a folder of its own, listens on free ports of 127.0.0.1, runs
`PROGRAM FOLDER NAME=PORT...` and ends with its status. What a request of the well-behaved server
gets is chosen by its path; "/echo" answers with what arrived.
"""

import datetime
import gzip
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from ipaddress import ip_address
from pathlib import Path

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
except ImportError:
    print("skipped: python3-cryptography is not here")
    sys.exit(77)

DAY = datetime.timedelta(days=1)
MIB = 1024 * 1024
counts = Counter()
lock = threading.Lock()


def count(name):
    with lock:
        counts[name] += 1
        return counts[name]


# --- certificates ---


def name_of(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


class Authority:
    """A certificate authority that lives as long as the test."""

    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name_of(name)
        self.certificate = self.sign(self.name, self.key, True, -1, 1, [])

    def sign(self, subject, key, is_ca, first_day, last_day, extensions):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now + first_day * DAY).not_valid_after(now + last_day * DAY)
                   .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, path, names=("127.0.0.1", "sts.example.test"), first_day=-1, last_day=1, use=None):
        """Writes a server's key and certificate to a file."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
                        for name in names]
        extensions = [x509.SubjectAlternativeName(alternatives),
                      x509.ExtendedKeyUsage([use or x509.ExtendedKeyUsageOID.SERVER_AUTH])]
        certificate = self.sign(name_of(names[0]), key, False, first_day, last_day, extensions)
        path.write_bytes(pem_of_key(key) + pem_of(certificate))
        return path


def pem_of(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def pem_of_key(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def context_for(path, newest=None):
    warnings.simplefilter("ignore", DeprecationWarning)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if newest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = newest
    context.load_cert_chain(path)
    return context


# --- what a server does ---


def listen(serve):
    """Runs serve(connection) in a thread for each connection; returns the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def run_one(connection):
        try:
            serve(connection)
        except (OSError, EOFError):
            pass
        finally:
            connection.close()

    def accept():
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=run_one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def reset(connection):
    """Closes with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_head(reader):
    line = reader.readline()
    if not line:
        raise EOFError
    lines = []
    while True:
        field = reader.readline()
        if field in (b"\r\n", b""):
            return line.rstrip(b"\r\n").decode("ascii"), lines
        lines.append(field.rstrip(b"\r\n").decode("latin-1"))


def answer(connection, body, status="200 OK", fields=()):
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
    connection.sendall("\r\n".join(head).encode("latin-1") + body)


def forever(connection, first, chunk, pause=0.0):
    connection.sendall(first)
    while True:
        connection.sendall(chunk)
        time.sleep(pause)


def chunked(*chunks):
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

# Path: what is sent before the connection is closed.
LITERALS = {
    "/cut": HEAD + b"Content-Length: 100\r\n\r\n" + b"x" * 50,
    "/cut-in-head": HEAD + b"Content-Le",
    "/cut-chunk": CHUNKED + chunked(b"half") + b"ff\r\nmore",
    "/cut-last-chunk": CHUNKED + chunked(b"all but the end"),
    "/bad-chunk": CHUNKED + b"zz\r\nmore",
    "/bad-length": HEAD + b"Content-Length: -5\r\n\r\nhello",
    "/two-lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "/http09": b"hello",
    "/bad-status": b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
    "/nul": HEAD + b"A: b\0c\r\nContent-Length: 0\r\n\r\n",
    "/no-colon": HEAD + b"what is this\r\nContent-Length: 0\r\n\r\n",
    "/nothing": b"",
    "/long-field": HEAD + b"A: " + b"a" * 17000 + b"\r\nContent-Length: 0\r\n\r\n",
    "/many-fields": HEAD + b"A: b\r\n" * 200 + b"Content-Length: 0\r\n\r\n",
    "/until-close": HEAD + b"\r\nhello",
    "/until-cut": HEAD + b"\r\nhello",
    "/shorter": HEAD + b"Content-Length: 5\r\n\r\nhello, and more than was promised",
}

# Path: what is sent first, and then without end.
ENDLESS = {
    "/endless-head": (HEAD, b"A: b\r\n" * 20),
    "/endless-line": (HEAD + b"A: ", b"a" * 1000),
    "/endless-interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "/endless-trailer": (CHUNKED + b"0\r\n", b"A: b\r\n" * 20),
    "/endless-body": (HEAD + b"\r\n", b"x" * 10000),
    "/endless-chunks": (CHUNKED, chunked(b"x" * 10000)),
    "/drip": (HEAD + b"Content-Length: 100000\r\n\r\n", b"x"),
    "/drip-head": (HEAD + b"A: ", b"a"),
}


class Server:
    """HTTP/1.1 with connections that are kept open, strict about what arrives."""

    def __init__(self, context):
        self.context = context
        self.release = threading.Event()

    def __call__(self, connection):
        number = count("connections")
        if self.context is not None:
            connection = self.context.wrap_socket(connection, server_side=True)
        reader = connection.makefile("rb")
        served = 0
        while True:
            line, fields = read_head(reader)
            served += 1
            method, target, version = line.split(" ")
            path = target.partition("?")[0]
            count(path)
            length = sum(int(field.partition(":")[2]) for field in fields
                         if field.lower().startswith("content-length:"))
            if path == "/reset":
                # The body is on its way.
                reset(connection)
                return
            body = reader.read(length)
            names = [field.partition(":")[0].lower() for field in fields]
            if version != "HTTP/1.1" or names.count("host") != 1 or "expect" in names:
                answer(connection, b"", "400 Bad Request")
                return
            seen = [f"connection {number}", f"request {served}", f"{method} {target}", *fields, "",
                    body.decode("latin-1")]
            if not self.reply(connection, path, "\n".join(seen).encode("latin-1"), served):
                connection.close()
                return

    def reply(self, connection, path, seen, served):
        """Returns whether the connection stays open."""
        if path in LITERALS:
            connection.sendall(LITERALS[path])
            if path == "/until-close" and self.context is not None:
                connection.unwrap()
            return False
        if path in ENDLESS:
            forever(connection, *ENDLESS[path], pause=0.05 if "drip" in path else 0.0)
        if path.startswith("/count/"):
            with lock:
                answer(connection, b"%d" % counts[path[len("/count"):]])
        elif path.startswith("/counter-"):
            with lock:
                answer(connection, b"%d" % counts[path[len("/counter-"):]])
        elif path.startswith("/status/"):
            answer(connection, b"", path[len("/status/"):] + " As asked", ["Retry-After: 1"])
        elif path == "/redirect":
            answer(connection, b"", "307 Elsewhere", ["Location: /redirected"])
        elif path == "/exact":
            answer(connection, b"x" * MIB)
        elif path == "/one-more":
            answer(connection, b"x" * (MIB + 1))
        elif path == "/gzip":
            answer(connection, gzip.compress(b"bomb" * 1000), fields=["Content-Encoding: gzip"])
        elif path == "/interim":
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            answer(connection, b"hello")
        elif path == "/trailer":
            connection.sendall(CHUNKED + chunked(b"hel", b"lo") + b"0\r\nLate: 1\r\n\r\n")
        elif path == "/cookie":
            answer(connection, b"", fields=["Set-Cookie: a=b; Path=/", "Alt-Svc: h2=\":1\"",
                                            "Strict-Transport-Security: max-age=1000"])
        elif path == "/late":
            time.sleep(0.7)
            answer(connection, seen)
        elif path == "/close-after":
            answer(connection, seen)
            return False
        elif path == "/drop-second":
            if served > 1:
                return False
            answer(connection, seen)
        elif path == "/hang":
            self.release.wait()
        else:
            answer(connection, seen, fields=["X-Spaces:  \t a b \t", "Content-Type: text/plain"])
        return True


def serve_silence(connection):
    threading.Event().wait()


def serve_reset(connection):
    connection.recv(1)
    reset(connection)


def serve_no_tls(connection):
    connection.recv(1000)
    answer(connection, b"", "400 Bad Request")


def serve_end(connection):
    connection.recv(1000)


def serve_proxy(connection):
    """Takes CONNECT to the names of the test, which all mean 127.0.0.1."""
    count("proxied")
    reader = connection.makefile("rb", buffering=0)
    line, fields = read_head(reader)
    method, target, _ = line.split(" ")
    host, _, port = target.rpartition(":")
    if any("s3cret" in field for field in [line, *fields]):
        count("leaked-to-proxy")
    if method != "CONNECT" or host != "sts.example.test":
        answer(connection, b"", "403 Forbidden")
        return
    with socket.create_connection(("127.0.0.1", int(port))) as inner:
        connection.sendall(b"HTTP/1.1 200 Established\r\nX-Proxy: 1\r\n\r\n")
        other = threading.Thread(target=pump, args=(inner, connection), daemon=True)
        other.start()
        pump(connection, inner)
        other.join()


def pump(source, target):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def start(folder):
    ca = Authority("the test's authority")
    stranger = Authority("another authority")
    (folder / "ca.pem").write_bytes(pem_of(ca.certificate))
    (folder / "stranger.pem").write_bytes(pem_of(stranger.certificate))
    (folder / "not-pem.pem").write_text("no certificate\n")
    (folder / "roots").mkdir()
    hashed = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", folder / "ca.pem"],
                            check=True, capture_output=True, text=True).stdout.strip()
    (folder / "roots" / f"{hashed}.0").write_bytes(pem_of(ca.certificate))
    good = ca.issue(folder / "good.pem")
    client = x509.ExtendedKeyUsageOID.CLIENT_AUTH
    self_signed = Authority("127.0.0.1").issue(folder / "self.pem")
    files = {
        "good": good,
        "stranger": stranger.issue(folder / "strange.pem"),
        "self_signed": self_signed,
        "wrong_host": ca.issue(folder / "host.pem", names=("127.0.0.2", "localhost")),
        "expired": ca.issue(folder / "expired.pem", first_day=-3, last_day=-1),
        "not_yet": ca.issue(folder / "early.pem", first_day=1, last_day=3),
        "wrong_use": ca.issue(folder / "use.pem", use=client),
    }
    ports = {name: listen(Server(context_for(path))) for name, path in files.items()}
    ports["tls11"] = listen(Server(context_for(good, ssl.TLSVersion.TLSv1_1)))
    ports["tls12"] = listen(Server(context_for(good, ssl.TLSVersion.TLSv1_2)))
    ports["plain"] = listen(Server(None))
    ports["silent"] = listen(serve_silence)
    ports["reset"] = listen(serve_reset)
    ports["not_tls"] = listen(serve_no_tls)
    ports["end"] = listen(serve_end)
    ports["proxy"] = listen(serve_proxy)
    ports["refused"] = closed_port()
    return ports


def environment_of(folder, ports):
    """Settings that the transport must not heed."""
    proxy = f"http://127.0.0.1:{ports['proxy']}"
    names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    (folder / ".netrc").write_text("default login s3cret password s3cret\n")
    return {**os.environ, **{name: proxy for name in names}, "no_proxy": "sts.example.test",
            "NO_PROXY": "*", "HOME": str(folder), "NETRC": str(folder / ".netrc"),
            "SSLKEYLOGFILE": str(folder / "keylog"), "CURL_CA_BUNDLE": str(folder / "stranger.pem"),
            "SSL_CERT_FILE": str(folder / "stranger.pem")}


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ports = start(folder)
        arguments = [f"{server}={port}" for server, port in ports.items()]
        done = subprocess.run([sys.argv[1], name, *arguments],
                              env=environment_of(folder, ports), check=False)
        keylog = folder / "keylog"
        if keylog.exists() and keylog.stat().st_size != 0:
            print("the keys of TLS connections were written to SSLKEYLOGFILE")
            return 1
    return 1 if done.returncode != 0 else 0


if __name__ == "__main__":
    STATUS = main()
    # Threads that serve are left to the system.
    sys.stdout.flush()
    os._exit(STATUS)
