# SPDX-License-Identifier: Apache-2.0
"""The credentials of the local AWS: those of the configuration, and the temporary ones it gave out."""
import base64
import datetime
import hmac
import os

from cloud_frame import Refusal


def code(length=17):
    """Random characters as AWS has them in its ids."""
    return base64.b32encode(os.urandom(length)).decode()[:length]


def invalid_token():
    return Refusal(403, "InvalidClientTokenId", "The security token included in the request is invalid.")


def issue(cloud, now, seconds, arn, user_id, kind, **more):
    """Makes temporary credentials and remembers them; gives them as members of STS's answer."""
    until = (now + datetime.timedelta(seconds=seconds)).replace(microsecond=0)
    key_id, secret = "ASIA" + code(16), base64.b64encode(os.urandom(30)).decode()
    token = "IQoJb3JpZ2luX2Vj+/" + base64.b64encode(os.urandom(475)).decode()
    cloud.issued[key_id] = {"secret": secret, "token": token, "arn": arn, "user_id": user_id, "expires": until,
                            "kind": kind, **more}
    return {"AccessKeyId": key_id, "SecretAccessKey": secret, "SessionToken": token, "Expiration": until}


def find(cloud, key_id, token, now):
    """The key with that id, if it may be used with that token now."""
    known = cloud.issued.get(key_id) or cloud.config.get("keys", {}).get(key_id)
    if not known or not known.get("active", True):
        raise invalid_token()
    wanted = known.get("token")
    if (wanted is None) != (token is None) or (token and not hmac.compare_digest(wanted.encode(), token.encode())):
        raise invalid_token()
    if known.get("expires") and now >= known["expires"]:
        raise Refusal(403, "ExpiredToken", "The security token included in the request is expired")
    return {"kind": "user", "id": key_id, **known}


def account_of(arn):
    return arn.split(":")[4]
