#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Uses the library as others do: installed and found by CMake, found by pkg-config, and vendored.
# usage: consume.sh SOURCE_DIR BUILD_DIR [COMPILER_C COMPILER_CXX]
set -euo pipefail

source_dir=$1
build_dir=$2
export CC=${3:-cc} CXX=${4:-c++}
here=$source_dir/tests/install
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
# No variable of the caller may help.
unset LD_LIBRARY_PATH PKG_CONFIG_PATH CMAKE_PREFIX_PATH CFLAGS CXXFLAGS LDFLAGS
if command -v ninja >/dev/null; then
  export CMAKE_GENERATOR=Ninja
fi

step() {
  echo "-- $*"
}

step "install"
cmake --install "$build_dir" --prefix "$prefix" >"$work/install.log" || { cat "$work/install.log"; exit 1; }
pc=$(find "$prefix" -name tpmcloud.pc)
libdir=$(dirname "$(dirname "$pc")")
for file in "$libdir/libtpmcloud.so" "$libdir/libtpmcloud.so.0.1" "$libdir/libtpmcloud.a" \
  "$prefix/include/tpmcloud/tpmcloud.h" "$prefix/include/tpmcloud/version.h" \
  "$libdir/cmake/tpmcloud/tpmcloudConfig.cmake" "$prefix/bin/tpmcloud"; do
  [ -e "$file" ] || { echo "not installed: ${file#"$prefix"/}"; exit 1; }
done
strays=$(find "$prefix" -type f \( -name '*_int.h' -o -name '*.in' -o -name '*.c' -o -name '*.map' \))
[ -z "$strays" ] || { echo "installed by mistake: $strays"; exit 1; }
# The .pc file names the prefix of the build, since pkg-config has no good way to follow a move.
configured=$(sed -n 's/^prefix=//p' "$pc")
sed -i -E "s#^(prefix|libdir|includedir)=$configured#\1=$prefix#" "$pc"
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir
"$prefix/bin/tpmcloud" --version

step "find_package and pkg_check_modules from CMake"
cmake -S "$here/consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/consumer" -j "$(nproc)" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
for program in c_shared c_static cpp_shared cpp_static c_pkgconfig; do
  "$work/consumer/$program"
done
for program in c_static cpp_static; do
  ! readelf -d "$work/consumer/$program" | grep -q 'NEEDED.*tpmcloud' || { echo "$program is not static"; exit 1; }
done

step "pkg-config from a command line, shared and static"
read -r -a shared <<<"$(pkg-config --cflags --libs tpmcloud)"
"$CC" "$here/consumer/consumer.c" "${shared[@]}" -o "$work/shared"
"$work/shared"
read -r -a static <<<"$(pkg-config --static --cflags --libs tpmcloud | sed 's/-ltpmcloud/-l:libtpmcloud.a/')"
"$CC" "$here/consumer/consumer.c" "${static[@]}" -o "$work/static"
LD_LIBRARY_PATH='' "$work/static"
"$CXX" "$here/consumer/consumer_cpp.cpp" "${shared[@]}" -o "$work/cpp"
"$work/cpp"

step "add_subdirectory from a project with rules of its own"
cmake -S "$here/vendored" -B "$work/vendored" -DTPMCLOUD_DIR="$source_dir" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/vendored" -j "$(nproc)" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$work/vendored/vendored"

step "a static build without libcurl, where there is none"
cmake -S "$source_dir" -B "$work/small" -DCMAKE_BUILD_TYPE=Debug -DBUILD_SHARED_LIBS=OFF -DTPMCLOUD_WITH_CURL=OFF \
  -DCMAKE_DISABLE_FIND_PACKAGE_CURL=ON -DTPMCLOUD_BUILD_CLI=OFF -DTPMCLOUD_BUILD_TESTS=OFF \
  -DTPMCLOUD_BUILD_EXAMPLES=OFF -DCMAKE_INSTALL_PREFIX="$work/small-prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/small" -j "$(nproc)" --target install >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
PKG_CONFIG_PATH=$(dirname "$(find "$work/small-prefix" -name tpmcloud.pc)")
read -r -a small <<<"$(pkg-config --static --cflags --libs tpmcloud)"
"$CC" "$here/consumer/consumer.c" "${small[@]}" -o "$work/small-program"
LD_LIBRARY_PATH='' "$work/small-program"
if [[ "${small[*]}" = *curl* ]] || readelf -d "$work/small-program" | grep -q 'NEEDED.*curl'; then
  echo "libcurl is in a build without it"
  exit 1
fi
echo "all consumers work"
