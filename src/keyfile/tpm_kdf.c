/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/tpm_kdf.h"

#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"

static void put_be32(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

/* One block of KDFa: HMAC(key, i || label || u || v || bits). */
static int kdfa_block(tpmc_env *env, const tpmc__kdf_input *input, const uint8_t *counter,
                      const uint8_t *bits, uint8_t *block, tpmc_error *err)
{
    const tpmc__span spans[] = {
        { counter, 4 }, { input->label, strlen(input->label) + 1 }, input->u, input->v, { bits, 4 },
    };

    return tpmc__hmac(env, input->hash, input->key.data, input->key.len, spans,
                      sizeof(spans) / sizeof(spans[0]), block, err);
}

/* One block of KDFe: H(i || Z || label || u || v). */
static int kdfe_block(tpmc_env *env, const tpmc__kdf_input *input, const uint8_t *counter,
                      const uint8_t *bits, uint8_t *block, tpmc_error *err)
{
    const tpmc__span spans[] = {
        { counter, 4 }, input->key, { input->label, strlen(input->label) + 1 }, input->u, input->v,
    };

    (void)bits;
    return tpmc__digest(env, input->hash, spans, sizeof(spans) / sizeof(spans[0]), block, err);
}

typedef int (*block_fn)(tpmc_env *env, const tpmc__kdf_input *input, const uint8_t *counter,
                        const uint8_t *bits, uint8_t *block, tpmc_error *err);

static int derive(tpmc_env *env, const tpmc__kdf_input *input, block_fn next, uint8_t *out,
                  size_t len, tpmc_error *err)
{
    size_t size = tpmc__hash_size(input->hash);
    uint8_t block[TPMC__DIGEST_MAX];
    uint8_t counter[4];
    uint8_t bits[4];
    uint32_t i = 0;
    size_t done;
    int status = 0;

    if (size == 0)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the hash 0x%04x is not known", input->hash);
    put_be32(bits, (uint32_t)(len * 8));
    for (done = 0; done < len && status == 0; done += size) {
        put_be32(counter, ++i);
        status = next(env, input, counter, bits, block, err);
        if (status == 0)
            memcpy(out + done, block, len - done < size ? len - done : size);
    }
    tpmc__mem_wipe(block, sizeof(block));
    if (status)
        tpmc__mem_wipe(out, len);
    return status;
}

int tpmc__kdfa(tpmc_env *env, const tpmc__kdf_input *input, uint8_t *out, size_t len,
               tpmc_error *err)
{
    return derive(env, input, kdfa_block, out, len, err);
}

int tpmc__kdfe(tpmc_env *env, const tpmc__kdf_input *input, uint8_t *out, size_t len,
               tpmc_error *err)
{
    return derive(env, input, kdfe_block, out, len, err);
}
