# SPDX-License-Identifier: Apache-2.0
"""What Google's services share: service accounts and their keys, bearer tokens, and the errors of APIs.

The part of the configuration that all of them use, under "google":
  "service_accounts"  {e-mail: {"keys": {kid: {"pem" or "file": public key or certificate, "enabled" (true)}}, "enabled" (true),
                       "unique_id", "delegation": {"users": [e-mail], "scopes": [scope]}, "max_lifetime" (3600),
                       "iam": {member: [permission] or "*"}}}; a member is serviceAccount:E-MAIL or principal://...
  "scopes"            scopes that are known besides openid, email, profile and https://www.googleapis.com/auth/...
  "projects"          {project: [member]}: who may name it as quota project
  "universe_domain"   default googleapis.com
  "jwt_audiences"     audiences of self-signed JWTs, besides https://SERVICE.UNIVERSE/ and the server's own URL with /
  "skew"              seconds that a JWT may be issued ahead of the server's clock (30)
  "padding"           whether base64url of JWTs may have = at its end (false), as old clients of Google write it
"""
import base64
import os
import re
import urllib.parse
import uuid

import oauth_form
import oauth_jwt
from cloud_frame import Refusal, strict

LIFE_MOST = 3600
GOOGLE_SCOPE = re.compile(r"https://www\.googleapis\.com/auth/[a-z0-9._/-]+")
SHORT_SCOPES = ("openid", "email", "profile")
CLAIMS = {"iss", "sub", "scope", "aud", "iat", "exp", "nbf", "jti", "target_audience"}
STATUS_OF = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
             429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
UNAUTHENTICATED = ("Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
                   "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.")
MISSING = ("Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid "
           "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.")
REALM = 'Bearer realm="https://accounts.google.com/"'


def config(cloud):
    return cloud.config.get("google", {})


def universe(cloud):
    return config(cloud).get("universe_domain", "googleapis.com")


def own_url(request, path=None):
    return f"https://{request.header('Host')}{request.path if path is None else path}"


def read_jwt(cloud, text):
    return oauth_jwt.Jwt(text, padding=config(cloud).get("padding", False))


def account(cloud, email):
    return config(cloud).get("service_accounts", {}).get(email)


def is_signed(entry, token):
    """Whether a key of the account made the JWT's signature: the one of its kid, or any where it has none."""
    keys = {kid: key for kid, key in entry.get("keys", {}).items() if key.get("enabled", True)}
    kid = token.header.get("kid")
    chosen = list(keys.values()) if kid is None else [keys[kid]] if kid in keys else []
    return any(token.is_signed_by(oauth_jwt.public_key(key)) for key in chosen)


def is_known_scope(cloud, scope):
    return scope in SHORT_SCOPES or scope in config(cloud).get("scopes", ()) or GOOGLE_SCOPE.fullmatch(scope) is not None


def time_fault(cloud, token, now):
    """What is wrong with iat and exp, or None. Both must be there."""
    issued, until = token.time_claim("iat"), token.time_claim("exp")
    seconds, skew = now.timestamp(), config(cloud).get("skew", 30)
    if issued is None or until is None:
        return "iat or exp is missing"
    if not 0 < until - issued <= LIFE_MOST:
        return f"exp is {until - issued} s after iat"
    if issued > seconds + skew:
        return f"iat is {issued - seconds:.0f} s in the future"
    if until <= seconds:
        return f"exp was {seconds - until:.0f} s ago"
    before = token.time_claim("nbf")
    return f"nbf is {before - seconds:.0f} s in the future" if before is not None and before > seconds + skew else None


# --- tokens that the server gave ---

def issue(cloud, now, seconds, principal, scopes, kind="access"):
    token = "ya29." + base64.urlsafe_b64encode(os.urandom(120)).decode().rstrip("=")
    cloud.issued[token] = {"principal": principal, "scopes": list(scopes), "expires": now.timestamp() + seconds, "kind": kind}
    return token


def id_token(cloud, now, email, audience, authorized, with_email):
    """An ID token of a service account. `authorized` is its azp."""
    entry, seconds = account(cloud, email), int(now.timestamp())
    claims = {"aud": audience, "azp": authorized, "exp": seconds + LIFE_MOST, "iat": seconds, "iss": "https://accounts.google.com",
              "sub": unique_id(entry, email)}
    return oauth_jwt.issue({**claims, "email": email, "email_verified": True} if with_email else claims)


def unique_id(entry, email):
    return entry.get("unique_id", str(uuid.uuid5(uuid.NAMESPACE_URL, email).int)[:21])


# --- who calls ---

def unauthenticated(message=UNAUTHENTICATED, error=', error="invalid_token"', why=None):
    refusal = api_refusal(401, message, "ACCESS_TOKEN_TYPE_UNSUPPORTED" if error else "CREDENTIALS_MISSING",
                          [("WWW-Authenticate", REALM + error)])
    refusal.why = why
    if why:
        refusal.message = f"{message} ({why})"
    return refusal


def caller(cloud, request):
    """Who sends the bearer token: {"principal", "scopes", "kind", ...}. Scopes are None where an audience limits the token."""
    value = request.header("Authorization")
    if value is None:
        raise unauthenticated(MISSING, "")
    match = re.fullmatch(r"Bearer ([A-Za-z0-9._~+/=-]+)", value)
    if not match:
        raise unauthenticated(why="not a bearer token")
    known = cloud.issued.get(match.group(1))
    if known and "principal" in known:
        if request.now.timestamp() >= known["expires"]:
            raise unauthenticated(why="the token is expired")
        return known
    return self_signed(cloud, request, match.group(1))


def self_signed(cloud, request, text):
    """The caller of a JWT that a service account signed for itself."""
    try:
        token = read_jwt(cloud, text)
        check_self_signed(cloud, request, token)
    except oauth_jwt.BadJwt as bad:
        raise unauthenticated(why=str(bad)) from None
    claims = token.claims
    return {"principal": "serviceAccount:" + claims["iss"], "kind": "jwt", "audience": claims.get("aud"),
            "scopes": claims["scope"].split(" ") if "scope" in claims else None, "expires": claims["exp"], "kid": token.header.get("kid")}


def check_self_signed(cloud, request, token):
    issuer, subject, scope, audience = (token.text_claim(name) for name in ("iss", "sub", "scope", "aud"))
    if issuer is None or issuer != subject:
        raise oauth_jwt.BadJwt("iss and sub must be the service account")
    if (scope is None) == (audience is None):
        raise oauth_jwt.BadJwt("either scope or aud must be there")
    if set(token.claims) - CLAIMS | {"target_audience"} & set(token.claims):
        raise oauth_jwt.BadJwt("there are claims that do not belong there")
    entry = account(cloud, issuer)
    if entry is None or not entry.get("enabled", True) or token.header["alg"] != "RS256" or not is_signed(entry, token):
        raise oauth_jwt.BadJwt("the signature is not of a key of that account")
    fault = time_fault(cloud, token, request.now)
    if fault:
        raise oauth_jwt.BadJwt(fault)
    if scope is not None:
        unknown = [s for s in oauth_form.scopes_of(scope) if not is_known_scope(cloud, s)]
        if unknown:
            raise oauth_jwt.BadJwt(f"the scope {unknown[0]} is not known")
    elif not is_audience(cloud, request, audience):
        raise oauth_jwt.BadJwt(f"the audience {audience} is another service")


def is_audience(cloud, request, audience):
    if audience in config(cloud).get("jwt_audiences", ()) or audience == own_url(request, "/"):
        return True
    return re.fullmatch(r"https://[a-z0-9-]+\." + re.escape(universe(cloud)) + "/", audience) is not None


def check_quota_project(cloud, request, who):
    """The project that the caller names to be billed, or None."""
    project = request.header("x-goog-user-project")
    if project is None:
        return None
    if who["principal"] not in config(cloud).get("projects", {}).get(project, ()):
        message = (f"Caller does not have required permission to use project {project}. Grant the caller the "
                   "roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission.")
        raise api_refusal(403, message, "USER_PROJECT_DENIED", consumer=f"projects/{project}")
    return project


# --- APIs: JSON in, JSON out ---

def read_json(request):
    kind = request.header("Content-Type")
    if kind is None or not oauth_form.JSON_TYPE.fullmatch(kind):
        raise strict(f"the content type is {kind}, not application/json")
    if request.query:
        raise strict("there is a query")
    try:
        body = oauth_jwt.load_json(request.body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise api_refusal(400, f"Invalid JSON payload received. {error}") from None
    if not isinstance(body, dict):
        raise api_refusal(400, "Invalid JSON payload received. Root element must be a message.")
    return body


def email_of(path_part):
    email = urllib.parse.unquote(path_part)
    if not re.fullmatch(r"[^@/:\s]+@[^@/:\s]+|\d{21}", email):
        raise api_refusal(400, f"Invalid form of account ID {email[:80]}. Should be [Gaia ID |Email |Unique ID |] of the account")
    return email


def api_refusal(status, message, reason=None, headers=(), **metadata):
    more = {}
    if reason:
        more["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": metadata}]
    return Refusal(status, STATUS_OF[status], message, headers, more=more)


def api_error(refusal):
    """Google's error of APIs, where "error" is an object."""
    code = STATUS_OF.get(refusal.status, "UNKNOWN") if refusal.code == "StrictCheckFailed" else refusal.code
    error = {"code": refusal.status, "message": refusal.message, "status": code}
    return oauth_form.json_answer(refusal.status, {"error": oauth_form.edited(error, refusal.more)}, refusal.headers, "application/json; charset=UTF-8")


def refuse(refusal, style, default):
    """The answer in the form "oauth" or "api"."""
    return api_error(refusal) if (style or default) == "api" else oauth_form.oauth_error(refusal)
