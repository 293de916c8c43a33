/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "codec/der.h"
#include "codec/x509_name.h"

#define TEXT_MAX 2000
#define NAME_MAX_LEN 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name is one SEQUENCE of SETs, each of which holds at least one SEQUENCE. */
static void check_name(const tpmc__buf *name)
{
    tpmc__der in = { name->data, name->len };
    tpmc__der rdns = { NULL, 0 };
    tpmc__der rdn = { NULL, 0 };
    tpmc__der part = { NULL, 0 };

    if (tpmc__der_expect(&in, TPMC__DER_SEQUENCE, &rdns) != 0 || in.len > 0 || rdns.len == 0)
        abort();
    while (rdns.len > 0) {
        if (tpmc__der_expect(&rdns, 0x31, &rdn) != 0 || rdn.len == 0)
            abort();
        while (rdn.len > 0) {
            if (tpmc__der_expect(&rdn, TPMC__DER_SEQUENCE, &part) != 0)
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX + 1];
    tpmc__buf name;
    int status = 0;

    if (size > TEXT_MAX)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    tpmc__buf_init(&name, NAME_MAX_LEN);
    status = tpmc__x509_name_write(text, &name, NULL);
    if (status == 0)
        check_name(&name);
    else if (status != TPMC_ERR_ARGUMENT)
        abort();
    tpmc__buf_free(&name);
    return 0;
}
