/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/jwk_int.h"

#include <string.h>

#include "base/bytes_int.h"
#include "base/error_int.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/spki.h"

#define MEMBERS_MAX 4
#define POINT_UNCOMPRESSED 0x04

typedef struct curve_row {
    const char *oid;
    const char *name; /* RFC 7518 section 6.2.1.1 */
    size_t coordinate_len;
} curve_row;

static const curve_row curves[] = {
    { "1.2.840.10045.3.1.7", "P-256", 32 },
    { "1.3.132.0.34", "P-384", 48 },
    { "1.3.132.0.35", "P-521", 66 },
};

/* One member of the key: a text, or bytes that are written as base64url. */
typedef struct member {
    const char *name;
    const char *text; /* NULL for bytes */
    tpmc__der bytes;
} member;

/* The members that make a key, in the order of RFC 7638 section 3.2, which is that of their names.
 */
typedef struct key_members {
    member member[MEMBERS_MAX];
    size_t count;
} key_members;

static int fail_format(tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_FORMAT,
                      "the public key is not a well-formed SubjectPublicKeyInfo in DER");
}

static int read_rsa(const tpmc__spki_parts *spki, key_members *out, tpmc_error *err)
{
    tpmc__der in = spki->key;
    tpmc__der numbers = { NULL, 0 };
    tpmc__der n = { NULL, 0 };
    tpmc__der e = { NULL, 0 };

    if (tpmc__der_expect(&in, TPMC__DER_SEQUENCE, &numbers) != 0 || in.len > 0)
        return fail_format(err);
    if (tpmc__der_expect_unsigned(&numbers, &n) != 0 ||
        tpmc__der_expect_unsigned(&numbers, &e) != 0 || numbers.len > 0)
        return fail_format(err);
    if (n.len == 0 || e.len == 0)
        return fail_format(err);
    *out =
        (key_members){ { { "e", NULL, e }, { "kty", "RSA", { NULL, 0 } }, { "n", NULL, n } }, 3 };
    return 0;
}

static const curve_row *find_curve(tpmc__der parameters)
{
    tpmc__der oid = { NULL, 0 };

    if (tpmc__der_expect(&parameters, TPMC__DER_OID, &oid) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (tpmc__der_oid_is(&oid, curves[i].oid))
            return &curves[i];
    }
    return NULL;
}

static int read_ec(const tpmc__spki_parts *spki, key_members *out, tpmc_error *err)
{
    const curve_row *curve = find_curve(spki->parameters);
    const uint8_t *point = spki->key.data;

    if (curve == NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the public key's curve has no name in JWK; P-256, P-384 and P-521 have");
    if (point[0] != POINT_UNCOMPRESSED)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the public key's point is compressed; give it in full length");
    if (spki->key.len != 1 + 2 * curve->coordinate_len)
        return fail_format(err);
    *out = (key_members){
        { { "crv", curve->name, { NULL, 0 } },
          { "kty", "EC", { NULL, 0 } },
          { "x", NULL, { point + 1, curve->coordinate_len } },
          { "y", NULL, { point + 1 + curve->coordinate_len, curve->coordinate_len } } },
        4
    };
    return 0;
}

/* By the algorithm of the SubjectPublicKeyInfo. */
static const struct kind_row {
    const char *oid;
    int (*read)(const tpmc__spki_parts *spki, key_members *out, tpmc_error *err);
} kinds[] = {
    { "1.2.840.113549.1.1.1", read_rsa },
    { "1.2.840.113549.1.1.10", read_rsa }, /* fixed to RSASSA-PSS */
    { "1.2.840.10045.2.1", read_ec },
};

static int read_members(const tpmc__span *spki, key_members *out, tpmc_error *err)
{
    tpmc__spki_parts parts;

    if (tpmc__spki_read(spki->data, spki->len, &parts) != 0)
        return fail_format(err);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (tpmc__der_oid_is(&parts.algorithm, kinds[i].oid))
            return kinds[i].read(&parts, out, err);
    }
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "only RSA and EC keys are shown as a JSON Web Key");
}

/* A failure sticks to the object. */
static void add_bytes(tpmc__json *json, const char *name, const void *data, size_t len)
{
    tpmc__buf text;

    tpmc__buf_init(&text, TPMC__JWK_MAX);
    (void)tpmc__base64url_encode(data, len, &text);
    /* Adding no text is a failure that sticks as well. */
    (void)tpmc__json_add_text(json, name, (const char *)text.data);
    tpmc__buf_free(&text);
}

static void add_members(tpmc__json *json, const key_members *key)
{
    for (size_t i = 0; i < key->count; i++) {
        const member *m = &key->member[i];

        if (m->text != NULL)
            (void)tpmc__json_add_text(json, m->name, m->text);
        else
            add_bytes(json, m->name, m->bytes.data, m->bytes.len);
    }
}

/* RFC 7638: the digest of the key's own members without white space. */
static int make_thumbprint(tpmc_env *env, const tpmc__json *key, uint8_t *out, tpmc_error *err)
{
    tpmc__buf text;
    tpmc__span span;
    int status = 0;

    tpmc__buf_init(&text, TPMC__JWK_MAX);
    (void)tpmc__json_print(key, &text);
    status = tpmc__buf_check(&text, "the JSON Web Key", err);
    if (status == 0) {
        span = (tpmc__span){ text.data, text.len };
        status = tpmc__digest(env, TPMC__HASH_SHA256, &span, 1, out, err);
    }
    tpmc__buf_free(&text);
    return status;
}

int tpmc__jwk_write(tpmc_env *env, const tpmc__span *spki, const char *algorithm, tpmc__buf *out,
                    tpmc_error *err)
{
    uint8_t thumbprint[TPMC__DIGEST_MAX];
    key_members key;
    tpmc__json *json = NULL;
    int status = read_members(spki, &key, err);

    if (status != 0)
        return status;
    json = tpmc__json_new_object();
    add_members(json, &key);
    status = make_thumbprint(env, json, thumbprint, err);
    if (status != 0)
        goto out;
    (void)tpmc__json_add_text(json, "use", "sig");
    if (algorithm != NULL)
        (void)tpmc__json_add_text(json, "alg", algorithm);
    add_bytes(json, "kid", thumbprint, tpmc__hash_size(TPMC__HASH_SHA256));
    (void)tpmc__json_print(json, out);
    status = tpmc__buf_check(out, "the JSON Web Key", err);

out:
    tpmc__json_free(json);
    return status;
}

/* A key may do algorithms that have no name there. */
static int check_algorithm(tpmc_key *key, const char *algorithm, tpmc_error *err)
{
    static const char *const names[] = { "RS256", "RS384", "RS512", "PS256", "PS384",
                                         "PS512", "ES256", "ES384", "ES512" };
    int status = 0;

    if (algorithm == NULL)
        return 0;
    status = tpmc_key_supports(key, algorithm, err);
    if (status != 0)
        return status;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], algorithm) == 0)
            return 0;
    }
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "JSON Web Keys have no name for %s; there are RS256, PS256, ES256 and the "
                      "like with 384 and 512",
                      algorithm);
}

/* A key does not lend its environment, and hashing needs no more than an empty one. */
static int write_in_own_env(const tpmc_bytes *spki, const char *algorithm, tpmc__buf *out,
                            tpmc_error *err)
{
    static const tpmc__env_defaults no_services = { .http = NULL };
    tpmc__span span = { tpmc_bytes_data(spki), tpmc_bytes_len(spki) };
    tpmc_env *env = NULL;
    int status = tpmc__env_create(&no_services, &env, err);

    if (status != 0)
        return status;
    status = tpmc__jwk_write(env, &span, algorithm, out, err);
    tpmc_env_free(env);
    return status;
}

int tpmc_jwk_from_key(tpmc_key *key, const char *algorithm, tpmc_bytes **out, tpmc_error *err)
{
    tpmc_bytes *spki = NULL;
    tpmc__buf text;
    int status = 0;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    if (key == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'key' is NULL");
    status = tpmc_key_public(key, &spki, err);
    if (status != 0)
        return status;
    status = check_algorithm(key, algorithm, err);
    tpmc__buf_init(&text, TPMC__JWK_MAX);
    if (status == 0)
        status = write_in_own_env(spki, algorithm, &text, err);
    if (status == 0)
        status = tpmc__bytes_from_buf(&text, "the JSON Web Key", out, err);
    tpmc__buf_free(&text);
    tpmc_bytes_free(spki);
    return status;
}
