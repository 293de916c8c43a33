/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "codec/digest.h"
#include "codec/text.h"
#include "proto/sigv4_key.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/sigv4_fixture.h"

/* Amazon's example of key derivation, and what that key makes of an empty text. */
static const char published_key[] =
    "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
static const tpmc__sigv4_scope published = { "20150830", "us-east-1", "iam" };

static int sign(sigv4_signer *signer, const tpmc__sigv4_scope *scope, char *out)
{
    tpmc__buf hex;
    int status;

    tpmc__buf_init(&hex, 64);
    status = tpmc__sigv4_hmac(&signer->hmac, scope, "text", 4, &hex, NULL);
    if (status == 0)
        memcpy(out, hex.data, 65);
    tpmc__buf_free(&hex);
    return status;
}

static void the_published_key_is_derived(void **state)
{
    tpmc__sigv4_secret secret = { *state, SIGV4_SECRET };
    tpmc__span date = { published.date, 8 };
    uint8_t kdate[TPMC__SIGV4_KEY_SIZE];
    uint8_t key[TPMC__SIGV4_KEY_SIZE];
    uint8_t other[TPMC__SIGV4_KEY_SIZE];
    tpmc__buf hex;

    assert_int_equal(tpmc__sigv4_key_from_secret(&secret, &published, key, NULL), 0);
    tpmc__buf_init(&hex, 64);
    assert_int_equal(tpmc__hex_encode(key, sizeof(key), &hex), 0);
    assert_string_equal((const char *)hex.data, published_key);
    tpmc__buf_free(&hex);
    assert_int_equal(tpmc__hmac(*state, TPMC__HASH_SHA256, "AWS4" SIGV4_SECRET,
                                strlen("AWS4" SIGV4_SECRET), &date, 1, kdate, NULL),
                     0);
    assert_int_equal(tpmc__sigv4_key_from_kdate(*state, kdate, &published, other, NULL), 0);
    assert_memory_equal(other, key, sizeof(key));
}

static void a_key_depends_on_all_of_its_scope(void **state)
{
    static const tpmc__sigv4_scope others[] = {
        { "20150831", "us-east-1", "iam" },
        { "20150830", "us-east-2", "iam" },
        { "20150830", "us-east-1", "sts" },
    };
    tpmc__sigv4_secret secret = { *state, SIGV4_SECRET };
    uint8_t key[TPMC__SIGV4_KEY_SIZE];
    uint8_t other[TPMC__SIGV4_KEY_SIZE];

    assert_int_equal(tpmc__sigv4_key_from_secret(&secret, &published, key, NULL), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tpmc__sigv4_key_from_secret(&secret, &others[i], other, NULL), 0);
        assert_memory_not_equal(other, key, sizeof(key));
    }
}

static void a_signature_is_made_with_the_key_that_is_given(void **state)
{
    sigv4_signer signer;
    tpmc__span text = { "text", 4 };
    uint8_t key[TPMC__SIGV4_KEY_SIZE];
    uint8_t expected[TPMC__SIGV4_KEY_SIZE];
    char signature[65];
    tpmc__buf hex;

    sigv4_signer_init(&signer, *state);
    assert_int_equal(sign(&signer, &published, signature), 0);
    assert_int_equal(signer.keys, 1);
    assert_int_equal(sigv4_make_key(&signer, &published, key, NULL), 0);
    assert_int_equal(
        tpmc__hmac(*state, TPMC__HASH_SHA256, key, sizeof(key), &text, 1, expected, NULL), 0);
    tpmc__buf_init(&hex, 64);
    assert_int_equal(tpmc__hex_encode(expected, sizeof(expected), &hex), 0);
    assert_string_equal((const char *)hex.data, signature);
    tpmc__buf_free(&hex);
}

static void a_key_that_cannot_be_made_is_told(void **state)
{
    sigv4_signer signer;
    char out[65];

    sigv4_signer_init(&signer, *state);
    signer.status = TPMC_ERR_TPM;
    assert_int_equal(sign(&signer, &published, out), TPMC_ERR_TPM);
}

static void a_secret_has_a_ceiling(void **state)
{
    char text[4094];
    tpmc__sigv4_secret secret = { *state, text };
    uint8_t key[TPMC__SIGV4_KEY_SIZE];

    memset(text, 'x', sizeof(text));
    text[4092] = '\0';
    assert_int_equal(tpmc__sigv4_key_from_secret(&secret, &published, key, NULL), 0);
    text[4092] = 'x';
    text[4093] = '\0';
    assert_int_equal(tpmc__sigv4_key_from_secret(&secret, &published, key, NULL),
                     TPMC_ERR_ARGUMENT);
}

static int attempt(void *context)
{
    char out[65];

    return sign(context, &published, out);
}

static void a_lack_of_memory_is_told(void **state)
{
    sigv4_signer signer;

    sigv4_signer_init(&signer, *state);
    assert_true(each_allocation(attempt, &signer, TPMC_ERR_NOMEM) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_key_is_derived),
        cmocka_unit_test(a_key_depends_on_all_of_its_scope),
        cmocka_unit_test(a_signature_is_made_with_the_key_that_is_given),
        cmocka_unit_test(a_key_that_cannot_be_made_is_told),
        cmocka_unit_test(a_secret_has_a_ceiling),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
