# SPDX-License-Identifier: Apache-2.0
"""Answers of OAuth's token endpoints that are wrong, late, cut, huge or hostile: what the program says, how it ends, and how many
requests it makes."""
import base64

from fault_cases import ALWAYS, always, deep

LOOSE = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9." + base64.urlsafe_b64encode(b"a secret" * 20).decode().rstrip("=") + "." + "c2lnbmF0dXJl" * 20


def retries(target):
    """Attempts are bounded, by number and by time."""
    for status in (500, 502, 503, 504):
        target.accepted(f"{status}, then good", [{"status": status, "count": 2}], 3)
    target.refused("503 for ever", always(status=503, body="try later"), ["503"], 3)
    target.refused("one attempt", always(status=503), ["503"], 1, ["--max-attempts", "1"])
    target.refused("five attempts", always(status=500), ["500"], 5, ["--max-attempts", "5"])
    target.accepted("503 with a page", [{"status": 503, "body": "<html><b>no</b></html>", "content_type": "text/html"}], 2)
    waited = target.accepted("throttled", [{"throttle": True, "retry_after": "1"}], 2)
    target.world.checks.true(f"{target.name}, throttled: waits", waited >= 1, waited)
    target.refused("throttled for ever", always(throttle=True, retry_after="0"), ["429"], 3)
    ran = target.refused("asked to wait for an hour", always(throttle=True, retry_after="3600"), ["429"], 1)
    target.world.checks.true(f"{target.name}, asked to wait for an hour: ends at once", ran.seconds < 5, ran.seconds)
    for text in ("soon", "-1", "99999999999999999999", "1.5", ""):
        target.refused(f"Retry-After {text!r}", always(status=400, body="{}", retry_after=text), ["400"], 1)
    target.accepted("503 and an odd Retry-After", [{"status": 503, "retry_after": "soon"}], 2)


def clocks(target, ahead):
    """A clock that is wrong is corrected once. The server's is so far ahead that no assertion of ours is valid then."""
    world = target.world
    for seconds in (ahead, -ahead):
        world.cloud.config(clock_offset=seconds)
        target.accepted(f"clock {seconds} s off", [], 2)
    world.cloud.config(clock_offset=0)
    target.refused("a clock that moves", [{"skew": 4000}, {"skew": -4000, "count": ALWAYS}], ["clock"], 2)
    target.refused("a clock without Date", always(skew=4000, no_date=True), ["clock"], 1)


def strange(target):
    """What is no answer of a token endpoint at all."""
    for size in (3 << 20, "endless"):
        ran = target.refused(f"huge, {size}", always(huge=size), ["1 MiB"], 1)
        target.world.checks.true(f"{target.name}, huge, {size}: ends", ran.seconds < 20, ran.seconds)
    target.refused("garbage", always(garbage=64), ["localhost"], 1)
    target.refused("a login page", always(html=True), ["proxy"], 1)
    for status in (301, 302, 303, 307, 308):
        target.refused(f"redirection {status}", always(redirect=status), ["elsewhere.example.com", "redirect"], 1)
    target.refused("empty", always(empty=True), ["JSON"], 1)
    target.refused("204", always(status=204), ["proxy"], 1)
    for left in (True, 1, 60):
        target.refused(f"cut text, {left}", always(cut_text=left), ["JSON"], 1)
    for depth in (64, 100000):
        target.refused(f"nested {depth}", always(nested=depth), ["JSON"], 1)
    for body in ("null", "[]", "7", '"text"', "{} {}", "\xef\xbb\xbf{}", "NaN"):
        target.refused(f"body {body!r}", always(status=200, body=body, content_type="application/json"), [], 1)


def documents(target, member, spoken=None):
    """Answers that are in order but for the token."""
    named = spoken or member
    for fault in ("missing", "null"):
        target.refused(f"{fault} {member}", always(**{fault: member}), [named], 1)
    for fault, value in (("empty", ""), ("object", {"a": "b"}), ("list", ["a"]), ("true", True), ("number", 7), ("deep", deep(200))):
        target.refused(f"{fault} {member}", always(set={member: value}), [], 1)
    for fault in ("duplicate", "utf8", "poison", "nul"):
        target.refused(f"{fault} {member}", always(**{fault: member}), [], 1)
    target.refused("wrong types", always(wrong_types=True), ["answer"], 1)
    for form in ("object", "list", "text"):
        value = {"object": {"error": "x"}, "list": [], "text": "error"}[form]
        target.refused(f"200 with an error as {form}", always(set={member: value}) if form != "text" else always(missing=member), [], 1)


def seconds(target, name="expires_in"):
    """All forms of a number of seconds, and what is none."""
    for form in ("string", "float", "exponent"):
        target.accepted(f"{name} as {form}", [{"expires_as": form}], 1)
    for value in (0, -1, "", "soon", "-5", "0", " 60", "6e1x", True, None, {}, [60], 1e300, "99999999999999999999999"):
        target.refused(f"{name} {value!r}", always(set={name: value}), [name], 1)


def hostile(target, form, status=400):
    """No more of a message than a line, and no token in it."""
    texts = (("lines", "first\r\nX-Injected: 1", "first"), ("escapes", "\x1b[31m\x9b31m<b>&amp;", "[31m"), ("NUL", "first\0second", f"HTTP status {status}"),
             ("bidi", "first\u202esecond", "first"), ("a token", "Bad assertion " + LOOSE, "Bad assertion"),
             ("a token in quotes", f"Bad assertion '{LOOSE}' came", "Bad assertion"))
    for name, message, part in texts:
        ran = target.refused(f"message with {name}", always(error={"code": "invalid_thing", "status": status, "message": message, "form": form}), [part])
        clean = all(0x20 <= ord(c) < 0x7f for c in ran.err.rstrip("\n"))
        target.world.checks.true(f"{target.name}, message with {name}: is clean", clean and LOOSE[:60] not in ran.err, ran.err)
    long = target.refused("long message", always(error={"code": "c" * 500, "status": status, "message": "word " * 4000, "form": form}), ["word"])
    target.world.checks.true(f"{target.name}, long message: is cut", len(long.err) < 1200, len(long.err))
    for name, body in (("a text", "gone"), ("a page", "<html><b>Proxy</b> says no</html>"), ("nothing", ""), ("an array", "[]"),
                       ("an odd error", '{"error":7}'),
                       ("an error without end", '{"error":"inv')):
        target.refused(f"{name} with 407", always(status=407, body=body, content_type="text/html" if "<" in body else "application/json"), ["407"])
    target.refused("404 without a body", always(status=404), ["404"])
    target.refused("no TLS of a proxy", always(status=200, body=LOOSE), [])
