# SPDX-License-Identifier: Apache-2.0
# A private software TPM for shell tests; source it.
#
#   swtpm_start DIR    starts one whose state is in DIR (absolute, made if missing); sets SWTPM_TCTI and SWTPM_PID
#   swtpm_stop         stops it
# The caller stops it in a trap.

SWTPM_PID=
SWTPM_TCTI=

# Tries pairs of ports until both can be bound: the data channel, and the control channel next to it.
swtpm_start() {
  local dir=$1 try port
  mkdir -p "$dir"
  rm -f "$dir/pid"
  for try in $(seq 50); do
    port=$((20000 + 2 * (RANDOM % 10000)))
    if swtpm socket --tpm2 --tpmstate "dir=$dir" --pid "file=$dir/pid" --daemon \
      --server "type=tcp,bindaddr=127.0.0.1,port=$port" --ctrl "type=tcp,bindaddr=127.0.0.1,port=$((port + 1))" \
      --flags not-need-init,startup-clear 2>"$dir/log" && swtpm_is_up "$dir" "$port"; then
      SWTPM_PID=$(cat "$dir/pid")
      SWTPM_TCTI="swtpm:host=127.0.0.1,port=$port"
      return 0
    fi
  done
  echo "no software TPM could be started:" >&2
  cat "$dir/log" >&2
  return 1
}

swtpm_is_up() {
  local dir=$1 port=$2 try
  for try in $(seq 50); do
    if [ -s "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      return 0
    fi
    sleep 0.1
  done
  return 1
}

swtpm_stop() {
  [ -n "$SWTPM_PID" ] || return 0
  kill -CONT "$SWTPM_PID" 2>/dev/null
  kill "$SWTPM_PID" 2>/dev/null
  while kill -0 "$SWTPM_PID" 2>/dev/null; do
    sleep 0.05
  done
  SWTPM_PID=
}
