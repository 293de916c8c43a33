# SPDX-License-Identifier: Apache-2.0
"""STS as botocore's client sees it, and requests that botocore's signer signs but its client would not send."""
import base64
import copy
import datetime
import json
import re
import urllib.parse

import botocore.auth
import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

import aws_eks
import cloud_checks
import cloud_control

ACCOUNT = "123456789012"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
READER, GUARDED, LONG = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("a/b/reader", "guarded", "long+=,.@-_"))
MFA = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
CONFIG = {
    "region": "eu-central-1",
    "keys": {KEY: {"secret": SECRET, "arn": ALICE, "user_id": "AIDAALICE"},
             "AKIAROOT": {"secret": SECRET, "arn": f"arn:aws:iam::{ACCOUNT}:root", "user_id": ACCOUNT},
             "AKIABOB": {"secret": SECRET, "arn": f"arn:aws:iam::{ACCOUNT}:user/bob", "user_id": "AIDABOB"},
             "AKIAOFF": {"secret": SECRET, "arn": ALICE, "user_id": "AIDAALICE", "active": False}},
    "roles": {READER: {"trust": [ALICE]}, GUARDED: {"external_id": "a:b/c", "mfa": True}, LONG: {"max_duration": 43200}},
    "mfa": {MFA: {"codes": ["123456", "654321", "111111"]}},
}
FORM = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]


def client(cloud, key=KEY, secret=SECRET, token=None, region="eu-central-1"):
    return botocore.session.Session().create_client(
        "sts", region_name=region, endpoint_url=cloud.url, verify=cloud.ca, aws_access_key_id=key, aws_secret_access_key=secret,
        aws_session_token=token, config=Config(retries={"total_max_attempts": 1}))


def client_of(cloud, credentials):
    return client(cloud, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])


def refused(checks, cloud, name, code, text, call, **arguments):
    try:
        call(**arguments)
        checks.true(name, False, "it was accepted")
    except ClientError as error:
        seen = error.response["Error"]
        checks.true(name, seen["Code"] == code and text in seen["Message"], seen)


def good_calls(checks, cloud):
    sts = client(cloud)
    who = sts.get_caller_identity()
    checks.equal("identity", (who["Arn"], who["UserId"], who["Account"]), (ALICE, "AIDAALICE", ACCOUNT))
    role = sts.assume_role(RoleArn=READER, RoleSessionName="a=b,c.d@e-f_g+h", Policy='{"Version":"2012-10-17"}', PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
                           Tags=[{"Key": "Team", "Value": "ü:/=+-@"}, {"Key": "b", "Value": ""}], TransitiveTagKeys=["Team"], SourceIdentity="ali", DurationSeconds=900)
    checks.contains("role's ARN", role["AssumedRoleUser"]["Arn"], "assumed-role/reader/a=b,c.d@e-f_g+h")
    lasts = role["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    checks.true("duration", 880 <= lasts.total_seconds() <= 901, lasts)
    checks.contains("identity of the role", client_of(cloud, role["Credentials"]).get_caller_identity()["Arn"], "assumed-role/reader")
    chained = client_of(cloud, role["Credentials"]).assume_role(RoleArn=LONG, RoleSessionName="chain", DurationSeconds=3600)
    checks.contains("chained role", chained["AssumedRoleUser"]["Arn"], "/chain")
    refused(checks, cloud, "chaining over an hour", "ValidationError", "1 hour session limit",
            client_of(cloud, role["Credentials"]).assume_role, RoleArn=LONG, RoleSessionName="chain", DurationSeconds=3601)
    checks.true("12 hours", sts.assume_role(RoleArn=LONG, RoleSessionName="long", DurationSeconds=43200))
    session = sts.get_session_token(DurationSeconds=129600)["Credentials"]
    checks.equal("identity of the session", client_of(cloud, session).get_caller_identity()["Arn"], ALICE)
    checks.true("role from a session", client_of(cloud, session).assume_role(RoleArn=READER, RoleSessionName="of-session"))
    refused(checks, cloud, "session from a session", "AccessDenied", "Cannot call GetSessionToken with session credentials", client_of(cloud, session).get_session_token)
    federated = sts.get_federation_token(Name="guest")
    checks.equal("federated user", federated["FederatedUser"]["Arn"], f"arn:aws:sts::{ACCOUNT}:federated-user/guest")
    checks.equal("accepted and refused", [e["verdict"] for e in cloud.log()].count("refused"), 2)
    checks.equal("parameters in the log", cloud.log("AssumeRole")[0]["parameters"]["Tags"][0], {"Key": "Team", "Value": "ü:/=+-@"})


def bad_keys(checks, cloud):
    def identity(name, code, text, **how):
        refused(checks, cloud, name, code, text, client(cloud, **how).get_caller_identity)
    identity("wrong secret", "SignatureDoesNotMatch", "does not match the signature you provided", secret=SECRET[:-1])
    identity("wrong region", "SignatureDoesNotMatch", "scoped to a valid region", region="us-east-1")
    identity("unknown key", "InvalidClientTokenId", "security token", key="AKIAUNKNOWN")
    identity("inactive key", "InvalidClientTokenId", "security token", key="AKIAOFF")
    identity("token for a long-term key", "InvalidClientTokenId", "security token", token="abc")
    given = client(cloud).get_session_token()["Credentials"]
    identity("temporary key without token", "InvalidClientTokenId", "", key=given["AccessKeyId"], secret=given["SecretAccessKey"])
    identity("temporary key, other token", "InvalidClientTokenId", "", key=given["AccessKeyId"], secret=given["SecretAccessKey"], token=given["SessionToken"][:-2])
    for offset, text in ((901, "Signature expired: "), (-902, "Signature not yet current: ")):
        cloud.config(clock_offset=offset)
        identity(f"clock {offset}", "SignatureDoesNotMatch", text)
    for offset in (890, -890):
        cloud.config(clock_offset=offset)
        checks.true(f"clock {offset}", client(cloud).get_caller_identity())
    cloud.config(clock_offset=0)
    given = client(cloud).get_session_token(DurationSeconds=900)["Credentials"]
    cloud.config(clock_offset=890)
    checks.true("token in its last seconds", client_of(cloud, given).get_caller_identity())
    cloud.config(clock_offset=0, keys={"ASIAOLD": {"secret": SECRET, "arn": ALICE, "user_id": "x", "token": "t"}})
    checks.true("configured temporary key", client(cloud, "ASIAOLD", SECRET, "t").get_caller_identity())
    cloud.config(region="*")
    checks.true("any region", client(cloud, region="ap-south-1").get_caller_identity())
    cloud.config(region="eu-central-1")


def bad_calls(checks, cloud):
    sts, root = client(cloud), client(cloud, "AKIAROOT")
    role = {"RoleArn": READER, "RoleSessionName": "name"}
    cases = [
        ("unknown role", "AccessDenied", "is not authorized to perform: sts:AssumeRole", {"RoleArn": READER + "x"}),
        ("short session name", "ValidationError", "greater than or equal to 2", {"RoleSessionName": "a"}),
        ("long session name", "ValidationError", "less than or equal to 64", {"RoleSessionName": "a" * 65}),
        ("UTF-8 session name", "ValidationError", "regular expression", {"RoleSessionName": "aäa"}),
        ("duration 899", "ValidationError", "greater than or equal to 900", {"DurationSeconds": 899}),
        ("duration 43201", "ValidationError", "less than or equal to 43200", {"DurationSeconds": 43201}),
        ("longer than the role", "ValidationError", "MaxSessionDuration", {"DurationSeconds": 3601}),
        ("policy no JSON", "MalformedPolicyDocument", "", {"Policy": "{"}),
        ("policy too long", "ValidationError", "2048", {"Policy": '{"a":"' + "x" * 2048 + '"}'}),
        ("duplicate tags", "InvalidParameterValue", "case insensitive", {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]}),
        ("51 tags", "ValidationError", "less than or equal to 50", {"Tags": [{"Key": f"k{i}", "Value": ""} for i in range(51)]}),
        ("aws: tag", "ValidationError", "reserved", {"Tags": [{"Key": "aws:x", "Value": ""}]}),
        ("tag with a hash", "ValidationError", "letters", {"Tags": [{"Key": "a#", "Value": ""}]}),
        ("transitive tag not there", "ValidationError", "transitive", {"TransitiveTagKeys": ["a"]}),
        ("11 policies", "ValidationError", "less than or equal to 10", {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/" + str(i)} for i in range(11)]}),
        ("short external id", "ValidationError", "greater than or equal to 2", {"ExternalId": "a"}),
        ("code without serial", "StrictCheckFailed", "belong together", {"TokenCode": "123456"}),
    ]
    for name, code, text, more in cases:
        arguments = {**role, **more}
        refused(checks, cloud, name, code, text, client_without_validation(cloud).assume_role, **arguments)
    refused(checks, cloud, "not trusted", "AccessDenied", "", client(cloud, "AKIABOB").assume_role, **role)
    refused(checks, cloud, "root for a day", "ValidationError", "3600", root.get_session_token, DurationSeconds=43200)
    refused(checks, cloud, "session of 36 hours and a second", "ValidationError", "129600", sts.get_session_token, DurationSeconds=129601)
    refused(checks, cloud, "federation name", "ValidationError", "32", client_without_validation(cloud).get_federation_token, Name="a" * 33)
    multi_factor(checks, cloud, sts)


def client_without_validation(cloud):
    return botocore.session.Session().create_client(
        "sts", region_name="eu-central-1", endpoint_url=cloud.url, verify=cloud.ca, aws_access_key_id=KEY, aws_secret_access_key=SECRET,
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False))


def multi_factor(checks, cloud, sts):
    guarded = {"RoleArn": GUARDED, "RoleSessionName": "name"}
    failed = "MultiFactorAuthentication failed with invalid MFA one time pass code"
    refused(checks, cloud, "no external id", "AccessDenied", "AssumeRole", sts.assume_role, SerialNumber=MFA, TokenCode="123456", **guarded)
    guarded["ExternalId"] = "a:b/c"
    refused(checks, cloud, "no MFA", "AccessDenied", "AssumeRole", sts.assume_role, **guarded)
    refused(checks, cloud, "wrong code", "AccessDenied", failed, sts.assume_role, SerialNumber=MFA, TokenCode="000000", **guarded)
    refused(checks, cloud, "wrong device", "AccessDenied", failed, sts.assume_role, SerialNumber=MFA + "x", TokenCode="123456", **guarded)
    cloud.behave("throttle")
    refused(checks, cloud, "throttled", "Throttling", "Rate exceeded", sts.assume_role, SerialNumber=MFA, TokenCode="123456", **guarded)
    checks.true("MFA after throttling", sts.assume_role(SerialNumber=MFA, TokenCode="123456", **guarded))
    refused(checks, cloud, "code used twice", "AccessDenied", failed, sts.assume_role, SerialNumber=MFA, TokenCode="123456", **guarded)
    session = sts.get_session_token(SerialNumber=MFA, TokenCode="654321")["Credentials"]
    checks.true("role from an MFA session", client_of(cloud, session).assume_role(**guarded))


# --- requests that no client would send ---

IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"
ROLE = f"Action=AssumeRole&Version=2011-06-15&RoleArn={urllib.parse.quote(READER, safe='')}&RoleSessionName=abc"


def signed(cloud, body, method="POST", target="/", headers=(), service="sts", region="eu-central-1", host=None):
    """(target, headers) with a signature by botocore over all the headers that it signs."""
    host = host or urllib.parse.urlsplit(cloud.url).netloc
    request = AWSRequest(method=method, url=f"https://{host}{target}", data=body.encode())
    for name, value in [("Host", host)] + list(headers):
        request.headers.add_header(name, value)
    botocore.auth.SigV4Auth(Credentials(KEY, SECRET), service, region).add_auth(request)
    return [(name, value) for name, value in request.headers.items()]


def forms(checks, cloud):
    cases = [
        ("plus for a space", ROLE + "&Policy=%7B+%7D", "RFC 3986"),
        ("lower hex", ROLE.replace("%3A", "%3a"), "RFC 3986"),
        ("colon as it is", ROLE.replace("%3A", ":"), "RFC 3986"),
        ("too much encoded", ROLE.replace("abc", "%61bc"), "RFC 3986"),
        ("doubled", ROLE + "&RoleSessionName=abd", "twice"),
        ("unknown", ROLE + "&Colour=red", "unknown parameter Colour"),
        ("of another action", IDENTITY + "&DurationSeconds=900", "unknown parameter"),
        ("no equals sign", ROLE + "&Policy", "name=value"),
        ("empty part", ROLE + "&", "name=value"),
        ("list from 0", ROLE + "&Tags.member.0.Key=a&Tags.member.0.Value=b", "unknown parameter Tags.member.0"),
        ("list from 2", ROLE + "&Tags.member.2.Key=a&Tags.member.2.Value=b", "without a gap"),
        ("list with a gap", ROLE + "".join(f"&Tags.member.{i}.Key=a{i}&Tags.member.{i}.Value=b" for i in (1, 3)), "without a gap"),
        ("half a tag", ROLE + "&Tags.member.1.Key=a", "not whole"),
        ("wrong part of a list", ROLE + "&PolicyArns.member.1.Arn=a", "unknown parameter"),
        ("bad UTF-8", ROLE + "&Policy=%FF", "not UTF-8"),
    ]
    for name, body, text in cases:
        cloud_checks.send(cloud, "POST", "/", signed(cloud, body, headers=FORM), body.encode())
        checks.refused("form: " + name, cloud, "StrictCheckFailed", text)
    others = [("no action", "Version=2011-06-15", "MissingAction"), ("unknown action", IDENTITY + "x", "InvalidAction"),
              ("no version", "Action=GetCallerIdentity", "InvalidAction"), ("duration no number", ROLE + "&DurationSeconds=1e3", "MalformedInput"),
              ("no role", ROLE.replace("RoleArn", "RoleARN"), "ValidationError"), ("empty name", ROLE[:-3], "ValidationError")]
    for name, body, code in others:
        cloud_checks.send(cloud, "POST", "/", signed(cloud, body, headers=FORM), body.encode())
        checks.refused("form: " + name, cloud, code)


def changed(headers, name, make):
    """The headers with one changed by a function, or taken away where it gives None."""
    pairs = [(n, make(v) if n.lower() == name.lower() else v) for n, v in headers]
    return [(n, v) for n, v in pairs if v is not None]


def other_digit(text):
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def headers_of(checks, cloud):
    good = signed(cloud, IDENTITY, headers=FORM)
    checks.equal("plain request", cloud_checks.send(cloud, "POST", "/", good, IDENTITY.encode()).status, 200)
    authorization = lambda a, b: changed(good, "Authorization", lambda v: re.sub(a, b, v))  # noqa: E731
    old = signed(cloud, IDENTITY, headers=[("Content-Type", "application/x-www-form-urlencoded")])
    cases = [
        ("other content type", old, "StrictCheckFailed", "content type"),
        ("no Authorization", changed(good, "Authorization", lambda v: None), "MissingAuthenticationToken", "missing Authentication Token"),
        ("no date", changed(good, "X-Amz-Date", lambda v: None), "IncompleteSignature", "X-Amz-Date"),
        ("unsigned x-amz header", good + [("X-Amz-Foo", "1")], "StrictCheckFailed", "x-amz-foo is not signed"),
        ("unsigned token", good + [("X-Amz-Security-Token", "1")], "StrictCheckFailed", "not signed"),
        ("content type not signed", authorization("content-type;", ""), "StrictCheckFailed", "content-type is not signed"),
        ("host not signed", authorization("host;", ""), "SignatureDoesNotMatch", "'Host'"),
        ("names not sorted", authorization("content-type;host", "host;content-type"), "StrictCheckFailed", "sorted"),
        ("name twice", authorization("content-type;host", "content-type;host;host"), "StrictCheckFailed", "twice"),
        ("signed header not there", authorization("host;", "host;nothing;"), "SignatureDoesNotMatch", "not in the request"),
        ("other signature", authorization("Signature=.", "Signature=g"), "IncompleteSignature", ""),
        ("other digit", changed(good, "Authorization", other_digit), "SignatureDoesNotMatch", ""),
        ("other algorithm", authorization("HMAC-SHA256", "HMAC-SHA512"), "IncompleteSignature", "algorithm"),
        ("other terminator", authorization("aws4_request", "aws5_request"), "SignatureDoesNotMatch", "terminator"),
        ("other date in the scope", authorization(r"/\d{8}/", "/20200101/"), "SignatureDoesNotMatch", "20200101"),
        ("two spaces", authorization(", Signed", ",  Signed"), "IncompleteSignature", ""),
        ("date twice", good + [("X-Amz-Date", dict(good)["X-Amz-Date"])], "StrictCheckFailed", "2 times"),
        ("date not of this form", changed(good, "X-Amz-Date", lambda v: v[:8] + "T000000+"), "SignatureDoesNotMatch", "ISO-8601"),
        ("other service", signed(cloud, IDENTITY, headers=FORM, service="iam"), "SignatureDoesNotMatch", "correct service: 'sts'"),
    ]
    for name, headers, code, text in cases:
        cloud_checks.send(cloud, "POST", "/", headers, IDENTITY.encode())
        checks.refused("headers: " + name, cloud, code, text)
    cloud_checks.send(cloud, "POST", "/", good, IDENTITY.replace("Get", "get").encode())
    checks.refused("headers: other body", cloud, "SignatureDoesNotMatch", "does not match")


def hosts(checks, cloud):
    cases = [("sts.amazonaws.com", "us-east-1", "eu-central-1"), ("sts.eu-west-1.amazonaws.com", "eu-west-1", "us-east-1"),
             ("sts.cn-north-1.amazonaws.com.cn", "cn-north-1", "us-east-1"), ("sts-fips.us-east-2.api.aws", "us-east-2", "us-east-1")]
    for host, good, bad in cases:
        for region, status in ((good, 200), (bad, 403)):
            headers = signed(cloud, IDENTITY, headers=FORM, host=host, region=region)
            checks.equal(f"{host} signed for {region}", cloud_checks.send(cloud, "POST", "/", headers, IDENTITY.encode()).status, status)
    extra = [("x-goog-cloud-target-resource", "//iam.googleapis.com/x")]
    headers = signed(cloud, "", target="/?" + IDENTITY, headers=extra)
    checks.equal("POST with a query", cloud_checks.send(cloud, "POST", "/?" + IDENTITY, headers).status, 200)
    cloud_checks.send(cloud, "POST", "/?" + IDENTITY, changed(headers, extra[0][0], lambda v: v + "y"))
    checks.refused("POST with a query, other header", cloud, "SignatureDoesNotMatch")


def answers(checks, cloud):
    headers = signed(cloud, ROLE, headers=FORM) + [("Accept", "application/json")]
    reply = cloud_checks.send(cloud, "POST", "/", headers, ROLE.encode())
    credentials = json.loads(reply.body)["AssumeRoleResponse"]["AssumeRoleResult"]["Credentials"]
    checks.equal("members of JSON", sorted(credentials), ["AccessKeyId", "Expiration", "SecretAccessKey", "SessionToken"])
    checks.true("epoch with exponent", re.search(rb'"Expiration":1\.\d+E9', reply.body), reply.body)
    refusal = cloud_checks.send(cloud, "POST", "/", changed(headers, "Authorization", lambda v: v[:-1] + "g"), ROLE.encode())
    checks.equal("refusal in JSON", json.loads(refusal.body)["Error"]["Code"], "IncompleteSignature")
    body = ROLE + "&ContentType=JSON"
    reply = cloud_checks.send(cloud, "POST", "/", signed(cloud, body, headers=FORM), body.encode())
    checks.true("ContentType=JSON", reply.body.startswith(b"{"), reply.body)


# --- EKS ---

def presigned(cloud, cluster="prod", expires=60, host=None, query=IDENTITY, service="sts", region="eu-central-1"):
    host = host or urllib.parse.urlsplit(cloud.url).netloc
    request = AWSRequest(method="GET", url=f"https://{host}/?{query}", headers={"x-k8s-aws-id": cluster} if cluster else {})
    botocore.auth.SigV4QueryAuth(Credentials(KEY, SECRET), service, region, expires=expires).add_auth(request)
    return request.url


def token_of(url):
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def eks(checks, cloud):
    good = presigned(cloud)
    checks.equal("EKS identity", aws_eks.verify(token_of(good), "prod", cloud)["Arn"], ALICE)
    regional = presigned(cloud, host="sts.eu-west-1.amazonaws.com", region="eu-west-1")
    checks.equal("EKS regional host", aws_eks.verify(token_of(regional), "prod", cloud)["Arn"], ALICE)
    cases = [
        ("other cluster", token_of(presigned(cloud, "test")), "SignatureDoesNotMatch"),
        ("no cluster", token_of(presigned(cloud, None)), "x-k8s-aws-id"),
        ("no prefix", token_of(good)[4:], "prefix"),
        ("padding", token_of(good) + "=", "padding"),
        ("too large", token_of(good + "&x=" + "y" * 4096), "too large"),
        ("http", token_of(good.replace("https", "http")), "scheme"),
        ("other host", token_of(good.replace("//", "//evil.")), "hostname"),
        ("other path", token_of(good.replace("/?", "/x?")), "path"),
        ("other action", token_of(presigned(cloud, query=IDENTITY.replace("CallerIdentity", "SessionToken"))), "action"),
        ("other parameter", token_of(presigned(cloud, query=IDENTITY + "&x=y")), "non-whitelisted"),
        ("expires", token_of(presigned(cloud, expires=901)), "X-Amz-Expires"),
        ("doubled", token_of(good + "&Action=GetCallerIdentity"), "multiple"),
        ("old", token_of(re.sub(r"X-Amz-Date=\d{8}", "X-Amz-Date=20200101", good)), "expired"),
        ("wrong signature", token_of(other_digit(good)), "SignatureDoesNotMatch"),
        ("wrong service", token_of(presigned(cloud, service="eks")), "correct service"),
    ]
    for name, token, text in cases:
        error = checks.raises("EKS " + name, aws_eks.BadToken, aws_eks.verify, token, "prod", cloud)
        checks.contains(f"EKS {name}: text", str(error), text)


def run(checks):
    for cases in (good_calls, bad_keys, bad_calls, forms, headers_of, hosts, answers, eks):
        with cloud_control.Cloud(copy.deepcopy(CONFIG)) as cloud:
            cases(checks, cloud)
