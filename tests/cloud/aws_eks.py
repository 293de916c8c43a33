#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks an EKS token as aws-iam-authenticator does: aws_eks.py TOKEN --cluster NAME --state DIR

The checks of the form are made here; who the caller is, the local STS of that state directory says, which is asked
with the presigned request whatever host it names. Prints the identity as JSON, or why the token is refused.
"""
import argparse
import base64
import binascii
import datetime
import http.client
import json
import re
import ssl
import sys
import urllib.parse

import cloud_control

PREFIX = "k8s-aws-v1."
TOKEN_MOST = 4096
EXPIRES_MOST = 900
VALID_S = 900
QUERY_NAMES = {"action", "version", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires",
               "x-amz-security-token", "x-amz-signature", "x-amz-signedheaders"}
CLUSTER_HEADER = "x-k8s-aws-id"
HOST = re.compile(r"sts(?:-fips)?(?:\.[a-z0-9-]+)?\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws|api\.amazonwebservices\.com\.cn|"
                  r"c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)")
UTC = datetime.timezone.utc


class BadToken(Exception):
    pass


def decode(token):
    if len(token) > TOKEN_MOST:
        raise BadToken(f"token is too large: {len(token)} bytes")
    if not token.startswith(PREFIX):
        raise BadToken(f"token is missing expected \"{PREFIX}\" prefix")
    text = token[len(PREFIX):]
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        raise BadToken("token is not base64url without padding")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if base64.urlsafe_b64encode(data).decode().rstrip("=") != text:
            raise BadToken("token is not canonical base64url")
        return data.decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadToken(f"token cannot be decoded: {error}") from None


def check_query(parts):
    query = {}
    try:
        pairs = urllib.parse.parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    except ValueError as error:
        raise BadToken(f"the query cannot be read: {error}") from None
    for name, value in pairs:
        if name.lower() not in QUERY_NAMES:
            raise BadToken(f"non-whitelisted query parameter \"{name}\"")
        if name.lower() in query:
            raise BadToken(f"query parameter with multiple values not supported: {name}")
        query[name.lower()] = value
    if query.get("action") != "GetCallerIdentity":
        raise BadToken("unexpected action parameter in pre-signed URL")
    if CLUSTER_HEADER not in query.get("x-amz-signedheaders", "").lower().split(";"):
        raise BadToken(f"client did not sign the {CLUSTER_HEADER} header in the pre-signed URL")
    expires = query.get("x-amz-expires", "")
    if not expires.isdigit() or not 0 <= int(expires) <= EXPIRES_MOST:
        raise BadToken(f"invalid X-Amz-Expires parameter in pre-signed URL: {expires}")
    return query


def check_date(query, now):
    try:
        when = datetime.datetime.strptime(query.get("x-amz-date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise BadToken("error parsing X-Amz-Date parameter") from None
    if when + datetime.timedelta(seconds=VALID_S) < now:
        raise BadToken(f"X-Amz-Date parameter is expired: {query['x-amz-date']}")


def check_form(token, local, now=None):
    """The parts of the presigned URL; `local` is the host and port of the local STS, which may be named too."""
    parts = urllib.parse.urlsplit(decode(token))
    if parts.scheme != "https":
        raise BadToken(f"unexpected scheme \"{parts.scheme}\" in pre-signed URL")
    if parts.netloc != local and not HOST.fullmatch(parts.netloc):
        raise BadToken(f"unexpected hostname \"{parts.netloc}\" in pre-signed URL")
    if parts.path != "/" or parts.fragment:
        raise BadToken("unexpected path in pre-signed URL")
    check_date(check_query(parts), now or datetime.datetime.now(UTC))
    return parts


def verify(token, cluster, control):
    """The caller's identity as STS tells it."""
    local = urllib.parse.urlsplit(control.url)
    parts = check_form(token, local.netloc)
    connection = http.client.HTTPSConnection(local.hostname, local.port, timeout=30, context=ssl.create_default_context(cafile=control.ca))
    headers = {"Host": parts.netloc, CLUSTER_HEADER: cluster, "Accept": "application/json"}
    try:
        connection.request("GET", f"/?{parts.query}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise BadToken(f"error from AWS (expected 200, got {answer.status}). Body: {body.decode()}")
    return json.loads(body)["GetCallerIdentityResponse"]["GetCallerIdentityResult"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("token")
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--state", required=True)
    args = parser.parse_args()
    try:
        print(json.dumps(verify(args.token, args.cluster, cloud_control.Control(args.state))))
    except (BadToken, RuntimeError, OSError) as error:
        sys.exit(f"aws_eks.py: {error}")


if __name__ == "__main__":
    main()
