/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Prints how many TPM commands each operation sends, next to how many it may. Exits with 1 when one
 * sends more. The TPM's own "try again" answers are not counted.
 */

#include <stdio.h>
#include <string.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tpm_fixture.h"

#define KEY_PASSWORD "bench key password"
#define OWNER_PASSWORD "bench owner password"
#define SEQUENCE_MAX 600

typedef struct bench {
    fixture f;
    tpmc_bytes *plain;
    tpmc_bytes *password;
    tpmc_bytes *other;
    int over;
} bench;

/* Prints a row for what was sent since the last one. */
static void row(bench *b, const char *operation, size_t allowed)
{
    char sequence[SEQUENCE_MAX];
    size_t sent = 0;
    size_t i;

    tap_sequence(b->f.tap, 0, sequence, sizeof(sequence));
    for (i = 0; sequence[i] != '\0'; i++)
        sent += i == 0 || sequence[i - 1] == ' ';
    printf("%-44s %4zu %7zu  %s\n", operation, sent, allowed, sequence);
    if (sent > allowed)
        b->over = 1;
    tap_clear(b->f.tap);
}

static void sign(bench *b, tpmc_key *key, const char *operation, size_t allowed)
{
    check(fixture_sign(&b->f, key, "RS256") == 0);
    row(b, operation, allowed);
}

static void reconnect(bench *b, const char *owner_password)
{
    fixture_reconnect(&b->f);
    if (owner_password != NULL)
        check(tpmc_tpm_set_hierarchy_password(b->f.tpm, TPMC_HIERARCHY_OWNER, owner_password,
                                              strlen(owner_password), b->f.err) == 0);
    tap_clear(b->f.tap);
}

static void without_password(bench *b)
{
    tpmc_key *key = NULL;

    reconnect(b, NULL);
    check(fixture_key(&b->f, b->plain, NULL, &key) == 0);
    sign(b, key, "sign, no password, cold", 4);
    sign(b, key, "sign, no password, later", 1);
    tpmc_key_free(key);
    row(b, "close the key", 1);
}

static void with_password(bench *b)
{
    tpmc_key *key = NULL;
    tpmc_key *other = NULL;

    reconnect(b, NULL);
    check(fixture_key(&b->f, b->password, KEY_PASSWORD, &key) == 0);
    check(fixture_key(&b->f, b->other, KEY_PASSWORD, &other) == 0);
    sign(b, key, "sign, key password, cold", 5);
    sign(b, key, "sign, key password, later", 1);
    sign(b, other, "sign, further key of the connection, cold", 4);
    sign(b, other, "sign, further key of the connection, later", 1);
    tpmc_key_free(key);
    tpmc_key_free(other);
    tpmc_tpm_free(b->f.tpm);
    b->f.tpm = NULL;
    row(b, "close two keys and the connection", 3);
}

static void with_owner_password(bench *b)
{
    tpmc_key *key = NULL;

    check(tpm_raw_set_owner_password("", OWNER_PASSWORD) == 0);
    reconnect(b, OWNER_PASSWORD);
    check(fixture_key(&b->f, b->password, KEY_PASSWORD, &key) == 0);
    sign(b, key, "sign, key and owner password, cold", 7);
    sign(b, key, "sign, key and owner password, later", 1);
    tpmc_key_free(key);
    check(tpm_raw_set_owner_password(OWNER_PASSWORD, "") == 0);
}

static void importing(bench *b)
{
    static const fixture_template t = { .password = KEY_PASSWORD };

    reconnect(b, NULL);
    check(fixture_import(&b->f, NULL, &b->plain) == 0);
    row(b, "import", 5);
    check(fixture_import(&b->f, &t, &b->password) == 0);
    check(fixture_import(&b->f, &t, &b->other) == 0);
}

int main(void)
{
    bench b;

    memset(&b, 0, sizeof(b));
    fixture_open(&b.f, 0);
    printf("%-44s %4s %7s  %s\n", "operation", "sent", "allowed", "commands");
    importing(&b);
    without_password(&b);
    with_password(&b);
    with_owner_password(&b);
    tpmc_bytes_free(b.plain);
    tpmc_bytes_free(b.password);
    tpmc_bytes_free(b.other);
    fixture_close(&b.f);
    software_key_cleanup();
    return b.over;
}
