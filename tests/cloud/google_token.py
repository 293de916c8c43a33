# SPDX-License-Identifier: Apache-2.0
"""The local token endpoint of Google, /token: an assertion that a service account signed, for an access token or an ID token.

Its part of the configuration, under "google", besides that of google_accounts.py:
  "token_audiences"  what aud of an assertion may be (default: Google's URL in the universe, and the URL that was called)
  "reuse"            whether a jti may come twice (false)
  "expires_in"       seconds that an access token lives (3599)
"""
import google_accounts
import oauth_form
import oauth_jwt
from cloud_frame import Answer, Refusal, Service, strict

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SHORT_LIVED = ("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
               "Check your iat and exp values in the JWT claim.")
UNAUTHORIZED = ("Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the "
                "scopes requested.")


def invalid_grant(text):
    return Refusal(400, "invalid_grant", text)


class Token(Service):
    name = "google-token"

    def wants(self, request):
        return request.path in ("/token", "/oauth2/v4/token", "/oauth2/v3/certs")

    def action(self, request):
        if request.path == "/oauth2/v3/certs":
            return "Certs"
        return "IdToken" if b"response_type=id_token" in request.body else "Token"

    # --- checks ---

    def check(self, request):
        if request.path == "/oauth2/v3/certs":
            return {"action": "Certs", "parameters": {}}
        if request.method != "POST":
            raise Refusal(405, "invalid_request", f"{request.method} is not served")
        fields = self.read_fields(request)
        try:
            token = google_accounts.read_jwt(self.cloud, fields["assertion"])
            issuer, entry = self.check_issuer(token)
            self.check_claims(request, token, issuer)
        except oauth_jwt.BadJwt as bad:
            raise invalid_grant(f"Invalid assertion format. {bad}.") from None
        call = {"parameters": {**fields, "claims": token.claims, "header": token.header}, "claims": token.claims, "email": issuer, "now": request.now}
        call["action"] = self.check_wish(token.claims)
        if call["action"] == "Token":
            call["scopes"] = self.check_scopes(token.claims["scope"])
        self.check_subject(call, entry)
        return call

    @staticmethod
    def read_fields(request):
        fields = oauth_form.read(request)
        if "grant_type" not in fields:
            raise Refusal(400, "invalid_request", "Required parameter is missing: grant_type")
        if fields["grant_type"] != JWT_BEARER:
            raise Refusal(400, "unsupported_grant_type", f"Invalid grant_type: {fields['grant_type'][:80]}")
        if not fields.get("assertion"):
            raise Refusal(400, "invalid_request", "Required parameter is missing: assertion")
        oauth_form.only(fields, "grant_type", "assertion")
        return fields

    def check_issuer(self, token):
        issuer = token.text_claim("iss")
        entry = google_accounts.account(self.cloud, issuer) if issuer else None
        if entry is None:
            raise invalid_grant("Invalid grant: account not found")
        if token.header["alg"] != "RS256":
            raise invalid_grant(f"Invalid JWT: the algorithm {token.header['alg'][:20]} is not supported.")
        if not google_accounts.is_signed(entry, token):
            raise invalid_grant("Invalid JWT Signature.")
        if not entry.get("enabled", True):
            raise Refusal(401, "disabled_client", "The OAuth client was disabled.")
        return issuer, entry

    def check_claims(self, request, token, issuer):
        audience = token.text_claim("aud")
        if audience not in self.audiences(request):
            raise invalid_grant("Invalid JWT: Failed audience check.")
        if google_accounts.time_fault(self.cloud, token, request.now):
            raise invalid_grant(SHORT_LIVED)
        unknown = sorted(set(token.claims) - google_accounts.CLAIMS)
        if unknown:
            raise strict(f"unknown claim {unknown[0]}")
        jti = token.text_claim("jti")
        if oauth_jwt.is_used(self.cloud, issuer, jti) and not google_accounts.config(self.cloud).get("reuse"):
            raise invalid_grant("Token has been used before.")
        for name in ("sub", "scope", "target_audience"):
            token.text_claim(name)

    def audiences(self, request):
        default = [f"https://oauth2.{google_accounts.universe(self.cloud)}/token", google_accounts.own_url(request)]
        return google_accounts.config(self.cloud).get("token_audiences", default)

    @staticmethod
    def check_wish(claims):
        if ("scope" in claims) == ("target_audience" in claims):
            raise Refusal(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return "Token" if "scope" in claims else "IdToken"

    def check_scopes(self, text):
        scopes = oauth_form.scopes_of(text)
        unknown = [scope for scope in scopes if not google_accounts.is_known_scope(self.cloud, scope)]
        if unknown:
            raise Refusal(400, "invalid_scope", f"Some requested scopes were invalid. {{invalid=[{', '.join(unknown)}]}}")
        return scopes

    @staticmethod
    def check_subject(call, entry):
        """Delegation of a domain: the account acts for a user, for scopes that its administrator allowed."""
        subject = call["claims"].get("sub", call["email"])
        call["principal"] = "serviceAccount:" + call["email"]
        if subject == call["email"]:
            return
        allowed = entry.get("delegation")
        if allowed is None or call["action"] == "IdToken" or not set(call["scopes"]) <= set(allowed.get("scopes", ())):
            raise Refusal(401, "unauthorized_client", UNAUTHORIZED)
        if subject not in allowed.get("users", ()):
            raise invalid_grant("Invalid email or User ID")
        call["principal"] = "user:" + subject

    # --- answers ---

    def answer(self, call):
        if call["action"] == "Certs":
            return oauth_jwt.server_key_set()
        claims, now = call["claims"], call["now"]
        oauth_jwt.use(self.cloud, call["email"], claims.get("jti"))
        if call["action"] == "IdToken":
            return {"id_token": google_accounts.id_token(self.cloud, now, call["email"], claims["target_audience"], call["email"], True)}
        seconds = google_accounts.config(self.cloud).get("expires_in", 3599)
        return {"access_token": google_accounts.issue(self.cloud, now, seconds, call["principal"], call["scopes"]),
                "expires_in": seconds, "token_type": "Bearer"}

    def render(self, document, call, style):
        return oauth_form.json_answer(200, document)

    def refuse(self, refusal, request, style=None):
        if style == "text":
            return Answer(refusal.status, refusal.message, "text/plain")
        return google_accounts.refuse(refusal, style, "oauth")

    def throttled(self, style):
        return Refusal(429, "rate_limit_exceeded", "Rate Limit Exceeded")
