# SPDX-License-Identifier: Apache-2.0
"""The local AWS STS: AssumeRole, GetSessionToken, GetFederationToken and GetCallerIdentity.

Its part of the configuration:
  "region"  the region of scopes where the host does not say it, "*" for any (default us-east-1)
  "keys"    {access key id: {"secret", "arn", "user_id", "active" (true), "token" (none)}}
  "roles"   {ARN: {"external_id", "mfa" (false), "max_duration" (3600), "trust" ([ARN], default anyone)}}
  "mfa"     {serial number: {"codes": ["123456", ...]}}; each code is taken once
"""
import re
import uuid

import aws_forms
import aws_keys
import aws_sigv4
import aws_sts_fields
import cloud_misbehave
from cloud_frame import Answer, Refusal, Service, strict

VERSION = "2011-06-15"
FORM_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
SIGNATURE_NAMES = {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
                   "X-Amz-Security-Token", "X-Amz-Signature"}
HOST = re.compile(r"sts(?:-fips)?\.(?:([a-z0-9-]+)\.)?(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws|"
                  r"api\.amazonwebservices\.com\.cn|api\.amazonwebservices\.eu|[a-z0-9.-]+\.(?:gov|uk|scloud))")
MFA_FAILED = "MultiFactorAuthentication failed with invalid MFA one time pass code. "


class Sts(Service):
    name = "sts"

    def wants(self, request):
        return request.path == "/"

    def action(self, request):
        text = request.query + "&" + request.body.decode("latin-1")
        match = re.search(r"(?:^|&)Action=([A-Za-z]+)(?:&|$)", text)
        return match.group(1) if match else None

    # --- checks ---

    def check(self, request):
        parameters, signed = self.read(request)
        aws_sigv4.check_names(request, signed, () if request.method == "GET" or request.query else ("content-type",))
        aws_sigv4.check_scope(signed, "sts", self.region(request))
        if signed.algorithm != "AWS4-HMAC-SHA256":
            raise Refusal(400, "IncompleteSignature", f"Unsupported AWS 'algorithm': '{signed.algorithm}'.")
        aws_sigv4.check_time(signed, request.now, 15)  # X-Amz-Expires makes it no longer and no shorter
        token = parameters.get("X-Amz-Security-Token") if signed.presigned else request.header("X-Amz-Security-Token")
        key = aws_keys.find(self.cloud, signed.id, token, request.now)
        aws_sigv4.check_signature(request, signed, key["secret"])
        action, fields, as_json = self.check_action(parameters, request)
        call = {"action": action, "parameters": fields, "key": key, "json": as_json, "now": request.now, "region": signed.region}
        self.allow(call)
        return call

    def read(self, request):
        """The parameters and the signature of the three forms: POST of a form, POST of a query, presigned GET."""
        if request.method == "GET":
            if request.body:
                raise strict("a GET has a body")
            query = aws_sigv4.parse_form(request.query)
            return query, aws_sigv4.from_query(request, query)
        if request.method != "POST":
            raise Refusal(405, "MethodNotAllowed", f"{request.method} is not served")
        if request.query:
            return self.read_post_of_query(request), aws_sigv4.from_header(request)
        if request.header("Content-Type") != FORM_TYPE:
            raise strict(f"the content type is {request.header('Content-Type')}, not {FORM_TYPE}")
        signed = aws_sigv4.from_header(request)
        try:
            return aws_sigv4.parse_form(request.body.decode("ascii")), signed
        except UnicodeDecodeError:
            raise strict("the form is not ASCII") from None

    @staticmethod
    def read_post_of_query(request):
        """What workload identity of Google and others pass on: only GetCallerIdentity, with an empty body."""
        if request.body:
            raise strict("there are parameters in the query and a body")
        parameters = aws_sigv4.parse_form(request.query)
        if parameters.get("Action") != "GetCallerIdentity" or SIGNATURE_NAMES & set(parameters):
            raise strict("parameters in the query of a POST, and it is not a plain GetCallerIdentity")
        return parameters

    def region(self, request):
        host = request.header("Host").lower().rstrip(".")
        match = HOST.fullmatch(host)
        if not match:
            return self.cloud.config.get("region", "us-east-1")
        return match.group(1) or "us-east-1"

    @staticmethod
    def check_action(parameters, request):
        fields = {name: value for name, value in parameters.items() if name not in SIGNATURE_NAMES or request.method != "GET"}
        action, version = fields.pop("Action", None), fields.pop("Version", None)
        if action is None:
            raise Refusal(400, "MissingAction", "The request must contain the parameter Action.")
        if action not in aws_sts_fields.ACTIONS or version != VERSION:
            raise Refusal(400, "InvalidAction", f"Could not find operation {action} for version {version or 'NO_VERSION_SPECIFIED'}")
        if request.method == "GET" and action != "GetCallerIdentity":
            raise strict(f"{action} presigned")
        wanted = fields.pop("ContentType", None)
        if wanted not in (None, "JSON"):
            raise strict(f"ContentType={wanted}")
        return action, aws_sts_fields.check(action, fields), wants_json(request, wanted)

    # --- what is allowed ---

    def allow(self, call):
        rules = {"AssumeRole": self.allow_role, "GetSessionToken": self.allow_session, "GetFederationToken": self.allow_federation}
        if call["action"] in rules:
            rules[call["action"]](call, call["parameters"], call["key"])

    def denied(self, call, resource):
        return Refusal(403, "AccessDenied", f"User: {call['key']['arn']} is not authorized to perform: sts:{call['action']} on resource: {resource}")

    def allow_role(self, call, fields, key):
        role = self.cloud.config.get("roles", {}).get(fields["RoleArn"])
        if role is None or key["kind"] == "federated" or key["arn"] not in role.get("trust", [key["arn"]]):
            raise self.denied(call, fields["RoleArn"])
        if role.get("external_id") is not None and fields.get("ExternalId") != role["external_id"]:
            raise self.denied(call, fields["RoleArn"])
        self.check_mfa(fields)
        if role.get("mfa") and "TokenCode" not in fields and not key.get("mfa"):
            raise self.denied(call, fields["RoleArn"])
        seconds = int(fields.get("DurationSeconds", 3600))
        if key["kind"] == "role" and seconds > 3600:
            raise Refusal(400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
        if seconds > role.get("max_duration", 3600):
            raise Refusal(400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")

    def allow_session(self, call, fields, key):
        self.only_long_term(call, key)
        self.check_mfa(fields)

    def allow_federation(self, call, fields, key):
        self.only_long_term(call, key)

    @staticmethod
    def only_long_term(call, key):
        if key["kind"] != "user":
            raise Refusal(403, "AccessDenied", f"Cannot call {call['action']} with session credentials")
        is_root = key["arn"].endswith(":root")
        if is_root and int(call["parameters"].get("DurationSeconds", 3600)) > 3600:
            raise Refusal(400, "ValidationError", "The requested DurationSeconds exceeds the maximum of 3600 for the account's root.")

    def check_mfa(self, fields):
        if "TokenCode" not in fields:
            return
        device = self.cloud.config.get("mfa", {}).get(fields["SerialNumber"])
        if device is None or fields["TokenCode"] not in device["codes"]:
            raise Refusal(403, "AccessDenied", MFA_FAILED)

    def use_mfa(self, fields):
        if "TokenCode" in fields:
            self.cloud.config["mfa"][fields["SerialNumber"]]["codes"].remove(fields["TokenCode"])

    # --- answers ---

    def answer(self, call):
        makers = {"AssumeRole": self.assume_role, "GetSessionToken": self.session_token,
                  "GetFederationToken": self.federation_token, "GetCallerIdentity": self.caller_identity}
        result = makers[call["action"]](call, call["parameters"], call["key"])
        return {call["action"] + "Response": {call["action"] + "Result": result, "ResponseMetadata": {"RequestId": str(uuid.uuid4())}}}

    def assume_role(self, call, fields, key):
        self.use_mfa(fields)
        role, session = fields["RoleArn"], fields["RoleSessionName"]
        role_id = "AROA" + aws_keys.code() + ":" + session
        partition, account = role.split(":")[1], aws_keys.account_of(role)
        arn = f"arn:{partition}:sts::{account}:assumed-role/{role.rsplit('/', 1)[1]}/{session}"
        given = aws_keys.issue(self.cloud, call["now"], int(fields.get("DurationSeconds", 3600)), arn, role_id, "role")
        result = {"AssumedRoleUser": {"AssumedRoleId": role_id, "Arn": arn}, "Credentials": given}
        if "Policy" in fields or "PolicyArns" in fields or "Tags" in fields:
            result["PackedPolicySize"] = 6
        if "SourceIdentity" in fields:
            result["SourceIdentity"] = fields["SourceIdentity"]
        return result

    def session_token(self, call, fields, key):
        self.use_mfa(fields)
        default = 3600 if key["arn"].endswith(":root") else 43200
        return {"Credentials": aws_keys.issue(self.cloud, call["now"], int(fields.get("DurationSeconds", default)), key["arn"],
                                              key["user_id"], "session", mfa="TokenCode" in fields)}

    def federation_token(self, call, fields, key):
        partition, account = key["arn"].split(":")[1], aws_keys.account_of(key["arn"])
        arn, user_id = f"arn:{partition}:sts::{account}:federated-user/{fields['Name']}", f"{account}:{fields['Name']}"
        default = 3600 if key["arn"].endswith(":root") else 43200
        given = aws_keys.issue(self.cloud, call["now"], int(fields.get("DurationSeconds", default)), arn, user_id, "federated")
        return {"Credentials": given, "FederatedUser": {"FederatedUserId": user_id, "Arn": arn}, "PackedPolicySize": 6}

    def caller_identity(self, call, fields, key):
        return {"Arn": key["arn"], "UserId": key["user_id"], "Account": aws_keys.account_of(key["arn"])}

    # --- forms ---

    def render(self, document, call, style):
        style = style or ("json" if call["json"] else "xml")
        if style == "ceph":
            document = next(iter(document.values()))
        if style in ("json", "ceph"):
            return Answer(200, cloud_misbehave.to_json(document, "exponent" if style == "json" else "iso"), "application/json", [aws_forms.request_id()])
        writer = aws_forms.XmlWriter(style)
        return Answer(200, writer.document(document), "text/xml" if style != "minio" else "application/xml", [aws_forms.request_id()])

    def refuse(self, refusal, request, style=None):
        style = style or ("json" if wants_json(request, None) else "xml")
        number = refusal.request_id or str(uuid.uuid4())
        kind = "Receiver" if refusal.status >= 500 else "Sender"
        headers = [("x-amzn-RequestId", number)] + refusal.headers
        if style in ("type", "header"):
            return aws_forms.rest_error(refusal, style, number)
        error = {"Type": kind, "Code": refusal.code, "Message": refusal.message}
        if style == "json":
            return Answer(refusal.status, cloud_misbehave.to_json({"Error": error, "RequestId": number}, "iso"), "application/json", headers)
        text = aws_forms.XmlWriter("xml").document({"ErrorResponse": {"Error": error, "RequestId": number}})
        return Answer(refusal.status, text, "text/xml", headers)


def wants_json(request, content_type):
    return content_type == "JSON" or request.all("Accept") == ["application/json"] or b"&ContentType=JSON" in request.body
