/* SPDX-License-Identifier: Apache-2.0 */

/* Every allocation of what makes keys and documents fails once: the call ends with NOMEM or does
 * without, nothing stays in the TPM, and the next call works. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "support/software_key.h"
#include "support/tss2_file.h"
#include "tpm/maker.h"
#include "unit/failing_alloc.h"

#define ALLOCATIONS_MAX 1000
#define PASSWORD "maker test password"
#define HANDLE 0x81000001u

typedef struct bench {
    fixture f;
    tpmc_key_template *t;      /* frozen: an EC key */
    tpmc_key_template *hmac_t; /* an HMAC key */
    char text[SOFTWARE_KEY_MAX];
    size_t len;
    tpmc_bytes *area; /* of the parent */
    tss2_file pair;
    tpmc_key *key;
} bench;

static int create(bench *b, tpmc_bytes **out)
{
    return tpmc_key_create(b->f.tpm, b->t, out, b->f.err);
}

static int import_ec(bench *b, tpmc_bytes **out)
{
    return tpmc_key_import(b->f.tpm, b->t, b->text, b->len, out, b->f.err);
}

static int import_hmac(bench *b, tpmc_bytes **out)
{
    return tpmc_key_import(b->f.tpm, b->hmac_t, "secret", 6, out, b->f.err);
}

static int wrap_ec(bench *b, tpmc_bytes **out)
{
    return tpmc_key_wrap(b->t, tpmc_bytes_data(b->area), tpmc_bytes_len(b->area), b->text, b->len,
                         out, b->f.err);
}

/* The parent without its size, and a secret that is hashed first. */
static int wrap_hmac(bench *b, tpmc_bytes **out)
{
    return tpmc_key_wrap(b->hmac_t, tpmc_bytes_data(b->area) + 2, tpmc_bytes_len(b->area) - 2,
                         b->text, 100, out, b->f.err);
}

static int convert(bench *b, tpmc_bytes **out)
{
    return tpmc_key_convert(b->t, b->pair.public_area, b->pair.public_len, b->pair.private_area,
                            b->pair.private_len, out, b->f.err);
}

static int request(bench *b, tpmc_bytes **out)
{
    return tpmc_key_make_csr(b->key, NULL, "CN=a,O=b", out, b->f.err);
}

static int certificate(bench *b, tpmc_bytes **out)
{
    return tpmc_key_make_certificate(b->key, NULL, "/O=b/CN=a", 30, out, b->f.err);
}

static int read_parent(bench *b, tpmc_bytes **out)
{
    tpmc_bytes *name = NULL;
    int rc = tpmc_tpm_read_parent(b->f.tpm, NULL, out, &name, b->f.err);

    assert_int_equal(rc == 0, name != NULL);
    tpmc_bytes_free(name);
    return rc;
}

static int persist_parent(bench *b, tpmc_bytes **out)
{
    return tpmc_tpm_persist_parent(b->f.tpm, NULL, HANDLE, out, b->f.err);
}

static int template_setters(bench *b, tpmc_bytes **out)
{
    tpmc_key_template *t = NULL;
    int rc = tpmc_key_template_new(b->f.env, &t, b->f.err);

    if (rc == 0)
        rc = tpmc_key_template_set(t, "description", "words", b->f.err);
    if (rc == 0)
        rc = tpmc_key_template_set_parent_password(t, "x", 1, b->f.err);
    if (rc == 0)
        rc = tpmc_key_convert(t, b->pair.public_area, b->pair.public_len, b->pair.private_area,
                              b->pair.private_len, out, b->f.err);
    tpmc_key_template_free(t);
    return rc;
}

static void setup_bench(bench *b)
{
    EVP_PKEY *software = EVP_EC_gen("P-256");
    tpmc_bytes *pem = NULL;

    memset(b, 0, sizeof(*b));
    fixture_open(&b->f, 0);
    b->t = maker_template(&b->f, "algorithm=ecc256 description=short", PASSWORD);
    b->hmac_t = maker_template(&b->f, "algorithm=hmac-sha256", NULL);
    b->len = software_key_write(software, SOFTWARE_KEY_PKCS8_PEM, b->text);
    EVP_PKEY_free(software);
    assert_int_equal(tpmc_tpm_read_parent(b->f.tpm, NULL, &b->area, NULL, b->f.err), 0);
    assert_int_equal(create(b, &pem), 0);
    tss2_file_read(tpmc_bytes_data(pem), tpmc_bytes_len(pem), &b->pair);
    assert_int_equal(fixture_key(&b->f, pem, PASSWORD, &b->key), 0);
    assert_int_equal(tpmc_key_open(b->key, b->f.err), 0);
    tpmc_bytes_free(pem);
}

static void teardown_bench(bench *b)
{
    tpmc_key_free(b->key);
    tpmc_bytes_free(b->area);
    tpmc_key_template_free(b->t);
    tpmc_key_template_free(b->hmac_t);
    maker_teardown(&b->f);
}

static void try_each(bench *b, int (*call)(bench *, tpmc_bytes **))
{
    size_t held = tpm_raw_transient_count();
    size_t n;
    int rc = 0;

    for (n = 1; n < ALLOCATIONS_MAX; n++) {
        tpmc_bytes *out = NULL;

        fail_allocation(n);
        rc = call(b, &out);
        assert_int_equal(rc == 0, out != NULL);
        tpmc_bytes_free(out);
        if (!allocation_failed())
            break;
        if (rc != 0)
            assert_int_equal(rc, TPMC_ERR_NOMEM);
        assert_true(tpm_raw_transient_count() <= held);
    }
    assert_int_equal(rc, 0);
    assert_true(n > 1 && n < ALLOCATIONS_MAX);
}

static void every_maker(void **state)
{
    static int (*const calls[])(bench *, tpmc_bytes **) = {
        create,  import_ec,   import_hmac, wrap_ec,        wrap_hmac,        convert,
        request, certificate, read_parent, persist_parent, template_setters,
    };
    bench b;
    size_t i;

    (void)state;
    setup_bench(&b);
    for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        try_each(&b, calls[i]);
    teardown_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_maker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
