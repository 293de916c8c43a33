/* SPDX-License-Identifier: Apache-2.0 */

/* Keys that survive an update of the firmware: their policy is any that a certain key has signed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "support/software_key.h"
#include "support/tpm_other.h"
#include "tpm/maker.h"
#include "tpmcloud/tpmkey_esys.h"
#include "unit/failing_alloc.h"

#define PASSWORD "sign policy test password"
#define REFERENCE "release channel"
#define ALLOCATIONS_MAX 2000
#define HANDLE 0x81000021u

/* Whoever approves policies. */
typedef struct approver {
    char private_pem[SOFTWARE_KEY_MAX];
    size_t private_len;
    char public_pem[2048];
    size_t public_len;
} approver;

typedef struct bench {
    fixture f;
    approver ec;
    approver other;
    approver rsa;
} bench;

static void make_approver(const EVP_PKEY *key, approver *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    assert_non_null(bio);
    out->private_len = software_key_write(key, SOFTWARE_KEY_PKCS8_PEM, out->private_pem);
    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    out->public_len = (size_t)BIO_get_mem_data(bio, &text);
    assert_true(out->public_len < sizeof(out->public_pem));
    memcpy(out->public_pem, text, out->public_len);
    BIO_free(bio);
}

static void make_ec_approver(approver *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    assert_non_null(key);
    make_approver(key, out);
    EVP_PKEY_free(key);
}

static void begin_with(bench *b, int pollable)
{
    memset(b, 0, sizeof(*b));
    fixture_open(&b->f, pollable);
    make_ec_approver(&b->ec);
    make_ec_approver(&b->other);
    make_approver(software_key_rsa(2048), &b->rsa);
}

static void begin(bench *b)
{
    begin_with(b, 0);
}

static void end(bench *b)
{
    maker_teardown(&b->f);
    software_key_cleanup();
}

static tpmc_policy *new_policy(bench *b)
{
    tpmc_policy *policy = NULL;

    assert_int_equal(tpmc_policy_new(b->f.env, &policy, b->f.err), 0);
    return policy;
}

static tpmc_policy *registers_policy(bench *b, const char *selection)
{
    tpmc_policy *policy = new_policy(b);

    assert_int_equal(tpmc_policy_add_pcr(policy, selection, NULL, 0, b->f.err), 0);
    return policy;
}

static tpmc_policy *authorize_policy(bench *b, const approver *by, const char *reference)
{
    tpmc_policy *policy = new_policy(b);

    assert_int_equal(tpmc_policy_add_authorize(policy, by->public_pem, by->public_len, reference,
                                               reference == NULL ? 0 : strlen(reference), b->f.err),
                     0);
    return policy;
}

/* A key that is bound to a policy, whose reference this takes. */
static tpmc_bytes *make_bound(bench *b, const char *options, const char *password,
                              tpmc_policy *policy)
{
    tpmc_key_template *t = maker_template(&b->f, options, password);
    tpmc_bytes *pem = NULL;

    assert_int_equal(tpmc_key_template_set_policy(t, policy, b->f.err), 0);
    tpmc_policy_free(policy);
    if (tpmc_key_create(b->f.tpm, t, &pem, b->f.err) != 0)
        fail_msg("%s", tpmc_error_text(b->f.err));
    tpmc_key_template_free(t);
    return pem;
}

/* What tpmc_key_sign_policy() returns; takes the policy's reference. */
static int approve(bench *b, const tpmc_bytes *pem, tpmc_policy *policy, const char *name,
                   const approver *by, tpmc_bytes **out)
{
    tpmc_key *key = NULL;
    int rc;

    *out = NULL;
    assert_int_equal(fixture_key(&b->f, pem, NULL, &key), 0);
    rc = tpmc_key_sign_policy(key, policy, name, by->private_pem, by->private_len, out, b->f.err);
    assert_int_equal(rc == 0, *out != NULL);
    assert_int_equal(rc, tpmc_error_code(b->f.err));
    tpmc_key_free(key);
    tpmc_policy_free(policy);
    return rc;
}

/* The same where it works, in the place of the former file. */
static void approve_more(bench *b, tpmc_bytes **pem, tpmc_policy *policy, const char *name,
                         const approver *by)
{
    tpmc_bytes *out = NULL;
    int rc = approve(b, *pem, policy, name, by, &out);

    if (rc != 0)
        fail_msg("%s: %s", tpmc_error_name(rc), tpmc_error_text(b->f.err));
    tpmc_bytes_free(*pem);
    *pem = out;
}

static int use(bench *b, const tpmc_bytes *pem, const char *password, const char *algorithm)
{
    tpmc_key *key = NULL;
    tpmc_bytes *mac = NULL;
    int rc;

    fixture_reconnect(&b->f);
    assert_int_equal(fixture_key(&b->f, pem, password, &key), 0);
    if (algorithm[0] == 'H')
        rc = tpmc_key_hmac(key, "x", 1, &mac, b->f.err);
    else
        rc = fixture_sign(&b->f, key, algorithm);
    tpmc_bytes_free(mac);
    tpmc_key_free(key);
    return rc;
}

static void assert_uses(bench *b, const tpmc_bytes *pem, const char *password,
                        const char *algorithm)
{
    int rc = use(b, pem, password, algorithm);

    if (rc != 0)
        fail_msg("%s: %s", tpmc_error_name(rc), tpmc_error_text(b->f.err));
}

static void assert_refused(bench *b, int rc, int code, const char *words)
{
    if (rc != code || !fixture_error_says(&b->f, words))
        fail_msg("%s: '%s' is not %s with '%s'", tpmc_error_name(rc), tpmc_error_text(b->f.err),
                 tpmc_error_name(code), words);
}

static size_t count_words(bench *b, const tpmc_bytes *pem, const char *words)
{
    tpmc_key *key = NULL;
    tpmc_bytes *json = NULL;
    const char *at;
    size_t count = 0;

    assert_int_equal(fixture_key(&b->f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_describe(key, &json, b->f.err), 0);
    for (at = strstr((const char *)tpmc_bytes_data(json), words); at != NULL;
         at = strstr(at + 1, words))
        count++;
    tpmc_bytes_free(json);
    tpmc_key_free(key);
    return count;
}

/* The machine measures itself, is updated, and the new state is approved. */
static void an_update_is_survived(void **state)
{
    bench b;
    tpmc_bytes *pem;

    (void)state;
    begin(&b);
    pem = make_bound(&b, "algorithm=ecc256", NULL, authorize_policy(&b, &b.ec, REFERENCE));
    assert_int_equal(use(&b, pem, NULL, "ES256"), TPMC_ERR_POLICY);
    approve_more(&b, &pem, registers_policy(&b, "sha256:0,23"), "before", &b.ec);
    assert_uses(&b, pem, NULL, "ES256");
    other_extend_pcr(23);
    assert_int_equal(use(&b, pem, NULL, "ES256"), TPMC_ERR_POLICY);
    approve_more(&b, &pem, registers_policy(&b, "sha256:0,23"), "after", &b.ec);
    assert_uses(&b, pem, NULL, "ES256");
    assert_int_equal(count_words(&b, pem, "\"name\":\"before\""), 1);
    assert_int_equal(count_words(&b, pem, "\"name\":\"after\""), 1);
    /* The former state is still approved. */
    other_reset_pcr(23);
    assert_uses(&b, pem, NULL, "ES256");
    tpmc_bytes_free(pem);
    end(&b);
}

/* A register whose changes end policy sessions, as those of firmware do. */
static void a_register_of_the_firmware(void **state)
{
    bench b;
    tpmc_bytes *pem;

    (void)state;
    begin(&b);
    pem = make_bound(&b, "algorithm=rsa2048", NULL, authorize_policy(&b, &b.rsa, NULL));
    approve_more(&b, &pem, registers_policy(&b, "sha1:7+sha256:7"), NULL, &b.rsa);
    assert_uses(&b, pem, NULL, "RS256");
    other_extend_pcr(7);
    assert_int_equal(use(&b, pem, NULL, "RS256"), TPMC_ERR_POLICY);
    approve_more(&b, &pem, registers_policy(&b, "sha1:7+sha256:7"), NULL, &b.rsa);
    assert_uses(&b, pem, NULL, "RS256");
    tpmc_bytes_free(pem);
    end(&b);
}

static void a_name_is_replaced(void **state)
{
    bench b;
    tpmc_bytes *pem;

    (void)state;
    begin(&b);
    pem = make_bound(&b, "algorithm=hmac-sha256", NULL, authorize_policy(&b, &b.ec, NULL));
    approve_more(&b, &pem, registers_policy(&b, "23"), "the state", &b.ec);
    approve_more(&b, &pem, registers_policy(&b, "16"), "another", &b.ec);
    other_extend_pcr(16);
    other_extend_pcr(23);
    assert_int_equal(use(&b, pem, NULL, "HS256"), TPMC_ERR_POLICY);
    approve_more(&b, &pem, registers_policy(&b, "23"), "the state", &b.ec);
    assert_int_equal(count_words(&b, pem, "\"name\":\"the state\""), 1);
    assert_int_equal(count_words(&b, pem, "\"name\":\"another\""), 1);
    assert_uses(&b, pem, NULL, "HS256");
    tpmc_bytes_free(pem);
    end(&b);
}

/* What the key's own policy asks for beside is still asked for. */
static void steps_after_the_first(void **state)
{
    bench b;
    tpmc_policy *policy;
    tpmc_bytes *pem;

    (void)state;
    begin(&b);
    policy = authorize_policy(&b, &b.ec, NULL);
    assert_int_equal(tpmc_policy_add_auth_value(policy, b.f.err), 0);
    pem = make_bound(&b, "algorithm=ecc256", PASSWORD, policy);
    approve_more(&b, &pem, registers_policy(&b, "23"), "x", &b.ec);
    assert_uses(&b, pem, PASSWORD, "ES256");
    assert_int_equal(use(&b, pem, "another", "ES256"), TPMC_ERR_WRONG_PASSWORD);
    other_extend_pcr(23);
    assert_int_equal(use(&b, pem, PASSWORD, "ES256"), TPMC_ERR_POLICY);
    tpmc_bytes_free(pem);
    end(&b);
}

/* A key has no way to ask for its password but what is approved. */
static void the_password_is_in_what_is_approved(void **state)
{
    bench b;
    tpmc_policy *policy;
    tpmc_bytes *pem;

    (void)state;
    begin(&b);
    pem = make_bound(&b, "algorithm=ecc256", PASSWORD, authorize_policy(&b, &b.ec, NULL));
    policy = registers_policy(&b, "23");
    assert_int_equal(tpmc_policy_add_auth_value(policy, b.f.err), 0);
    approve_more(&b, &pem, policy, "x", &b.ec);
    assert_uses(&b, pem, PASSWORD, "ES256");
    assert_int_equal(use(&b, pem, "another", "ES256"), TPMC_ERR_WRONG_PASSWORD);
    tpmc_bytes_free(pem);
    end(&b);
}

static void values_that_are_known(void **state)
{
    static const uint8_t zeros[32];
    bench b;
    tpmc_policy *policy;
    tpmc_bytes *pem;

    (void)state;
    begin(&b);
    other_extend_pcr(16);
    pem = make_bound(&b, "algorithm=ecc256", NULL, authorize_policy(&b, &b.ec, NULL));
    policy = new_policy(&b);
    assert_int_equal(tpmc_policy_add_pcr(policy, "16", zeros, sizeof(zeros), b.f.err), 0);
    tap_clear(b.f.tap);
    approve_more(&b, &pem, policy, "zeros", &b.ec);
    assert_int_equal(tap_count(b.f.tap), 0);
    assert_int_equal(use(&b, pem, NULL, "ES256"), TPMC_ERR_POLICY);
    other_reset_pcr(16);
    assert_uses(&b, pem, NULL, "ES256");
    tpmc_bytes_free(pem);
    end(&b);
}

static void branches_are_approved(void **state)
{
    bench b;
    tpmc_policy *branches[2];
    tpmc_policy *policy;
    tpmc_bytes *pem;

    (void)state;
    begin(&b);
    pem = make_bound(&b, "algorithm=ecc256", NULL, authorize_policy(&b, &b.ec, NULL));
    branches[0] = registers_policy(&b, "16");
    branches[1] = registers_policy(&b, "23");
    policy = new_policy(&b);
    assert_int_equal(tpmc_policy_add_or(policy, branches, NULL, 2, b.f.err), 0);
    tpmc_policy_free(branches[0]);
    tpmc_policy_free(branches[1]);
    approve_more(&b, &pem, policy, "either", &b.ec);
    assert_uses(&b, pem, NULL, "ES256");
    other_extend_pcr(16);
    assert_uses(&b, pem, NULL, "ES256");
    other_extend_pcr(23);
    assert_int_equal(use(&b, pem, NULL, "ES256"), TPMC_ERR_POLICY);
    tpmc_bytes_free(pem);
    end(&b);
}

static tpmc_policy *signed_policy(bench *b)
{
    tpmc_policy *policy = new_policy(b);

    assert_int_equal(
        tpmc_policy_add_signed(policy, b->ec.public_pem, b->ec.public_len, NULL, 0, NULL, b->f.err),
        0);
    return policy;
}

static int provide(void *user, ESYS_CONTEXT *esys, ESYS_TR salt_key, ESYS_TR *session)
{
    (void)user;
    (void)esys;
    (void)salt_key;
    (void)session;
    return TPMC_ERR_STATE;
}

static void policies_that_are_not_signed(void **state)
{
    bench b;
    tpmc_policy *policy;
    tpmc_bytes *pem;
    tpmc_bytes *out;

    (void)state;
    begin(&b);
    pem = make_bound(&b, "algorithm=ecc256", NULL, authorize_policy(&b, &b.ec, NULL));
    assert_refused(&b, approve(&b, pem, new_policy(&b), "x", &b.ec, &out), TPMC_ERR_POLICY,
                   "no steps");
    policy = new_policy(&b);
    assert_int_equal(tpmc_policy_add_action(policy, "a light", b.f.err), 0);
    assert_refused(&b, approve(&b, pem, policy, "x", &b.ec, &out), TPMC_ERR_ARGUMENT,
                   "asks for nothing");
    policy = new_policy(&b);
    assert_int_equal(tpmc_policy_set_provide(policy, provide, NULL, NULL, b.f.err), 0);
    assert_refused(&b, approve(&b, pem, policy, "x", &b.ec, &out), TPMC_ERR_ARGUMENT,
                   "left to a callback");
    assert_refused(&b, approve(&b, pem, signed_policy(&b), "x", &b.ec, &out), TPMC_ERR_UNSUPPORTED,
                   "PolicySigned");
    tpmc_bytes_free(pem);
    end(&b);
}

static void wrong_signing_keys(void **state)
{
    static const approver nonsense = { "no key", 6, "", 0 };
    bench b;
    tpmc_bytes *pem;
    tpmc_bytes *out;

    (void)state;
    begin(&b);
    pem = make_bound(&b, "algorithm=ecc256", NULL, authorize_policy(&b, &b.ec, NULL));
    assert_int_equal(approve(&b, pem, registers_policy(&b, "23"), "x", &b.other, &out),
                     TPMC_ERR_MISMATCH);
    assert_int_equal(approve(&b, pem, registers_policy(&b, "23"), "x", &b.rsa, &out),
                     TPMC_ERR_MISMATCH);
    assert_int_equal(approve(&b, pem, registers_policy(&b, "23"), "x", &nonsense, &out),
                     TPMC_ERR_FORMAT);
    tpmc_bytes_free(pem);
    end(&b);
}

static void keys_that_accept_none(void **state)
{
    bench b;
    tpmc_bytes *pem = NULL;
    tpmc_bytes *out;

    (void)state;
    begin(&b);
    assert_int_equal(maker_create(&b.f, "algorithm=ecc256", NULL, &pem), 0);
    assert_refused(&b, approve(&b, pem, registers_policy(&b, "23"), "x", &b.ec, &out),
                   TPMC_ERR_POLICY, "bound to no policy");
    tpmc_bytes_free(pem);
    pem = make_bound(&b, "algorithm=ecc256", NULL, registers_policy(&b, "23"));
    assert_refused(&b, approve(&b, pem, registers_policy(&b, "23"), "x", &b.ec, &out),
                   TPMC_ERR_POLICY, "PolicyPCR|PolicyAuthorize");
    tpmc_bytes_free(pem);
    pem = make_bound(&b, "algorithm=ecc256", NULL, signed_policy(&b));
    assert_refused(&b, approve(&b, pem, registers_policy(&b, "23"), "x", &b.ec, &out),
                   TPMC_ERR_POLICY, "does not say which policy");
    tpmc_bytes_free(pem);
    end(&b);
}

static int never_signs(void *user, const char *algorithm, const uint8_t *data, size_t len,
                       uint8_t *out, size_t capacity, size_t *out_len)
{
    (void)user;
    (void)algorithm;
    (void)data;
    (void)len;
    (void)out;
    (void)capacity;
    (void)out_len;
    return TPMC_ERR_STATE;
}

static void keys_without_a_file(void **state)
{
    bench b;
    tpmc_key *key = NULL;
    tpmc_policy *policy;
    tpmc_bytes *out = NULL;
    int rc;

    (void)state;
    begin(&b);
    policy = registers_policy(&b, "23");
    assert_int_equal(
        tpmc_key_new_callback(b.f.env, NULL, 0, never_signs, NULL, NULL, &key, b.f.err), 0);
    rc = tpmc_key_sign_policy(key, policy, "x", b.ec.private_pem, b.ec.private_len, &out, b.f.err);
    assert_refused(&b, rc, TPMC_ERR_UNSUPPORTED, "callback key");
    tpmc_key_free(key);
    maker_persist(HANDLE, "");
    assert_int_equal(tpmc_key_new(b.f.tpm, &key, b.f.err), 0);
    assert_int_equal(tpmc_key_set(key, "handle", "0x81000021", b.f.err), 0);
    rc = tpmc_key_sign_policy(key, policy, "x", b.ec.private_pem, b.ec.private_len, &out, b.f.err);
    assert_refused(&b, rc, TPMC_ERR_UNSUPPORTED, "persistent key");
    tpmc_key_free(key);
    tpmc_policy_free(policy);
    end(&b);
}

static void parameters(void **state)
{
    char long_name[257];
    bench b;
    tpmc_key *key = NULL;
    tpmc_policy *policy;
    tpmc_bytes *pem;
    tpmc_bytes *out = NULL;
    const char *k;
    size_t len;

    (void)state;
    begin(&b);
    k = b.ec.private_pem;
    len = b.ec.private_len;
    memset(long_name, 'n', 256);
    long_name[256] = '\0';
    pem = make_bound(&b, "algorithm=ecc256", NULL, authorize_policy(&b, &b.ec, NULL));
    policy = registers_policy(&b, "23");
    assert_int_equal(fixture_key(&b.f, pem, NULL, &key), 0);
    assert_refused(&b, tpmc_key_sign_policy(NULL, policy, "x", k, len, &out, b.f.err),
                   TPMC_ERR_ARGUMENT, "'key' is NULL");
    assert_refused(&b, tpmc_key_sign_policy(key, NULL, "x", k, len, &out, b.f.err),
                   TPMC_ERR_ARGUMENT, "'policy' is NULL");
    assert_refused(&b, tpmc_key_sign_policy(key, policy, "x", NULL, len, &out, b.f.err),
                   TPMC_ERR_ARGUMENT, "'signing_key' is NULL");
    assert_refused(&b, tpmc_key_sign_policy(key, policy, "x", k, 0, &out, b.f.err),
                   TPMC_ERR_ARGUMENT, "'signing_key'|65536");
    assert_refused(&b, tpmc_key_sign_policy(key, policy, "x", k, 65537, &out, b.f.err),
                   TPMC_ERR_ARGUMENT, "'signing_key'|65536");
    assert_refused(&b, tpmc_key_sign_policy(key, policy, "x", k, len, NULL, b.f.err),
                   TPMC_ERR_ARGUMENT, "'pem' is NULL");
    assert_refused(&b, tpmc_key_sign_policy(key, policy, long_name, k, len, &out, b.f.err),
                   TPMC_ERR_ARGUMENT, "'name'|255");
    assert_refused(&b, tpmc_key_sign_policy(key, policy, "\xff", k, len, &out, b.f.err),
                   TPMC_ERR_ARGUMENT, "'name'|UTF-8");
    assert_null(out);
    long_name[255] = '\0';
    assert_int_equal(tpmc_key_sign_policy(key, policy, long_name, k, len, &out, b.f.err), 0);
    tpmc_bytes_free(out);
    tpmc_policy_free(policy);
    tpmc_key_free(key);
    tpmc_bytes_free(pem);
    end(&b);
}

static int sign_once(bench *b, tpmc_key *key, tpmc_policy *policy, tpmc_bytes **out)
{
    return tpmc_key_sign_policy(key, policy, "x", b->ec.private_pem, b->ec.private_len, out,
                                b->f.err);
}

static void every_allocation(void **state)
{
    bench b;
    tpmc_key *key = NULL;
    tpmc_policy *policy;
    tpmc_bytes *pem;
    size_t n;
    int rc = TPMC_ERR_NOMEM;

    (void)state;
    begin(&b);
    pem = make_bound(&b, "algorithm=ecc256", NULL, authorize_policy(&b, &b.ec, REFERENCE));
    approve_more(&b, &pem, registers_policy(&b, "16"), "another", &b.ec);
    policy = registers_policy(&b, "23");
    assert_int_equal(fixture_key(&b.f, pem, NULL, &key), 0);
    for (n = 1; n < ALLOCATIONS_MAX; n++) {
        tpmc_bytes *out = NULL;

        fail_allocation(n);
        rc = sign_once(&b, key, policy, &out);
        assert_int_equal(rc == 0, out != NULL);
        tpmc_bytes_free(out);
        if (!allocation_failed())
            break;
        if (rc != 0)
            assert_int_equal(rc, TPMC_ERR_NOMEM);
    }
    assert_int_equal(rc, 0);
    assert_true(n > 10 && n < ALLOCATIONS_MAX);
    tpmc_key_free(key);
    tpmc_policy_free(policy);
    tpmc_bytes_free(pem);
    end(&b);
}

struct attempt {
    bench *b;
    const tpmc_bytes *pem;
};

static int sign_on_new_connection(fixture *f, void *context)
{
    struct attempt *attempt = context;
    tpmc_policy *policy = registers_policy(attempt->b, "sha1:16+sha256:0,7,23");
    tpmc_key *key = NULL;
    tpmc_bytes *out = NULL;
    int rc;

    assert_int_equal(fixture_key(f, attempt->pem, NULL, &key), 0);
    rc = sign_once(attempt->b, key, policy, &out);
    tpmc_bytes_free(out);
    tpmc_key_free(key);
    tpmc_policy_free(policy);
    return rc;
}

static void broken_connections(void **state)
{
    bench b;
    struct attempt attempt;
    tpmc_bytes *pem;

    (void)state;
    begin_with(&b, 1);
    pem = make_bound(&b, "algorithm=ecc256", NULL, authorize_policy(&b, &b.ec, NULL));
    attempt.b = &b;
    attempt.pem = pem;
    maker_break_each_command(&b.f, sign_on_new_connection, &attempt);
    tpmc_bytes_free(pem);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_is_survived),
        cmocka_unit_test(a_register_of_the_firmware),
        cmocka_unit_test(a_name_is_replaced),
        cmocka_unit_test(steps_after_the_first),
        cmocka_unit_test(the_password_is_in_what_is_approved),
        cmocka_unit_test(values_that_are_known),
        cmocka_unit_test(branches_are_approved),
        cmocka_unit_test(policies_that_are_not_signed),
        cmocka_unit_test(wrong_signing_keys),
        cmocka_unit_test(keys_that_accept_none),
        cmocka_unit_test(keys_without_a_file),
        cmocka_unit_test(parameters),
        cmocka_unit_test(every_allocation),
        cmocka_unit_test(broken_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
