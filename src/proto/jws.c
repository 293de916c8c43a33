/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/jws.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/base64.h"
#include "codec/ecdsa.h"

#define COORDINATE_MAX 66

/* RFC 7518 section 3.4. */
static const struct ecdsa_row {
    const char *algorithm;
    size_t coordinate_len;
} ecdsa_rows[] = {
    { "ES256", 32 },
    { "ES384", 48 },
    { "ES512", COORDINATE_MAX },
};

static int append_part(const tpmc__json *part, const char *what, tpmc__buf *out, tpmc_error *err)
{
    tpmc__buf text;
    int status;

    tpmc__buf_init(&text, TPMC__JWS_MAX);
    /* Both failures stick to their buffer. */
    (void)tpmc__json_print(part, &text);
    status = tpmc__buf_check(&text, what, err);
    if (status != 0)
        goto out;
    (void)tpmc__base64url_encode(text.data, text.len, out);
    status = tpmc__buf_check(out, "the JWT", err);
out:
    tpmc__buf_free(&text);
    return status;
}

int tpmc__jws_signing_input(const tpmc__json *header, const tpmc__json *claims, tpmc__buf *out,
                            tpmc_error *err)
{
    int status;

    status = append_part(header, "the header of the JWT", out, err);
    if (status != 0)
        return status;
    (void)tpmc__buf_append_byte(out, '.');
    return append_part(claims, "the claims of the JWT", out, err);
}

int tpmc__jws_append_signature(tpmc__buf *jws, const void *signature, size_t len, tpmc_error *err)
{
    (void)tpmc__buf_append_byte(jws, '.');
    (void)tpmc__base64url_encode(signature, len, jws);
    return tpmc__buf_check(jws, "the JWT", err);
}

/* 0 for what is no ECDSA. */
static size_t coordinate_len_of(const char *algorithm)
{
    for (size_t i = 0; i < sizeof(ecdsa_rows) / sizeof(ecdsa_rows[0]); i++) {
        if (strcmp(ecdsa_rows[i].algorithm, algorithm) == 0)
            return ecdsa_rows[i].coordinate_len;
    }
    return 0;
}

int tpmc__jws_append_key_signature(tpmc__buf *jws, const char *algorithm, const void *signature,
                                   size_t len, tpmc_error *err)
{
    uint8_t jose[2 * COORDINATE_MAX];
    size_t coordinate_len = coordinate_len_of(algorithm);
    int status = 0;

    if (coordinate_len == 0)
        return tpmc__jws_append_signature(jws, signature, len, err);
    status = tpmc__ecdsa_der_to_jose(signature, len, coordinate_len, jose, err);
    if (status != 0)
        return status;
    return tpmc__jws_append_signature(jws, jose, 2 * coordinate_len, err);
}

int tpmc__jws_sign(tpmc_key *key, const char *algorithm, tpmc__buf *jws, tpmc_error *err)
{
    tpmc_bytes *signature = NULL;
    int status;

    status = tpmc_key_sign(key, algorithm, jws->data, jws->len, &signature, err);
    if (status != 0)
        return status;
    status = tpmc__jws_append_key_signature(jws, algorithm, tpmc_bytes_data(signature),
                                            tpmc_bytes_len(signature), err);
    tpmc_bytes_free(signature);
    return status;
}
