/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/salt_key.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/option_check.h"
#include "codec/text.h"
#include "keyfile/tpm_template.h"
#include "tpm/ek_certificate.h"
#include "tpm/persistent.h"
#include "tpm/primary.h"

/* What the options ask for. */
struct wish {
    const char *key; /* the option salt_key */
    const char *pin; /* hexadecimal; NULL: none */
    const char *roots_file;
};

/* A key to be judged. */
struct candidate {
    tpmc__public public;
    tpmc__loaded *loaded;
    tpmc__loaded *made; /* the same, when it must be dropped */
};

static int read_wish(const tpmc_tpm *tpm, struct wish *out, tpmc_error *err)
{
    const tpmc__options *options = &tpm->options;
    const char *ek_rsa_pin = tpmc__options_text(options, TPMC__TPM_ENC_KEY_NAME);

    out->key = tpmc__options_text(options, TPMC__TPM_SALT_KEY);
    out->pin = tpmc__options_text(options, TPMC__TPM_SALT_KEY_NAME);
    out->roots_file = tpmc__options_text(options, TPMC__TPM_EK_CA_FILE);
    if (ek_rsa_pin != NULL) {
        if (out->pin != NULL ||
            (tpmc__options_is_set(options, TPMC__TPM_SALT_KEY) && strcmp(out->key, "ek-rsa") != 0))
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "the option 'enc_key_name' stands for salt_key=ek-rsa with its "
                              "salt_key_name, and one of these is set otherwise");
        out->key = "ek-rsa";
        out->pin = ek_rsa_pin;
    }
    if (out->roots_file != NULL && strcmp(out->key, "parent") == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option 'ek_ca_file' needs salt_key=ek-rsa, ek-ecc or the handle of "
                          "an endorsement key: other keys have no certificate");
    return 0;
}

static int pin_matches(const char *pin, const tpmc__loaded *loaded)
{
    tpmc__buf wanted;
    int matches = 0;

    tpmc__buf_init(&wanted, TPMC__NAME_MAX);
    tpmc__hex_decode(pin, strlen(pin), &wanted);
    matches = tpmc__buf_check(&wanted, "the pinned Name", NULL) == 0 &&
              wanted.len == loaded->name_len &&
              CRYPTO_memcmp(wanted.data, loaded->name, wanted.len) == 0;
    tpmc__buf_free(&wanted);
    return matches;
}

static int refuse_pin(const char *key, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_INTEGRITY,
                      "the key that sessions are salted to (salt_key=%s) does not have the pinned "
                      "Name: this is another TPM, or it has been cleared, or somebody sits between",
                      key);
}

/* An endorsement key of this type, by any of the templates that makers use. */
static int looks_like_ek(const tpmc__public *key, uint16_t type)
{
    const uint32_t wanted =
        TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT | TPMC__OBJECT_ADMIN_WITH_POLICY;

    return key->type == type && tpmc__public_is_storage(key) &&
           (key->attributes & wanted) == wanted && key->auth_policy_len > 0;
}

/* A persistent object, when there is one that can serve; 0 without one leaves `out` empty. */
static int try_persistent(tpmc_tpm *tpm, uint32_t handle, uint16_t type, const char *pin,
                          struct candidate *out, tpmc_error *err)
{
    tpmc__loaded *found = NULL;
    int status = tpmc__persistent_get(tpm, handle, &out->public, &found, err);

    /* None, or none that is of use. */
    if (status == TPMC_ERR_WRONG_TPM || status == TPMC_ERR_FORMAT || status == TPMC_ERR_UNSUPPORTED)
        return 0;
    if (status != 0)
        return status;
    if (looks_like_ek(&out->public, type) && (pin == NULL || pin_matches(pin, found)))
        out->loaded = found;
    return 0;
}

/* The handles at which the TCG's provisioning guidance keeps endorsement keys. */
static int find_ek(tpmc_tpm *tpm, tpmc__template which, const char *pin, struct candidate *out,
                   tpmc_error *err)
{
    static const uint32_t rsa[] = { 0x81010001u, 0 };
    static const uint32_t ecc[] = { 0x81010002u, 0x81010016u, 0 };
    const uint32_t *handles = which == TPMC__TEMPLATE_EK_RSA ? rsa : ecc;
    tpmc__public ek;
    int status = 0;

    tpmc__template_fill(which, &ek);
    for (size_t i = 0; handles[i] != 0; i++) {
        status = try_persistent(tpm, handles[i], ek.type, pin, out, err);
        if (status != 0 || out->loaded != NULL)
            return status;
    }
    if (tpm->hierarchy_auth[TPMC_HIERARCHY_ENDORSEMENT].len > 0)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the endorsement key that sessions are to be salted to is not "
                          "persistent, and making it would need the endorsement password, for "
                          "which there is no session yet; make it persistent with tpm2_createek");
    status =
        tpmc__primary_create(tpm, TPMC_HIERARCHY_ENDORSEMENT, &ek, &out->public, &out->made, err);
    out->loaded = out->made;
    return status;
}

/* Loading the key anew brings its parent to hand. 1 when there is one to be loaded anew. */
static int wants_parent(tpmc_tpm *tpm)
{
    int dropped = 0;

    while (tpmc__loaded_evict(tpm))
        dropped = 1;
    if (!dropped)
        return 0;
    tpmc__tpm_clean(tpm);
    tpm->refusal = 0;
    tpm->in_step = 0;
    tpm->remedy = TPMC__REMEDY_RELOAD;
    return 1;
}

/* The pinned parent when none is at hand: the owner's usual primary, unless a key can bring its
 * own. */
static int find_parent(tpmc_tpm *tpm, struct candidate *out, tpmc_error *err)
{
    if (wants_parent(tpm))
        return tpmc__fail(err, TPMC_ERR_TPM_UNAVAILABLE,
                          "the pinned parent was not at hand for a new session");
    if (tpm->hierarchy_auth[TPMC_HIERARCHY_OWNER].len > 0)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the pinned parent cannot be made without the owner's password, for "
                          "which there is no session yet; pin a persistent key "
                          "(salt_key=handle:0x81xxxxxx) or an endorsement key instead");
    return tpmc__primary_create_storage(tpm, TPMC_HIERARCHY_OWNER, TPMC__TEMPLATE_H2, &out->public,
                                        &out->made, err);
}

/* That it is missing says nothing about the key that is to be used. */
static int find_named(tpmc_tpm *tpm, uint32_t handle, struct candidate *out, tpmc_error *err)
{
    int status = tpmc__persistent_get(tpm, handle, &out->public, &out->loaded, err);

    if (status == TPMC_ERR_WRONG_TPM)
        status = tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                            "sessions cannot be salted to the key that 'salt_key' names: this TPM "
                            "has no persistent object at the handle 0x%08x",
                            (unsigned)handle);
    return status;
}

static int find_wanted(tpmc_tpm *tpm, const struct wish *wish, struct candidate *out,
                       tpmc_error *err)
{
    int status = 0;

    memset(out, 0, sizeof(*out));
    if (strcmp(wish->key, "ek-rsa") == 0)
        return find_ek(tpm, TPMC__TEMPLATE_EK_RSA, wish->pin, out, err);
    if (strcmp(wish->key, "ek-ecc") == 0)
        return find_ek(tpm, TPMC__TEMPLATE_EK_ECC, wish->pin, out, err);
    if (strcmp(wish->key, "parent") == 0) {
        status = find_parent(tpm, out, err);
        out->loaded = out->made;
        return status;
    }
    return find_named(tpm, tpmc__persistent_handle(wish->key + strlen("handle:")), out, err);
}

static int judge(tpmc_tpm *tpm, const struct wish *wish, struct candidate *candidate, int *level,
                 tpmc_error *err)
{
    uint16_t type = candidate->public.type;
    int status = 0;

    if (!tpmc__public_is_storage(&candidate->public) ||
        (type != TPMC__ALG_RSA && type != TPMC__ALG_ECC))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "sessions cannot be salted to the key that 'salt_key' names: it is no "
                          "RSA or ECC storage key");
    *level = TPMC_BUS_ENCRYPTED;
    if (wish->pin != NULL) {
        if (!pin_matches(wish->pin, candidate->loaded))
            return refuse_pin(wish->key, err);
        *level = TPMC_BUS_PINNED;
    }
    if (wish->roots_file != NULL) {
        status = tpmc__ek_certificate_check(tpm, wish->roots_file, &candidate->public, err);
        if (status == 0)
            *level = TPMC_BUS_VERIFIED;
    }
    return status;
}

static int get_null_primary(tpmc_tpm *tpm, tpmc__salt *out, tpmc_error *err)
{
    int status = tpmc__primary_create_storage(tpm, TPMC__PRIMARY_NULL, TPMC__TEMPLATE_H2, NULL,
                                              &out->made, err);

    out->key = out->made;
    return status;
}

int tpmc__salt_get(tpmc_tpm *tpm, const tpmc__loaded *at_hand, tpmc__salt *out, tpmc_error *err)
{
    struct wish wish;
    struct candidate candidate;
    int status = read_wish(tpm, &wish, err);

    memset(out, 0, sizeof(*out));
    if (status != 0)
        return status;
    if (strcmp(wish.key, "parent") == 0 && tpmc__loaded_is_current(at_hand) &&
        (wish.pin == NULL || pin_matches(wish.pin, at_hand))) {
        out->key = at_hand;
        out->level = wish.pin == NULL ? TPMC_BUS_ENCRYPTED : TPMC_BUS_PINNED;
        return 0;
    }
    if (strcmp(wish.key, "parent") == 0 && wish.pin == NULL) {
        out->level = TPMC_BUS_ENCRYPTED;
        return get_null_primary(tpm, out, err);
    }
    status = find_wanted(tpm, &wish, &candidate, err);
    if (status != 0)
        return status;
    status = judge(tpm, &wish, &candidate, &out->level, err);
    if (status != 0) {
        tpmc__loaded_drop(tpm, candidate.made);
        return status;
    }
    out->key = candidate.loaded;
    out->made = candidate.made;
    return 0;
}
