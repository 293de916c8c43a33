# SPDX-License-Identifier: Apache-2.0
"""What Entra's services share: tenants, applications, and the paths of their endpoints.

The configuration, under "entra":
  "tenants"    {tenant id: {"domains": [name], "apps": {client id: APP}}}
  "adfs"       {"apps": {client id: APP}}: of /adfs/...
  "rules"      {"algorithms" (RS256, PS256), "thumbprints" (x5t#S256, x5t), "require_x5c" (false), "require_jti" (true), "reuse" (false: a
               jti comes once), "lifetime" (600: exp - nbf at most), "skew" (0), "padding" (false: base64 of thumbprints with =, or of
               the alphabet with + and /, is refused), "unknown_fields" (false), "audiences" (more than the URL that was called)}
  "answer"     {"expires_in" (3599), "refresh_in" (none), "text" (false: numbers are texts)}
APP is
  "certificates"  [{"pem" or "file", "accept_expired" (false)}]
  "names"         [{"subject", "issuer": RFC 4514 texts, "roots": [{"pem" or "file"}]}]: trusted by name, with x5c
  "federated"     [{"issuer", "subject", "audiences" (api://AzureADTokenExchange), "jwks" or "jwks_file", "algorithms" (RS256)}]
  "resources"     [resource that tokens may be for] (any of Microsoft's, and api://...)
  "enabled"       (true)
Paths are /TENANT/oauth2/v2.0/token and /adfs/oauth2/token, or the same behind /HOST for clients of regional and sovereign hosts.
"""
import re

import entra_errors

TENANT = re.compile(r"[0-9A-Za-z.-]+")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HOST = r"(?:/(?P<host>(?:[a-z][a-z0-9-]*\.)?(?:login|sts|mtlsauth)(?:\.[a-z0-9-]+)+))?"
ENDPOINT = re.compile(HOST + r"/(?P<tenant>[^/]*)/(?:oauth2/v2\.0/token|(?<=/adfs/)oauth2/token)")
SHARED = ("common", "organizations", "consumers")
RESOURCES = re.compile(r"https://(?:[a-z0-9-]+\.)*(?:microsoft\.com|azure\.com|azure\.net|windows\.net|microsoft\.us|azure\.cn|chinacloudapi\.cn|"
                       r"usgovcloudapi\.net)/?|api://[A-Za-z0-9._/-]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def config(cloud):
    return cloud.config.get("entra", {})


def rule(cloud, name, default):
    return config(cloud).get("rules", {}).get(name, default)


def own_urls(request):
    """The URLs that the client may have meant: the one it called, and the one of the host in the path."""
    urls = [f"https://{request.header('Host')}{request.path}"]
    match = ENDPOINT.fullmatch(request.path)
    if match and match["host"]:
        urls.append("https:/" + request.path)
    return urls


def find_tenant(cloud, name):
    """(tenant id, tenant). ADFS is a tenant by the name of adfs."""
    if not TENANT.fullmatch(name):
        raise entra_errors.refusal("AADSTS900023", name[:80])
    if name.lower() == "adfs":
        return "adfs", config(cloud).get("adfs", {})
    if name.lower() in SHARED:
        raise entra_errors.refusal("AADSTS9002313", f"The tenant {name} cannot be used for an application's own tokens.")
    for tenant_id, tenant in config(cloud).get("tenants", {}).items():
        if name.lower() == tenant_id.lower() or name.lower() in (domain.lower() for domain in tenant.get("domains", ())):
            return tenant_id, tenant
    if not GUID.fullmatch(name.lower()) and "." not in name:
        raise entra_errors.refusal("AADSTS900023", name[:80])
    raise entra_errors.refusal("AADSTS90002", name[:80])


def find_app(tenant_id, tenant, client_id):
    app = tenant.get("apps", {}).get(client_id.lower())
    if app is None:
        raise entra_errors.refusal("AADSTS700016", client_id[:80], tenant_id)
    if not app.get("enabled", True):
        raise entra_errors.refusal("AADSTS7000112", client_id)
    return app


def is_resource(app, resource):
    if "resources" in app:
        return resource in app["resources"]
    return RESOURCES.fullmatch(resource) is not None
