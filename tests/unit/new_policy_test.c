/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error_int.h"
#include "tpmcloud/tpmkey_esys.h"
#include "tpmkey/new_policy.h"

/* PolicyAuthValue; registers 16 of SHA-256 that are zero; both. By SHA-256. */
#define AUTH_VALUE "8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e"
#define ZERO_PCR "bff2d58e9813f97cefc14f72ad8133bc7092d652b7c877959254af140c841f36"
#define ZERO_PCR_AUTH "195146253886976ba9784dcbb42c70095c3af977b902eee23254f5ccc5ba3a56"
#define PRIVATE_HEX "0003 010203"
#define PASSWORD "a password"

/* A public key for steps that name one. */
static const char signer_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1QTiACyRfA+LftWrTDpIKVkglYdD\n"
    "17y1R8K/BB9cRUXXrgAmHnrTle9lPsmTPWsULlUhVg6F2hN3uzr+aDfBiA==\n"
    "-----END PUBLIC KEY-----\n";

typedef struct bench {
    tpmc_env *env;
    tpmc_error *err;
    tpmc_key_template *t;
} bench;

static void begin(bench *b)
{
    assert_int_equal(tpmc_error_new(&b->err), 0);
    assert_int_equal(tpmc_env_new(&b->env, b->err), 0);
    assert_int_equal(tpmc_key_template_new(b->env, &b->t, b->err), 0);
}

static void end(bench *b)
{
    tpmc_key_template_free(b->t);
    tpmc_error_free(b->err);
    tpmc_env_free(b->env);
}

/* A fresh template in the place of the former. */
static void renew(bench *b)
{
    tpmc_key_template_free(b->t);
    assert_int_equal(tpmc_key_template_new(b->env, &b->t, b->err), 0);
}

static void set(bench *b, const char *name, const char *value)
{
    expect_success(tpmc_key_template_set(b->t, name, value, b->err), b->err);
}

static void set_password(bench *b)
{
    assert_int_equal(tpmc_key_template_set_password(b->t, PASSWORD, strlen(PASSWORD), b->err), 0);
}

static tpmc_policy *new_policy(bench *b)
{
    tpmc_policy *policy = NULL;

    expect_success(tpmc_policy_new(b->env, &policy, b->err), b->err);
    return policy;
}

/* Hands it over to the template. */
static void give(bench *b, tpmc_policy *policy)
{
    expect_success(tpmc_key_template_set_policy(b->t, policy, b->err), b->err);
    tpmc_policy_free(policy);
}

static tpmc_policy *auth_value(bench *b)
{
    tpmc_policy *policy = new_policy(b);

    expect_success(tpmc_policy_add_auth_value(policy, b->err), b->err);
    return policy;
}

static tpmc_policy *zero_pcr(bench *b)
{
    static const uint8_t zeros[32];
    tpmc_policy *policy = new_policy(b);

    expect_success(tpmc_policy_add_pcr(policy, "sha256:16", zeros, sizeof(zeros), b->err), b->err);
    return policy;
}

static tpmc_policy *pcr_of_now(bench *b)
{
    tpmc_policy *policy = new_policy(b);

    expect_success(tpmc_policy_add_pcr(policy, "16", NULL, 0, b->err), b->err);
    return policy;
}

static tpmc_policy *action(bench *b)
{
    tpmc_policy *policy = new_policy(b);

    expect_success(tpmc_policy_add_action(policy, "a light", b->err), b->err);
    return policy;
}

static tpmc_policy *signed_by(bench *b)
{
    tpmc_policy *policy = new_policy(b);

    expect_success(
        tpmc_policy_add_signed(policy, signer_pem, strlen(signer_pem), NULL, 0, NULL, b->err),
        b->err);
    return policy;
}

static tpmc_policy *authorize(bench *b)
{
    tpmc_policy *policy = new_policy(b);

    expect_success(
        tpmc_policy_add_authorize(policy, signer_pem, strlen(signer_pem), NULL, 0, b->err), b->err);
    return policy;
}

static tpmc_policy *either(bench *b, tpmc_policy *first, tpmc_policy *second)
{
    tpmc_policy *branches[] = { first, second };
    tpmc_policy *policy = new_policy(b);

    expect_success(tpmc_policy_add_or(policy, branches, NULL, 2, b->err), b->err);
    tpmc_policy_free(first);
    tpmc_policy_free(second);
    return policy;
}

static int satisfy(void *user, ESYS_CONTEXT *esys, ESYS_TR session)
{
    (void)user;
    (void)esys;
    (void)session;
    return 0;
}

static int provide(void *user, ESYS_CONTEXT *esys, ESYS_TR salt_key, ESYS_TR *session)
{
    (void)user;
    (void)esys;
    (void)salt_key;
    (void)session;
    return 0;
}

static void expect_refused(bench *b, int code, const char *words)
{
    tpmc__new_policy policy;

    expect_failure(tpmc__new_policy_read_checked(b->t, &policy, b->err), b->err, code, words);
}

/* What the new key's public area and its file get without a TPM. */
static void expect_bound(bench *b, const char *digest, size_t step_count)
{
    tpmc__new_policy policy;
    tpmc__public key = { .name_alg = TPMC__HASH_SHA256 };
    tpmc__keyfile *file = calloc(1, sizeof(*file));

    assert_non_null(file);
    expect_success(tpmc__new_policy_read_checked(b->t, &policy, b->err), b->err);
    expect_success(tpmc__new_policy_check_fixed(&policy, b->err), b->err);
    expect_success(tpmc__new_policy_bind_fixed(&policy, &key, file, b->err), b->err);
    assert_hex(key.auth_policy, key.auth_policy_len, digest);
    assert_int_equal(file->policy.count, step_count);
    tpmc__keyfile_free(file);
    free(file);
    tpmc__new_policy_free(&policy);
}

static void no_policy(void **state)
{
    tpmc__new_policy policy;
    tpmc__public key = { .name_alg = TPMC__HASH_SHA256 };
    bench b;

    (void)state;
    begin(&b);
    set_password(&b);
    assert_false(tpmc__new_policy_is_wanted(b.t));
    expect_success(tpmc__new_policy_read_checked(b.t, &policy, b.err), b.err);
    assert_false(policy.is_bound);
    expect_success(tpmc__new_policy_check_fixed(&policy, b.err), b.err);
    expect_success(tpmc__new_policy_bind_fixed(&policy, &key, NULL, b.err), b.err);
    expect_success(tpmc__new_policy_bind_now(NULL, &policy, &key, NULL, b.err), b.err);
    assert_int_equal(key.auth_policy_len, 0);
    tpmc__new_policy_free(&policy);
    set(&b, "user_with_auth", "1");
    expect_success(tpmc__new_policy_read_checked(b.t, &policy, b.err), b.err);
    tpmc__new_policy_free(&policy);
    set(&b, "user_with_auth", "0");
    expect_refused(&b, TPMC_ERR_ARGUMENT, "'user_with_auth' is 0, and no policy");
    end(&b);
}

static void only_one_policy(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    set(&b, "bind_pcr", "16");
    assert_true(tpmc__new_policy_is_wanted(b.t));
    set(&b, "bind_policy_file", "/nowhere");
    expect_refused(&b, TPMC_ERR_ARGUMENT, "options 'bind_pcr' and 'bind_policy_file'");
    give(&b, auth_value(&b));
    set(&b, "bind_policy_file", NULL);
    expect_refused(&b, TPMC_ERR_ARGUMENT, "the option 'bind_pcr' and a policy object");
    set(&b, "bind_pcr", NULL);
    set(&b, "bind_policy_file", "/nowhere");
    expect_refused(&b, TPMC_ERR_ARGUMENT, "the option 'bind_policy_file' and a policy object");
    set(&b, "bind_policy_file", NULL);
    assert_true(tpmc__new_policy_is_wanted(b.t));
    expect_bound(&b, AUTH_VALUE, 1);
    expect_success(tpmc_key_template_set_policy(b.t, NULL, b.err), b.err);
    assert_false(tpmc__new_policy_is_wanted(b.t));
    set(&b, "policy_file", "/nowhere");
    assert_true(tpmc__new_policy_is_wanted(b.t));
    expect_refused(&b, TPMC_ERR_IO, "/nowhere");
    end(&b);
}

static void policies_that_say_nothing(void **state)
{
    tpmc_policy *policy;
    bench b;

    (void)state;
    begin(&b);
    give(&b, new_policy(&b));
    expect_refused(&b, TPMC_ERR_ARGUMENT, "has no steps");
    policy = new_policy(&b);
    assert_int_equal(tpmc_policy_set_satisfy(policy, satisfy, NULL, NULL, b.err), 0);
    give(&b, policy);
    expect_refused(&b, TPMC_ERR_ARGUMENT, "left to a callback");
    policy = new_policy(&b);
    assert_int_equal(tpmc_policy_set_provide(policy, provide, NULL, NULL, b.err), 0);
    give(&b, policy);
    expect_refused(&b, TPMC_ERR_ARGUMENT, "left to a callback");
    end(&b);
}

/* An action is no part of the digest, which stays where every policy begins. */
static void policies_that_bind_to_nothing(void **state)
{
    tpmc__public key = { .name_alg = TPMC__HASH_SHA256 };
    tpmc__new_policy policy;
    tpmc__keyfile *file = calloc(1, sizeof(*file));
    bench b;

    (void)state;
    assert_non_null(file);
    begin(&b);
    give(&b, action(&b));
    expect_success(tpmc__new_policy_read_checked(b.t, &policy, b.err), b.err);
    expect_failure(tpmc__new_policy_bind_fixed(&policy, &key, file, b.err), b.err,
                   TPMC_ERR_ARGUMENT, "asks for nothing that a TPM checks");
    assert_int_equal(key.auth_policy_len, 0);
    assert_int_equal(file->policy.count, 0);
    tpmc__new_policy_free(&policy);
    free(file);
    end(&b);
}

static void passwords_that_are_never_asked_for(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    set_password(&b);
    give(&b, zero_pcr(&b));
    expect_refused(&b, TPMC_ERR_ARGUMENT, "password would never be asked for");
    give(&b, either(&b, zero_pcr(&b), signed_by(&b)));
    expect_refused(&b, TPMC_ERR_ARGUMENT, "PolicyAuthValue");
    set(&b, "user_with_auth", "0");
    expect_refused(&b, TPMC_ERR_ARGUMENT, "'user_with_auth'");
    end(&b);
}

static void passwords_that_are(void **state)
{
    tpmc__new_policy policy;
    tpmc_policy *given[5];
    size_t i;
    bench b;

    (void)state;
    begin(&b);
    given[0] = auth_value(&b);
    given[1] = new_policy(&b);
    assert_int_equal(tpmc_policy_add_password(given[1], b.err), 0);
    given[2] = either(&b, zero_pcr(&b), either(&b, signed_by(&b), auth_value(&b)));
    given[3] = authorize(&b);
    given[4] = zero_pcr(&b);
    for (i = 0; i < 5; i++) {
        renew(&b);
        set_password(&b);
        if (i == 4)
            set(&b, "user_with_auth", "1");
        give(&b, given[i]);
        expect_success(tpmc__new_policy_read_checked(b.t, &policy, b.err), b.err);
        tpmc__new_policy_free(&policy);
    }
    end(&b);
}

/* Registers and a password: both are asked for. */
static void registers_by_the_option(void **state)
{
    tpmc__public key = { .name_alg = TPMC__HASH_SHA256 };
    tpmc__new_policy policy;
    bench b;

    (void)state;
    begin(&b);
    set(&b, "pcr", "sha1:1+sha256:7,16");
    expect_success(tpmc__new_policy_read_checked(b.t, &policy, b.err), b.err);
    assert_int_equal(policy.steps.count, 1);
    assert_int_equal(policy.steps.items[0].kind, TPMC__POLICY_PCR);
    expect_failure(tpmc__new_policy_check_fixed(&policy, b.err), b.err, TPMC_ERR_ARGUMENT,
                   "'bind_policy_file'");
    tpmc__error_clear(b.err);
    expect_success(tpmc__new_policy_bind_fixed(&policy, &key, NULL, b.err), b.err);
    assert_int_equal(key.auth_policy_len, 0);
    assert_false(policy.is_done);
    tpmc__new_policy_free(&policy);
    set_password(&b);
    expect_success(tpmc__new_policy_read_checked(b.t, &policy, b.err), b.err);
    assert_int_equal(policy.steps.count, 2);
    assert_int_equal(policy.steps.items[1].kind, TPMC__POLICY_AUTH_VALUE);
    tpmc__new_policy_free(&policy);
    end(&b);
}

static void known_digests(void **state)
{
    tpmc_policy *policy;
    bench b;

    (void)state;
    begin(&b);
    give(&b, auth_value(&b));
    expect_bound(&b, AUTH_VALUE, 1);
    give(&b, zero_pcr(&b));
    expect_bound(&b, ZERO_PCR, 1);
    policy = zero_pcr(&b);
    assert_int_equal(tpmc_policy_add_auth_value(policy, b.err), 0);
    give(&b, policy);
    expect_bound(&b, ZERO_PCR_AUTH, 2);
    end(&b);
}

static void write_text(char *path, const char *text)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

static void policies_in_files(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *words;
    } flaws[] = {
        { "{\"description\":\"d\",\"policy\":[{\"type\":\"NOSUCH\"}]}", TPMC_ERR_FORMAT, "NOSUCH" },
        { "no JSON", TPMC_ERR_FORMAT, "" },
    };
    char path[] = "/tmp/new_policy_test.XXXXXX";
    bench b;
    size_t i;

    (void)state;
    begin(&b);
    write_text(path,
               "{\"description\":\"d\",\"policy\":[{\"type\":\"POLICYPCR\",\"pcrs\":[{\"pcr\":"
               "16,\"hashAlg\":\"TPM2_ALG_SHA256\",\"digest\":"
               "\"0000000000000000000000000000000000000000000000000000000000000000\"}]},"
               "{\"type\":\"POLICYAUTHVALUE\"}]}");
    set(&b, "policy_file", path);
    expect_bound(&b, ZERO_PCR_AUTH, 2);
    assert_int_equal(unlink(path), 0);
    for (i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++) {
        char flawed[] = "/tmp/new_policy_test.XXXXXX";

        write_text(flawed, flaws[i].text);
        set(&b, "policy_file", flawed);
        expect_refused(&b, flaws[i].code, flaws[i].words);
        assert_int_equal(unlink(flawed), 0);
    }
    end(&b);
}

/* Key files have no words for some steps; then the key is bound all the same. */
static void steps_without_words(void **state)
{
    tpmc__new_policy policy;
    tpmc__public key = { .name_alg = TPMC__HASH_SHA256 };
    tpmc__keyfile *file = calloc(1, sizeof(*file));
    bench b;

    (void)state;
    assert_non_null(file);
    begin(&b);
    give(&b, signed_by(&b));
    expect_success(tpmc__new_policy_read_checked(b.t, &policy, b.err), b.err);
    expect_success(tpmc__new_policy_bind_fixed(&policy, &key, file, b.err), b.err);
    assert_int_equal(key.auth_policy_len, 32);
    assert_int_equal(file->policy.count, 0);
    assert_true(policy.is_done);
    tpmc__new_policy_free(&policy);
    tpmc__keyfile_free(file);
    free(file);
    end(&b);
}

/* The policy of the template outlives the caller's reference, and freezes. */
static void the_setter(void **state)
{
    tpmc_key_template *t;
    tpmc_policy *policy;
    bench b;

    (void)state;
    begin(&b);
    policy = auth_value(&b);
    expect_failure(tpmc_key_template_set_policy(NULL, policy, b.err), b.err, TPMC_ERR_ARGUMENT,
                   "'key_template' is NULL");
    expect_success(tpmc_policy_add_physical_presence(policy, b.err), b.err);
    expect_success(tpmc_key_template_set_policy(b.t, policy, b.err), b.err);
    expect_success(tpmc_key_template_set_policy(b.t, policy, b.err), b.err);
    expect_failure(tpmc_policy_add_auth_value(policy, b.err), b.err, TPMC_ERR_STATE, "");
    tpmc_policy_free(policy);
    assert_true(tpmc__new_policy_is_wanted(b.t));
    expect_success(tpmc__key_template_use(b.env, b.t, &t, NULL), NULL);
    expect_failure(tpmc_key_template_set_policy(b.t, NULL, b.err), b.err, TPMC_ERR_STATE, "");
    assert_true(tpmc__new_policy_is_wanted(b.t));
    tpmc_key_template_free(t);
    end(&b);
}

/* A pair of TPM2B structures whose key is bound to a policy; 32 bytes, or none. */
static int convert(bench *b, const char *auth_policy, tpmc_bytes **pem)
{
    static blob area;
    static blob part;
    tpmc__public key;
    tpmc__buf bytes;
    int status;

    parse_hex(ecc_public_hex, &key);
    set_hex(&area, auth_policy);
    memcpy(key.auth_policy, area.data, area.len);
    key.auth_policy_len = area.len;
    tpmc__buf_init(&bytes, TPMC__PUBLIC_MAX);
    assert_int_equal(tpmc__public_write(&key, &bytes), 0);
    set_hex(&part, PRIVATE_HEX);
    *pem = NULL;
    status = tpmc_key_convert(b->t, bytes.data, bytes.len, part.data, part.len, pem, b->err);
    tpmc__buf_free(&bytes);
    return status;
}

static void expect_steps(const tpmc_bytes *pem, size_t count)
{
    tpmc__keyfile *file = calloc(1, sizeof(*file));

    assert_non_null(file);
    assert_int_equal(tpmc__keyfile_parse(tpmc_bytes_data(pem), tpmc_bytes_len(pem), file, NULL), 0);
    assert_int_equal(file->policy.count, count);
    tpmc__keyfile_free(file);
    free(file);
}

static void converted_keys_get_their_steps(void **state)
{
    tpmc_bytes *pem;
    bench b;

    (void)state;
    begin(&b);
    expect_success(convert(&b, AUTH_VALUE, &pem), b.err);
    expect_steps(pem, 0);
    tpmc_bytes_free(pem);
    renew(&b);
    give(&b, auth_value(&b));
    expect_success(convert(&b, AUTH_VALUE, &pem), b.err);
    expect_steps(pem, 1);
    tpmc_bytes_free(pem);
    /* Whether the password is asked for is settled already. */
    renew(&b);
    set_password(&b);
    give(&b, zero_pcr(&b));
    expect_success(convert(&b, ZERO_PCR, &pem), b.err);
    expect_steps(pem, 1);
    tpmc_bytes_free(pem);
    end(&b);
}

static void converted_keys_with_other_policies(void **state)
{
    tpmc_bytes *pem;
    bench b;

    (void)state;
    begin(&b);
    give(&b, auth_value(&b));
    expect_failure(convert(&b, ZERO_PCR, &pem), b.err, TPMC_ERR_POLICY,
                   "its digest is " AUTH_VALUE ", and the key's authPolicy is " ZERO_PCR);
    assert_null(pem);
    expect_failure(convert(&b, "", &pem), b.err, TPMC_ERR_POLICY, "the key is bound to none");
    renew(&b);
    give(&b, pcr_of_now(&b));
    expect_failure(convert(&b, ZERO_PCR, &pem), b.err, TPMC_ERR_ARGUMENT, "no TPM is asked");
    renew(&b);
    set(&b, "bind_pcr", "16");
    expect_failure(convert(&b, ZERO_PCR, &pem), b.err, TPMC_ERR_ARGUMENT, "no TPM is asked");
    renew(&b);
    set(&b, "bind_pcr", "16");
    give(&b, auth_value(&b));
    expect_failure(convert(&b, ZERO_PCR, &pem), b.err, TPMC_ERR_ARGUMENT, "two policies");
    end(&b);
}

/* There the steps are all that the caller wants. */
static void converted_keys_without_words(void **state)
{
    tpmc__new_policy policy;
    tpmc__public key = { .name_alg = TPMC__HASH_SHA256 };
    tpmc__keyfile *file = calloc(1, sizeof(*file));
    bench b;

    (void)state;
    assert_non_null(file);
    begin(&b);
    give(&b, signed_by(&b));
    expect_success(tpmc__new_policy_read(b.t, &policy, b.err), b.err);
    expect_success(tpmc__new_policy_bind_fixed(&policy, &key, file, b.err), b.err);
    file->key = key;
    expect_failure(tpmc__new_policy_attach(&policy, file, b.err), b.err, TPMC_ERR_UNSUPPORTED,
                   "PolicySigned");
    tpmc__new_policy_free(&policy);
    tpmc__keyfile_free(file);
    free(file);
    end(&b);
}

static int wrap(bench *b, tpmc_bytes **pem)
{
    static blob area;

    set_hex(&area, h2_public_hex);
    *pem = NULL;
    return tpmc_key_wrap(b->t, area.data, area.len, "secret", 6, pem, b->err);
}

static void wrapped_keys(void **state)
{
    tpmc__keyfile *file = calloc(1, sizeof(*file));
    tpmc_bytes *pem;
    bench b;

    (void)state;
    assert_non_null(file);
    begin(&b);
    set(&b, "algorithm", "hmac-sha256");
    give(&b, zero_pcr(&b));
    expect_success(wrap(&b, &pem), b.err);
    assert_int_equal(tpmc__keyfile_parse(tpmc_bytes_data(pem), tpmc_bytes_len(pem), file, NULL), 0);
    assert_hex(file->key.auth_policy, file->key.auth_policy_len, ZERO_PCR);
    assert_int_equal(file->key.attributes & TPMC__OBJECT_USER_WITH_AUTH, 0);
    assert_int_equal(file->policy.count, 1);
    tpmc__keyfile_free(file);
    free(file);
    tpmc_bytes_free(pem);
    renew(&b);
    set(&b, "algorithm", "hmac-sha256");
    give(&b, pcr_of_now(&b));
    expect_failure(wrap(&b, &pem), b.err, TPMC_ERR_ARGUMENT, "no TPM is asked");
    assert_null(pem);
    renew(&b);
    set(&b, "algorithm", "hmac-sha256");
    set(&b, "pcr", "16");
    expect_failure(wrap(&b, &pem), b.err, TPMC_ERR_ARGUMENT, "no TPM is asked");
    renew(&b);
    set(&b, "algorithm", "hmac-sha256");
    set(&b, "user_with_auth", "0");
    expect_failure(wrap(&b, &pem), b.err, TPMC_ERR_ARGUMENT, "never be used");
    end(&b);
}

static int try_wrap(void *context)
{
    tpmc_bytes *pem = NULL;
    int status = wrap(context, &pem);

    tpmc_bytes_free(pem);
    return status;
}

static void every_allocation(void **state)
{
    tpmc_policy *policy;
    bench b;

    (void)state;
    begin(&b);
    set(&b, "algorithm", "hmac-sha256");
    policy = zero_pcr(&b);
    assert_int_equal(tpmc_policy_add_auth_value(policy, b.err), 0);
    give(&b, policy);
    assert_true(each_allocation(try_wrap, &b, TPMC_ERR_NOMEM) > 10);
    end(&b);
}

static void every_allocation_of_a_comparison(void **state)
{
    tpmc__keyfile *file = calloc(1, sizeof(*file));
    tpmc__new_policy policy;
    bench b;
    int n;
    int status = TPMC_ERR_NOMEM;

    (void)state;
    assert_non_null(file);
    begin(&b);
    give(&b, auth_value(&b));
    expect_success(tpmc__new_policy_read(b.t, &policy, b.err), b.err);
    file->key.name_alg = TPMC__HASH_SHA256;
    file->key.auth_policy_len = 32;
    for (n = 1; status == TPMC_ERR_NOMEM; n++) {
        fail_allocation((size_t)n);
        status = tpmc__new_policy_attach(&policy, file, b.err);
        (void)allocation_failed();
    }
    expect_failure(status, b.err, TPMC_ERR_POLICY, AUTH_VALUE);
    assert_true(n > 2);
    tpmc__new_policy_free(&policy);
    free(file);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_policy),
        cmocka_unit_test(only_one_policy),
        cmocka_unit_test(policies_that_say_nothing),
        cmocka_unit_test(policies_that_bind_to_nothing),
        cmocka_unit_test(passwords_that_are_never_asked_for),
        cmocka_unit_test(passwords_that_are),
        cmocka_unit_test(registers_by_the_option),
        cmocka_unit_test(known_digests),
        cmocka_unit_test(policies_in_files),
        cmocka_unit_test(steps_without_words),
        cmocka_unit_test(the_setter),
        cmocka_unit_test(converted_keys_get_their_steps),
        cmocka_unit_test(converted_keys_with_other_policies),
        cmocka_unit_test(converted_keys_without_words),
        cmocka_unit_test(wrapped_keys),
        cmocka_unit_test(every_allocation),
        cmocka_unit_test(every_allocation_of_a_comparison),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
