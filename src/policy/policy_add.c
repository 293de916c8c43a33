/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_add.h"

#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "base/utf8.h"

int tpmc__policy_enter_add(tpmc_policy *policy, tpmc_error *err)
{
    int status = tpmc__policy_enter_setter(policy, err);

    if (status == 0 && tpmc__policy_is_callback(policy))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the policy is left to a callback and takes no steps: unset that first");
    return status;
}

int tpmc__policy_begin_add(tpmc_policy *policy, tpmc__policy_kind kind, tpmc__policy_step **out,
                           tpmc_error *err)
{
    *out = tpmc__policy_append(&policy->document.steps, kind);
    return *out == NULL ? tpmc__fail_nomem(err) : 0;
}

int tpmc__policy_check_argument(const tpmc_policy *policy, tpmc_error *err)
{
    int status = tpmc__policy_check(&policy->document.steps, "the policy", err);

    if (status == TPMC_ERR_FORMAT)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "%s", tpmc_error_text(err));
    return status;
}

int tpmc__policy_end_add(tpmc_policy *policy, int status, tpmc_error *err)
{
    if (status == 0)
        status = tpmc__policy_check_argument(policy, err);
    if (status != 0)
        tpmc__policy_drop_last(&policy->document.steps);
    return status;
}

int tpmc__policy_take_bytes(tpmc__policy_bytes *out, const void *data, size_t len, size_t min,
                            size_t max, const char *what, tpmc_error *err)
{
    if (data == NULL && len > 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter '%s' is NULL", what);
    if (len < min || len > max || tpmc__policy_bytes_set(out, data, len) != 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter '%s' does not have %zu to %zu bytes", what, min, max);
    return 0;
}

int tpmc__policy_take_name(tpmc__policy_bytes *out, const void *name, size_t len, const char *what,
                           tpmc_error *err)
{
    if ((name == NULL) != (len == 0))
        return tpmc__fail(
            err, TPMC_ERR_ARGUMENT,
            "the parameter '%s' has a length without bytes, or bytes without a length", what);
    if (tpmc__policy_bytes_set(out, name, len) != 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter '%s' is no Name: those have 22, 34, 50 or 66 bytes", what);
    return 0;
}

int tpmc__policy_take_text(char **out, const char *text, const char *what, tpmc_error *err)
{
    size_t len = text == NULL ? 0 : strlen(text);

    *out = NULL;
    if (len > TPMC__POLICY_MAX_TEXT)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter '%s' is longer than %d bytes",
                          what, TPMC__POLICY_MAX_TEXT);
    if (len > 0 && !tpmc__utf8_valid(text, len))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter '%s' is not UTF-8", what);
    if (len == 0)
        return 0;
    *out = tpmc__mem_copy_text(text);
    return *out == NULL ? tpmc__fail_nomem(err) : 0;
}

int tpmc__policy_check_given(const tpmc_policy *policy, tpmc_policy *given, const char *what,
                             tpmc_error *err)
{
    int status = 0;

    if (given == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter '%s' is NULL, or holds NULL",
                          what);
    if (given == policy)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter '%s' holds the policy itself, which cannot be a part of "
                          "itself",
                          what);
    status = tpmc__env_enter(given->env, err);
    if (status != 0)
        return status;
    if (tpmc__policy_is_callback(given))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter '%s' holds a policy that is left to a callback: it has no "
                          "steps to be copied",
                          what);
    if (given->document.steps.count == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter '%s' holds a policy without steps, which always holds: "
                          "give it steps",
                          what);
    return 0;
}

/* Steps that have nothing to say beside their kind. */
static int add_plain(tpmc_policy *policy, tpmc__policy_kind kind, tpmc_error *err)
{
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status == 0)
        status = tpmc__policy_begin_add(policy, kind, &step, err);
    return status == 0 ? tpmc__policy_end_add(policy, 0, err) : status;
}

int tpmc_policy_add_auth_value(tpmc_policy *policy, tpmc_error *err)
{
    return add_plain(policy, TPMC__POLICY_AUTH_VALUE, err);
}

int tpmc_policy_add_password(tpmc_policy *policy, tpmc_error *err)
{
    return add_plain(policy, TPMC__POLICY_PASSWORD, err);
}

int tpmc_policy_add_physical_presence(tpmc_policy *policy, tpmc_error *err)
{
    return add_plain(policy, TPMC__POLICY_PHYSICAL_PRESENCE, err);
}

/* Steps that say a digest. */
static int add_digest(tpmc_policy *policy, tpmc__policy_kind kind, const void *digest, size_t len,
                      tpmc_error *err)
{
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status == 0)
        status = tpmc__policy_begin_add(policy, kind, &step, err);
    if (status != 0)
        return status;
    status =
        tpmc__policy_take_bytes(&step->u.digest, digest, len, 1, TPMC__DIGEST_MAX, "digest", err);
    return tpmc__policy_end_add(policy, status, err);
}

int tpmc_policy_add_name_hash(tpmc_policy *policy, const void *digest, size_t len, tpmc_error *err)
{
    return add_digest(policy, TPMC__POLICY_NAME_HASH, digest, len, err);
}

int tpmc_policy_add_cp_hash(tpmc_policy *policy, const void *digest, size_t len, tpmc_error *err)
{
    return add_digest(policy, TPMC__POLICY_CP_HASH, digest, len, err);
}

int tpmc_policy_add_template(tpmc_policy *policy, const void *digest, size_t len, tpmc_error *err)
{
    return add_digest(policy, TPMC__POLICY_TEMPLATE, digest, len, err);
}

int tpmc_policy_add_command_code(tpmc_policy *policy, uint32_t command_code, tpmc_error *err)
{
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status == 0)
        status = tpmc__policy_begin_add(policy, TPMC__POLICY_COMMAND_CODE, &step, err);
    if (status != 0)
        return status;
    step->u.command_code = command_code;
    return tpmc__policy_end_add(policy, 0, err);
}

int tpmc_policy_add_locality(tpmc_policy *policy, int locality, tpmc_error *err)
{
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status != 0)
        return status;
    if (locality < 1 || locality > 255)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'locality' is not 1 to 31 (bits of the localities 0 to 4) "
                          "or 32 to 255 (an extended locality)");
    status = tpmc__policy_begin_add(policy, TPMC__POLICY_LOCALITY, &step, err);
    if (status != 0)
        return status;
    step->u.locality = (uint8_t)locality;
    return tpmc__policy_end_add(policy, 0, err);
}

int tpmc_policy_add_nv_written(tpmc_policy *policy, int written, tpmc_error *err)
{
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status != 0)
        return status;
    if (written != 0 && written != 1)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'written' is neither 0 nor 1");
    status = tpmc__policy_begin_add(policy, TPMC__POLICY_NV_WRITTEN, &step, err);
    if (status != 0)
        return status;
    step->u.nv_written = written;
    return tpmc__policy_end_add(policy, 0, err);
}

int tpmc_policy_add_action(tpmc_policy *policy, const char *action, tpmc_error *err)
{
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status != 0)
        return status;
    if (action == NULL || action[0] == '\0')
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'action' is NULL or empty");
    status = tpmc__policy_begin_add(policy, TPMC__POLICY_ACTION, &step, err);
    if (status != 0)
        return status;
    status = tpmc__policy_take_text(&step->u.action, action, "action", err);
    return tpmc__policy_end_add(policy, status, err);
}

int tpmc_policy_add_duplication_select(tpmc_policy *policy, const void *object_name,
                                       size_t object_name_len, const void *new_parent_name,
                                       size_t new_parent_name_len, int include_object,
                                       tpmc_error *err)
{
    tpmc__policy_bytes object = { { 0 }, 0 };
    tpmc__policy_step *step = NULL;
    int status = tpmc__policy_enter_add(policy, err);

    if (status != 0)
        return status;
    if (include_object != 0 && include_object != 1)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'include_object' is neither 0 nor 1");
    status = tpmc__policy_take_name(&object, object_name, object_name_len, "object_name", err);
    if (status == 0)
        status = tpmc__policy_begin_add(policy, TPMC__POLICY_DUPLICATION_SELECT, &step, err);
    if (status != 0)
        return status;
    step->u.duplication.include_object = include_object;
    step->u.duplication.object_name = object;
    status = tpmc__policy_take_name(&step->u.duplication.new_parent_name, new_parent_name,
                                    new_parent_name_len, "new_parent_name", err);
    status = tpmc__policy_end_add(policy, status, err);
    /* The digest knows the object only when it is included, and so do the steps. */
    if (status == 0 && !include_object)
        (void)tpmc__policy_bytes_set(&step->u.duplication.object_name, NULL, 0);
    return status;
}
