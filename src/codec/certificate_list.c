/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/certificate_list.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/certificate.h"
#include "codec/der.h"
#include "codec/pem.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* Takes over the bytes. */
static int add_entry(tpmc__certificate_list *list, tpmc__buf *der, const char *where,
                     tpmc_error *err)
{
    tpmc__certificate_entry *entry = &list->entries[list->count];
    int status = tpmc__certificate_read(der->data, der->len, &entry->facts, err);

    if (status != 0)
        return status;
    entry->where = where;
    entry->der = *der;
    tpmc__buf_init(der, der->max);
    list->count++;
    return 0;
}

static int add_block(tpmc__certificate_list *list, tpmc__pem_block *block, size_t number,
                     const char *where, tpmc_error *err)
{
    int status = 0;

    if (number > TPMC__CERTIFICATES_PER_SOURCE ||
        list->count == sizeof(list->entries) / sizeof(list->entries[0]))
        return tpmc__fail(err, TPMC_ERR_FORMAT, "there are more than %d certificates in it",
                          TPMC__CERTIFICATES_PER_SOURCE);
    if (block->has_headers)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "certificate %zu of it has RFC 1421 headers, as an encrypted block does",
                          number);
    status = add_entry(list, &block->der, where, err);
    if (status != 0)
        tpmc__error_prefix(err, "certificate %zu of it", number);
    return status;
}

static int add_pem(tpmc__certificate_list *list, const tpmc__span *source, const char *where,
                   tpmc_error *err)
{
    const char *text = source->data;
    tpmc__pem_block block;
    size_t offset = 0;
    size_t number = 0;
    int status = 0;
    int found = 1;

    while (status == 0) {
        found = tpmc__pem_next(text, source->len, &offset, &block, err);
        if (found != 1)
            break;
        if (tpmc__certificate_is_label(block.label))
            status = add_block(list, &block, ++number, where, err);
        tpmc__pem_block_free(&block);
    }
    if (found < 0)
        return found;
    if (status == 0 && number == 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "there is no CERTIFICATE block in it");
    return status;
}

static int add_der(tpmc__certificate_list *list, const tpmc__span *source, const char *where,
                   tpmc_error *err)
{
    tpmc__buf der;
    int status = 0;

    if (list->count == sizeof(list->entries) / sizeof(list->entries[0]))
        return tpmc__fail(err, TPMC_ERR_FORMAT, "there are more than %zu certificates in all",
                          list->count);
    tpmc__buf_init(&der, TPMC__CERTIFICATE_SOURCE_MAX);
    tpmc__buf_append(&der, source->data, source->len);
    status = tpmc__buf_check(&der, "the certificate", err);
    if (status == 0)
        status = add_entry(list, &der, where, err);
    tpmc__buf_free(&der);
    return status;
}

/* Without the mark that some editors put before UTF-8. */
static tpmc__span without_mark(const tpmc__span *source)
{
    const size_t len = sizeof(byte_order_mark) - 1;

    if (source->len < len || memcmp(source->data, byte_order_mark, len) != 0)
        return *source;
    return (tpmc__span){ (const char *)source->data + len, source->len - len };
}

static int add(tpmc__certificate_list *list, const tpmc__span *source, const char *where,
               tpmc_error *err)
{
    tpmc__span in = { NULL, 0 };
    tpmc__der start = { NULL, 0 };

    if (source->len == 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "it is empty");
    if (source->len > TPMC__CERTIFICATE_SOURCE_MAX)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "it is larger than %d bytes",
                          TPMC__CERTIFICATE_SOURCE_MAX);
    in = without_mark(source);
    if (tpmc__pem_looks_like(in.data, in.len))
        return add_pem(list, &in, where, err);
    start = (tpmc__der){ in.data, in.len };
    if (tpmc__der_peek(&start) != TPMC__DER_SEQUENCE)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "it is neither PEM nor a certificate in DER");
    return add_der(list, &in, where, err);
}

int tpmc__certificate_list_add(tpmc__certificate_list *list, const tpmc__span *source,
                               const char *where, tpmc_error *err)
{
    int status = add(list, source, where, err);

    if (status != 0 && status != TPMC_ERR_NOMEM)
        tpmc__error_prefix(err, "%s", where);
    return status;
}

void tpmc__certificate_list_free(tpmc__certificate_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        tpmc__buf_free(&list->entries[i].der);
    list->count = 0;
}
