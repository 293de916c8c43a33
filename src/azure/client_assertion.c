/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/client_assertion.h"

#include <string.h>

#include "azure/entra_endpoint.h"
#include "base/error_int.h"
#include "base/option_table.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "proto/jws.h"

/* 2020-01-01: a clock before it was never set. */
#define FIRST_PLAUSIBLE_MS INT64_C(1577836800000)
#define THUMBPRINT_TEXT_MAX 64

/* A way to name the certificate (RFC 7515 section 4.1.7 and 4.1.8). */
typedef struct thumbprint_kind {
    const char *member;
    uint16_t hash;
} thumbprint_kind;

static const thumbprint_kind thumbprint_kinds[] = {
    [TPMC__AZURE_THUMBPRINT_SHA256] = { "x5t#S256", TPMC__HASH_SHA256 },
    [TPMC__AZURE_THUMBPRINT_SHA1] = { "x5t", TPMC__HASH_SHA1 },
};

void tpmc__uuid_text(const uint8_t random[TPMC__ASSERTION_ID_SIZE], char out[TPMC__UUID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < TPMC__ASSERTION_ID_SIZE; i++) {
        uint8_t value = random[i];

        if (i == 6)
            value = (uint8_t)(0x40 | (value & 0x0f));
        if (i == 8)
            value = (uint8_t)(0x80 | (value & 0x3f));
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = digits[value >> 4];
        out[at++] = digits[value & 0x0f];
    }
    out[at] = '\0';
}

static const thumbprint_kind *kind_of(const tpmc__options *options)
{
    int64_t index = tpmc__options_number(options, TPMC__AZURE_THUMBPRINT);

    /* AD FS knows no other. */
    if (!tpmc__options_is_set(options, TPMC__AZURE_THUMBPRINT) && tpmc__entra_is_adfs(options))
        index = TPMC__AZURE_THUMBPRINT_SHA1;
    return &thumbprint_kinds[index];
}

static int add_thumbprint(tpmc_env *env, const tpmc__options *options,
                          const tpmc__certificate *leaf, tpmc__json *header, tpmc_error *err)
{
    const thumbprint_kind *kind = kind_of(options);
    uint8_t digest[TPMC__DIGEST_MAX];
    tpmc__buf text;
    int status;

    tpmc__buf_init(&text, THUMBPRINT_TEXT_MAX);
    status = tpmc__certificate_thumbprint(env, leaf, kind->hash, digest, err);
    if (status == 0) {
        (void)tpmc__base64url_encode(digest, tpmc__hash_size(kind->hash), &text);
        (void)tpmc__json_add_text(header, kind->member, (const char *)text.data);
    }
    tpmc__buf_free(&text);
    return status;
}

/* RFC 7515 section 4.1.6: plain base64. A failure sticks to the array. */
static void append_certificate(const tpmc__certificate *certificate, tpmc__json *chain)
{
    tpmc__buf text;

    tpmc__buf_init(&text, TPMC__JWS_MAX);
    (void)tpmc__base64_encode(certificate->der.data, certificate->der.len, &text);
    (void)tpmc__json_append(chain, tpmc__json_new_text((const char *)text.data));
    tpmc__buf_free(&text);
}

static void add_chain(const tpmc__certificate_set *certificates, tpmc__json *header)
{
    tpmc__json *chain = tpmc__json_new_array();

    append_certificate(tpmc__certificate_set_leaf(certificates), chain);
    for (size_t i = 0; i < tpmc__certificate_set_count(certificates); i++)
        append_certificate(tpmc__certificate_set_at(certificates, i), chain);
    (void)tpmc__json_add(header, "x5c", chain);
}

static int fill_header(tpmc_env *env, const tpmc__options *options,
                       const tpmc__client_assertion *assertion, tpmc__json *header, tpmc_error *err)
{
    const tpmc__certificate_set *certificates = assertion->certificates;
    int status = 0;

    (void)tpmc__json_add_text(header, "alg", assertion->algorithm);
    (void)tpmc__json_add_text(header, "typ", "JWT");
    if (certificates == NULL) {
        (void)tpmc__json_add_text(header, "kid", assertion->key_id);
        return 0;
    }
    status = add_thumbprint(env, options, tpmc__certificate_set_leaf(certificates), header, err);
    if (status == 0 && tpmc__options_number(options, TPMC__AZURE_SEND_CERTIFICATE_CHAIN) != 0)
        add_chain(certificates, header);
    return status;
}

static void fill_claims(const tpmc__options *options, const tpmc__client_assertion *assertion,
                        tpmc__json *claims)
{
    int is_federated = assertion->certificates == NULL;
    const char *client = tpmc__options_text(options, TPMC__AZURE_CLIENT_ID);
    const char *issuer = client;
    const char *subject = client;
    const char *audience = assertion->audience;
    int64_t begins_s = assertion->time_ms / 1000 - TPMC__ASSERTION_BACKDATE_S;
    char id[TPMC__UUID_SIZE];

    if (is_federated) {
        issuer = tpmc__options_text(options, TPMC__AZURE_FEDERATION_ISSUER);
        subject = tpmc__options_text(options, TPMC__AZURE_FEDERATION_SUBJECT);
        audience = tpmc__options_text(options, TPMC__AZURE_FEDERATION_AUDIENCE);
    }
    tpmc__uuid_text(assertion->id, id);
    (void)tpmc__json_add_text(claims, "aud", audience);
    (void)tpmc__json_add_text(claims, "iss", issuer);
    (void)tpmc__json_add_text(claims, "sub", subject);
    (void)tpmc__json_add_text(claims, "jti", id);
    (void)tpmc__json_add_integer(claims, "nbf", begins_s);
    (void)tpmc__json_add_integer(claims, "iat", begins_s);
    (void)tpmc__json_add_integer(
        claims, "exp", begins_s + tpmc__options_number(options, TPMC__AZURE_ASSERTION_LIFETIME));
}

int tpmc__client_assertion_input(tpmc_env *env, const tpmc__options *options,
                                 const tpmc__client_assertion *assertion, tpmc__buf *out,
                                 tpmc_error *err)
{
    tpmc__json *header = NULL;
    tpmc__json *claims = NULL;
    int status;

    if (assertion->time_ms < FIRST_PLAUSIBLE_MS)
        return tpmc__fail(err, TPMC_ERR_CLOCK,
                          "the system's clock stands before the year 2020: set it, since Entra "
                          "refuses assertions with a wrong time");
    header = tpmc__json_new_object();
    claims = tpmc__json_new_object();
    status = fill_header(env, options, assertion, header, err);
    if (status == 0) {
        fill_claims(options, assertion, claims);
        status = tpmc__jws_signing_input(header, claims, out, err);
    }
    tpmc__json_free(header);
    tpmc__json_free(claims);
    return status;
}
