# SPDX-License-Identifier: Apache-2.0
"""Answers that are wrong, late, cut, huge or hostile, and errors of AWS in all their forms: what the program says, how it ends,
and how many requests it makes."""
import json

from fault_cases import ALWAYS, Target, always, deep, times
from program_world import GUARDED, MFA, NAMED, ROLE, Devices

MEMBERS = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
REQUEST_ID = "0a1b2c3d-1111-2222-3333-444455556666"


def retries(target):
    """Attempts are bounded, by number and by time."""
    for status in (500, 502, 503, 504):
        target.accepted(f"{status}, then good", [{"status": status, "count": 2}], 3)
    target.refused("503 for ever", always(status=503, body="try later"), ["503"], 3)
    target.refused("one attempt", always(status=503), ["503"], 1, ["--max-attempts", "1"])
    target.refused("five attempts", always(status=500), ["500"], 5, ["--max-attempts", "5"])
    target.refused("501", always(status=501), ["501"], 3)
    waited = target.accepted("throttled", [{"throttle": True, "retry_after": "1"}], 2)
    target.world.checks.true(f"{target.name}, throttled: waits", waited >= 1, waited)
    for form in ("xml", "json"):
        target.refused(f"throttled for ever in {form}", always(throttle=form, retry_after="0"), ["Throttling", "Rate exceeded"], 3)
    ran = target.refused("asked to wait for an hour", always(throttle=True, retry_after="3600"), ["Throttling"], 1)
    target.world.checks.true(f"{target.name}, asked to wait for an hour: ends at once", ran.seconds < 5, ran.seconds)
    target.accepted("code of throttling with 400", [{"error": {"code": "RequestLimitExceeded", "status": 400}}], 2)


def clocks(target):
    """A clock that is wrong is corrected once. The certificates are valid since ten minutes."""
    world = target.world
    for seconds in (1200, -1200) if target.name == "STS" else (1200, -450):
        world.cloud.config(clock_offset=seconds)
        target.accepted(f"clock {seconds} s off", [], 2)
    world.cloud.config(clock_offset=0)
    target.refused("a clock that moves", [{"skew": 4000}, {"skew": -4000, "count": ALWAYS}], ["clock", "HTTP status 403"], 2)
    target.refused("a clock without Date", always(skew=4000, no_date=True), ["clock"], 1)


def strange(target):
    """What is no answer of AWS at all."""
    for size in (3 << 20, "endless"):
        ran = target.refused(f"huge, {size}", always(huge=size), ["1 MiB"], 1)
        target.world.checks.true(f"{target.name}, huge, {size}: ends", ran.seconds < 20, ran.seconds)
    target.refused("garbage", always(garbage=64), ["localhost"], 1)
    target.refused("a login page", always(html=True), ["text/html", "a login"], 1)
    for status in (301, 302, 303, 307, 308):
        target.refused(f"redirection {status}", always(redirect=status), ["elsewhere.example.com", "redirect"], 1)
    target.refused("empty", always(empty=True), ["no body"], 1)
    target.refused("204", always(status=204), ["no body"], 1)
    for left in (True, 1, 60):
        target.refused(f"cut text, {left}", always(cut_text=left), [target.name.split()[0]], 1)
    for depth in (64, 100000):
        target.refused(f"nested {depth}", always(nested=depth), ["neither JSON nor XML"], 1)


def documents(target, member_of):
    """Answers that are in order but for a part; `member_of` gives the service's name of a member."""
    for name in MEMBERS:
        member, iso = member_of(name), {"expiration": "iso"} if name == "Expiration" else {}
        for fault in ("missing", "null"):
            target.refused(f"{fault} {name}", always(**{fault: member}), ["no " + name], 1)
        for fault, value in (("empty", ""), ("object", {"a": "b"}), ("list", ["a"]), ("true", True)):
            target.refused(f"{fault} {name}", always(set={member: value}), ["no " + name], 1)
        target.refused(f"twice {name}", always(duplicate=member), ["twice"], 1)
        target.refused(f"bad UTF-8 in {name}", always(utf8=member, **iso), ["UTF-8"], 1)
        target.refused(f"deep {name}", always(set={member: deep(200)}), ["deep"], 1)
    for name, spoken in zip(MEMBERS, ("access key id", "secret access key", "session token")):
        target.refused(f"poisoned {name}", always(poison=member_of(name)), [spoken, "character"], 1)
        target.refused(f"NUL in {name}", always(nul=member_of(name)), ["NUL"], 1)
    target.refused("wrong types", always(wrong_types=True), ["answer"], 1)
    target.refused("other role", always(other_role=True), ["another role", ROLE.rsplit("/", 1)[1]], 1)
    target.refused("expired", always(expired=True), ["expired"], 1)
    for text in ("soon", "2026-13-01T00:00:00Z", "99999999999999999999", "-1", "0"):
        target.refused(f"expiration {text}", always(expiration={"text": text}), ["Expiration"], 1)
    target.accepted("ends in a minute", [{"expires_in": 60}], 1)


def xml(target):
    for kind in ("entity", "external", "billion"):
        target.refused(f"DTD, {kind}", always(format="xml", doctype=kind), ["document type declaration"], 1)
    for style in ("xml", "prefix", "minio", "ceph"):
        target.refused(f"no token in {style}", always(format=style, missing="SessionToken"), ["SessionToken"], 1)
        target.refused(f"poison in {style}", always(format=style, poison="SecretAccessKey"), ["secret access key"], 1)
        target.refused(f"half of {style}", always(format=style, cut_text=True), ["STS"], 1)


def errors(target):
    """Code, message and request id are told, nothing is tried again, and no more than a line is."""
    for form in ("xml", "json", "type", "header", None):
        error = {"code": "AccessDenied", "status": 403, "message": "User is not authorized.", "request_id": REQUEST_ID, "form": form}
        target.refused(f"denied in {form}", always(error=error),
                       ["AccessDenied", "403", "User is not authorized", REQUEST_ID, "trust policy"])
    for name, hostile, part in (("lines", "first\r\nX-Injected: 1", "first"), ("escapes", "\x1b[31m\x9b31m<b>&amp;", "[31m"),
                                ("NUL", "first\0second", "HTTP status 400")):
        target.refused(f"message with {name}", always(error={"code": "ValidationError", "status": 400, "message": hostile, "form": "json"}),
                       ["400", part])
    long = target.refused("long message", always(error={"code": "C" * 500, "status": 400, "message": "m" * 20000, "form": "json"}), ["CCC", "mmm"])
    target.world.checks.true(f"{target.name}, long message: is cut", len(long.err) < 1000, len(long.err))
    for code, hint in (("ExpiredToken", "new ones"), ("OptInRequired", "enable"), ("RegionDisabledException", "activate"),
                       ("IncompleteSignature", "proxy"), ("ResourceNotFoundException", "disabled")):
        target.refused(code, always(error={"code": code, "status": 403, "request_id": REQUEST_ID}), [code, hint, REQUEST_ID])
    target.refused("404 without a body", always(status=404), ["404"])
    target.refused("a proxy's page", always(status=407, body="<html><b>Proxy</b> says no</html>", content_type="text/html"), ["407"])


def echoes(target):
    """Servers that explain a wrong signature send back what they got, secrets included."""
    echo = "The request signature we calculated does not match.\n\nThe Canonical String for this request should have been\n'POST\n/\n\n"
    echo += "x-amz-security-token:" + target.world.secrets[0] + "'"
    target.refused("an echo", always(error={"code": "SignatureDoesNotMatch", "status": 403, "message": echo}), ["does not match"])


def codes(world):
    """A code of a device is sent once, whatever comes of it."""
    def guarded(code):
        return world.hmac("credentials", "--assume-role-arn", GUARDED, "--external-id", "id:/=+@1", "--mfa-serial", MFA, "--mfa-code", code)
    for code, name, behaviour, part in (
            ("000150", "MFA and 503", {"status": 503}, "503"), ("000151", "MFA and a cut answer", {"cut": "header"}, "localhost"),
            ("000152", "MFA and no answer", {"cut": "start"}, "localhost"), ("000153", "MFA and throttling", {"throttle": True}, "Throttling")):
        ran = world.refused(name, guarded(code), 1, part, 1, behave=always(**behaviour))
        world.checks.true(name + ": the code is not told", code not in ran.err, ran.err)
    world.refused("wrong code", guarded("999999"), 1, ["AccessDenied", "MultiFactorAuthentication failed"], 1)
    world.refused("no code", world.hmac("credentials", "--assume-role-arn", GUARDED, "--external-id", "id:/=+@1"), 1, ["AccessDenied"], 1)


def refusals(world):
    """What the services themselves refuse."""
    role = ["--assume-role-arn", GUARDED, "--mfa-serial", MFA, "--mfa-code", "000120"]
    world.refused("wrong external id", world.hmac("credentials", *role, "--external-id", "other"), 1, ["AccessDenied", "external id"], 1)
    world.refused("too long for the role", world.hmac("credentials", "--assume-role-arn", ROLE, "--duration-seconds", "3601"), 1,
                  ["ValidationError", "MaxSessionDuration"], 1)
    world.refused("no JSON", world.hmac("credentials", "--assume-role-arn", ROLE, "--policy", "{"), 1, ["MalformedPolicyDocument"], 1)
    world.refused("transitive key of no tag", world.hmac("credentials", "--assume-role-arn", ROLE, "--transitive-tag-key", "a"), 1,
                  ["ValidationError", "transitive"], 1)
    world.refused("empty set", world.anywhere(), 1, ["empty list of credentials"], 1, behave=always(empty_set=True))
    world.refused("unknown profile", world.anywhere(profile=NAMED[:-1] + "0"), 1, ["ResourceNotFoundException", "Profile not found"], 1)
    world.refused("name that is not accepted", world.anywhere("--session-name", "ab"), 1, ["AccessDeniedException", "roleSessionName"], 1)
    value = json.loads(world.accepted("a known profile", world.anywhere()) or "{}")
    world.checks.equal("version", value.get("Version"), 1)


def run(world):
    Devices(world)
    sts = Target(world, "STS", world.hmac("credentials", "--assume-role-arn", ROLE))
    anywhere = Target(world, "Roles Anywhere", world.anywhere())
    for target in (sts, anywhere):
        for cases in (retries, clocks, times, strange, errors, echoes):
            cases(target)
    documents(sts, str)
    documents(anywhere, lambda name: name[0].lower() + name[1:])
    xml(sts)
    codes(world)
    refusals(world)
