/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/bound_key.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "support/check.h"
#include "support/software_key.h"

#define OWNER 0x40000001u
#define SPKI_MAX 1024

const char *bound_key_password(bound_kind kind)
{
    return kind == BOUND_PCR_PASSWORD ? BOUND_PASSWORD : NULL;
}

static tpmc_policy *new_policy(fixture *f)
{
    tpmc_policy *policy = NULL;

    check(tpmc_policy_new(f->env, &policy, f->err) == 0);
    return policy;
}

static tpmc_policy *now_policy(fixture *f)
{
    tpmc_policy *policy = new_policy(f);

    check(tpmc_policy_add_pcr(policy, "sha256:23", NULL, 0, f->err) == 0);
    return policy;
}

static tpmc_policy *branches_policy(fixture *f)
{
    static const char *const names[] = { "before", "now" };
    uint8_t other[32];
    tpmc_policy *branches[2] = { new_policy(f), now_policy(f) };
    tpmc_policy *policy = new_policy(f);

    memset(other, 0x77, sizeof(other));
    check(tpmc_policy_add_pcr(branches[0], "sha256:23", other, sizeof(other), f->err) == 0);
    check(tpmc_policy_add_or(policy, branches, names, 2, f->err) == 0);
    tpmc_policy_free(branches[0]);
    tpmc_policy_free(branches[1]);
    return policy;
}

static tpmc_policy *signed_policy(fixture *f)
{
    unsigned char spki[SPKI_MAX];
    unsigned char *at = spki;
    int len = i2d_PUBKEY(software_key_rsa(2048), &at);
    tpmc_policy *policy = new_policy(f);

    check(len > 0 && len < SPKI_MAX);
    check(tpmc_policy_add_authorize(policy, spki, (size_t)len, "ref", 3, f->err) == 0);
    return policy;
}

static tpmc_policy *make_policy(fixture *f, bound_kind kind)
{
    tpmc_policy *policy = NULL;

    switch (kind) {
    case BOUND_BRANCHES:
        return branches_policy(f);
    case BOUND_SIGNED:
        return signed_policy(f);
    case BOUND_SECRET:
        policy = new_policy(f);
        check(tpmc_policy_add_secret(policy, OWNER, NULL, 0, NULL, 0, f->err) == 0);
        return policy;
    default:
        policy = now_policy(f);
        if (kind == BOUND_PCR_PASSWORD)
            check(tpmc_policy_add_auth_value(policy, f->err) == 0);
        return policy;
    }
}

static void make_file(fixture *f, bound_kind kind, tpmc_key_template *t, tpmc_bytes **pem)
{
    int rc = 0;

    if (kind == BOUND_PCR_HMAC)
        rc = tpmc_key_import(f->tpm, t, BOUND_HMAC_SECRET, strlen(BOUND_HMAC_SECRET), pem, f->err);
    else
        rc = tpmc_key_create(f->tpm, t, pem, f->err);
    if (rc != 0)
        fprintf(stderr, "%s\n", tpmc_error_text(f->err));
    check(rc == 0);
}

int bound_key_sign_again(fixture *f, const tpmc_bytes *pem, tpmc_bytes **out)
{
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);
    tpmc_policy *policy = now_policy(f);
    tpmc_key *key = NULL;
    int rc = fixture_key(f, pem, NULL, &key);

    check(rc == 0);
    rc = tpmc_key_sign_policy(key, policy, NULL, text, len, out, f->err);
    tpmc_key_free(key);
    tpmc_policy_free(policy);
    return rc;
}

void bound_key_make(fixture *f, bound_kind kind, tpmc_bytes **pem)
{
    const char *password = bound_key_password(kind);
    tpmc_policy *policy = make_policy(f, kind);
    tpmc_key_template *t = NULL;
    tpmc_bytes *first = NULL;

    check(tpmc_key_template_new(f->env, &t, f->err) == 0);
    check(tpmc_key_template_set(t, "algorithm", kind == BOUND_PCR_HMAC ? "hmac-sha256" : "ecc256",
                                f->err) == 0);
    check(tpmc_key_template_set_policy(t, policy, f->err) == 0);
    if (password != NULL)
        check(tpmc_key_template_set_password(t, password, strlen(password), f->err) == 0);
    make_file(f, kind, t, kind == BOUND_SIGNED ? &first : pem);
    if (kind == BOUND_SIGNED)
        check(bound_key_sign_again(f, first, pem) == 0);
    tpmc_bytes_free(first);
    tpmc_key_template_free(t);
    tpmc_policy_free(policy);
}
