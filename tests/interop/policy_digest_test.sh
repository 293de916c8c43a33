#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Digests of made-up policies of every kind, compared with trial sessions of tpm2-tools: policy_digest_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"

for tool in tpm2_policynv tpm2_policycountertimer tpm2_policyauthorizenv tpm2_policytemplate tpm2_policynvwritten; do
  command -v $tool >/dev/null || skip_all "$tool is not installed"
done

start_tpm "$work/tpm"
export TSS2_LOG=all+none
if /usr/bin/python3 "$here/policy_digests.py" "$program"; then ok "the digests are those of trial sessions"; else not_ok "the digests differ"; fi
check "the TPM holds what it held" is_clean

# --- physical presence: tpm2-tools do not have it, but the TPM does ----------------------------------------------------------

# digest CODE...: of policy commands without parameters, in a trial session spoken to by hand.
digest() {
  /usr/bin/python3 - "$SWTPM_TCTI" "$@" <<'PYTHON'
import socket, sys

port = int(sys.argv[1].split("port=")[1])


def send(code, body):
    command = b"\x80\x01" + (10 + len(body)).to_bytes(4, "big") + code.to_bytes(4, "big") + body
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.sendall(command)
        answer = stream.recv(4096)
    assert answer[6:10] == bytes(4), answer.hex()
    return answer[10:]


null = b"\x40\x00\x00\x07"
session = send(0x176, null + null + b"\x00\x10" + bytes(16) + b"\x00\x00" + b"\x03" + b"\x00\x10" + b"\x00\x0b")[:4]
for code in sys.argv[2:]:
    send(int(code, 16), session)
print(send(0x189, session)[2:].hex())
send(0x165, session)
PYTHON
}

echo '{"description": "", "policy": [{"type": "POLICYPHYSICALPRESENCE"}]}' >presence.json
expect "physical presence has a digest" 0 '' policy digest presence.json
check "it is the TPM's" cmp out <(digest 0x187)
echo '{"description": "", "policy": [{"type": "POLICYAUTHVALUE"}, {"type": "PolicyPhysicalPresence"}, {"type": 15}]}' >presence.json
expect "physical presence between passwords has a digest" 0 '' policy digest presence.json
check "it is the TPM's too" cmp out <(digest 0x16b 0x187 0x18c)

conclude
