# SPDX-License-Identifier: Apache-2.0
"""Signs random requests with botocore and with our driver, and compares: sigv4_botocore.py DRIVER [COUNT [SEED]]."""
import datetime
import json
import random
import subprocess
import sys
from unittest import mock
from urllib.parse import quote, urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ODD = " !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~äß€𝄞0aZ"
FORBIDDEN_FIELDS = ["User-Agent", "Expect", "X-Amzn-Trace-Id"]


def text(rng, least, most, letters=ODD):
    return "".join(rng.choice(letters) for _ in range(rng.randint(least, most)))


def word(rng, least, most):
    return text(rng, least, most, "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789")


def make_path(rng, s3):
    # botocore signs the path of S3 as it is, so it must be encoded as S3 does; elsewhere any form will do.
    safe = "" if s3 else rng.choice(["", "!$&'()*+,;=:@", "~"])
    parts = [rng.choice(["", ".", "..", quote(text(rng, 1, 8), safe=safe), word(rng, 1, 8)]) for _ in range(rng.randint(0, 6))]
    # For S3 botocore signs no path where there is none, though the client sends "/".
    return "/" + "/".join(parts) if parts or s3 or rng.random() < 0.8 else ""


def make_parameters(rng, presign):
    pairs = []
    for _ in range(rng.randint(0, 6)):
        pairs.append((rng.choice([word(rng, 1, 4), text(rng, 1, 5)]), rng.choice(["", "+", "a=b=c", text(rng, 0, 12), word(rng, 1, 9)])))
    if presign:  # botocore keeps one value of each name then
        return list(dict(pairs).items())
    return pairs + [(name, text(rng, 0, 6)) for name, _ in pairs if rng.random() < 0.3]


def make_fields(rng):
    fields = []
    for _ in range(rng.randint(0, 6)):
        name = rng.choice(["X-" + word(rng, 1, 8), "x-amz-meta-" + word(rng, 1, 3), "Content-Type", "Range", "If-Match"])
        fields.append((name, rng.choice(["", "  a   b  ", text(rng, 0, 20), word(rng, 1, 20)])))
    fields += [(name, value + "2") for name, value in fields if rng.random() < 0.2]
    fields += [(name, "x") for name in FORBIDDEN_FIELDS if rng.random() < 0.2]
    return fields


def make_case(rng):
    case = {"s3": int(rng.random() < 0.4), "presign": int(rng.random() < 0.4)}
    host = rng.choice(["example.amazonaws.com", "sts.eu-central-1.amazonaws.com", "Bucket.S3.amazonaws.com", "h:8443", "[::1]:9000", "h:443"])
    case["pairs"] = make_parameters(rng, case["presign"])
    # Our side gets the parameters in any form that means the same.
    safe = rng.choice(["", "!$'()*,;:@/?", "+!*"])
    query = "&".join(quote(n, safe=safe) + ("=" if v or rng.random() < 0.5 else "") + quote(v, safe=safe + "=" * (rng.random() < 0.5)) for n, v in case["pairs"])
    case["base"] = rng.choice(["https", "https", "http"]) + "://" + host + make_path(rng, case["s3"])
    case["url"] = case["base"] + ("?" + query if query or rng.random() < 0.1 else "")
    case["method"] = rng.choice(["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"])
    case["headers"] = make_fields(rng)
    # Presigning moves a body into the query in botocore.
    case["body"] = "" if case["presign"] else rng.choice(["", text(rng, 0, 50), text(rng, 0, 5000)])
    case["id"] = "AKIA" + word(rng, 4, 16)
    case["secret"] = text(rng, 1, 60, "abcXYZ0189/+=")
    case["token"] = rng.choice([None, text(rng, 1, 400, "abcXYZ0189/+=")])
    case["region"] = rng.choice(["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", word(rng, 1, 20)])
    case["service"] = rng.choice(["s3", "sts", "service", "execute-api", "rds-db"])
    case["time_ms"] = rng.choice([rng.randint(0, 4_000_000_000) * 1000 + rng.randint(0, 999), 86_400_000 * rng.randint(1, 40000) - 1])
    case["expires"] = rng.choice([1, 3600, 604800, rng.randint(1, 604800)])
    return case


def sign_with_botocore(case):
    names = {(0, 0): "SigV4Auth", (1, 0): "S3SigV4Auth", (0, 1): "SigV4QueryAuth", (1, 1): "S3SigV4QueryAuth"}
    signer = getattr(botocore.auth, names[case["s3"], case["presign"]])
    more = {"expires": case["expires"]} if case["presign"] else {}
    auth = signer(Credentials(case["id"], case["secret"], case["token"]), case["service"], case["region"], **more)
    pairs = case["pairs"]
    request = AWSRequest(method=case["method"], url=case["base"], params=dict(pairs) if case["presign"] else pairs, data=case["body"].encode())
    for name, value in case["headers"]:
        request.headers.add_header(name, value)
    now = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=case["time_ms"])
    seen = {}

    def remember(canonical_request, string_to_sign):
        seen.update(canonical=canonical_request, string_to_sign=string_to_sign)

    make_string = auth.string_to_sign

    def string_to_sign(req, canonical_request):
        result = make_string(req, canonical_request)
        remember(canonical_request, result)
        return result

    auth.string_to_sign = string_to_sign
    with mock.patch("botocore.auth.datetime") as clock:
        clock.datetime.utcnow.return_value = now
        clock.datetime.strptime = datetime.datetime.strptime
        auth.add_auth(request)
    seen["signed"] = request.url if case["presign"] else request.headers["Authorization"]
    return seen


def differences(case, ours, theirs):
    found = [] if ours["string_to_sign"] == theirs["string_to_sign"] else ["string_to_sign"]
    if not case["presign"]:
        return found + ([] if ours["signed"] == theirs["signed"] else ["authorization"])
    # The parameters of the request are as the caller wrote them; those of the signature are compared in their order but one.
    def added(url):
        parts = [p for p in urlsplit(url).query.split("&") if p.startswith("X-Amz-")]
        return [sorted(parts), parts[-1]]
    return found + ([] if added(ours["signed"]) == added(theirs["signed"]) else ["url"])


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 4)
    cases = [make_case(rng) for _ in range(count)]
    lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
    done = subprocess.run([sys.argv[1]], input=lines.encode(), stdout=subprocess.PIPE, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    failed = count - len(answers)
    for case, ours in zip(cases, answers):
        theirs = sign_with_botocore(case)
        wrong = differences(case, ours, theirs)
        if wrong:
            failed += 1
            if failed <= 5:
                print("differs in", wrong, json.dumps(case), "\nours:", ours, "\nbotocore:", json.dumps(theirs))
    print(f"{count - failed} passed, {failed} failed")
    return 1 if failed or done.returncode else 0


sys.exit(main())
