# SPDX-License-Identifier: Apache-2.0
"""The frame and its misbehaviours: each does what it says, once, and none saves a request that must be refused."""
import contextlib
import copy
import email.utils
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.parse
import xml.etree.ElementTree

import cloud_checks
import cloud_control
import cloud_rolesanywhere_cases as anywhere
import cloud_sts_cases as sts

HERE = os.path.dirname(os.path.abspath(__file__))


def role(cloud, accept=None, body=sts.ROLE):
    """AssumeRole, in the form that is asked for."""
    headers = sts.signed(cloud, body, headers=sts.FORM) + ([("Accept", accept)] if accept else [])
    return cloud_checks.send(cloud, "POST", "/", headers, body.encode())


def after(cloud, *behaviours, accept="application/json"):
    cloud.behave(*behaviours)
    return role(cloud, accept)


def credentials(reply):
    return json.loads(reply.body)["AssumeRoleResponse"]["AssumeRoleResult"]["Credentials"]


def instead(checks, cloud, world):
    reply = after(cloud, {"throttle": True, "retry_after": 3}, accept=None)
    checks.equal("throttle", (reply.status, reply.headers["Retry-After"], reply.headers["Content-Type"]), (400, "3", "text/xml"))
    checks.contains("throttle", reply.body, b"<Code>Throttling</Code>")
    reply = after(cloud, {"throttle": "json"})
    checks.equal("throttle json", (reply.status, json.loads(reply.body)["Error"]["Code"], reply.headers["Retry-After"]), (429, "Throttling", None))
    reply = after(cloud, {"status": 503, "body": "busy", "retry_after": 1})
    checks.equal("status", (reply.status, reply.body, reply.headers["Retry-After"]), (503, b"busy", "1"))
    reply = after(cloud, "html")
    checks.equal("html", (reply.status, reply.headers["Content-Type"], reply.body[:9]), (200, "text/html; charset=utf-8", b"<!DOCTYPE"))
    for number in (301, 302, 307):
        reply = after(cloud, {"redirect": number, "location": "https://evil.example/"})
        checks.equal("redirect", (reply.status, reply.headers["Location"]), (number, "https://evil.example/"))
    error = {"code": "RegionDisabledException", "status": 403, "message": "no", "request_id": "r-1"}
    forms = {"xml": b"<Code>RegionDisabledException</Code>", "json": b'"Code":"RegionDisabledException"',
             "type": b'"__type":"com.amazonaws.service#RegionDisabledException"', "header": b'{"message":"no"}'}
    for form, part in forms.items():
        reply = after(cloud, {"error": {**error, "form": form}})
        checks.equal("error " + form, (reply.status, reply.headers["x-amzn-RequestId"]), (403, "r-1"))
        checks.contains("error " + form, reply.body, part)
    checks.contains("header of the error", reply.headers["X-Amzn-ErrorType"], "RegionDisabledException:")
    checks.equal("none is left", role(cloud).status, 200)


def documents(checks, cloud, world):
    def member(name, behaviour, wanted):
        checks.equal(name, credentials(after(cloud, behaviour)).get(wanted[0]), wanted[1])
    member("missing", {"missing": "SessionToken"}, ("SessionToken", None))
    checks.true("null", b'"SessionToken":null' in after(cloud, {"null": "sessionToken"}).body)
    member("set", {"set": {"secretaccesskey": {"a": 1}}}, ("SecretAccessKey", {"a": 1}))
    member("text as expiration", {"expiration": {"text": "soon"}}, ("Expiration", "soon"))
    checks.contains("poison", credentials(after(cloud, {"poison": "AccessKeyId"}))["AccessKeyId"], "\r\nX-Injected: 1")
    checks.contains("nul", credentials(after(cloud, {"nul": "SecretAccessKey"}))["SecretAccessKey"], "\0")
    checks.equal("big token", len(credentials(after(cloud, {"big_token": 16384}))["SessionToken"]), 16384)
    checks.true("expired", credentials(after(cloud, "expired"))["Expiration"] < time.time() - 3000)
    checks.true("expires_in", abs(credentials(after(cloud, {"expires_in": 60}))["Expiration"] - time.time() - 60) < 10)
    checks.contains("other role", after(cloud, "other_role").body, b"assumed-role/someone-else/")
    checks.true("wrong types", isinstance(credentials(after(cloud, "wrong_types")), list))
    spellings = {"epoch": rb"\d{10}", "exponent": rb"\d\.\d{9}E9", "string": rb'"\d{10}"', "iso": rb'"[\d-]+T[\d:]+Z"',
                 "fraction": rb'"[\d-]+T[\d:]+\.123456Z"', "offset": rb'"[\d-]+T[\d:]+\+00:00"'}
    for kind, pattern in spellings.items():
        body = after(cloud, {"expiration": kind}).body
        checks.true("expiration " + kind, re.search(rb'"Expiration":' + pattern + b"[,}]", body), body)
    checks.contains("in XML, too", after(cloud, {"expiration": "fraction"}, accept=None).body, b".123456Z</Expiration>")


def forms(checks, cloud, world):
    for style, start in {"xml": b"<AssumeRoleResponse", "json": b"{", "prefix": b"<?xml", "minio": b"<?xml"}.items():
        checks.equal("format " + style, after(cloud, {"format": style}).body[:len(start)], start)
    for style in ("xml", "prefix", "minio"):
        tree = xml.etree.ElementTree.fromstring(after(cloud, {"format": style}).body)
        found = tree.find(".//{https://sts.amazonaws.com/doc/2011-06-15/}SessionToken")
        checks.true("token in " + style, found is not None and len(found.text) > 500)
    checks.equal("ceph", sorted(json.loads(after(cloud, {"format": "ceph"}).body)), ["AssumeRoleResult", "ResponseMetadata"])
    half = after(cloud, "cut_text")
    checks.true("cut text", half.body.startswith(b"{") and not half.body.endswith(b"}") and len(half.body) == int(half.headers["Content-Length"]))
    checks.equal("empty", after(cloud, "empty").body, b"")
    checks.equal("content type", after(cloud, {"content_type": "text/html"}).headers["Content-Type"], "text/html")
    checks.equal("no content type", after(cloud, {"content_type": ""}).headers["Content-Type"], None)
    checks.equal("nested", after(cloud, {"nested": 10000}).body, b"[" * 10000 + b"]" * 10000)
    checks.contains("duplicate", after(cloud, {"duplicate": "AccessKeyId"}).body, b'"AccessKeyId":"first","AccessKeyId":"ASIA')
    checks.contains("duplicate in XML", after(cloud, {"duplicate": "AccessKeyId"}, accept=None).body, b"<AccessKeyId>first</AccessKeyId><AccessKeyId>ASIA")
    checks.raises("utf8", UnicodeDecodeError, after(cloud, {"utf8": "AccessKeyId"}).body.decode)
    for kind, part in {"entity": b"AKIAENTITY", "external": b"SYSTEM", "billion": b"&a8;&a8;"}.items():
        body = after(cloud, {"doctype": kind}, accept=None).body
        checks.true("doctype " + kind, b"<!DOCTYPE" in body and part in body and b"<AccessKeyId>&e;</AccessKeyId>" in body, body[:200])
    checks.equal("more headers", after(cloud, {"headers": {"X-Amz-Retry-After": "1"}}).headers["x-amz-retry-after"], "1")


def elapsed(function, *arguments, **more):
    start = time.monotonic()
    function(*arguments, **more)
    return time.monotonic() - start


def on_the_wire(checks, cloud, world):
    checks.true("slow", elapsed(after, cloud, {"slow": 0.5}) >= 0.5)
    checks.true("drip", elapsed(after, cloud, {"drip": 0.005, "status": 200, "body": "x" * 50}) >= 0.5)
    headers = sts.signed(cloud, sts.ROLE, headers=sts.FORM) + [("Content-Length", str(len(sts.ROLE)))]
    request = ("POST / HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers) + "\r\n" + sts.ROLE).encode()
    cloud.behave({"cut": "start"}, {"cut": "header"}, {"cut": "body"}, {"garbage": 100}, {"close": True})
    start, header, body, garbage, close = (cloud_checks.raw(cloud, request) for _ in range(5))
    checks.equal("cut at the start", start, b"")
    checks.true("cut in the header", header.startswith(b"HTTP/1.1 200") and b"\r\n\r\n" not in header, header)
    length = int(re.search(rb"Content-Length: (\d+)", body).group(1))
    checks.true("cut in the body", 0 < len(body.split(b"\r\n\r\n", 1)[1]) < length, body)
    checks.true("garbage", len(garbage) == 100 and not garbage.startswith(b"HTTP"), garbage)
    checks.true("close", b"Connection: close" in close and close.endswith(b"</AssumeRoleResponse>\n"), close[:300])
    checks.equal("huge", len(after(cloud, {"huge": 5_000_000}).body), 5_000_000)
    endless(checks, cloud)
    skewed(checks, cloud)
    kept_alive(checks, cloud)


def endless(checks, cloud):
    cloud.behave({"huge": "endless"})
    headers = sts.signed(cloud, sts.ROLE, headers=sts.FORM)
    local = urllib.parse.urlsplit(cloud.url)
    with contextlib.closing(http.client.HTTPSConnection("localhost", local.port, context=cloud_checks.context(cloud))) as connection:
        connection.request("POST", "/", sts.ROLE, dict(headers))
        answer = connection.getresponse()
        checks.equal("endless", (answer.getheader("Transfer-Encoding"), len(answer.read(20_000_000))), ("chunked", 20_000_000))


def skewed(checks, cloud):
    reply = after(cloud, {"skew": 1200})
    ahead = email.utils.parsedate_to_datetime(reply.headers["Date"]).timestamp() - time.time()
    checks.true("skewed date", 1190 < ahead < 1210, ahead)
    checks.refused("skewed judgement", cloud, "SignatureDoesNotMatch", "Signature expired")
    checks.equal("refused", reply.status, 403)
    reply = after(cloud, {"skew": 100})
    checks.equal("a little skewed", reply.status, 200)


def kept_alive(checks, cloud):
    local = urllib.parse.urlsplit(cloud.url)
    with contextlib.closing(http.client.HTTPSConnection("localhost", local.port, context=cloud_checks.context(cloud))) as connection:
        for _ in range(3):
            connection.request("POST", "/", sts.ROLE, dict(sts.signed(cloud, sts.ROLE, headers=sts.FORM)))
            connection.getresponse().read()
    checks.equal("keep-alive", len({entry["connection"] for entry in cloud.log()[-3:]}), 1)


def order_and_filters(checks, cloud, world):
    cloud.behave({"status": 500, "count": 2}, {"status": 501, "action": "GetCallerIdentity"}, {"status": 502, "service": "rolesanywhere"},
                 {"status": 504, "path": "/elsewhere"})
    checks.equal("count", [role(cloud).status for _ in range(3)], [500, 500, 200])
    checks.equal("action", [role(cloud, body=sts.IDENTITY).status for _ in range(2)], [501, 200])
    checks.equal("service", [anywhere.Call(cloud, world).send().status for _ in range(2)], [502, 201])
    cloud.behave({"status": 500})
    cloud.reset()
    checks.equal("reset", (role(cloud).status, len(cloud.log())), (200, 1))
    cloud.behave("html")
    broken = cloud_checks.send(cloud, "POST", "/", sts.FORM + [("Host", "localhost")], b"")
    checks.equal("no misbehaviour for a bad request", broken.status, 403)
    for bad in ({"hmtl": True}, {"cut": "tail"}, {"expiration": "tomorrow"}, {"format": "yaml"}):
        checks.raises(f"unknown misbehaviour {bad}", ValueError, cloud.behave, bad)
    checks.raises("unknown control", ValueError, cloud.call, "/other", {})
    checks.equal("unknown path", cloud_checks.send(cloud, "GET", "/other", [("Host", "localhost")]).status, 404)
    checks.equal("two lengths", cloud_checks.send(cloud, "POST", "/", [("Host", "h"), ("Content-Length", "0")], b"x").status, 400)
    checks.equal("two hosts", cloud_checks.send(cloud, "GET", "/", [("Host", "h"), ("Host", "h")]).status, 400)


def rolesanywhere(checks, cloud, world):
    def call(behaviour):
        cloud.behave(behaviour)
        return anywhere.Call(cloud, world).send()
    reply = call("throttle")
    checks.equal("throttled", (reply.status, reply.headers["X-Amzn-ErrorType"].split(":")[0]), (400, "Throttling"))
    checks.equal("empty set", json.loads(call("empty_set").body)["credentialSet"], [])
    checks.contains("other role", call("other_role").body, b":role/someone-else/reader")
    checks.contains("epoch", call({"expiration": "epoch"}).body, b'"expiration":1')
    checks.contains("missing", call({"missing": "credentials"}).body, b'"credentialSet":[{"assumedRoleUser"')
    checks.contains("XML", call({"format": "xml"}).body, b"<accessKeyId>ASIA")
    checks.equal("huge", len(call({"huge": 100_000}).body), 100_000)
    skew = call({"skew": 400})
    checks.equal("skew", (skew.status, cloud.last()["why"][:17]), (403, "Signature expired"))


def process(checks, cloud, world):
    """The command line, and how a server ends."""
    control = os.path.join(HERE, "cloud_control.py")

    def run(*arguments):
        done = subprocess.run([sys.executable, "-B", control, *arguments], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout
    cloud.reset()
    checks.equal("behave", run("behave", cloud.path, '[{"status": 500}]'), (0, ""))
    checks.equal("misbehaves", role(cloud).status, 500)
    checks.equal("count", run("count", cloud.path, "AssumeRole"), (0, "1\n"))
    checks.equal("log", json.loads(run("log", cloud.path)[1])[0]["status"], 500)
    checks.equal("config", run("config", cloud.path, '{"region": "eu-north-1"}'), (0, ""))
    role(cloud)
    checks.contains("refused", run("refused", cloud.path)[1], "SignatureDoesNotMatch: Credential should be scoped")
    checks.equal("wrong behave", run("behave", cloud.path, '"x"')[0], 1)
    untrusted = ssl.create_default_context()
    local = urllib.parse.urlsplit(cloud.url)
    connection = http.client.HTTPSConnection("localhost", local.port, context=untrusted)
    checks.raises("certificate of its own root", ssl.SSLError, connection.request, "GET", "/")
    checks.equal("stop", (run("stop", cloud.path)[0], cloud.process.wait(10)), (0, 0))
    orphan(checks, cloud.path)


def orphan(checks, state):
    """A server whose parent dies ends by itself."""
    server = os.path.join(HERE, "cloud_server.py")
    shell = subprocess.Popen(["sh", "-c", f"'{sys.executable}' -B '{server}' --state '{state}' & wait"], start_new_session=True)
    cloud_control.wait(state, shell)
    pid = cloud_control.Control(state).pid
    shell.send_signal(signal.SIGKILL)
    shell.wait()
    end = time.monotonic() + 20
    while os.path.exists(os.path.join(state, "ready")) and time.monotonic() < end:
        time.sleep(0.1)
    checks.true("ends with its parent", not os.path.exists(os.path.join(state, "ready")), pid)


def run(checks):
    world = anywhere.World()
    for cases in (instead, documents, forms, on_the_wire, order_and_filters, rolesanywhere, process):
        with cloud_control.Cloud({**copy.deepcopy(sts.CONFIG), **world.config()}) as cloud:
            cases(checks, cloud, world)
