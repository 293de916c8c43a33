/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "tpmkey/key_int.h"

#define MAX_SPKI 8192
/* A person may be typing a password, and another thread waiting for that. */
#define PREPARE_MS (5 * 60 * 1000)

/* The public key in the form that signatures are verified with; only RSA and EC keys have one. */
static int read_public(tpmc_key *key, const tpmc__public *public, tpmc_error *err)
{
    tpmc__key_kind ignored;
    tpmc__buf spki;
    int status = 0;

    tpmc__key_kind_of(public, &key->kind);
    status = tpmc__public_name(key->env, public, key->name, &key->name_len, err);
    if (status != 0 || (public->type != TPMC__ALG_RSA && public->type != TPMC__ALG_ECC))
        return status;
    tpmc__buf_init(&spki, TPMC__PUBLIC_MAX);
    status = tpmc__public_spki(public, &spki, err);
    if (status == 0)
        status =
            tpmc__verify_key_new(key->env, spki.data, spki.len, &key->public_key, &ignored, err);
    tpmc__buf_free(&spki);
    /* A curve without a SubjectPublicKeyInfo can still be shown. */
    if (status == TPMC_ERR_UNSUPPORTED) {
        tpmc__error_clear(err);
        status = 0;
    }
    return status;
}

static void free_file(tpmc__keyfile *file)
{
    tpmc__keyfile_free(file);
    tpmc__mem_free(file);
}

/* Reading can be tried again. */
static void forget_file(tpmc_key *key)
{
    free_file(key->file);
    key->file = NULL;
    EVP_PKEY_free(key->public_key);
    key->public_key = NULL;
}

static int read_file(tpmc_key *key, tpmc_error *err)
{
    tpmc__keyfile *file = tpmc__mem_new(1, sizeof(*file));
    int status = 0;

    if (file == NULL)
        return tpmc__fail_nomem(err);
    status = tpmc__key_read_source(key, file, err);
    if (status != 0) {
        tpmc__mem_free(file);
        return status;
    }
    status = read_public(key, &file->key, err);
    if (status != 0) {
        free_file(file);
        return status;
    }
    key->file = file;
    status = tpmc__key_policy_read(key, err);
    if (status != 0) {
        forget_file(key);
        return status;
    }
    atomic_store(&key->is_read, 1);
    return 0;
}

int tpmc__key_acquire_prepare(tpmc_key *key, tpmc_error *err)
{
    int64_t now = 0;
    int status = tpmc__env_monotonic_ms(key->env, &now, err);

    if (status != 0)
        return status;
    return tpmc__lock_acquire(&key->prepare, key->env, now + PREPARE_MS, "the key", err);
}

int tpmc__key_read(tpmc_key *key, tpmc_error *err)
{
    int status = 0;

    if (atomic_load(&key->is_read))
        return 0;
    status = tpmc__key_acquire_prepare(key, err);
    if (status != 0)
        return status;
    if (!atomic_load(&key->is_read))
        status = read_file(key, err);
    tpmc__lock_release(&key->prepare);
    return status;
}

static int is_sealed(const tpmc__public *public)
{
    return public->type == TPMC__ALG_KEYEDHASH && (public->attributes & TPMC__OBJECT_SIGN) == 0;
}

static int check_signer(const tpmc__public *public, tpmc_error *err)
{
    const uint32_t decrypter = TPMC__OBJECT_RESTRICTED | TPMC__OBJECT_DECRYPT;

    if (is_sealed(public))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the key file holds sealed data, not a signing key");
    if (public->type == TPMC__ALG_KEYEDHASH)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this is an HMAC key, which makes no signatures; it is for HMACs, with "
                          "the program: tpmcloud hmac");
    if (public->type == TPMC__ALG_SYMCIPHER)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this is a symmetric key, which makes no signatures");
    if (public->attributes & TPMC__OBJECT_SIGN)
        return 0;
    /* An RSA key that may decrypt anything signs what is padded in software. */
    if (public->type == TPMC__ALG_RSA && (public->attributes & decrypter) == TPMC__OBJECT_DECRYPT)
        return 0;
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "this key may not sign");
}

static int check_hmac_key(const tpmc_key *key, tpmc_error *err)
{
    const tpmc__public *public = &key->file->key;

    if (public->type != TPMC__ALG_KEYEDHASH)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this is no HMAC key: it signs, with the program: tpmcloud sign");
    if (is_sealed(public)) {
        if (tpmc__options_number(&key->options, TPMC__KEY_ALLOW_SEALED_HMAC))
            return 0;
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the key file holds sealed data, no HMAC key; if it is to leave the TPM "
                          "and serve as the secret of an HMAC, set the option 'allow_sealed_hmac'");
    }
    if (public->scheme.algorithm == TPMC__ALG_XOR)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this key is fixed to the scheme xor, so it makes no HMACs");
    if (public->attributes & TPMC__OBJECT_RESTRICTED)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this is a restricted HMAC key, which a TPM does not use for data from "
                          "outside");
    return 0;
}

tpmc__purpose tpmc__key_purpose(const tpmc_key *key)
{
    return key->kind.type == TPMC__ALG_KEYEDHASH ? TPMC__PURPOSE_HMAC : TPMC__PURPOSE_SIGN;
}

int tpmc__key_check_usable(tpmc_key *key, tpmc__purpose purpose, tpmc_error *err)
{
    const tpmc__keyfile *file = key->file;
    int status = 0;

    if (file == NULL)
        return 0;
    if (tpmc__public_is_storage(&file->key))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this is a storage key, a parent of other keys; it cannot sign");
    status =
        purpose == TPMC__PURPOSE_HMAC ? check_hmac_key(key, err) : check_signer(&file->key, err);
    return status == 0 ? tpmc__key_policy_usable(key, err) : status;
}

/* Asks with no lock held but the one that makes this happen once. */
static int ask_password(tpmc_key *key, tpmc_error *err)
{
    uint8_t answer[TPMC__PASSWORD_MAX];
    size_t len = 0;
    int status = tpmc__callback_status(
        key->ask_password(key->password_hook.user, answer, sizeof(answer), &len));

    if (status != 0)
        tpmc__fail(err, status, "the password callback failed with %s", tpmc_error_name(status));
    else if (len > sizeof(answer))
        status =
            tpmc__fail(err, TPMC_ERR_ARGUMENT, "the password callback returned more than %d bytes",
                       TPMC__PASSWORD_MAX);
    else
        status = tpmc__secret_set(&key->password, answer, len, err);
    tpmc__mem_wipe(answer, sizeof(answer));
    return status;
}

/* A way through the policy that needs no password may do. */
/* Some tools write the flag inverted. Trying an empty password costs nothing where no lockout can
 * come of it. */
int tpmc__key_password_is_unknown(const tpmc_key *key)
{
    const tpmc__keyfile *file = key->file;

    return !tpmc__secret_is_set(&key->password) && !file->empty_auth &&
           (file->key.attributes & TPMC__OBJECT_NO_DA) == 0;
}

int tpmc__key_refuse_unknown_password(const tpmc_key *key, tpmc_error *err)
{
    return tpmc__fail(
        err, TPMC_ERR_WRONG_PASSWORD,
        "%s, and none was given; nothing was tried, since a wrong one counts towards the TPM's "
        "lockout. Give it, with the program by --password-file; if the key has none after all, "
        "give an empty one",
        key->file->has_empty_auth ? "the key file says that the key has a password"
                                  : "the key may have a password");
}

static int find_password(tpmc_key *key, tpmc_error *err)
{
    int needed = tpmc__key_policy_needs_password(key);

    if (needed == 0 || tpmc__secret_is_set(&key->password))
        return 0;
    if (key->ask_password != NULL)
        return ask_password(key, err);
    /* A way that needs none is tried first; those that do are refused when it comes to them. */
    if (needed == 1 || !tpmc__key_password_is_unknown(key))
        return 0;
    return tpmc__key_refuse_unknown_password(key, err);
}

/* Settles which password is used; may ask the caller. */
static int settle_password(tpmc_key *key, tpmc_error *err)
{
    int status = 0;

    if (atomic_load(&key->has_password))
        return 0;
    status = tpmc__key_acquire_prepare(key, err);
    if (status != 0)
        return status;
    if (!atomic_load(&key->has_password)) {
        status = find_password(key, err);
        if (status == 0)
            atomic_store(&key->has_password, 1);
    }
    tpmc__lock_release(&key->prepare);
    return status;
}

int tpmc__key_prepare(tpmc_key *key, tpmc__purpose purpose, tpmc_error *err)
{
    int status = tpmc__key_read(key, err);

    if (status == 0)
        status = tpmc__key_check_usable(key, purpose, err);
    if (status == 0 && key->tpm != NULL)
        status = tpmc__key_policy_prepare(key, err);
    if (status == 0 && key->tpm != NULL)
        status = settle_password(key, err);
    return status;
}

int tpmc_key_public(tpmc_key *key, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__buf spki;
    int status = tpmc__key_enter(key, err);

    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    if (status == 0)
        status = tpmc__key_read(key, err);
    if (status != 0)
        return status;
    if (key->public_key == NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this is not an RSA or EC key, so it has no public part to show");
    tpmc__buf_init(&spki, MAX_SPKI);
    status = tpmc__verify_key_spki(key->public_key, &spki, err);
    if (status == 0)
        return tpmc__bytes_from_buf(&spki, "the public key", out, err);
    tpmc__buf_free(&spki);
    return status;
}

static int describe(tpmc_key *key, tpmc__json **out, tpmc_error *err)
{
    if (key->file != NULL)
        return tpmc__keyfile_describe(key->env, key->file, out, err);
    *out = tpmc__json_new_object();
    if (tpmc__json_add_text(*out, "format", "callback") == 0)
        return 0;
    tpmc__json_free(*out);
    *out = NULL;
    return tpmc__fail_nomem(err);
}

int tpmc_key_describe(tpmc_key *key, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__json *json = NULL;
    tpmc__buf text;
    int status = tpmc__key_enter(key, err);

    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    if (status == 0)
        status = tpmc__key_read(key, err);
    if (status == 0)
        status = describe(key, &json, err);
    if (status != 0)
        return status;
    tpmc__buf_init(&text, 4 * TPMC__KEYFILE_MAX);
    tpmc__json_print(json, &text);
    tpmc__json_free(json);
    return tpmc__bytes_from_buf(&text, "the description", out, err);
}

int tpmc_key_supports(tpmc_key *key, const char *algorithm, tpmc_error *err)
{
    const tpmc__algorithm *found = NULL;
    int status = tpmc__key_enter(key, err);

    if (status != 0)
        return status;
    if (algorithm == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'algorithm' is NULL");
    status = tpmc__key_read(key, err);
    if (status == 0)
        status = tpmc__key_check_usable(key, tpmc__key_purpose(key), err);
    if (status != 0)
        return status;
    return tpmc__algorithm_for(&key->kind, algorithm, &found, err);
}
