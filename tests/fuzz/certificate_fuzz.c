/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "codec/certificate.h"
#include "codec/pem.h"
#include "unit/ek_certificate_data.h"

#define NOW_MS INT64_C(1800000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made at the first call. */
static tpmc_env *env;
static tpmc__pem_block certificate;
static unsigned char *spki;
static size_t spki_len;

static void prepare(void)
{
    static const tpmc__env_defaults no_services;
    const unsigned char *at = NULL;
    size_t offset = 0;
    X509 *x509 = NULL;
    int len = 0;

    if (tpmc__env_create(&no_services, &env, NULL) != 0 ||
        tpmc__pem_next(swtpm_ek_ecc, strlen(swtpm_ek_ecc), &offset, &certificate, NULL) != 1)
        abort();
    at = certificate.der.data;
    x509 = d2i_X509(NULL, &at, (long)certificate.der.len);
    if (x509 == NULL)
        abort();
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);
    if (len <= 0)
        abort();
    spki_len = (size_t)len;
    X509_free(x509);
}

static void check(const tpmc__span *roots, const tpmc__span *leaf)
{
    const tpmc__span key = { spki, spki_len };
    int status = tpmc__certificate_check_ek(env, roots, leaf, &key, NOW_MS, NULL);

    if (status != 0 && status != TPMC_ERR_FORMAT && status != TPMC_ERR_INTEGRITY)
        abort();
}

/* The input is the certificate, and then the roots. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const tpmc__span issuer = { swtpm_issuer, sizeof(swtpm_issuer) - 1 };
    const tpmc__span input = { data, size };
    tpmc__span leaf;

    if (env == NULL)
        prepare();
    leaf = (tpmc__span){ certificate.der.data, certificate.der.len };
    check(&issuer, &input);
    check(&input, &leaf);
    return 0;
}
