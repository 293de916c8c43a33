/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tpm_fixture.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/check.h"
#include "support/signature.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "tpmcloud/tpmkey_esys.h"

#define STALLED_STEP_MS 5000

static int virtual_clock(void *user, int64_t *ms)
{
    fixture *f = user;
    struct timespec now;

    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    if (tap_stalls(f->tap))
        atomic_fetch_add(&f->skew_ms, STALLED_STEP_MS);
    *ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + atomic_load(&f->skew_ms);
    return 0;
}

static int virtual_sleep(void *user, int64_t ms)
{
    fixture *f = user;

    check(ms > 0);
    atomic_fetch_add(&f->skew_ms, ms);
    atomic_fetch_add(&f->slept_ms, ms);
    return 0;
}

void fixture_begin(fixture *f, int pollable)
{
    libtpms_start();
    fixture_attach(f, pollable);
}

void fixture_attach(fixture *f, int pollable)
{
    memset(f, 0, sizeof(*f));
    atomic_init(&f->skew_ms, 0);
    atomic_init(&f->slept_ms, 0);
    f->tap = tap_new(pollable);
    check(tpmc_error_new(&f->err) == 0);
    check(tpmc_env_new(&f->env, f->err) == 0);
    check(tpmc_env_set_monotonic_clock(f->env, virtual_clock, f, NULL, f->err) == 0);
    check(tpmc_env_set_sleep(f->env, virtual_sleep, f, NULL, f->err) == 0);
}

int fixture_connect(fixture *f)
{
    int rc = tpmc_tpm_new(f->env, &f->tpm, f->err);

    if (rc != 0)
        return rc;
    return tpmc_tpm_set_tcti(f->tpm, tap_tcti(f->tap), f->err);
}

void fixture_open(fixture *f, int pollable)
{
    fixture_begin(f, pollable);
    check(fixture_connect(f) == 0);
}

void fixture_detach(fixture *f)
{
    tpmc_tpm_free(f->tpm);
    tpmc_env_free(f->env);
    tpmc_error_free(f->err);
    f->tpm = NULL;
    f->env = NULL;
    f->err = NULL;
}

void fixture_close(fixture *f)
{
    fixture_detach(f);
    tap_free(f->tap);
    libtpms_stop();
    memset(f, 0, sizeof(*f));
}

void fixture_reconnect(fixture *f)
{
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    check(fixture_connect(f) == 0);
}

void fixture_mark_others(fixture *f)
{
    f->others = tpm_raw_list(TPM_RAW_TRANSIENT);
    f->other_sessions = tpm_raw_list(TPM_RAW_LOADED_SESSION);
}

static int same_handles(const tpm_raw_handles *a, const tpm_raw_handles *b)
{
    return a->count == b->count && memcmp(a->items, b->items, a->count * sizeof(a->items[0])) == 0;
}

int fixture_holds_only_other_objects(fixture *f)
{
    tpm_raw_handles objects = tpm_raw_list(TPM_RAW_TRANSIENT);

    return same_handles(&objects, &f->others);
}

int fixture_holds_only_others(fixture *f)
{
    tpm_raw_handles sessions = tpm_raw_list(TPM_RAW_LOADED_SESSION);

    return fixture_holds_only_other_objects(f) && same_handles(&sessions, &f->other_sessions);
}

static int make_template(fixture *f, const fixture_template *t, tpmc_key_template **out)
{
    const char *const values[][2] = {
        { "scheme", t->scheme },
        { "description", t->description },
        { "parent_name", t->parent_name },
        { "dictionary_attack", t->dictionary_attack },
    };
    size_t i;
    int rc = tpmc_key_template_new(f->env, out, f->err);

    for (i = 0; rc == 0 && i < sizeof(values) / sizeof(values[0]); i++) {
        if (values[i][1] != NULL)
            rc = tpmc_key_template_set(*out, values[i][0], values[i][1], f->err);
    }
    if (rc == 0 && t->password != NULL)
        rc = tpmc_key_template_set_password(*out, t->password, strlen(t->password), f->err);
    return rc;
}

int fixture_import_bytes(fixture *f, const fixture_template *t, const void *data, size_t len,
                         tpmc_bytes **pem)
{
    tpmc_key_template *key_template = NULL;
    int rc = 0;

    *pem = NULL;
    if (t != NULL)
        rc = make_template(f, t, &key_template);
    if (rc == 0)
        rc = tpmc_key_import(f->tpm, key_template, data, len, pem, f->err);
    tpmc_key_template_free(key_template);
    return rc;
}

int fixture_import(fixture *f, const fixture_template *t, tpmc_bytes **pem)
{
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);

    return fixture_import_bytes(f, t, text, len, pem);
}

int fixture_key(fixture *f, const tpmc_bytes *pem, const char *password, tpmc_key **key)
{
    int rc = tpmc_key_new(f->tpm, key, f->err);

    if (rc == 0)
        rc = tpmc_key_set_pem(*key, tpmc_bytes_data(pem), tpmc_bytes_len(pem), f->err);
    if (rc == 0 && password != NULL)
        rc = tpmc_key_set_password(*key, password, strlen(password), f->err);
    return rc;
}

int fixture_key_text(fixture *f, const char *pem, const char *password, tpmc_key **key)
{
    int rc = tpmc_key_new(f->tpm, key, f->err);

    if (rc == 0)
        rc = tpmc_key_set_pem(*key, pem, strlen(pem), f->err);
    if (rc == 0 && password != NULL)
        rc = tpmc_key_set_password(*key, password, strlen(password), f->err);
    return rc;
}

int fixture_sign_with(tpmc_key *key, const char *algorithm, tpmc_error *err)
{
    tpmc_bytes *signature = NULL;
    tpmc_bytes *spki = NULL;
    int rc =
        tpmc_key_sign(key, algorithm, FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE), &signature, err);

    check((rc == 0) == (signature != NULL));
    check(rc == tpmc_error_code(err) || err == NULL);
    if (rc == 0) {
        check(tpmc_key_public(key, &spki, err) == 0);
        check(
            verify_signature(spki, algorithm, FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE), signature));
    }
    tpmc_bytes_free(spki);
    tpmc_bytes_free(signature);
    return rc;
}

int fixture_sign(fixture *f, tpmc_key *key, const char *algorithm)
{
    return fixture_sign_with(key, algorithm, f->err);
}

int fixture_error_says(const fixture *f, const char *words)
{
    const char *text = tpmc_error_text(f->err);
    char word[64];
    const char *end = NULL;

    while (words != NULL) {
        end = strchr(words, '|');
        (void)snprintf(word, sizeof(word), "%.*s",
                       (int)(end != NULL ? (size_t)(end - words) : strlen(words)), words);
        if (strstr(text, word) == NULL) {
            fprintf(stderr, "the error text lacks \"%s\": %s\n", word, text);
            return 0;
        }
        words = end != NULL ? end + 1 : NULL;
    }
    return 1;
}
