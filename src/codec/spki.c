/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/spki.h"

#include <string.h>

#define OID_RSA_ENCRYPTION "1.2.840.113549.1.1.1"
#define OID_RSAES_OAEP "1.2.840.113549.1.1.7"
#define OID_RSASSA_PSS "1.2.840.113549.1.1.10"
#define OID_EC_PUBLIC_KEY "1.2.840.10045.2.1"

/* SEQUENCE { algorithm, BIT STRING }. Frees both parts. */
static int write_spki(tpmc__buf *algorithm, tpmc__buf *key, tpmc__buf *out)
{
    tpmc__buf body;

    tpmc__buf_init(&body, out->max);
    tpmc__der_wrap(&body, TPMC__DER_SEQUENCE, algorithm);
    tpmc__der_wrap(&body, TPMC__DER_BIT_STRING, key);
    return tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body);
}

int tpmc__spki_write_rsa(const void *modulus, size_t len, uint32_t exponent, tpmc__buf *out)
{
    tpmc__buf algorithm;
    tpmc__buf numbers;
    tpmc__buf key;

    tpmc__buf_init(&algorithm, out->max);
    tpmc__buf_init(&numbers, out->max);
    tpmc__buf_init(&key, out->max);
    tpmc__der_write_oid(&algorithm, OID_RSA_ENCRYPTION);
    tpmc__der_write(&algorithm, TPMC__DER_NULL, NULL, 0);
    tpmc__der_write_unsigned(&numbers, modulus, len);
    tpmc__der_write_uint32(&numbers, exponent);
    tpmc__buf_append_byte(&key, 0); /* no unused bits */
    tpmc__der_wrap(&key, TPMC__DER_SEQUENCE, &numbers);
    return write_spki(&algorithm, &key, out);
}

int tpmc__spki_write_ec(const char *curve_oid, const void *x, const void *y, size_t len,
                        tpmc__buf *out)
{
    tpmc__buf algorithm;
    tpmc__buf key;

    tpmc__buf_init(&algorithm, out->max);
    tpmc__buf_init(&key, out->max);
    tpmc__der_write_oid(&algorithm, OID_EC_PUBLIC_KEY);
    tpmc__der_write_oid(&algorithm, curve_oid);
    tpmc__buf_append_byte(&key, 0);    /* no unused bits */
    tpmc__buf_append_byte(&key, 0x04); /* uncompressed: SEC 1 section 2.3.3 */
    tpmc__buf_append(&key, x, len);
    tpmc__buf_append(&key, y, len);
    return write_spki(&algorithm, &key, out);
}

int tpmc__spki_read(const void *data, size_t len, tpmc__spki_parts *out)
{
    tpmc__der in = { data, len };
    tpmc__der body = { NULL, 0 };

    if (tpmc__der_expect(&in, TPMC__DER_SEQUENCE, &body) != 0 || in.len > 0)
        return TPMC_ERR_FORMAT;
    if (tpmc__der_expect(&body, TPMC__DER_SEQUENCE, &out->parameters) != 0 ||
        tpmc__der_expect(&out->parameters, TPMC__DER_OID, &out->algorithm) != 0)
        return TPMC_ERR_FORMAT;
    if (tpmc__der_expect(&body, TPMC__DER_BIT_STRING, &out->key) != 0 || body.len > 0)
        return TPMC_ERR_FORMAT;
    /* The first octet counts the unused bits of the last. */
    if (out->key.len < 2 || out->key.data[0] != 0)
        return TPMC_ERR_FORMAT;
    out->key.data++;
    out->key.len--;
    return 0;
}

static int is_same(const tpmc__der *a, const tpmc__der *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static int is_rsa(const tpmc__der *algorithm)
{
    return tpmc__der_oid_is(algorithm, OID_RSA_ENCRYPTION) ||
           tpmc__der_oid_is(algorithm, OID_RSAES_OAEP) ||
           tpmc__der_oid_is(algorithm, OID_RSASSA_PSS);
}

int tpmc__spki_is_same(const tpmc__spki_parts *a, const tpmc__spki_parts *b)
{
    if (!is_same(&a->key, &b->key))
        return 0;
    if (is_rsa(&a->algorithm) && is_rsa(&b->algorithm))
        return 1;
    return is_same(&a->algorithm, &b->algorithm) && is_same(&a->parameters, &b->parameters);
}

size_t tpmc__spki_rsa_bits(const void *spki, size_t len)
{
    tpmc__spki_parts parts;
    tpmc__der numbers = { NULL, 0 };
    tpmc__der modulus = { NULL, 0 };
    size_t bits;
    unsigned top;

    if (tpmc__spki_read(spki, len, &parts) != 0 || !is_rsa(&parts.algorithm) ||
        tpmc__der_expect(&parts.key, TPMC__DER_SEQUENCE, &numbers) != 0 ||
        tpmc__der_expect_unsigned(&numbers, &modulus) != 0 || modulus.len == 0)
        return 0;
    bits = 8 * (modulus.len - 1);
    for (top = modulus.data[0]; top != 0; top >>= 1)
        bits++;
    return bits;
}
