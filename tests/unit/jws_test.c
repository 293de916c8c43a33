/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "codec/base64.h"
#include "proto/jws.h"
#include "unit/each_allocation.h"
#include "unit/fake_env.h"
#include "unit/software_signer.h"

/* RFC 7515, A.2: the key, what is signed, and the signature. */
static const char rfc_n[] =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4"
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re"
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX"
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
static const char rfc_d[] =
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXO"
    "oAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51"
    "gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3c"
    "cPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
static const char rfc_input[] =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ";
static const char rfc_signature[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
    "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

static BIGNUM *number_of(const char *base64url)
{
    tpmc__buf bytes;
    BIGNUM *number;

    tpmc__buf_init(&bytes, 1024);
    assert_int_equal(tpmc__base64url_decode(base64url, strlen(base64url), &bytes), 0);
    number = BN_bin2bn(bytes.data, (int)bytes.len, NULL);
    assert_non_null(number);
    tpmc__buf_free(&bytes);
    return number;
}

static EVP_PKEY *rfc_key(void)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *n = number_of(rfc_n);
    BIGNUM *e = number_of("AQAB");
    BIGNUM *d = number_of(rfc_d);
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;

    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, d), 1);
    params = OSSL_PARAM_BLD_to_param(builder);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    BN_free(d);
    return key;
}

static void signs_as_rfc_7515_does(void **state)
{
    char expected[sizeof(rfc_input) + sizeof(rfc_signature)];
    software_signer signer = { 0 };
    fake_env fake;
    tpmc_env *env = fake_env_new(&fake);
    tpmc_key *key;
    tpmc__buf jws;

    (void)state;
    (void)snprintf(expected, sizeof(expected), "%s.%s", rfc_input, rfc_signature);
    signer.key = rfc_key();
    key = software_signer_key(&signer, env);
    tpmc__buf_init(&jws, TPMC__JWS_MAX);
    assert_int_equal(tpmc__buf_append_text(&jws, rfc_input), 0);
    assert_int_equal(tpmc__jws_sign(key, "RS256", &jws, NULL), 0);
    assert_string_equal((const char *)jws.data, expected);
    tpmc__buf_free(&jws);
    tpmc_key_free(key);
    tpmc_env_free(env);
    EVP_PKEY_free(signer.key);
}

static void a_failing_key_is_told(void **state)
{
    software_signer signer = { 0 };
    fake_env fake;
    tpmc_env *env = fake_env_new(&fake);
    tpmc_error *err = NULL;
    tpmc_key *key;
    tpmc__buf jws;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    signer.key = rfc_key();
    key = software_signer_key(&signer, env);
    tpmc__buf_init(&jws, TPMC__JWS_MAX);
    assert_int_equal(tpmc__buf_append_text(&jws, rfc_input), 0);
    atomic_store(&signer.status, TPMC_ERR_TPM);
    assert_int_equal(tpmc__jws_sign(key, "RS256", &jws, err), TPMC_ERR_TPM);
    assert_int_equal(tpmc_error_code(err), TPMC_ERR_TPM);
    assert_int_equal(tpmc__jws_sign(key, "none", &jws, err), TPMC_ERR_ARGUMENT);
    assert_string_equal((const char *)jws.data, rfc_input);
    tpmc__buf_free(&jws);
    tpmc_key_free(key);
    tpmc_env_free(env);
    tpmc_error_free(err);
    EVP_PKEY_free(signer.key);
}

/* Each number is as long as a coordinate of the curve (RFC 7518 section 3.4). */
static void ecdsa_takes_the_form_of_jose(void **state)
{
    static const struct {
        const char *algorithm;
        const char *curve;
        size_t len;
    } rows[] = { { "ES256", "P-256", 32 }, { "ES384", "P-384", 48 }, { "ES512", "P-521", 66 } };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const uint8_t der[] = { 0x30, 0x07, 0x02, 0x01, 0x05, 0x02, 0x02, 0x00, 0x80 };
        uint8_t jose[132] = { 0 };
        tpmc__buf jws;
        tpmc__buf expected;

        jose[rows[i].len - 1] = 0x05;
        jose[2 * rows[i].len - 1] = 0x80;
        tpmc__buf_init(&jws, TPMC__JWS_MAX);
        tpmc__buf_init(&expected, TPMC__JWS_MAX);
        assert_int_equal(
            tpmc__jws_append_key_signature(&jws, rows[i].algorithm, der, sizeof(der), NULL), 0);
        (void)tpmc__buf_append_byte(&expected, '.');
        assert_int_equal(tpmc__base64url_encode(jose, 2 * rows[i].len, &expected), 0);
        assert_string_equal((const char *)jws.data, (const char *)expected.data);
        tpmc__buf_free(&jws);
        tpmc__buf_free(&expected);
    }
}

static void a_malformed_ecdsa_signature_is_refused(void **state)
{
    static const uint8_t zero[] = { 0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x01 };
    tpmc_error *err = NULL;
    tpmc__buf jws;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    tpmc__buf_init(&jws, TPMC__JWS_MAX);
    assert_int_equal(tpmc__jws_append_key_signature(&jws, "ES256", zero, sizeof(zero), err),
                     TPMC_ERR_FORMAT);
    assert_int_equal(tpmc_error_code(err), TPMC_ERR_FORMAT);
    assert_int_equal(tpmc__jws_append_key_signature(&jws, "ES512", "", 0, err), TPMC_ERR_FORMAT);
    assert_non_null(strstr(tpmc_error_text(err), "ECDSA"));
    assert_int_equal(jws.len, 0);
    tpmc_error_free(err);
}

/* A callback key of P-256, P-384 or P-521 gives DER. */
static int ec_sign(void *user, const char *algorithm, const uint8_t *data, size_t len, uint8_t *out,
                   size_t capacity, size_t *out_len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, user, NULL);

    (void)algorithm;
    *out_len = capacity;
    check(EVP_PKEY_sign_init(ctx) == 1);
    check(EVP_PKEY_sign(ctx, out, out_len, data, len) == 1);
    EVP_PKEY_CTX_free(ctx);
    return 0;
}

static void check_ec_jws(tpmc_env *env, const char *curve, const char *algorithm, size_t length)
{
    EVP_PKEY *software = EVP_EC_gen(curve);
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(software, &spki);
    tpmc_key *key = NULL;
    tpmc__buf jws;
    tpmc__buf signature;
    const char *dot;

    assert_int_equal(
        tpmc_key_new_callback(env, spki, (size_t)len, ec_sign, software, NULL, &key, NULL), 0);
    tpmc__buf_init(&jws, TPMC__JWS_MAX);
    tpmc__buf_init(&signature, TPMC__JWS_MAX);
    assert_int_equal(tpmc__buf_append_text(&jws, rfc_input), 0);
    assert_int_equal(tpmc__jws_sign(key, algorithm, &jws, NULL), 0);
    dot = strrchr((const char *)jws.data, '.');
    assert_int_equal(dot - (const char *)jws.data, strlen(rfc_input));
    assert_int_equal(tpmc__base64url_decode(dot + 1, strlen(dot + 1), &signature), 0);
    assert_int_equal(signature.len, 2 * length);
    tpmc__buf_free(&signature);
    tpmc__buf_free(&jws);
    tpmc_key_free(key);
    OPENSSL_free(spki);
    EVP_PKEY_free(software);
}

static void ec_keys_sign(void **state)
{
    fake_env fake;
    tpmc_env *env = fake_env_new(&fake);

    (void)state;
    check_ec_jws(env, "P-256", "ES256", 32);
    check_ec_jws(env, "P-384", "ES384", 48);
    check_ec_jws(env, "P-521", "ES512", 66);
    tpmc_env_free(env);
}

static int build(void *context)
{
    tpmc__json *header = tpmc__json_new_object();
    tpmc__json *claims = tpmc__json_new_object();
    tpmc__buf out;
    int status;

    (void)context;
    (void)tpmc__json_add_text(header, "alg", "RS256");
    (void)tpmc__json_add_text(claims, "iss", "joe");
    (void)tpmc__json_add_integer(claims, "exp", 1300819380);
    tpmc__buf_init(&out, TPMC__JWS_MAX);
    status = tpmc__jws_signing_input(header, claims, &out, NULL);
    if (status == 0)
        assert_string_equal((const char *)out.data,
                            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLCJleHAiOjEzMDA4MTkzODB9");
    tpmc__buf_free(&out);
    tpmc__json_free(header);
    tpmc__json_free(claims);
    return status;
}

static void the_signing_input_is_compact_json(void **state)
{
    (void)state;
    assert_int_equal(build(NULL), 0);
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_in_range(each_allocation(build, NULL, TPMC_ERR_NOMEM), 3, 100);
}

static void has_a_ceiling(void **state)
{
    static char text[TPMC__JWS_MAX];
    tpmc__json *header = tpmc__json_new_object();
    tpmc__json *claims = tpmc__json_new_object();
    tpmc_error *err = NULL;
    tpmc__buf out;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    memset(text, 'x', sizeof(text) - 1);
    assert_int_equal(tpmc__json_add_text(claims, "iss", text), 0);
    tpmc__buf_init(&out, TPMC__JWS_MAX);
    assert_int_equal(tpmc__jws_signing_input(header, claims, &out, err), TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(err), "claims"));
    tpmc__buf_free(&out);
    text[TPMC__JWS_MAX * 7 / 8] = '\0';
    tpmc__json_free(claims);
    claims = tpmc__json_new_object();
    assert_int_equal(tpmc__json_add_text(claims, "iss", text), 0);
    assert_int_equal(tpmc__jws_signing_input(header, claims, &out, err), TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(err), "65536"));
    assert_int_equal(tpmc__jws_append_signature(&out, "s", 1, err), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
    tpmc__json_free(header);
    tpmc__json_free(claims);
    tpmc_error_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_rfc_7515_does),
        cmocka_unit_test(a_failing_key_is_told),
        cmocka_unit_test(ecdsa_takes_the_form_of_jose),
        cmocka_unit_test(a_malformed_ecdsa_signature_is_refused),
        cmocka_unit_test(ec_keys_sign),
        cmocka_unit_test(the_signing_input_is_compact_json),
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(has_a_ceiling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
