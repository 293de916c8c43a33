/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/option_check.h"
#include "tpm/hierarchy.h"
#include "tpmkey/template_int.h"

/* What the words of the option `parent` mean. */
static const struct {
    int hierarchy;
    tpmc__template which;
} parents[] = {
    [TPMC__PARENT_OWNER] = { TPMC_HIERARCHY_OWNER, TPMC__TEMPLATE_H2 },
    [TPMC__PARENT_ENDORSEMENT] = { TPMC_HIERARCHY_ENDORSEMENT, TPMC__TEMPLATE_H2 },
    [TPMC__PARENT_PLATFORM] = { TPMC_HIERARCHY_PLATFORM, TPMC__TEMPLATE_H2 },
    [TPMC__PARENT_NULL] = { TPMC__PRIMARY_NULL, TPMC__TEMPLATE_H2 },
    [TPMC__PARENT_OWNER_RSA] = { TPMC_HIERARCHY_OWNER, TPMC__TEMPLATE_H1 },
    [TPMC__PARENT_ENDORSEMENT_RSA] = { TPMC_HIERARCHY_ENDORSEMENT, TPMC__TEMPLATE_H1 },
    [TPMC__PARENT_PLATFORM_RSA] = { TPMC_HIERARCHY_PLATFORM, TPMC__TEMPLATE_H1 },
    [TPMC__PARENT_NULL_RSA] = { TPMC__PRIMARY_NULL, TPMC__TEMPLATE_H1 },
};

const char *tpmc__template_word(const tpmc_key_template *key_template, size_t option)
{
    const tpmc__options *options = &key_template->options;

    return options->table->options[option].choices[tpmc__options_number(options, option)];
}

void tpmc__template_place(tpmc_key_template *key_template, tpmc__parent_place *out)
{
    const tpmc__options *options = &key_template->options;
    const char *handle = tpmc__options_text(options, TPMC__KEY_TEMPLATE_PARENT_HANDLE);
    int64_t word = tpmc__options_number(options, TPMC__KEY_TEMPLATE_PARENT);

    memset(out, 0, sizeof(*out));
    out->which = parents[word].which;
    out->handle = tpmc__hierarchy_handle(parents[word].hierarchy);
    if (handle == NULL)
        return;
    out->which = TPMC__TEMPLATE_H2;
    out->handle = tpmc__persistent_handle(handle);
    out->password = &key_template->parent_password;
    out->refused = &key_template->parent_refused;
}

int tpmc__template_check(const tpmc_key_template *key_template, tpmc_error *err)
{
    const tpmc__options *options = &key_template->options;

    if (tpmc__options_is_set(options, TPMC__KEY_TEMPLATE_PARENT) &&
        tpmc__options_is_set(options, TPMC__KEY_TEMPLATE_PARENT_HANDLE))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "two parents were given: the options 'parent' and "
                          "'template_parent_handle'; set one of them");
    return 0;
}

int tpmc__template_enter(tpmc_tpm *tpm, tpmc_key_template *given, tpmc_key_template **out,
                         tpmc_error *err)
{
    int status = 0;

    *out = NULL;
    if (tpm == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'tpm' is NULL");
    status = tpmc__env_enter(tpm->env, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&tpm->ref);
    status = tpmc__key_template_use(tpm->env, given, out, err);
    if (status != 0)
        return status;
    status = tpmc__template_check(*out, err);
    if (status != 0) {
        tpmc_key_template_free(*out);
        *out = NULL;
    }
    return status;
}

int tpmc__template_enter_offline(tpmc_key_template *given, tpmc_error *err)
{
    int status = 0;

    if (given == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'key_template' is NULL");
    status = tpmc__env_enter(given->env, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&given->ref);
    return tpmc__template_check(given, err);
}

int tpmc__template_run(tpmc_tpm *tpm, tpmc__template_step step, void *context, tpmc_error *err)
{
    unsigned tries = 0;
    int status = tpmc__tpm_begin(tpm, err);

    if (status != 0)
        return status;
    do {
        status = step(tpm, context, err);
    } while (tpmc__tpm_try_again(tpm, status, &tries));
    tpmc__tpm_end(tpm);
    if (status == 0)
        tpmc__error_clear(err);
    return status;
}

int tpmc__template_parent(tpmc_tpm *tpm, tpmc_key_template *key_template, tpmc__parent *out,
                          tpmc_error *err)
{
    const char *pin = tpmc__options_text(&key_template->options, TPMC__KEY_TEMPLATE_PARENT_NAME);
    tpmc__parent_place place;
    int status = 0;

    tpmc__template_place(key_template, &place);
    status = tpmc__parent_get(tpm, &place, out, err);
    if (status != 0)
        return status;
    status = tpmc__parent_check_pin(tpm->env, &out->public, pin, err);
    if (status != 0)
        tpmc__parent_drop(tpm, out);
    return status;
}
