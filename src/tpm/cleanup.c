/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "keyfile/tpm_public.h"
#include "tpm/frame.h"
#include "tpm/raw_command.h"
#include "tpm/tpm_int.h"

#define CLEANUP_MS 5000
#define MAX_FOREIGN 64
#define TRANSIENT_FIRST 0x80000000u
#define LOADED_SESSION_FIRST 0x02000000u

/* What cleaning up changes for a while. */
struct patience {
    int64_t deadline_ms;
    int uncancellable;
};

/* Cleaning up gets time of its own: the operation that failed may have used up all of its. */
static int begin_cleanup(tpmc_tpm *tpm, struct patience *saved)
{
    int64_t now = 0;
    int status = tpmc__env_monotonic_ms(tpm->env, &now, NULL);

    if (status != 0)
        return status;
    saved->deadline_ms = tpm->guard.deadline_ms;
    saved->uncancellable = tpm->guard.uncancellable;
    tpm->guard.deadline_ms = now + CLEANUP_MS;
    tpm->guard.uncancellable = 1;
    return 0;
}

static void end_cleanup(tpmc_tpm *tpm, const struct patience *saved)
{
    tpm->guard.deadline_ms = saved->deadline_ms;
    tpm->guard.uncancellable = saved->uncancellable;
    tpm->guard.outcome = TPMC__OUTCOME_NONE;
}

/* After a reset a stranger's object may stand at the same handle. */
static int is_still_ours(tpmc_tpm *tpm, const tpmc__ledger_entry *entry)
{
    const uint8_t *area = NULL;
    size_t area_len = 0;
    tpmc__public public;
    uint8_t name[TPMC__NAME_MAX];
    size_t name_len = 0;

    if (tpmc__raw_read_public(&tpm->guard, entry->handle, &area, &area_len) != 0)
        return 0;
    if (tpmc__public_parse(area, area_len, &public, NULL) != 0)
        return 0;
    if (tpmc__public_name(tpm->env, &public, name, &name_len, NULL) != 0)
        return 0;
    return name_len == entry->name_len && memcmp(name, entry->name, name_len) == 0;
}

/* Flushes one orphan; 0 when it is gone for good. */
static int flush_orphan(tpmc_tpm *tpm, const tpmc__ledger_entry *entry)
{
    if (entry->suspect && !is_still_ours(tpm, entry))
        return tpm->guard.outcome == TPMC__OUTCOME_ANSWERED ? 0 : -1;
    for (int tries = 0; tries < 2; tries++) {
        int status = tpmc__raw_flush(&tpm->guard, entry->handle);

        /* The TPM may say that it does not know the handle: then it is gone as well. */
        if (status == 0 || status == TPMC_ERR_TPM)
            return 0;
    }
    return -1;
}

static void flush_orphans(tpmc_tpm *tpm)
{
    tpmc__ledger *ledger = &tpm->guard.ledger;

    for (size_t i = ledger->count; i-- > 0;) {
        tpmc__ledger_entry entry = ledger->entries[i];

        if (!entry.orphan)
            continue;
        if (flush_orphan(tpm, &entry) != 0)
            return;
        tpmc__ledger_remove(ledger, entry.handle);
    }
}

void tpmc__tpm_clean(tpmc_tpm *tpm)
{
    struct patience saved;

    /* Without a connection, or with a command still running, it has to wait for the next operation.
     */
    if (tpm->guard.inner == NULL || tpm->guard.pending || begin_cleanup(tpm, &saved) != 0)
        return;
    flush_orphans(tpm);
    end_cleanup(tpm, &saved);
}

/* The public area that a command which makes an object carries: its second parameter. */
static int expected_public(const uint8_t *command, tpmc__public *out)
{
    tpmc__frame sent;
    const uint8_t *at = NULL;
    size_t left = 0;
    size_t skip = 0;

    if (tpmc__frame_read_command(command, tpmc__be32(command + 2), &sent) != 0)
        return -1;
    at = command + sent.parameters;
    left = sent.parameters_len;
    if (left < 2)
        return -1;
    skip = 2u + tpmc__be16(at);
    if (left < skip + 2)
        return -1;
    at += skip;
    left -= skip;
    skip = 2u + tpmc__be16(at);
    if (left < skip)
        return -1;
    return tpmc__public_parse(at, skip, out, NULL);
}

static int is_expected(tpmc_tpm *tpm, uint32_t handle, const tpmc__public *expected)
{
    const uint8_t *area = NULL;
    size_t len = 0;
    tpmc__public found;

    if (tpmc__raw_read_public(&tpm->guard, handle, &area, &len) != 0)
        return 0;
    if (tpmc__public_parse(area, len, &found, NULL) != 0)
        return 0;
    if (!tpmc__public_matches_template(&found, expected))
        return 0;
    /* The template of a primary has no unique part; the public area of a key to be loaded has. */
    return expected->unique_len == 0 ||
           (found.unique_len == expected->unique_len &&
            memcmp(found.unique, expected->unique, found.unique_len) == 0);
}

/* The handles of a kind that are not in the ledger. */
static size_t foreign_handles(tpmc_tpm *tpm, uint32_t first, uint32_t *handles)
{
    size_t count = 0;
    size_t kept = 0;

    if (tpmc__raw_handles(&tpm->guard, first, handles, &count, MAX_FOREIGN) != 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (handles[i] >> 24 == first >> 24 &&
            tpmc__ledger_find(&tpm->guard.ledger, handles[i]) == NULL)
            handles[kept++] = handles[i];
    }
    return kept;
}

/* Only when there is no doubt which handle is meant: another program's object must not be flushed.
 */
static void adopt_only_one(tpmc_tpm *tpm, const uint32_t *handles, size_t count)
{
    tpmc__ledger_entry *entry = NULL;

    if (count != 1)
        return;
    entry = tpmc__ledger_add(&tpm->guard.ledger, handles[0]);
    if (entry != NULL)
        entry->orphan = 1;
}

static void recover_object(tpmc_tpm *tpm, const tpmc__public *expected)
{
    uint32_t handles[MAX_FOREIGN];
    size_t count = foreign_handles(tpm, TRANSIENT_FIRST, handles);
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_expected(tpm, handles[i], expected))
            handles[kept++] = handles[i];
    }
    adopt_only_one(tpm, handles, kept);
}

static void recover_session(tpmc_tpm *tpm)
{
    uint32_t handles[MAX_FOREIGN];
    size_t count = foreign_handles(tpm, LOADED_SESSION_FIRST, handles);

    adopt_only_one(tpm, handles, count);
}

void tpmc__tpm_recover(tpmc_tpm *tpm)
{
    uint32_t code = tpmc__be32(tpm->guard.command + 6);
    struct patience saved;
    tpmc__public expected;
    int has_expected = 0;

    if (!tpmc__frame_brings_handle(code))
        return;
    /* The command's bytes are about to be overwritten. */
    has_expected = expected_public(tpm->guard.command, &expected) == 0;
    if (begin_cleanup(tpm, &saved) != 0)
        return;
    if (code == TPMC__CC_START_AUTH_SESSION)
        recover_session(tpm);
    else if (has_expected)
        recover_object(tpm, &expected);
    end_cleanup(tpm, &saved);
}
