/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/rsa_numbers.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/error_int.h"
#include "codec/openssl_error.h"

#define MIN_BITS 1024
#define MAX_BITS (8 * TPMC__RSA_MAX_BYTES)

/* By number. */
static const char *const parameter_names[TPMC__RSA_NUMBER_COUNT] = {
    [TPMC__RSA_N] = OSSL_PKEY_PARAM_RSA_N,
    [TPMC__RSA_E] = OSSL_PKEY_PARAM_RSA_E,
    [TPMC__RSA_D] = OSSL_PKEY_PARAM_RSA_D,
    [TPMC__RSA_P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
    [TPMC__RSA_Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,
    [TPMC__RSA_DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
    [TPMC__RSA_DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
    [TPMC__RSA_QINV] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

/* RFC 8017, A.1.2. */
int tpmc__rsa_numbers_read(const tpmc__private_key_der *der, tpmc__rsa_numbers *out,
                           tpmc_error *err)
{
    tpmc__der body = der->key;
    tpmc__der version = { NULL, 0 };

    if (tpmc__der_expect_unsigned(&body, &version) != 0)
        return tpmc__private_key_fail_damaged(err);
    if (version.len == 1 && version.data[0] == 1)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the RSA key has more than two primes, which no TPM takes");
    if (version.len != 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the RSA key has an unknown version");
    for (size_t i = 0; i < TPMC__RSA_NUMBER_COUNT; i++) {
        if (tpmc__der_expect_unsigned(&body, &out->number[i]) != 0)
            return tpmc__private_key_fail_damaged(err);
    }
    if (body.len > 0)
        return tpmc__private_key_fail_trailing(err);
    return 0;
}

static size_t bits_of(const tpmc__der *number)
{
    size_t bits = 8 * number->len;

    if (number->len == 0)
        return 0;
    for (uint8_t top = number->data[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1))
        bits--;
    return bits;
}

static int check_sizes(const tpmc__rsa_numbers *numbers, tpmc_error *err)
{
    size_t bits = bits_of(&numbers->number[TPMC__RSA_N]);

    if (bits < MIN_BITS || bits > MAX_BITS)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the RSA key has %zu bits; keys of %d to %d bits can be imported", bits,
                          MIN_BITS, MAX_BITS);
    for (size_t i = 0; i < TPMC__RSA_NUMBER_COUNT; i++) {
        if (numbers->number[i].len == 0 || bits_of(&numbers->number[i]) > bits)
            return tpmc__fail(err, TPMC_ERR_FORMAT,
                              "a number of the RSA key is zero or larger than its modulus");
    }
    return 0;
}

static int check_exponent(const tpmc__der *exponent, tpmc_error *err)
{
    if ((exponent->data[exponent->len - 1] & 1) == 0 || bits_of(exponent) < 2)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the public exponent of the RSA key is not an odd number from 3 on");
    if (exponent->len > sizeof(uint32_t))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the public exponent of the RSA key has more than 32 bits");
    return 0;
}

/* A TPM keeps one prime of half the size of the modulus, and computes the other from it. */
static int check_balance(const tpmc__rsa_numbers *numbers, tpmc_error *err)
{
    size_t bits = bits_of(&numbers->number[TPMC__RSA_N]);

    if (bits % 16 != 0 || bits_of(&numbers->number[TPMC__RSA_P]) != bits / 2 ||
        bits_of(&numbers->number[TPMC__RSA_Q]) != bits / 2)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the RSA key has %zu bits and primes of %zu and %zu bits; TPMs take keys "
                          "of whole bytes with primes of half their size",
                          bits, bits_of(&numbers->number[TPMC__RSA_P]),
                          bits_of(&numbers->number[TPMC__RSA_Q]));
    return 0;
}

/* OpenSSL's parameters of the key, in memory that is wiped when it is freed; NULL on failure. */
static OSSL_PARAM *make_parameters(const tpmc__rsa_numbers *numbers)
{
    BIGNUM *values[TPMC__RSA_NUMBER_COUNT] = { NULL };
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;

    if (builder == NULL)
        return NULL;
    for (size_t i = 0; i < TPMC__RSA_NUMBER_COUNT; i++) {
        const tpmc__der *number = &numbers->number[i];

        values[i] = BN_secure_new();
        if (values[i] == NULL || BN_bin2bn(number->data, (int)number->len, values[i]) == NULL)
            goto out;
        if (OSSL_PARAM_BLD_push_BN(builder, parameter_names[i], values[i]) != 1)
            goto out;
    }
    parameters = OSSL_PARAM_BLD_to_param(builder);

out:
    for (size_t i = 0; i < TPMC__RSA_NUMBER_COUNT; i++)
        BN_clear_free(values[i]);
    OSSL_PARAM_BLD_free(builder);
    return parameters;
}

static EVP_PKEY *make_key(tpmc_env *env, const tpmc__rsa_numbers *numbers)
{
    OSSL_PARAM *parameters = make_parameters(numbers);
    EVP_PKEY_CTX *context = NULL;
    EVP_PKEY *key = NULL;

    if (parameters == NULL)
        return NULL;
    context = EVP_PKEY_CTX_new_from_name(env->ossl, "RSA", NULL);
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) != 1) {
        /* A failure may leave an empty key behind. */
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

static int fail_check(tpmc_error *err)
{
    if (tpmc__openssl_out_of_memory())
        return tpmc__fail_nomem(err);
    return tpmc__fail(err, TPMC_ERR_FORMAT,
                      "the numbers of the RSA key do not belong together (primes, product or "
                      "exponents); the key is damaged");
}

/* Both primes, their product, all exponents and the coefficient. */
static int check_with_openssl(tpmc_env *env, const tpmc__rsa_numbers *numbers, tpmc_error *err)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = NULL;
    int status = 0;

    tpmc__openssl_begin();
    key = make_key(env, numbers);
    if (key != NULL)
        context = EVP_PKEY_CTX_new_from_pkey(env->ossl, key, NULL);
    if (context == NULL)
        status = tpmc__openssl_fail(err, "making an RSA key in OpenSSL");
    else if (EVP_PKEY_pairwise_check(context) != 1)
        status = fail_check(err);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    tpmc__openssl_end();
    return status;
}

int tpmc__rsa_numbers_check(tpmc_env *env, const tpmc__rsa_numbers *numbers, tpmc_error *err)
{
    int status = check_sizes(numbers, err);

    if (status == 0)
        status = check_exponent(&numbers->number[TPMC__RSA_E], err);
    if (status == 0)
        status = check_with_openssl(env, numbers, err);
    if (status == 0)
        status = check_balance(numbers, err);
    return status;
}
