/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_TCTI_TAP_H
#define TESTS_SUPPORT_TCTI_TAP_H

#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tcti.h>

/* A TCTI in front of the TPM of this process that records every command and can break any of
 * them. */
typedef struct tap tap;

typedef enum tap_fault_kind {
    TAP_NO_FAULT,
    TAP_TRANSMIT_FAILS, /* `value`: the TSS2_RC; the TPM gets nothing */
    TAP_RECEIVE_FAILS,  /* `value`: the TSS2_RC; the TPM has run the command, the reply is lost */
    TAP_TRY_AGAIN,      /* `value`: so many times receive answers TRY_AGAIN first */
    TAP_DELAY,          /* `value`: the reply comes after so many ms; TRY_AGAIN until then */
    TAP_STALL,          /* the reply comes after a cancel only */
    TAP_STALL_DEAF,     /* the reply never comes, and so the TCTI takes no further command */
    TAP_ANSWER,         /* `value`: the response code; the TPM gets nothing */
    TAP_NO_BODY,        /* success without a body; the TPM has run the command */
    TAP_CUT,            /* `value`: so many bytes are left */
    TAP_CUT_LAST,       /* the last `value` bytes are missing */
    TAP_APPEND,         /* `value`: so many bytes follow */
    TAP_HEADER_SIZE,    /* `value`: added to the size in the header, modulo 2^32 */
    TAP_TAG,            /* `value`: the tag in the header */
    TAP_FILL,           /* `value`: every byte */
    TAP_FLIP,           /* `value`: the byte whose lowest bit flips; counted from the end when
                           it has the top bit set */
    TAP_OVERSIZE        /* `value`: the size to which the response grows, header included */
} tap_fault_kind;

typedef struct tap_fault {
    tap_fault_kind kind;
    uint32_t value;
    size_t at;    /* index of the first command that it hits, counted from the last tap_clear() */
    size_t count; /* how many commands it hits; TAP_STICKY: all from then on */
} tap_fault;

#define TAP_STICKY SIZE_MAX

/* Runs in transmit, before the TPM sees the command. */
typedef void (*tap_hook)(void *user, size_t index, uint32_t code);

/* `pollable` gives it a descriptor as poll handle, readable when a reply is there. */
tap *tap_new(int pollable);
void tap_free(tap *self);
TSS2_TCTI_CONTEXT *tap_tcti(tap *self);

/* Forgets the records, the fault and the hook. */
void tap_clear(tap *self);
void tap_set_fault(tap *self, const tap_fault *fault);
void tap_set_hook(tap *self, tap_hook hook, void *user);

/* How many commands were sent, and how many were hit by the fault. */
size_t tap_count(tap *self);
size_t tap_hits(tap *self);
/* Calls of the TCTI's finalize and cancel. */
size_t tap_finalized(tap *self);
size_t tap_cancelled(tap *self);
/* 1 while a reply stalls. */
int tap_stalls(tap *self);
uint32_t tap_code(tap *self, size_t index);
/* The response code that was delivered; 0xffffffff when there was no whole header. */
uint32_t tap_response_code(tap *self, size_t index);
/* How many commands have this code. */
size_t tap_count_of(tap *self, uint32_t code);
/* "CreatePrimary Load": the commands from `first` on, those left out that were answered "try
 * again"; cut off where `out` is full. */
void tap_sequence(tap *self, size_t first, char *out, size_t capacity);
/* 1 when these bytes were in any command or response. */
int tap_saw(tap *self, const void *data, size_t len);

const char *tap_command_name(uint32_t code);

#define TAP_CC_CREATE_PRIMARY 0x131u
#define TAP_CC_IMPORT 0x156u
#define TAP_CC_LOAD 0x157u
#define TAP_CC_SIGN 0x15du
#define TAP_CC_FLUSH_CONTEXT 0x165u
#define TAP_CC_READ_PUBLIC 0x173u
#define TAP_CC_START_AUTH_SESSION 0x176u
#define TAP_CC_GET_CAPABILITY 0x17au

#endif
