#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up ctest's results; its last line is "N passed, N failed, N skipped".

usage: summary.py RESULTS_DIR

The folder holds one <build>.xml of `ctest --output-junit` for each build that was tested, and one
<stage>.failed for each stage that did not come to its end.
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path


def outcome(case):
    if case.get("status") == "run":
        return "passed"
    if case.get("status") in ("notrun", "disabled") and case.find("skipped") is not None:
        # ctest calls a program that was never built "not run" too.
        message = case.find("skipped").get("message", "")
        return "failed" if "Unable to find executable" in message else "skipped"
    return "failed"


def main():
    results = Path(sys.argv[1])
    total = Counter()
    failed = []
    for path in sorted(results.glob("*.xml")):
        suites = {}
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            suite = case.get("name").partition("/")[0]
            suites.setdefault(suite, Counter())[outcome(case)] += 1
            if outcome(case) == "failed":
                failed.append(f"{path.stem}: {case.get('name')}")
        for suite, counts in sorted(suites.items()):
            print(f"  {path.stem:6} {suite:10} " + ", ".join(
                f"{counts[word]} {word}" for word in ("passed", "failed", "skipped")))
            total += counts
        if not suites:
            failed.append(f"{path.stem}: no tests at all")
            total["failed"] += 1
    for path in sorted(results.glob("*.failed")):
        failed.append(f"stage {path.stem}")
        total["failed"] += 1
    if not total:
        failed.append("nothing was tested")
        total["failed"] += 1
    for name in failed:
        print(f"failed: {name}")
    print(", ".join(f"{total[word]} {word}" for word in ("passed", "failed", "skipped")))
    sys.exit(1 if total["failed"] else 0)


if __name__ == "__main__":
    main()
