/* SPDX-License-Identifier: Apache-2.0 */

/* Keys that are used through a policy. */

#include <pthread.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "tpm/bench.h"
#include "tpm/bound_key.h"
#include "tpm/made_key.h"
#include "tpmcloud/tpmkey_esys.h"

#define COLD "CreatePrimary Load FlushContext StartAuthSession "
#define COLD_SALTED "CreatePrimary StartAuthSession Load FlushContext "
#define COUNTED_PCR 1 /* one whose extension counts as a change of all registers */
#define SPKI_MAX 1024
#define OWNER_PASSWORD "a password of the owner"

/* A key of the library's own making, on a new connection. */
static void open_bound(bench *b, bound_kind kind)
{
    tpmc_bytes *pem = NULL;

    bench_open(b);
    bound_key_make(&b->f, kind, &pem);
    assert_true(tpmc_bytes_len(pem) < sizeof(b->pem));
    memcpy(b->pem, tpmc_bytes_data(pem), tpmc_bytes_len(pem) + 1);
    tpmc_bytes_free(pem);
    bench_reconnect(b);
    bench_key(b, bound_key_password(kind), NULL);
}

/* A key that another tool bound to a policy, of which its file says nothing. */
static void open_silent(bench *b, tpmc_policy *policy, const char *password)
{
    tpmc_bytes *digest = NULL;
    const made_key key = { .type = TPM2_ALG_ECC,
                           .attributes = MADE_FIXED | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_NODA,
                           .scheme = TPM2_ALG_NULL,
                           .size = TPM2_ECC_NIST_P256,
                           .password = password,
                           .password_len = password == NULL ? 0 : strlen(password) };

    bench_ok(b, tpmc_policy_digest(policy, b->f.tpm, NULL, &digest, b->f.err));
    assert_int_equal(
        made_key_write_bound(&key, tpmc_bytes_data(digest), tpmc_bytes_len(digest), b->pem), 0);
    tpmc_bytes_free(digest);
    bench_reconnect(b);
    bench_key(b, password, NULL);
}

static tpmc_policy *new_policy(bench *b)
{
    tpmc_policy *policy = NULL;

    assert_int_equal(tpmc_policy_new(b->f.env, &policy, b->f.err), 0);
    return policy;
}

static tpmc_policy *ready(bench *b, const char *pcr, int with_password)
{
    tpmc_policy *policy = NULL;

    assert_int_equal(
        tpmc_policy_new_ready(b->f.env, pcr, with_password, NULL, 0, &policy, b->f.err), 0);
    return policy;
}

static int sign(bench *b)
{
    return fixture_sign(&b->f, b->key, "ES256");
}

static void budgets(void **state)
{
    bench b;

    (void)state;
    open_bound(&b, BOUND_PCR);
    bench_signs(&b, COLD "PolicyPCR Sign");
    bench_signs(&b, "PolicyPCR Sign");
    bench_signs(&b, "PolicyPCR Sign");
    bench_close(&b);
    open_bound(&b, BOUND_PCR_PASSWORD);
    bench_signs(&b, COLD_SALTED "PolicyPCR PolicyAuthValue Sign");
    bench_signs(&b, "PolicyPCR PolicyAuthValue Sign");
    assert_int_equal(tpmc_tpm_bus_level(b.f.tpm), TPMC_BUS_ENCRYPTED);
    assert_false(tap_saw(b.f.tap, BOUND_PASSWORD, strlen(BOUND_PASSWORD)));
    bench_close(&b);
    open_bound(&b, BOUND_PCR_HMAC);
    bench_macs(&b, COLD_SALTED "PolicyPCR HMAC");
    bench_macs(&b, "PolicyPCR HMAC");
    bench_close(&b);
}

static void option_pcr(void **state)
{
    tpmc_policy *policy = NULL;
    bench b;

    (void)state;
    bench_open(&b);
    policy = ready(&b, "23", 0);
    open_silent(&b, policy, NULL);
    bench_refused(&b, sign(&b), TPMC_ERR_POLICY, "does not say which|policy_file|pcr", "");
    bench_key(&b, NULL, NULL);
    assert_int_equal(tpmc_key_set(b.key, "pcr", "23", b.f.err), 0);
    bench_signs(&b, COLD "PolicyPCR Sign");
    bench_signs(&b, "PolicyPCR Sign");
    tpmc_policy_free(policy);
    bench_close(&b);
}

/* A file that says nothing of the policy gets the steps that were found. */
static void exported(void **state)
{
    tpmc_policy *policy = NULL;
    tpmc_bytes *pem = NULL;
    bench b;

    (void)state;
    for (int with_password = 0; with_password < 2; with_password++) {
        bench_open(&b);
        policy = ready(&b, "sha1:1+sha256:23", with_password);
        open_silent(&b, policy, with_password ? BOUND_PASSWORD : NULL);
        tpmc_policy_free(policy);
        assert_int_equal(tpmc_key_set(b.key, "pcr", "sha1:1+sha256:23", b.f.err), 0);
        bench_ok(&b, tpmc_key_export(b.key, &pem, b.f.err));
        memcpy(b.pem, tpmc_bytes_data(pem), tpmc_bytes_len(pem) + 1);
        tpmc_bytes_free(pem);
        bench_reconnect(&b);
        bench_key(&b, with_password ? BOUND_PASSWORD : NULL, NULL);
        bench_signs(&b, with_password ? COLD_SALTED "PolicyPCR PolicyAuthValue Sign"
                                      : COLD "PolicyPCR Sign");
        bench_close(&b);
    }
}

/* The registers alone are not it: they are read once, and what is usual beside them is tried. */
static void option_pcr_completes(void **state)
{
    tpmc_policy *policy = NULL;
    bench b;

    (void)state;
    bench_open(&b);
    policy = new_policy(&b);
    assert_int_equal(tpmc_policy_add_auth_value(policy, b.f.err), 0);
    assert_int_equal(tpmc_policy_add_pcr(policy, "23", NULL, 0, b.f.err), 0);
    open_silent(&b, policy, BOUND_PASSWORD);
    assert_int_equal(tpmc_key_set(b.key, "pcr", "23", b.f.err), 0);
    bench_ok(&b, sign(&b));
    tap_clear(b.f.tap);
    bench_signs(&b, "PolicyAuthValue PolicyPCR Sign");
    bench_reconnect(&b);
    other_extend_pcr(BOUND_PCR_INDEX);
    bench_key(&b, BOUND_PASSWORD, NULL);
    assert_int_equal(tpmc_key_set(b.key, "pcr", "23", b.f.err), 0);
    assert_int_equal(sign(&b), TPMC_ERR_POLICY);
    assert_true(fixture_error_says(&b.f, "authPolicy|sha256:23 is"));
    tpmc_policy_free(policy);
    bench_close(&b);
}

static void registers_differ(void **state)
{
    bench b;

    (void)state;
    open_bound(&b, BOUND_PCR);
    bench_signs(&b, COLD "PolicyPCR Sign");
    other_extend_pcr(BOUND_PCR_INDEX);
    assert_int_equal(sign(&b), TPMC_ERR_POLICY);
    assert_true(fixture_error_says(&b.f, "PolicyPCR|sha256:23"));
    assert_true(tpmc_error_tpm_code(b.f.err) != 0);
    tap_clear(b.f.tap);
    other_reset_pcr(BOUND_PCR_INDEX);
    bench_signs(&b, "PolicyRestart PolicyPCR Sign");
    bench_signs(&b, "PolicyPCR Sign");
    bench_close(&b);
}

struct change {
    unsigned int pcr;
    int times;
};

static void change_before_sign(void *user, size_t index, uint32_t code)
{
    struct change *change = user;

    (void)index;
    if (code != TAP_CC_SIGN || change->times-- <= 0)
        return;
    other_extend_pcr(change->pcr);
}

static void registers_change_in_between(void **state)
{
    struct change once = { COUNTED_PCR, 1 };
    struct change always = { COUNTED_PCR, 1000 };
    bench b;

    (void)state;
    open_bound(&b, BOUND_PCR);
    tap_set_hook(b.f.tap, change_before_sign, &once);
    bench_signs(&b, COLD "PolicyPCR Sign PolicyRestart PolicyPCR Sign");
    tap_set_hook(b.f.tap, change_before_sign, &always);
    assert_int_equal(sign(&b), TPMC_ERR_POLICY);
    bench_expect(&b, "PolicyPCR Sign PolicyRestart PolicyPCR Sign");
    bench_signs(&b, "PolicyRestart PolicyPCR Sign");
    bench_close(&b);
}

static void wrong_password(void **state)
{
    bench b;

    (void)state;
    open_bound(&b, BOUND_PCR_PASSWORD);
    bench_key(&b, "wrong", NULL);
    assert_int_equal(sign(&b), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&b.f, "password is wrong"));
    tap_clear(b.f.tap);
    bench_refused(&b, sign(&b), TPMC_ERR_WRONG_PASSWORD, "not tried again", "");
    bench_key(&b, NULL, NULL);
    assert_int_equal(sign(&b), TPMC_ERR_WRONG_PASSWORD);
    tap_clear(b.f.tap);
    bench_key(&b, BOUND_PASSWORD, NULL);
    bench_ok(&b, sign(&b));
    bench_close(&b);
}

static void branches(void **state)
{
    bench b;

    (void)state;
    open_bound(&b, BOUND_BRANCHES);
    bench_ok(&b, sign(&b));
    tap_clear(b.f.tap);
    bench_signs(&b, "PolicyPCR PolicyOR Sign");
    other_extend_pcr(BOUND_PCR_INDEX);
    assert_int_equal(sign(&b), TPMC_ERR_POLICY);
    assert_true(fixture_error_says(&b.f, "no branch|branch 1|branch 2|sha256:23"));
    other_reset_pcr(BOUND_PCR_INDEX);
    bench_ok(&b, sign(&b));
    bench_close(&b);
}

static void owner_secret(void **state)
{
    bench b;

    (void)state;
    open_bound(&b, BOUND_SECRET);
    bench_signs(&b, COLD "PolicySecret Sign");
    bench_signs(&b, "PolicySecret Sign");
    other_set_password(ESYS_TR_RH_OWNER, "", OWNER_PASSWORD);
    assert_int_equal(sign(&b), TPMC_ERR_WRONG_PASSWORD);
    bench_reconnect(&b);
    bench_hierarchy_password(&b, TPMC_HIERARCHY_OWNER, OWNER_PASSWORD);
    bench_key(&b, NULL, NULL);
    bench_ok(&b, sign(&b));
    assert_false(tap_saw(b.f.tap, OWNER_PASSWORD, strlen(OWNER_PASSWORD)));
    tap_clear(b.f.tap);
    bench_signs(&b, "PolicySecret Sign");
    other_set_password(ESYS_TR_RH_OWNER, OWNER_PASSWORD, "");
    bench_drop_key(&b);
    fixture_reconnect(&b.f);
    bench_close(&b);
}

static void signed_policy(void **state)
{
    bench b;

    (void)state;
    open_bound(&b, BOUND_SIGNED);
    bench_signs(&b, COLD "PolicyPCR LoadExternal VerifySignature FlushContext PolicyAuthorize "
                         "Sign");
    bench_signs(&b, "PolicyPCR LoadExternal VerifySignature FlushContext PolicyAuthorize Sign");
    other_extend_pcr(BOUND_PCR_INDEX);
    assert_int_equal(sign(&b), TPMC_ERR_POLICY);
    bench_close(&b);
}

/* A release, and a reset of the TPM, are both survived. */
static void comes_back(void **state)
{
    bench b;

    (void)state;
    for (int kind = 0; kind < BOUND_KINDS; kind++) {
        open_bound(&b, (bound_kind)kind);
        for (int i = 0; i < 3; i++) {
            if (kind == BOUND_PCR_HMAC)
                bench_ok(&b, bench_hmac(&b, NULL));
            else
                bench_ok(&b, sign(&b));
            if (i == 0)
                tpmc_tpm_release(b.f.tpm);
            else
                libtpms_power_cycle(1, 1);
        }
        bench_close(&b);
    }
}

struct caller {
    int calls;
    int released;
    int fails;
    tpmc_policy *policy;
};

static const TPML_PCR_SELECTION register_23 = {
    .count = 1,
    .pcrSelections = { { .hash = TPM2_ALG_SHA256, .sizeofSelect = 3, .pcrSelect = { 0, 0, 0x80 } } }
};

static void release_caller(void *user)
{
    ((struct caller *)user)->released++;
}

static int caller_satisfies(void *user, ESYS_CONTEXT *esys, ESYS_TR session)
{
    static const TPM2B_DIGEST any = { 0 };
    struct caller *caller = user;

    caller->calls++;
    if (caller->fails)
        return TPMC_ERR_DENIED;
    return Esys_PolicyPCR(esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &any,
                          &register_23) == 0
               ? 0
               : TPMC_ERR_TPM;
}

static int caller_provides(void *user, ESYS_CONTEXT *esys, ESYS_TR salt_key, ESYS_TR *session)
{
    static const TPMT_SYM_DEF aes = { .algorithm = TPM2_ALG_AES,
                                      .keyBits = { .aes = 128 },
                                      .mode = { .aes = TPM2_ALG_CFB } };

    if (Esys_StartAuthSession(esys, salt_key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &aes, TPM2_ALG_SHA256,
                              session) != 0)
        return TPMC_ERR_TPM;
    return caller_satisfies(user, esys, *session);
}

static void callbacks_of_the_caller(void **state)
{
    struct caller caller = { 0 };
    tpmc_policy *policy = NULL;
    bench b;

    (void)state;
    for (int provides = 0; provides < 2; provides++) {
        bench_open(&b);
        policy = ready(&b, "23", 0);
        open_silent(&b, policy, NULL);
        tpmc_policy_free(policy);
        memset(&caller, 0, sizeof(caller));
        policy = new_policy(&b);
        if (provides)
            assert_int_equal(
                tpmc_policy_set_provide(policy, caller_provides, &caller, release_caller, b.f.err),
                0);
        else
            assert_int_equal(
                tpmc_policy_set_satisfy(policy, caller_satisfies, &caller, release_caller, b.f.err),
                0);
        assert_int_equal(tpmc_key_set_policy(b.key, policy, b.f.err), 0);
        tpmc_policy_free(policy);
        bench_ok(&b, sign(&b));
        bench_ok(&b, sign(&b));
        assert_int_equal(caller.calls, 2);
        caller.fails = 1;
        assert_int_equal(sign(&b), TPMC_ERR_DENIED);
        assert_true(fixture_error_says(&b.f, provides ? "'provide' failed" : "'satisfy' failed"));
        caller.fails = 0;
        bench_ok(&b, sign(&b));
        assert_int_equal(caller.released, 0);
        bench_close(&b);
        assert_int_equal(caller.released, 1);
    }
}

/* Signs with OpenSSL, and meanwhile uses another key of the same connection. */
struct signer {
    bench *b;
    tpmc_key *other;
    int calls;
    int fails;
};

static int sign_for_policy(void *user, const char *hint, const char *algorithm, const uint8_t *data,
                           size_t len, uint8_t *out, size_t capacity, size_t *out_len)
{
    struct signer *signer = user;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pkey = NULL;

    assert_string_equal(hint, "the signer");
    assert_string_equal(algorithm, "PS256");
    signer->calls++;
    if (signer->other != NULL)
        assert_int_equal(fixture_sign_with(signer->other, "ES256", NULL), 0);
    *out_len = capacity;
    assert_int_equal(EVP_DigestSignInit(context, &pkey, EVP_sha256(), NULL, software_key_rsa(2048)),
                     1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, RSA_PSS_SALTLEN_DIGEST), 1);
    assert_int_equal(EVP_DigestSign(context, out, out_len, data, len), 1);
    EVP_MD_CTX_free(context);
    return signer->fails ? TPMC_ERR_DENIED : 0;
}

static tpmc_policy *signed_by(bench *b, struct signer *signer)
{
    unsigned char spki[SPKI_MAX];
    unsigned char *at = spki;
    int len = i2d_PUBKEY(software_key_rsa(2048), &at);
    tpmc_policy *policy = new_policy(b);

    assert_true(len > 0 && len < SPKI_MAX);
    assert_int_equal(
        tpmc_policy_add_signed(policy, spki, (size_t)len, "ref", 3, "the signer", b->f.err), 0);
    if (signer != NULL)
        assert_int_equal(tpmc_policy_set_signer(policy, sign_for_policy, signer, NULL, b->f.err),
                         0);
    return policy;
}

static void signatures(void **state)
{
    struct signer signer = { 0 };
    tpmc_policy *policy = NULL;
    char plain[TSS2_FILE_TEXT_MAX];
    static const made_key other = { .type = TPM2_ALG_ECC,
                                    .attributes = MADE_SIGN | TPMA_OBJECT_NODA,
                                    .scheme = TPM2_ALG_NULL,
                                    .size = TPM2_ECC_NIST_P256 };
    bench b;

    (void)state;
    bench_open(&b);
    policy = signed_by(&b, NULL);
    open_silent(&b, policy, NULL);
    assert_int_equal(tpmc_key_set_policy(b.key, policy, b.f.err), 0);
    tpmc_policy_free(policy);
    assert_int_equal(sign(&b), TPMC_ERR_POLICY);
    assert_true(fixture_error_says(&b.f, "signer"));
    bench_reconnect(&b);
    assert_int_equal(made_key_write(&other, plain), 0);
    assert_int_equal(fixture_key_text(&b.f, plain, NULL, &signer.other), 0);
    bench_key(&b, NULL, NULL);
    policy = signed_by(&b, &signer);
    assert_int_equal(tpmc_key_set_policy(b.key, policy, b.f.err), 0);
    tpmc_policy_free(policy);
    bench_ok(&b, sign(&b));
    bench_ok(&b, sign(&b));
    assert_int_equal(signer.calls, 2);
    signer.fails = 1;
    assert_int_equal(sign(&b), TPMC_ERR_DENIED);
    signer.fails = 0;
    libtpms_power_cycle(1, 1);
    bench_ok(&b, sign(&b));
    tpmc_key_free(signer.other);
    bench_close(&b);
}

struct choice {
    int calls;
    size_t chosen;
};

static int choose(void *user, const char *const *names, size_t count, size_t *chosen)
{
    struct choice *choice = user;

    assert_int_equal(count, 2);
    assert_string_equal(names[0], "branch 1");
    assert_string_equal(names[1], "branch 2");
    choice->calls++;
    *chosen = choice->chosen;
    return 0;
}

static void chosen_branch(void **state)
{
    struct choice choice = { 0, 1 };
    tpmc_policy *answers = NULL;
    bench b;

    (void)state;
    open_bound(&b, BOUND_BRANCHES);
    for (size_t i = 0; i < 2; i++) {
        choice.chosen = 1 - i;
        answers = new_policy(&b);
        assert_int_equal(tpmc_policy_set_chooser(answers, choose, &choice, NULL, b.f.err), 0);
        bench_key(&b, NULL, NULL);
        assert_int_equal(tpmc_key_set_policy(b.key, answers, b.f.err), 0);
        tpmc_policy_free(answers);
        assert_int_equal(sign(&b), i == 0 ? 0 : TPMC_ERR_POLICY);
    }
    assert_true(choice.calls >= 2);
    bench_close(&b);
}

static int act(void *user, const char *action)
{
    int *calls = user;

    assert_string_equal(action, "open the door");
    return ++*calls == 3 ? TPMC_ERR_DENIED : 0;
}

static void actions(void **state)
{
    tpmc_policy *policy = NULL;
    int calls = 0;
    bench b;

    (void)state;
    bench_open(&b);
    policy = ready(&b, "23", 0);
    open_silent(&b, policy, NULL);
    tpmc_policy_free(policy);
    policy = ready(&b, "23", 0);
    assert_int_equal(tpmc_policy_add_action(policy, "open the door", b.f.err), 0);
    assert_int_equal(tpmc_policy_set_action(policy, act, &calls, NULL, b.f.err), 0);
    assert_int_equal(tpmc_key_set_policy(b.key, policy, b.f.err), 0);
    tpmc_policy_free(policy);
    bench_ok(&b, sign(&b));
    bench_ok(&b, sign(&b));
    assert_int_equal(sign(&b), TPMC_ERR_POLICY);
    assert_true(fixture_error_says(&b.f, "open the door"));
    bench_ok(&b, sign(&b));
    assert_int_equal(calls, 4);
    bench_close(&b);
}

/* Two keys with the same kind of policy share a session; the third kind takes its own. */
static void shared_sessions(void **state)
{
    tpmc_key *other = NULL;
    bench b;

    (void)state;
    open_bound(&b, BOUND_PCR);
    bench_signs(&b, COLD "PolicyPCR Sign");
    assert_int_equal(fixture_key_text(&b.f, b.pem, NULL, &other), 0);
    bench_ok(&b, fixture_sign(&b.f, other, "ES256"));
    bench_expect(&b, "CreatePrimary Load FlushContext PolicyPCR Sign");
    tpmc_key_free(other);
    bench_close(&b);
}

#define THREADS 4
#define SIGNATURES 5

static void *sign_often(void *key)
{
    for (int i = 0; i < SIGNATURES; i++)
        assert_int_equal(fixture_sign_with(key, "ES256", NULL), 0);
    return NULL;
}

/* Threads share a key whose first branch does not hold, and one of registers that are guessed. */
static void many_threads(void **state)
{
    pthread_t threads[THREADS];
    tpmc_policy *policy = NULL;
    bench b;

    (void)state;
    for (int guesses = 0; guesses < 2; guesses++) {
        open_bound(&b, BOUND_BRANCHES);
        if (guesses) {
            policy = ready(&b, "23", 1);
            open_silent(&b, policy, BOUND_PASSWORD);
            tpmc_policy_free(policy);
            assert_int_equal(tpmc_key_set(b.key, "pcr", "23", b.f.err), 0);
        }
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, sign_often, b.key), 0);
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        bench_close(&b);
    }
}

static void contradictions(void **state)
{
    tpmc_policy *policy = NULL;
    tpmc_policy *wrong = NULL;
    static const made_key plain = { .type = TPM2_ALG_ECC,
                                    .attributes = MADE_SIGN | TPMA_OBJECT_NODA,
                                    .scheme = TPM2_ALG_NULL,
                                    .size = TPM2_ECC_NIST_P256 };
    static const made_key dead = {
        .type = TPM2_ALG_ECC,
        .attributes = (MADE_SIGN & ~(TPMA_OBJECT)TPMA_OBJECT_USERWITHAUTH) | TPMA_OBJECT_NODA,
        .scheme = TPM2_ALG_NULL,
        .size = TPM2_ECC_NIST_P256
    };
    bench b;

    (void)state;
    bench_open(&b);
    policy = ready(&b, "23", 0);
    wrong = ready(&b, NULL, 1);
    open_silent(&b, policy, NULL);
    assert_int_equal(tpmc_key_set_policy(b.key, wrong, b.f.err), 0);
    bench_refused(&b, sign(&b), TPMC_ERR_POLICY, "not the one that the key is bound to|8fcd2169",
                  "");
    bench_key(&b, NULL, NULL);
    assert_int_equal(tpmc_key_set_policy(b.key, wrong, b.f.err), 0);
    assert_int_equal(tpmc_key_set(b.key, "pcr", "23", b.f.err), 0);
    bench_refused(&b, sign(&b), TPMC_ERR_ARGUMENT, "several policies", "");
    assert_int_equal(made_key_write(&plain, b.pem), 0);
    bench_key(&b, NULL, NULL);
    assert_int_equal(tpmc_key_set(b.key, "pcr", "23", b.f.err), 0);
    bench_refused(&b, sign(&b), TPMC_ERR_POLICY, "bound to none", "");
    assert_int_equal(made_key_write(&dead, b.pem), 0);
    bench_key(&b, NULL, NULL);
    bench_refused(&b, sign(&b), TPMC_ERR_UNSUPPORTED, "never be used", "");
    tpmc_policy_free(policy);
    tpmc_policy_free(wrong);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budgets),          cmocka_unit_test(option_pcr),
        cmocka_unit_test(exported),         cmocka_unit_test(option_pcr_completes),
        cmocka_unit_test(registers_differ), cmocka_unit_test(registers_change_in_between),
        cmocka_unit_test(wrong_password),   cmocka_unit_test(branches),
        cmocka_unit_test(owner_secret),     cmocka_unit_test(signed_policy),
        cmocka_unit_test(comes_back),       cmocka_unit_test(callbacks_of_the_caller),
        cmocka_unit_test(signatures),       cmocka_unit_test(chosen_branch),
        cmocka_unit_test(actions),          cmocka_unit_test(shared_sessions),
        cmocka_unit_test(many_threads),     cmocka_unit_test(contradictions),
    };

    return cmocka_run_group_tests(tests, NULL, bench_cleanup);
}
