/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ecdsa.h"

#include <string.h>

#include "codec/der.h"

/* The most bytes of one signature: those of P-521 are 139. */
#define SIGNATURE_MAX 1024

int tpmc__ecdsa_write_der(const void *r, size_t r_len, const void *s, size_t s_len, tpmc__buf *out)
{
    tpmc__buf numbers;

    tpmc__buf_init(&numbers, SIGNATURE_MAX);
    tpmc__der_write_unsigned(&numbers, r, r_len);
    tpmc__der_write_unsigned(&numbers, s, s_len);
    return tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &numbers);
}

static int fail_malformed(tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_FORMAT,
                      "the ECDSA signature is not a well-formed Ecdsa-Sig-Value in DER");
}

/* Both numbers of a signature are at least 1 and below the order, which is as long as a coordinate.
 */
static int put_number(const tpmc__der *number, size_t coordinate_len, uint8_t *out, tpmc_error *err)
{
    if (number->len == 0 || number->len > coordinate_len)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the ECDSA signature is of another curve: a number of it has %zu bytes, "
                          "and at least 1 and at most %zu are expected",
                          number->len, coordinate_len);
    memset(out, 0, coordinate_len - number->len);
    memcpy(out + coordinate_len - number->len, number->data, number->len);
    return 0;
}

int tpmc__ecdsa_der_to_jose(const void *der, size_t len, size_t coordinate_len, uint8_t *out,
                            tpmc_error *err)
{
    tpmc__der in = { der, len };
    tpmc__der body = { NULL, 0 };
    tpmc__der r = { NULL, 0 };
    tpmc__der s = { NULL, 0 };
    int status = 0;

    if (tpmc__der_expect(&in, TPMC__DER_SEQUENCE, &body) != 0 || in.len > 0)
        return fail_malformed(err);
    if (tpmc__der_expect_unsigned(&body, &r) != 0 || tpmc__der_expect_unsigned(&body, &s) != 0 ||
        body.len > 0)
        return fail_malformed(err);
    status = put_number(&r, coordinate_len, out, err);
    if (status != 0)
        return status;
    return put_number(&s, coordinate_len, out + coordinate_len, err);
}

/*
 * FIPS 186-5 section 6.4.1: the number is the digest's leftmost bits, as many as the order has, or
 * all of a digest that is no longer than that. So zeros on the left are without effect up to the
 * order's length, and zeros on the right beyond it.
 */
int tpmc__ecdsa_pad_digest(const uint8_t *digest, size_t len, unsigned order_bits, uint8_t *out,
                           size_t padded_len, tpmc_error *err)
{
    size_t kept_bits = order_bits > 8 * len ? order_bits : 8 * len;
    size_t shift = 8 * padded_len > kept_bits ? 8 * padded_len - kept_bits : 0;
    unsigned bits = (unsigned)(shift % 8);
    size_t end = padded_len - shift / 8;

    if (padded_len < len)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "a digest of %zu bytes cannot be signed by a key that is bound to a hash "
                          "of %zu bytes",
                          len, padded_len);
    memset(out, 0, padded_len);
    for (size_t i = 0; i < len; i++) {
        unsigned moved = (unsigned)digest[len - 1 - i] << bits;

        out[end - 1 - i] = (uint8_t)(out[end - 1 - i] | (moved & 0xff));
        if (moved > 0xff)
            out[end - 2 - i] = (uint8_t)(moved >> 8);
    }
    return 0;
}
