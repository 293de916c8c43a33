/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "tpm/tpm_int.h"
#include "tpmcloud/tpmkey_esys.h"

static void destroy(tpmc_tpm *tpm)
{
    tpmc_env *env = tpm->env;

    for (size_t i = 0; i < TPMC__HIERARCHY_COUNT; i++)
        tpmc__secret_clear(&tpm->hierarchy_auth[i]);
    tpmc__options_free(&tpm->options);
    tpmc__mem_free(tpm);
    tpmc_env_free(env);
}

int tpmc_tpm_new(tpmc_env *env, tpmc_tpm **out, tpmc_error *err)
{
    tpmc_tpm *tpm = NULL;
    int status = 0;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    if (env == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'env' is NULL");
    status = tpmc__env_use(env, err);
    if (status != 0)
        return status;
    tpm = tpmc__mem_new(1, sizeof(*tpm));
    if (tpm == NULL) {
        tpmc_env_free(env);
        return tpmc__fail_nomem(err);
    }
    tpmc__ref_init(&tpm->ref);
    tpm->env = env;
    atomic_init(&tpm->bus_level, TPMC_BUS_NOTHING_SECRET);
    tpmc__guard_init(&tpm->guard, env);
    status = tpmc__options_init(&tpm->options, TPMC_OBJECT_TPM, err);
    if (status == 0)
        status = tpmc__lock_init(&tpm->lock, err);
    if (status != 0) {
        destroy(tpm);
        return status;
    }
    if (pthread_mutex_init(&tpm->drop_mutex, NULL) != 0) {
        tpmc__lock_destroy(&tpm->lock);
        destroy(tpm);
        return tpmc__fail_nomem(err);
    }
    *out = tpm;
    return 0;
}

tpmc_tpm *tpmc__tpm_ref(tpmc_tpm *tpm)
{
    tpmc__ref_take(&tpm->ref);
    return tpm;
}

void tpmc_tpm_free(tpmc_tpm *tpm)
{
    if (tpm == NULL || !tpmc__ref_drop(&tpm->ref))
        return;
    if (tpmc__env_forked(tpm->env)) {
        tpmc__tpm_abandon(tpm);
    } else {
        tpmc__tpm_close(tpm);
        pthread_mutex_destroy(&tpm->drop_mutex);
        tpmc__lock_destroy(&tpm->lock);
    }
    destroy(tpm);
}

int tpmc_tpm_set(tpmc_tpm *tpm, const char *name, const char *value, tpmc_error *err)
{
    int status = 0;

    if (tpm == NULL) {
        tpmc__error_clear(err);
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'tpm' is NULL");
    }
    status = tpmc__env_enter_setter(tpm->env, &tpm->ref, err);
    if (status != 0)
        return status;
    return tpmc__options_set(&tpm->options, name, value, err);
}

int tpmc_tpm_set_hierarchy_password(tpmc_tpm *tpm, int hierarchy, const void *password, size_t len,
                                    tpmc_error *err)
{
    int status = 0;

    if (tpm == NULL) {
        tpmc__error_clear(err);
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'tpm' is NULL");
    }
    status = tpmc__env_enter_setter(tpm->env, &tpm->ref, err);
    if (status != 0)
        return status;
    if (hierarchy < TPMC_HIERARCHY_OWNER || hierarchy > TPMC_HIERARCHY_PLATFORM)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "there is no hierarchy %d", hierarchy);
    if (len > TPMC__PASSWORD_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the hierarchy's password is longer than %d bytes", TPMC__PASSWORD_MAX);
    return tpmc__secret_set(&tpm->hierarchy_auth[hierarchy], password, len, err);
}

int tpmc_tpm_set_tcti(tpmc_tpm *tpm, TSS2_TCTI_CONTEXT *tcti, tpmc_error *err)
{
    int status = 0;

    if (tpm == NULL) {
        tpmc__error_clear(err);
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'tpm' is NULL");
    }
    status = tpmc__env_enter_setter(tpm->env, &tpm->ref, err);
    if (status != 0)
        return status;
    if (tcti != NULL && (TSS2_TCTI_VERSION(tcti) < 1 || TSS2_TCTI_TRANSMIT(tcti) == NULL ||
                         TSS2_TCTI_RECEIVE(tcti) == NULL))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "this is not a TCTI context");
    tpm->caller_tcti = tcti;
    return 0;
}

int tpmc_tpm_open(tpmc_tpm *tpm, tpmc_error *err)
{
    int status = 0;

    if (tpm == NULL) {
        tpmc__error_clear(err);
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'tpm' is NULL");
    }
    status = tpmc__env_enter(tpm->env, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&tpm->ref);
    status = tpmc__tpm_begin(tpm, err);
    if (status != 0)
        return status;
    tpmc__tpm_end(tpm);
    return 0;
}

int tpmc_tpm_bus_level(const tpmc_tpm *tpm)
{
    return tpm == NULL ? TPMC_BUS_NOTHING_SECRET : atomic_load(&tpm->bus_level);
}

void tpmc_tpm_release(tpmc_tpm *tpm)
{
    if (tpm == NULL || tpmc__env_enter(tpm->env, NULL) != 0)
        return;
    tpmc__tpm_want_release(tpm);
}
