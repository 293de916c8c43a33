/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sigv4_check.h"

#include <string.h>

#include "base/error_int.h"
#include "http/ascii.h"

#define CREDENTIAL_MAX 128
#define TOKEN_MAX 16384 /* of a header field's value */

static const char *const algorithms[] = {
    TPMC__SIGV4_HMAC,
    TPMC__SIGV4_X509_RSA,
    TPMC__SIGV4_X509_ECDSA,
};

static int is_visible(unsigned char c)
{
    return c > 0x20 && c < 0x7f;
}

/* What stands between two '/' and before a ','. */
static int is_credential(unsigned char c)
{
    return is_visible(c) && c != '/' && c != ',' && c != '=';
}

static int is_scope_name(unsigned char c)
{
    return tpmc__ascii_is_host(c) && c != '.';
}

/* 1 when the text has 1 to `max` characters, all of the class. */
static int consists_of(const char *text, size_t max, int (*is_class)(unsigned char c))
{
    size_t len = strnlen(text, max + 1);

    if (len == 0 || len > max)
        return 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_class((unsigned char)text[i]))
            return 0;
    }
    return 1;
}

static int check_algorithm(const char *algorithm, tpmc_error *err)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (strcmp(algorithm, algorithms[i]) == 0)
            return 0;
    }
    return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the signature algorithm '%s' is not known",
                      algorithm);
}

int tpmc__sigv4_check_params(const tpmc__sigv4_params *params, int is_presign, tpmc_error *err)
{
    int status;

    status = check_algorithm(params->algorithm, err);
    if (status != 0)
        return status;
    if (!consists_of(params->credential, CREDENTIAL_MAX, is_credential))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the access key id is not 1 to 128 visible ASCII characters without '/', "
                          "',' and '='");
    if (!consists_of(params->region, TPMC__SIGV4_NAME_MAX, is_scope_name))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the region is not 1 to 64 letters, digits, '-' and '_'");
    if (!consists_of(params->service, TPMC__SIGV4_NAME_MAX, is_scope_name))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the service is not 1 to 64 letters, digits, '-' and '_'");
    if (params->session_token != NULL && !consists_of(params->session_token, TOKEN_MAX, is_visible))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the session token is not 1 to 16384 visible ASCII characters");
    if (is_presign && (params->expires_s < 1 || params->expires_s > TPMC__SIGV4_MAX_EXPIRES_S))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "a presigned URL holds 1 to 604800 seconds, which are seven days");
    return 0;
}
