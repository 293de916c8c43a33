/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/certificate_set.h"

#include "base/error_int.h"
#include "base/mem.h"
#include "base/ref.h"

struct tpmc__certificate_set {
    tpmc__ref ref;
    tpmc__certificate_list list;
    tpmc__certificate_chain chain; /* borrows from the list */
    char *where;                   /* of the leaf */
};

static int check_leaf(const tpmc__certificate_set *set, const tpmc__span *spki, int rules,
                      tpmc_error *err)
{
    const tpmc__certificate *leaf = &set->chain.leaf->facts;
    int any_form = (rules & TPMC__CERTIFICATE_ANY_FORM) != 0;

    if (!tpmc__certificate_has_key(leaf, spki))
        return tpmc__fail(err, TPMC_ERR_MISMATCH,
                          "%s: the certificate is about another key than the one that shall sign",
                          set->where);
    if (leaf->version != 3 && !any_form)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "%s: the certificate is of X.509 version %d, and version 3 is needed; "
                          "have it issued with extensions",
                          set->where, leaf->version);
    if (leaf->is_ca && (rules & TPMC__CERTIFICATE_MAY_BE_CA) == 0)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "%s: the certificate is one of a certificate authority "
                          "(basicConstraints), not of an end entity",
                          set->where);
    if (!leaf->may_sign && !any_form)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "%s: the certificate's keyUsage does not allow signatures "
                          "(digitalSignature)",
                          set->where);
    return 0;
}

static int build(tpmc_env *env, const tpmc__certificate_text *leaf,
                 const tpmc__certificate_text *chain, const tpmc__span *spki, int rules,
                 tpmc__certificate_set *set, tpmc_error *err)
{
    tpmc__certificate_list *list = &set->list;
    size_t leaves = 0;
    int status = tpmc__certificate_list_add(list, &leaf->bytes, set->where, err);

    if (status != 0)
        return status;
    leaves = list->count;
    set->chain.leaf = &list->entries[tpmc__certificate_find_leaf(list, leaves, spki)];
    status = check_leaf(set, spki, rules, err);
    if (status == 0 && chain != NULL)
        status = tpmc__certificate_list_add(list, &chain->bytes, chain->where, err);
    if (status == 0)
        status = tpmc__certificate_chain_make(
            env, list, leaves, spki, (rules & TPMC__CERTIFICATE_ANY_FORM) != 0, &set->chain, err);
    return status;
}

int tpmc__certificate_set_new(tpmc_env *env, const tpmc__certificate_text *leaf,
                              const tpmc__certificate_text *chain, const tpmc__span *spki,
                              int rules, tpmc__certificate_set **out, tpmc_error *err)
{
    tpmc__certificate_set *set = NULL;
    int status = 0;

    *out = NULL;
    set = tpmc__mem_new(1, sizeof(*set));
    if (set == NULL)
        return tpmc__fail_nomem(err);
    tpmc__ref_init(&set->ref);
    set->where = tpmc__mem_copy_text(leaf->where);
    if (set->where == NULL)
        status = tpmc__fail_nomem(err);
    else
        status = build(env, leaf, chain, spki, rules, set, err);
    if (status == 0)
        *out = set;
    else
        tpmc__certificate_set_unref(set);
    return status;
}

tpmc__certificate_set *tpmc__certificate_set_ref(tpmc__certificate_set *set)
{
    tpmc__ref_take(&set->ref);
    return set;
}

void tpmc__certificate_set_unref(tpmc__certificate_set *set)
{
    if (set == NULL || !tpmc__ref_drop(&set->ref))
        return;
    tpmc__certificate_list_free(&set->list);
    tpmc__mem_free(set->where);
    tpmc__mem_free(set);
}

const tpmc__certificate *tpmc__certificate_set_leaf(const tpmc__certificate_set *set)
{
    return &set->chain.leaf->facts;
}

size_t tpmc__certificate_set_count(const tpmc__certificate_set *set)
{
    return set->chain.count;
}

const tpmc__certificate *tpmc__certificate_set_at(const tpmc__certificate_set *set, size_t index)
{
    return index < set->chain.count ? &set->chain.path[index]->facts : NULL;
}

int tpmc__certificate_set_check_time(const tpmc__certificate_set *set, int64_t now_ms,
                                     tpmc_error *err)
{
    const tpmc__certificate *leaf = tpmc__certificate_set_leaf(set);
    int order = tpmc__certificate_compare_time(leaf, now_ms);
    char limit[TPMC__TIME_TEXT_SIZE];
    char now[TPMC__TIME_TEXT_SIZE];

    if (order == 0)
        return 0;
    tpmc__certificate_time_text(order < 0 ? leaf->not_before_ms : leaf->not_after_ms, limit,
                                sizeof(limit));
    tpmc__certificate_time_text(now_ms, now, sizeof(now));
    if (order < 0)
        return tpmc__fail(err, TPMC_ERR_CLOCK,
                          "%s: the certificate is not valid before %s, and the clock says %s; is "
                          "the clock right?",
                          set->where, limit, now);
    return tpmc__fail(err, TPMC_ERR_CLOCK,
                      "%s: the certificate has expired at %s, and the clock says %s; renew it",
                      set->where, limit, now);
}
