/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/matrix_operations.h"

#include <stdio.h>
#include <string.h>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"
#include "support/software_key.h"
#include "tpm/made_key.h"

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

static int open_turn(matrix_cell *cell, turn_sort sort)
{
    cell->sort = sort;
    cell->key = turn_key(&cell->fixture, &cell->keys->turns, sort);
    return 0;
}

static int open_hmac(matrix_cell *cell)
{
    return open_turn(cell, TURN_HMAC);
}

static int open_hmac_long(matrix_cell *cell)
{
    return open_turn(cell, TURN_HMAC_LONG);
}

static int open_restricted(matrix_cell *cell)
{
    return open_turn(cell, TURN_RESTRICTED);
}

static int open_restricted_long(matrix_cell *cell)
{
    return open_turn(cell, TURN_RESTRICTED_LONG);
}

static int open_bound_pcr(matrix_cell *cell)
{
    return open_turn(cell, TURN_BOUND + BOUND_PCR);
}

static int open_bound_password(matrix_cell *cell)
{
    return open_turn(cell, TURN_BOUND + BOUND_PCR_PASSWORD);
}

static int open_bound_hmac(matrix_cell *cell)
{
    return open_turn(cell, TURN_BOUND + BOUND_PCR_HMAC);
}

static int open_bound_branches(matrix_cell *cell)
{
    return open_turn(cell, TURN_BOUND + BOUND_BRANCHES);
}

static int open_bound_secret(matrix_cell *cell)
{
    return open_turn(cell, TURN_BOUND + BOUND_SECRET);
}

static int open_bound_signed(matrix_cell *cell)
{
    return open_turn(cell, TURN_BOUND + BOUND_SIGNED);
}

static int use(matrix_cell *cell)
{
    return turn_use(&cell->fixture, cell->key, cell->sort);
}

static int use_anew(matrix_cell *cell)
{
    tpmc_key_free(cell->key);
    cell->key = NULL;
    (void)open_turn(cell, cell->sort);
    return use(cell);
}

static int prepare_later_bound(matrix_cell *cell)
{
    (void)open_bound_pcr(cell);
    return use(cell);
}

static int open_importable(matrix_cell *cell)
{
    return fixture_key(&cell->fixture, cell->keys->importable, NULL, &cell->key);
}

static int sign_importable_anew(matrix_cell *cell)
{
    return sign_anew(cell, open_importable);
}

static int open_decrypt(matrix_cell *cell)
{
    return fixture_key_text(&cell->fixture, cell->keys->decrypt, NULL, &cell->key);
}

static int sign_decrypt_anew(matrix_cell *cell)
{
    return sign_anew(cell, open_decrypt);
}

static int open_under_persistent(matrix_cell *cell)
{
    int rc = open_password(cell);

    if (rc == 0)
        rc = tpmc_key_set(cell->key, "parent_handle", "0x81000077", cell->fixture.err);
    return rc;
}

static int sign_under_persistent_anew(matrix_cell *cell)
{
    return sign_anew(cell, open_under_persistent);
}

static int create(matrix_cell *cell)
{
    fixture *f = &cell->fixture;
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;
    int rc = 0;

    check(tpmc_key_template_new(f->env, &t, f->err) == 0);
    check(tpmc_key_template_set(t, "algorithm", "ecc256", f->err) == 0);
    check(tpmc_key_template_set_password(t, "made", 4, f->err) == 0);
    rc = tpmc_key_create(f->tpm, t, &pem, f->err);
    check((rc == 0) == (pem != NULL));
    tpmc_bytes_free(pem);
    tpmc_key_template_free(t);
    return rc;
}

/* A former connection has left contexts behind. */
static int prepare_context(matrix_cell *cell, turn_sort sort)
{
    fixture *f = &cell->fixture;

    (void)snprintf(cell->folder, sizeof(cell->folder), "/tmp/matrix-%ld", (long)getpid());
    (void)mkdir(cell->folder, 0700);
    check(tpmc_tpm_set(f->tpm, "context_dir", cell->folder, f->err) == 0);
    (void)open_turn(cell, sort);
    if (use(cell) != 0)
        return tpmc_error_code(f->err);
    tpmc_tpm_release(f->tpm);
    return 0;
}

static int prepare_context_plain(matrix_cell *cell)
{
    return prepare_context(cell, TURN_PLAIN);
}

static int prepare_context_hmac(matrix_cell *cell)
{
    return prepare_context(cell, TURN_HMAC);
}

const matrix_operation matrix_operations[] = {
    { "sign", 0, open_plain, sign, sign_plain_anew, 0 },
    { "sign-password", 0, open_password, sign, sign_password_anew, 0 },
    { "sign-protected", 0, open_protected, sign, sign_protected_anew, 0 },
    { "sign-owner", 1, open_password, sign, sign_password_anew, 0 },
    { "later", 0, prepare_later_plain, sign, sign_plain_anew, 0 },
    { "later-password", 0, prepare_later_password, sign, sign_password_anew, 0 },
    { "later-protected", 0, prepare_later_protected, sign, sign_protected_anew, 0 },
    { "second", 0, prepare_second, sign, sign_password_anew, 0 },
    { "import", 0, prepare_nothing, import, import, 0 },
    { "import-owner", 1, prepare_nothing, import, import, 0 },
    { "hmac", 0, open_hmac, use, use_anew, 0 },
    { "hmac-long", 0, open_hmac_long, use, use_anew, 0 },
    { "restricted", 0, open_restricted, use, use_anew, 0 },
    { "restricted-long", 0, open_restricted_long, use, use_anew, 0 },
    { "importable", 0, open_importable, sign, sign_importable_anew, 0 },
    { "decrypt", 0, open_decrypt, sign, sign_decrypt_anew, 0 },
    { "persistent-parent", 0, open_under_persistent, sign, sign_under_persistent_anew, 0 },
    { "create", 0, prepare_nothing, create, create, 0 },
    { "pcr", 0, open_bound_pcr, use, use_anew, 0 },
    { "pcr-later", 0, prepare_later_bound, use, use_anew, 0 },
    { "pcr-password", 0, open_bound_password, use, use_anew, 0 },
    { "pcr-hmac", 0, open_bound_hmac, use, use_anew, 0 },
    { "branches", 0, open_bound_branches, use, use_anew, 0 },
    { "secret-owner", 1, open_bound_secret, use, use_anew, 1 },
    { "signed-policy", 0, open_bound_signed, use, use_anew, 0 },
    { "context", 0, prepare_context_plain, use, use_anew, 0 },
    { "context-hmac", 0, prepare_context_hmac, use, use_anew, 0 },
};

const size_t matrix_operation_count = sizeof(matrix_operations) / sizeof(matrix_operations[0]);

#define PERSISTENT_PARENT 0x81000077u

static const made_key decrypt_key = {
    .type = TPM2_ALG_RSA,
    .attributes = MADE_DECRYPT,
    .scheme = TPM2_ALG_NULL,
    .size = 2048,
};

static void make_importable(fixture *f, matrix_keys *keys)
{
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);
    tpmc_key_template *t = NULL;
    tpmc_bytes *parent = NULL;

    check(tpmc_key_template_new(f->env, &t, f->err) == 0);
    check(tpmc_tpm_read_parent(f->tpm, t, &parent, NULL, f->err) == 0);
    check(tpmc_key_wrap(t, tpmc_bytes_data(parent), tpmc_bytes_len(parent), text, len,
                        &keys->importable, f->err) == 0);
    tpmc_bytes_free(parent);
    tpmc_key_template_free(t);
}

void matrix_keys_make(matrix_keys *keys)
{
    static const fixture_template with_password = { .password = MATRIX_KEY_PASSWORD };
    static const fixture_template with_lockout = { .password = MATRIX_KEY_PASSWORD,
                                                   .dictionary_attack = "1" };
    tpmc_bytes *name = NULL;
    fixture f;

    memset(keys, 0, sizeof(*keys));
    turns_make(&keys->turns);
    check(made_key_write(&decrypt_key, keys->decrypt) == 0);
    fixture_attach(&f, 0);
    check(fixture_connect(&f) == 0);
    check(fixture_import(&f, NULL, &keys->plain) == 0);
    check(fixture_import(&f, &with_password, &keys->password) == 0);
    check(fixture_import(&f, &with_lockout, &keys->protected) == 0);
    make_importable(&f, keys);
    check(tpmc_tpm_persist_parent(f.tpm, NULL, PERSISTENT_PARENT, &name, f.err) == 0);
    tpmc_bytes_free(name);
    fixture_detach(&f);
    tap_free(f.tap);
}

void matrix_keys_free(matrix_keys *keys)
{
    tpmc_bytes_free(keys->plain);
    tpmc_bytes_free(keys->password);
    tpmc_bytes_free(keys->protected);
    tpmc_bytes_free(keys->importable);
    turns_free(&keys->turns);
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

static void remove_folder(const char *folder)
{
    char path[512];
    const struct dirent *entry = NULL;
    DIR *dir = folder[0] != '\0' ? opendir(folder) : NULL;

    if (dir == NULL)
        return;
    for (entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            check(unlink(path) == 0);
    }
    closedir(dir);
    check(rmdir(folder) == 0);
}

void matrix_cell_free(matrix_cell *cell)
{
    free_keys(cell);
    fixture_detach(&cell->fixture);
    tap_free(cell->fixture.tap);
    cell->fixture.tap = NULL;
    remove_folder(cell->folder);
}
