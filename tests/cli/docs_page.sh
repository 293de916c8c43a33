# SPDX-License-Identifier: Apache-2.0
# Runs the shell lines of a page of docs/ against a software TPM and the local cloud; source it.
#
#   docs_begin           makes a directory and enters it, and cleans up at the end of the script; 77 without what the cloud needs
#   docs_start PROGRAM   starts the cloud with cloud.json, and a TPM; sets what their clients need
#   docs_stub NAME       what stdin says becomes the program NAME for the page's lines
#   docs_stub_caller NAME   a program of which the lines show how it is called: the files that they name must be there
#   docs_run PAGE LEAST  runs every line in an sh fence of docs/PAGE; there must be LEAST at the least
#   docs_fence PAGE LANGUAGE  prints what is in the fences of that language

docs_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=../support/swtpm.sh
. "$docs_tree/tests/support/swtpm.sh"
cloud=(/usr/bin/python3 -B "$docs_tree/tests/cloud/cloud_control.py")
work=
cloud_pid=

docs_clean_up() {
  swtpm_stop
  [ -z "$cloud_pid" ] || kill "$cloud_pid" 2>/dev/null || true
  rm -rf "$work"
}

docs_begin() {
  /usr/bin/python3 -c 'import cryptography' 2>/dev/null || exit 77
  work=$(mktemp -d)
  trap docs_clean_up EXIT
  umask 077
  cd "$work"
  mkdir bin
}

docs_start() {
  /usr/bin/python3 -B "$docs_tree/tests/cloud/cloud_server.py" --state "$work/cloud" --config cloud.json &
  cloud_pid=$!
  "${cloud[@]}" wait "$work/cloud"
  # shellcheck disable=SC1091
  . "$work/cloud/ready"
  swtpm_start "$work/tpm"
  export TPMCLOUD_TCTI=$SWTPM_TCTI PROGRAM=$1 CLOUD_URL CLOUD_CA CURL
  CURL=$(command -v curl || true)
}

docs_stub() {
  cat >"bin/$1"
  chmod +x "bin/$1"
}

docs_stub_caller() {
  docs_stub "$1" <<'SH'
#!/bin/bash
for word in "$@"; do
  case $word in
  *.pem | *.json)
    if [ ! -s "${word#@}" ]; then
      echo "no file $word" >&2
      exit 1
    fi
    ;;
  esac
done
SH
}

docs_fence() {
  /usr/bin/python3 - "$docs_tree/docs/$1" "$2" <<'PYTHON'
import re
import sys

text = open(sys.argv[1], encoding="utf-8").read()
for fence in re.findall(rf"^```{sys.argv[2]}\n(.*?)^```$", text, re.M | re.S):
    print(fence.replace("\\\n", " "), end="")
PYTHON
}

docs_run() {
  # What a page has elsewhere on the machine is below the directory here.
  docs_fence "$1" sh | sed "s|/run/robot|$work/run|g" >lines
  /usr/bin/python3 - "$1" "$2" >page.sh <<'PYTHON' 3<lines
import shlex
import sys

lines = [line.rstrip("\n") for line in open(3, encoding="utf-8") if line.strip()]
assert len(lines) >= int(sys.argv[2]), len(lines)
print("failed=0")
for line in lines:
    print(f"{line} >out 2>err || {{ printf 'FAILED: %s\\n' {shlex.quote(line)}; cat err; failed=1; }}"
          if ">" not in line else line)
print(f"echo '{len(lines)} lines of docs/{sys.argv[1]} run'; exit $failed")
PYTHON
  PATH=$work/bin:$PATH bash -e page.sh
}
