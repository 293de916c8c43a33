/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/entra_endpoint.h"

#include <string.h>
#include <strings.h>

#include "base/error_int.h"
#include "base/option_table.h"
#include "http/ascii.h"
#include "http/url.h"
#include "proto/service_url.h"

/* The hosts of the public cloud; they have their regional endpoints under one name. */
static const char *const public_hosts[] = {
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "sts.windows.net",
};
static const char public_regional_host[] = "login.microsoft.com";

int tpmc__entra_is_adfs(const tpmc__options *options)
{
    const char *tenant = tpmc__options_text(options, TPMC__AZURE_TENANT_ID);
    const char *url = tpmc__options_text(options, TPMC__AZURE_TOKEN_URL);
    const char *host_end =
        url != NULL ? strchr(url + strcspn(url, ":") + strspn(url, ":/"), '/') : NULL;

    if (tenant != NULL && strcasecmp(tenant, "adfs") == 0)
        return 1;
    return host_end != NULL && strncasecmp(host_end, "/adfs/", strlen("/adfs/")) == 0;
}

static int is_public_host(const tpmc__url *url)
{
    for (size_t i = 0; i < sizeof(public_hosts) / sizeof(public_hosts[0]); i++) {
        if (strlen(public_hosts[i]) == url->host_len &&
            tpmc__ascii_equal(public_hosts[i], url->host, url->host_len))
            return 1;
    }
    return 0;
}

static int is_address(const tpmc__url *url)
{
    size_t i = 0;

    while (i < url->host_len &&
           (tpmc__ascii_is_digit((unsigned char)url->host[i]) || url->host[i] == '.'))
        i++;
    return i == url->host_len || url->host[0] == '[';
}

/* The authority with a region's name before its host. */
static int append_regional(const tpmc__options *options, const char *authority, tpmc__buf *out,
                           tpmc_error *err)
{
    const char *region = tpmc__options_text(options, TPMC__AZURE_REGION);
    tpmc__url url;
    int status = tpmc__url_parse(authority, &url, err);

    if (status != 0)
        return status;
    if (is_address(&url))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'region' needs option 'authority_host' with a host name, not an "
                          "address");
    (void)tpmc__buf_append(out, authority, (size_t)(url.host - authority));
    (void)tpmc__buf_append_text(out, region);
    (void)tpmc__buf_append_byte(out, '.');
    if (is_public_host(&url))
        (void)tpmc__buf_append_text(out, public_regional_host);
    else
        (void)tpmc__buf_append(out, url.host, url.host_len);
    (void)tpmc__buf_append_text(out, url.host + url.host_len);
    return 0;
}

static int append_authority(const tpmc__options *options, int grant, tpmc__buf *out,
                            tpmc_error *err)
{
    const char *authority = tpmc__options_text(options, TPMC__AZURE_AUTHORITY_HOST);
    int is_regional =
        grant == TPMC__GRANT_CLIENT && tpmc__options_is_set(options, TPMC__AZURE_REGION);
    int status = tpmc__service_url_check(authority, "authority_host", err);

    if (status == 0 && is_regional)
        status = append_regional(options, authority, out, err);
    else if (status == 0)
        (void)tpmc__buf_append_text(out, authority);
    if (status == 0)
        status = tpmc__buf_check(out, "the URL of the token endpoint", err);
    /* Cut in place: what follows begins with '/'. */
    while (status == 0 && out->len > 0 && out->data[out->len - 1] == '/')
        out->len--;
    return status;
}

static int take_token_url(const tpmc__options *options, tpmc__buf *out, tpmc_error *err)
{
    static const size_t rivals[] = { TPMC__AZURE_AUTHORITY_HOST, TPMC__AZURE_REGION };
    const char *text = tpmc__options_text(options, TPMC__AZURE_TOKEN_URL);
    int status;

    for (size_t i = 0; i < sizeof(rivals) / sizeof(rivals[0]); i++) {
        if (tpmc__options_is_set(options, rivals[i]))
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "options 'token_url' and '%s' exclude each other",
                              options->table->options[rivals[i]].name);
    }
    status = tpmc__service_url_check(text, "token_url", err);
    if (status != 0)
        return status;
    (void)tpmc__buf_append_text(out, text);
    return tpmc__buf_check(out, "the URL of the token endpoint", err);
}

int tpmc__entra_token_url(const tpmc__options *options, int grant, tpmc__buf *out, tpmc_error *err)
{
    const char *tenant = tpmc__options_text(options, TPMC__AZURE_TENANT_ID);
    int is_adfs = tpmc__entra_is_adfs(options);
    int status;

    if (tpmc__options_is_set(options, TPMC__AZURE_TOKEN_URL))
        return take_token_url(options, out, err);
    if (tenant == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'tenant_id' is missing: the id or domain of the tenant");
    if (is_adfs && !tpmc__options_is_set(options, TPMC__AZURE_AUTHORITY_HOST))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'authority_host' is missing: the URL of the AD FS server");
    if (is_adfs && tpmc__options_is_set(options, TPMC__AZURE_REGION))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'region' is for Azure: an AD FS server has no regions");
    status = append_authority(options, grant, out, err);
    if (status != 0)
        return status;
    (void)tpmc__buf_append_byte(out, '/');
    (void)tpmc__buf_append_text(out, is_adfs ? "adfs" : tenant);
    (void)tpmc__buf_append_text(out, is_adfs ? "/oauth2/token" : "/oauth2/v2.0/token");
    return tpmc__buf_check(out, "the URL of the token endpoint", err);
}
