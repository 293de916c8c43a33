#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The whole test suite, on a bare Debian 12 or 13: installs what is missing (as root), builds with gcc
# under sanitizers and plain, compiles with clang, and runs everything and, for seconds, the fuzzers. The last line is
# "N passed, N failed, N skipped"; the exit status is 0 only if nothing failed.
# TPMCLOUD_BUILD_DIR moves the build trees, which are else in build/.
set -uo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_dir=${TPMCLOUD_BUILD_DIR:-$source_dir/build}
results=$build_dir/results
jobs=$(nproc)

packages=(
  gcc g++ clang cmake ninja-build pkg-config libc6-dev binutils
  libssl-dev libcurl4-openssl-dev libtss2-dev libcjson-dev libcmocka-dev libtpms-dev
  swtpm swtpm-tools gnutls-bin tpm2-tools tpm2-openssl openssl procps curl
  python3 python3-botocore python3-cffi python3-cryptography python3-google-auth python3-jwt python3-msal python3-tpm2-pytss
  clang-format clang-tidy doxygen abigail-tools
)

# The sanitizers and libFuzzer of clang, whose package carries clang's version.
case $(. /etc/os-release 2>/dev/null && echo "${VERSION_ID:-}") in
  12) packages+=(libclang-rt-14-dev) ;;
  13) packages+=(libclang-rt-19-dev) ;;
esac

heading() {
  printf '\n== %s\n' "$*"
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_missing() {
  local name missing=()
  if ! command -v dpkg-query >/dev/null; then
    echo "not a Debian system: these packages, or what they are called here, must be there: ${packages[*]}"
    return 0
  fi
  for name in "${packages[@]}"; do
    is_installed "$name" || missing+=("$name")
  done
  [ "${#missing[@]}" = 0 ] && return 0
  if [ "$(id -u)" != 0 ]; then
    echo "missing packages; as root: apt-get install --no-install-recommends ${missing[*]}" >&2
    return 1
  fi
  heading "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$build_dir/apt.log" 2>&1 && return 0
  tail -n 20 "$build_dir/apt.log"
  return 1
}

# Tests see no settings of the caller: no trust stores, no TPM, no interpreter paths, no compiler flags.
clean_environment() {
  local name
  for name in $(compgen -e); do
    case $name in
      *_CA_BUNDLE | *_CA_CERTS | SSL_CERT_* | PYTHON* | TSS2_* | TPM2* | TPMCLOUD_* | OPENSSL_* | LD_* | \
        CC | CXX | CFLAGS | CXXFLAGS | CPPFLAGS | LDFLAGS | CMAKE_* | CTEST_* | DESTDIR | *SAN_OPTIONS)
        unset "$name"
        ;;
    esac
  done
  export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 CCACHE_DISABLE=1
  export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
  export UBSAN_OPTIONS=print_stacktrace=1
  if pkg-config --atleast-version=4.0 tss2-tctildr; then
    export LSAN_OPTIONS=suppressions=$source_dir/tests/lsan.supp:print_suppressions=0
  fi
}

# build NAME CMAKE_ARGUMENT...
build() {
  local name=$1
  shift
  heading "building $name"
  # The whole tree is compiled to its end, so that one run shows every error.
  if cmake -S "$source_dir" -B "$build_dir/$name" -G Ninja "$@" >"$results/$name.configure.log" 2>&1 &&
    cmake --build "$build_dir/$name" -j "$jobs" -- -k 0 >"$results/$name.build.log" 2>&1; then
    return 0
  fi
  grep -A 6 'CMake Error' "$results/$name.configure.log" | head -n 40
  grep -E 'error|FAILED|undefined reference|warning' "$results/$name.build.log" 2>/dev/null | head -n 40
  echo "the whole output is in $results/$name.build.log"
  touch "$results/build-$name.failed"
  return 1
}

# check NAME CTEST_ARGUMENT...
check() {
  local name=$1
  shift
  # Without a configured tree there is nothing to run; the build has failed already.
  [ -f "$build_dir/$name/build.ninja" ] || return
  heading "testing $name"
  ctest --test-dir "$build_dir/$name" -j "$jobs" --output-on-failure --no-tests=error \
    --output-junit "$results/$name.xml" "$@"
  [ -f "$results/$name.xml" ] || touch "$results/test-$name.failed"
}

can_fuzz() {
  echo 'int LLVMFuzzerTestOneInput(const char *data, unsigned long len) { return data == 0 && len; }' |
    clang -fsanitize=fuzzer,address -x c -o "$results/can_fuzz" - 2>"$results/can_fuzz.log"
}

mkdir -p "$build_dir" || exit 1
install_missing || exit 1
clean_environment
rm -rf "$results"
mkdir -p "$results"

# A build that is incomplete is tested as far as it goes: what is missing counts as failed.
build asan -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DTPMCLOUD_SANITIZE=address,undefined
check asan
build plain -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
check plain -L '^(abi|cli|cloud|interop|swtpm|fault)$'
if can_fuzz; then
  build clang -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DTPMCLOUD_SANITIZE=address,undefined \
    -DTPMCLOUD_BUILD_FUZZERS=ON
  check clang -L '^fuzz$'
else
  echo "clang has no libFuzzer here: compiling without the fuzzers"
  build clang -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug
fi

heading "results"
exec /usr/bin/python3 "$source_dir/tests/summary.py" "$results"
