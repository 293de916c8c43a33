/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/matrix_operations.h"

#include <string.h>

#include "support/check.h"
#include "support/software_key.h"

static int open_plain(matrix_cell *cell)
{
    return fixture_key(&cell->fixture, cell->keys->plain, NULL, &cell->key);
}

static int open_password(matrix_cell *cell)
{
    return fixture_key(&cell->fixture, cell->keys->password, MATRIX_KEY_PASSWORD, &cell->key);
}

static int open_protected(matrix_cell *cell)
{
    return fixture_key(&cell->fixture, cell->keys->protected, MATRIX_KEY_PASSWORD, &cell->key);
}

static int sign(matrix_cell *cell)
{
    return fixture_sign(&cell->fixture, cell->key, "RS256");
}

static int sign_anew(matrix_cell *cell, int (*open)(matrix_cell *))
{
    int rc = 0;

    tpmc_key_free(cell->key);
    cell->key = NULL;
    rc = open(cell);
    return rc != 0 ? rc : sign(cell);
}

static int sign_plain_anew(matrix_cell *cell)
{
    return sign_anew(cell, open_plain);
}

static int sign_password_anew(matrix_cell *cell)
{
    return sign_anew(cell, open_password);
}

static int sign_protected_anew(matrix_cell *cell)
{
    return sign_anew(cell, open_protected);
}

static int prepare_later_plain(matrix_cell *cell)
{
    return sign_plain_anew(cell);
}

static int prepare_later_password(matrix_cell *cell)
{
    return sign_password_anew(cell);
}

static int prepare_later_protected(matrix_cell *cell)
{
    return sign_protected_anew(cell);
}

/* One key is loaded and a session is there; the other key is opened. */
static int prepare_second(matrix_cell *cell)
{
    int rc =
        fixture_key(&cell->fixture, cell->keys->protected, MATRIX_KEY_PASSWORD, &cell->other_key);

    if (rc == 0)
        rc = fixture_sign(&cell->fixture, cell->other_key, "RS256");
    return rc != 0 ? rc : open_password(cell);
}

static int prepare_nothing(matrix_cell *cell)
{
    (void)cell;
    return 0;
}

static int import(matrix_cell *cell)
{
    static const fixture_template t = { .password = MATRIX_KEY_PASSWORD };
    tpmc_bytes *pem = NULL;
    int rc = fixture_import(&cell->fixture, &t, &pem);

    check((rc == 0) == (pem != NULL));
    tpmc_bytes_free(pem);
    return rc;
}

const matrix_operation matrix_operations[] = {
    { "sign", 0, open_plain, sign, sign_plain_anew },
    { "sign-password", 0, open_password, sign, sign_password_anew },
    { "sign-protected", 0, open_protected, sign, sign_protected_anew },
    { "sign-owner", 1, open_password, sign, sign_password_anew },
    { "later", 0, prepare_later_plain, sign, sign_plain_anew },
    { "later-password", 0, prepare_later_password, sign, sign_password_anew },
    { "later-protected", 0, prepare_later_protected, sign, sign_protected_anew },
    { "second", 0, prepare_second, sign, sign_password_anew },
    { "import", 0, prepare_nothing, import, import },
    { "import-owner", 1, prepare_nothing, import, import },
};

const size_t matrix_operation_count = sizeof(matrix_operations) / sizeof(matrix_operations[0]);

void matrix_keys_make(matrix_keys *keys)
{
    static const fixture_template with_password = { .password = MATRIX_KEY_PASSWORD };
    static const fixture_template with_lockout = { .password = MATRIX_KEY_PASSWORD,
                                                   .dictionary_attack = "1" };
    fixture f;

    memset(keys, 0, sizeof(*keys));
    fixture_attach(&f, 0);
    check(fixture_connect(&f) == 0);
    check(fixture_import(&f, NULL, &keys->plain) == 0);
    check(fixture_import(&f, &with_password, &keys->password) == 0);
    check(fixture_import(&f, &with_lockout, &keys->protected) == 0);
    fixture_detach(&f);
    tap_free(f.tap);
}

void matrix_keys_free(matrix_keys *keys)
{
    tpmc_bytes_free(keys->plain);
    tpmc_bytes_free(keys->password);
    tpmc_bytes_free(keys->protected);
    memset(keys, 0, sizeof(*keys));
}

static void connect_cell(matrix_cell *cell, const matrix_operation *operation)
{
    fixture *f = &cell->fixture;

    check(fixture_connect(f) == 0);
    if (operation->owner_password)
        check(tpmc_tpm_set_hierarchy_password(f->tpm, TPMC_HIERARCHY_OWNER, MATRIX_OWNER_PASSWORD,
                                              strlen(MATRIX_OWNER_PASSWORD), f->err) == 0);
}

void matrix_cell_begin(matrix_cell *cell, const matrix_keys *keys,
                       const matrix_operation *operation, int pollable)
{
    memset(cell, 0, sizeof(*cell));
    cell->keys = keys;
    fixture_attach(&cell->fixture, pollable);
    if (operation->owner_password)
        check(tpm_raw_set_owner_password("", MATRIX_OWNER_PASSWORD) == 0);
    connect_cell(cell, operation);
}

static void free_keys(matrix_cell *cell)
{
    tpmc_key_free(cell->key);
    tpmc_key_free(cell->other_key);
    cell->key = NULL;
    cell->other_key = NULL;
}

void matrix_cell_reconnect(matrix_cell *cell, const matrix_operation *operation)
{
    free_keys(cell);
    tpmc_tpm_free(cell->fixture.tpm);
    cell->fixture.tpm = NULL;
    connect_cell(cell, operation);
}

void matrix_cell_free(matrix_cell *cell)
{
    free_keys(cell);
    fixture_detach(&cell->fixture);
    tap_free(cell->fixture.tap);
    cell->fixture.tap = NULL;
}
