/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_LEDGER_H
#define TPMC_TPM_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#define TPMC__LEDGER_MAX 64
#define TPMC__LEDGER_NAME_MAX 66

/* A handle that a response of the TPM gave us. */
typedef struct tpmc__ledger_entry {
    uint32_t handle;
    int orphan;  /* nobody uses it any more: to be flushed */
    int suspect; /* the TPM may have been reset since: flush only what still has this Name */
    uint8_t name[TPMC__LEDGER_NAME_MAX];
    size_t name_len;
} tpmc__ledger_entry;

/* What we hold in the TPM, kept from the bytes on the wire. Needs no allocation, so that cleaning
 * up cannot fail for memory. */
typedef struct tpmc__ledger {
    tpmc__ledger_entry entries[TPMC__LEDGER_MAX];
    size_t count;
} tpmc__ledger;

tpmc__ledger_entry *tpmc__ledger_find(tpmc__ledger *ledger, uint32_t handle);
/* NULL when the ledger is full, which is more than any TPM or resource manager holds for one
 * client. */
tpmc__ledger_entry *tpmc__ledger_add(tpmc__ledger *ledger, uint32_t handle);
void tpmc__ledger_remove(tpmc__ledger *ledger, uint32_t handle);
void tpmc__ledger_set_name(tpmc__ledger *ledger, uint32_t handle, const uint8_t *name, size_t len);
void tpmc__ledger_orphan(tpmc__ledger *ledger, uint32_t handle);
/* All transient objects, but not sessions, become suspect orphans. */
void tpmc__ledger_suspect_objects(tpmc__ledger *ledger);
void tpmc__ledger_orphan_objects(tpmc__ledger *ledger);
void tpmc__ledger_orphan_all(tpmc__ledger *ledger);
/* Follows one successful exchange: handles that came, were flushed, or ended with their session.
 * Pure. */
uint32_t tpmc__ledger_follow(tpmc__ledger *ledger, const uint8_t *command, const uint8_t *response);

#endif
