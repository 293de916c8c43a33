# SPDX-License-Identifier: Apache-2.0
"""The misbehaviours of the local cloud.

A misbehaviour is an object, or a bare name for {name: true}. Its members are those below, several of which may be
together, and "count" (default 1), "service", "action" and "path", which say when it is used.

Instead of the answer (only if the request would be accepted):
  throttle    true, "xml" or "json"; with "retry_after": the header's value
  error       {"code", "status", "message", "request_id", "form", "more"}; form: xml, json, type (JSON with __type),
              header (JSON with X-Amzn-ErrorType), for OAuth's services oauth, api (Google's object), entra, text, or none
              for the service's own; more: {name: any value}, members of an OAuth error, null takes one away
  status      a number; with "body" and "content_type"
  html        a login page with status 200
  redirect    301, 302, 307 or 308; with "location"
  garbage     number of bytes that are not HTTP
  huge        number of bytes of the body, or "endless" for chunks without end
In the document (a member is named without its path, in any case; the first that fits is taken):
  missing, null     name of a member
  set               {name: any value}
  empty_set         true: credentialSet is []
  wrong_types       true: every text is a number and every object a list
  poison            name of a member that gets CR, LF and another header
  nul               name of a member that gets a NUL
  other_role        true: role and assumed role are others than those asked
  expired           true: the expiration is an hour ago
  expires_in        seconds
  expiration        epoch, exponent, string, iso, fraction, offset, or {"text": any}
  big_token         length of the session token, the access token or the ID token
  expires_as        string, float or exponent: how numbers of seconds are written
  add               {name: any value}: more members beside the token, such as refresh_in, scope, refresh_token
  token_claims      {name: any value}: claims of the token if it is a JWT, null takes one away; its signature is then wrong
In the form:
  format      xml, json, ceph (JSON without wrapper), prefix (XML with namespace prefix and CDATA), minio
  cut_text    number of bytes of the document that are left, or true for half; the HTTP is in order
  empty       true: no body
  content_type  text, or "" for none
  nested      depth of a JSON array in place of the body
  duplicate, utf8   name of a member that is there twice (another value first), or has invalid UTF-8
  doctype     entity, external or billion: XML with a DTD
  headers     {name: value} more headers, null takes one away
On the wire:
  slow        seconds before the answer
  drip        seconds between bytes
  cut         start, header or body: where the connection ends
  close       true: Connection: close
  no_date     true: no header Date
  skew        seconds the server's clock is ahead: in Date, and in what it judges
"""
import base64
import datetime
import json
import re

import cloud_frame

FILTERS = ("count", "service", "action", "path")
INSTEAD = ("throttle", "retry_after", "error", "status", "body", "html", "redirect", "location", "garbage", "huge")
DOCUMENT = ("missing", "null", "set", "empty_set", "wrong_types", "poison", "nul", "other_role", "expired", "expires_in",
            "expiration", "big_token", "expires_as", "add", "token_claims")
FORM = ("format", "cut_text", "empty", "content_type", "nested", "duplicate", "utf8", "doctype", "headers")
WIRE = ("slow", "drip", "cut", "close", "no_date", "skew")
CHOICES = {"format": ("xml", "json", "ceph", "prefix", "minio"), "doctype": ("entity", "external", "billion"),
           "cut": ("start", "header", "body"), "redirect": (301, 302, 303, 307, 308), "throttle": (True, "xml", "json"),
           "expires_as": ("string", "float", "exponent")}
EXPIRATIONS = ("expiration", "expireTime")
SECONDS = ("expires_in", "ext_expires_in", "refresh_in", "expires_on")
TOKENS = ("sessionToken", "access_token", "accessToken", "id_token", "token")
SPELLINGS = ("epoch", "exponent", "string", "iso", "fraction", "offset")


def check(item):
    """The misbehaviour with all its members, or ValueError."""
    item = {item: True} if isinstance(item, str) else dict(item)
    for name, value in item.items():
        if name not in FILTERS + INSTEAD + DOCUMENT + FORM + WIRE:
            raise ValueError(f"no misbehaviour is called {name}")
        if name in CHOICES and value not in CHOICES[name]:
            raise ValueError(f"{name} cannot be {value}")
    if "expiration" in item and not isinstance(item["expiration"], dict) and item["expiration"] not in SPELLINGS:
        raise ValueError(f"expiration cannot be {item['expiration']}")
    return {"count": 1, **item}


# --- instead of the answer ---

def throttle(service, request, behaviour):
    form = behaviour["throttle"]
    answer = service.refuse(service.throttled(form), request, None if form is True else form)
    answer.set_header("Retry-After", behaviour.get("retry_after"))
    return answer


def error(service, request, behaviour):
    wanted = behaviour["error"]
    refusal = cloud_frame.Refusal(wanted.get("status", 400), wanted["code"], wanted.get("message", ""),
                                  request_id=wanted.get("request_id"), more=wanted.get("more"))
    return service.refuse(refusal, request, wanted.get("form"))


def status(service, request, behaviour):
    answer = cloud_frame.Answer(behaviour["status"], behaviour.get("body", ""), behaviour.get("content_type", "text/plain"))
    answer.set_header("Retry-After", behaviour.get("retry_after"))
    return answer


def html(service, request, behaviour):
    page = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><form action=\"/login\">Sign in to the network</form></body></html>\n"
    return cloud_frame.Answer(200, page, "text/html; charset=utf-8")


def redirect(service, request, behaviour):
    location = behaviour.get("location", "https://elsewhere.example.com" + request.target)
    return cloud_frame.Answer(behaviour["redirect"], "", None, [("Location", location)])


def garbage(service, request, behaviour):
    count = 64 if behaviour["garbage"] is True else behaviour["garbage"]
    answer = cloud_frame.Answer(0, bytes((i * 167 + 13) % 256 for i in range(count)))
    answer.wire["raw"] = True
    return answer


def huge(service, request, behaviour):
    answer = cloud_frame.Answer(200, b"", "application/json")
    answer.wire["huge"] = behaviour["huge"]
    return answer


INSTEAD_MAKERS = {"throttle": throttle, "error": error, "status": status, "html": html, "redirect": redirect,
                  "garbage": garbage, "huge": huge}


def instead(service, request, behaviour):
    for name, make in INSTEAD_MAKERS.items():
        if name in behaviour:
            return make(service, request, behaviour)
    return None


# --- in the document ---

def find(node, name):
    """(container, key) of the first member with that name, breadth first."""
    level = [node]
    while level:
        following = []
        for item in level:
            pairs = list(item.items()) if isinstance(item, dict) else list(enumerate(item))
            for key, value in pairs:
                if isinstance(key, str) and key.lower() == name.lower():
                    return item, key
                if isinstance(value, (dict, list)):
                    following.append(value)
        level = following
    return None, None


def change(document, name, make):
    container, key = find(document, name)
    if container is not None:
        container[key] = make(container[key])


def remove(document, name):
    container, key = find(document, name)
    if container is not None:
        del container[key]


def change_all(document, names, make):
    for name in names:
        change(document, name, make)


def set_expires_in(document, seconds):
    """A number of seconds, or the time then."""
    change(document, "expires_in", lambda old: seconds)
    change_all(document, EXPIRATIONS, shift(seconds))


def spell_seconds(document, kind):
    make = {"string": str, "float": lambda n: Raw(f"{n}.0"), "exponent": lambda n: Raw(f"{n / 1000:.3f}e3")}[kind]
    change_all(document, SECONDS, lambda old: make(old) if isinstance(old, int) else old)


def add_members(document, more):
    for name in TOKENS:
        container, _ = find(document, name)
        if container is not None:
            container.update(more)


def set_claims(token, wanted):
    """The JWT with other claims and the signature that it had."""
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        return token
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    claims = {name: value for name, value in {**claims, **wanted}.items() if value is not None}
    parts[1] = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return ".".join(parts)


def set_members(document, wanted):
    for name, value in wanted.items():
        change(document, name, lambda old, new=value: new)


def wrong_types(node):
    if isinstance(node, dict):
        return [wrong_types(value) for value in node.values()] if "Expiration" in node or "expiration" in node else \
            {name: wrong_types(value) for name, value in node.items()}
    if isinstance(node, list):
        return {"member": [wrong_types(value) for value in node]}
    return 7 if isinstance(node, str) else str(node)


def other_role(document):
    for name in ("roleArn", "Arn"):
        change(document, name, lambda old: re.sub(r"(role/)[^/]+", r"\1someone-else", old))


def shift(seconds):
    return lambda old: datetime.datetime.now(cloud_frame.UTC).replace(microsecond=0) + datetime.timedelta(seconds=seconds)


def spell(kind):
    return lambda old: kind["text"] if isinstance(kind, dict) else Time(old, kind)


class Time:
    """A time that is to be spelled in a certain way whatever the format."""

    def __init__(self, when, kind):
        self.when, self.kind = when, kind


def edit_document(document, behaviour):
    edits = {
        "missing": remove,
        "null": lambda doc, name: change(doc, name, lambda old: None),
        "set": set_members,
        "empty_set": lambda doc, _: change(doc, "credentialSet", lambda old: []),
        "poison": lambda doc, name: change(doc, name, lambda old: old + "\r\nX-Injected: 1"),
        "nul": lambda doc, name: change(doc, name, lambda old: old[:4] + "\0" + old[4:]),
        "other_role": lambda doc, _: other_role(doc),
        "expired": lambda doc, _: set_expires_in(doc, -3600),
        "expires_in": set_expires_in,
        "expiration": lambda doc, kind: change_all(doc, EXPIRATIONS, spell(kind)),
        "big_token": lambda doc, size: change_all(doc, TOKENS, lambda old: (old * (size // len(old) + 1))[:size]),
        "add": add_members,
        "expires_as": spell_seconds,
        "token_claims": lambda doc, wanted: change_all(doc, TOKENS, lambda old: set_claims(old, wanted)),
    }
    for name, edit in edits.items():
        if name in behaviour:
            edit(document, behaviour[name])
    return wrong_types(document) if "wrong_types" in behaviour else document


# --- in the form ---

def spelled(value, default):
    """A time as text, or as RAW for a JSON number. `default` is the spelling that the format has of itself."""
    when, kind = (value.when, value.kind) if isinstance(value, Time) else (value, default)
    epoch = int(when.timestamp())
    iso = when.astimezone(cloud_frame.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return {"epoch": Raw(str(epoch)), "exponent": Raw(f"{epoch / 1e9:.9f}E9"), "string": str(epoch), "iso": iso + "Z",
            "fraction": iso + ".123456Z", "offset": iso + "+00:00"}[kind]


class Raw(str):
    """Text that goes into JSON as it is."""


def to_json(document, default_time):
    raws = []

    def plain(value):
        if isinstance(value, (Time, datetime.datetime)):
            value = spelled(value, default_time)
        if isinstance(value, Raw):
            raws.append(value)
            return f"@raw{len(raws) - 1}@"
        if isinstance(value, dict):
            return {name: plain(item) for name, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list) else value

    text = json.dumps(plain(document), separators=(",", ":"))
    for i, raw in enumerate(raws):
        text = text.replace(f'"@raw{i}@"', raw)
    return text


def with_duplicate(body, name):
    for pattern, again in ((rb'"(%s)":', rb'"\1":"first",\g<0>'), (rb"<((?:\w+:)?%s)>", rb"<\1>first</\1>\g<0>")):
        body = re.sub(pattern % name.encode(), again, body, count=1, flags=re.I)
    return body


def with_bad_utf8(body, name):
    for pattern in (rb'"%s":"', rb"<(?:\w+:)?%s>"):
        body = re.sub(pattern % name.encode(), b"\\g<0>\xc3\x28\xff", body, count=1, flags=re.I)
    return body


def with_doctype(body, kind):
    """The body with a DTD, and an entity in place of the first access key id."""
    subset = {"entity": '<!ENTITY e "AKIAENTITY">', "external": '<!ENTITY e SYSTEM "file:///etc/passwd">',
              "billion": '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10)) + '<!ENTITY e "&a9;">'}
    body = re.sub(rb"<AccessKeyId>[^<]*", b"<AccessKeyId>&e;", body, count=1)
    return b'<?xml version="1.0"?><!DOCTYPE r [' + subset[kind].encode() + b"]>" + body


def edit_answer(answer, behaviour):
    edits = {
        "duplicate": with_duplicate,
        "utf8": with_bad_utf8,
        "doctype": with_doctype,
        "nested": lambda body, depth: b"[" * depth + b"]" * depth,
        "cut_text": lambda body, left: body[:len(body) // 2 if left is True else left],
        "empty": lambda body, _: b"",
    }
    for name, edit in edits.items():
        if name in behaviour:
            answer.body = edit(answer.body, behaviour[name])
    if "content_type" in behaviour:
        answer.set_header("Content-Type", behaviour["content_type"] or None)
    for name, value in behaviour.get("headers", {}).items():
        answer.set_header(name, value)
    answer.wire.update({name: behaviour[name] for name in WIRE if name in behaviour})
