# SPDX-License-Identifier: Apache-2.0
"""The parameters of the actions of AWS STS, with the limits of its reference."""
import json
import re
import unicodedata

from cloud_frame import Refusal, strict

WORD = r"[A-Za-z0-9_+=,.@-]"
ARN = r"[\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+"
# name: (shortest, longest, pattern)
TEXTS = {
    "RoleArn": (20, 2048, ARN),
    "RoleSessionName": (2, 64, WORD + "*"),
    "Name": (2, 32, WORD + "*"),
    "Policy": (1, 2048, r"[\t\n\r\x20-\xff]+"),
    "ExternalId": (2, 1224, r"[A-Za-z0-9_+=,.@:\/-]*"),
    "SerialNumber": (9, 256, r"[A-Za-z0-9_+=/:,.@-]*"),
    "TokenCode": (6, 6, r"\d*"),
    "SourceIdentity": (2, 64, WORD + "*"),
}
# name: (most members, the names in a member)
LISTS = {
    "PolicyArns": (10, ("arn",)),
    "Tags": (50, ("Key", "Value")),
    "TransitiveTagKeys": (50, ()),
    "ProvidedContexts": (5, ("ProviderArn", "ContextAssertion")),
}
# action: (required, optional, lists, longest duration)
ACTIONS = {
    "AssumeRole": (("RoleArn", "RoleSessionName"),
                   ("Policy", "ExternalId", "SerialNumber", "TokenCode", "SourceIdentity", "DurationSeconds"),
                   ("PolicyArns", "Tags", "TransitiveTagKeys", "ProvidedContexts"), 43200),
    "GetSessionToken": ((), ("SerialNumber", "TokenCode", "DurationSeconds"), (), 129600),
    "GetFederationToken": (("Name",), ("Policy", "DurationSeconds"), ("PolicyArns", "Tags"), 129600),
    "GetCallerIdentity": ((), (), (), 0),
}


def invalid(value, name, constraint):
    where = name[0].lower() + name[1:]
    return Refusal(400, "ValidationError", f"1 validation error detected: Value '{value}' at '{where}' failed to satisfy constraint: {constraint}")


def check_text(name, value, least, most, pattern):
    if len(value) < least:
        raise invalid(value, name, f"Member must have length greater than or equal to {least}")
    if len(value) > most:
        raise invalid(value, name, f"Member must have length less than or equal to {most}")
    if not re.fullmatch(pattern, value):
        raise invalid(value, name, f"Member must satisfy regular expression pattern: {pattern}")


def check_duration(value, most):
    if not re.fullmatch(r"[1-9]\d{0,9}", value):
        raise Refusal(400, "MalformedInput", f"DurationSeconds is not a number: '{value}'")
    if int(value) < 900:
        raise invalid(value, "DurationSeconds", "Member must have value greater than or equal to 900")
    if int(value) > most:
        raise invalid(value, "DurationSeconds", f"Member must have value less than or equal to {most}")


def check_policy(value):
    try:
        good = isinstance(json.loads(value), dict)
    except ValueError:
        good = False
    if not good:
        raise Refusal(400, "MalformedPolicyDocument", "The policy is not in the valid JSON format.")


def split_lists(parameters, allowed):
    """The parameters without those of lists, and the lists: {name: [member]}, where a member is text or a dict."""
    plain, found = {}, {}
    for name, value in parameters.items():
        match = re.fullmatch(r"([A-Za-z]+)\.member\.([1-9]\d*)(?:\.([A-Za-z]+))?", name)
        if not match:
            plain[name] = value
            continue
        base, number, part = match.groups()
        if base not in allowed or (part or "") not in (LISTS[base][1] or ("",)):
            raise strict(f"unknown parameter {name}")
        found.setdefault(base, {}).setdefault(int(number), {})[part or ""] = value
    return plain, {base: in_order(base, members) for base, members in found.items()}


def in_order(base, members):
    most, parts = LISTS[base]
    if sorted(members) != list(range(1, len(members) + 1)):
        raise strict(f"the members of {base} are not numbered from 1 without a gap: {sorted(members)}")
    if len(members) > most:
        raise invalid(f"[{len(members)} members]", base, f"Member must have length less than or equal to {most}")
    for number, member in members.items():
        if set(member) != set(parts or ("",)):
            raise strict(f"member {number} of {base} is not whole: {sorted(member)}")
    return [members[i + 1] if parts else members[i + 1][""] for i in range(len(members))]


def is_tag_text(text):
    return all(unicodedata.category(c)[0] in "LZN" or c in "_.:/=+-@" for c in text)


def check_tag_key(key):
    if not 1 <= len(key) <= 128 or not is_tag_text(key):
        raise invalid(key, "Tags", "a key has 1 to 128 letters, digits, spaces or _.:/=+-@")
    if key.lower().startswith("aws:"):
        raise Refusal(400, "ValidationError", "Tag keys starting with 'aws:' are reserved for internal use")


def check_lists(lists, policy):
    for tag in lists.get("Tags", []):
        check_tag_key(tag["Key"])
        if len(tag["Value"]) > 256 or not is_tag_text(tag["Value"]):
            raise invalid(tag["Value"], "Tags", "a value has at most 256 letters, digits, spaces or _.:/=+-@")
    keys = [tag["Key"].lower() for tag in lists.get("Tags", [])]
    if len(set(keys)) != len(keys):
        raise Refusal(400, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    for key in lists.get("TransitiveTagKeys", []):
        check_tag_key(key)
        if key.lower() not in keys:
            raise Refusal(400, "ValidationError", "The specified transitive tag key must be included in the requested tags.")
    arns = [item["arn"] for item in lists.get("PolicyArns", [])]
    for arn in arns:
        check_text("PolicyArns", arn, 20, 2048, ARN)
    if len(policy) + sum(map(len, arns)) > 2048:
        raise Refusal(400, "PackedPolicyTooLarge", "The policy and the ARNs of policies have more than 2048 characters.")
    for item in lists.get("ProvidedContexts", []):
        check_text("ProvidedContexts", item["ProviderArn"], 20, 2048, ARN)
        check_text("ProvidedContexts", item["ContextAssertion"], 4, 2048, "(?s:.*)")


def check(action, parameters):
    """Checks what an action was given, and gives it with lists as lists."""
    required, optional, allowed, most = ACTIONS[action]
    plain, lists = split_lists(parameters, allowed)
    for name in required:
        if name not in plain:
            raise invalid("null", name, "Member must not be null")
    for name, value in plain.items():
        if name not in required + optional:
            raise strict(f"unknown parameter {name}")
        if name == "DurationSeconds":
            check_duration(value, most)
        else:
            check_text(name, value, *TEXTS[name])
    if "Policy" in plain:
        check_policy(plain["Policy"])
    if ("SerialNumber" in plain) != ("TokenCode" in plain):
        raise strict("SerialNumber and TokenCode belong together")
    check_lists(lists, plain.get("Policy", ""))
    return {**plain, **lists}
