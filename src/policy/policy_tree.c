/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_tree.h"

#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"

static const char *const kind_names[TPMC__POLICY_KIND_COUNT] = {
    [TPMC__POLICY_OR] = "PolicyOR",
    [TPMC__POLICY_SIGNED] = "PolicySigned",
    [TPMC__POLICY_SECRET] = "PolicySecret",
    [TPMC__POLICY_PCR] = "PolicyPCR",
    [TPMC__POLICY_LOCALITY] = "PolicyLocality",
    [TPMC__POLICY_NV] = "PolicyNV",
    [TPMC__POLICY_COUNTER_TIMER] = "PolicyCounterTimer",
    [TPMC__POLICY_COMMAND_CODE] = "PolicyCommandCode",
    [TPMC__POLICY_PHYSICAL_PRESENCE] = "PolicyPhysicalPresence",
    [TPMC__POLICY_CP_HASH] = "PolicyCpHash",
    [TPMC__POLICY_NAME_HASH] = "PolicyNameHash",
    [TPMC__POLICY_DUPLICATION_SELECT] = "PolicyDuplicationSelect",
    [TPMC__POLICY_AUTHORIZE] = "PolicyAuthorize",
    [TPMC__POLICY_AUTH_VALUE] = "PolicyAuthValue",
    [TPMC__POLICY_PASSWORD] = "PolicyPassword",
    [TPMC__POLICY_NV_WRITTEN] = "PolicyNvWritten",
    [TPMC__POLICY_TEMPLATE] = "PolicyTemplate",
    [TPMC__POLICY_AUTHORIZE_NV] = "PolicyAuthorizeNV",
    [TPMC__POLICY_ACTION] = "PolicyAction",
};

const char *tpmc__policy_kind_name(tpmc__policy_kind kind)
{
    return (unsigned)kind < TPMC__POLICY_KIND_COUNT ? kind_names[kind] : "an unknown step";
}

int tpmc__policy_bytes_set(tpmc__policy_bytes *out, const void *data, size_t len)
{
    if (len > sizeof(out->data))
        return -1;
    memset(out, 0, sizeof(*out));
    if (len > 0)
        memcpy(out->data, data, len);
    out->len = len;
    return 0;
}

int tpmc__policy_bytes_equal(const tpmc__policy_bytes *a, const tpmc__policy_bytes *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

tpmc__policy_step *tpmc__policy_append(tpmc__policy_steps *steps, tpmc__policy_kind kind)
{
    tpmc__policy_step *items =
        tpmc__mem_resize(steps->items, steps->count + 1, sizeof(*steps->items));
    tpmc__policy_step *step = NULL;

    if (items == NULL)
        return NULL;
    steps->items = items;
    step = &items[steps->count];
    steps->count++;
    memset(step, 0, sizeof(*step));
    step->kind = kind;
    return step;
}

static void free_branches(tpmc__policy_branch *branches, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tpmc__mem_free(branches[i].name);
        tpmc__mem_free(branches[i].description);
        tpmc__policy_free_steps(&branches[i].steps);
    }
    tpmc__mem_free(branches);
}

void tpmc__policy_free_approved(tpmc__policy_approved *approved, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tpmc__mem_free(approved[i].name);
        tpmc__policy_free_steps(&approved[i].steps);
    }
    tpmc__mem_free(approved);
}

static void free_step(tpmc__policy_step *step)
{
    switch (step->kind) {
    case TPMC__POLICY_OR:
        free_branches(step->u.or.branches, step->u.or.count);
        break;
    case TPMC__POLICY_SIGNED:
        tpmc__mem_free(step->u.signed_by.hint);
        break;
    case TPMC__POLICY_PCR:
        tpmc__mem_free(step->u.pcr.values);
        break;
    case TPMC__POLICY_AUTHORIZE:
        tpmc__policy_free_approved(step->u.authorize.approved, step->u.authorize.count);
        break;
    case TPMC__POLICY_AUTHORIZE_NV:
        tpmc__policy_free_approved(step->u.authorize_nv.approved, step->u.authorize_nv.count);
        break;
    case TPMC__POLICY_ACTION:
        tpmc__mem_free(step->u.action);
        break;
    default:
        break;
    }
}

void tpmc__policy_drop_last(tpmc__policy_steps *steps)
{
    steps->count--;
    free_step(&steps->items[steps->count]);
    if (steps->count > 0)
        return;
    tpmc__mem_free(steps->items);
    steps->items = NULL;
}

void tpmc__policy_free_steps(tpmc__policy_steps *steps)
{
    while (steps->count > 0)
        tpmc__policy_drop_last(steps);
}

/* NULL stays NULL. Returns -1 when there is no memory. */
static int copy_text(const char *from, char **out)
{
    *out = from == NULL ? NULL : tpmc__mem_copy_text(from);
    return from != NULL && *out == NULL ? -1 : 0;
}

static int copy_steps(const tpmc__policy_steps *from, tpmc__policy_steps *out);

static int copy_branch(const tpmc__policy_branch *from, tpmc__policy_branch *out)
{
    int status = copy_text(from->name, &out->name);

    if (status == 0)
        status = copy_text(from->description, &out->description);
    out->is_unknown = from->is_unknown;
    out->digest = from->digest;
    return status == 0 ? copy_steps(&from->steps, &out->steps) : status;
}

static int copy_or(const tpmc__policy_step *from, tpmc__policy_step *out)
{
    int status = 0;

    out->u.or.branches = NULL;
    out->u.or.count = 0;
    if (from->u.or.count == 0)
        return 0;
    out->u.or.branches = tpmc__mem_new(from->u.or.count, sizeof(*out->u.or.branches));
    if (out->u.or.branches == NULL)
        return -1;
    out->u.or.count = from->u.or.count;
    for (size_t i = 0; i < from->u.or.count && status == 0; i++)
        status = copy_branch(&from->u.or.branches[i], &out->u.or.branches[i]);
    return status;
}

static int copy_approved(const tpmc__policy_approved *from, size_t count,
                         tpmc__policy_approved **out, size_t *out_count)
{
    int status = 0;

    *out = NULL;
    *out_count = 0;
    if (count == 0)
        return 0;
    *out = tpmc__mem_new(count, sizeof(**out));
    if (*out == NULL)
        return -1;
    *out_count = count;
    for (size_t i = 0; i < count && status == 0; i++) {
        memcpy((*out)[i].signature, from[i].signature, sizeof((*out)[i].signature));
        (*out)[i].signature_len = from[i].signature_len;
        status = copy_text(from[i].name, &(*out)[i].name);
        if (status == 0)
            status = copy_steps(&from[i].steps, &(*out)[i].steps);
    }
    return status;
}

static int copy_values(const tpmc__policy_step *from, tpmc__policy_step *out)
{
    size_t count = from->u.pcr.value_count;

    out->u.pcr.values = NULL;
    out->u.pcr.value_count = 0;
    if (count == 0)
        return 0;
    out->u.pcr.values = tpmc__mem_new(count, sizeof(*out->u.pcr.values));
    if (out->u.pcr.values == NULL)
        return -1;
    memcpy(out->u.pcr.values, from->u.pcr.values, count * sizeof(*out->u.pcr.values));
    out->u.pcr.value_count = count;
    return 0;
}

/* What `out` points to is its own after this, also on failure. */
static int copy_step(const tpmc__policy_step *from, tpmc__policy_step *out)
{
    *out = *from;
    switch (from->kind) {
    case TPMC__POLICY_OR:
        return copy_or(from, out);
    case TPMC__POLICY_SIGNED:
        return copy_text(from->u.signed_by.hint, &out->u.signed_by.hint);
    case TPMC__POLICY_PCR:
        return copy_values(from, out);
    case TPMC__POLICY_AUTHORIZE:
        return copy_approved(from->u.authorize.approved, from->u.authorize.count,
                             &out->u.authorize.approved, &out->u.authorize.count);
    case TPMC__POLICY_AUTHORIZE_NV:
        return copy_approved(from->u.authorize_nv.approved, from->u.authorize_nv.count,
                             &out->u.authorize_nv.approved, &out->u.authorize_nv.count);
    case TPMC__POLICY_ACTION:
        return copy_text(from->u.action, &out->u.action);
    default:
        return 0;
    }
}

/* Appends; on failure some of the steps may be there. */
static int copy_steps(const tpmc__policy_steps *from, tpmc__policy_steps *out)
{
    /* Both may be the same list. */
    size_t count = from->count;

    for (size_t i = 0; i < count; i++) {
        tpmc__policy_step *step = tpmc__policy_append(out, from->items[i].kind);
        int status = step == NULL ? -1 : copy_step(&from->items[i], step);

        if (status != 0)
            return status;
    }
    return 0;
}

int tpmc__policy_copy(const tpmc__policy_steps *from, tpmc__policy_steps *out, tpmc_error *err)
{
    memset(out, 0, sizeof(*out));
    return tpmc__policy_append_copy(out, from, err);
}

int tpmc__policy_append_copy(tpmc__policy_steps *to, const tpmc__policy_steps *from,
                             tpmc_error *err)
{
    size_t count = to->count;

    if (copy_steps(from, to) == 0)
        return 0;
    while (to->count > count)
        tpmc__policy_drop_last(to);
    return tpmc__fail_nomem(err);
}

static int approved_are_fixed(const tpmc__policy_approved *approved, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!tpmc__policy_is_fixed(&approved[i].steps))
            return 0;
    }
    return 1;
}

static int branches_are_fixed(const tpmc__policy_branch *branches, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!branches[i].is_unknown && !tpmc__policy_is_fixed(&branches[i].steps))
            return 0;
    }
    return 1;
}

static int step_is_fixed(const tpmc__policy_step *step)
{
    switch (step->kind) {
    case TPMC__POLICY_PCR:
        return step->u.pcr.known != TPMC__PCR_NOW;
    case TPMC__POLICY_SECRET:
        return step->u.secret.name.len > 0;
    case TPMC__POLICY_NV:
        return step->u.nv.name.len > 0;
    case TPMC__POLICY_OR:
        return branches_are_fixed(step->u.or.branches, step->u.or.count);
    case TPMC__POLICY_AUTHORIZE:
        return approved_are_fixed(step->u.authorize.approved, step->u.authorize.count);
    case TPMC__POLICY_AUTHORIZE_NV:
        return step->u.authorize_nv.name.len > 0 &&
               approved_are_fixed(step->u.authorize_nv.approved, step->u.authorize_nv.count);
    default:
        return 1;
    }
}

int tpmc__policy_is_fixed(const tpmc__policy_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        if (!step_is_fixed(&steps->items[i]))
            return 0;
    }
    return 1;
}
