/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "codec/private_key.h"
#include "policy/policy_file.h"
#include "policy/policy_int.h"
#include "policy/policy_signer.h"
#include "tpmkey/key_int.h"
#include "tpmkey/new_policy.h"

/* A policy on its way to being approved. */
struct signing {
    tpmc_key *key;
    tpmc__span private_key;
    tpmc__policy_steps bound;       /* what the key is bound to ... */
    tpmc__policy_signer *signer;    /* ... and whose signatures that accepts */
    tpmc__policy_approved approved; /* the policy with its signature */
    tpmc__policy_bytes digest;      /* of it */
    tpmc__keyfile *file;            /* a copy of the key's, to which it is added */
};

static int check_source(const tpmc_key *key, tpmc_error *err)
{
    const tpmc__keyfile *file = key->file;

    if (file == NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "a callback key has no key file that a signed policy could be added to");
    if (file->handle != 0)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "a persistent key has no key file that a signed policy could be added "
                          "to");
    if (file->old_layout)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "a key file of the old layout has no room for signed policies");
    if (file->key.auth_policy_len == 0)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the key is bound to no policy, so none can be approved for it; make a "
                          "key that is bound to a policy which begins with PolicyAuthorize");
    if (file->policy.count == 0 && file->auth_policy_count == 0)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the key's file does not say which policy the key is bound to, so none "
                          "can be approved for it; 'tpmcloud key convert' adds the steps to a pair "
                          "of TPM2B files");
    return 0;
}

/* Whose signatures the key's own policy accepts. */
static int find_signer(struct signing *signing, tpmc_error *err)
{
    const tpmc_key *key = signing->key;
    tpmc__policy_steps bound;
    tpmc__policy_step *first = NULL;
    int status = check_source(key, err);

    if (status == 0)
        status = tpmc__policy_file_read(key->env, key->file, &bound, err);
    if (status != 0)
        return status;
    signing->bound = bound;
    first = bound.items;
    if (signing->bound.count == 0 || first->kind != TPMC__POLICY_AUTHORIZE)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the key accepts no signed policies: the policy that it is bound to "
                          "begins with %s, and not with PolicyAuthorize; make a key with a policy "
                          "that does",
                          signing->bound.count == 0 ? "nothing"
                                                    : tpmc__policy_kind_name(first->kind));
    signing->signer = &first->u.authorize.key;
    return 0;
}

static int fix_once(tpmc_tpm *tpm, void *context, tpmc_error *err)
{
    struct signing *signing = context;

    return tpmc__new_policy_fix(tpm, &signing->approved.steps, err);
}

static int take_policy(struct signing *signing, const tpmc_policy *policy, const char *name,
                       tpmc_error *err)
{
    tpmc__policy_steps *steps = &signing->approved.steps;
    const tpmc_key *key = signing->key;
    tpmc__policy_steps copy;
    int status = tpmc__policy_copy(&policy->document.steps, &copy, err);

    if (status != 0)
        return status;
    *steps = copy;
    if (name != NULL) {
        signing->approved.name = tpmc__mem_copy_text(name);
        if (signing->approved.name == NULL)
            return tpmc__fail_nomem(err);
    }
    if (!tpmc__policy_is_fixed(steps))
        status = tpmc__template_run(key->tpm, fix_once, signing, err);
    if (status == 0)
        status = tpmc__new_policy_digest(key->env, steps, key->file->key.name_alg, &signing->digest,
                                         err);
    return status;
}

static int sign_digest(struct signing *signing, tpmc_error *err)
{
    tpmc_env *env = signing->key->env;
    tpmc__policy_bytes hash;
    tpmc__buf signature;
    int status = tpmc__policy_authorize_hash(env, signing->signer, &signing->digest, &hash, err);

    if (status != 0)
        return status;
    tpmc__buf_init(&signature, TPMC__POLICY_SIGNATURE_MAX);
    status = tpmc__signer_sign(env, signing->signer, signing->private_key.data,
                               signing->private_key.len, &hash, &signature, err);
    if (status == 0) {
        memcpy(signing->approved.signature, signature.data, signature.len);
        signing->approved.signature_len = signature.len;
    }
    tpmc__buf_free(&signature);
    return status;
}

/* A deep copy: what the key holds is read by other threads. */
static int copy_file(const tpmc_key *key, tpmc__keyfile **out, tpmc_error *err)
{
    tpmc__keyfile *made = NULL;
    tpmc__buf text;
    int status = 0;

    tpmc__buf_init(&text, TPMC__KEYFILE_MAX);
    tpmc__keyfile_write(key->file, &text);
    status = tpmc__buf_check(&text, "the key file", err);
    if (status != 0)
        goto out;
    made = tpmc__mem_new(1, sizeof(*made));
    if (made == NULL) {
        status = tpmc__fail_nomem(err);
        goto out;
    }
    status = tpmc__keyfile_parse(text.data, text.len, made, err);
    if (status != 0)
        tpmc__mem_free(made);
    else
        *out = made;
out:
    tpmc__buf_free(&text);
    return status;
}

/* 1 when this is what was signed; negative: a TPMC_ERR_*. */
static int is_ours(const struct signing *signing, const tpmc__policy_approved *found,
                   tpmc_error *err)
{
    tpmc__policy_bytes digest;
    int status = 0;

    if (found->signature_len != signing->approved.signature_len ||
        memcmp(found->signature, signing->approved.signature, found->signature_len) != 0)
        return 0;
    status = tpmc__policy_digest(signing->key->env, &found->steps, signing->key->file->key.name_alg,
                                 NULL, &digest, err);
    return status == 0 ? tpmc__policy_bytes_equal(&digest, &signing->digest) : status;
}

static int find_ours(const struct signing *signing, const tpmc__policy_steps *steps,
                     tpmc_error *err)
{
    const tpmc__policy_step *first = steps->items;
    int found = 0;

    if (steps->count == 0 || first->kind != TPMC__POLICY_AUTHORIZE)
        return 0;
    for (size_t i = 0; i < first->u.authorize.count && found == 0; i++)
        found = is_ours(signing, &first->u.authorize.approved[i], err);
    return found;
}

/* What was written must be understood as what was signed: a key may depend on it. */
static int check_written(const struct signing *signing, const tpmc__buf *text, tpmc_error *err)
{
    tpmc_env *env = signing->key->env;
    tpmc__keyfile *file = tpmc__mem_new(1, sizeof(*file));
    tpmc__policy_steps steps;
    int status = 0;

    if (file == NULL)
        return tpmc__fail_nomem(err);
    status = tpmc__keyfile_parse(text->data, text->len, file, err);
    if (status == 0) {
        status = tpmc__policy_file_read(env, file, &steps, err);
        tpmc__keyfile_free(file);
    }
    tpmc__mem_free(file);
    if (status != 0)
        return status;
    status = find_ours(signing, &steps, err);
    tpmc__policy_free_steps(&steps);
    if (status == 0)
        status = tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                            "a key file cannot hold this policy: it was read back as another one");
    else if (status > 0)
        status = 0;
    return status;
}

static int check_signature(const struct signing *signing, tpmc_error *err)
{
    tpmc_env *env = signing->key->env;
    tpmc__policy_bytes hash;
    int status = tpmc__policy_authorize_hash(env, signing->signer, &signing->digest, &hash, err);

    if (status == 0)
        status = tpmc__signer_verify(env, signing->signer, &hash, signing->approved.signature,
                                     signing->approved.signature_len, err);
    if (status == TPMC_ERR_POLICY)
        status = tpmc__fail(err, TPMC_ERR_INTEGRITY,
                            "the signature that was just made for the policy does not verify");
    return status;
}

static int write_file(struct signing *signing, tpmc_bytes **pem, tpmc_error *err)
{
    const tpmc_key *key = signing->key;
    tpmc__buf text;
    int status = copy_file(key, &signing->file, err);

    if (status == 0)
        status = tpmc__policy_file_add_approved(key->env, signing->signer, &signing->approved,
                                                key->file->key.name_alg, signing->file, err);
    if (status != 0)
        return status;
    tpmc__buf_init(&text, TPMC__KEYFILE_MAX);
    tpmc__keyfile_write(signing->file, &text);
    status = tpmc__buf_check(&text, "the key file", err);
    if (status == 0)
        status = check_written(signing, &text, err);
    if (status == 0)
        return tpmc__bytes_from_buf(&text, "the key file", pem, err);
    tpmc__buf_free(&text);
    return status;
}

static int sign_policy(struct signing *signing, const tpmc_policy *policy, const char *name,
                       tpmc_bytes **pem, tpmc_error *err)
{
    int status = tpmc__key_read(signing->key, err);

    if (status == 0)
        status = find_signer(signing, err);
    if (status == 0)
        status = take_policy(signing, policy, name, err);
    if (status == 0)
        status = sign_digest(signing, err);
    if (status == 0)
        status = check_signature(signing, err);
    if (status == 0)
        status = write_file(signing, pem, err);
    return status;
}

static void free_signing(struct signing *signing)
{
    tpmc__policy_free_steps(&signing->bound);
    tpmc__policy_free_steps(&signing->approved.steps);
    tpmc__mem_free(signing->approved.name);
    if (signing->file != NULL)
        tpmc__keyfile_free(signing->file);
    tpmc__mem_free(signing->file);
    tpmc__mem_free(signing);
}

static int check_policy(const tpmc_policy *policy, tpmc_error *err)
{
    if (tpmc__policy_is_callback(policy))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the policy is left to a callback, so that there is nothing to sign; "
                          "give a policy with steps");
    if (policy->document.steps.count == 0)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the policy that is to be signed has no steps: it would let the key be "
                          "used at all times");
    return 0;
}

static int check_parameters(const tpmc_policy *policy, const char *name, tpmc__span signing_key,
                            tpmc_bytes **pem, tpmc_error *err)
{
    if (pem == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'pem' is NULL");
    *pem = NULL;
    if (policy == NULL || signing_key.data == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter '%s' is NULL",
                          policy == NULL ? "policy" : "signing_key");
    if (signing_key.len == 0 || signing_key.len > TPMC__PRIVATE_KEY_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'signing_key' is not a private key of 1 to %d bytes",
                          TPMC__PRIVATE_KEY_MAX);
    if (name != NULL &&
        (strlen(name) > TPMC__POLICY_MAX_TEXT || !tpmc__utf8_valid(name, strlen(name))))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'name' is not UTF-8 of up to %d bytes",
                          TPMC__POLICY_MAX_TEXT);
    return 0;
}

int tpmc_key_sign_policy(tpmc_key *key, tpmc_policy *policy, const char *name,
                         const void *signing_key, size_t signing_key_len, tpmc_bytes **pem,
                         tpmc_error *err)
{
    tpmc__span private_key = { signing_key, signing_key_len };
    struct signing *signing = NULL;
    tpmc_policy *used = NULL;
    int status = tpmc__key_enter(key, err);

    if (pem != NULL)
        *pem = NULL;
    if (status == 0)
        status = check_parameters(policy, name, private_key, pem, err);
    if (status == 0)
        status = tpmc__env_enter(policy->env, err);
    if (status == 0)
        status = check_policy(policy, err);
    if (status != 0)
        return status;
    signing = tpmc__mem_new(1, sizeof(*signing));
    if (signing == NULL)
        return tpmc__fail_nomem(err);
    signing->key = key;
    signing->private_key = private_key;
    used = tpmc__policy_use(policy);
    status = sign_policy(signing, used, name, pem, err);
    tpmc_policy_free(used);
    free_signing(signing);
    return status;
}
