/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tss2_file.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "support/check.h"

#define LABEL "TSS2 PRIVATE KEY"
#define DER_MAX 3072

typedef struct der_reader {
    const uint8_t *at;
    size_t left;
} der_reader;

typedef struct der_writer {
    uint8_t bytes[DER_MAX];
    size_t len;
} der_writer;

/* The element at the front: its tag, with `content` on what it holds. */
static uint8_t take(der_reader *r, der_reader *content)
{
    uint8_t tag = 0;
    size_t len = 0;
    size_t header = 2;

    check(r->left >= 2);
    tag = r->at[0];
    len = r->at[1];
    if (len > 0x80) {
        size_t bytes = len - 0x80;
        size_t i;

        check(bytes <= 2 && r->left >= 2 + bytes);
        len = 0;
        for (i = 0; i < bytes; i++)
            len = len << 8 | r->at[2 + i];
        header += bytes;
    }
    check(r->left >= header + len);
    content->at = r->at + header;
    content->left = len;
    r->at += header + len;
    r->left -= header + len;
    return tag;
}

static void copy_part(const der_reader *content, uint8_t *out, size_t *len)
{
    check(content->left <= TSS2_FILE_PART_MAX);
    memcpy(out, content->at, content->left);
    *len = content->left;
}

static void read_fields(der_reader *fields, tss2_file *out)
{
    der_reader content;
    uint8_t tag = take(fields, &content);
    size_t i;

    check(tag == 0x06 && content.left > 0);
    out->type = content.at[content.left - 1];
    out->empty_auth = -1;
    tag = take(fields, &content);
    while (tag >> 4 == 0xa) {
        if (tag == 0xa0) {
            check(content.left == 3);
            out->empty_auth = content.at[2] != 0;
        }
        tag = take(fields, &content);
    }
    check(tag == 0x02);
    out->parent = 0;
    for (i = 0; i < content.left; i++)
        out->parent = out->parent << 8 | content.at[i];
    check(take(fields, &content) == 0x04);
    copy_part(&content, out->public_area, &out->public_len);
    check(take(fields, &content) == 0x04);
    copy_part(&content, out->private_area, &out->private_len);
    check(fields->left == 0);
}

void tss2_file_read(const void *pem, size_t len, tss2_file *out)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    char *name = NULL;
    char *header = NULL;
    unsigned char *data = NULL;
    long size = 0;
    der_reader whole;
    der_reader fields;

    check(bio != NULL);
    check(PEM_read_bio(bio, &name, &header, &data, &size) == 1);
    check(strcmp(name, LABEL) == 0);
    memset(out, 0, sizeof(*out));
    whole.at = data;
    whole.left = (size_t)size;
    check(take(&whole, &fields) == 0x30 && whole.left == 0);
    read_fields(&fields, out);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    BIO_free(bio);
}

static void put(der_writer *w, uint8_t tag, const uint8_t *content, size_t len)
{
    check(w->len + 4 + len <= sizeof(w->bytes));
    w->bytes[w->len++] = tag;
    if (len >= 0x100) {
        w->bytes[w->len++] = 0x82;
        w->bytes[w->len++] = (uint8_t)(len >> 8);
    } else if (len >= 0x80) {
        w->bytes[w->len++] = 0x81;
    }
    w->bytes[w->len++] = (uint8_t)len;
    memcpy(w->bytes + w->len, content, len);
    w->len += len;
}

size_t tss2_file_write(const tss2_file *file, char *out)
{
    const uint8_t oid[] = { 0x67, 0x81, 0x05, 0x0a, 0x01, (uint8_t)file->type };
    const uint8_t boolean[] = { 0x01, 0x01, file->empty_auth == 1 ? 0xff : 0x00 };
    const uint8_t parent[] = { 0, (uint8_t)(file->parent >> 24), (uint8_t)(file->parent >> 16),
                               (uint8_t)(file->parent >> 8), (uint8_t)file->parent };
    /* Positive in as few bytes as DER wants. */
    size_t skip = file->parent >> 31 ? 0 : 1;
    der_writer fields = { .len = 0 };
    der_writer whole = { .len = 0 };
    BIO *bio = BIO_new(BIO_s_mem());
    int len = 0;

    check(bio != NULL);
    put(&fields, 0x06, oid, sizeof(oid));
    if (file->empty_auth >= 0)
        put(&fields, 0xa0, boolean, sizeof(boolean));
    put(&fields, 0x02, parent + skip, sizeof(parent) - skip);
    put(&fields, 0x04, file->public_area, file->public_len);
    put(&fields, 0x04, file->private_area, file->private_len);
    put(&whole, 0x30, fields.bytes, fields.len);
    check(PEM_write_bio(bio, LABEL, "", whole.bytes, (long)whole.len) > 0);
    len = BIO_read(bio, out, TSS2_FILE_TEXT_MAX - 1);
    check(len > 0 && BIO_pending(bio) == 0);
    out[len] = '\0';
    BIO_free(bio);
    return (size_t)len;
}
