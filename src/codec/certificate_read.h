/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_CERTIFICATE_READ_H
#define TPMC_CODEC_CERTIFICATE_READ_H

#include "base/buf.h"
#include "codec/digest.h"

/* Room for the text of a name in an error. */
#define TPMC__NAME_TEXT_SIZE 200
#define TPMC__TIME_TEXT_SIZE 40

/* What one X.509 certificate says. The spans are borrowed from its DER bytes. */
typedef struct tpmc__certificate {
    tpmc__span der;
    tpmc__span serial;  /* unsigned big-endian without leading zeros; none for 0 */
    tpmc__span issuer;  /* DER Name */
    tpmc__span subject; /* DER Name */
    tpmc__span spki;    /* DER SubjectPublicKeyInfo */
    int version;        /* 1, 2 or 3 */
    int is_ca;
    int has_key_usage;
    int may_sign;          /* keyUsage digitalSignature, or no keyUsage at all */
    const char *weak_hash; /* the name of the broken hash that it is signed with; NULL: none */
    int64_t not_before_ms; /* since 1970 */
    int64_t not_after_ms;  /* the second that begins here still counts */
} tpmc__certificate;

/*
 * Reads DER that is one certificate and nothing else (RFC 5280); no signature is checked.
 * TPMC_ERR_FORMAT says which part is not well formed, or that the serial number is negative or
 * longer than 20 octets.
 */
int tpmc__certificate_read(const void *der, size_t len, tpmc__certificate *out, tpmc_error *err);
/* Appends the serial number in decimal. */
int tpmc__certificate_serial_text(const tpmc__certificate *certificate, tpmc__buf *out);
/* The hash of the DER bytes; `out` has room for tpmc__hash_size(). */
int tpmc__certificate_thumbprint(tpmc_env *env, const tpmc__certificate *certificate, uint16_t hash,
                                 uint8_t *out, tpmc_error *err);
/* -1 before its time, 1 after it, 0 while it is valid: both ends are included. */
int tpmc__certificate_compare_time(const tpmc__certificate *certificate, int64_t now_ms);
/* "2027-01-15T08:00:00Z". */
void tpmc__certificate_time_text(int64_t ms, char *out, size_t capacity);

#endif
