# SPDX-License-Identifier: Apache-2.0
"""The local IAM Service Account Credentials API of Google, and /check, a resource that says who calls.

/v1/projects/-/serviceAccounts/E-MAIL:generateAccessToken and :generateIdToken look up who may do what in "iam" of the account.
/check takes GET with any bearer token; it knows nothing but says principal, scopes, kind and quota project, for tests.
"""
import datetime
import re

import google_accounts
import oauth_form
from cloud_frame import Refusal, Service

PATH = re.compile(r"/v1/projects/-/serviceAccounts/([^/:?]+):([A-Za-z]+)")
PERMISSIONS = {"generateAccessToken": "iam.serviceAccounts.getAccessToken", "generateIdToken": "iam.serviceAccounts.getOpenIdToken"}
DELEGATION = "iam.serviceAccounts.implicitDelegation"
NEEDED = ("https://www.googleapis.com/auth/iam", "https://www.googleapis.com/auth/cloud-platform")
LIFETIME = re.compile(r"(\d{1,9})(?:\.\d{1,9})?s")
LIFETIME_MOST = 43200
DELEGATE = re.compile(r"projects/-/serviceAccounts/([^/]+)")


def invalid(text):
    return google_accounts.api_refusal(400, text)


class Iam(Service):
    name = "google-iam"

    def wants(self, request):
        return PATH.fullmatch(request.path) is not None

    def action(self, request):
        return PATH.fullmatch(request.path).group(2)

    # --- checks ---

    def check(self, request):
        email, action = PATH.fullmatch(request.path).groups()
        if request.method != "POST" or action not in PERMISSIONS:
            raise Refusal(404, "NOT_FOUND", f"{request.method} of {action} is not served")
        who = google_accounts.caller(self.cloud, request)
        if who["scopes"] is not None and not set(NEEDED) & set(who["scopes"]):
            raise google_accounts.api_refusal(403, "Request had insufficient authentication scopes.", "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                                              [("WWW-Authenticate", google_accounts.REALM + ', error="insufficient_scope"')])
        google_accounts.check_quota_project(self.cloud, request, who)
        body = google_accounts.read_json(request)
        email = google_accounts.email_of(email)
        fields = READERS[action](self.cloud, body)
        entry = self.allow(who["principal"], read_delegates(body), email, PERMISSIONS[action])
        if action == "generateAccessToken":
            check_lifetime(fields["lifetime"], entry)
        return {"parameters": {**fields, "email": email, "delegates": body.get("delegates") or []}, "action": action, "email": email,
                "fields": fields, "principal": who["principal"], "now": request.now}

    def allow(self, principal, delegates, email, permission):
        """Each of the chain must be allowed to act through the next, and the last to get the token."""
        hops = [(name, DELEGATION) for name in delegates] + [(email, permission)]
        for name, wanted in hops:
            entry = google_accounts.account(self.cloud, name)
            if entry is None or not entry.get("enabled", True):
                raise google_accounts.api_refusal(404, f"Not found; Gaia id not found for email {name}")
            allowed = entry.get("iam", {}).get(principal, ())
            if allowed != "*" and wanted not in allowed:
                raise google_accounts.api_refusal(403, f"Permission '{wanted}' denied on resource (or it may not exist).",
                                                  "IAM_PERMISSION_DENIED", permission=wanted)
            principal = "serviceAccount:" + name
        return entry

    # --- answers ---

    def answer(self, call):
        fields, now, email = call["fields"], call["now"], call["email"]
        if call["action"] == "generateIdToken":
            azp = email if fields["useEmailAzp"] else google_accounts.unique_id(google_accounts.account(self.cloud, email), email)
            return {"token": google_accounts.id_token(self.cloud, now, email, fields["audience"], azp, fields["includeEmail"])}
        token = google_accounts.issue(self.cloud, now, fields["lifetime"], "serviceAccount:" + email, fields["scope"])
        until = (now + datetime.timedelta(seconds=fields["lifetime"])).replace(microsecond=0)
        return {"accessToken": token, "expireTime": until}

    def render(self, document, call, style):
        return oauth_form.json_answer(200, document, content_type="application/json; charset=UTF-8")

    def refuse(self, refusal, request, style=None):
        return google_accounts.refuse(refusal, style, "api")

    def throttled(self, style):
        return google_accounts.api_refusal(429, "Resource has been exhausted (e.g. check quota).", "RATE_LIMIT_EXCEEDED")


# --- what the bodies say ---

def only(body, *allowed):
    unknown = sorted(set(body) - set(allowed) - {"delegates"})
    if unknown:
        raise invalid(f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.')


def read_delegates(body):
    delegates = body.get("delegates")  # Google's own clients send null where there are none
    if delegates is None:
        return []
    matches = [DELEGATE.fullmatch(name) if isinstance(name, str) else None for name in delegates] if isinstance(delegates, list) else [None]
    if None in matches:
        raise invalid("Invalid value at 'delegates': each must be projects/-/serviceAccounts/{ACCOUNT_EMAIL_OR_UNIQUEID}")
    return [match.group(1) for match in matches]


def read_access_token(cloud, body):
    only(body, "scope", "lifetime")
    scopes = body.get("scope")
    if not isinstance(scopes, list) or not scopes or not all(isinstance(scope, str) for scope in scopes):
        raise invalid("Invalid value at 'scope': scopes are required, as a list of texts")
    unknown = [scope for scope in scopes if not google_accounts.is_known_scope(cloud, scope)]
    if unknown:
        raise invalid(f"Request contains an invalid argument: scope {unknown[0]}")
    lifetime = body.get("lifetime", "3600s")
    match = LIFETIME.fullmatch(lifetime) if isinstance(lifetime, str) else None
    if not match:
        raise invalid(f"Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration), {str(lifetime)[:40]}")
    return {"scope": scopes, "lifetime": int(match.group(1))}


def check_lifetime(seconds, entry):
    most = min(entry.get("max_lifetime", 3600), LIFETIME_MOST)
    if not 0 < seconds <= most:
        raise invalid(f"The access token lifetime cannot exceed {most}s: constraints/iam.allowServiceAccountCredentialLifetimeExtension")


def read_id_token(cloud, body):
    only(body, "audience", "includeEmail", "useEmailAzp", "organizationNumberIncluded")
    if not isinstance(body.get("audience"), str) or not body["audience"]:
        raise invalid("Audience is required.")
    flags = {"true": True, "false": False, True: True, False: False}
    fields = {"audience": body["audience"]}
    for name in ("includeEmail", "useEmailAzp"):
        value = body.get(name, False)
        if not isinstance(value, (bool, str)) or value not in flags:
            raise invalid(f"Invalid value at '{name}' (TYPE_BOOL)")
        fields[name] = flags[value]
    return fields


READERS = {"generateAccessToken": read_access_token, "generateIdToken": read_id_token}


class Check(Service):
    """A resource: GET /check, and /check?scope=S where the token must have that scope."""

    name = "google-check"

    def wants(self, request):
        return request.path == "/check"

    def action(self, request):
        return "Check"

    def check(self, request):
        if request.method != "GET":
            raise Refusal(405, "UNIMPLEMENTED", f"{request.method} is not served")
        who = google_accounts.caller(self.cloud, request)
        wanted = dict(oauth_form.pairs_of(request.query)).get("scope")
        if wanted and who["scopes"] is not None and wanted not in who["scopes"]:
            raise google_accounts.api_refusal(403, "Request had insufficient authentication scopes.", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
        project = google_accounts.check_quota_project(self.cloud, request, who)
        return {"parameters": {**who, "quota_project": project}}

    def answer(self, call):
        return dict(call["parameters"])

    def render(self, document, call, style):
        return oauth_form.json_answer(200, document)

    def refuse(self, refusal, request, style=None):
        return google_accounts.refuse(refusal, style, "api")

    def throttled(self, style):
        return google_accounts.api_refusal(429, "Resource has been exhausted (e.g. check quota).", "RATE_LIMIT_EXCEEDED")
