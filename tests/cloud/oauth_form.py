# SPDX-License-Identifier: Apache-2.0
"""Forms as OAuth's token endpoints read them, and the JSON of their answers."""
import re
import urllib.parse

import cloud_misbehave
from cloud_frame import Answer, strict

FORM_TYPE = re.compile(r"application/x-www-form-urlencoded(; *charset=utf-8)?", re.I)
JSON_TYPE = re.compile(r"application/json(; *charset=utf-8)?", re.I)
ENCODED = re.compile(r"(?:[A-Za-z0-9*._~+-]|%[0-9A-Fa-f]{2}|[!'()/:?@$,;])*")
NO_STORE = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]


def pairs_of(text):
    """The pairs of a form, decoded. A blank may be + or %20; what is neither encoded nor harmless is refused."""
    pairs = []
    for part in text.split("&") if text else []:
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise strict("a part of the form is not name=value")
        if not ENCODED.fullmatch(name) or not ENCODED.fullmatch(value):
            raise strict(f"the field {name[:40]} is not encoded for a form")
        try:
            pairs.append(tuple(urllib.parse.unquote_plus(half, errors="strict") for half in (name, value)))
        except UnicodeDecodeError:
            raise strict(f"the field {name[:40]} is not UTF-8") from None
    return pairs


def read(request):
    """The fields of a form that was posted; StrictCheckFailed where it is not one, or has a name twice."""
    kind = request.header("Content-Type")
    if kind is None or not FORM_TYPE.fullmatch(kind):
        raise strict(f"the content type is {kind}, not application/x-www-form-urlencoded")
    if request.query:
        raise strict("there is a query at the token endpoint")
    try:
        pairs = pairs_of(request.body.decode("ascii"))
    except UnicodeDecodeError:
        raise strict("the form is not ASCII") from None
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise strict(f"the field {twice[0]} is there twice")
    return dict(pairs)


def only(fields, *allowed):
    unknown = sorted(set(fields) - set(allowed))
    if unknown:
        raise strict(f"unknown field {unknown[0]}")


def scopes_of(text):
    """The scopes of a text, in order; StrictCheckFailed where blanks are not single, or a scope is there twice."""
    scopes = text.split(" ")
    if "" in scopes:
        raise strict("the scopes are not separated by single blanks")
    if len(set(scopes)) != len(scopes):
        raise strict("a scope is there twice")
    return scopes


def json_answer(status, document, headers=(), content_type="application/json; charset=utf-8"):
    return Answer(status, cloud_misbehave.to_json(document, "iso"), content_type, NO_STORE + list(headers))


def edited(document, more):
    """A document with more members, and without those that are null."""
    return {name: value for name, value in {**document, **more}.items() if value is not None}


def oauth_error(refusal):
    error = "invalid_request" if refusal.code == "StrictCheckFailed" else refusal.code
    document = {"error": error, "error_description": refusal.message}
    return json_answer(refusal.status, edited(document, refusal.more), refusal.headers)
