/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_TSS2_FILE_H
#define TESTS_SUPPORT_TSS2_FILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads and writes TSS2 key files by OpenSSL's PEM and a few lines of DER of its own, so that tests
 * can make files that the library would not.
 */
#define TSS2_FILE_PART_MAX 1024
#define TSS2_FILE_TEXT_MAX 4096

typedef struct tss2_file {
    unsigned int type; /* last arc of the OID: 3 loadable, 4 importable, 5 sealed */
    int empty_auth;    /* -1: absent */
    uint32_t parent;
    uint8_t public_area[TSS2_FILE_PART_MAX];
    size_t public_len;
    uint8_t private_area[TSS2_FILE_PART_MAX];
    size_t private_len;
} tss2_file;

/* Reads a file without policy and secret; a description is skipped. */
void tss2_file_read(const void *pem, size_t len, tss2_file *out);
/* Writes PEM text with a NUL; returns its length. `out` has room for TSS2_FILE_TEXT_MAX bytes. */
size_t tss2_file_write(const tss2_file *file, char *out);

#endif
