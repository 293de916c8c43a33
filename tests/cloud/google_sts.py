# SPDX-License-Identifier: Apache-2.0
"""The local Security Token Service of Google, /v1/token, and the token endpoint of Google Distributed Cloud, /authenticate.

Their part of the configuration, under "google":
  "pools"  {audience: {"issuer", "jwks" or "jwks_file", "audiences" (default: the audience, with and without https:),
           "subjects" (any), "algorithms" (RS256, ES256), "enabled" (true), "projects": [project for userProject]}}, where the audience is
           //iam.UNIVERSE/projects/N/locations/global/workloadIdentityPools/POOL/providers/PROVIDER
  "gdch"   {"system:serviceaccount:PROJECT:NAME": {"keys": {kid: {"pem" or "file"}}, "audiences": [what tokens are for]}}
The federated principal is principal://iam.UNIVERSE/projects/N/locations/global/workloadIdentityPools/POOL/subject/SUBJECT.
"""
import re
import urllib.parse

import google_accounts
import oauth_form
import oauth_jwt
from cloud_frame import Refusal, Service, strict

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
JWT_TYPES = ("urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token")
FIELDS = ("grant_type", "audience", "scope", "requested_token_type", "subject_token", "subject_token_type", "options")
NO_TARGET = ('The target service indicated by the "audience" parameters is invalid. This might either be because the pool or '
             "provider is disabled or deleted or because it doesn't exist.")
SUBJECT_LIFE_MOST = 24 * 3600
SUBJECT_LENGTH_MOST = 127
EXPIRES_IN = 3599


def invalid_grant(text):
    return Refusal(400, "invalid_grant", text)


def invalid_request(text):
    return Refusal(400, "invalid_request", text)


class Sts(Service):
    name = "google-sts"

    def wants(self, request):
        return request.path == "/v1/token"

    def action(self, request):
        return "ExchangeToken"

    # --- checks ---

    def check(self, request):
        if request.method != "POST":
            raise Refusal(405, "invalid_request", f"{request.method} is not served")
        if request.header("Authorization") is not None:
            raise Refusal(401, "invalid_client", "There is no OAuth client of that name.")
        fields = self.read_fields(request)
        pool = google_accounts.config(self.cloud).get("pools", {}).get(fields["audience"])
        if pool is None or not pool.get("enabled", True):
            raise Refusal(400, "invalid_target", NO_TARGET)
        try:
            token = oauth_jwt.Jwt(fields["subject_token"])
            self.check_subject_token(request, token, pool, fields["audience"])
        except oauth_jwt.BadJwt as bad:
            raise invalid_grant(f"Unable to parse the ID Token: {bad}.") from None
        scopes = self.check_scopes(fields)
        self.check_options(fields, pool)
        prefix = "principal:" + fields["audience"].split("/providers/")[0]
        return {"parameters": {**fields, "claims": token.claims, "header": token.header}, "scopes": scopes, "now": request.now,
                "principal": f"{prefix}/subject/{token.claims['sub']}"}

    @staticmethod
    def read_fields(request):
        fields = oauth_form.read(request)
        oauth_form.only(fields, *FIELDS)
        if fields.get("grant_type") != EXCHANGE:
            raise Refusal(400, "unsupported_grant_type" if fields.get("grant_type") else "invalid_request",
                          'Invalid value for "grant_type".')
        for name in ("audience", "subject_token", "subject_token_type", "requested_token_type", "scope"):
            if not fields.get(name):
                raise invalid_request(f'Missing required field: "{name}".')
        if fields["requested_token_type"] != ACCESS_TOKEN:
            raise invalid_request('Invalid value for "requested_token_type".')
        if fields["subject_token_type"] not in JWT_TYPES:
            raise invalid_request('Invalid value for "subject_token_type".')
        return fields

    @staticmethod
    def check_subject_token(request, token, pool, audience):
        issuer, subject, own = (token.text_claim(name) for name in ("iss", "sub", "aud"))
        if issuer != pool["issuer"]:
            raise invalid_grant(f"The issuer in ID Token {issuer} does not match the expected one: {pool['issuer']}.")
        if token.header["alg"] not in pool.get("algorithms", ("RS256", "ES256")):
            raise invalid_grant(f"The algorithm {token.header['alg'][:20]} of the ID Token is not supported.")
        keys = oauth_jwt.choose(oauth_jwt.key_set(pool), token.header)
        if not any(token.is_signed_by(key) for key in keys):
            raise invalid_grant("Invalid signature for ID Token." if keys else "Error: no key of the issuer fits the ID Token.")
        if own not in pool.get("audiences", (audience, "https:" + audience)):
            raise invalid_grant(f"The audience in ID Token [{own}] does not match the expected audience.")
        check_subject_times(token, request.now.timestamp())
        if subject is None or len(subject) > SUBJECT_LENGTH_MOST:
            raise invalid_grant("The size of mapped attribute google.subject is not between 1 and 127.")
        token.text_claim("jti")
        if subject not in pool.get("subjects", (subject,)):
            raise Refusal(401, "unauthorized_client", "The given credential is rejected by the attribute condition.")

    def check_scopes(self, fields):
        scopes = oauth_form.scopes_of(fields["scope"])
        unknown = [scope for scope in scopes if not google_accounts.is_known_scope(self.cloud, scope)]
        if unknown:
            raise Refusal(400, "invalid_scope", f"Invalid scope: {unknown[0]}.")
        return scopes

    @staticmethod
    def check_options(fields, pool):
        """The options are JSON, percent-encoded once more than the form is."""
        if "options" not in fields:
            return
        try:
            options = oauth_jwt.load_json(urllib.parse.unquote(fields["options"], errors="strict"))
        except ValueError:
            raise invalid_request('Invalid value for "options".') from None
        if not isinstance(options, dict) or set(options) - {"userProject"} or options.get("userProject") not in pool.get("projects", ()):
            raise invalid_request('Invalid value for "options".')

    # --- answers ---

    def answer(self, call):
        return {"access_token": google_accounts.issue(self.cloud, call["now"], EXPIRES_IN, call["principal"], call["scopes"], "federated"),
                "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": EXPIRES_IN}

    def render(self, document, call, style):
        return oauth_form.json_answer(200, document)

    def refuse(self, refusal, request, style=None):
        return google_accounts.refuse(refusal, style, "oauth")

    def throttled(self, style):
        return Refusal(429, "rate_limit_exceeded", "Quota exceeded for quota metric 'Token exchange requests'.")


def check_subject_times(token, now):
    issued, until, before = (token.time_claim(name) for name in ("iat", "exp", "nbf"))
    if issued is None or until is None:
        raise invalid_grant("The ID Token must have iat and exp.")
    if issued > now:
        raise invalid_grant(f"ID Token issued at {issued} is in the future.")
    if before is not None and before > now:
        raise invalid_grant(f"ID Token is not valid before {before}.")
    if until <= now:
        raise invalid_grant(f"ID Token issued at {issued} is stale to sign-in.")
    if until - issued > SUBJECT_LIFE_MOST:
        raise invalid_grant("The ID Token lives longer than 24 hours.")


class Gdch(Service):
    """JSON instead of a form, and an EC key: the assertion of GDCH is ES256."""

    name = "google-gdch"
    fields = ("grant_type", "audience", "requested_token_type", "subject_token", "subject_token_type")

    def wants(self, request):
        return request.path.endswith("/authenticate")

    def action(self, request):
        return "Authenticate"

    def check(self, request):
        if request.method != "POST":
            raise Refusal(405, "invalid_request", f"{request.method} is not served")
        body = google_accounts.read_json(request)
        wanted = {"grant_type": "urn:ietf:params:oauth:token-type:token-exchange", "requested_token_type": ACCESS_TOKEN,
                  "subject_token_type": "urn:k8s:params:oauth:token-type:serviceaccount"}
        for name in self.fields:
            if not isinstance(body.get(name), str) or not body[name] or body[name] != wanted.get(name, body[name]):
                raise invalid_request(f'Invalid value for "{name}".')
        oauth_form.only(body, *self.fields)
        try:
            token = oauth_jwt.Jwt(body["subject_token"])
            entry = self.check_token(request, token)
        except oauth_jwt.BadJwt as bad:
            raise invalid_grant(f"Invalid assertion format. {bad}.") from None
        if body["audience"] not in entry.get("audiences", (body["audience"],)) or not re.match("https://", body["audience"]):
            raise Refusal(400, "invalid_target", "the audience is not allowed")
        return {"parameters": {**body, "claims": token.claims, "header": token.header}, "principal": token.claims["iss"], "now": request.now}

    def check_token(self, request, token):
        issuer, subject, audience = (token.text_claim(name) for name in ("iss", "sub", "aud"))
        entry = google_accounts.config(self.cloud).get("gdch", {}).get(issuer)
        if entry is None or issuer != subject:
            raise invalid_grant("Invalid grant: account not found")
        if token.header["alg"] != "ES256" or token.header.get("kid") is None or not google_accounts.is_signed(entry, token):
            raise invalid_grant("Invalid JWT Signature.")
        if audience != google_accounts.own_url(request):
            raise invalid_grant("Invalid JWT: Failed audience check.")
        if google_accounts.time_fault(self.cloud, token, request.now):
            raise invalid_grant("Invalid JWT: the token must be short-lived (60 minutes) and in a reasonable timeframe.")
        if set(token.claims) - {"iss", "sub", "aud", "iat", "exp", "jti"}:
            raise strict("there are claims that do not belong there")
        return entry

    def answer(self, call):
        return {"access_token": google_accounts.issue(self.cloud, call["now"], EXPIRES_IN, call["principal"], (), "gdch"),
                "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": EXPIRES_IN}

    def render(self, document, call, style):
        return oauth_form.json_answer(200, document)

    def refuse(self, refusal, request, style=None):
        return google_accounts.refuse(refusal, style, "oauth")

    def throttled(self, style):
        return Refusal(429, "rate_limit_exceeded", "Rate Limit Exceeded")
