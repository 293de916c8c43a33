/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error_int.h"
#include "policy/policy_json.h"
#include "policy/policy_json_write_members.h"

typedef struct writing {
    tpmc_env *env;
    uint16_t hash;
} writing;

/* The digest between two steps. */
typedef struct chain {
    tpmc__policy_bytes digest;
    int is_known;
} chain;

static tpmc__json *write_steps(const writing *how, const tpmc__policy_steps *steps, chain *at);

static void chain_start(const writing *how, chain *at)
{
    tpmc__policy_digest_start(how->hash, &at->digest);
    at->is_known = 1;
}

/* Only memory is worth failing for: a digest that cannot be told yet is left out. */
static int chain_advance(const writing *how, const tpmc__policy_step *step, chain *at)
{
    int status = 0;

    if (!at->is_known)
        return 0;
    status = tpmc__policy_digest_step(how->env, step, how->hash, &at->digest, NULL);
    at->is_known = status == 0;
    return status == TPMC_ERR_NOMEM ? status : 0;
}

static int write_digest(tpmc__json *to, const chain *at)
{
    return at->is_known ? tpmc__policy_write_bytes(to, "digest", &at->digest) : 0;
}

static tpmc__json *write_branch(const writing *how, const tpmc__policy_branch *branch,
                                const chain *before)
{
    tpmc__json *object = tpmc__json_new_object();
    chain at = *before;

    if (branch->name != NULL)
        (void)tpmc__json_add_text(object, "name", branch->name);
    if (branch->description != NULL)
        (void)tpmc__json_add_text(object, "description", branch->description);
    if (branch->is_unknown) {
        (void)tpmc__policy_write_bytes(object, "digest", &branch->digest);
        return object;
    }
    (void)tpmc__json_add(object, "policy", write_steps(how, &branch->steps, &at));
    (void)write_digest(object, &at);
    return object;
}

static int write_branches(const writing *how, const tpmc__policy_step *step, const chain *before,
                          tpmc__json *to)
{
    tpmc__json *list = tpmc__json_new_array();

    for (size_t i = 0; i < step->u.or.count; i++)
        (void)tpmc__json_append(list, write_branch(how, &step->u.or.branches[i], before));
    return tpmc__json_add(to, "branches", list);
}

static tpmc__json *write_one_approved(const writing *how, const tpmc__policy_approved *approved)
{
    tpmc__json *object = tpmc__json_new_object();
    chain at;

    chain_start(how, &at);
    if (approved->name != NULL)
        (void)tpmc__json_add_text(object, "name", approved->name);
    (void)tpmc__json_add(object, "policy", write_steps(how, &approved->steps, &at));
    (void)write_digest(object, &at);
    return object;
}

static int write_approved(const writing *how, const tpmc__policy_approved *approved, size_t count,
                          tpmc__json *to)
{
    tpmc__json *list = tpmc__json_new_array();

    for (size_t i = 0; i < count; i++)
        (void)tpmc__json_append(list, write_one_approved(how, &approved[i]));
    return tpmc__json_add(to, "approved", list);
}

/* The policies inside of a step. */
static int write_inner(const writing *how, const tpmc__policy_step *step, const chain *before,
                       tpmc__json *to)
{
    switch (step->kind) {
    case TPMC__POLICY_OR:
        return write_branches(how, step, before, to);
    case TPMC__POLICY_AUTHORIZE:
        return write_approved(how, step->u.authorize.approved, step->u.authorize.count, to);
    case TPMC__POLICY_AUTHORIZE_NV:
        return write_approved(how, step->u.authorize_nv.approved, step->u.authorize_nv.count, to);
    default:
        return 0;
    }
}

static tpmc__json *write_step(const writing *how, const tpmc__policy_step *step, chain *at)
{
    tpmc__json *object = tpmc__json_new_object();
    int status = tpmc__json_add_text(object, "type", tpmc__policy_kind_name(step->kind));

    if (status == 0)
        status = tpmc__policy_write_members(how->env, step, how->hash, object);
    if (status == 0)
        status = write_inner(how, step, at, object);
    if (status == 0)
        status = chain_advance(how, step, at);
    if (status == 0)
        status = write_digest(object, at);
    if (status == 0)
        return object;
    tpmc__json_free(object);
    return NULL;
}

/* NULL when there is no memory. */
static tpmc__json *write_steps(const writing *how, const tpmc__policy_steps *steps, chain *at)
{
    tpmc__json *list = tpmc__json_new_array();
    int status = 0;

    for (size_t i = 0; i < steps->count && status == 0; i++)
        status = tpmc__json_append(list, write_step(how, &steps->items[i], at));
    if (status == 0)
        return list;
    tpmc__json_free(list);
    return NULL;
}

int tpmc__policy_json_write(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                            tpmc__json **out, tpmc_error *err)
{
    const writing how = { env, hash };
    tpmc__json *object = NULL;
    tpmc__json *list = NULL;
    chain at;
    int status = 0;

    *out = NULL;
    object = tpmc__json_new_object();
    chain_start(&how, &at);
    status = tpmc__policy_write_hash(object, "hash", hash);
    list = write_steps(&how, steps, &at);
    /* A policy without steps protects nothing, and its digest is none. */
    if (status == 0 && steps->count > 0)
        status = write_digest(object, &at);
    if (status == 0) {
        status = tpmc__json_add(object, "steps", list);
        list = NULL;
    }
    tpmc__json_free(list);
    if (status != 0) {
        tpmc__json_free(object);
        return tpmc__fail_nomem(err);
    }
    *out = object;
    return 0;
}
