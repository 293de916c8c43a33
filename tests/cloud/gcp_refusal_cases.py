# SPDX-License-Identifier: Apache-2.0
"""What Google refuses, in its own words and with what to do about it. No token of ours is told."""
from fault_cases import always
from gcp_world import AUDIENCE, CLOSED_POOL, ISSUER, MIDDLE, OTHER, POOL, PRINCIPAL, ROBOT, STORAGE, TARGET, USER


def endpoint(world):
    for name, arguments, parts in (
            ("wrong key", world.access(key="other.pem"), ["invalid_grant", "400", "JWT Signature", "--keyid"]),
            ("wrong key without id", world.access(key="other.pem", keyid=None), ["invalid_grant", "JWT Signature"]),
            ("unknown key id", world.access(keyid="unknown"), ["invalid_grant", "JWT Signature", "--keyid"]),
            ("disabled key", world.access(keyid="disabled"), ["invalid_grant", "JWT Signature"]),
            ("unknown account", world.access(email="nobody@project.iam.gserviceaccount.com"), ["invalid_grant", "account not found", "--email"]),
            ("key of another account", world.access(email=OTHER), ["invalid_grant", "JWT Signature"]),
            ("unknown scope", world.access("--scopes", "https://example.com/none"), ["invalid_scope", "https://example.com/none", "--scopes"]),
            ("scope of no delegation", world.access("--subject", USER, "--scopes", STORAGE), ["unauthorized_client", "401", "domain-wide delegation"]),
            ("unknown user", world.access("--subject", "bob@example.com"), ["invalid_grant", "--subject"]),
            ("wrong key, id", world.identity(key="other.pem"), ["invalid_grant", "JWT Signature"])):
        world.refused(name, arguments, 1, ["token endpoint", *parts], 1)
    world.cloud.config(google={"service_accounts": {ROBOT: {"enabled": False}}})
    world.refused("disabled account", world.access(), 1, ["disabled_client", "disabled"], 1)
    world.cloud.config(google={"service_accounts": {ROBOT: {"enabled": True}}})
    for code, hint in (("access_denied", "domain-wide delegation"), ("admin_policy_enforced", "policy"), ("deleted_client", "deleted"),
                       ("other_error", "other_error")):
        world.refused(code, world.access(), 1, [code, hint], 1, behave=always(error={"code": code, "status": 403}))
    for code in ("temporarily_unavailable", "server_error", "internal_failure"):
        world.accepted(code + ", then good", world.access(), 2, behave=[{"error": {"code": code, "status": 400}}])
    world.refused("another path", world.account("--kind", "access", "--token-uri", world.cloud.url + "/none"), 1, ["404"], 1)


def iam(world):
    for name, arguments, parts in (
            ("wrong key", world.impersonated(key="other.pem"), ["UNAUTHENTICATED", "401", "--keyid"]),
            ("unknown target", world.impersonated(target="nobody" + ROBOT), ["NOT_FOUND", "404", "--impersonate"]),
            ("not allowed", world.impersonated(target=OTHER), ["PERMISSION_DENIED", "403", "roles/iam.serviceAccountTokenCreator"]),
            ("only implicit", world.impersonated(target=MIDDLE), ["PERMISSION_DENIED"]),
            ("unknown delegate", world.impersonated("--delegate", "nobody" + ROBOT), ["NOT_FOUND"]),
            ("delegate that may not", world.impersonated("--delegate", OTHER), ["PERMISSION_DENIED", "delegate"]),
            ("too long", world.impersonated("--lifetime", "3601", target=ROBOT),
             ["INVALID_ARGUMENT", "--lifetime", "allowServiceAccountCredentialLifetimeExtension"]),
            ("unknown scope", world.impersonated("--scopes", "https://example.com/none"), ["INVALID_ARGUMENT", "--scopes"]),
            ("id, not allowed", world.impersonated("--kind", "id", "--audience", AUDIENCE, target=OTHER), ["PERMISSION_DENIED"])):
        world.refused(name, arguments, 1, ["IAM API", *parts], 1 if name != "wrong key" else 1)
    for message in ("IAM Service Account Credentials API has not been used in project 1 before or it is disabled.", "The API is disabled."):
        world.refused("API is off", world.impersonated(), 1, ["PERMISSION_DENIED", "enable the IAM Service Account Credentials API"], 1,
                      behave=always(error={"code": "PERMISSION_DENIED", "status": 403, "message": message}))
    world.refused("first of two", world.access("--impersonate", TARGET, "--iam-endpoint", world.cloud.url, key="other.pem"), 1,
                  ["token endpoint", "JWT Signature"], 1)
    world.refused("second of two", world.access("--impersonate", OTHER, "--iam-endpoint", world.cloud.url), 1, ["PERMISSION_DENIED"], 2)


def sts(world):
    for name, arguments, parts in (
            ("wrong key", world.federated(key="rsa.pem"), ["invalid_grant", "oidc-documents"]),
            ("wrong issuer", world.federated(issuer=ISSUER + "/"), ["invalid_grant", "issuer in ID Token", "--issuer"]),
            ("closed pool", world.federated(pool=CLOSED_POOL), ["invalid_target", "--pool-audience"]),
            ("unknown pool", world.federated(pool=POOL + "x"), ["invalid_target", "--pool-audience"]),
            ("wrong audience", world.federated("--audience", "https://other.example"), ["invalid_grant", "audience in ID Token", "--audience"]),
            ("unknown scope", world.federated("--scopes", "https://example.com/none"), ["invalid_scope"]),
            ("long subject", world.federated(subject="s" * 128), ["invalid_grant", "google.subject"])):
        world.refused("STS, " + name, arguments, 1, ["Security Token Service", *parts], 1)
    world.cloud.config(google={"pools": {POOL: {"subjects": ["device-2"]}}})
    world.refused("STS, condition", world.federated(), 1, ["unauthorized_client", "401", "--federation-subject"], 1)
    world.cloud.config(google={"pools": {POOL: {"subjects": None}}})
    world.cloud.config(google={"service_accounts": {TARGET: {"iam": {PRINCIPAL: None}}}})
    world.refused("federated, not allowed", world.federated("--impersonate", TARGET, "--iam-endpoint", world.cloud.url), 1,
                  ["PERMISSION_DENIED", "roles/iam.workloadIdentityUser"], 2)
    world.cloud.config(google={"service_accounts": {TARGET: {"iam": {PRINCIPAL: "*"}}}})


def gdch(world):
    for name, arguments, parts in (
            ("wrong key", world.gdch(key="locked.pem"), None), ("unknown name", world.gdch(name="other"), ["invalid_grant", "--gdch-name"]),
            ("unknown key id", world.gdch(keyid="other"), ["invalid_grant", "--keyid"]),
            ("other audience", world.gdch(audience="https://other.example/"), ["invalid_target", "--audience"])):
        if parts is None:
            arguments, parts = [*arguments, "--password-file", world.file("password")], ["invalid_grant", "Signature"]
        world.refused("GDCH, " + name, arguments, 1, ["Google Distributed Cloud", *parts], 1)


def run(world):
    for cases in (endpoint, iam, sts, gdch):
        cases(world)
