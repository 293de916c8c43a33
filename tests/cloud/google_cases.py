# SPDX-License-Identifier: Apache-2.0
"""Google's token endpoint and IAM, with assertions made of PyJWT, and with google-auth where it is there."""
import copy
import datetime
import json

import jwt

import cloud_control
import cloud_pki
import oauth_client
from oauth_client import compact, document, flipped, get, now, post_form, post_json

ROBOT, TARGET, MIDDLE, OFF = (f"{name}@project.iam.gserviceaccount.com" for name in ("robot", "target+1", "middle", "off"))
KID, OLD_KID, EC_KID = "0123456789abcdef0123456789abcdef01234567", "f" * 40, "e" * 40
PLATFORM, STORAGE, IAM_SCOPE = (f"https://www.googleapis.com/auth/{name}" for name in ("cloud-platform", "devstorage.read_only", "iam"))
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token"


class World:
    def __init__(self):
        self.key, self.other, self.ec = (cloud_pki.new_key(kind) for kind in ("RSA2048", "RSA2048", "P-256"))
        keys = {KID: {"pem": oauth_client.public_pem(self.key)}, EC_KID: {"pem": oauth_client.public_pem(self.ec)},
                OLD_KID: {"pem": oauth_client.public_pem(self.other), "enabled": False}}
        member = "serviceAccount:" + ROBOT
        self.config = {"google": {
            "service_accounts": {
                ROBOT: {"keys": keys, "unique_id": "101", "delegation": {"users": ["ann@example.com"], "scopes": [STORAGE]},
                        "iam": {member: ["iam.serviceAccounts.getOpenIdToken"]}},
                TARGET: {"max_lifetime": 43200, "iam": {member: "*", "serviceAccount:" + MIDDLE: ["iam.serviceAccounts.getAccessToken"]}},
                MIDDLE: {"iam": {member: ["iam.serviceAccounts.implicitDelegation"]}},
                OFF: {"keys": keys, "enabled": False}},
            "projects": {"billed": [member]}}}

    def assertion(self, key=None, algorithm="RS256", header=None, pad="", text=None, **claims):
        at = now()
        base = {"iss": ROBOT, "aud": GOOGLE_TOKEN_URL, "scope": PLATFORM, "iat": at - 10, "exp": at + 3590}
        return compact({"alg": algorithm, "typ": "JWT", "kid": KID, **(header or {})}, {**base, **claims}, key or self.key, algorithm, pad, text)

    def self_signed(self, **claims):
        return self.assertion(**{"sub": ROBOT, "aud": ..., **claims})


def token(cloud, assertion):
    return post_form(cloud, "/token", {"grant_type": GRANT, "assertion": assertion})


def refused(checks, cloud, name, reply, status, code, text):
    last, seen = cloud.last(), document(reply)
    checks.true(name, (last["verdict"], reply.status) == ("refused", status) and text.lower() in last["why"].lower(),
                f"{reply.status} {last['code']}: {last['why']}")
    checks.equal(name + ": error", seen["error"]["status"] if isinstance(seen["error"], dict) else seen["error"], code)


def principal(cloud, bearer, path="/check", **headers):
    return document(get(cloud, path, bearer, [(name.replace("_", "-"), value) for name, value in headers.items()]))


def good_tokens(checks, cloud, world):
    reply = token(cloud, world.assertion(jti="a"))
    given = document(reply)
    checks.equal("members", (reply.status, given["expires_in"], given["token_type"]), (200, 3599, "Bearer"))
    checks.equal("not to be stored", reply.headers["Cache-Control"], "no-store")
    checks.equal("principal", principal(cloud, given["access_token"])["principal"], "serviceAccount:" + ROBOT)
    for name, claims in (("own URL", {"aud": cloud.url + "/token"}), ("sub is iss", {"sub": ROBOT}), ("two scopes", {"scope": PLATFORM + " openid"}),
                         ("nbf", {"nbf": now() - 5}), ("iat 25 s ahead", {"iat": now() + 25, "exp": now() + 3620}), ("short", {"exp": now() + 60})):
        checks.equal(name, token(cloud, world.assertion(**claims)).status, 200)
    for name, header in (("no kid", {"kid": ...}), ("no typ", {"typ": ...})):
        checks.equal(name, token(cloud, world.assertion(header=header)).status, 200)
    user = document(token(cloud, world.assertion(sub="ann@example.com", scope=STORAGE)))
    checks.equal("delegation", principal(cloud, user["access_token"])["principal"], "user:ann@example.com")
    given = document(token(cloud, world.assertion(scope=..., target_audience="https://app.example.com/")))
    checks.equal("ID token alone", list(given), ["id_token"])
    keys = {key["kid"]: jwt.algorithms.RSAAlgorithm.from_jwk(json.dumps(key)) for key in document(get(cloud, "/oauth2/v3/certs"))["keys"]}
    checks.equal("action", cloud.last()["action"], "Certs")
    claims = jwt.decode(given["id_token"], keys[jwt.get_unverified_header(given["id_token"])["kid"]], ["RS256"], audience="https://app.example.com/")
    checks.equal("ID token", (claims["email"], claims["sub"], claims["exp"] - claims["iat"]), (ROBOT, "101", 3600))
    cloud.config(google={"expires_in": 30})
    short = document(token(cloud, world.assertion()))["access_token"]
    cloud.config(clock_offset=31)
    checks.equal("expired token", get(cloud, "/check", short).status, 401)
    cloud.config(clock_offset=0, google={"expires_in": None})


def bad_assertions(checks, cloud, world):
    at = now()
    lived, signature, form = "short-lived token (60 minutes)", "Invalid JWT Signature", "Invalid assertion format"
    cases = [
        ("flipped signature", flipped(world.assertion()), signature), ("other key", world.assertion(world.other), signature),
        ("unknown kid", world.assertion(header={"kid": "a" * 40}), signature),
        ("disabled kid", world.assertion(world.other, header={"kid": OLD_KID}), signature),
        ("disabled key without kid", world.assertion(world.other, header={"kid": ...}), signature),
        ("header says PS256", world.assertion(header={"alg": "PS256"}), "algorithm PS256"),
        ("none", world.assertion(header={"alg": "none"}), "algorithm none"),
        ("ES256", world.assertion(world.ec, "ES256", header={"kid": EC_KID}), "algorithm ES256"),
        ("RS256 of an EC key", world.assertion(header={"kid": EC_KID}), signature),
        ("unknown account", world.assertion(iss="x" + ROBOT), "account not found"), ("no iss", world.assertion(iss=...), "account not found"),
        ("other audience", world.assertion(aud="https://example.com/token"), "audience"),
        ("audience with a slash", world.assertion(aud=GOOGLE_TOKEN_URL + "/"), "audience"),
        ("no audience", world.assertion(aud=...), "audience"), ("audience list", world.assertion(aud=[GOOGLE_TOKEN_URL]), form),
        ("3601 s", world.assertion(iat=at - 11), lived), ("iat ahead", world.assertion(iat=at + 200, exp=at + 3600), lived),
        ("expired", world.assertion(iat=at - 3600, exp=at - 1), lived), ("no iat", world.assertion(iat=...), lived),
        ("no exp", world.assertion(exp=...), lived),
        ("exp before iat", world.assertion(iat=at + 20, exp=at + 10), lived), ("nbf ahead", world.assertion(nbf=at + 60), lived),
        ("iat as text", world.assertion(iat=str(at)), form), ("exp as float", world.assertion(exp=at + 10.5), form),
        ("exp true", world.assertion(exp=True), form),
        ("kid null", world.assertion(header={"kid": None}), "kid"), ("typ", world.assertion(header={"typ": "at+jwt"}), "typ"),
        ("crit", world.assertion(header={"crit": ["b64"]}), "crit"), ("thumbprint", world.assertion(header={"x5t": "a"}), "x5t"),
        ("padding", world.assertion(pad="="), "base64url"), ("two parts", world.assertion().rpartition(".")[0], "3 dot"),
        ("no JSON", world.assertion(text="{"), "JSON"),
        ("member twice", world.assertion(text='{"iss":"a","iss":"b"}'), "twice"), ("array", world.assertion(text="[]"), "object"),
        ("scope list", world.assertion(scope=[PLATFORM]), form),
        ("unknown user", world.assertion(sub="bob@example.com", scope=STORAGE), "Invalid email or User ID"),
    ]
    for name, assertion, text in cases:
        refused(checks, cloud, name, token(cloud, assertion), 400, "invalid_grant", text)
    both = "Invalid OAuth scope or ID token audience"
    for name, claims, text in (("no scope", {"scope": ...}, both), ("scope and audience", {"target_audience": "https://a"}, both),
                               ("unknown scope", {"scope": "https://example.com/x"}, "Some requested scopes were invalid")):
        refused(checks, cloud, name, token(cloud, world.assertion(**claims)), 400, "invalid_scope", text)
    refused(checks, cloud, "not delegated", token(cloud, world.assertion(sub="ann@example.com")), 401, "unauthorized_client",
            "Client is unauthorized")
    refused(checks, cloud, "disabled account", token(cloud, world.assertion(iss=OFF)), 401, "disabled_client", "disabled")
    for name, claims, text in (("unknown claim", {"id": "x"}, "unknown claim id"), ("two blanks", {"scope": PLATFORM + "  openid"}, "single blanks"),
                               ("scope twice", {"scope": PLATFORM + " " + PLATFORM}, "twice")):
        refused(checks, cloud, name, token(cloud, world.assertion(**claims)), 400, "invalid_request", text)
    checks.equal("jti", token(cloud, world.assertion(jti="once")).status, 200)
    refused(checks, cloud, "jti again", token(cloud, world.assertion(jti="once")), 400, "invalid_grant", "used before")
    cloud.behave({"status": 503})
    checks.equal("not used by what failed", [token(cloud, world.assertion(jti="retry")).status for _ in range(2)], [503, 200])


def bad_forms(checks, cloud, world):
    good = f"grant_type={GRANT.replace(':', '%3A')}&assertion={world.assertion()}"
    checks.equal("form", post_form(cloud, "/token", {}, text=good).status, 200)
    cases = [("assertion twice", good + "&assertion=a", "assertion is there twice"), ("unknown field", good + "&scope=a", "unknown field scope"),
             ("empty part", good + "&", "name=value"), ("bad UTF-8", good + "&a=%FF", "UTF-8"), ("not encoded", good + "&a=<", "encoded"),
             ("half an escape", good + "&a=%4", "encoded"), ("no grant", "assertion=a", "grant_type"),
             ("no assertion", good.split("&")[0], "assertion")]
    for name, text, why in cases:
        refused(checks, cloud, name, post_form(cloud, "/token", {}, text=text), 400, "invalid_request", why)
    refused(checks, cloud, "content type", post_form(cloud, "/token", {}, "application/json", text=good), 400, "invalid_request", "content type")
    refused(checks, cloud, "query", post_form(cloud, "/token?a=b", {}, text=good), 400, "invalid_request", "query")
    refused(checks, cloud, "other grant", post_form(cloud, "/token", {"grant_type": "assertion", "assertion": "a"}), 400, "unsupported_grant_type",
            "Invalid grant_type")
    refused(checks, cloud, "GET", get(cloud, "/token"), 405, "invalid_request", "GET")


def self_signed(checks, cloud, world):
    seen = principal(cloud, world.self_signed())
    checks.equal("scope form", (seen["principal"], seen["kind"], seen["scopes"]), ("serviceAccount:" + ROBOT, "jwt", [PLATFORM]))
    for audience in ("https://pubsub.googleapis.com/", cloud.url + "/"):
        checks.equal("audience " + audience, principal(cloud, world.self_signed(scope=..., aud=audience))["audience"], audience)
    cases = [("both", {"aud": cloud.url + "/"}, "either scope or aud"), ("neither", {"scope": ...}, "either scope or aud"),
             ("no slash", {"scope": ..., "aud": "https://pubsub.googleapis.com"}, "another service"),
             ("other host", {"scope": ..., "aud": "https://pubsub.example.com/"}, "another service"), ("no sub", {"sub": ...}, "iss and sub"),
             ("sub of another", {"sub": TARGET}, "iss and sub"),
             ("an hour and a second", {"iat": now() - 11}, "s after iat"), ("expired", {"iat": now() - 60, "exp": now() - 1}, "ago"),
             ("scope", {"scope": "x"}, "scope x"), ("claim", {"id": "x"}, "claims")]
    for name, claims, text in cases:
        refused(checks, cloud, "self-signed: " + name, get(cloud, "/check", world.self_signed(**claims)), 401, "UNAUTHENTICATED", text)
    for name, bearer in (("flipped", flipped(world.self_signed())), ("other key", world.self_signed(key=world.other)), ("unknown", "ya29.abc"),
                         ("ID token's claim", world.self_signed(target_audience="a"))):
        refused(checks, cloud, "self-signed: " + name, get(cloud, "/check", bearer), 401, "UNAUTHENTICATED", "")
    refused(checks, cloud, "no token", get(cloud, "/check"), 401, "UNAUTHENTICATED", "missing required authentication")
    basic = get(cloud, "/check", headers=[("Authorization", "Basic YTpi")])
    refused(checks, cloud, "no bearer token", basic, 401, "UNAUTHENTICATED", "not a bearer token")
    refused(checks, cloud, "POST to the resource", post_form(cloud, "/check", {}), 405, "UNIMPLEMENTED", "POST")
    refused(checks, cloud, "too little scope", get(cloud, "/check?scope=" + PLATFORM, world.self_signed(scope=STORAGE)), 403, "PERMISSION_DENIED",
            "insufficient")
    checks.equal("quota project", principal(cloud, world.self_signed(), x_goog_user_project="billed")["quota_project"], "billed")
    refused(checks, cloud, "other quota project", get(cloud, "/check", world.self_signed(), [("X-Goog-User-Project", "free")]), 403,
            "PERMISSION_DENIED", "to use project free")


def path_of(email, action="generateAccessToken"):
    return f"/v1/projects/-/serviceAccounts/{email}:{action}"


def impersonation(checks, cloud, world):
    source = document(token(cloud, world.assertion()))["access_token"]
    body = {"scope": [PLATFORM], "lifetime": "600s", "delegates": None}

    def call(email=TARGET, bearer=source, action="generateAccessToken", **change):
        return post_json(cloud, path_of(email, action), oauth_client.without_null({**body, **change}), bearer)
    given = document(call())
    until = datetime.datetime.strptime(given["expireTime"], "%Y-%m-%dT%H:%M:%SZ")
    checks.true("lifetime", 590 < (until.replace(tzinfo=datetime.timezone.utc) - datetime.datetime.now(datetime.timezone.utc)).total_seconds() <= 600, until)
    checks.equal("principal", principal(cloud, given["accessToken"])["principal"], "serviceAccount:" + TARGET)
    checks.equal("12 hours, encoded", call(TARGET.replace("@", "%40").replace("+", "%2B"), lifetime="43200s").status, 200)
    chained = call(delegates=[f"projects/-/serviceAccounts/{MIDDLE}"])
    checks.equal("through a delegate", (chained.status, cloud.last()["parameters"]["delegates"]), (200, [f"projects/-/serviceAccounts/{MIDDLE}"]))
    checks.equal("by a self-signed JWT", call(bearer=world.self_signed(scope=IAM_SCOPE)).status, 200)
    cases = [("lifetime of 43201", {"lifetime": "43201s"}, "cannot exceed 43200s"), ("no lifetime", {"lifetime": "0s"}, "cannot exceed"),
             ("number", {"lifetime": 600}, "lifetime"),
             ("minutes", {"lifetime": "10m"}, "lifetime"), ("scope as text", {"scope": PLATFORM}, "scope"), ("no scope", {"scope": ...}, "scope"),
             ("empty scope", {"scope": []}, "scope"),
             ("unknown scope", {"scope": ["x"]}, "scope x"), ("unknown member", {"scopes": []}, "Cannot find field"),
             ("delegate", {"delegates": [MIDDLE]}, "delegates"), ("delegates", {"delegates": MIDDLE}, "delegates")]
    for name, change, text in cases:
        refused(checks, cloud, "impersonation: " + name, call(**change), 400, "INVALID_ARGUMENT", text)
    refused(checks, cloud, "not permitted", call(ROBOT), 403, "PERMISSION_DENIED", "iam.serviceAccounts.getAccessToken")
    refused(checks, cloud, "delegate not permitted", call(delegates=[f"projects/-/serviceAccounts/{ROBOT}"]), 403, "PERMISSION_DENIED",
            "implicitDelegation")
    refused(checks, cloud, "unknown account", call("x@y.z"), 404, "NOT_FOUND", "Gaia id not found")
    refused(checks, cloud, "bad account", call("x"), 400, "INVALID_ARGUMENT", "account ID")
    refused(checks, cloud, "bad token", call(bearer=source[:-1]), 401, "UNAUTHENTICATED", "invalid authentication")
    weak = document(token(cloud, world.assertion(scope=STORAGE)))["access_token"]
    refused(checks, cloud, "scope of the token", call(bearer=weak), 403, "PERMISSION_DENIED", "insufficient authentication scopes")
    refused(checks, cloud, "unknown action", post_json(cloud, path_of(TARGET, "signBlob"), body, source), 404, "NOT_FOUND", "signBlob")
    refused(checks, cloud, "GET", get(cloud, path_of(TARGET), source), 404, "NOT_FOUND", "GET")
    refused(checks, cloud, "query", post_json(cloud, path_of(TARGET) + "?alt=json", body, source), 400, "INVALID_ARGUMENT", "query")
    refused(checks, cloud, "array", post_json(cloud, path_of(TARGET), [], source), 400, "INVALID_ARGUMENT", "Root element")
    refused(checks, cloud, "form", post_json(cloud, path_of(TARGET), body, source, "text/plain"), 400, "INVALID_ARGUMENT", "content type")
    refused(checks, cloud, "no JSON", post_json(cloud, path_of(TARGET), body, source, text="{"), 400, "INVALID_ARGUMENT", "Invalid JSON")
    id_tokens(checks, cloud, world, source)


def id_tokens(checks, cloud, world, source):
    def call(body, email=TARGET, bearer=source):
        return post_json(cloud, path_of(email, "generateIdToken"), body, bearer)
    claims = jwt.decode(document(call({"audience": "https://a", "includeEmail": "true"}))["token"], options={"verify_signature": False})
    checks.equal("ID token of IAM", (claims["aud"], claims["email"]), ("https://a", TARGET))
    own = call({"audience": "https://a", "includeEmail": False, "useEmailAzp": True}, ROBOT, world.self_signed(scope=IAM_SCOPE))
    claims = jwt.decode(document(own)["token"], options={"verify_signature": False})
    checks.equal("of itself", (claims["azp"], "email" in claims), (ROBOT, False))
    refused(checks, cloud, "no audience", call({}), 400, "INVALID_ARGUMENT", "Audience")
    refused(checks, cloud, "flag", call({"audience": "a", "includeEmail": "yes"}), 400, "INVALID_ARGUMENT", "includeEmail")


def misbehaviours(checks, cloud, world):
    def behaving(**behaviour):
        cloud.behave(behaviour)
        return token(cloud, world.assertion())
    text = behaving(expires_as="string").body
    checks.contains("expires_in as text", text, b'"expires_in":"3599"')
    checks.contains("as exponent", behaving(expires_as="exponent").body, b'"expires_in":3.599e3')
    checks.contains("as float", behaving(expires_as="float").body, b'"expires_in":3599.0')
    checks.equal("expired", document(behaving(expired=True))["expires_in"], -3600)
    checks.equal("expires_in", document(behaving(expires_in=0))["expires_in"], 0)
    checks.equal("no token", "access_token" in document(behaving(missing="access_token")), False)
    checks.equal("null", document(behaving(null="expires_in"))["expires_in"], None)
    checks.contains("poison", document(behaving(poison="access_token"))["access_token"], "\r\n")
    checks.equal("wrong types", document(behaving(wrong_types=True))["access_token"], 7)
    checks.equal("big token", len(document(behaving(big_token=70000))["access_token"]), 70000)
    checks.equal("more members", document(behaving(add={"refresh_in": 60, "scope": "x"}))["refresh_in"], 60)
    checks.contains("member twice", behaving(duplicate="access_token").body, b'"access_token":"first","access_token":')
    reply = behaving(throttle=True, retry_after="7")
    checks.equal("throttled", (reply.status, reply.headers["Retry-After"], document(reply)["error"]), (429, "7", "rate_limit_exceeded"))
    reply = behaving(error={"code": "admin_policy_enforced", "status": 403, "message": "m", "more": {"error_uri": "u", "error_description": None}})
    checks.equal("error", (reply.status, document(reply)), (403, {"error": "admin_policy_enforced", "error_uri": "u"}))
    reply = behaving(error={"code": "INTERNAL", "status": 500, "message": "m", "form": "api", "more": {"details": []}})
    checks.equal("error of an API", document(reply)["error"], {"code": 500, "message": "m", "status": "INTERNAL", "details": []})
    reply = behaving(error={"code": "x", "message": "proxy", "form": "text"})
    checks.equal("error as text", (reply.headers["Content-Type"], reply.body), ("text/plain", b"proxy"))
    cloud.behave({"token_claims": {"exp": None, "aud": "b"}})
    given = document(token(cloud, world.assertion(scope=..., target_audience="a")))
    claims = jwt.decode(given["id_token"], options={"verify_signature": False})
    checks.equal("claims", ("exp" in claims, claims["aud"]), (False, "b"))
    source = document(token(cloud, world.assertion()))["access_token"]
    for kind, end in (("fraction", ".123456Z"), ("offset", "+00:00")):
        cloud.behave({"expiration": kind})
        checks.contains(kind, document(post_json(cloud, path_of(TARGET), {"scope": [PLATFORM]}, source))["expireTime"], end)
    cloud.behave("throttle")
    checks.equal("API throttled", document(post_json(cloud, path_of(TARGET), {"scope": [PLATFORM]}, source))["error"]["status"], "RESOURCE_EXHAUSTED")
    checks.raises("spelling", ValueError, cloud.behave, {"expires_as": "roman"})


def google_auth(checks, cloud, world):
    """The library of Google; Debian's is old, but not ours."""
    try:
        import google.auth.exceptions
        import google.auth.jwt
        import google.auth.transport.requests
        from google.oauth2 import service_account
    except ImportError as missing:
        print(f"without google-auth: {missing}")
        return
    info = {"type": "service_account", "project_id": "p", "private_key_id": KID, "private_key": cloud_pki.key_pem(world.key).decode(),
            "client_email": ROBOT,
            "client_id": "1", "token_uri": cloud.url + "/token"}
    cloud.config(google={"padding": True})
    request = google.auth.transport.requests.Request(oauth_client.session(cloud))
    credentials = service_account.Credentials.from_service_account_info(info, scopes=[PLATFORM, STORAGE])
    credentials.refresh(request)
    checks.equal("google-auth", principal(cloud, credentials.token)["scopes"], [PLATFORM, STORAGE])
    user = credentials.with_scopes([STORAGE]).with_subject("ann@example.com")
    user.refresh(request)
    checks.equal("google-auth for a user", principal(cloud, user.token)["principal"], "user:ann@example.com")
    signed = google.auth.jwt.Credentials.from_service_account_info(info, audience=cloud.url + "/")
    signed.refresh(request)
    checks.equal("google-auth, self-signed", principal(cloud, signed.token.decode() if isinstance(signed.token, bytes) else signed.token)["kind"], "jwt")
    identity = service_account.IDTokenCredentials.from_service_account_info(info, target_audience="https://app")
    identity.refresh(request)
    checks.equal("google-auth, ID token", google.auth.jwt.decode(identity.token, verify=False)["aud"], "https://app")
    info["private_key"] = cloud_pki.key_pem(world.other).decode()
    error = checks.raises("google-auth, other key", google.auth.exceptions.RefreshError,
                          service_account.Credentials.from_service_account_info(info, scopes=[PLATFORM]).refresh, request)
    checks.contains("google-auth reads the error", str(error), "invalid_grant: Invalid JWT Signature.")


def run(checks):
    world = World()
    for cases in (good_tokens, bad_assertions, bad_forms, self_signed, impersonation, misbehaviours, google_auth):
        with cloud_control.Cloud(copy.deepcopy(world.config)) as cloud:
            cases(checks, cloud, world)
