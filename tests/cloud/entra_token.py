# SPDX-License-Identifier: Apache-2.0
"""The local token endpoint of Entra and of AD FS: client_credentials and on-behalf-of. entra_tenants.py has the configuration."""
import json
import time
import uuid

import entra_assertion
import entra_errors
import entra_tenants
import google_accounts
import oauth_form
import oauth_jwt
from cloud_frame import Answer, Refusal, Service, load_json

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ON_BEHALF_OF = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FIELDS = ("grant_type", "client_id", "client_assertion_type", "client_assertion", "scope", "claims", "client_info")
OBO_FIELDS = ("assertion", "requested_token_use")
OIDC_SCOPES = {"openid", "offline_access", "profile", "email"}
DEFAULT = "/.default"
CAE_SECONDS = 86400


class Token(Service):
    name = "entra"

    def wants(self, request):
        return entra_tenants.ENDPOINT.fullmatch(request.path) is not None

    def action(self, request):
        return "OnBehalfOf" if b"requested_token_use=" in request.body else "Token"

    # --- checks ---

    def check(self, request):
        if request.method != "POST":
            raise entra_errors.refusal("AADSTS900561", request.method)
        fields = oauth_form.read(request)
        tenant_id, tenant = entra_tenants.find_tenant(self.cloud, entra_tenants.ENDPOINT.fullmatch(request.path)["tenant"])
        self.check_fields(fields)
        client_id = fields["client_id"].lower()
        app = entra_tenants.find_app(tenant_id, tenant, client_id)
        token = entra_assertion.read(fields["client_assertion"])
        try:
            how = entra_assertion.Checker(self.cloud, request, token, fields["client_id"], app, tenant_id == "adfs").run()
        except oauth_jwt.BadJwt as bad:
            raise entra_errors.refusal("AADSTS50027", bad) from None
        call = {"action": "Token", "tenant": tenant_id, "client_id": client_id, "jti": token.claims.get("jti"), "how": how, "now": request.now,
                "parameters": {**fields, "header": token.header, "assertion_claims": token.claims}, "request": request}
        call["resource"] = read_resource(fields, tenant_id)
        if not entra_tenants.is_resource(app, call["resource"]):
            raise entra_errors.refusal("AADSTS500011", call["resource"][:200], tenant_id)
        call["claims"] = read_claims(fields)
        if fields["grant_type"] == ON_BEHALF_OF:
            call.update(action="OnBehalfOf", user=self.check_user(fields, client_id, request.now))
        return call

    def check_fields(self, fields):
        for name in ("grant_type", "client_id"):
            if not fields.get(name):
                raise entra_errors.refusal("AADSTS900144", name)
        is_obo = fields["grant_type"] == ON_BEHALF_OF
        if not is_obo and fields["grant_type"] != "client_credentials":
            raise entra_errors.refusal("AADSTS70003", fields["grant_type"][:80])
        if not fields.get("client_assertion"):
            raise entra_errors.refusal("AADSTS7000218" if is_obo else "AADSTS7000216")
        if fields.get("client_assertion_type") != ASSERTION_TYPE:
            raise entra_errors.refusal("AADSTS900144", "client_assertion_type")
        if is_obo and fields.get("requested_token_use") != "on_behalf_of":
            raise entra_errors.refusal("AADSTS900144", "requested_token_use")
        if is_obo and not fields.get("assertion"):
            raise entra_errors.refusal("AADSTS900144", "assertion")
        if not entra_tenants.rule(self.cloud, "unknown_fields", False):
            oauth_form.only(fields, *FIELDS, *(OBO_FIELDS if is_obo else ()))

    @staticmethod
    def check_user(fields, client_id, now):
        """The claims of the user's token, which this server must have made for the client."""
        claims = oauth_jwt.issued_by_server(fields["assertion"])
        if claims is None:
            raise entra_errors.refusal("AADSTS50013", "The key was not found.")
        if claims.get("aud") not in (client_id, "api://" + client_id):
            raise entra_errors.refusal("AADSTS500131", claims.get("aud"), client_id)
        if claims["exp"] <= now.timestamp():
            raise entra_errors.refusal("AADSTS500133", entra_errors.time_text(now), entra_errors.time_text(oauth_jwt.moment(claims["exp"])))
        return claims

    # --- answers ---

    def answer(self, call):
        oauth_jwt.use(self.cloud, call["parameters"]["client_id"], call["jti"])
        wanted = entra_tenants.config(self.cloud).get("answer", {})
        is_cae = "cp1" in call["claims"].get("access_token", {}).get("xms_cc", {}).get("values", ())
        seconds = wanted.get("expires_in", CAE_SECONDS if is_cae else 3599)
        document = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}
        refresh = wanted.get("refresh_in", seconds // 2 if is_cae else None)
        if refresh is not None:
            document["refresh_in"] = refresh
        if wanted.get("text"):
            document = {name: str(value) for name, value in document.items()}
        document["access_token"] = access_token(call, seconds, is_cae)
        if call["action"] == "OnBehalfOf":
            document["scope"] = call["parameters"]["scope"]
        return document

    def render(self, document, call, style):
        return oauth_form.json_answer(200, document, entra_errors.correlation_headers(call["request"], str(uuid.uuid4())))

    def refuse(self, refusal, request, style=None):
        if style == "text":
            return Answer(refusal.status, refusal.message, "text/plain")
        return entra_errors.answer(refusal, request) if style in (None, "entra") else google_accounts.refuse(refusal, style, "oauth")

    def throttled(self, style):
        number = "AADSTS90055"
        return Refusal(429, number, entra_errors.ERRORS[number][2])


def read_resource(fields, tenant_id):
    """The one resource of the scopes."""
    text = fields.get("scope")
    if not text:
        raise entra_errors.refusal("AADSTS900144", "scope")
    scopes = [scope for scope in oauth_form.scopes_of(text) if scope not in OIDC_SCOPES]
    if not scopes:
        raise entra_errors.refusal("AADSTS70011", text[:200])
    if tenant_id == "adfs":
        if len(scopes) > 1 or scopes[0].endswith(DEFAULT):
            raise entra_errors.refusal("AADSTS70011", text[:200])
        return scopes[0]
    is_obo = fields["grant_type"] == ON_BEHALF_OF
    if not is_obo and not all(scope.endswith(DEFAULT) for scope in scopes):
        raise entra_errors.refusal("AADSTS1002012", text[:200])
    resources = {scope.rpartition("/")[0] for scope in scopes}
    if len(resources) > 1:
        raise entra_errors.refusal("AADSTS28000", text[:200])
    return resources.pop()


def read_claims(fields):
    """The claims parameter: an object of objects, as OpenID Connect has it."""
    if "claims" not in fields:
        return {}
    try:
        claims = load_json(fields["claims"])
    except (ValueError, RecursionError):
        raise entra_errors.refusal("AADSTS9002313", "The claims parameter is not JSON.") from None
    if not isinstance(claims, dict) or set(claims) - {"access_token", "id_token", "userinfo"}:
        raise entra_errors.refusal("AADSTS9002313", "The claims parameter is not an object of access_token.")
    members = claims.get("access_token", {})
    if not isinstance(members, dict) or not all(value is None or isinstance(value, dict) for value in members.values()):
        raise entra_errors.refusal("AADSTS9002313", "A claim of the claims parameter is not an object or null.")
    capabilities = (members.get("xms_cc") or {}).get("values", [])
    if not isinstance(capabilities, list) or not all(isinstance(value, str) for value in capabilities):
        raise entra_errors.refusal("AADSTS9002313", "The capabilities are not a list of texts.")
    return {**claims, "access_token": {name: value or {} for name, value in members.items()}}


def access_token(call, seconds, is_cae):
    now, tenant = int(call["now"].timestamp()), call["tenant"]
    claims = {"aud": call["resource"], "iss": f"https://sts.windows.net/{tenant}/", "iat": now, "nbf": now, "exp": now + seconds,
              "appid": call["client_id"], "azp": call["client_id"], "tid": tenant, "ver": "1.0", "uti": uuid.uuid4().hex,
              "appidacr": "2", "sub": str(uuid.uuid5(uuid.NAMESPACE_URL, tenant + call["client_id"])), "idtyp": "app"}
    if is_cae:
        claims["xms_cc"] = ["cp1"]
    asked = {name: value for name, value in call["claims"].get("access_token", {}).items() if name != "xms_cc"}
    if asked:
        claims["asked"] = json.dumps(asked, sort_keys=True)
    if call["action"] == "OnBehalfOf":
        claims.update(idtyp="user", sub=call["user"]["sub"], upn=call["user"].get("upn"), scp=call["parameters"]["scope"])
    return oauth_jwt.issue(claims)


def user_token(tenant_id, client_id, user, seconds=3600):
    """What a user's sign-in would have given a client's front end."""
    now = int(time.time())
    claims = {"aud": "api://" + client_id, "iss": f"https://sts.windows.net/{tenant_id}/", "iat": now, "nbf": now, "exp": now + seconds,
              "tid": tenant_id, "sub": str(uuid.uuid5(uuid.NAMESPACE_URL, user)), "upn": user, "scp": "access_as_user"}
    return oauth_jwt.issue(claims)
