/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "policy/policy_add.h"
#include "policy/policy_signer.h"

/* Steps that hold a key, or other policies. */

#define MAX_KEY 4096

static int take_key(tpmc_policy *policy, tpmc__span key, tpmc__span policy_ref,
                    tpmc__policy_signer *out, tpmc_error *err)
{
    tpmc__policy_bytes reference = { { 0 }, 0 };
    int status = 0;

    if (key.data == NULL || key.len == 0 || key.len > MAX_KEY)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'public_key' is not a public key of 1 to %d bytes",
                          MAX_KEY);
    status = tpmc__policy_take_bytes(&reference, policy_ref.data, policy_ref.len, 0,
                                     TPMC__POLICY_MAX_REFERENCE, "policy_ref", err);
    if (status == 0)
        status = tpmc__signer_read(policy->env, key.data, key.len, &tpmc__signer_default,
                                   "the parameter 'public_key'", out, err);
    if (status == 0)
        out->policy_ref = reference;
    return status;
}

int tpmc_policy_add_signed(tpmc_policy *policy, const void *public_key, size_t len,
                           const void *policy_ref, size_t policy_ref_len, const char *hint,
                           tpmc_error *err)
{
    const tpmc__span key = { public_key, len };
    const tpmc__span reference = { policy_ref, policy_ref_len };
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status == 0)
        status = tpmc__policy_begin_add(policy, TPMC__POLICY_SIGNED, &step, err);
    if (status != 0)
        return status;
    status = take_key(policy, key, reference, &step->u.signed_by.key, err);
    if (status == 0)
        status = tpmc__policy_take_text(&step->u.signed_by.hint, hint, "hint", err);
    return tpmc__policy_end_add(policy, status, err);
}

int tpmc_policy_add_authorize(tpmc_policy *policy, const void *public_key, size_t len,
                              const void *policy_ref, size_t policy_ref_len, tpmc_error *err)
{
    const tpmc__span key = { public_key, len };
    const tpmc__span reference = { policy_ref, policy_ref_len };
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status == 0)
        status = tpmc__policy_begin_add(policy, TPMC__POLICY_AUTHORIZE, &step, err);
    if (status != 0)
        return status;
    status = take_key(policy, key, reference, &step->u.authorize.key, err);
    return tpmc__policy_end_add(policy, status, err);
}

/* The step that accepts signed policies. */
static int find_authorize(tpmc_policy *policy, tpmc__policy_step **out, tpmc_error *err)
{
    const tpmc__policy_steps *steps = &policy->document.steps;

    if (steps->count == 0 || steps->items[0].kind != TPMC__POLICY_AUTHORIZE)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the policy does not begin with a PolicyAuthorize step, which alone "
                          "accepts signed policies");
    *out = &steps->items[0];
    if ((*out)->u.authorize.count == TPMC__POLICY_MAX_APPROVED)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "a PolicyAuthorize step takes %d signed policies",
                          TPMC__POLICY_MAX_APPROVED);
    return 0;
}

/* The signature that a JSON policy brings for a key and reference. */
static int find_signature(const tpmc_policy *approved, const tpmc__policy_signer *key,
                          tpmc__span *out, tpmc_error *err)
{
    for (size_t i = 0; i < approved->document.authorization_count; i++) {
        const tpmc__policy_authorization *one = &approved->document.authorizations[i];

        if (!tpmc__policy_bytes_equal(&one->key.name, &key->name) ||
            !tpmc__policy_bytes_equal(&one->key.policy_ref, &key->policy_ref))
            continue;
        out->data = one->signature;
        out->len = one->signature_len;
        return 0;
    }
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "the parameter 'signature' is NULL, and the approved policy brings no "
                      "signature of the step's key for its policyRef");
}

static int check_signature(tpmc_policy *policy, const tpmc__policy_signer *key,
                           const tpmc__span *signature, tpmc_error *err)
{
    tpmc__policy_bytes any;
    int status = 0;

    if (signature->data == NULL || signature->len == 0 ||
        signature->len > TPMC__POLICY_SIGNATURE_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'signature' is not a TPMT_SIGNATURE of 1 to %d bytes",
                          TPMC__POLICY_SIGNATURE_MAX);
    if (!key->has_public)
        return 0;
    /* What it signs is known only once the policy is used, by the hash of the key that it is used
     * with: here its form alone can be wrong. */
    tpmc__policy_digest_start(TPMC__HASH_SHA256, &any);
    status = tpmc__signer_verify(policy->env, key, &any, signature->data, signature->len, err);
    if (status == TPMC_ERR_FORMAT || status == TPMC_ERR_NOMEM)
        return status;
    tpmc__error_clear(err);
    return 0;
}

/* Fills in one that is zeroed. */
static int copy_approved(tpmc__policy_approved *to, const tpmc_policy *approved, const char *name,
                         const tpmc__span *signature, tpmc_error *err)
{
    int status = tpmc__policy_take_text(&to->name, name, "name", err);

    if (status != 0)
        return status;
    if (signature != NULL) {
        memcpy(to->signature, signature->data, signature->len);
        to->signature_len = signature->len;
    }
    return tpmc__policy_copy(&approved->document.steps, &to->steps, err);
}

static void drop_last_approved(tpmc__policy_step *step)
{
    tpmc__policy_approved *last = NULL;

    step->u.authorize.count--;
    last = &step->u.authorize.approved[step->u.authorize.count];
    tpmc__mem_free(last->name);
    tpmc__policy_free_steps(&last->steps);
}

static int append_approved(tpmc_policy *policy, tpmc__policy_step *step,
                           const tpmc_policy *approved, const char *name,
                           const tpmc__span *signature, tpmc_error *err)
{
    tpmc__policy_approved *items =
        tpmc__mem_resize(step->u.authorize.approved, step->u.authorize.count + 1, sizeof(*items));
    tpmc__policy_approved *last = NULL;
    int status = 0;

    if (items == NULL)
        return tpmc__fail_nomem(err);
    step->u.authorize.approved = items;
    last = &items[step->u.authorize.count];
    step->u.authorize.count++;
    memset(last, 0, sizeof(*last));
    status = copy_approved(last, approved, name, signature, err);
    if (status == 0)
        status = tpmc__policy_check_argument(policy, err);
    if (status != 0)
        drop_last_approved(step);
    return status;
}

int tpmc_policy_add_approved(tpmc_policy *policy, tpmc_policy *approved, const char *name,
                             const void *signature, size_t len, tpmc_error *err)
{
    tpmc__span given = { signature, len };
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status == 0)
        status = find_authorize(policy, &step, err);
    if (status == 0)
        status = tpmc__policy_check_given(policy, approved, "approved", err);
    if (status == 0 && signature == NULL && len == 0)
        status = find_signature(approved, &step->u.authorize.key, &given, err);
    if (status == 0)
        status = check_signature(policy, &step->u.authorize.key, &given, err);
    if (status == 0)
        status = append_approved(policy, step, approved, name, &given, err);
    if (status == 0)
        tpmc__ref_freeze(&approved->ref);
    return status;
}

static int check_list(const tpmc_policy *policy, tpmc_policy *const *given, size_t count,
                      const char *what, tpmc_error *err)
{
    int status = 0;

    if (given == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter '%s' is NULL", what);
    for (size_t i = 0; i < count && status == 0; i++)
        status = tpmc__policy_check_given(policy, given[i], what, err);
    return status;
}

static void freeze_list(tpmc_policy *const *given, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tpmc__ref_freeze(&given[i]->ref);
}

static int fill_authorize_nv(tpmc__policy_step *step, tpmc_policy *const *approved, size_t count,
                             tpmc_error *err)
{
    int status = 0;

    step->u.authorize_nv.approved = tpmc__mem_new(count, sizeof(*step->u.authorize_nv.approved));
    if (step->u.authorize_nv.approved == NULL)
        return tpmc__fail_nomem(err);
    step->u.authorize_nv.count = count;
    for (size_t i = 0; i < count && status == 0; i++)
        status = copy_approved(&step->u.authorize_nv.approved[i], approved[i], NULL, NULL, err);
    return status;
}

int tpmc_policy_add_authorize_nv(tpmc_policy *policy, uint32_t index, const void *name,
                                 size_t name_len, tpmc_policy *const *approved, size_t count,
                                 tpmc_error *err)
{
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status != 0)
        return status;
    if (count < 1 || count > TPMC__POLICY_MAX_BRANCHES)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'count' is not 1 to %d",
                          TPMC__POLICY_MAX_BRANCHES);
    status = check_list(policy, approved, count, "approved", err);
    if (status == 0)
        status = tpmc__policy_begin_add(policy, TPMC__POLICY_AUTHORIZE_NV, &step, err);
    if (status != 0)
        return status;
    step->u.authorize_nv.index = index;
    status = tpmc__policy_take_name(&step->u.authorize_nv.name, name, name_len, "name", err);
    if (status == 0)
        status = fill_authorize_nv(step, approved, count, err);
    status = tpmc__policy_end_add(policy, status, err);
    if (status == 0)
        freeze_list(approved, count);
    return status;
}

static int fill_or(tpmc__policy_step *step, tpmc_policy *const *branches, const char *const *names,
                   size_t count, tpmc_error *err)
{
    tpmc__policy_branch *branch = tpmc__mem_new(count, sizeof(*branch));
    int status = 0;

    if (branch == NULL)
        return tpmc__fail_nomem(err);
    step->u.or.branches = branch;
    step->u.or.count = count;
    for (size_t i = 0; i < count && status == 0; i++) {
        status =
            tpmc__policy_take_text(&branch[i].name, names == NULL ? NULL : names[i], "names", err);
        if (status == 0)
            status = tpmc__policy_copy(&branches[i]->document.steps, &branch[i].steps, err);
    }
    return status;
}

int tpmc_policy_add_or(tpmc_policy *policy, tpmc_policy *const *branches, const char *const *names,
                       size_t count, tpmc_error *err)
{
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status != 0)
        return status;
    if (count < 2 || count > TPMC__POLICY_MAX_BRANCHES)
        return tpmc__fail(
            err, TPMC_ERR_ARGUMENT,
            "a PolicyOR step takes 2 to %d branches, and the parameter 'count' is %zu",
            TPMC__POLICY_MAX_BRANCHES, count);
    status = check_list(policy, branches, count, "branches", err);
    if (status == 0)
        status = tpmc__policy_begin_add(policy, TPMC__POLICY_OR, &step, err);
    if (status != 0)
        return status;
    status = fill_or(step, branches, names, count, err);
    status = tpmc__policy_end_add(policy, status, err);
    if (status == 0)
        freeze_list(branches, count);
    return status;
}
