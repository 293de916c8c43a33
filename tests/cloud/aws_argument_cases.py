# SPDX-License-Identifier: Apache-2.0
"""Arguments that cannot be right: the program refuses them as a misuse, names them, and sends nothing."""
from program_world import ACCOUNT, ANCHOR, GUARDED, MFA, PROFILE, ROLE, Devices

NEW_LINE = "AKIA\r\nX-Injected: 1"


def set_option(arguments, name, value):
    """The arguments with another value of an option, or without the option."""
    rest = list(arguments)
    if name in rest:
        at = rest.index(name)
        del rest[at:at + 2]
    return rest if value is None else [*rest, name, value]


def sts(world, *more):
    return world.hmac("credentials", *more)


def missing(world):
    """Rows 1 and 7."""
    for name in ("--trust-anchor-arn", "--profile-arn", "--role-arn", "--public-certificate-file"):
        for value in (None, ""):
            world.refused(f"{name} {value!r}", set_option(world.anywhere(), name, value), 2, name)
    for value in (None, ""):
        world.refused(f"access key id {value!r}", set_option(sts(world), "--aws-access-key-id", value), 2, "--aws-access-key-id")
        world.refused(f"key file {value!r}", set_option(sts(world), "--keyfile", value), 2, "--keyfile")
    world.refused("empty region", set_option(sts(world), "--region", ""), 2, "--region")
    both = sts(world, "--assume-role-arn", ROLE, "--get-session-token")
    world.refused("two modes", both, 2, ["--get-session-token", "--assume-role-arn"])
    world.refused("role and federation", sts(world, "--assume-role-arn", ROLE, "--federation-name", "bob"), 2,
                  ["--assume-role-arn", "--federation-name"])
    for option, value in (("--role-session-name", "name"), ("--policy", "{}"), ("--tag", "a=b"), ("--external-id", "id"),
                          ("--source-identity", "me"), ("--policy-arn", "arn:aws:iam::aws:policy/P"), ("--transitive-tag-key", "a")):
        world.refused(f"{option} without a role", sts(world, option, value), 2, [option, "GetSessionToken", "--assume-role-arn"])
    world.refused("MFA and federation", sts(world, "--federation-name", "bob", "--mfa-serial", MFA, "--mfa-code", "000100"), 2, "--mfa-")
    world.refused("MFA serial alone", sts(world, "--mfa-serial", MFA), 2, ["--mfa-serial", "--mfa-code"])
    world.refused("MFA code alone", sts(world, "--mfa-code", "000100"), 2, ["--mfa-code", "--mfa-serial"])


def texts(world):
    """Rows 2 and 3: what would get out of its place."""
    for value in (NEW_LINE, "AKIA/../x", "AKIA\u00e9", "AK", "A" * 129, "AKIA OSFODNN7EXAMPLE"):
        world.refused(f"access key id {value!r}", set_option(sts(world), "--aws-access-key-id", value), 2, "--aws-access-key-id")
    world.refused("temporary key", set_option(sts(world), "--aws-access-key-id", "ASIA" + "A" * 16), 2, ["ASIA", "AKIA"])
    for value in ("a.evil.com/", "eu#", "eu@evil.com", "eu\r\nHost: evil", "eu west", "\u00e9u", "r" * 64, "-eu", "EU-CENTRAL-1"):
        world.refused(f"region {value!r}", set_option(sts(world), "--region", value), 2, "--region")
    for value in ("n", "n" * 65, "a b", "a/b", "\u00e9\u00e9", "a\nb", ""):
        world.refused(f"session name {value!r}", sts(world, "--assume-role-arn", ROLE, "--role-session-name", value), 2, "--role-session-name")
        world.refused(f"Roles Anywhere, session name {value!r}", world.anywhere("--session-name", value), 2, "--session-name")
        world.refused(f"source identity {value!r}", sts(world, "--assume-role-arn", ROLE, "--source-identity", value), 2, "--source-identity")
    for value in ("12345", "1234567", "12345a", "", "-12345"):
        ran = world.refused(f"MFA code {value!r}", sts(world, "--mfa-serial", MFA, "--mfa-code", value), 2, "--mfa-code")
        world.checks.true(f"MFA code {value!r} is not told", not value or value not in ran.err, ran.err)
    for value in ("a", "a b", "i" * 1225):
        world.refused(f"external id of {len(value)}", sts(world, "--assume-role-arn", ROLE, "--external-id", value), 2, "--external-id")
    world.refused("policy of 2049", sts(world, "--assume-role-arn", ROLE, "--policy", "\u00e9" * 2049), 2, ["--policy", "2049", "2048"])


def lists(world):
    def role(*more):
        return sts(world, "--assume-role-arn", ROLE, *more)

    def many(option, values):
        return role(*[word for value in values for word in (option, value)])
    world.refused("51 tags", many("--tag", [f"k{i}=v" for i in range(51)]), 2, ["--tag", "50"])
    world.refused("11 policies", many("--policy-arn", [f"arn:aws:iam::aws:policy/P{i}" for i in range(11)]), 2, ["--policy-arn", "10"])
    world.refused("51 transitive keys", many("--transitive-tag-key", [f"k{i}" for i in range(51)]), 2, ["--transitive-tag-key", "50"])
    world.refused("twice the same tag", role("--tag", "Key=1", "--tag", "kEY=2"), 2, ["--tag", "twice"])
    world.refused("key of 129", role("--tag", "k" * 129 + "=v"), 2, ["--tag", "128"])
    world.refused("value of 257", role("--tag", "k=" + "\u00e9" * 257), 2, ["--tag", "256"])
    for value in ("aws:a=b", "AWS:a=b", "nothing", "=v"):
        world.refused(f"tag {value}", role("--tag", value), 2, "--tag")
    world.refused("property twice", world.anywhere("--instance-property", "a=1", "--instance-property", "a=2"), 2, ["--instance-property", "twice"])
    world.refused("property without a value", world.anywhere("--instance-property", "a"), 2, "--instance-property")


def arns(world):
    """Row 4."""
    bad = ("arn", "a" * 20, ANCHOR.replace("123456789012", "12345678901"), ANCHOR.replace("rolesanywhere", "iam"),
           ANCHOR.replace(":trust-anchor/", ":profile/"), ANCHOR.replace("arn:aws:", "arn:other:"), ANCHOR + "\r\n", ANCHOR.upper())
    for value in bad:
        world.refused(f"anchor {value!r}", world.anywhere(anchor=value), 2, "--trust-anchor-arn")
    for value in (ANCHOR, PROFILE.replace("profile", "profil")):
        world.refused(f"profile {value!r}", world.anywhere(profile=value), 2, "--profile-arn")
    for value in (ANCHOR, ROLE.replace(":role/", ":user/"), ROLE.replace("iam::", "iam:eu-central-1:"), ROLE.replace("iam", "sts"), ROLE + "\u00e9"):
        world.refused(f"role {value!r}", world.anywhere(role=value), 2, "--role-arn")
        world.refused(f"STS, role {value!r}", sts(world, "--assume-role-arn", value), 2, "--assume-role-arn")
    other = PROFILE.replace("eu-central-1", "eu-west-1")
    world.refused("two regions", world.anywhere(profile=other), 2, ["eu-central-1", "eu-west-1"])
    world.refused("another region", world.anywhere("--region", "eu-west-1"), 2, ["--region", "eu-west-1", "eu-central-1"])
    for what, values in (("profile", {"profile": PROFILE.replace(ACCOUNT, "210987654321")}), ("role", {"role": ROLE.replace(ACCOUNT, "210987654321")})):
        world.refused(f"{what} of another account", world.anywhere(**values), 2, [ACCOUNT, "210987654321"])
    world.refused("role of another partition", world.anywhere(role=ROLE.replace("arn:aws:", "arn:aws-cn:")), 2, ["aws-cn"])
    china = set_option(sts(world, "--assume-role-arn", GUARDED.replace("arn:aws:", "arn:aws-cn:")), "--endpoint", None)
    world.refused("STS, role of another partition", china, 2, ["aws-cn", "--region"])


def durations(world):
    """Row 5."""
    for value in ("0", "899", "129601", "-1", "99999999999999999999", "1e3", "900.5", "", "900s"):
        world.refused(f"{value} s", sts(world, "--duration-seconds", value), 2, "--duration-seconds")
        world.refused(f"Roles Anywhere, {value} s", world.anywhere("--duration-seconds", value), 2, "--duration-seconds")
    world.refused("43201 s of a role", sts(world, "--assume-role-arn", ROLE, "--duration-seconds", "43201"), 2, ["--duration-seconds", "43200"])
    world.refused("Roles Anywhere, 43201 s", world.anywhere("--duration-seconds", "43201"), 2, ["--duration-seconds", "43200"])


def endpoints(world):
    """Row 21, and URLs that are none."""
    for value in ("http://sts.example.com", "http://localhost:1", "http://127.0.0.1:1", "ftp://localhost/", "https://", "https://user:pw@localhost",
                  "https://local host", "https://localhost:99999", "https://localhost/?a=b", "https://localhost\r\nX: y/", "localhost:443"):
        for name, arguments in (("STS", world.hmac("credentials", endpoint=value)), ("Roles Anywhere", world.anywhere(endpoint=value))):
            ran = world.refused(f"{name} at {value!r}", arguments, 2, "http" if value.startswith("http:") else "--endpoint")
            world.checks.true(f"{name} at {value!r}: no password", "user:pw" not in ran.err, ran.err)


def requests(world):
    """Rows 34 to 36."""
    def sign(command, *more, url="https://s3.eu-central-1.amazonaws.com/a"):
        return world.hmac(command, "--service", "s3", "--url", url, *more)
    for header in ("Authorization: x", "X-Amz-Date: 20200101T000000Z", "X-Amz-Security-Token: t"):
        name = header.split(":", maxsplit=1)[0]
        for command in ("sign-request", "presign"):
            world.refused(f"{command} with {name}", sign(command, "--header", header), 2, name)
    for name in ("Signature", "Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Security-Token"):
        for command in ("sign-request", "presign"):
            world.refused(f"{command} with X-Amz-{name}", sign(command, url=f"https://b.s3.amazonaws.com/a?x=y&X-Amz-{name}=1"), 2, f"X-Amz-{name}")
    for value in ("a b: c", "a\u00e9: c", ": c", "a: b\r\nX: y", "a: b\nX: y", "no colon", "a: \x01"):
        world.refused(f"header {value!r}", sign("sign-request", "--header", value), 2, "header")
    world.refused("many headers", sign("sign-request", *[word for i in range(1000) for word in ("--header", f"h{i}: v")]), 2, "header")
    world.refused("a big header", sign("sign-request", "--header", "h: " + "v" * 100000), 2, "header")
    for value in ("get", "GE T", "GET\r\nX: y", "", "G\u00c9T"):
        world.refused(f"method {value!r}", sign("sign-request", "--method", value), 2, "method")
    for value in ("0", "604801", "-1", "1e3", ""):
        world.refused(f"expires {value!r}", sign("presign", "--expires", value), 2, "604800" if value.isdigit() else "--expires")
    for value in ("s3/x", "", "S 3", "s3\n"):
        world.refused(f"service {value!r}", world.hmac("sign-request", "--service", value, "--url", "https://b.s3.amazonaws.com/"), 2, "service")
    for value in ("", "nothing", "https://b/a b", "https://b/#f", "https://b/%zz"):
        world.refused(f"URL {value!r}", sign("sign-request", url=value), 2, "")
    world.refused("a body that is missing", sign("sign-request", "--body", world.file("no-body")), 1, world.file("no-body"))
    for value in ("", "c" * 300, "a\nb"):
        world.refused(f"cluster {value!r}", world.hmac("eks-token", "--cluster", value), 2, "cluster")


def run(world):
    Devices(world)
    for cases in (missing, texts, lists, arns, durations, endpoints, requests):
        cases(world)
