/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The TPM is reset before every command of every operation, with and without another program's
 * TPM2_Startup, and with a stranger's keys at the handles that ours had. Each cell is a forked
 * child with a clone of the TPM.
 */

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "tpm/turns.h"

#define CELLS_MAX 64
#define PERSISTENT_PARENT 0x81000077u

typedef enum situation {
    STARTED,     /* somebody sends TPM2_Startup */
    NOT_STARTED, /* nobody does, and we may not */
    WE_START,    /* the option allow_startup is set */
    STRANGERS,   /* and loads keys of its own at the handles */
    SITUATIONS
} situation;

static const char *const situation_names[SITUATIONS] = { "started", "not started", "we start",
                                                         "strangers" };

typedef struct cell {
    fixture f;
    tpmc_key *key;
    situation situation;
    size_t at;
    int done;
    int in_flush; /* nothing can tell that the reset came between the question and the answer */
} cell;

typedef struct operation {
    const char *name;
    void (*open)(cell *c);
    int (*run)(cell *c);
    int warm; /* what is measured is the second run */
} operation;

static turn_files files;

static void open_sort(cell *c, turn_sort sort)
{
    c->key = turn_key(&c->f, &files, sort);
}

static void open_plain(cell *c)
{
    open_sort(c, TURN_PLAIN);
}

static void open_password(cell *c)
{
    open_sort(c, TURN_PASSWORD);
}

static void open_protected(cell *c)
{
    open_sort(c, TURN_PROTECTED);
}

static void open_hmac(cell *c)
{
    open_sort(c, TURN_HMAC);
}

static void open_restricted(cell *c)
{
    open_sort(c, TURN_RESTRICTED);
}

static void open_under_persistent(cell *c)
{
    open_sort(c, TURN_PASSWORD);
    check(tpmc_key_set(c->key, "parent_handle", "0x81000077", c->f.err) == 0);
}

static void open_bound_pcr(cell *c)
{
    open_sort(c, TURN_BOUND + BOUND_PCR);
}

static void open_bound_password(cell *c)
{
    open_sort(c, TURN_BOUND + BOUND_PCR_PASSWORD);
}

static void open_bound_signed(cell *c)
{
    open_sort(c, TURN_BOUND + BOUND_SIGNED);
}

static int use_bound(cell *c)
{
    return turn_use(&c->f, c->key, TURN_BOUND);
}

static void open_nothing(cell *c)
{
    (void)c;
}

static int use_rsa(cell *c)
{
    return turn_use(&c->f, c->key, TURN_PLAIN);
}

static int use_hmac(cell *c)
{
    return turn_use(&c->f, c->key, TURN_HMAC);
}

static int use_hmac_long(cell *c)
{
    return turn_use(&c->f, c->key, TURN_HMAC_LONG);
}

static int use_restricted(cell *c)
{
    return turn_use(&c->f, c->key, TURN_RESTRICTED);
}

static int use_restricted_long(cell *c)
{
    return turn_use(&c->f, c->key, TURN_RESTRICTED_LONG);
}

static int import(cell *c)
{
    static const fixture_template t = { .password = TURN_KEY_PASSWORD };
    tpmc_bytes *pem = NULL;
    int rc = fixture_import(&c->f, &t, &pem);

    tpmc_bytes_free(pem);
    return rc;
}

static int create(cell *c)
{
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;
    int rc = 0;

    check(tpmc_key_template_new(c->f.env, &t, c->f.err) == 0);
    check(tpmc_key_template_set(t, "algorithm", "ecc256", c->f.err) == 0);
    check(tpmc_key_template_set_password(t, "made", 4, c->f.err) == 0);
    rc = tpmc_key_create(c->f.tpm, t, &pem, c->f.err);
    tpmc_bytes_free(pem);
    tpmc_key_template_free(t);
    return rc;
}

static const operation operations[] = {
    { "plain", open_plain, use_rsa, 0 },
    { "plain, later", open_plain, use_rsa, 1 },
    { "password", open_password, use_rsa, 0 },
    { "password, later", open_password, use_rsa, 1 },
    { "lockout", open_protected, use_rsa, 0 },
    { "lockout, later", open_protected, use_rsa, 1 },
    { "hmac", open_hmac, use_hmac, 0 },
    { "hmac, later", open_hmac, use_hmac, 1 },
    { "long hmac", open_hmac, use_hmac_long, 0 },
    { "long hmac, later", open_hmac, use_hmac_long, 1 },
    { "restricted", open_restricted, use_restricted, 0 },
    { "restricted, later", open_restricted, use_restricted, 1 },
    { "long restricted, later", open_restricted, use_restricted_long, 1 },
    { "persistent parent", open_under_persistent, use_rsa, 0 },
    { "persistent parent, later", open_under_persistent, use_rsa, 1 },
    { "PCR policy", open_bound_pcr, use_bound, 0 },
    { "PCR policy, later", open_bound_pcr, use_bound, 1 },
    { "PCR policy with password", open_bound_password, use_bound, 0 },
    { "PCR policy with password, later", open_bound_password, use_bound, 1 },
    { "signed policy", open_bound_signed, use_bound, 0 },
    { "signed policy, later", open_bound_signed, use_bound, 1 },
    { "import", open_nothing, import, 0 },
    { "create", open_nothing, create, 0 },
};

#define OPERATION_COUNT (sizeof(operations) / sizeof(operations[0]))

static int is_in(const tpm_raw_handles *list, uint32_t handle)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == handle)
            return 1;
    }
    return 0;
}

/* A stranger's key stands where ours was, and a stranger's session; two places stay free. */
static void load_strangers(const tpm_raw_handles *former)
{
    uint32_t handles[2] = { 0 };
    uint32_t session = 0;
    size_t kept = 1;

    for (size_t i = 0; i < 2; i++)
        check(tpm_raw_load_foreign_signer(&handles[i]) == 0);
    if (!is_in(former, handles[1]) && is_in(former, handles[0]))
        kept = 0;
    check(tpm_raw_flush(handles[1 - kept]) == 0);
    check(tpm_raw_start_foreign_session(&session) == 0);
}

static void reset(void *user, size_t index, uint32_t code)
{
    cell *c = user;
    tpm_raw_handles former;

    if (index != c->at || c->done)
        return;
    c->done = 1;
    c->in_flush = code == TAP_CC_FLUSH_CONTEXT;
    former = tpm_raw_list(TPM_RAW_TRANSIENT);
    libtpms_power_cycle(1, c->situation == STARTED || c->situation == STRANGERS);
    if (c->situation == STRANGERS) {
        load_strangers(&former);
        fixture_mark_others(&c->f);
    }
}

/* A session that was begun by the same operation is flushed when it does not agree with ours: the
 * answer that began it may have been altered. */
static int holds_only_others(cell *c, int warm)
{
    if (c->situation == STRANGERS && c->in_flush)
        return 1;
    if (c->situation == STRANGERS && !warm)
        return fixture_holds_only_other_objects(&c->f);
    return fixture_holds_only_others(&c->f);
}

static int may_fail(const cell *c)
{
    return c->done && c->situation == NOT_STARTED;
}

/* Returns how many commands were sent. */
static size_t run_cell(const operation *o, situation s, size_t at)
{
    cell c;
    int rc = 0;
    size_t count = 0;

    memset(&c, 0, sizeof(c));
    c.situation = s;
    c.at = at;
    fixture_attach(&c.f, 0);
    check(fixture_connect(&c.f) == 0);
    if (s == WE_START)
        check(tpmc_tpm_set(c.f.tpm, "allow_startup", "1", c.f.err) == 0);
    o->open(&c);
    if (o->warm)
        check(o->run(&c) == 0);
    tap_clear(c.f.tap);
    tap_set_hook(c.f.tap, reset, &c);
    rc = o->run(&c);
    count = tap_count(c.f.tap);
    if (rc != 0 && !may_fail(&c))
        fprintf(stderr, "%s: %s\n", o->name, tpmc_error_text(c.f.err));
    check(rc == 0 || may_fail(&c));
    if (rc != 0)
        check(rc == TPMC_ERR_TPM_UNAVAILABLE && tpmc_error_tpm_code(c.f.err) == 0x100);
    tap_set_hook(c.f.tap, NULL, NULL);
    if (s == NOT_STARTED)
        (void)tpm_raw_startup();
    for (int i = 0; i < 2; i++) {
        rc = o->run(&c);
        if (rc != 0)
            fprintf(stderr, "%s, again: %s\n", o->name, tpmc_error_text(c.f.err));
        check(rc == 0);
    }
    tpmc_key_free(c.key);
    tpmc_tpm_free(c.f.tpm);
    c.f.tpm = NULL;
    check(holds_only_others(&c, o->warm));
    check(tpm_raw_lockout_counter() == 0);
    fixture_detach(&c.f);
    tap_free(c.f.tap);
    return count;
}

static void make_persistent_parent(void)
{
    tpmc_bytes *name = NULL;
    fixture f;

    fixture_attach(&f, 0);
    check(fixture_connect(&f) == 0);
    check(tpmc_tpm_persist_parent(f.tpm, NULL, PERSISTENT_PARENT, &name, f.err) == 0);
    tpmc_bytes_free(name);
    fixture_detach(&f);
    tap_free(f.tap);
}

/* In a child, so that the TPM here stays as it is. */
static int fork_cell(const operation *o, situation s, size_t at)
{
    int status = 0;
    pid_t child = -1;

    fflush(NULL);
    child = fork();
    check(child >= 0);
    if (child == 0) {
        alarm(60);
        _exit(run_cell(o, s, at) <= at ? 1 : 0);
    }
    check(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 1))
        return WEXITSTATUS(status);
    printf("%s, reset before command %zu, %s: status %#x\n", o->name, at, situation_names[s],
           (unsigned)status);
    return -1;
}

int main(void)
{
    size_t cells = 0;
    size_t failed = 0;

    libtpms_start();
    turns_make(&files);
    make_persistent_parent();
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        for (int s = 0; s < SITUATIONS; s++) {
            int result = 0;

            for (size_t at = 0; result != 1 && at < CELLS_MAX; at++) {
                result = fork_cell(&operations[i], (situation)s, at);
                cells++;
                failed += result < 0;
            }
        }
    }
    turns_free(&files);
    software_key_cleanup();
    libtpms_stop();
    printf("reset: %zu cells, %zu failed\n", cells, failed);
    return failed == 0 ? 0 : 1;
}
