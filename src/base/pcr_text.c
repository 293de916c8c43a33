/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pcr_text.h"

#include <string.h>

#define DEFAULT_BANK 0x000b /* SHA-256 */
#define SELECT_LEN 3
#define MAX_DIGITS 2

typedef struct bank_row {
    const char *name;
    uint16_t hash; /* TPM_ALG_ID */
} bank_row;

static const bank_row bank_rows[TPMC__PCR_BANKS] = {
    { "sha1", 0x0004 },
    { "sha256", DEFAULT_BANK },
    { "sha384", 0x000c },
    { "sha512", 0x000d },
};

/* 0 for an unknown one. */
static uint16_t bank_by_name(const char *name, size_t len)
{
    for (size_t i = 0; i < TPMC__PCR_BANKS; i++) {
        if (strlen(bank_rows[i].name) == len && strncmp(bank_rows[i].name, name, len) == 0)
            return bank_rows[i].hash;
    }
    return 0;
}

static int has_bank(const tpmc__pcr_selection *selection, uint16_t hash)
{
    for (size_t i = 0; i < selection->count; i++) {
        if (selection->banks[i].hash == hash)
            return 1;
    }
    return 0;
}

/* `text` begins a number that ends at a comma or `end`. */
static const char *parse_register(const char *text, size_t len, tpmc__pcr_bank *bank)
{
    unsigned pcr = 0;

    if (len == 0)
        return "names no register in one place: wanted are numbers such as sha256:0,7,23";
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return "is no list of registers, such as sha256:0,7,23 or sha1:1+sha256:16";
        if (i < MAX_DIGITS)
            pcr = pcr * 10 + (unsigned)(text[i] - '0');
    }
    if (len > MAX_DIGITS || pcr >= TPMC__PCR_COUNT)
        return "names a register that does not exist: there are only 0 to 23";
    if (tpmc__pcr_bank_has(bank, pcr))
        return "names a register twice";
    bank->select[pcr / 8] = (uint8_t)(bank->select[pcr / 8] | 1u << pcr % 8);
    return NULL;
}

static const char *parse_registers(const char *text, const char *end, tpmc__pcr_bank *bank)
{
    const char *flaw = NULL;
    size_t len = 0;

    if (text == end)
        return "names no register";
    while (flaw == NULL) {
        const char *comma = memchr(text, ',', (size_t)(end - text));

        len = (size_t)((comma == NULL ? end : comma) - text);
        flaw = parse_register(text, len, bank);
        if (comma == NULL)
            break;
        text = comma + 1;
    }
    return flaw;
}

/* `text` up to `end` is one bank. */
static const char *parse_bank(const char *text, const char *end, tpmc__pcr_selection *out)
{
    const char *colon = memchr(text, ':', (size_t)(end - text));
    tpmc__pcr_bank *bank = NULL;
    uint16_t hash = DEFAULT_BANK;

    if (colon != NULL) {
        hash = bank_by_name(text, (size_t)(colon - text));
        text = colon + 1;
    }
    if (hash == 0)
        return "names an unknown bank: there are sha1, sha256, sha384 and sha512";
    if (has_bank(out, hash))
        return "names a bank twice: list all its registers in one place";
    bank = &out->banks[out->count];
    out->count++;
    bank->hash = hash;
    bank->select_len = SELECT_LEN;
    return parse_registers(text, end, bank);
}

const char *tpmc__pcr_text_parse(const char *text, tpmc__pcr_selection *out)
{
    tpmc__pcr_selection selection = { 0 };
    const char *flaw = NULL;
    const char *end = NULL;

    for (;;) {
        end = text + strcspn(text, "+");
        flaw = parse_bank(text, end, &selection);
        if (flaw != NULL)
            return flaw;
        if (*end == '\0')
            break;
        text = end + 1;
    }
    if (out != NULL)
        *out = selection;
    return NULL;
}

int tpmc__pcr_bank_has(const tpmc__pcr_bank *bank, unsigned pcr)
{
    return pcr / 8 < bank->select_len && (bank->select[pcr / 8] >> pcr % 8 & 1) != 0;
}

size_t tpmc__pcr_selection_size(const tpmc__pcr_selection *selection)
{
    size_t size = 0;

    for (size_t i = 0; i < selection->count; i++) {
        for (unsigned pcr = 0; pcr < 8u * sizeof(selection->banks[i].select); pcr++)
            size += (size_t)tpmc__pcr_bank_has(&selection->banks[i], pcr);
    }
    return size;
}
