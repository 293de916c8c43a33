/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/certificate_file.h"

#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "base/lock.h"
#include "base/mem.h"
#include "codec/file.h"

#define WHERE_SIZE 512
#define MS_PER_SECOND 1000
/* A file that was changed this short a time ago may change again with the same times: clocks of
 * file systems tick slowly, some in steps of two seconds. */
#define UNSETTLED_MS 2500

enum { LEAF, CHAIN, INPUT_COUNT };

typedef struct input_kind {
    const char *what;     /* for tpmc__file_read() */
    const char *in_bytes; /* names bytes in errors */
} input_kind;

static const input_kind kinds[INPUT_COUNT] = {
    { "certificate file", "the certificate" },
    { "certificate chain file", "the certificate chain" },
};

/* A path, or bytes, or neither. */
typedef struct input {
    char *path;
    uint8_t *bytes;
    size_t len;
} input;

struct tpmc__certificate_file {
    tpmc_env *env;
    input inputs[INPUT_COUNT];
    int rules;
    tpmc__lock lock;                      /* held while files are read; guards what follows */
    tpmc__certificate_set *set;           /* the last good one; NULL: none yet */
    tpmc__file_stamp stamps[INPUT_COUNT]; /* when the files were last read, with success or not */
    int has_failed;                       /* the last reading */
};

static int copy_input(input *to, const char *path, const tpmc__span *bytes, const char *name,
                      tpmc_error *err)
{
    if (path != NULL && bytes->len > 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "%s is given both as a file and as bytes; one of them is enough", name);
    if (bytes->len > TPMC__CERTIFICATE_SOURCE_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "%s is larger than %d bytes", name,
                          TPMC__CERTIFICATE_SOURCE_MAX);
    if (path != NULL)
        to->path = tpmc__mem_copy_text(path);
    else if (bytes->len > 0)
        to->bytes = tpmc__mem_copy(bytes->data, bytes->len);
    to->len = bytes->len;
    if ((path != NULL && to->path == NULL) || (to->len > 0 && to->bytes == NULL))
        return tpmc__fail_nomem(err);
    return 0;
}

static int is_given(const input *in)
{
    return in->path != NULL || in->len > 0;
}

static void free_inputs(tpmc__certificate_file *file)
{
    for (int i = 0; i < INPUT_COUNT; i++) {
        tpmc__mem_free(file->inputs[i].path);
        /* A private key may stand beside the certificate. */
        tpmc__mem_free_wiped(file->inputs[i].bytes, file->inputs[i].len);
    }
}

static int fill(tpmc__certificate_file *file, const tpmc__certificate_source *source,
                tpmc_error *err)
{
    int status =
        copy_input(&file->inputs[LEAF], source->path, &source->bytes, kinds[LEAF].in_bytes, err);

    if (status == 0 && !is_given(&file->inputs[LEAF]))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "no certificate was given, neither a file nor bytes");
    if (status == 0)
        status = copy_input(&file->inputs[CHAIN], source->chain_path, &source->chain_bytes,
                            kinds[CHAIN].in_bytes, err);
    if (status == 0)
        status = tpmc__lock_init(&file->lock, err);
    return status;
}

int tpmc__certificate_file_new(tpmc_env *env, const tpmc__certificate_source *source,
                               tpmc__certificate_file **out, tpmc_error *err)
{
    tpmc__certificate_file *file = NULL;
    int status = 0;

    *out = NULL;
    file = tpmc__mem_new(1, sizeof(*file));
    if (file == NULL)
        return tpmc__fail_nomem(err);
    file->env = env;
    file->rules = source->rules;
    status = fill(file, source, err);
    if (status != 0) {
        free_inputs(file);
        tpmc__mem_free(file);
        return status;
    }
    *out = file;
    return 0;
}

void tpmc__certificate_file_free(tpmc__certificate_file *file)
{
    if (file == NULL)
        return;
    tpmc__certificate_set_unref(file->set);
    tpmc__lock_destroy(&file->lock);
    free_inputs(file);
    tpmc__mem_free(file);
}

static void take_stamps(const tpmc__certificate_file *file, tpmc__file_stamp *out)
{
    memset(out, 0, INPUT_COUNT * sizeof(*out));
    for (int i = 0; i < INPUT_COUNT; i++) {
        if (file->inputs[i].path != NULL)
            tpmc__file_stamp_take(file->inputs[i].path, &out[i]);
    }
}

static int is_changed(const tpmc__certificate_file *file, const tpmc__file_stamp *stamps)
{
    for (int i = 0; i < INPUT_COUNT; i++) {
        if (!tpmc__file_stamp_is_same(&file->stamps[i], &stamps[i]))
            return 1;
    }
    return 0;
}

static int is_unsettled(const tpmc__file_stamp *stamps, int64_t now_ms)
{
    for (int i = 0; i < INPUT_COUNT; i++) {
        if (stamps[i].exists && stamps[i].changed_s > (now_ms - UNSETTLED_MS) / MS_PER_SECOND)
            return 1;
    }
    return 0;
}

/* The content of one input, read into `buf` where it is a file; `where` has WHERE_SIZE bytes. */
static int take_text(const input *in, const input_kind *kind, tpmc__buf *buf, char *where,
                     tpmc__certificate_text *out, tpmc_error *err)
{
    int status = 0;

    out->where = where;
    out->bytes = (tpmc__span){ in->bytes, in->len };
    (void)snprintf(where, WHERE_SIZE, "%s", kind->in_bytes);
    if (in->path == NULL)
        return 0;
    (void)snprintf(where, WHERE_SIZE, "the %s \"%s\"", kind->what, in->path);
    status = tpmc__file_read(in->path, kind->what, buf, err);
    out->bytes = (tpmc__span){ buf->data, buf->len };
    return status;
}

static int check_time(const tpmc__certificate_file *file, const tpmc__certificate_set *set,
                      int64_t now_ms, tpmc_error *err)
{
    if ((file->rules & TPMC__CERTIFICATE_ANY_TIME) != 0)
        return 0;
    return tpmc__certificate_set_check_time(set, now_ms, err);
}

/* Reads everything anew and judges it. */
static int load(const tpmc__certificate_file *file, const tpmc__span *spki, int64_t now_ms,
                tpmc__certificate_set **out, tpmc_error *err)
{
    tpmc__certificate_text texts[INPUT_COUNT];
    char where[INPUT_COUNT][WHERE_SIZE];
    tpmc__buf bufs[INPUT_COUNT];
    int has_chain = is_given(&file->inputs[CHAIN]);
    int status = 0;

    *out = NULL;
    for (int i = 0; i < INPUT_COUNT; i++) {
        tpmc__buf_init(&bufs[i], TPMC__CERTIFICATE_SOURCE_MAX);
        if (status == 0 && is_given(&file->inputs[i]))
            status = take_text(&file->inputs[i], &kinds[i], &bufs[i], where[i], &texts[i], err);
    }
    if (status == 0)
        status = tpmc__certificate_set_new(
            file->env, &texts[LEAF], has_chain ? &texts[CHAIN] : NULL, spki, file->rules, out, err);
    if (status == 0)
        status = check_time(file, *out, now_ms, err);
    if (status != 0) {
        tpmc__certificate_set_unref(*out);
        *out = NULL;
    }
    for (int i = 0; i < INPUT_COUNT; i++)
        tpmc__buf_free(&bufs[i]);
    return status;
}

static int is_usable(const tpmc__certificate_file *file, const tpmc__span *spki, int64_t now_ms)
{
    return file->set != NULL &&
           tpmc__certificate_has_key(tpmc__certificate_set_leaf(file->set), spki) &&
           check_time(file, file->set, now_ms, NULL) == 0;
}

/*
 * With the lock held: reads again what may have changed, and gives a reference. `*is_news` says
 * that the old set is given for want of a good new one, and that this was not said before.
 */
static int look(tpmc__certificate_file *file, const tpmc__span *spki, int64_t now_ms,
                tpmc__certificate_set **out, int *is_news, tpmc_error *err)
{
    tpmc__file_stamp stamps[INPUT_COUNT];
    tpmc__certificate_set *fresh = NULL;
    int usable = is_usable(file, spki, now_ms);
    int changed = 0;
    int status = 0;

    /* Before reading: what changes meanwhile is seen next time. */
    take_stamps(file, stamps);
    changed = is_changed(file, stamps);
    if (!usable || changed || file->has_failed || is_unsettled(stamps, now_ms)) {
        status = load(file, spki, now_ms, &fresh, err);
        *is_news = status != 0 && usable && (changed || !file->has_failed);
        file->has_failed = status != 0;
        memcpy(file->stamps, stamps, sizeof(stamps));
    }
    if (fresh != NULL) {
        tpmc__certificate_set_unref(file->set);
        file->set = fresh;
    } else if (status != 0 && !usable) {
        return status;
    }
    *out = tpmc__certificate_set_ref(file->set);
    return 0;
}

static int acquire(tpmc__certificate_file *file, tpmc_error *err)
{
    int64_t now_ms = 0;
    int status = tpmc__env_monotonic_ms(file->env, &now_ms, err);

    if (status != 0)
        return status;
    /* The clock's callback may have forked, and in the child the lock may be held for ever. */
    if (tpmc__env_forked(file->env))
        return tpmc__env_enter(file->env, err);
    return tpmc__lock_acquire(&file->lock, file->env,
                              now_ms +
                                  tpmc__options_number(&file->env->options, TPMC__ENV_TIMEOUT_MS),
                              "the certificate file", err);
}

/* The old set is given although the files hold something else. */
static int warn(const tpmc__certificate_file *file, const tpmc_error *failure,
                tpmc__certificate_set **out, tpmc_error *err)
{
    tpmc__env_log(file->env, TPMC_LOG_WARNING,
                  "a changed certificate cannot be used, and the one before it still is: %s",
                  tpmc_error_text(failure));
    /* The log callback may have forked. */
    if (!tpmc__env_forked(file->env))
        return 0;
    tpmc__certificate_set_unref(*out);
    *out = NULL;
    return tpmc__env_enter(file->env, err);
}

int tpmc__certificate_file_get(tpmc__certificate_file *file, const tpmc__span *spki, int64_t now_ms,
                               tpmc__certificate_set **out, tpmc_error *err)
{
    tpmc_error *failure = NULL;
    int is_news = 0;
    int status = 0;

    *out = NULL;
    status = tpmc_error_new(&failure);
    if (status != 0)
        return tpmc__fail_nomem(err);
    status = acquire(file, err);
    if (status == 0) {
        status = look(file, spki, now_ms, out, &is_news, failure);
        tpmc__lock_release(&file->lock);
        if (status != 0)
            tpmc__error_copy(err, failure);
    }
    if (is_news)
        status = warn(file, failure, out, err);
    tpmc_error_free(failure);
    return status;
}
