# SPDX-License-Identifier: Apache-2.0
"""Options that do not go together or are wrong: refused before the network is asked, and by their names."""
from gcp_world import AUDIENCE, POOL, ROBOT, STORAGE, TARGET, USER


def missing(world):
    for name, arguments, part in (
            ("e-mail", world.token(), "--email"), ("e-mail of access", world.token("--kind", "access"), "--email"),
            ("audience of id", world.access(kind="id"), "--audience"),
            ("pool", world.issued("--kind", "federated"), "--pool-audience"),
            ("issuer", world.token("--kind", "federated", "--pool-audience", POOL, "--federation-subject", "a", key="ec.pem"), "--issuer"),
            ("subject", world.token("--kind", "federated", "--pool-audience", POOL, "--issuer", "https://a.example", key="ec.pem"), "--federation-subject"),
            ("gdch project", world.token("--kind", "gdch", key="ec.pem"), "missing"),
            ("gdch URL", world.token("--kind", "gdch", "--gdch-project", "p", "--gdch-name", "n", "--audience", AUDIENCE, key="ec.pem"), "--token-uri")):
        world.refused("no " + name, arguments, 2, [part, "missing"])
    world.refused("no key", ["gcp", "token", "--email", ROBOT], 2, "--keyfile")


def idle(world):
    """What has no effect is a mistake."""
    for kind, arguments, names in (
            ("jwt", world.account, ("subject", "token-uri", "pool-audience", "issuer", "sts-endpoint", "gdch-name")),
            ("access", world.access, ("audience", "pool-audience", "federation-subject", "gdch-project")),
            ("id", world.identity, ("scopes", "subject", "issuer")),
            ("federated", world.federated, ("email", "keyid", "subject", "token-uri", "gdch-name")),
            ("gdch", world.gdch, ("email", "scopes", "impersonate", "universe-domain", "sts-endpoint"))):
        for name in names:
            value = "https://a.example/token" if name.endswith(("uri", "endpoint", "issuer")) else ROBOT if name in ("email", "subject", "impersonate") else \
                POOL if name == "pool-audience" else STORAGE if name == "scopes" else "word"
            world.refused(f"{name} with {kind}", arguments("--" + name, value), 2, ["--" + name, "has no effect", kind])
    for name, value in (("delegate", TARGET), ("lifetime", "3600"), ("iam-endpoint", "https://a.example")):
        world.refused(f"{name} alone", world.account("--" + name, value), 2, ["--" + name, "--impersonate"])


def rivals(world):
    for name, arguments, parts in (
            ("scopes and audience", world.account("--scopes", STORAGE, "--audience", AUDIENCE), ["--scopes", "--audience"]),
            ("user and account", world.access("--subject", USER, "--impersonate", TARGET), ["--subject", "--impersonate"]),
            ("audience and account", world.account("--audience", AUDIENCE, "--impersonate", TARGET), ["--audience", "--impersonate", "--kind"])):
        world.refused(name, arguments, 2, [*parts, "exclude each other"])


def values(world):
    for name, value in (("email", ""), ("email", "no address"), ("email", "a@b\n"), ("scopes", ""), ("scopes", 'a"b'), ("scopes", "a\\b"), ("scopes", "ü"),
                        ("keyid", ""), ("keyid", "k" * 257), ("expire-in", "0"), ("expire-in", "3601"), ("expire-in", "1h"), ("expire-in", "-1"),
                        ("kind", "token"), ("kind", ""), ("audience", "a" * 2049), ("lifetime", "599"), ("lifetime", "43201"), ("impersonate", "robot"),
                        ("universe-domain", "a b"), ("universe-domain", "https://x"), ("universe-domain", "a/../b"), ("quota-project", "a\r\nb"),
                        ("delegate", "x"), ("format", "yaml"), ("max-attempts", "0"), ("max-attempts", "11")):
        options = [] if name == "email" else ["--email", ROBOT]
        world.refused(f"{name} {value[:20]!r}", world.token(*options, "--" + name, value), 2, "--" + name)
    for url in ("http://a.example/token", "ftp://a.example", "a.example", "https://u:p-of-user@a.example/", "https://a.example/?q", "https://a.example/#f", ""):
        for name, arguments in (("token-uri", world.account("--kind", "access")), ("iam-endpoint", world.account("--impersonate", TARGET)),
                                ("sts-endpoint", world.issued("--kind", "federated", "--pool-audience", POOL))):
            ran = world.refused(f"{name} {url!r}", [*arguments, "--" + name, url], 2, "--" + name)
            world.checks.true(f"{name} {url!r}: no password", "p-of-user" not in ran.err, ran.err)
    for issuer in ("http://a.example", "a.example", "https://a.example/?q", "https://a.example/#f", "https://u:p@a.example"):
        world.refused(f"issuer {issuer}", world.federated(issuer=issuer), 2, "--issuer")
    world.refused("unknown flag", world.account("--emial", ROBOT), 2, ["--emial", "--email"])


def keys(world):
    """Keys that cannot sign such tokens, or cannot be used."""
    for name, arguments in (("EC key of an account", world.account(key="ec.pem")), ("EC key of access", world.access(key="ec.pem")),
                            ("EC key that impersonates", world.impersonated(key="ec.pem"))):
        world.refused(name, arguments, 1, "RS256")
    world.refused("PSS only", world.account(key="pss.pem"), 1, "RS256")
    world.refused("RSA key of gdch", world.gdch(key="rsa.pem"), 1, "ES256")
    world.refused("P-384 of gdch", world.gdch(key="ec384.pem"), 1, "ES256")
    world.refused("PSS as issuer", world.federated(key="pss.pem"), 1, [])
    world.refused("no key file", world.account(key="none.pem"), 1, "none.pem")
    world.refused("no password", world.federated(key="locked.pem"), 1, "password")
    wrong = world.file("wrong-password", "incorrect\n")
    world.refused("wrong password", world.federated("--password-file", wrong, key="locked.pem"), 1, "password")
    ran = world.refused("right password, another key", world.federated("--password-file", world.file("password"), key="locked.pem"), 1, "invalid_grant", 1)
    world.checks.true("the password is not told", "incorrect" not in ran.err, ran.err)
    world.refused("no TPM", ["gcp", "token", "--keyfile", world.file("rsa.pem"), "--email", ROBOT, "--tcti", "swtpm:port=1"], 1, [])


def run(world):
    for cases in (missing, idle, rivals, values, keys):
        cases(world)
