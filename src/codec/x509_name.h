/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_X509_NAME_H
#define TPMC_CODEC_X509_NAME_H

#include "base/buf.h"
#include "base/error_int.h"

/*
 * Appends the DER Name of a distinguished name in text: "CN=device 7,O=Example" (RFC 4514, most
 * specific part first, with its escapes) or "/O=Example/CN=device 7" (as OpenSSL's programs take
 * it). Types: CN, O, OU, C, ST, L, STREET, DC, UID, SERIALNUMBER, emailAddress, in any case, or a
 * dotted OID. UTF8String, but PrintableString for C and SERIALNUMBER and IA5String for DC and
 * emailAddress. At most 1024 bytes of text and 32 parts. TPMC_ERR_ARGUMENT says what is wrong and
 * where.
 */
int tpmc__x509_name_write(const char *text, tpmc__buf *out, tpmc_error *err);
/* The text of a DER Name for people, parts in the order they stand: "O=Example, CN=device 7". Cut
 * to `capacity`, and "?" stands for what cannot be shown; an empty one is "(no name)". */
void tpmc__x509_name_text(const void *der, size_t len, char *out, size_t capacity);

#endif
