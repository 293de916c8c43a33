/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "codec/certificate_chain.h"
#include "codec/x509_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static tpmc_env *env;

static void look_at(const tpmc__certificate *facts)
{
    char text[TPMC__NAME_TEXT_SIZE];
    tpmc__buf serial;

    tpmc__buf_init(&serial, 64);
    if (tpmc__certificate_serial_text(facts, &serial) != 0 || serial.len == 0)
        abort();
    tpmc__buf_free(&serial);
    tpmc__x509_name_text(facts->subject.data, facts->subject.len, text, sizeof(text));
    tpmc__x509_name_text(facts->issuer.data, facts->issuer.len, text, sizeof(text));
    tpmc__certificate_time_text(facts->not_after_ms, text, sizeof(text));
    (void)tpmc__certificate_compare_time(facts, facts->not_before_ms);
}

/* The input is a file with certificates; the key is that of its last. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const tpmc__env_defaults no_services;
    const tpmc__span source = { data, size };
    tpmc__certificate_list list = { 0 };
    tpmc__certificate_chain chain;
    int status = 0;

    if (env == NULL && tpmc__env_create(&no_services, &env, NULL) != 0)
        abort();
    status = tpmc__certificate_list_add(&list, &source, "the file", NULL);
    if (status != 0 && status != TPMC_ERR_FORMAT)
        abort();
    for (size_t i = 0; i < list.count; i++)
        look_at(&list.entries[i].facts);
    if (status == 0) {
        const tpmc__span spki = list.entries[list.count - 1].facts.spki;

        status = tpmc__certificate_chain_make(env, &list, list.count, &spki, 0, &chain, NULL);
        if (status != 0 && status != TPMC_ERR_FORMAT && status != TPMC_ERR_UNSUPPORTED)
            abort();
        if (!tpmc__certificate_has_key(&chain.leaf->facts, &spki))
            abort();
    }
    tpmc__certificate_list_free(&list);
    return 0;
}
