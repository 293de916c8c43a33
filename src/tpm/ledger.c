/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/ledger.h"

#include <string.h>

#include "tpm/frame.h"

#define ATTRIBUTE_CONTINUE_SESSION 0x01
#define HANDLE_TYPE_TRANSIENT 0x80

tpmc__ledger_entry *tpmc__ledger_find(tpmc__ledger *ledger, uint32_t handle)
{
    for (size_t i = 0; i < ledger->count; i++) {
        if (ledger->entries[i].handle == handle)
            return &ledger->entries[i];
    }
    return NULL;
}

tpmc__ledger_entry *tpmc__ledger_add(tpmc__ledger *ledger, uint32_t handle)
{
    tpmc__ledger_entry *entry = tpmc__ledger_find(ledger, handle);

    if (entry == NULL) {
        if (ledger->count == TPMC__LEDGER_MAX)
            return NULL;
        entry = &ledger->entries[ledger->count++];
    }
    memset(entry, 0, sizeof(*entry));
    entry->handle = handle;
    return entry;
}

void tpmc__ledger_remove(tpmc__ledger *ledger, uint32_t handle)
{
    tpmc__ledger_entry *entry = tpmc__ledger_find(ledger, handle);

    if (entry != NULL)
        *entry = ledger->entries[--ledger->count];
}

void tpmc__ledger_set_name(tpmc__ledger *ledger, uint32_t handle, const uint8_t *name, size_t len)
{
    tpmc__ledger_entry *entry = tpmc__ledger_find(ledger, handle);

    if (entry == NULL || len > sizeof(entry->name))
        return;
    memcpy(entry->name, name, len);
    entry->name_len = len;
}

void tpmc__ledger_orphan(tpmc__ledger *ledger, uint32_t handle)
{
    tpmc__ledger_entry *entry = tpmc__ledger_find(ledger, handle);

    if (entry != NULL)
        entry->orphan = 1;
}

void tpmc__ledger_orphan_objects(tpmc__ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        if (ledger->entries[i].handle >> 24 == HANDLE_TYPE_TRANSIENT)
            ledger->entries[i].orphan = 1;
    }
}

void tpmc__ledger_suspect_objects(tpmc__ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        if (ledger->entries[i].handle >> 24 == HANDLE_TYPE_TRANSIENT) {
            ledger->entries[i].orphan = 1;
            ledger->entries[i].suspect = 1;
        }
    }
}

void tpmc__ledger_orphan_all(tpmc__ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++)
        ledger->entries[i].orphan = 1;
}

/* A session whose response lacks continueSession is gone (Part 1, 19.6.8). */
static void follow_sessions(tpmc__ledger *ledger, const tpmc__frame *command,
                            const uint8_t *response, size_t at)
{
    at += 4 + tpmc__be32(response + at);
    for (size_t i = 0; i < command->auth_count; i++) {
        uint8_t attributes = 0;

        at += 2u + tpmc__be16(response + at);
        /* One flipped bit of an answer that ESAPI has yet to verify must not make us forget a
         * session. */
        attributes = response[at++] | command->auths[i].attributes;
        at += 2u + tpmc__be16(response + at);
        if ((attributes & ATTRIBUTE_CONTINUE_SESSION) == 0)
            tpmc__ledger_remove(ledger, command->auths[i].session);
    }
}

uint32_t tpmc__ledger_follow(tpmc__ledger *ledger, const uint8_t *command, const uint8_t *response)
{
    tpmc__frame sent;
    size_t at = TPMC__HEADER_LEN;
    uint32_t handle = 0;

    if (tpmc__frame_read_command(command, tpmc__be32(command + 2), &sent) != 0)
        return 0;
    if (tpmc__frame_brings_handle(sent.code)) {
        handle = tpmc__be32(response + at);
        at += 4;
        tpmc__ledger_add(ledger, handle);
    }
    if (sent.code == TPMC__CC_FLUSH_CONTEXT && sent.parameters_len == 4)
        tpmc__ledger_remove(ledger, tpmc__be32(command + sent.parameters));
    if (sent.code == TPMC__CC_SEQUENCE_COMPLETE)
        tpmc__ledger_remove(ledger, tpmc__be32(command + TPMC__HEADER_LEN));
    if (sent.tag == TPMC__ST_SESSIONS)
        follow_sessions(ledger, &sent, response, at);
    return handle;
}
