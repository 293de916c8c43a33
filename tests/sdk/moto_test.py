# SPDX-License-Identifier: Apache-2.0
"""An access key in the TPM against a public implementation of STS that checks signatures, and credentials that boto3
takes from the program.

usage: moto_test.py TPMCLOUD_PROGRAM DIRECTORY
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
import botocore.config

REGION = "eu-central-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/demo"


class Checks:
    """Counts what was checked and what failed."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def that(self, name, is_true, detail=""):
        self.passed += bool(is_true)
        self.failed += not is_true
        print(f"{'ok' if is_true else 'not ok'} - {name}{'' if is_true else ': ' + str(detail)}")


def free_port():
    """A port that nobody listens on now, and the one after it."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                continue


def wait_for_port(port):
    """Returns when somebody listens."""
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"nobody listens on port {port}")


def start_swtpm(directory):
    """A TPM of its own; the process and its TCTI. It serves one client: its port is not probed."""
    port = free_port()
    os.mkdir(f"{directory}/tpm")
    process = subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={directory}/tpm", "--flags",
                                "startup-clear", "--server", f"type=tcp,port={port}", "--ctrl",
                                f"type=tcp,port={port + 1}"])
    wait_for_port(port + 1)
    return process, f"swtpm:port={port}"


def start_moto(free_actions):
    """A server that checks signatures after so many free actions."""
    port = free_port()
    env = dict(os.environ, INITIAL_NO_AUTH_ACTION_COUNT=str(free_actions))
    process = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], env=env,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_port(port)
    return process, f"http://127.0.0.1:{port}"


def client(service, url, key="testing", secret="testing", token=None):
    return boto3.client(service, region_name=REGION, endpoint_url=url, aws_access_key_id=key,
                        aws_secret_access_key=secret, aws_session_token=token,
                        config=botocore.config.Config(retries={"max_attempts": 1}))


def set_up(url):
    """A user who may do all, with an access key, and a role; four actions."""
    iam = client("iam", url)
    everything = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    iam.create_user(UserName="robot")
    iam.put_user_policy(UserName="robot", PolicyName="all", PolicyDocument=everything)
    iam.create_role(RoleName="demo", AssumeRolePolicyDocument=everything)
    return iam.create_access_key(UserName="robot")["AccessKey"]


class Program:
    """The program under test with the flags that all its runs have."""

    def __init__(self, path, directory, tcti, url):
        self.path = path
        self.directory = directory
        self.env = dict(os.environ, TPMCLOUD_TCTI=tcti)
        self.flags = ["--region", REGION, "--endpoint", url, "--allow-http-loopback"]

    def run(self, *arguments):
        done = subprocess.run([self.path, *arguments], env=self.env, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr.strip()

    def import_secret(self, name, secret):
        path = f"{self.directory}/{name}"
        with open(f"{path}.secret", "w", encoding="ascii") as file:
            file.write(secret)
        code, _, text = self.run("key", "import", "--hmac", "--aws", "--in", f"{path}.secret", "--out", f"{path}.pem")
        if code != 0:
            raise SystemExit(text)

    def aws(self, command, key_id, *more, name="key"):
        return self.run("aws-hmac", command, "--keyfile", f"{self.directory}/{name}.pem", "--aws-access-key-id", key_id,
                        *self.flags, *more)


def check_calls(checks, program, key_id):
    code, out, err = program.aws("caller-identity", key_id)
    checks.that("GetCallerIdentity is accepted", code == 0 and json.loads(out)["Arn"].endswith(":user/robot"), err)
    code, out, err = program.aws("credentials", key_id)
    checks.that("GetSessionToken is accepted", code == 0 and json.loads(out)["SessionToken"], err)
    code, out, err = program.aws("credentials", key_id, "--assume-role-arn", ROLE, "--role-session-name", "a+b=c,d.e@f-g",
                                 "--policy", '{"Version":"2012-10-17",\n"Statement":[]}')
    checks.that("AssumeRole is accepted", code == 0 and json.loads(out)["Version"] == 1, err)
    code, out, err = program.aws("caller-identity", key_id, "--assume-role-arn", ROLE, "--role-session-name", "chained")
    checks.that("credentials of the role sign", code == 0 and ":assumed-role/demo/chained" in out, err)
    code, out, err = program.aws("credentials", key_id, "--federation-name", "guest")
    checks.that("GetFederationToken is accepted", code == 0, err)


def check_requests(checks, program, key_id, url):
    """A request that is sent by another program. The server recomputes signatures of forms that it has parsed, with '+'
    for a space, and none of queries."""
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    content_type = "application/x-www-form-urlencoded; charset=utf-8"
    with open(f"{program.directory}/body", "w", encoding="ascii") as file:
        file.write(body)
    code, out, err = program.aws("sign-request", key_id, "--service", "sts", "--url", f"{url}/", "--method", "POST",
                                 "--header", f"Content-Type: {content_type}", "--body", f"{program.directory}/body")
    fields = dict(line.split(": ", 1) for line in out.splitlines())
    request = urllib.request.Request(f"{url}/", body.encode(), {"Content-Type": content_type, **fields})
    with urllib.request.urlopen(request) as answer:
        checks.that("a signed request is accepted", code == 0 and b"user/robot" in answer.read(), err)


def check_refusals(checks, program, key_id):
    program.import_secret("wrong", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    code, _, err = program.aws("caller-identity", key_id, name="wrong")
    checks.that("another secret is refused", code == 1 and "SignatureDoesNotMatch" in err, err)
    code, _, err = program.aws("caller-identity", "AKIAIOSFODNN7EXAMPLE")
    checks.that("another access key id is refused", code == 1 and "InvalidClientTokenId" in err, err)


def check_boto(checks, program, key_id, url):
    """boto3 takes the credentials by credential_process."""
    command = " ".join([program.path, "aws-hmac", "credentials", "--keyfile", f"{program.directory}/key.pem",
                        "--aws-access-key-id", key_id, *program.flags, "--assume-role-arn", ROLE, "--role-session-name",
                        "boto"])
    with open(f"{program.directory}/config", "w", encoding="ascii") as file:
        file.write(f"[default]\nregion = {REGION}\ncredential_process = {command}\n")
    os.environ.update(AWS_CONFIG_FILE=f"{program.directory}/config", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
                      TPMCLOUD_TCTI=program.env["TPMCLOUD_TCTI"])
    arn = boto3.Session().client("sts", endpoint_url=url).get_caller_identity()["Arn"]
    checks.that("boto3 takes the credentials", arn.endswith(":assumed-role/demo/boto"), arn)


def main():
    path, directory = sys.argv[1:]
    checks = Checks()
    swtpm, tcti = start_swtpm(directory)
    moto, url = start_moto(4)
    try:
        key = set_up(url)
        program = Program(path, directory, tcti, url)
        program.import_secret("key", key["SecretAccessKey"])
        check_calls(checks, program, key["AccessKeyId"])
        check_requests(checks, program, key["AccessKeyId"], url)
        check_refusals(checks, program, key["AccessKeyId"])
        check_boto(checks, program, key["AccessKeyId"], url)
    finally:
        for process in (moto, swtpm):
            process.terminate()
            process.wait()
    print(f"{checks.passed} passed, {checks.failed} failed")
    return checks.failed != 0


if __name__ == "__main__":
    sys.exit(main())
