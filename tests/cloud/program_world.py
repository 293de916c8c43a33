# SPDX-License-Identifier: Apache-2.0
"""The program, a software TPM and the local cloud, for tests that run all three."""
import contextlib
import os
import re
import shlex
import signal
import subprocess
import tempfile
import time

import cloud_checks
import cloud_control
import cloud_pki

HERE = os.path.dirname(os.path.abspath(__file__))
SWTPM = os.path.join(os.path.dirname(HERE), "support", "swtpm.sh")
ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/division/alice"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PASSWORD = "correct horse battery"
KEY_ID, LOCKED_ID, OTHER_ID, INACTIVE_ID = "AKIAIOSFODNN7EXAMPLE", "AKIALOCKED0000000000", "AKIAOTHER00000000000", "AKIAINACTIVE00000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/to/a+b=c,d.e@f-g_h"
GUARDED = f"arn:aws:iam::{ACCOUNT}:role/guarded"
MFA = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
RA = f"arn:aws:rolesanywhere:eu-central-1:{ACCOUNT}:"
ANCHOR = RA + "trust-anchor/01234567-89ab-cdef-0123-456789abcdef"
PROFILE, NAMED = (RA + f"profile/{i}1234567-89ab-cdef-0123-456789abcdef" for i in (1, 2))
PROGRAM_S = 60
# JWTs, and what follows their last dot, which is as long as a signature.
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.([\w-]+)")


def configuration():
    user = {"secret": SECRET, "arn": USER, "user_id": "AIDA0000000000000000A"}
    profile = {"roles": [ROLE], "duration": 43200}
    return {
        "region": "eu-central-1",
        "keys": {KEY_ID: user, LOCKED_ID: user, OTHER_ID: {**user, "secret": "another secret"}, INACTIVE_ID: {**user, "active": False}},
        "roles": {ROLE: {}, GUARDED: {"external_id": "id:/=+@1", "mfa": True, "max_duration": 43200, "trust": [USER]}},
        "mfa": {MFA: {"codes": [f"{i:06}" for i in range(100, 200)]}},
        "rolesanywhere": {"profiles": {PROFILE: profile, NAMED: {**profile, "accept_role_session_name": True}}}}


class Tpm:
    """A software TPM of our own."""

    def __init__(self, state):
        script = '. "$1"; swtpm_start "$2" || exit 1; echo "$SWTPM_PID"; echo "$SWTPM_TCTI"'
        os.mkdir(state)
        with open(os.path.join(state, "said"), "w+", encoding="utf-8") as said:
            subprocess.run(["bash", "-c", script, "bash", SWTPM, state], stdout=said, stdin=subprocess.DEVNULL, check=True)
            said.seek(0)
            pid, self.tcti = said.read().split()
        self.pid = int(pid)

    def holds(self):
        """The transient objects and sessions that somebody left in it."""
        kinds = ("handles-transient", "handles-loaded-session", "handles-saved-session")
        return "".join(subprocess.run(["tpm2_getcap", "-T", self.tcti, kind], capture_output=True, text=True, check=True).stdout
                       for kind in kinds)

    def stop(self):
        """Ends it, and waits until it no longer writes into its directory. It is no child of ours."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
            while True:
                os.kill(self.pid, 0)
                time.sleep(0.02)


class Ran:
    """What a run of the program left."""

    def __init__(self, status, out, err, seconds, arguments):
        self.status, self.out, self.err, self.seconds, self.arguments = status, out, err, seconds, arguments


class World:
    """A context manager: a directory, a TPM with keys, a cloud, and the counting of checks. Each cloud has its own kind of it."""

    variables = ("AWS_", "TPM2", "TSS2", "KUBERNETES_", "GOOGLE_", "CLOUDSDK_", "AZURE_")  # that no run shall have of ours

    def __init__(self, program):
        self.program, self.checks = os.path.realpath(program), cloud_checks.Checks()
        self.directory = tempfile.TemporaryDirectory(prefix="tpmcloud-cloud.")
        self.path = self.directory.name
        self.secrets = []
        self.tpm = self.cloud = None

    def __enter__(self):
        try:
            self.tpm = Tpm(self.file("tpm"))
            self.cloud = cloud_control.Cloud(self.configuration(), self.file("cloud", directory=True))
            self.make_keys()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.cloud:
            self.cloud.stop()
        if self.tpm:
            self.tpm.stop()
        self.directory.cleanup()

    def file(self, name, data=None, directory=False):
        """The path of a file of ours, which is written if there is data."""
        path = os.path.join(self.path, name)
        if directory:
            os.mkdir(path)
        if data is not None:
            with open(path, "wb") as out:
                out.write(data.encode() if isinstance(data, str) else data)
        return path

    def configuration(self):
        """What the cloud knows from its start."""
        raise NotImplementedError

    def make_keys(self):
        """Makes what the runs need."""
        raise NotImplementedError

    # --- running the program ---

    def environment(self, **more):
        env = {name: value for name, value in os.environ.items() if not name.startswith(self.variables)}
        env.update(TPMCLOUD_TCTI=self.tpm.tcti, no_proxy="*", **more)
        return env

    def run(self, *arguments, env=None, stdin=b""):
        start = time.monotonic()
        done = subprocess.run([self.program, *arguments], input=stdin, capture_output=True, timeout=PROGRAM_S,
                              env=self.environment(**(env or {})), check=False)
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode(), time.monotonic() - start, arguments)

    def make(self, *arguments):
        """Runs the program for the sake of a later check."""
        ran = self.run(*arguments)
        if ran.status != 0:
            raise RuntimeError(f"{shlex.join(arguments)}: {ran.err}")
        return ran.out

    def network(self):
        return ["--ca-file", self.cloud.ca]

    # --- what is expected ---

    def shown(self, text):
        """The secrets that are in a text."""
        known = self.secrets + self.cloud.secrets()
        for entry in self.cloud.log():
            sent = " ".join([entry["query"]] + [value for _, value in entry["headers"]])
            known += re.findall(r"Signature=([0-9a-f]{64,})", sent)
            known += JWT.findall(sent + " " + entry["body"])
        return [secret for secret in known if secret in text] + JWT.findall(text)

    def is_quiet(self, name, ran):
        self.checks.equal(name + ": no secret is told", self.shown(ran.err), [])

    def accepted(self, name, arguments, requests=1, env=None, behave=(), stdin=b""):
        """The output of a run that must succeed with that many requests, all of which the cloud accepts."""
        self.cloud.reset()
        self.cloud.behave(*behave)
        ran = self.run(*arguments, env=env, stdin=stdin)
        refusals = [f"{e['code']}: {e['why']}" for e in self.cloud.log() if e["verdict"] == "refused"]
        self.checks.true(name, ran.status == 0 and not ran.err, f"status {ran.status}: {ran.err} {refusals}")
        if requests is not None:
            self.checks.equal(name + ": requests", len(self.cloud.log()), requests)
        return ran.out if ran.status == 0 else ""

    def refused(self, name, arguments, status, parts, requests=0, env=None, behave=(), stdin=b""):
        """A run that must fail with a line that has all these parts, after that many requests. For a misuse another line names the help."""
        self.cloud.reset()
        self.cloud.behave(*behave)
        ran = self.run(*arguments, env=env, stdin=stdin)
        seen = f"{ran.status}: {ran.err}"
        self.checks.true(name + ": status", ran.status == status, seen)
        usage = r"(tpmcloud: '[^\n]+' lists the flags\n)?" if status == 2 else ""
        self.checks.true(name + ": one line", re.fullmatch(r"tpmcloud: [^\n]+\n" + usage, ran.err), seen)
        for part in [parts] if isinstance(parts, str) else parts:
            self.checks.true(name, part in ran.err, f"{part!r} is not in {ran.err!r}")
        self.checks.true(name + ": nothing is printed", not ran.out, ran.out)
        self.checks.equal(name + ": requests", len(self.cloud.log()), requests)
        self.is_quiet(name, ran)
        return ran

    def sent(self):
        """The parameters of the last request."""
        return self.cloud.last()["parameters"]


class AwsWorld(World):
    def __init__(self, program):
        super().__init__(program)
        self.secrets = [SECRET, PASSWORD]

    def configuration(self):
        return configuration()

    def make_keys(self):
        """Access keys without and with a password."""
        self.file("secret", SECRET + "\n")
        self.file("password", PASSWORD + "\n")
        self.make("key", "import", "--aws", "--in", self.file("secret"), "--out", self.file("hmac.pem"))
        self.make("key", "import", "--aws", "--in", self.file("secret"), "--out", self.file("locked.pem"),
                  "--password-file", self.file("password"))

    def hmac(self, command, *more, key="hmac.pem", key_id=KEY_ID, region="eu-central-1", endpoint=None):
        """The arguments of a command with an access key."""
        arguments = ["aws-hmac", command, "--keyfile", self.file(key), "--aws-access-key-id", key_id]
        arguments += ["--region", region] if region else []
        return [*arguments, "--endpoint", endpoint or self.cloud.url, *self.network(), *more]

    def anywhere(self, *more, key="ec.pem", certificate="ec.crt", anchor=ANCHOR, profile=PROFILE, role=ROLE, endpoint=None):
        """The arguments of aws-rolesanywhere credentials."""
        named = {"--trust-anchor-arn": anchor, "--profile-arn": profile, "--role-arn": role, "--endpoint": endpoint or self.cloud.url,
                 "--keyfile": self.file(key), "--public-certificate-file": self.file(certificate)}
        given = [word for name, value in named.items() if value is not None for word in (name, value)]
        return ["aws-rolesanywhere", "credentials", *given, *self.network(), *more]

    def askers(self, endpoint=None):
        """What asks a server: a name, and the arguments."""
        yield "STS", self.hmac("credentials", "--assume-role-arn", ROLE, endpoint=endpoint)
        yield "Roles Anywhere", self.anywhere(endpoint=endpoint)


class Devices:
    """Keys for Roles Anywhere in the TPM, a root, and five intermediates below it."""

    KINDS = {"rsa": "rsa2048", "ec": "ecc256", "ec384": "ecc384"}

    def __init__(self, world):
        self.world = world
        self.root = cloud_pki.Authority("root")
        self.middle = []
        for i in range(6):
            self.middle.append(cloud_pki.Authority(f"middle {i + 1}", self.middle[-1] if self.middle else self.root,
                                                   kind="RSA2048" if i == 1 else "P-384" if i == 2 else "P-256"))
        self.public = {}
        for name, algorithm in self.KINDS.items():
            world.make("key", "create", "--algorithm", algorithm, "--out", world.file(name + ".pem"))
            request = world.make("key", "csr", "--keyfile", world.file(name + ".pem"), "--subject", "CN=" + name)
            self.public[name] = cloud_pki.public_key(request.encode())
            world.file(name + ".crt", cloud_pki.pem(self.issue(name)))
        world.cloud.config(rolesanywhere={"trust_anchors": {ANCHOR: {"pem": self.root.pem().decode()}}})

    def issue(self, name="ec", issuer=None, subject=None, **more):
        return (issuer or self.root).issue(subject or name, self.public[name], **more)

    def under(self, depth, name="ec"):
        """A certificate with `depth` intermediates above it, and these, nearest first."""
        return self.issue(name, self.middle[depth - 1]), self.middle[:depth][::-1]
