/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/certificate_chain.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/certificate.h"
#include "codec/spki.h"
#include "codec/x509_name.h"

#define ENTRIES_MAX (TPMC__CERTIFICATE_SOURCES * TPMC__CERTIFICATES_PER_SOURCE)

/* What becomes of an entry. */
enum { LEFT_OUT, WAITING, REACHED, ON_PATH };

typedef struct builder {
    tpmc_env *env;
    const tpmc__certificate_list *list;
    int states[ENTRIES_MAX];
    size_t reached[ENTRIES_MAX + 1]; /* indices, in the order in which they were */
    size_t reached_count;
    int takes_weak; /* signatures with broken hashes */
} builder;

static int is_same(const tpmc__span *a, const tpmc__span *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

int tpmc__certificate_has_key(const tpmc__certificate *certificate, const tpmc__span *spki)
{
    tpmc__spki_parts found = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    tpmc__spki_parts wanted = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };

    return tpmc__spki_read(certificate->spki.data, certificate->spki.len, &found) == 0 &&
           tpmc__spki_read(spki->data, spki->len, &wanted) == 0 &&
           tpmc__spki_is_same(&found, &wanted);
}

size_t tpmc__certificate_find_leaf(const tpmc__certificate_list *list, size_t leaves,
                                   const tpmc__span *spki)
{
    for (size_t i = 0; i < leaves; i++) {
        if (tpmc__certificate_has_key(&list->entries[i].facts, spki))
            return i;
    }
    return 0;
}

static int is_issued_by(tpmc_env *env, const tpmc__certificate *child,
                        const tpmc__certificate *issuer, int *is_issued, tpmc_error *err)
{
    *is_issued = 0;
    if (!is_same(&child->issuer, &issuer->subject))
        return 0;
    return tpmc__certificate_is_signed_by(env, &child->der, &issuer->der, is_issued, err);
}

static int is_repeated(const tpmc__certificate_list *list, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (is_same(&list->entries[i].facts.der, &list->entries[index].facts.der))
            return 1;
    }
    return 0;
}

/* Leaves out what is no intermediate certificate. */
static int sort_out(builder *b, const tpmc__certificate *leaf, tpmc_error *err)
{
    for (size_t i = 0; i < b->list->count; i++) {
        const tpmc__certificate *facts = &b->list->entries[i].facts;
        int is_self_signed = 0;
        int status = is_issued_by(b->env, facts, facts, &is_self_signed, err);

        if (status != 0)
            return status;
        b->states[i] = is_self_signed || is_repeated(b->list, i) ||
                               tpmc__certificate_has_key(facts, &leaf->spki)
                           ? LEFT_OUT
                           : WAITING;
    }
    return 0;
}

/* Finds those that issued entry `child`. `*first` is the first of them, or the list's count. */
static int reach_from(builder *b, size_t child, size_t *first, tpmc_error *err)
{
    *first = b->list->count;
    for (size_t i = 0; i < b->list->count; i++) {
        int is_issued = 0;
        int status = 0;

        if (b->states[i] == LEFT_OUT || b->states[i] == ON_PATH)
            continue;
        status = is_issued_by(b->env, &b->list->entries[child].facts, &b->list->entries[i].facts,
                              &is_issued, err);
        if (status != 0)
            return status;
        if (!is_issued)
            continue;
        if (b->states[i] == WAITING)
            b->reached[b->reached_count++] = i;
        b->states[i] = REACHED;
        if (*first == b->list->count)
            *first = i;
    }
    return 0;
}

static int check_hash(const builder *b, const tpmc__certificate_entry *entry, tpmc_error *err)
{
    char name[TPMC__NAME_TEXT_SIZE];

    if (entry->facts.weak_hash == NULL || b->takes_weak)
        return 0;
    tpmc__x509_name_text(entry->facts.subject.data, entry->facts.subject.len, name, sizeof(name));
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "%s: the certificate of \"%s\" is signed with %s, which no service accepts; "
                      "have it issued again with SHA-256",
                      entry->where, name, entry->facts.weak_hash);
}

static int walk(builder *b, size_t leaf, tpmc__certificate_chain *out, tpmc_error *err)
{
    size_t at = leaf;
    int status = 0;

    while (status == 0) {
        status = reach_from(b, at, &at, err);
        if (status != 0 || at == b->list->count)
            break;
        if (out->count == TPMC__CHAIN_MAX)
            return tpmc__fail(err, TPMC_ERR_FORMAT,
                              "%s: there are more than %d intermediate certificates between the "
                              "certificate and its root",
                              b->list->entries[at].where, TPMC__CHAIN_MAX);
        status = check_hash(b, &b->list->entries[at], err);
        b->states[at] = ON_PATH;
        out->path[out->count++] = &b->list->entries[at];
    }
    return status;
}

/* Follows the other ways too, and refuses what is on none. */
static int check_links(builder *b, tpmc_error *err)
{
    char name[TPMC__NAME_TEXT_SIZE];
    size_t first = 0;
    int status = 0;

    for (size_t i = 0; i < b->reached_count && status == 0; i++)
        status = reach_from(b, b->reached[i], &first, err);
    for (size_t i = 0; i < b->list->count && status == 0; i++) {
        const tpmc__certificate_entry *entry = &b->list->entries[i];

        if (b->states[i] != WAITING)
            continue;
        tpmc__x509_name_text(entry->facts.subject.data, entry->facts.subject.len, name,
                             sizeof(name));
        status = tpmc__fail(err, TPMC_ERR_FORMAT,
                            "%s: the certificate of \"%s\" does not belong to the chain: it issued "
                            "neither the key's certificate nor one that leads to it",
                            entry->where, name);
    }
    return status;
}

int tpmc__certificate_chain_make(tpmc_env *env, const tpmc__certificate_list *list, size_t leaves,
                                 const tpmc__span *spki, int takes_weak,
                                 tpmc__certificate_chain *out, tpmc_error *err)
{
    builder b = { .env = env, .list = list, .takes_weak = takes_weak };
    size_t leaf = tpmc__certificate_find_leaf(list, leaves, spki);
    int status = 0;

    memset(out, 0, sizeof(*out));
    out->leaf = &list->entries[leaf];
    status = check_hash(&b, out->leaf, err);
    if (status == 0)
        status = sort_out(&b, &out->leaf->facts, err);
    if (status == 0)
        status = walk(&b, leaf, out, err);
    if (status == 0)
        status = check_links(&b, err);
    return status;
}
