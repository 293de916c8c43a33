/* SPDX-License-Identifier: Apache-2.0 */

/* Keys whose policy has several ways, some of which are for one command only or need somebody. */

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "tpm/bench.h"
#include "tpmcloud/policy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CC_HMAC 0x155
#define SPKI_MAX 1024
#define SECRET "a secret of the test"
#define PASSWORD "a password of the test"
/* More than the TPM takes at once. */
#define LONG_MESSAGE 3000

static tpmc_policy *new_policy(bench *b)
{
    tpmc_policy *policy = NULL;

    bench_ok(b, tpmc_policy_new(b->f.env, &policy, b->f.err));
    return policy;
}

/* Registers as they never are. */
static tpmc_policy *never(bench *b)
{
    tpmc_policy *policy = new_policy(b);
    uint8_t other[32];

    memset(other, 0x77, sizeof(other));
    bench_ok(b, tpmc_policy_add_pcr(policy, "sha256:23", other, sizeof(other), b->f.err));
    return policy;
}

/* Takes the branches. */
static tpmc_policy *either(bench *b, tpmc_policy *first, tpmc_policy *second)
{
    tpmc_policy *branches[2] = { first, second };
    tpmc_policy *policy = new_policy(b);

    bench_ok(b, tpmc_policy_add_or(policy, branches, NULL, 2, b->f.err));
    tpmc_policy_free(first);
    tpmc_policy_free(second);
    return policy;
}

static void make_key(bench *b, const char *algorithm, tpmc_policy *policy, const char *password)
{
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;

    bench_ok(b, tpmc_key_template_new(b->f.env, &t, b->f.err));
    bench_ok(b, tpmc_key_template_set(t, "algorithm", algorithm, b->f.err));
    bench_ok(b, tpmc_key_template_set_policy(t, policy, b->f.err));
    if (password != NULL) {
        bench_ok(b, tpmc_key_template_set(t, "dictionary_attack", "1", b->f.err));
        bench_ok(b, tpmc_key_template_set_password(t, password, strlen(password), b->f.err));
    }
    if (strcmp(algorithm, "hmac-sha256") == 0)
        bench_ok(b, tpmc_key_import(b->f.tpm, t, SECRET, strlen(SECRET), &pem, b->f.err));
    else
        bench_ok(b, tpmc_key_create(b->f.tpm, t, &pem, b->f.err));
    assert_true(tpmc_bytes_len(pem) < sizeof(b->pem));
    memcpy(b->pem, tpmc_bytes_data(pem), tpmc_bytes_len(pem) + 1);
    tpmc_bytes_free(pem);
    tpmc_key_template_free(t);
    bench_reconnect(b);
    bench_key(b, NULL, NULL);
}

static int sign(bench *b)
{
    return fixture_sign(&b->f, b->key, "ES256");
}

static int mac_of(bench *b, size_t len)
{
    static uint8_t message[LONG_MESSAGE];
    uint8_t wanted[EVP_MAX_MD_SIZE];
    unsigned wanted_len = 0;
    tpmc_bytes *made = NULL;
    int status = 0;

    memset(message, 'm', sizeof(message));
    status = tpmc_key_hmac(b->key, message, len, &made, b->f.err);
    if (status == 0) {
        assert_non_null(
            HMAC(EVP_sha256(), SECRET, (int)strlen(SECRET), message, len, wanted, &wanted_len));
        assert_int_equal(tpmc_bytes_len(made), wanted_len);
        assert_memory_equal(tpmc_bytes_data(made), wanted, wanted_len);
    }
    tpmc_bytes_free(made);
    return status;
}

static void long_messages_need_another_command(void **state)
{
    tpmc_policy *policy = NULL;
    bench b;

    (void)state;
    bench_open(&b);
    policy = new_policy(&b);
    bench_ok(&b, tpmc_policy_add_command_code(policy, CC_HMAC, b.f.err));
    make_key(&b, "hmac-sha256", policy, NULL);
    tpmc_policy_free(policy);
    bench_ok(&b, mac_of(&b, 1024));
    tap_clear(b.f.tap);
    bench_refused(&b, mac_of(&b, 1025), TPMC_ERR_POLICY,
                  "by TPM2_HMAC alone|more than 1024 bytes|TPM2_HMAC_Start", "");
    bench_ok(&b, mac_of(&b, 10));
    bench_close(&b);
}

static void no_password_is_guessed(void **state)
{
    tpmc_policy *policy = NULL;
    tpmc_policy *password = NULL;
    bench b;

    (void)state;
    bench_open(&b);
    password = new_policy(&b);
    bench_ok(&b, tpmc_policy_add_auth_value(password, b.f.err));
    policy = either(&b, never(&b), password);
    make_key(&b, "ecc256", policy, PASSWORD);
    tpmc_policy_free(policy);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sign(&b), TPMC_ERR_WRONG_PASSWORD);
        assert_true(fixture_error_says(&b.f, "no branch|none was given; nothing was tried"));
        assert_int_equal(tpm_raw_lockout_counter(), 0);
        bench_key(&b, NULL, NULL);
    }
    bench_key(&b, PASSWORD, NULL);
    bench_ok(&b, sign(&b));
    bench_close(&b);
}

static int act(void *user, const char *action)
{
    int *calls = user;

    assert_string_equal(action, "confirm");
    ++*calls;
    return *calls == 2 ? TPMC_ERR_DENIED : 0;
}

static void actions_of_later_branches(void **state)
{
    tpmc_policy *policy = NULL;
    tpmc_policy *confirmed = NULL;
    int calls = 0;
    bench b;

    (void)state;
    bench_open(&b);
    confirmed = new_policy(&b);
    bench_ok(&b, tpmc_policy_add_pcr(confirmed, "sha256:23", NULL, 0, b.f.err));
    bench_ok(&b, tpmc_policy_add_action(confirmed, "confirm", b.f.err));
    policy = either(&b, never(&b), confirmed);
    bench_ok(&b, tpmc_policy_set_action(policy, act, &calls, NULL, b.f.err));
    make_key(&b, "ecc256", policy, NULL);
    bench_ok(&b, tpmc_key_set_policy(b.key, policy, b.f.err));
    tpmc_policy_free(policy);
    bench_ok(&b, sign(&b));
    assert_int_equal(calls, 1);
    assert_int_equal(sign(&b), TPMC_ERR_POLICY);
    assert_true(calls >= 2);
    calls = 2;
    bench_ok(&b, sign(&b));
    assert_int_equal(calls, 3);
    bench_close(&b);
}

static int sign_for_policy(void *user, const char *hint, const char *algorithm, const uint8_t *data,
                           size_t len, uint8_t *out, size_t capacity, size_t *out_len)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pkey = NULL;

    assert_string_equal(hint, "the signer");
    assert_string_equal(algorithm, "PS256");
    ++*(int *)user;
    *out_len = capacity;
    assert_int_equal(EVP_DigestSignInit(context, &pkey, EVP_sha256(), NULL, software_key_rsa(2048)),
                     1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, RSA_PSS_SALTLEN_DIGEST), 1);
    assert_int_equal(EVP_DigestSign(context, out, out_len, data, len), 1);
    EVP_MD_CTX_free(context);
    return 0;
}

/* Adds a signature to what the policy wants already. */
static void add_signed(bench *b, tpmc_policy *policy)
{
    unsigned char spki[SPKI_MAX];
    unsigned char *at = spki;
    int len = i2d_PUBKEY(software_key_rsa(2048), &at);

    assert_true(len > 0 && len < SPKI_MAX);
    bench_ok(b,
             tpmc_policy_add_signed(policy, spki, (size_t)len, "ref", 3, "the signer", b->f.err));
}

static void signatures_for_long_messages(void **state)
{
    static const size_t lengths[] = { 10, LONG_MESSAGE, 10, LONG_MESSAGE };
    tpmc_policy *policy = NULL;
    int calls = 0;
    bench b;

    (void)state;
    bench_open(&b);
    policy = new_policy(&b);
    add_signed(&b, policy);
    bench_ok(&b, tpmc_policy_set_signer(policy, sign_for_policy, &calls, NULL, b.f.err));
    make_key(&b, "hmac-sha256", policy, NULL);
    bench_ok(&b, tpmc_key_set_policy(b.key, policy, b.f.err));
    tpmc_policy_free(policy);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        bench_ok(&b, mac_of(&b, lengths[i]));
        assert_int_equal(calls, i + 1);
    }
    bench_close(&b);
}

/* Each branch is signed for once, however many there are, and the last one is reached. */
static void many_signed_branches(void **state)
{
    tpmc_policy *branches[6] = { NULL };
    tpmc_policy *policy = NULL;
    int calls = 0;
    bench b;

    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < COUNT(branches); i++) {
        uint8_t other[32];

        memset(other, (int)i + 1, sizeof(other));
        branches[i] = new_policy(&b);
        add_signed(&b, branches[i]);
        bench_ok(&b, tpmc_policy_add_pcr(branches[i], "sha256:23", i == 5 ? NULL : other,
                                         i == 5 ? 0 : sizeof(other), b.f.err));
    }
    policy = new_policy(&b);
    bench_ok(&b, tpmc_policy_add_or(policy, branches, NULL, COUNT(branches), b.f.err));
    for (size_t i = 0; i < COUNT(branches); i++)
        tpmc_policy_free(branches[i]);
    bench_ok(&b, tpmc_policy_set_signer(policy, sign_for_policy, &calls, NULL, b.f.err));
    make_key(&b, "ecc256", policy, NULL);
    bench_ok(&b, tpmc_key_set_policy(b.key, policy, b.f.err));
    tpmc_policy_free(policy);
    bench_ok(&b, sign(&b));
    assert_int_equal(calls, 6);
    other_extend_pcr(23);
    assert_int_equal(sign(&b), TPMC_ERR_POLICY);
    assert_true(fixture_error_says(&b.f, "no branch|branch 1|branch 2|sha256:23"));
    other_reset_pcr(23);
    bench_ok(&b, sign(&b));
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_messages_need_another_command),
        cmocka_unit_test(no_password_is_guessed),
        cmocka_unit_test(actions_of_later_branches),
        cmocka_unit_test(signatures_for_long_messages),
        cmocka_unit_test(many_signed_branches),
    };

    return cmocka_run_group_tests(tests, NULL, bench_cleanup);
}
