# SPDX-License-Identifier: Apache-2.0
"""How AWS writes answers and errors: XML of the Query protocol, and JSON of the others."""
import uuid
from xml.sax.saxutils import escape

import cloud_misbehave
from cloud_frame import Answer

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def request_id():
    return "x-amzn-RequestId", str(uuid.uuid4())


def rest_error(refusal, style, number):
    """The two forms of errors in JSON that other services of AWS have."""
    body, headers = {"message": refusal.message}, [("x-amzn-RequestId", number)] + refusal.headers
    if style == "type":
        body = {"__type": "com.amazonaws.service#" + refusal.code, **body}
    else:
        headers.append(("X-Amzn-ErrorType", refusal.code + ":http://internal.amazon.com/coral/com.amazon.coral.service/"))
    return Answer(refusal.status, cloud_misbehave.to_json(body, "iso"), "application/json", headers)


class XmlWriter:
    """XML as AWS, as MinIO, or with a namespace prefix and CDATA."""

    def __init__(self, style):
        self.prefix = "sts:" if style == "prefix" else ""
        self.cdata = style == "prefix"
        self.start = '<?xml version="1.0" encoding="UTF-8"?>\n' if style != "xml" else ""
        self.space = "" if style == "minio" else "\n"

    def document(self, tree):
        (name, content), = tree.items()
        attribute = f' xmlns{":sts" if self.prefix else ""}="{NAMESPACE}"'
        return f"{self.start}<{self.prefix}{name}{attribute}>{self.inner(content, 1)}</{self.prefix}{name}>{self.space}"

    def inner(self, content, depth):
        if isinstance(content, dict):
            space = self.space and self.space + "  " * depth
            return "".join(self.element(space, name, value, depth) for name, value in content.items()) + (self.space and self.space + "  " * (depth - 1))
        if isinstance(content, list):
            return self.inner({"member": content[0]} if content else {}, depth)
        text = str(content) if isinstance(content, (str, int)) else cloud_misbehave.spelled(content, "iso")
        return f"<![CDATA[{text}]]>" if self.cdata else escape(text, {"\r": "&#13;"})

    def element(self, space, name, value, depth):
        if value is None:
            return f"{space}<{self.prefix}{name}/>"
        return f"{space}<{self.prefix}{name}>{self.inner(value, depth + 1)}</{self.prefix}{name}>"
