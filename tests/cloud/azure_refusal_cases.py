# SPDX-License-Identifier: Apache-2.0
"""What Entra refuses, by its numbers, and what to do about it. No assertion and no token is told."""
from azure_world import CLIENT, OTHER_CLIENT, TENANT
from fault_cases import always

# Numbers that the local Entra has no reason for: their words, status and `error`, and a part of what is told.
NUMBERS = (
    ("AADSTS50076", 400, "second factor"), ("AADSTS50196", 400, "too often"), ("AADSTS53003", 400, "conditional access"), ("AADSTS65001", 400, "consent"),
    ("AADSTS7000215", 401, "not valid"), ("AADSTS7000222", 401, "expired"), ("AADSTS7002381", 400, "federated credential"), ("AADSTS5002723", 400, "malformed"),
    ("AADSTS900382", 400, "--authority-host"), ("AADSTS700021", 401, "letter for letter"), ("AADSTS5002730", 401, "--algorithm"),
    ("AADSTS5002738", 401, "--algorithm"),
    ("AADSTS1000502", 401, "renew"), ("AADSTS500011", 400, "--authority-host"), ("AADSTS70011", 400, "/.default"), ("AADSTS28000", 400, "two resources"),
    ("AADSTS1234567", 400, "AADSTS1234567"), ("AADSTS1234567", 401, "AADSTS1234567"), ("invalid_scope", 400, "/.default"),
    ("interaction_required", 400, "interaction_required"))


def own(world):
    """Reasons that the local Entra finds by itself."""
    unknown = "9" + TENANT[1:]
    for name, arguments, parts in (
            ("unknown application", world.token(client="9" + CLIENT[1:]), ["AADSTS700016", "unauthorized_client", "--client-id", "--tenant-id"]),
            ("unknown tenant", world.token(tenant=unknown), ["AADSTS90002", "--tenant-id", "--authority-host"]),
            ("tenant of no form", world.token(tenant="contoso"), ["AADSTS900023", "--tenant-id"]),
            ("unknown certificate", world.token(key="other.pem", certificate="other.crt"),
             ["AADSTS700027", "invalid_client", "401", "--send-certificate-chain"]),
            ("disabled application", world.token(client=OTHER_CLIENT), ["AADSTS7000112", "401", "disabled"])):
        ran = world.refused(name, arguments, 1, ["Entra answered", *parts], 1)
        world.checks.true(name + ": with the request's id", "(request id " in ran.err and "Trace ID" not in ran.err, ran.err)
    world.cloud.config(entra={"rules": {"algorithms": ["RS256"]}})
    world.refused("PS256 refused", world.token("--algorithm", "PS256"), 1, ["AADSTS5002738", "--algorithm"], 1)
    world.granted("RS256 instead", world.token("--algorithm", "RS256"))
    world.cloud.config(entra={"rules": {"algorithms": None, "lifetime": 300}})
    world.refused("lives too long", world.token(), 1, ["AADSTS9002313", "600 s"], 1)
    world.granted("lives shorter", world.token("--assertion-lifetime", "300"))
    world.cloud.config(entra={"rules": {"lifetime": None}})
    world.refused("another path", world.token("--token-url", world.cloud.url + "/none", endpoint=""), 1, "404", 1)
    text = world.accepted("of another endpoint", world.token("--token-url", f"{world.cloud.url}/{TENANT}/oauth2/v2.0/token", endpoint=""))
    world.checks.true("of another endpoint: token", text.startswith("eyJ"), text[:9])


def numbers(world):
    for number, status, part in NUMBERS:
        error = {"code": number, "status": status, "message": "Some words of Entra.", "request_id": "0a1b2c3d-1111-2222-3333-444455556666"}
        world.refused(f"{number}, {status}", world.token(), 1, [number, f"HTTP status {status}", "Some words of Entra", part, "0a1b2c3d-1111"], 1,
                      behave=always(error=error))
    for code in ("AADSTS90033", "temporarily_unavailable", "server_error"):
        world.accepted(code + ", then good", world.token(), 2, behave=[{"error": {"code": code, "status": 400}}])
        world.refused(code + " for ever", world.token(), 1, code, 3, behave=always(error={"code": code, "status": 400}))
    clock = {"code": "AADSTS700024", "status": 401, "message": "Client assertion is not within its valid time range."}
    world.refused("clock that is right", world.token(), 1, ["AADSTS700024", "clock"], 1, behave=always(error=clock))
    words = {"code": "AADSTS50012", "status": 401, "message": "Client assertion is expired. The assertion is expired."}
    world.refused("clock by words", world.token(), 1, ["AADSTS50012", "clock"], 1, behave=always(error=words))


def odd(world):
    """Numbers without words, words without numbers."""
    for name, more, parts in (("no description", {"error_description": None}, ["AADSTS700016"]), ("no codes", {"error_codes": None}, ["AADSTS700016"]),
                              ("no word", {"error": None}, ["AADSTS700016"]),
                              ("neither", {"error_description": None, "error_codes": None}, ["unauthorized_client"]),
                              ("codes as text", {"error_codes": ["700016"]}, ["AADSTS700016"]),
                              ("nothing", {"error_description": None, "error_codes": None, "error": None}, ["400"]),
                              ("error as object", {"error": {"code": "x"}}, ["AADSTS700016"]),
                              ("description as list", {"error_description": ["x"]}, ["AADSTS700016"])):
        world.refused(name, world.token(), 1, parts, 1, behave=always(error={"code": "AADSTS700016", "status": 400, "message": "gone", "more": more}))


def run(world):
    for cases in (own, numbers, odd):
        cases(world)
