# SPDX-License-Identifier: Apache-2.0
"""What the tests of the OAuth services send: JWTs that may be wrong in any part, forms, and JSON."""
import base64
import json
import time
import urllib.parse

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

import cloud_checks

FORM_TYPE = "application/x-www-form-urlencoded"


def now():
    return int(time.time())


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def jwk(key, kid, **more):
    kind = jwt.algorithms.ECAlgorithm if hasattr(key, "curve") else jwt.algorithms.RSAAlgorithm
    made = kind.to_jwk(key.public_key()) if kind is jwt.algorithms.RSAAlgorithm else ec_jwk(key)
    return {**{name: value for name, value in json.loads(made).items() if name != "key_ops"}, "kid": kid, "use": "sig", **more}


def ec_jwk(key):
    numbers, size = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
    return json.dumps({"kty": "EC", "crv": "P-" + str(key.curve.key_size), "x": segment(numbers.x.to_bytes(size, "big")),
                       "y": segment(numbers.y.to_bytes(size, "big"))})


def segment(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def without_null(members):
    return {name: value for name, value in members.items() if value is not ...}


def signature(data, key, algorithm):
    """PyJWT's, or one with a salt that is as long as it can be for PS256-long."""
    if algorithm == "PS256-long":
        return key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH), hashes.SHA256())
    return jwt.algorithms.get_default_algorithms()[algorithm].sign(data, key)


def compact(header, claims, key, algorithm="RS256", pad="", text=None):
    """A JWT. `...` takes a member away; `algorithm` is what signs, whatever the header says; `text` are claims as they are."""
    parts = [json.dumps(without_null(header)), json.dumps(without_null(claims)) if text is None else text]
    data = ".".join(segment(part.encode()) + pad for part in parts)
    return data + "." + segment(signature(data.encode(), key, algorithm))


def flipped(token):
    """The token with another signature of the same length."""
    head, _, tail = token.rpartition(".")
    return head + "." + ("B" if tail[0] != "B" else "C") + tail[1:]


def host_of(cloud):
    return urllib.parse.urlsplit(cloud.url).netloc


def post_form(cloud, path, fields, content_type=FORM_TYPE, headers=(), text=None):
    body = urllib.parse.urlencode(fields) if text is None else text
    return cloud_checks.send(cloud, "POST", path, [("Host", host_of(cloud)), ("Content-Type", content_type), *headers], body.encode())


def post_json(cloud, path, value, bearer=None, content_type="application/json", headers=(), text=None):
    more = [("Authorization", "Bearer " + bearer)] if bearer else []
    body = json.dumps(value) if text is None else text
    return cloud_checks.send(cloud, "POST", path, [("Host", host_of(cloud)), ("Content-Type", content_type), *more, *headers], body.encode())


def get(cloud, path, bearer=None, headers=()):
    more = [("Authorization", "Bearer " + bearer)] if bearer else []
    return cloud_checks.send(cloud, "GET", path, [("Host", host_of(cloud)), *more, *headers])


def document(reply):
    return json.loads(reply.body)


def session(cloud):
    """A session of requests that trusts the local cloud and nothing of the environment."""
    import requests  # only the libraries of others need it
    made = requests.Session()
    made.trust_env, made.verify = False, cloud.ca
    return made
