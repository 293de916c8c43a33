/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/certificate_set.h"

#include "unit/certificate_maker.h"
#include "unit/codec_env.h"
#include "unit/expect.h"

#define ROOM 16384

static tpmc_env *env;
static made_wish wish;
static EVP_PKEY *ca_key;

static int setup(void **state)
{
    int status = setup_env(state);

    env = *state;
    wish.key = EVP_EC_gen("P-256");
    ca_key = EVP_EC_gen("P-256");
    wish.subject = "device";
    wish.issuer = "authority";
    wish.issuer_key = ca_key;
    return status;
}

static int teardown(void **state)
{
    EVP_PKEY_free(wish.key);
    EVP_PKEY_free(ca_key);
    return teardown_env(state);
}

/* For the key of `wish`. */
static int make(const made_wish *w, int rules, tpmc__certificate_set **out, tpmc_error *err)
{
    tpmc__span spki = made_spki(wish.key);
    tpmc__certificate_text leaf;
    tpmc__buf text;
    int status = 0;

    tpmc__buf_init(&text, ROOM);
    made_pem(w, &text);
    leaf = (tpmc__certificate_text){ { text.data, text.len }, "the file \"a\"" };
    status = tpmc__certificate_set_new(env, &leaf, NULL, &spki, rules, out, err);
    tpmc__buf_free(&text);
    made_spki_free(&spki);
    return status;
}

static void check_refusal(const made_wish *w, int code, const char *words, tpmc_error *err)
{
    tpmc__certificate_set *set = NULL;

    expect_failure(make(w, 0, &set, err), err, code, words);
    expect_failure(make(w, 0, &set, err), err, code, "the file \"a\": ");
    assert_null(set);
}

static void unfit_leaves_are_refused(void **state)
{
    made_wish w = wish;

    w.key = ca_key;
    w.is_v1 = 1;
    check_refusal(&w, TPMC_ERR_MISMATCH, "is about another key than the one that shall sign",
                  *state);
    w = wish;
    w.is_v1 = 1;
    check_refusal(&w, TPMC_ERR_UNSUPPORTED, "is of X.509 version 1, and version 3 is needed",
                  *state);
    w = wish;
    w.is_ca = 1;
    check_refusal(&w, TPMC_ERR_UNSUPPORTED, "is one of a certificate authority", *state);
    w = wish;
    w.key_usage = "keyEncipherment";
    check_refusal(&w, TPMC_ERR_UNSUPPORTED, "keyUsage does not allow signatures", *state);
    w = wish;
    w.hash = EVP_sha1();
    check_refusal(&w, TPMC_ERR_UNSUPPORTED, "is signed with SHA-1", *state);
}

static void a_rule_takes_every_form_but_another_key(void **state)
{
    made_wish w = wish;

    w.key_usage = "keyEncipherment";
    w.hash = EVP_sha1();
    for (w.is_v1 = 0; w.is_v1 < 2; w.is_v1++) {
        tpmc__certificate_set *set = NULL;

        expect_success(make(&w, TPMC__CERTIFICATE_ANY_FORM, &set, *state), *state);
        tpmc__certificate_set_unref(set);
    }
    w.is_v1 = 0;
    w.key = ca_key;
    {
        tpmc__certificate_set *set = NULL;

        expect_failure(make(&w, TPMC__CERTIFICATE_ANY_FORM, &set, *state), *state,
                       TPMC_ERR_MISMATCH, "is about another key");
    }
}

static void a_rule_takes_a_self_signed_ca(void **state)
{
    tpmc__certificate_set *set = NULL;
    made_wish w = wish;

    w.issuer = NULL;
    w.issuer_key = NULL;
    w.is_ca = 1;
    w.key_usage = "";
    expect_success(make(&w, TPMC__CERTIFICATE_MAY_BE_CA, &set, *state), *state);
    assert_int_equal(tpmc__certificate_set_leaf(set)->is_ca, 1);
    assert_int_equal(tpmc__certificate_set_count(set), 0);
    assert_ptr_equal(tpmc__certificate_set_ref(set), set);
    tpmc__certificate_set_unref(set);
    assert_int_equal(tpmc__certificate_set_check_time(set, MADE_NOW_MS, *state), 0);
    expect_failure(tpmc__certificate_set_check_time(set, 0, *state), *state, TPMC_ERR_CLOCK,
                   "the file \"a\": the certificate is not valid before 2027-01-14T08:00:00Z, and "
                   "the clock says 1970-01-01T00:00:00Z");
    tpmc__certificate_set_unref(set);
    tpmc__certificate_set_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(unfit_leaves_are_refused),
        WITH_ERROR(a_rule_takes_every_form_but_another_key),
        WITH_ERROR(a_rule_takes_a_self_signed_ca),
    };

    return cmocka_run_group_tests_name("proto/certificate_set", tests, setup, teardown);
}
