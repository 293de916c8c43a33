/* SPDX-License-Identifier: Apache-2.0 */

#include "base/mem.h"
#include "tpmkey/key_int.h"

#define MAX_SPKI 4096

static void destroy(tpmc_key *key)
{
    tpmc_env *env = key->env;
    tpmc_tpm *tpm = key->tpm;

    tpmc__options_free(&key->options);
    tpmc__buf_free(&key->pem);
    tpmc__secret_clear(&key->password);
    tpmc__secret_clear(&key->parent_password);
    tpmc__key_policy_free(key);
    tpmc__hook_release(&key->password_hook);
    tpmc__hook_release(&key->sign_hook);
    if (key->file != NULL)
        tpmc__keyfile_free(key->file);
    tpmc__mem_free(key->file);
    tpmc__mem_free(key->imported);
    EVP_PKEY_free(key->public_key);
    tpmc__mem_free(key);
    tpmc_tpm_free(tpm);
    tpmc_env_free(env);
}

/* A key that owns the reference on `env` which the caller took. On failure that reference is gone.
 */
static int make(tpmc_env *env, tpmc_key **out, tpmc_error *err)
{
    tpmc_key *key = tpmc__mem_new(1, sizeof(*key));
    int status = 0;

    if (key == NULL) {
        tpmc_env_free(env);
        return tpmc__fail_nomem(err);
    }
    tpmc__ref_init(&key->ref);
    key->env = env;
    tpmc__buf_init(&key->pem, TPMC__KEYFILE_MAX);
    atomic_init(&key->is_read, 0);
    atomic_init(&key->has_password, 0);
    atomic_init(&key->wrong_salt, 0);
    atomic_init(&key->missing_hashes, 0);
    status = tpmc__options_init(&key->options, TPMC_OBJECT_KEY, err);
    if (status == 0)
        status = tpmc__lock_init(&key->prepare, err);
    if (status == 0)
        status = tpmc__key_policy_init(&key->policy, err);
    if (status != 0) {
        destroy(key);
        return status;
    }
    *out = key;
    return 0;
}

int tpmc_key_new(tpmc_tpm *tpm, tpmc_key **out, tpmc_error *err)
{
    tpmc_key *key = NULL;
    int status = 0;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    if (tpm == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'tpm' is NULL");
    status = tpmc__env_use(tpm->env, err);
    if (status != 0)
        return status;
    status = make(tpm->env, &key, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&tpm->ref);
    key->tpm = tpmc__tpm_ref(tpm);
    *out = key;
    return 0;
}

/* The public key decides what a callback key can do; without one it is an HMAC key. */
static int set_public_key(tpmc_key *key, const void *spki, size_t spki_len, tpmc_error *err)
{
    if (spki != NULL)
        return tpmc__verify_key_new(key->env, spki, spki_len, &key->public_key, &key->kind, err);
    key->kind.type = TPMC__ALG_KEYEDHASH;
    key->kind.scheme = TPMC__ALG_HMAC;
    key->kind.hash = TPMC__HASH_SHA256;
    return 0;
}

int tpmc_key_new_callback(tpmc_env *env, const void *spki, size_t spki_len, tpmc_sign_fn fn,
                          void *user, tpmc_release_fn release, tpmc_key **out, tpmc_error *err)
{
    tpmc_key *key = NULL;
    int status = 0;

    tpmc__error_clear(err);
    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    if (env == NULL || fn == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter '%s' is NULL",
                          env == NULL ? "env" : "fn");
    if ((spki == NULL) != (spki_len == 0) || spki_len > MAX_SPKI)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'spki_len' is not 1 to %d, or 0 without a public key",
                          MAX_SPKI);
    status = tpmc__env_use(env, err);
    if (status != 0)
        return status;
    status = make(env, &key, err);
    if (status != 0)
        return status;
    status = set_public_key(key, spki, spki_len, err);
    if (status != 0) {
        tpmc_key_free(key);
        return status;
    }
    key->sign = fn;
    key->sign_hook.user = user;
    key->sign_hook.release = release;
    atomic_store(&key->is_read, 1);
    *out = key;
    return 0;
}

int tpmc_key_retain(tpmc_key *key, tpmc_error *err)
{
    int status = tpmc__key_enter(key, err);

    if (status == 0)
        tpmc__ref_take(&key->ref);
    return status;
}

void tpmc_key_free(tpmc_key *key)
{
    if (key == NULL || !tpmc__ref_drop(&key->ref))
        return;
    /* What stands at a persistent handle is the connection's. */
    if (tpmc__key_is_persistent(key))
        key->loaded = NULL;
    if (tpmc__env_forked(key->env)) {
        tpmc__mem_free(key->loaded);
    } else {
        if (key->tpm != NULL)
            tpmc__loaded_discard(key->tpm, key->loaded);
        tpmc__lock_destroy(&key->prepare);
    }
    destroy(key);
}

int tpmc__key_enter(tpmc_key *key, tpmc_error *err)
{
    int status = 0;

    tpmc__error_clear(err);
    if (key == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'key' is NULL");
    status = tpmc__env_enter(key->env, err);
    if (status == 0)
        tpmc__ref_freeze(&key->ref);
    return status;
}

int tpmc__key_enter_setter(tpmc_key *key, tpmc_error *err)
{
    int status = 0;

    tpmc__error_clear(err);
    if (key == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'key' is NULL");
    status = tpmc__env_enter_setter(key->env, &key->ref, err);
    if (status == 0 && key->tpm == NULL)
        status = tpmc__fail(err, TPMC_ERR_ARGUMENT, "a callback key takes no settings");
    return status;
}

int tpmc_key_set(tpmc_key *key, const char *name, const char *value, tpmc_error *err)
{
    int status = tpmc__key_enter_setter(key, err);

    if (status != 0)
        return status;
    return tpmc__options_set(&key->options, name, value, err);
}

int tpmc_key_set_pem(tpmc_key *key, const void *pem, size_t len, tpmc_error *err)
{
    tpmc__buf copy;
    int status = tpmc__key_enter_setter(key, err);

    if (status != 0)
        return status;
    if ((pem == NULL) != (len == 0))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the key file's content is empty");
    if (len > TPMC__KEYFILE_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the key file is longer than %d bytes",
                          TPMC__KEYFILE_MAX);
    tpmc__buf_init(&copy, TPMC__KEYFILE_MAX);
    if (len > 0)
        tpmc__buf_append(&copy, pem, len);
    status = tpmc__buf_check(&copy, "the key file", err);
    if (status != 0) {
        tpmc__buf_free(&copy);
        return status;
    }
    tpmc__buf_free(&key->pem);
    key->pem = copy;
    return 0;
}

int tpmc_key_set_password(tpmc_key *key, const void *password, size_t len, tpmc_error *err)
{
    int status = tpmc__key_enter_setter(key, err);

    if (status != 0)
        return status;
    if (len > TPMC__PASSWORD_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the key's password is longer than %d bytes",
                          TPMC__PASSWORD_MAX);
    return tpmc__secret_set(&key->password, password, len, err);
}

int tpmc_key_set_password_file(tpmc_key *key, const char *path, tpmc_error *err)
{
    int status = tpmc__key_enter_setter(key, err);

    if (status != 0)
        return status;
    if (path == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'path' is NULL");
    return tpmc__secret_read_file(&key->password, path, TPMC__PASSWORD_MAX, err);
}

int tpmc_key_set_password_callback(tpmc_key *key, tpmc_password_fn fn, void *user,
                                   tpmc_release_fn release, tpmc_error *err)
{
    int status = tpmc__key_enter_setter(key, err);

    if (status != 0)
        return status;
    tpmc__hook_release(&key->password_hook);
    key->ask_password = fn;
    key->password_hook.user = fn == NULL ? NULL : user;
    key->password_hook.release = fn == NULL ? NULL : release;
    return 0;
}

int tpmc_key_set_parent_password(tpmc_key *key, const void *password, size_t len, tpmc_error *err)
{
    int status = tpmc__key_enter_setter(key, err);

    if (status != 0)
        return status;
    if (len > TPMC__PASSWORD_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parent's password is longer than %d bytes",
                          TPMC__PASSWORD_MAX);
    return tpmc__secret_set(&key->parent_password, password, len, err);
}
