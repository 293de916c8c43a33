# SPDX-License-Identifier: Apache-2.0
"""Options that are wrong or do not go together: refused before the network is asked, and by their names."""
from azure_world import CLIENT, EXCHANGE, GRAPH, ISSUER, RESOURCE, TENANT


def missing(world):
    for name, arguments, part in (("tenant", world.token(tenant=None), "--tenant-id"), ("client", world.token(client=None), "--client-id"),
                                  ("certificate", world.token(certificate=None), "--certificate-path"), ("scope", world.token(scope=None), "--scopes"),
                                  ("subject", world.azure("token", "--federation-issuer", ISSUER, certificate=None), "--federation-subject"),
                                  ("issuer", world.azure("token", "--federation-subject", "a", certificate=None), "--federation-issuer"),
                                  ("tenant of an assertion", world.assertion(tenant=None), "--tenant-id")):
        world.refused("no " + name, arguments, 2, [part, "missing"])
    world.refused("no key", ["azure", "token", "--tenant-id", TENANT, "--client-id", CLIENT, "--certificate-path", world.file("rsa.crt"), "--scopes",
                             GRAPH], 2, "--keyfile")


def rivals(world):
    for name, arguments, parts in (
            ("certificate and federation", world.token("--federation-issuer", ISSUER, "--federation-subject", "a"), ["--federation-issuer", "certificate"]),
            ("chain and federation", world.federated("--send-certificate-chain"), ["--federation-issuer", "--send-certificate-chain"])):
        world.refused(name, arguments, 2, [*parts, "exclude each other"])


def scopes(world):
    for name, scope, parts in (
            ("of a user", RESOURCE + "/User.Read", ["/.default"]), ("bare", "User.Read", ["/.default"]),
            ("encoded", "https%3A%2F%2Fgraph.microsoft.com%2F.default", ["percent-encoded"]),
            ("of two resources", GRAPH + " https://vault.azure.net/.default", ["two resources"]), ("empty", "", ["--scopes"]), ("white", "  ", ["--scopes"]),
            ("quoted", '"' + GRAPH + '"', ["quotes"]), ("line end", GRAPH + "\n", []), ("beyond ASCII", "https://grüße.example/.default", ["ASCII"])):
        world.refused("scope " + name, world.token(scope=scope), 2, parts)
    world.refused("scopes of two resources", world.token("--scopes", "https://vault.azure.net/.default"), 2, "two resources")
    for scope in ("api://11111111-2222-3333-4444-555555555555/.default", "11111111-2222-3333-4444-555555555555/.default",
                  "https://database.windows.net//.default", GRAPH + " " + GRAPH):
        world.accepted("scope " + scope, world.token(scope=scope))
    world.refused("unknown resource", world.token(scope="https://nobody.example.com/.default"), 1, ["AADSTS500011", "resource"], 1)


def values(world):
    for name, value in (("tenant-id", "../x"), ("tenant-id", "a b"), ("tenant-id", "a%2f"), ("tenant-id", ""), ("tenant-id", "a/b"),
                        ("tenant-id", "a?b"), ("tenant-id", "common"),
                        ("tenant-id", "organizations"), ("tenant-id", "consumers"), ("client-id", ""), ("client-id", "a\nb"), ("algorithm", "ES256"),
                        ("algorithm", "none"),
                        ("thumbprint", "md5"), ("assertion-lifetime", "119"), ("assertion-lifetime", "86401"), ("format", "yaml"),
                        ("max-attempts", "0")):
        world.refused(f"{name} {value!r}", world.token("--" + name, value), 2, "--" + name)
    whole = f"/{TENANT}/oauth2/v2.0/token"
    for url in ("http://a.example", "ftp://a.example", "a.example", "https://u:p-of-user@a.example", "https://a.example/?q", "https://a.example/#f", ""):
        ran = world.refused(f"authority {url!r}", world.token("--authority-host", url), 2, "--authority-host")
        world.checks.true(f"authority {url!r}: no password", "p-of-user" not in ran.err, ran.err)
        world.refused(f"token URL {url!r}", world.token("--token-url", url and url + whole, endpoint=""), 2, "--token-url")
    for issuer in ("http://a.example", "a.example", "https://a.example/?q", ""):
        world.refused(f"issuer {issuer!r}", world.federated(issuer=issuer), 2, "--federation-issuer")
    world.refused("neither 0 nor 1", world.token("--send-certificate-chain=maybe"), 2, "--send-certificate-chain")
    world.refused("unknown flag", world.token("--tenantid", TENANT), 2, ["--tenantid", "--tenant-id"])
    world.refused("empty audience", world.federated("--federation-audience", ""), 2, "--federation-audience")
    world.accepted("audience as it is", world.federated("--federation-audience", EXCHANGE))


def keys(world):
    world.refused("no key file", world.token(key="none.pem"), 1, "none.pem")
    world.refused("no password", world.token(key="locked.pem", certificate="locked.crt"), 1, "password")
    ran = world.refused("wrong password", world.token("--password-file", world.file("wrong", "incorrect\n"), key="locked.pem",
                                                      certificate="locked.crt"), 1, "password")
    world.checks.true("wrong password: is not told", "incorrect" not in ran.err, ran.err)
    world.refused("no TPM", world.token("--tcti", "swtpm:port=1"), 1, [])


def run(world):
    for cases in (missing, rivals, scopes, values, keys):
        cases(world)
