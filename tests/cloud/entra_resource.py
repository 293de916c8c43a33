# SPDX-License-Identifier: Apache-2.0
"""Beside Entra's token endpoint: discovery documents and keys, a resource that looks at tokens, and a user's token for tests.

  GET /TENANT/v2.0/.well-known/openid-configuration, /TENANT/discovery/v2.0/keys, and both with adfs in place of TENANT/v2.0
  GET /entra/check               says what the bearer token says; ?audience=A: it must be for A. With "challenge": CLAIMS in the
                                 configuration under "entra", a token that was not asked for with these claims gets a 401 that demands them
  GET /entra/user-token?tenant=T&client=C&user=U[&seconds=N]   a token of a user for the client C, to be exchanged on behalf of U
"""
import base64
import json
import re

import entra_errors
import entra_tenants
import entra_token
import google_accounts
import oauth_form
import oauth_jwt
from cloud_frame import Answer, Refusal, Service

DOCUMENT = re.compile(entra_tenants.HOST + r"/(?P<tenant>[^/]+)(?P<what>(?:/v2\.0)?/\.well-known/openid-configuration|/discovery/v2\.0/keys)")


class Documents(Service):
    name = "entra-documents"

    def wants(self, request):
        return DOCUMENT.fullmatch(request.path) is not None

    def action(self, request):
        return "Keys" if request.path.endswith("/keys") else "Discovery"

    def check(self, request):
        if request.method != "GET":
            raise entra_errors.refusal("AADSTS9002313", f"{request.method} is not served.")
        match = DOCUMENT.fullmatch(request.path)
        tenant_id, _ = entra_tenants.find_tenant(self.cloud, match["tenant"])
        return {"action": self.action(request), "parameters": {}, "tenant": tenant_id,
                "base": google_accounts.own_url(request, request.path[:match.start("what")])}

    def answer(self, call):
        if call["action"] == "Keys":
            return oauth_jwt.server_key_set()
        base, version = call["base"], "" if call["tenant"] == "adfs" else "/v2.0"
        return {"issuer": base + version, "token_endpoint": f"{base}/oauth2{version}/token", "authorization_endpoint": f"{base}/oauth2{version}/authorize",
                "jwks_uri": base + "/discovery/v2.0/keys", "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "response_types_supported": ["code"], "subject_types_supported": ["pairwise"], "id_token_signing_alg_values_supported": ["RS256"]}

    def render(self, document, call, style):
        return oauth_form.json_answer(200, document)

    def refuse(self, refusal, request, style=None):
        return entra_errors.answer(refusal, request)

    def throttled(self, style):
        return Refusal(429, "AADSTS90055", "Throttled.")


class Check(Service):
    name = "entra-check"

    def wants(self, request):
        return request.path == "/entra/check"

    def action(self, request):
        return "Check"

    def check(self, request):
        match = re.fullmatch(r"Bearer ([A-Za-z0-9_.-]+)", request.header("Authorization") or "")
        claims = oauth_jwt.issued_by_server(match.group(1)) if match else None
        if claims is None or claims["exp"] <= request.now.timestamp():
            raise Refusal(401, "InvalidAuthenticationToken", "Access token validation failure.", [("WWW-Authenticate", 'Bearer error="invalid_token"')])
        wanted = dict(oauth_form.pairs_of(request.query)).get("audience")
        if wanted and claims["aud"] != wanted:
            raise Refusal(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
        demanded = entra_tenants.config(self.cloud).get("challenge")
        if demanded and claims.get("asked") != json.dumps(demanded.get("access_token", {}), sort_keys=True):
            text = base64.b64encode(json.dumps(demanded).encode()).decode()
            header = f'Bearer authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="{text}"'
            raise Refusal(401, "TokenIssuedBeforeRevocationTimestamp", "Continuous access evaluation resulted in a challenge.", [("WWW-Authenticate", header)])
        return {"parameters": claims}

    def answer(self, call):
        return dict(call["parameters"])

    def render(self, document, call, style):
        return oauth_form.json_answer(200, document)

    def refuse(self, refusal, request, style=None):
        document = {"error": {"code": refusal.code, "message": refusal.message}}
        return oauth_form.json_answer(refusal.status, document, refusal.headers)

    def throttled(self, style):
        return Refusal(429, "TooManyRequests", "Too many requests.")


class UserToken(Service):
    name = "entra-user-token"

    def wants(self, request):
        return request.path == "/entra/user-token"

    def action(self, request):
        return "UserToken"

    def check(self, request):
        fields = dict(oauth_form.pairs_of(request.query))
        missing = [name for name in ("tenant", "client", "user") if not fields.get(name)]
        if missing:
            raise Refusal(400, "invalid_request", f"{missing[0]} is missing")
        if not re.fullmatch(r"-?\d{1,9}", fields.get("seconds", "3600")):
            raise Refusal(400, "invalid_request", "seconds is not a number")
        return {"parameters": fields}

    def answer(self, call):
        fields = call["parameters"]
        return entra_token.user_token(fields["tenant"], fields["client"], fields["user"], int(fields.get("seconds", 3600)))

    def render(self, document, call, style):
        return Answer(200, document, "text/plain")

    def refuse(self, refusal, request, style=None):
        return oauth_form.oauth_error(refusal)
