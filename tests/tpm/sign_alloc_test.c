/* SPDX-License-Identifier: Apache-2.0 */

/* Every allocation of a signature or MAC fails once: the call ends with NOMEM, nothing more stays
 * in the TPM than before, and the next call works. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/tpm_fixture.h"
#include "tpm/made_key.h"
#include "unit/failing_alloc.h"

#define ALLOCATIONS_MAX 500

static uint8_t message[3000];

static const made_key decrypter = { TPM2_ALG_RSA, MADE_DECRYPT, TPM2_ALG_NULL, 0,
                                    2048,         NULL,         NULL,          0 };
static const made_key ec = { TPM2_ALG_ECC,       MADE_SIGN, TPM2_ALG_NULL, 0,
                             TPM2_ECC_NIST_P256, NULL,      NULL,          0 };
static const made_key restricted = { TPM2_ALG_ECC,
                                     MADE_RESTRICTED,
                                     TPM2_ALG_ECDSA,
                                     TPM2_ALG_SHA256,
                                     TPM2_ECC_NIST_P256,
                                     NULL,
                                     NULL,
                                     0 };
static const made_key mac = { TPM2_ALG_KEYEDHASH,
                              MADE_SECRET | TPMA_OBJECT_SIGN_ENCRYPT,
                              TPM2_ALG_HMAC,
                              TPM2_ALG_SHA256,
                              0,
                              "secret",
                              NULL,
                              0 };
static const made_key sealed = {
    TPM2_ALG_KEYEDHASH, MADE_SECRET, TPM2_ALG_NULL, 0, 0, "secret", NULL, 0
};

/* `name` NULL: a MAC. */
static int use_key(fixture *f, tpmc_key *key, const char *name)
{
    tpmc_bytes *out = NULL;
    int rc = 0;

    if (name != NULL)
        rc = tpmc_key_sign(key, name, message, sizeof(message), &out, f->err);
    else
        rc = tpmc_key_hmac(key, message, sizeof(message), &out, f->err);
    assert_int_equal(rc == 0, out != NULL);
    tpmc_bytes_free(out);
    return rc;
}

static void try_each(fixture *f, tpmc_key *key, const char *name, size_t held)
{
    size_t n;
    int rc = 0;

    for (n = 1; n < ALLOCATIONS_MAX; n++) {
        fail_allocation(n);
        rc = use_key(f, key, name);
        if (!allocation_failed())
            break;
        if (rc != 0)
            assert_int_equal(rc, TPMC_ERR_NOMEM);
        assert_int_equal(use_key(f, key, name), 0);
        assert_int_equal(tpm_raw_transient_count(), held);
    }
    assert_int_equal(rc, 0);
    assert_true(n > 1 && n < ALLOCATIONS_MAX);
}

static void every_way_of_using_a_key(void **state)
{
    static const struct {
        const made_key *shape;
        const char *name;
    } rows[] = {
        { &decrypter, "RS256" },  { &decrypter, "PS512" }, { &ec, "ES256" },
        { &restricted, "ES256" }, { &mac, NULL },          { &sealed, NULL },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char pem[TSS2_FILE_TEXT_MAX];
        tpmc_key *key = NULL;
        fixture f;

        fixture_open(&f, 0);
        assert_int_equal(made_key_write(rows[i].shape, pem), 0);
        assert_int_equal(fixture_key_text(&f, pem, NULL, &key), 0);
        assert_int_equal(tpmc_key_set(key, "allow_sealed_hmac", "1", f.err), 0);
        /* Loading a key has its own test. */
        assert_int_equal(use_key(&f, key, rows[i].name), 0);
        try_each(&f, key, rows[i].name, 1);
        tpmc_key_free(key);
        tpmc_tpm_free(f.tpm);
        f.tpm = NULL;
        assert_true(fixture_holds_only_others(&f));
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_of_using_a_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
