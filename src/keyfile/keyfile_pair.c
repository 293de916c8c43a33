/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "keyfile/keyfile_field.h"

int tpmc__keyfile_from_pair(const void *public_area, size_t public_len, const void *private_part,
                            size_t private_len, tpmc__keyfile *out, tpmc_error *err)
{
    int status;

    memset(out, 0, sizeof(*out));
    out->type = TPMC__KEYFILE_LOADABLE;
    out->parent = TPMC__KEYFILE_OWNER;
    status = tpmc__keyfile_set_public(out, public_area, public_len, "the public area", err);
    if (status == 0)
        status = tpmc__keyfile_set_private(out, private_part, private_len, "the private part", err);
    if (status)
        memset(out, 0, sizeof(*out));
    return status;
}
