/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Prints how many TPM commands each operation sends, next to how many it may, and what that would
 * take on some chips. Exits with 1 when one sends more. The TPM's own "try again" answers are not
 * counted.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <tss2/tss2_esys.h>
#include <unistd.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "tpm/turns.h"
#include "tpmcloud/aws_hmac.h"

#define OWNER_PASSWORD "bench owner password"
#define PERSISTENT_PARENT 0x81000077u
#define PERSISTENT_KEY 0x81000078u
#define SEQUENCE_MAX 1200
#define WORD_MAX 32

/* Milliseconds, from the benchmarks that wolfTPM's README.md lists (2026). What they do not list,
 * such as loading and flushing, is taken as `other`. */
static const struct chip {
    const char *name;
    double ecc_keygen;
    double rsa_private;
    double ecdsa;
    double ecdh;
    double other;
} chips[] = {
    { "slb9670", 231.4, 163.2, 68.9, 232.1, 10 },
    { "slb9672", 136.0, 77.0, 35.6, 65.9, 10 },
    { "st33ktpm", 89.2, 90.8, 25.3, 66.4, 10 },
    { "z32h330", 51.9, 133.2, 23.4, 38.8, 10 },
};

#define CHIP_COUNT (sizeof(chips) / sizeof(chips[0]))

typedef struct bench {
    fixture f;
    turn_files files;
    int is_ecc; /* of the key that signs */
    int over;
} bench;

static double cost(const struct chip *chip, const char *command, int is_ecc)
{
    if (strcmp(command, "CreatePrimary") == 0)
        return chip->ecc_keygen;
    if (strcmp(command, "StartAuthSession") == 0 || strcmp(command, "Import") == 0)
        return chip->ecdh;
    if (strcmp(command, "Sign") == 0)
        return is_ecc ? chip->ecdsa : chip->rsa_private;
    return chip->other;
}

/* Adds up the words of a sequence; returns how many there are. */
static size_t add_up(const bench *b, const char *sequence, double *sums)
{
    char word[WORD_MAX];
    size_t count = 0;
    int read = 0;

    while (sscanf(sequence, "%31s%n", word, &read) == 1) {
        for (size_t i = 0; i < CHIP_COUNT; i++)
            sums[i] += cost(&chips[i], word, b->is_ecc);
        sequence += read;
        count++;
    }
    return count;
}

/* Prints a row for what was sent since the last one. */
static void row(bench *b, const char *operation, size_t allowed)
{
    char sequence[SEQUENCE_MAX];
    double sums[CHIP_COUNT] = { 0 };
    size_t sent = 0;

    tap_sequence(b->f.tap, 0, sequence, sizeof(sequence));
    sent = add_up(b, sequence, sums);
    printf("%-44s %4zu %7zu ", operation, sent, allowed);
    for (size_t i = 0; i < CHIP_COUNT; i++)
        printf(" %8.0f", sums[i]);
    printf("  %s%s\n", sent > allowed ? "OVER: " : "", sequence);
    if (sent > allowed)
        b->over = 1;
    tap_clear(b->f.tap);
}

static void use(bench *b, tpmc_key *key, turn_sort sort, const char *operation, size_t allowed)
{
    b->is_ecc = sort == TURN_RESTRICTED || sort == TURN_RESTRICTED_LONG || sort >= TURN_BOUND;
    check(turn_use(&b->f, key, sort) == 0);
    row(b, operation, allowed);
    b->is_ecc = 0;
}

static void reconnect(bench *b, const char *context_dir)
{
    fixture_reconnect(&b->f);
    if (context_dir != NULL)
        check(tpmc_tpm_set(b->f.tpm, "context_dir", context_dir, b->f.err) == 0);
    tap_clear(b->f.tap);
}

/* A cold and a later use of a key in a connection of its own. */
static void pair(bench *b, turn_sort sort, const char *name, size_t cold, const char *context_dir)
{
    char text[64];
    tpmc_key *key = NULL;

    reconnect(b, context_dir);
    key = turn_key(&b->f, &b->files, sort);
    (void)snprintf(text, sizeof(text), "%s, cold", name);
    use(b, key, sort, text, cold);
    (void)snprintf(text, sizeof(text), "%s, later", name);
    use(b, key, sort, text, sort == TURN_RESTRICTED ? 2 : 1);
    tpmc_key_free(key);
    tap_clear(b->f.tap);
}

/* Keys that are used through a policy. */
static void bound_keys(bench *b)
{
    static const struct {
        bound_kind kind;
        const char *cold;
        const char *later;
        size_t allowed;
        size_t allowed_later;
    } rows[] = {
        { BOUND_PCR, "PCR policy, cold", "PCR policy, later", 6, 2 },
        { BOUND_PCR_PASSWORD, "PCR policy with password, cold", "PCR policy with password, later",
          7, 3 },
        { BOUND_PCR_HMAC, "HMAC, PCR policy, cold", "HMAC, PCR policy, later", 6, 2 },
        { BOUND_SECRET, "PolicySecret, cold", "PolicySecret, later", 6, 2 },
        { BOUND_SIGNED, "PolicyAuthorize of a PCR policy, cold",
          "PolicyAuthorize of a PCR policy, later", 10, 6 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        turn_sort sort = (turn_sort)(TURN_BOUND + rows[i].kind);
        tpmc_key *key = NULL;

        reconnect(b, NULL);
        key = turn_key(&b->f, &b->files, sort);
        use(b, key, sort, rows[i].cold, rows[i].allowed);
        use(b, key, sort, rows[i].later, rows[i].allowed_later);
        tpmc_key_free(key);
        tap_clear(b->f.tap);
    }
}

static void further_keys(bench *b)
{
    tpmc_key *key = NULL;
    tpmc_key *other = NULL;

    reconnect(b, NULL);
    key = turn_key(&b->f, &b->files, TURN_PASSWORD);
    other = turn_key(&b->f, &b->files, TURN_HMAC);
    check(turn_use(&b->f, key, TURN_PASSWORD) == 0);
    tap_clear(b->f.tap);
    use(b, other, TURN_HMAC, "HMAC, further key of the connection, cold", 4);
    use(b, other, TURN_HMAC, "HMAC, further key of the connection, later", 1);
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
    reconnect(b, NULL);
    check(tpmc_tpm_set_hierarchy_password(b->f.tpm, TPMC_HIERARCHY_OWNER, OWNER_PASSWORD,
                                          strlen(OWNER_PASSWORD), b->f.err) == 0);
    key = turn_key(&b->f, &b->files, TURN_PASSWORD);
    use(b, key, TURN_PASSWORD, "sign, key and owner password, cold", 7);
    use(b, key, TURN_PASSWORD, "sign, key and owner password, later", 1);
    tpmc_key_free(key);
    tpmc_tpm_free(b->f.tpm);
    b->f.tpm = NULL;
    check(tpm_raw_set_owner_password(OWNER_PASSWORD, "") == 0);
}

static void under_persistent_parent(bench *b)
{
    static const struct {
        turn_sort sort;
        const char *cold;
        const char *later;
        size_t allowed;
    } rows[] = {
        { TURN_PLAIN, "persistent parent, cold", "persistent parent, later", 3 },
        { TURN_PASSWORD, "persistent parent, key password, cold",
          "persistent parent, key password, later", 4 },
    };
    tpmc_bytes *name = NULL;

    reconnect(b, NULL);
    check(tpmc_tpm_persist_parent(b->f.tpm, NULL, PERSISTENT_PARENT, &name, b->f.err) == 0);
    tpmc_bytes_free(name);
    for (size_t i = 0; i < 2; i++) {
        tpmc_key *key = NULL;

        reconnect(b, NULL);
        key = turn_key(&b->f, &b->files, rows[i].sort);
        check(tpmc_key_set(key, "parent_handle", "0x81000077", b->f.err) == 0);
        use(b, key, rows[i].sort, rows[i].cold, rows[i].allowed);
        use(b, key, rows[i].sort, rows[i].later, 1);
        tpmc_key_free(key);
    }
}

/* What another program does: a signing key at a persistent handle. */
static void persist_signer(const char *password)
{
    static const TPM2B_PUBLIC signer = {
        .publicArea = { .type = TPM2_ALG_RSA,
                        .nameAlg = TPM2_ALG_SHA256,
                        .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                            TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                            TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
                                            TPMA_OBJECT_SIGN_ENCRYPT,
                        .parameters.rsaDetail = { .symmetric.algorithm = TPM2_ALG_NULL,
                                                  .scheme.scheme = TPM2_ALG_NULL,
                                                  .keyBits = 2048 } },
    };
    static const TPM2B_DATA no_data = { .size = 0 };
    static const TPML_PCR_SELECTION no_pcr = { .count = 0 };
    TPM2B_SENSITIVE_CREATE secret = { .size = 0 };
    TSS2_TCTI_CONTEXT *tcti = libtpms_tcti_new();
    ESYS_CONTEXT *esys = NULL;
    ESYS_TR key = ESYS_TR_NONE;
    ESYS_TR kept = ESYS_TR_NONE;

    secret.sensitive.userAuth.size = (UINT16)strlen(password);
    memcpy(secret.sensitive.userAuth.buffer, password, strlen(password));
    check(Esys_Initialize(&esys, tcti, NULL) == 0);
    if (Esys_TR_FromTPMPublic(esys, PERSISTENT_KEY, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                              &key) == 0)
        check(Esys_EvictControl(esys, ESYS_TR_RH_OWNER, key, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                ESYS_TR_NONE, PERSISTENT_KEY, &kept) == 0);
    check(Esys_CreatePrimary(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                             &secret, &signer, &no_data, &no_pcr, &key, NULL, NULL, NULL,
                             NULL) == 0);
    check(Esys_EvictControl(esys, ESYS_TR_RH_OWNER, key, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                            ESYS_TR_NONE, PERSISTENT_KEY, &kept) == 0);
    check(Esys_FlushContext(esys, key) == 0);
    Esys_Finalize(&esys);
    libtpms_tcti_free(tcti);
}

static void persistent_keys(bench *b)
{
    static const struct {
        const char *password;
        const char *cold;
        const char *later;
        size_t allowed;
    } rows[] = {
        { "", "persistent key, cold", "persistent key, later", 2 },
        { "its password", "persistent key, password, cold", "persistent key, password, later", 5 },
    };

    for (size_t i = 0; i < 2; i++) {
        tpmc_key *key = NULL;

        persist_signer(rows[i].password);
        reconnect(b, NULL);
        check(tpmc_key_new(b->f.tpm, &key, b->f.err) == 0);
        check(tpmc_key_set(key, "handle", "0x81000078", b->f.err) == 0);
        check(tpmc_key_set_password(key, rows[i].password, strlen(rows[i].password), b->f.err) ==
              0);
        use(b, key, TURN_PLAIN, rows[i].cold, rows[i].allowed);
        use(b, key, TURN_PLAIN, rows[i].later, 1);
        tpmc_key_free(key);
    }
}

static void importable(bench *b)
{
    char text[SOFTWARE_KEY_MAX];
    size_t len = software_key_write(software_key_rsa(2048), SOFTWARE_KEY_PKCS8_PEM, text);
    tpmc_key_template *t = NULL;
    tpmc_bytes *parent = NULL;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    reconnect(b, NULL);
    check(tpmc_key_template_new(b->f.env, &t, b->f.err) == 0);
    check(tpmc_tpm_read_parent(b->f.tpm, t, &parent, NULL, b->f.err) == 0);
    check(tpmc_key_wrap(t, tpmc_bytes_data(parent), tpmc_bytes_len(parent), text, len, &pem,
                        b->f.err) == 0);
    reconnect(b, NULL);
    check(fixture_key(&b->f, pem, NULL, &key) == 0);
    use(b, key, TURN_PLAIN, "importable key, cold", 5);
    use(b, key, TURN_PLAIN, "importable key, later", 1);
    tpmc_key_free(key);
    tpmc_bytes_free(parent);
    tpmc_bytes_free(pem);
    tpmc_key_template_free(t);
}

static void clear_folder(const char *folder)
{
    char path[512];
    const struct dirent *entry = NULL;
    DIR *dir = opendir(folder);

    check(dir != NULL);
    for (entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            check(unlink(path) == 0);
    }
    closedir(dir);
}

static void fill_folder(bench *b, turn_sort sort, const char *folder)
{
    tpmc_key *key = NULL;

    clear_folder(folder);
    reconnect(b, folder);
    key = turn_key(&b->f, &b->files, sort);
    check(turn_use(&b->f, key, sort) == 0);
    tpmc_key_free(key);
}

static void saved_contexts(bench *b)
{
    char folder[] = "/tmp/budgets-XXXXXX";
    tpmc_key *key = NULL;

    check(mkdtemp(folder) != NULL);
    fill_folder(b, TURN_PLAIN, folder);
    pair(b, TURN_PLAIN, "saved context, nothing secret", 2, folder);
    fill_folder(b, TURN_PASSWORD, folder);
    pair(b, TURN_PASSWORD, "saved contexts, protected", 5, folder);
    reconnect(b, folder);
    key = turn_key(&b->f, &b->files, TURN_RESTRICTED);
    check(turn_use(&b->f, key, TURN_RESTRICTED) == 0);
    if (tap_count_of(b->f.tap, TAP_CC_CREATE_PRIMARY) != 0)
        b->over = 1;
    row(b, "further key under the saved parent, cold", 7);
    tpmc_key_free(key);
    clear_folder(folder);
    check(rmdir(folder) == 0);
}

static void importing(bench *b)
{
    tpmc_bytes *pem = NULL;

    reconnect(b, NULL);
    check(fixture_import(&b->f, NULL, &pem) == 0);
    row(b, "import", 5);
    tpmc_bytes_free(pem);
}

#if TPMCLOUD_WITH_AWS_HMAC
static void sign_for_aws(bench *b, tpmc_aws_hmac *hmac, const char *operation, size_t allowed)
{
    tpmc_http_request *request = NULL;

    check(tpmc_http_request_new("GET", "https://example.amazonaws.com/", &request, b->f.err) == 0);
    check(tpmc_aws_hmac_sign_request(hmac, "s3", "eu-central-1", request, 0, b->f.err) == 0);
    tpmc_http_request_free(request);
    row(b, operation, allowed);
}

static void aws_signatures(bench *b, const char *cache, const char *cold, const char *later,
                           size_t allowed_later)
{
    tpmc_aws_hmac *hmac = NULL;
    tpmc_key *key = NULL;

    reconnect(b, NULL);
    key = turn_key(&b->f, &b->files, TURN_HMAC);
    check(tpmc_aws_hmac_new(b->f.env, key, &hmac, b->f.err) == 0);
    check(tpmc_aws_hmac_set(hmac, "aws_access_key_id", "AKIDEXAMPLE", b->f.err) == 0);
    check(tpmc_aws_hmac_set(hmac, "cache_signing_key", cache, b->f.err) == 0);
    sign_for_aws(b, hmac, cold, 5);
    sign_for_aws(b, hmac, later, allowed_later);
    tpmc_aws_hmac_free(hmac);
    tpmc_key_free(key);
    tap_clear(b->f.tap);
}
#endif

int main(void)
{
    bench b;

    memset(&b, 0, sizeof(b));
    libtpms_start();
    turns_make(&b.files);
    fixture_attach(&b.f, 0);
    check(fixture_connect(&b.f) == 0);
    printf("%-44s %4s %7s ", "operation", "sent", "allowed");
    for (size_t i = 0; i < CHIP_COUNT; i++)
        printf(" %8s", chips[i].name);
    printf("  commands (milliseconds are estimates)\n");
    pair(&b, TURN_PLAIN, "sign, nothing secret", 4, NULL);
    pair(&b, TURN_PASSWORD, "sign, key password", 5, NULL);
    pair(&b, TURN_HMAC, "HMAC", 5, NULL);
    bound_keys(&b);
    further_keys(&b);
    with_owner_password(&b);
    under_persistent_parent(&b);
    persistent_keys(&b);
    saved_contexts(&b);
    importable(&b);
    pair(&b, TURN_RESTRICTED, "restricted key", 5, NULL);
    importing(&b);
#if TPMCLOUD_WITH_AWS_HMAC
    aws_signatures(&b, "0", "AWS signature, cold", "AWS signature, later", 1);
    aws_signatures(&b, "1", "AWS signature, key cached, cold", "AWS signature, key cached, later",
                   0);
#endif
    turns_free(&b.files);
    fixture_close(&b.f);
    software_key_cleanup();
    return b.over;
}
