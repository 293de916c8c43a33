# SPDX-License-Identifier: Apache-2.0
"""Entra's errors: their numbers, texts and JSON."""
import re
import uuid

import oauth_form
from cloud_frame import Refusal

# number: (status, error, text)
ERRORS = {
    "AADSTS28000": (400, "invalid_scope", "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope {} is not valid."),
    "AADSTS50013": (400, "invalid_grant", "Assertion failed signature validation. [Reason - {}]"),
    "AADSTS500011": (400, "invalid_resource", "The resource principal named {} was not found in the tenant named {}. This can happen if the application has "
                                              "not been installed by the administrator of the tenant or consented to by any user in the tenant."),
    "AADSTS50027": (400, "invalid_request", "JWT token is invalid or malformed. {}"),
    "AADSTS500131": (400, "invalid_grant", "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was '{}' and "
                                           "the expected audience is '{}'."),
    "AADSTS500133": (400, "invalid_grant", "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, "
                                           "or request a new token. Current time: {}, expiry time of assertion {}."),
    "AADSTS5002730": (401, "invalid_client", "Invalid JWT token. Unsupported key for the signing algorithm."),
    "AADSTS5002738": (401, "invalid_client", "Invalid JWT token. '{}' is not a supported signature algorithm. Supported signing algorithms are: '{}'"),
    "AADSTS70003": (400, "unsupported_grant_type", "The app requested an unsupported grant type '{}'."),
    "AADSTS70011": (400, "invalid_scope", "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. "
                                          "The scope {} is not valid."),
    "AADSTS700016": (400, "unauthorized_client", "Application with identifier '{}' was not found in the directory '{}'. This can happen if the application has not been "
                                                 "installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your "
                                                 "authentication request to the wrong tenant."),
    "AADSTS700021": (401, "invalid_client", "Client assertion application identifier doesn't match 'client_id' parameter. {}"),
    "AADSTS700023": (401, "invalid_client", "Client assertion audience claim does not match Realm issuer. Review the documentation at "
                                            "https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials ."),
    "AADSTS700024": (401, "invalid_client", "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry time of assertion {}. "
                                            "Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials ."),
    "AADSTS700027": (401, "invalid_client", "{} [Reason - {}, Thumbprint of key used by client: '{}', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to "
                                            "see configured keys for app Id '{}'.]"),
    "AADSTS700211": (401, "invalid_client", "No matching federated identity record found for presented assertion issuer '{}'."),
    "AADSTS700212": (401, "invalid_client", "No matching federated identity record found for presented assertion audience '{}'."),
    "AADSTS700213": (401, "invalid_client", "No matching federated identity record found for presented assertion subject '{}'."),
    "AADSTS7000216": (401, "invalid_client", "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."),
    "AADSTS7000218": (401, "invalid_client", "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
    "AADSTS7000112": (401, "unauthorized_client", "Application '{}' is disabled."),
    "AADSTS90002": (400, "invalid_request", "Tenant '{}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your "
                                            "subscription administrator, this may happen if there are no active subscriptions for the tenant."),
    "AADSTS900023": (400, "invalid_request", "Specified tenant identifier '{}' is neither a valid DNS name, nor a valid external domain."),
    "AADSTS900144": (400, "invalid_request", "The request body must contain the following parameter: '{}'."),
    "AADSTS900561": (400, "invalid_request", "The endpoint only accepts POST requests. Received a {} request."),
    "AADSTS90055": (429, "temporarily_unavailable", "Throttled: there are too many incoming requests."),
    "AADSTS9002313": (400, "invalid_request", "Invalid request. Request is malformed or invalid. {}"),
    "AADSTS1000502": (401, "invalid_client", "The provided certificate is not within its specified validity period. {}"),
    "AADSTS1002012": (400, "invalid_scope", "The provided value for scope {} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource "
                                            "identifier (application ID URI)."),
}


def refusal(number, *values, headers=()):
    status, _, text = ERRORS[number]
    return Refusal(status, number, text.format(*values), headers)


def time_text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


def correlation_headers(request, trace):
    """The headers that let a person ask for the request: the client's own id where it wants it back."""
    headers = [("x-ms-request-id", trace), ("x-ms-ests-server", "2.1.1 - LOCAL ProdSlices")]
    wanted = request.all("client-request-id")
    if wanted and request.all("return-client-request-id") == ["true"]:
        headers.append(("client-request-id", wanted[0]))
    return headers


def answer(refused, request):
    """The error as Entra writes it. A code that is not AADSTS is OAuth's own."""
    trace, ids = refused.request_id or str(uuid.uuid4()), request.all("client-request-id")
    correlation = ids[0] if len(ids) == 1 and re.fullmatch(r"[0-9a-fA-F-]{36}", ids[0]) else str(uuid.uuid4())
    timestamp = request.now.strftime("%Y-%m-%d %H:%M:%SZ")
    number = "AADSTS9002313" if refused.code == "StrictCheckFailed" else refused.code
    document = {"error": ERRORS[number][1] if number in ERRORS else "invalid_request" if number.startswith("AADSTS") else number}
    prefix = number + ": " if number.startswith("AADSTS") else ""
    document["error_description"] = f"{prefix}{refused.message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"
    if prefix:
        digits = number.removeprefix("AADSTS")
        document.update(error_codes=[int(digits)], error_uri=f"https://login.microsoftonline.com/error?code={digits}")
    document.update(timestamp=timestamp, trace_id=trace, correlation_id=correlation)
    return oauth_form.json_answer(refused.status, oauth_form.edited(document, refused.more),
                                  correlation_headers(request, trace) + refused.headers)
