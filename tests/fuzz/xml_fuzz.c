/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/xml.h"

#define MAX_LEN 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of a document that was taken every name can be found again, and every text is UTF-8. */
static void check(const tpmc__xml_element *root)
{
    const tpmc__xml_element *element = root;

    while (element != NULL) {
        const char *name = tpmc__xml_name(element);
        const char *text = tpmc__xml_text(element);

        if (name[0] == '\0' || strchr(name, ':') != NULL)
            abort();
        if (text != NULL && !tpmc__utf8_valid(text, strlen(text)))
            abort();
        if (element != root && tpmc__xml_find(root, name) == NULL)
            abort();
        element = tpmc__xml_find(element, "a");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpmc__xml *xml = NULL;
    int status = tpmc__xml_parse(data, size, MAX_LEN, "the text", &xml, NULL);

    if (status != 0 && (status != TPMC_ERR_FORMAT || xml != NULL))
        abort();
    if (status == 0)
        check(tpmc__xml_root(xml));
    tpmc__xml_free(xml);
    return 0;
}
