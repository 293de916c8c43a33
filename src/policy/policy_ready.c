/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error_int.h"
#include "base/mem.h"
#include "codec/file.h"
#include "policy/policy_object.h"

/* What a ready-made policy is to say. */
typedef struct wanted {
    const char *pcr;
    int with_password;
    tpmc__policy_bytes new_parent;
} wanted;

int tpmc__policy_append_pcr(tpmc__policy_steps *steps, const char *pcr, tpmc_error *err)
{
    tpmc__pcr_selection selection;
    const char *flaw = tpmc__pcr_text_parse(pcr, &selection);
    tpmc__policy_step *step = NULL;

    if (flaw != NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the text '%s' for PCRs %s", pcr, flaw);
    step = tpmc__policy_append(steps, TPMC__POLICY_PCR);
    if (step == NULL)
        return tpmc__fail_nomem(err);
    step->u.pcr.selection = selection;
    step->u.pcr.known = TPMC__PCR_NOW;
    return 0;
}

int tpmc__policy_append_auth_value(tpmc__policy_steps *steps, tpmc_error *err)
{
    return tpmc__policy_append(steps, TPMC__POLICY_AUTH_VALUE) == NULL ? tpmc__fail_nomem(err) : 0;
}

/* The steps by which the key is used. */
static int append_use(const wanted *w, tpmc__policy_steps *steps, tpmc_error *err)
{
    int status = 0;

    if (w->pcr != NULL)
        status = tpmc__policy_append_pcr(steps, w->pcr, err);
    if (status == 0 && w->with_password)
        status = tpmc__policy_append_auth_value(steps, err);
    return status;
}

static int append_duplicate(const wanted *w, tpmc__policy_steps *steps, tpmc_error *err)
{
    tpmc__policy_step *step = tpmc__policy_append(steps, TPMC__POLICY_DUPLICATION_SELECT);

    if (step == NULL)
        return tpmc__fail_nomem(err);
    step->u.duplication.new_parent_name = w->new_parent;
    return 0;
}

static int append_or(const wanted *w, tpmc__policy_steps *steps, tpmc_error *err)
{
    tpmc__policy_step *step = tpmc__policy_append(steps, TPMC__POLICY_OR);
    tpmc__policy_branch *branches = NULL;
    int status = 0;

    if (step == NULL)
        return tpmc__fail_nomem(err);
    branches = tpmc__mem_new(2, sizeof(*branches));
    if (branches == NULL)
        return tpmc__fail_nomem(err);
    step->u.or.branches = branches;
    step->u.or.count = 2;
    branches[0].name = tpmc__mem_copy_text("use");
    branches[1].name = tpmc__mem_copy_text("duplicate");
    if (branches[0].name == NULL || branches[1].name == NULL)
        return tpmc__fail_nomem(err);
    status = append_use(w, &branches[0].steps, err);
    if (status == 0)
        status = append_duplicate(w, &branches[1].steps, err);
    return status;
}

static int build(const wanted *w, tpmc__policy_steps *steps, tpmc_error *err)
{
    int status = w->new_parent.len > 0 ? append_or(w, steps, err) : append_use(w, steps, err);

    if (status == 0)
        status = tpmc__policy_check(steps, "the policy", err);
    if (status == TPMC_ERR_FORMAT)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "%s", tpmc_error_text(err));
    return status;
}

int tpmc_policy_new_ready(tpmc_env *env, const char *pcr, int with_password, const void *new_parent,
                          size_t new_parent_len, tpmc_policy **out, tpmc_error *err)
{
    wanted w = { pcr, with_password != 0, { { 0 }, 0 } };
    tpmc_policy *made = NULL;
    int status = 0;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    if (pcr == NULL && !with_password)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the policy would have neither registers nor a password: name one");
    if ((new_parent == NULL) != (new_parent_len == 0) ||
        tpmc__policy_bytes_set(&w.new_parent, new_parent, new_parent_len) != 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'new_parent_len' is not 22, 34, 50 or 66, or 0 without a "
                          "new parent");
    status = tpmc_policy_new(env, &made, err);
    if (status == 0)
        status = build(&w, &made->document.steps, err);
    if (status != 0) {
        tpmc_policy_free(made);
        return status;
    }
    *out = made;
    return 0;
}

static int read_policy_file(tpmc_env *env, const char *path, tpmc__policy_steps *out,
                            tpmc_error *err)
{
    static const tpmc__policy_steps none;
    tpmc__policy_document document = { 0 };
    tpmc__buf text;
    int status = 0;

    tpmc__buf_init(&text, TPMC__POLICY_JSON_MAX);
    status = tpmc__file_read(path, "policy file", &text, err);
    if (status != 0)
        goto out;
    status = tpmc__policy_json_read(env, text.data, text.len, &document, err);
    if (status != 0) {
        tpmc__error_prefix(err, "the policy file '%s'", path);
        goto out;
    }
    *out = document.steps;
    document.steps = none;
    tpmc__policy_document_free(&document);

out:
    tpmc__buf_free(&text);
    return status;
}

int tpmc__policy_from_options(tpmc_env *env, const char *policy_file, const char *pcr,
                              tpmc__policy_steps *out, tpmc_error *err)
{
    out->items = NULL;
    out->count = 0;
    if (policy_file != NULL)
        return read_policy_file(env, policy_file, out, err);
    return tpmc__policy_append_pcr(out, pcr, err);
}
