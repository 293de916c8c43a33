/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_FRAME_H
#define TPMC_TPM_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* The layout of TPM commands and responses (TPM 2.0 Part 1, 18). All functions are pure. */

#define TPMC__ST_NO_SESSIONS 0x8001
#define TPMC__ST_SESSIONS 0x8002
#define TPMC__HEADER_LEN 10
#define TPMC__MAX_AUTHS 3

#define TPMC__CC_CREATE_PRIMARY 0x00000131u
#define TPMC__CC_SEQUENCE_COMPLETE 0x0000013eu
#define TPMC__CC_STARTUP 0x00000144u
#define TPMC__CC_LOAD 0x00000157u
#define TPMC__CC_HMAC_START 0x0000015bu
#define TPMC__CC_CONTEXT_LOAD 0x00000161u
#define TPMC__CC_FLUSH_CONTEXT 0x00000165u
#define TPMC__CC_LOAD_EXTERNAL 0x00000167u
#define TPMC__CC_READ_PUBLIC 0x00000173u
#define TPMC__CC_START_AUTH_SESSION 0x00000176u
#define TPMC__CC_GET_CAPABILITY 0x0000017au
#define TPMC__CC_HASH_SEQUENCE_START 0x00000186u
#define TPMC__CC_CREATE_LOADED 0x00000191u

/* One authorization of a command or response. */
typedef struct tpmc__auth {
    uint32_t session; /* commands only */
    uint8_t attributes;
} tpmc__auth;

typedef struct tpmc__frame {
    uint16_t tag;
    uint32_t code;     /* command code or response code */
    size_t parameters; /* offset */
    size_t parameters_len;
    tpmc__auth auths[TPMC__MAX_AUTHS];
    size_t auth_count;
} tpmc__frame;

uint16_t tpmc__be16(const uint8_t *data);
uint32_t tpmc__be32(const uint8_t *data);

/* 1 when a successful response to this command brings a handle. */
int tpmc__frame_brings_handle(uint32_t command_code);
/* How many handles precede the authorizations of the commands that the guard follows or recovers; 0
 * for others. */
size_t tpmc__frame_command_handles(uint32_t command_code);
/* Reads one of our own commands; 0, or -1 when it is not well formed. */
int tpmc__frame_read_command(const uint8_t *data, size_t len, tpmc__frame *out);
/*
 * NULL when `data` is a well-formed response to the command: the sizes agree, an error is ten bytes
 * and its code one of the TPM or a resource manager, the authorizations are as many as the
 * command's and fit exactly, and an encrypted first parameter lies within the parameters. Else what
 * is wrong.
 */
const char *tpmc__frame_check_response(const uint8_t *command, const uint8_t *data, size_t len);

#endif
