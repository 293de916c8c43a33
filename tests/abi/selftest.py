#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plants one violation at a time in a copy of the tree and demands that the check for it fails.

usage: selftest.py SOURCE_DIR GENERATED_INCLUDE_DIR
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LICENSE = "/* SPDX-License-Identifier: Apache-2.0 */\n"
DOC = ("/**\n * \\brief B.\n * \\param[in] a the a.\n * \\return 0.\n * \\par Threads any.\n"
       " * \\since 0.1\n */\n")

# (check, file, text added at its end, words of the complaint)
PLANTED = (
    ("layers", "src/base/mem.c", '#include "codec/json.h"\n', "base may not include"),
    ("layers", "src/codec/der.c", '#include "http/http_int.h"\n', "codec may not include"),
    ("layers", "src/gcp/gcp.c", '#include "tpmkey/algorithm.h"\n', "gcp may not include"),
    ("layers", "src/gcp/gcp.c", '#include "azure/x.h"\n', "gcp may not include"),
    ("layers", "src/http/exchange.c", '#include "tpmcloud/tpmkey.h"\n', "http may not include"),
    ("layers", "src/tpm/session.c", '#include "tpmkey/algorithm.h"\n', "tpm may not include"),
    ("layers", "src/cli/main.c", '#include "base/mem.h"\n', "cli may not include"),
    ("layers", "src/cli/main.c", "#include <openssl/evp.h>\n", "only the public headers"),
    ("layers", "src/base/mem.c", '#include "buf.h"\n', "does not name its folder"),
    ("layers", "src/codec/pem.c", "#include <cjson/cJSON.h>\n", "cJSON"),
    ("layers", "src/codec/pem.c", "#include <tss2/tss2_mu.h>\n", "may not include <tss2"),
    ("layers", "src/http/exchange.c", "#include <curl/curl.h>\n", "curl"),
    ("layers", "src/keyfile/wrap.c", "/* a JWT */\n", "does not speak of 'JWT'"),
    ("layers", "src/tpm/session.c", "static int aws_token;\n", "does not speak of 'token'"),
    ("layers", "src/codec/der.c", "#define TRY(x) if (x) \\\n return 1\n", "hides a return"),
    ("layers", "src/codec/der.c", "static void f(char *a) { strcpy(a, a); }\n", "strcpy() is banned"),
    ("layers", "src/codec/der.c", "static void *f(void) { return malloc (1); }\n", "malloc() is"),
    ("layers", "src/cli/main.c", "static int f(void) { return system(0); }\n", "system() is"),
    ("layers", "src/codec/der.c", "// words\n", "a // comment"),
    ("layers", "src/codec/error.h", LICENSE, "name of a public one"),
    ("layers", "src/http/mem.c", LICENSE, "has the same name"),
    ("layers", "src/extra/extra.c", LICENSE, "not a folder of the design"),
    ("headers", "include/tpmcloud/gcp.h", "#include <stdio.h>\n", "includes stdio.h"),
    ("headers", "include/tpmcloud/gcp.h", "TPMC_API int tpmc_a(int a, ...);\n", "variadic"),
    ("headers", "include/tpmcloud/gcp.h", "TPMC_API int tpmc_a(long a);\n", "size differs"),
    ("headers", "include/tpmcloud/gcp.h", "TPMC_API int tpmc_a(enum b a);\n", "enum"),
    ("headers", "include/tpmcloud/gcp.h", "TPMC_API int tpmc_a(tpmc_gcp a);\n", "by value"),
    ("headers", "include/tpmcloud/gcp.h", "TPMC_API tpmc_gcp tpmc_a(int a);\n", "by value"),
    ("headers", "include/tpmcloud/gcp.h", "TPMC_API int tpmc_a(tpmc_error *err, int a);\n", "last"),
    ("headers", "include/tpmcloud/gcp.h", "int tpmc_a(int a);\n", "no TPMC_API"),
    ("headers", "include/tpmcloud/gcp.h", "#define TPMC_A(x) (x)\n", "macro that is a function"),
    ("headers", "include/tpmcloud/gcp.h", "struct tpmc_a { int b; };\n", "inside of a struct"),
    ("headers", "include/tpmcloud/gcp.h", "static inline int f(void) { return 0; }\n", "inline"),
    ("headers", "include/tpmcloud/gcp.h", "extern int tpmc_a;\n", "exported data"),
    ("headers", "include/tpmcloud/gcp.h", "TPMC_API int tpmc_a(uint9_t a);\n", "does not compile"),
    ("headers", "include/tpmcloud/gcp.h", "TPMC_API int tpmc_a(int class);\n", "c++11"),
    ("headers", "include/tpmcloud/gcp.h", "__extension__ typedef int tpmc_a;\n", "cffi"),
    ("docs", "include/tpmcloud/gcp.h", "TPMC_API int tpmc_a(int a);\n", "has no comment"),
    ("docs", "include/tpmcloud/gcp.h", DOC + "TPMC_API int tpmc_a(int a);\n", "does not name"),
    ("docs", "include/tpmcloud/gcp.h", DOC + "TPMC_API int tpmc_a(int b);\n", "documents ['a']"),
    ("docs", "include/tpmcloud/gcp.h", DOC.replace("Threads", "T") + "TPMC_API int tpmc_a(int a);\n",
     "no paragraph on threads"),
    ("docs", "include/tpmcloud/gcp.h", DOC.replace("\\since", "") + "TPMC_API int tpmc_a(int a);\n",
     "no \\since"),
    ("docs", "include/tpmcloud/gcp.h", "#define TPMC_UNDOCUMENTED 1\n", "doxygen"),
    ("readme", "examples/gcp_token.c", "int x;\n", "holds no ```c fence"),
    ("readme", "docs/abi.md", "[x](nowhere.md)\n", "leads nowhere"),
)

TOOLS = {"doxygen": shutil.which("doxygen"), "c++11": shutil.which("g++")}
try:
    import cffi
    TOOLS["cffi"] = cffi
except ImportError:
    TOOLS["cffi"] = None


def run_check(check, tree, generated):
    command = [sys.executable, str(HERE / f"{check}.py"), str(tree)]
    if check in ("headers", "docs"):
        command += [str(tree / "include"), generated]
    return subprocess.run(command, text=True, capture_output=True)


def main():
    source, generated = Path(sys.argv[1]), sys.argv[2]
    failures = 0
    for check, name, text, words in PLANTED:
        if words in TOOLS and not TOOLS[words]:
            print(f"{words} is not here: one planting left out")
            continue
        with tempfile.TemporaryDirectory() as directory:
            tree = Path(directory)
            for part in ("src", "include", "examples", "docs"):
                shutil.copytree(source / part, tree / part)
            shutil.copy(source / "README.md", tree)
            target = tree / name
            target.parent.mkdir(exist_ok=True)
            with target.open("a") as file:
                file.write(text)
            run = run_check(check, tree, generated)
        if run.returncode != 1 or words not in run.stdout:
            print(f"{check} did not complain '{words}' about {text!r} in {name}:\n"
                  f"{run.stdout}{run.stderr}")
            failures += 1
    print(f"{len(PLANTED)} violations planted, {failures} not seen")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
