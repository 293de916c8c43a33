/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/certificate_chain.h"

#include "unit/certificate_maker.h"
#include "unit/codec_env.h"
#include "unit/expect.h"

#define LEVELS 8 /* the leaf, and what is above it; the last is the root */

static EVP_PKEY *keys[LEVELS];
static EVP_PKEY *other_key;
static const char *const names[LEVELS] = { "leaf", "one",  "two", "three",
                                           "four", "five", "six", "root" };

static int setup(void **state)
{
    for (size_t i = 0; i < LEVELS; i++)
        keys[i] = i % 2 == 0 ? EVP_EC_gen(i == 0 ? "P-384" : "P-256") : EVP_RSA_gen(2048);
    other_key = EVP_EC_gen("P-256");
    return setup_env(state);
}

static int teardown(void **state)
{
    for (size_t i = 0; i < LEVELS; i++)
        EVP_PKEY_free(keys[i]);
    EVP_PKEY_free(other_key);
    return teardown_env(state);
}

/* The certificate of one level by another; the root's by itself. */
static made_wish level(size_t subject, size_t issuer)
{
    made_wish w = { 0 };

    w.key = keys[subject];
    w.subject = names[subject];
    w.issuer = names[issuer];
    w.issuer_key = keys[issuer];
    w.is_ca = subject > 0;
    return w;
}

static void add(tpmc__certificate_list *list, const made_wish *w)
{
    tpmc__buf der;
    tpmc__span source = { NULL, 0 };

    tpmc__buf_init(&der, 8192);
    made_der(w, &der);
    source = (tpmc__span){ der.data, der.len };
    assert_int_equal(tpmc__certificate_list_add(list, &source, "the file \"c\"", NULL), 0);
    tpmc__buf_free(&der);
}

static void add_level(tpmc__certificate_list *list, size_t subject, size_t issuer)
{
    made_wish w = level(subject, issuer);

    add(list, &w);
}

/* `path` are the indices that are expected, up to a 0. Frees the list. */
static void check_chain(tpmc_env *env, tpmc__certificate_list *list, size_t leaves, size_t leaf,
                        const size_t *path)
{
    tpmc_error *err = NULL;
    tpmc__span spki = made_spki(keys[0]);
    tpmc__certificate_chain chain;
    size_t count = 0;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_success(tpmc__certificate_chain_make(env, list, leaves, &spki, 0, &chain, err), err);
    assert_ptr_equal(chain.leaf, &list->entries[leaf]);
    while (path[count] != 0) {
        assert_ptr_equal(chain.path[count], &list->entries[path[count] - 1]);
        count++;
    }
    assert_int_equal(chain.count, count);
    tpmc__certificate_list_free(list);
    made_spki_free(&spki);
    tpmc_error_free(err);
}

static void check_refusal(tpmc_env *env, tpmc__certificate_list *list, int code, const char *words)
{
    tpmc_error *err = NULL;
    tpmc__span spki = made_spki(keys[0]);
    tpmc__certificate_chain chain;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_failure(tpmc__certificate_chain_make(env, list, 1, &spki, 0, &chain, err), err, code,
                   words);
    expect_failure(tpmc__certificate_chain_make(env, list, 1, &spki, 0, &chain, err), err, code,
                   "the file \"c\": ");
    tpmc__certificate_list_free(list);
    made_spki_free(&spki);
    tpmc_error_free(err);
}

/* Numbers below are places in the list, counted from 1. */

static void order_is_made(void **state)
{
    tpmc__certificate_list list = { 0 };

    add_level(&list, 0, 1);
    check_chain(*state, &list, 1, 0, (const size_t[]){ 0 });
    add_level(&list, 0, 1);
    add_level(&list, 3, 7);
    add_level(&list, 7, 7);
    add_level(&list, 1, 2);
    add_level(&list, 2, 3);
    check_chain(*state, &list, 1, 0, (const size_t[]){ 4, 5, 2, 0 });
    /* The leaf last, twice, and its issuer twice. */
    add_level(&list, 2, 7);
    add_level(&list, 1, 2);
    list.entries[2] = list.entries[1];
    tpmc__buf_init(&list.entries[2].der, 0);
    list.count = 3;
    add_level(&list, 0, 1);
    add_level(&list, 0, 1);
    check_chain(*state, &list, 5, 3, (const size_t[]){ 2, 1, 0 });
}

static void a_self_signed_leaf_has_no_chain(void **state)
{
    tpmc__certificate_list list = { 0 };

    add_level(&list, 0, 0);
    add_level(&list, 7, 7);
    check_chain(*state, &list, 1, 0, (const size_t[]){ 0 });
}

static void five_are_enough(void **state)
{
    tpmc__certificate_list list = { 0 };

    for (size_t i = 0; i < 5; i++)
        add_level(&list, i, i + 1);
    add_level(&list, 5, 7);
    add_level(&list, 7, 7);
    check_chain(*state, &list, 1, 0, (const size_t[]){ 2, 3, 4, 5, 6, 0 });
    for (size_t i = 0; i < 7; i++)
        add_level(&list, i, i + 1);
    check_refusal(*state, &list, TPMC_ERR_FORMAT, "more than 5 intermediate certificates");
}

static void what_does_not_link_is_refused(void **state)
{
    tpmc__certificate_list list = { 0 };
    made_wish impostor = level(1, 2);

    add_level(&list, 0, 1);
    add_level(&list, 1, 2);
    add_level(&list, 3, 4);
    check_refusal(*state, &list, TPMC_ERR_FORMAT,
                  "the certificate of \"CN=three\" does not belong to the chain");
    /* The right name and another key. */
    impostor.key = other_key;
    add_level(&list, 0, 1);
    add(&list, &impostor);
    check_refusal(*state, &list, TPMC_ERR_FORMAT, "\"CN=one\" does not belong to the chain");
    /* Beside the right one. */
    add_level(&list, 0, 1);
    add(&list, &impostor);
    add_level(&list, 1, 2);
    check_refusal(*state, &list, TPMC_ERR_FORMAT, "\"CN=one\" does not belong to the chain");
}

static void cross_certificates_give_one_way(void **state)
{
    tpmc__certificate_list list = { 0 };

    add_level(&list, 0, 1);
    add_level(&list, 1, 2);
    add_level(&list, 1, 3);
    add_level(&list, 3, 7);
    add_level(&list, 2, 7);
    check_chain(*state, &list, 1, 0, (const size_t[]){ 2, 5, 0 });
    /* Two that certify each other end. */
    add_level(&list, 0, 1);
    add_level(&list, 1, 2);
    add_level(&list, 2, 1);
    check_chain(*state, &list, 1, 0, (const size_t[]){ 2, 3, 0 });
}

static void broken_hashes_are_refused(void **state)
{
    tpmc__certificate_list list = { 0 };
    made_wish weak = level(0, 1);

    weak.hash = EVP_sha1();
    add(&list, &weak);
    check_refusal(*state, &list, TPMC_ERR_UNSUPPORTED,
                  "the certificate of \"CN=leaf\" is signed with SHA-1");
    weak = level(1, 7);
    weak.hash = EVP_md5();
    add_level(&list, 0, 1);
    add(&list, &weak);
    /* MD5 with an EC key has no name; the root's key is RSA. */
    check_refusal(*state, &list, TPMC_ERR_UNSUPPORTED,
                  "the certificate of \"CN=one\" is signed with MD5");
    /* A root's own signature proves nothing anyway. */
    weak = level(7, 7);
    weak.hash = EVP_sha1();
    add_level(&list, 0, 1);
    add_level(&list, 1, 7);
    add(&list, &weak);
    check_chain(*state, &list, 1, 0, (const size_t[]){ 2, 0 });
}

static void keys_are_compared(void **state)
{
    tpmc__certificate_list list = { 0 };
    tpmc__span same = made_spki(keys[0]);
    tpmc__span other = made_spki(keys[2]);
    const tpmc__span garbage = { "x", 1 };

    (void)state;
    add_level(&list, 0, 1);
    assert_int_equal(tpmc__certificate_has_key(&list.entries[0].facts, &same), 1);
    assert_int_equal(tpmc__certificate_has_key(&list.entries[0].facts, &other), 0);
    assert_int_equal(tpmc__certificate_has_key(&list.entries[0].facts, &garbage), 0);
    assert_int_equal(tpmc__certificate_find_leaf(&list, 1, &other), 0);
    tpmc__certificate_list_free(&list);
    made_spki_free(&same);
    made_spki_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_made),
        cmocka_unit_test(a_self_signed_leaf_has_no_chain),
        cmocka_unit_test(five_are_enough),
        cmocka_unit_test(what_does_not_link_is_refused),
        cmocka_unit_test(cross_certificates_give_one_way),
        cmocka_unit_test(broken_hashes_are_refused),
        cmocka_unit_test(keys_are_compared),
    };

    return cmocka_run_group_tests_name("codec/certificate_chain", tests, setup, teardown);
}
