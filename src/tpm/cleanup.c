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
#define POLICY_SESSION_TYPE 0x03u

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

/* The public area at a handle: 1 when it could be read, 0 when there is none that we might have
 * made, -1 when that is not known. */
static int read_object(tpmc_tpm *tpm, uint32_t handle, tpmc__public *out)
{
    const uint8_t *area = NULL;
    size_t len = 0;
    int status = tpmc__raw_read_public(&tpm->guard, handle, &area, &len);

    if (status != 0)
        return status == TPMC_ERR_TPM && tpmc__rc_no_handle(tpm->guard.rc) ? 0 : -1;
    /* What our own reader does not know is not ours. */
    return tpmc__public_parse(area, len, out, NULL) == 0;
}

/* After a reset a stranger's object may stand at the same handle. 1 ours, 0 not, -1 when that is
 * not known. */
static int has_name(tpmc_tpm *tpm, uint32_t handle, const uint8_t *wanted, size_t wanted_len)
{
    tpmc__public public;
    uint8_t name[TPMC__NAME_MAX];
    size_t name_len = 0;
    int found = read_object(tpm, handle, &public);

    if (found != 1)
        return found;
    if (tpmc__public_name(tpm->env, &public, name, &name_len, NULL) != 0)
        return -1;
    return name_len == wanted_len && memcmp(name, wanted, name_len) == 0;
}

/* A sequence has no public area, which the TPM says in a code of its own. As has_name(). */
static int is_sequence(tpmc_tpm *tpm, uint32_t handle)
{
    const uint8_t *area = NULL;
    size_t len = 0;
    int status = tpmc__raw_read_public(&tpm->guard, handle, &area, &len);

    if (status == 0)
        return 0;
    if (status != TPMC_ERR_TPM)
        return -1;
    if (tpmc__rc_base(tpm->guard.rc) == TPMC__RC_SEQUENCE)
        return 1;
    return tpmc__rc_no_handle(tpm->guard.rc) ? 0 : -1;
}

/* A session has no Name: another one at its handle is told from it at most by its type. As
 * has_name(). */
static int is_listed(tpmc_tpm *tpm, uint32_t handle)
{
    uint32_t handles[MAX_FOREIGN];
    size_t count = 0;

    if (tpmc__raw_handles(&tpm->guard, LOADED_SESSION_FIRST, handles, &count, MAX_FOREIGN) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (handles[i] == handle)
            return 1;
    }
    return 0;
}

static int is_session(uint32_t handle)
{
    return handle >> 24 == LOADED_SESSION_FIRST >> 24 || handle >> 24 == POLICY_SESSION_TYPE;
}

static int is_still_ours(tpmc_tpm *tpm, const tpmc__ledger_entry *entry)
{
    if (is_session(entry->handle))
        return is_listed(tpm, entry->handle);
    if (entry->name_len == 0)
        return is_sequence(tpm, entry->handle);
    return has_name(tpm, entry->handle, entry->name, entry->name_len);
}

/* The TPM lists HMAC and policy sessions together. */
static int is_of_kind(uint32_t handle, uint32_t first)
{
    if (first == LOADED_SESSION_FIRST)
        return is_session(handle);
    return handle >> 24 == first >> 24;
}

/* The handles of a kind that are not in the ledger. */
static int foreign_handles(tpmc_tpm *tpm, uint32_t first, uint32_t *handles, size_t *kept)
{
    size_t count = 0;
    int status = tpmc__raw_handles(&tpm->guard, first, handles, &count, MAX_FOREIGN);

    *kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_of_kind(handles[i], first) &&
            tpmc__ledger_find(&tpm->guard.ledger, handles[i]) == NULL)
            handles[(*kept)++] = handles[i];
    }
    return status;
}

/* Flushes a handle; 0 when it is gone for good. */
static int flush_handle(tpmc_tpm *tpm, uint32_t handle)
{
    int unknown = 0;

    for (int tries = 0; tries < 3; tries++) {
        int status = tpmc__raw_flush(&tpm->guard, handle);

        if (status == 0)
            return 0;
        if (status != TPMC_ERR_TPM)
            continue;
        /* One answer may have been altered on its way; a handle is gone when the TPM says so twice.
         */
        unknown += tpmc__rc_no_handle(tpm->guard.rc);
        if (unknown == 2)
            return 0;
    }
    return -1;
}

/* The TPM does not hold the object at this handle. If it holds it at another, then the handle we
 * were told was wrong. */
static int flush_misplaced(tpmc_tpm *tpm, const tpmc__ledger_entry *entry)
{
    uint32_t handles[MAX_FOREIGN];
    size_t count = 0;
    uint32_t found = 0;
    int status = 0;

    /* One sequence looks like another. */
    if (entry->name_len == 0)
        return 0;
    status = foreign_handles(tpm, TRANSIENT_FIRST, handles, &count);
    for (size_t i = 0; status == 0 && i < count; i++) {
        tpmc__ledger_entry moved = *entry;

        moved.handle = handles[i];
        if (is_still_ours(tpm, &moved) != 1)
            continue;
        if (found != 0)
            return 0;
        found = handles[i];
    }
    if (status == 0 && found != 0)
        status = flush_handle(tpm, found);
    return status;
}

/* Flushes one orphan; 0 when it is gone for good. */
static int flush_orphan(tpmc_tpm *tpm, const tpmc__ledger_entry *entry)
{
    int ours = entry->suspect ? is_still_ours(tpm, entry) : 1;

    if (ours < 0)
        return -1;
    return ours ? flush_handle(tpm, entry->handle) : flush_misplaced(tpm, entry);
}

static void flush_orphans(tpmc_tpm *tpm)
{
    tpmc__ledger *ledger = &tpm->guard.ledger;

    for (size_t i = ledger->count; i-- > 0;) {
        tpmc__ledger_entry entry = ledger->entries[i];

        if (!entry.orphan)
            continue;
        if (flush_orphan(tpm, &entry) == 0)
            tpmc__ledger_remove(ledger, entry.handle);
        else if (tpm->guard.outcome != TPMC__OUTCOME_ANSWERED)
            return;
    }
}

void tpmc__tpm_clean(tpmc_tpm *tpm)
{
    struct patience saved;

    /* Without a connection, or with a command still running, it has to wait for the next operation.
     */
    if (tpm->guard.inner == NULL || tpm->guard.broken || tpm->guard.pending ||
        begin_cleanup(tpm, &saved) != 0)
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

static int is_blank(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0)
            return 0;
    }
    return 1;
}

/* 1 when the object is what the lost reply was about, 0 when not, -1 when that is not known. */
static int is_expected(tpmc_tpm *tpm, uint32_t handle, const tpmc__public *expected)
{
    tpmc__public public;
    int found = read_object(tpm, handle, &public);

    if (found != 1)
        return found;
    if (!tpmc__public_matches_template(&public, expected))
        return 0;
    /* The template of a primary has no unique part, or zeros; the public area of a key to be loaded
     * has one. */
    return is_blank(expected->unique, expected->unique_len) ||
           (public.unique_len == expected->unique_len &&
            memcmp(public.unique, expected->unique, public.unique_len) == 0);
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

/* `expected` is NULL for a sequence. */
static int recover_object(tpmc_tpm *tpm, const tpmc__public *expected)
{
    uint32_t handles[MAX_FOREIGN];
    size_t count = 0;
    size_t kept = 0;
    int status = foreign_handles(tpm, TRANSIENT_FIRST, handles, &count);

    for (size_t i = 0; status == 0 && i < count; i++) {
        int match = expected == NULL ? is_sequence(tpm, handles[i])
                                     : is_expected(tpm, handles[i], expected);

        if (match < 0)
            return -1;
        if (match)
            handles[kept++] = handles[i];
    }
    if (status == 0)
        adopt_only_one(tpm, handles, kept);
    return status;
}

static int recover_session(tpmc_tpm *tpm)
{
    uint32_t handles[MAX_FOREIGN];
    size_t count = 0;
    int status = foreign_handles(tpm, LOADED_SESSION_FIRST, handles, &count);

    if (status == 0)
        adopt_only_one(tpm, handles, count);
    return status;
}

/* Of a saved context tpmc__context_load() has said what it expects. */
static int knows_expected(tpmc_tpm *tpm, uint32_t code)
{
    return code == TPMC__CC_CONTEXT_LOAD ||
           expected_public(tpm->guard.command, &tpm->loss.expected) == 0;
}

void tpmc__tpm_note_loss(tpmc_tpm *tpm)
{
    uint32_t code = tpmc__be32(tpm->guard.command + 6);

    if (code == TPMC__CC_START_AUTH_SESSION)
        tpm->loss.session = 1;
    else if (code == TPMC__CC_HMAC_START || code == TPMC__CC_HASH_SEQUENCE_START)
        tpm->loss.sequence = 1;
    else if (tpmc__frame_brings_handle(code))
        tpm->loss.object = knows_expected(tpm, code);
}

int tpmc__tpm_recover(tpmc_tpm *tpm)
{
    struct patience saved;
    int status = 0;

    if (!tpm->loss.session && !tpm->loss.object && !tpm->loss.sequence)
        return 0;
    status = begin_cleanup(tpm, &saved);
    if (status != 0)
        return status;
    if (tpm->loss.session)
        status = recover_session(tpm);
    else
        status = recover_object(tpm, tpm->loss.sequence ? NULL : &tpm->loss.expected);
    if (status == 0)
        memset(&tpm->loss, 0, sizeof(tpm->loss));
    end_cleanup(tpm, &saved);
    return status;
}

int tpmc__tpm_object_is_ours(tpmc_tpm *tpm, const tpmc__loaded *loaded)
{
    struct patience saved;
    int ours = 0;

    /* What we let go of may still be there: it is flushed no sooner than the next cleaning. */
    if (!tpmc__loaded_is_current(loaded) &&
        tpmc__ledger_find(&tpm->guard.ledger, loaded->handle) == NULL)
        return 0;
    if (begin_cleanup(tpm, &saved) != 0)
        return -1;
    ours = has_name(tpm, loaded->handle, loaded->name, loaded->name_len);
    end_cleanup(tpm, &saved);
    return ours;
}
