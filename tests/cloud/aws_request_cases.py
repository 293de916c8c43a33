# SPDX-License-Identifier: Apache-2.0
"""Requests, URLs and tokens that the program signs, sent with curl and checked as EKS checks them."""
import json
import subprocess
import urllib.parse

import aws_eks
from program_world import KEY_ID, ROLE, USER

IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"
FORM_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
ROLE_OPTIONS = ["--assume-role-arn", ROLE, "--role-session-name", "tester"]
NAMES = ("/tester", ":user/division/alice")


def curl(world, *arguments, stdin=""):
    """The answer's body, and its status."""
    done = subprocess.run(["curl", "-q", "--silent", "--show-error", "--noproxy", "*", "--cacert", world.cloud.ca, "--write-out", "\n%{http_code}",
                           *arguments], input=stdin, capture_output=True, text=True, timeout=30, check=False)
    body, _, status = done.stdout.rpartition("\n")
    return body, status + done.stderr


def identities(world, name, arguments, send):
    """By the key itself and by a role: what is signed is accepted once for what it is, and not when it is changed."""
    for who, more, requests in ((NAMES[1], [], 0), (NAMES[0], ROLE_OPTIONS, 1)):
        out = world.accepted(f"{name}{who}", [*arguments, *more], requests)
        body, status = send(out)
        world.checks.equal(f"{name}{who}: status", status, "200")
        world.checks.contains(f"{name}{who}: identity", body, who)
        world.checks.equal(f"{name}{who}: token", "X-Amz-Security-Token" in out, requests == 1)


def post(world):
    url, form = world.cloud.url + "/", world.file("form", IDENTITY)
    arguments = world.hmac("sign-request", "--service", "sts", "--url", url, "--method", "POST", "--body", form,
                           "--header", "Content-Type: " + FORM_TYPE)

    def send(headers, data="@" + form, target=url):
        return curl(world, "-H", "@-", "-H", "Content-Type: " + FORM_TYPE, "--data-binary", data, target, stdin=headers)
    identities(world, "POST", arguments, send)
    headers = world.accepted("POST to be changed", arguments, 0)
    body, status = send(headers, IDENTITY + "&ContentType=JSON")
    world.checks.true("a body that was changed", status == "403" and "SignatureDoesNotMatch" in body, body)
    digest = world.accepted("hash of the body instead", world.hmac(
        "sign-request", "--service", "sts", "--url", url, "--method", "POST", "--header", "Content-Type: " + FORM_TYPE, "--payload-hash",
        "ab821ae955788b0e33ebd34c208442ccfc2d406e2edc5e7a39bd6458fbb4f843"), 0)
    world.checks.equal("hash of the body instead: sent", send(digest)[1], "200")
    stdin = world.accepted("body from standard input", ["-" if word == form else word for word in arguments], 0, stdin=IDENTITY.encode())
    world.checks.equal("body from standard input: sent", send(stdin)[1], "200")


def post_of_query(world):
    """What workload identity of others passes on."""
    url = f"{world.cloud.url}/?{IDENTITY}"
    arguments = world.hmac("sign-request", "--service", "sts", "--url", url, "--method", "POST", "--header", "x-goog-cloud-target-resource: //iam/x y")
    identities(world, "POST of a query", arguments,
               lambda headers: curl(world, "-X", "POST", "-H", "@-", "-H", "x-goog-cloud-target-resource: //iam/x y", url, stdin=headers))


def presigned(world):
    url = f"{world.cloud.url}/?{IDENTITY}"
    for seconds in ("1", "900", "604800"):
        arguments = world.hmac("presign", "--service", "sts", "--url", url, "--expires", seconds)
        identities(world, f"presigned for {seconds}", arguments, lambda out: curl(world, out.strip()))
    arguments = world.hmac("presign", "--service", "sts", "--url", url, "--header", "X-K8s-Aws-Id: prod")
    identities(world, "presigned with a header", arguments, lambda out: curl(world, "-H", "x-k8s-aws-id: prod", out.strip()))
    out = world.accepted("presigned to be changed", arguments, 0).strip()
    for name, changed in (("without the header", [out]), ("with another one", ["-H", "x-k8s-aws-id: test", out]),
                          ("with another expiry", ["-H", "x-k8s-aws-id: prod", out.replace("Expires=3600", "Expires=3601")])):
        body, status = curl(world, *changed)
        world.checks.true(f"presigned, {name}", status == "403" and "SignatureDoesNotMatch" in body, (status, body))


def exec_credentials(world):
    arguments = world.hmac("eks-token", "--cluster", "prod-1")
    group = "client.authentication.k8s.io/"
    asked = {None: "v1beta1", "v1": "v1", "v1beta1": "v1beta1", "v1alpha1": "v1beta1"}
    for version, given in asked.items():
        info = {"kind": "ExecCredential", "apiVersion": f"{group}{version}", "spec": {"interactive": False}}
        env = {"KUBERNETES_EXEC_INFO": json.dumps(info)} if version else {}
        value = json.loads(world.accepted(f"kubectl asks for {version}", arguments, 0, env=env) or "{}")
        world.checks.equal(f"kubectl asks for {version}: version", value.get("apiVersion"), group + given)
        world.checks.equal(f"kubectl asks for {version}: kind", value.get("kind"), "ExecCredential")
        world.checks.equal(f"kubectl asks for {version}: status", sorted(value.get("status", {})), ["expirationTimestamp", "token"])
        is_user(world, f"kubectl asks for {version}", value["status"]["token"], USER)
    for version in ("v1", "v1beta1"):
        value = json.loads(world.accepted(f"asked for {version}", [*arguments, "--api-version", version], 0) or "{}")
        world.checks.equal(f"asked for {version}: version", value.get("apiVersion"), group + version)
    for info in ("", "nothing", "[]", "{", '{"apiVersion": 1}', "x" * 70000):
        world.accepted(f"kubectl says {info[:20]!r}", arguments, 0, env={"KUBERNETES_EXEC_INFO": info})


def is_user(world, name, token, arn, cluster="prod-1"):
    try:
        seen = aws_eks.verify(token, cluster, world.cloud)["Arn"]
    except aws_eks.BadToken as error:
        seen = str(error)
    world.checks.contains(name + ": accepted", seen, arn)


def tokens(world):
    raw = world.hmac("eks-token", "--cluster", "prod-1", "--format", "raw")
    is_user(world, "bare token", world.accepted("bare token", raw, 0).strip(), USER)
    is_user(world, "bare token of a role", world.accepted("bare token of a role", [*raw, *ROLE_OPTIONS], 1).strip(), "assumed-role/a+b=c,d.e@f-g_h/tester")
    is_user(world, "token of another cluster", world.accepted("another cluster", raw, 0).strip(), "SignatureDoesNotMatch", cluster="other")
    url = urllib.parse.urlsplit(aws_eks.decode(world.accepted("token to look at", raw, 0).strip()))
    query = dict(urllib.parse.parse_qsl(url.query))
    world.checks.equal("key of the token", query["X-Amz-Credential"].split("/")[0], KEY_ID)
    local = world.accepted("token of AWS's own host", [word for word in raw if word not in ("--endpoint", world.cloud.url)], 0).strip()
    is_user(world, "token of AWS's own host", local, USER)


def run(world):
    for cases in (post, post_of_query, presigned, exec_credentials, tokens):
        cases(world)
