/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/turns.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "support/check.h"
#include "support/signature.h"
#include "tpm/made_key.h"

#define SECRET "secret of the HMAC key that takes turns"
#define LONG_LEN 5000
#define RC_RETRY 0x922u

static const made_key hmac_key = {
    .type = TPM2_ALG_KEYEDHASH,
    .attributes = MADE_SECRET | TPMA_OBJECT_SIGN_ENCRYPT,
    .scheme = TPM2_ALG_HMAC,
    .hash = TPM2_ALG_SHA256,
    .secret = SECRET,
};

static const made_key restricted_key = {
    .type = TPM2_ALG_ECC,
    .attributes = MADE_RESTRICTED | TPMA_OBJECT_NODA,
    .scheme = TPM2_ALG_ECDSA,
    .hash = TPM2_ALG_SHA256,
    .size = TPM2_ECC_NIST_P256,
};

void turns_make(turn_files *files)
{
    static const fixture_template with_password = { .password = TURN_KEY_PASSWORD };
    static const fixture_template with_lockout = { .password = TURN_KEY_PASSWORD,
                                                   .dictionary_attack = "1" };
    fixture f;

    memset(files, 0, sizeof(*files));
    fixture_attach(&f, 0);
    check(fixture_connect(&f) == 0);
    check(fixture_import(&f, NULL, &files->rsa[TURN_PLAIN]) == 0);
    check(fixture_import(&f, &with_password, &files->rsa[TURN_PASSWORD]) == 0);
    check(fixture_import(&f, &with_lockout, &files->rsa[TURN_PROTECTED]) == 0);
    for (int i = 0; i < BOUND_KINDS; i++)
        bound_key_make(&f, (bound_kind)i, &files->bound[i]);
    fixture_detach(&f);
    tap_free(f.tap);
    check(made_key_write(&hmac_key, files->hmac) == 0);
    check(made_key_write(&restricted_key, files->restricted) == 0);
}

void turns_free(turn_files *files)
{
    for (size_t i = 0; i < 3; i++)
        tpmc_bytes_free(files->rsa[i]);
    for (size_t i = 0; i < BOUND_KINDS; i++)
        tpmc_bytes_free(files->bound[i]);
    memset(files, 0, sizeof(*files));
}

tpmc_key *turn_key(fixture *f, const turn_files *files, turn_sort sort)
{
    tpmc_key *key = NULL;

    if (sort >= TURN_BOUND) {
        bound_kind kind = (bound_kind)(sort - TURN_BOUND);

        check(fixture_key(f, files->bound[kind], bound_key_password(kind), &key) == 0);
        return key;
    }
    if (sort == TURN_HMAC || sort == TURN_HMAC_LONG)
        check(fixture_key_text(f, files->hmac, NULL, &key) == 0);
    else if (sort == TURN_RESTRICTED || sort == TURN_RESTRICTED_LONG)
        check(fixture_key_text(f, files->restricted, NULL, &key) == 0);
    else
        check(fixture_key(f, files->rsa[sort], sort == TURN_PLAIN ? NULL : TURN_KEY_PASSWORD,
                          &key) == 0);
    return key;
}

static void check_mac(const char *secret, const uint8_t *message, size_t len, const tpmc_bytes *mac)
{
    uint8_t wanted[EVP_MAX_MD_SIZE];
    unsigned int wanted_len = 0;

    check(HMAC(EVP_sha256(), secret, (int)strlen(secret), message, len, wanted, &wanted_len) !=
          NULL);
    check(tpmc_bytes_len(mac) == wanted_len);
    check(memcmp(tpmc_bytes_data(mac), wanted, wanted_len) == 0);
}

static int use_hmac(fixture *f, tpmc_key *key, const char *secret, const uint8_t *message,
                    size_t len)
{
    tpmc_bytes *mac = NULL;
    int rc = tpmc_key_hmac(key, message, len, &mac, f->err);

    check((rc == 0) == (mac != NULL));
    if (rc == 0)
        check_mac(secret, message, len, mac);
    tpmc_bytes_free(mac);
    return rc;
}

static int use_restricted(fixture *f, tpmc_key *key, const uint8_t *message, size_t len)
{
    tpmc_bytes *signature = NULL;
    tpmc_bytes *spki = NULL;
    int rc = tpmc_key_sign(key, "ES256", message, len, &signature, f->err);

    check((rc == 0) == (signature != NULL));
    if (rc == 0) {
        check(tpmc_key_public(key, &spki, NULL) == 0);
        check(verify_signature(spki, "ES256", message, len, signature));
    }
    tpmc_bytes_free(spki);
    tpmc_bytes_free(signature);
    return rc;
}

int turn_use(fixture *f, tpmc_key *key, turn_sort sort)
{
    uint8_t message[LONG_LEN];

    memset(message, 0x5a, sizeof(message));
    if (sort == TURN_BOUND + BOUND_PCR_HMAC)
        return use_hmac(f, key, BOUND_HMAC_SECRET, message, 40);
    if (sort >= TURN_BOUND)
        return fixture_sign(f, key, "ES256");
    switch (sort) {
    case TURN_HMAC:
        return use_hmac(f, key, SECRET, message, 40);
    case TURN_HMAC_LONG:
        return use_hmac(f, key, SECRET, message, sizeof(message));
    case TURN_RESTRICTED:
        return use_restricted(f, key, message, 40);
    case TURN_RESTRICTED_LONG:
        return use_restricted(f, key, message, sizeof(message));
    default:
        return fixture_sign(f, key, "RS256");
    }
}

size_t turns_refused(fixture *f)
{
    size_t refused = 0;

    for (size_t i = 0; i < tap_count(f->tap); i++) {
        uint32_t rc = tap_response_code(f->tap, i);

        refused += rc != 0 && rc != RC_RETRY;
    }
    return refused;
}
