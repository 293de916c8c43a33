/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/azure_check.h"

#include "azure/entra_endpoint.h"
#include "base/error_int.h"
#include "base/option_table.h"
#include "http/url.h"
#include "proto/oidc_documents.h"

int tpmc__azure_check_issuer(const tpmc__options *options, tpmc_error *err)
{
    const char *issuer = tpmc__options_text(options, TPMC__AZURE_FEDERATION_ISSUER);

    if (issuer == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'federation_issuer' is missing: the URL of the OpenID Connect "
                          "issuer that the key is");
    return tpmc__oidc_check_issuer(issuer, "federation_issuer", err);
}

static int check_federation(const tpmc__options *options, int has_certificate, tpmc_error *err)
{
    if (tpmc__options_text(options, TPMC__AZURE_FEDERATION_SUBJECT) == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'federation_subject' is missing: the subject of the federated "
                          "credential");
    if (has_certificate || tpmc__options_is_set(options, TPMC__AZURE_CERTIFICATE_PATH))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'federation_issuer' and a certificate exclude each other");
    if (tpmc__options_number(options, TPMC__AZURE_SEND_CERTIFICATE_CHAIN) != 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "options 'federation_issuer' and 'send_certificate_chain' exclude each "
                          "other: a federated credential has no certificate");
    return tpmc__azure_check_issuer(options, err);
}

static int check_certificate(const tpmc__options *options, int has_certificate, tpmc_error *err)
{
    int has_path = tpmc__options_is_set(options, TPMC__AZURE_CERTIFICATE_PATH);

    if (tpmc__options_is_set(options, TPMC__AZURE_FEDERATION_SUBJECT))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'federation_issuer' is missing, without which "
                          "option 'federation_subject' means nothing");
    if (!has_path && !has_certificate)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'certificate_path' is missing: the X.509 certificate of the key "
                          "that is registered for the application");
    if (has_path && has_certificate)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'certificate_path' and the bytes of a certificate exclude each "
                          "other");
    return 0;
}

static int check_client(const tpmc__options *options, tpmc_error *err)
{
    if (tpmc__options_text(options, TPMC__AZURE_CLIENT_ID) == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'client_id' is missing: the id of the registered application");
    return 0;
}

static int check_endpoint(const tpmc__options *options, int grant, tpmc_error *err)
{
    tpmc__buf url;
    int status;

    tpmc__buf_init(&url, TPMC__URL_MAX);
    status = tpmc__entra_token_url(options, grant, &url, err);
    tpmc__buf_free(&url);
    return status;
}

int tpmc__azure_check_assertion(const tpmc__options *options, int has_certificate, tpmc_error *err)
{
    int status;

    if (tpmc__options_is_set(options, TPMC__AZURE_FEDERATION_ISSUER))
        return check_federation(options, has_certificate, err);
    status = check_client(options, err);
    if (status == 0)
        status = check_endpoint(options, TPMC__GRANT_CLIENT, err);
    return status == 0 ? check_certificate(options, has_certificate, err) : status;
}

int tpmc__azure_check_token(const tpmc__options *options, int has_certificate, int grant,
                            tpmc_error *err)
{
    int status = check_client(options, err);

    if (status == 0)
        status = check_endpoint(options, grant, err);
    return status == 0 ? tpmc__azure_check_assertion(options, has_certificate, err) : status;
}
