/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/private_key_der.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/private_key_kind.h"

#define TAG_PUBLIC_KEY (0x80 | 1) /* [1] IMPLICIT BIT STRING */

int tpmc__private_key_fail_damaged(tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_FORMAT, "the DER of the private key is damaged or cut short");
}

int tpmc__private_key_fail_trailing(tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_FORMAT, "something follows the DER of the private key");
}

/* Takes the SEQUENCE that is all of `in`. */
static int take_whole_sequence(tpmc__der in, tpmc__der *body, tpmc_error *err)
{
    if (tpmc__der_expect(&in, TPMC__DER_SEQUENCE, body) != 0)
        return tpmc__private_key_fail_damaged(err);
    if (in.len > 0)
        return tpmc__private_key_fail_trailing(err);
    return 0;
}

int tpmc__private_key_take_curve(tpmc__der *in, tpmc__der *curve, tpmc_error *err)
{
    int tag = tpmc__der_peek(in);

    /* RFC 5480 section 2.1.1: a name, or the spelled out curve, or NULL for one that is agreed on.
     */
    if (tag == TPMC__DER_SEQUENCE)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the EC key spells out its curve instead of naming it; name it with: "
                          "openssl ec -in FILE -param_enc named_curve -out NAMED");
    if (tag == TPMC__DER_NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the EC key does not name its curve");
    if (tpmc__der_expect(in, TPMC__DER_OID, curve) != 0 || curve->len == 0)
        return tpmc__private_key_fail_damaged(err);
    return 0;
}

/* The parameters of rsaEncryption are NULL (RFC 3279 section 2.3.1); some writers leave them out.
 */
static int take_null(tpmc__der *in, tpmc_error *err)
{
    tpmc__der null = { NULL, 0 };

    if (tpmc__der_expect(in, TPMC__DER_NULL, &null) != 0 || null.len > 0)
        return tpmc__private_key_fail_damaged(err);
    return 0;
}

static int read_algorithm(tpmc__der algorithm, tpmc__private_key_der *out, tpmc_error *err)
{
    tpmc__der oid = { NULL, 0 };
    int status = 0;

    if (tpmc__der_expect(&algorithm, TPMC__DER_OID, &oid) != 0)
        return tpmc__private_key_fail_damaged(err);
    status = tpmc__key_algorithm_find(&oid, &out->kind, err);
    if (status != 0 || algorithm.len == 0)
        return status;
    if (out->kind == TPMC__PRIVATE_EC)
        status = tpmc__private_key_take_curve(&algorithm, &out->curve, err);
    else
        status = take_null(&algorithm, err);
    if (status == 0 && algorithm.len > 0)
        status = tpmc__private_key_fail_damaged(err);
    return status;
}

/* Attributes (RFC 5208) and the public key (RFC 5958) say nothing that the key does not. */
static int skip_optional_fields(tpmc__der *body)
{
    tpmc__der content = { NULL, 0 };
    int tag = 0;

    if (tpmc__der_peek(body) == TPMC__DER_CONTEXT(0) && tpmc__der_next(body, &tag, &content) != 0)
        return TPMC_ERR_FORMAT;
    if (tpmc__der_peek(body) == TAG_PUBLIC_KEY)
        return tpmc__der_next(body, &tag, &content);
    return 0;
}

/* RFC 5208 section 5 and RFC 5958 section 2. */
static int read_pkcs8(tpmc__der body, tpmc__private_key_der *out, tpmc_error *err)
{
    tpmc__der version = { NULL, 0 };
    tpmc__der algorithm = { NULL, 0 };
    tpmc__der key = { NULL, 0 };
    int status = 0;

    if (tpmc__der_expect_unsigned(&body, &version) != 0 ||
        tpmc__der_expect(&body, TPMC__DER_SEQUENCE, &algorithm) != 0)
        return tpmc__private_key_fail_damaged(err);
    if (version.len > 1 || (version.len == 1 && version.data[0] != 1))
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the PKCS#8 key has an unknown version");
    status = read_algorithm(algorithm, out, err);
    if (status != 0)
        return status;
    if (tpmc__der_expect(&body, TPMC__DER_OCTET_STRING, &key) != 0 ||
        skip_optional_fields(&body) != 0)
        return tpmc__private_key_fail_damaged(err);
    if (body.len > 0)
        return tpmc__private_key_fail_trailing(err);
    return take_whole_sequence(key, &out->key, err);
}

int tpmc__private_key_der_read(const void *data, size_t len, tpmc__private_key_der *out,
                               tpmc_error *err)
{
    tpmc__der in = { data, len };
    tpmc__input_kind kind = tpmc__input_kind_of_der(data, len);
    int status = 0;

    memset(out, 0, sizeof(*out));
    if (kind == TPMC__KEY_KIND_OTHER && tpmc__der_peek(&in) == TPMC__DER_SEQUENCE)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "this DER is no RSA or EC private key (PKCS#8, PKCS#1 or SEC 1), or it "
                          "is damaged or cut short");
    status = tpmc__input_kind_check(kind, err);
    if (status == 0)
        status = take_whole_sequence(in, &out->key, err);
    if (status != 0)
        return status;
    if (kind == TPMC__KEY_KIND_PKCS8)
        return read_pkcs8(out->key, out, err);
    out->kind = kind == TPMC__KEY_KIND_EC ? TPMC__PRIVATE_EC : TPMC__PRIVATE_RSA;
    return 0;
}
