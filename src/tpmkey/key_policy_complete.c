/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "tpmkey/key_int.h"

/* What else is usual beside registers: the key's password, before or after them, and as a second
 * branch that the key may be duplicated to its parent here, as tools that transfer keys make it. */
static const struct shape {
    int password_first;
    int password_last;
    int duplication; /* 1: the last branch, 2: the first */
} shapes[] = {
    { 0, 0, 0 }, { 0, 1, 0 }, { 1, 0, 0 }, { 0, 0, 1 }, { 0, 1, 1 },
    { 1, 0, 1 }, { 0, 0, 2 }, { 0, 1, 2 }, { 1, 0, 2 },
};

static int append(tpmc__policy_steps *to, tpmc__policy_kind kind, tpmc_error *err)
{
    return tpmc__policy_append(to, kind) == NULL ? tpmc__fail_nomem(err) : 0;
}

static int make_use(const struct shape *shape, const tpmc__policy_steps *registers,
                    tpmc__policy_steps *out, tpmc_error *err)
{
    int status = 0;

    if (shape->password_first)
        status = append(out, TPMC__POLICY_AUTH_VALUE, err);
    if (status == 0)
        status = tpmc__policy_append_copy(out, registers, err);
    if (status == 0 && shape->password_last)
        status = append(out, TPMC__POLICY_AUTH_VALUE, err);
    return status;
}

static int make_duplication(const tpmc_key *key, tpmc__policy_steps *out, tpmc_error *err)
{
    tpmc__policy_step *step = tpmc__policy_append(out, TPMC__POLICY_DUPLICATION_SELECT);

    if (step == NULL)
        return tpmc__fail_nomem(err);
    (void)tpmc__policy_bytes_set(&step->u.duplication.new_parent_name, key->policy.parent_name,
                                 key->policy.parent_name_len);
    return 0;
}

static int make_branches(const tpmc_key *key, const struct shape *shape,
                         const tpmc__policy_steps *registers, tpmc__policy_steps *out,
                         tpmc_error *err)
{
    tpmc__policy_step *step = tpmc__policy_append(out, TPMC__POLICY_OR);
    size_t duplication = shape->duplication == 1;
    int status = 0;

    if (step == NULL)
        return tpmc__fail_nomem(err);
    step->u.or.branches = tpmc__mem_new(2, sizeof(*step->u.or.branches));
    if (step->u.or.branches == NULL)
        return tpmc__fail_nomem(err);
    step->u.or.count = 2;
    status = make_duplication(key, &step->u.or.branches[duplication].steps, err);
    if (status == 0)
        status = make_use(shape, registers, &step->u.or.branches[1 - duplication].steps, err);
    return status;
}

/* 1 when this shape leads to the key's authPolicy. */
static int try_shape(tpmc_key *key, const struct shape *shape, const tpmc__policy_steps *registers,
                     tpmc__policy_steps *out, tpmc_error *err)
{
    tpmc__policy_bytes digest;
    int status = 0;

    if (shape->duplication != 0 && key->policy.parent_name_len == 0)
        return 0;
    status = shape->duplication != 0 ? make_branches(key, shape, registers, out, err)
                                     : make_use(shape, registers, out, err);
    if (status == 0)
        status = tpmc__policy_digest(key->env, out, key->file->key.name_alg, NULL, &digest, err);
    return status == 0 ? tpmc__key_policy_matches(key, &digest) : status;
}

int tpmc__key_policy_complete(tpmc_key *key, tpmc__policy_steps *steps, tpmc_error *err)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        tpmc__policy_steps made = { 0 };
        int found = try_shape(key, &shapes[i], steps, &made, err);

        if (found == 1) {
            tpmc__policy_free_steps(steps);
            *steps = made;
            return 1;
        }
        tpmc__policy_free_steps(&made);
        if (found < 0)
            return found;
    }
    return 0;
}
