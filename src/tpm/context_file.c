/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/context_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tpm/frame.h"

#define PATH_SIZE 4224
/* magic, sequence, saved handle, hierarchy, size of the blob */
#define MAGIC_LEN 8
#define HEADER_LEN (MAGIC_LEN + 8 + 4 + 4 + 2)
#define FILE_MAX_LEN (HEADER_LEN + TPMC__CONTEXT_BLOB_MAX)
/* Part 2, 14.5: an ordinary object, or one with stClear. Sessions and sequences are never saved. */
#define SAVED_OBJECT 0x80000000u
#define SAVED_OBJECT_ST_CLEAR 0x80000002u
#define HIERARCHY_MASK 0xfffffff0u
#define HIERARCHIES 0x40000000u

static const uint8_t magic[MAGIC_LEN] = { 'T', 'P', 'M', 'C', 'C', 'T', 'X', '1' };

static int make_path(const char *directory, const uint8_t *id, const char *end, char *out)
{
    int len = snprintf(out, PATH_SIZE, "%s/", directory);

    if (len < 0 || len + 2 * TPMC__CONTEXT_ID_LEN + 24 > PATH_SIZE)
        return -1;
    for (size_t i = 0; i < TPMC__CONTEXT_ID_LEN; i++)
        len += snprintf(out + len, PATH_SIZE - (size_t)len, "%02x", (unsigned)id[i]);
    (void)snprintf(out + len, PATH_SIZE - (size_t)len, "%s", end);
    return 0;
}

static int is_trustworthy(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return 0;
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return 0;
    return st.st_size >= HEADER_LEN && st.st_size <= FILE_MAX_LEN;
}

/* Up to `capacity` bytes; the number read, or -1. */
static ssize_t read_all(int fd, uint8_t *out, size_t capacity)
{
    size_t len = 0;

    while (len < capacity) {
        ssize_t got = read(fd, out + len, capacity - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

int tpmc__context_parse(const uint8_t *data, size_t len, tpmc__context *out)
{
    memset(out, 0, sizeof(*out));
    if (len < HEADER_LEN || memcmp(data, magic, sizeof(magic)) != 0)
        return -1;
    memcpy(out->sequence, data + MAGIC_LEN, sizeof(out->sequence));
    out->saved_handle = tpmc__be32(data + MAGIC_LEN + 8);
    out->hierarchy = tpmc__be32(data + MAGIC_LEN + 12);
    out->blob_len = tpmc__be16(data + MAGIC_LEN + 16);
    if (out->blob_len == 0 || out->blob_len != len - HEADER_LEN)
        return -1;
    if (out->saved_handle != SAVED_OBJECT && out->saved_handle != SAVED_OBJECT_ST_CLEAR)
        return -1;
    if ((out->hierarchy & HIERARCHY_MASK) != HIERARCHIES)
        return -1;
    memcpy(out->blob, data + HEADER_LEN, out->blob_len);
    return 0;
}

int tpmc__context_file_read(const char *directory, const uint8_t *id, tpmc__context *out)
{
    char path[PATH_SIZE];
    uint8_t data[FILE_MAX_LEN + 1];
    ssize_t len = -1;
    int fd = -1;

    if (make_path(directory, id, ".ctx", path) != 0)
        return -1;
    /* A FIFO must not stop us. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return -1;
    if (is_trustworthy(fd))
        len = read_all(fd, data, sizeof(data));
    close(fd);
    return len < 0 ? -1 : tpmc__context_parse(data, (size_t)len, out);
}

static size_t put_be(uint8_t *out, uint32_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
    return len;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = write(fd, data, len);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        data += sent;
        len -= (size_t)sent;
    }
    return 0;
}

/* A new file of this user's alone, beside the one it will replace. `path` is completed. */
static int create_beside(char *path)
{
    int fd = mkstemp(path);

    if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        (void)unlink(path);
        close(fd);
        return -1;
    }
    return fd;
}

static size_t put_context(const tpmc__context *context, uint8_t *out)
{
    size_t len = MAGIC_LEN;

    memcpy(out, magic, sizeof(magic));
    memcpy(out + len, context->sequence, sizeof(context->sequence));
    len += sizeof(context->sequence);
    len += put_be(out + len, context->saved_handle, 4);
    len += put_be(out + len, context->hierarchy, 4);
    len += put_be(out + len, (uint32_t)context->blob_len, 2);
    memcpy(out + len, context->blob, context->blob_len);
    return len + context->blob_len;
}

int tpmc__context_file_write(const char *directory, const uint8_t *id, const tpmc__context *context)
{
    char path[PATH_SIZE];
    char part[PATH_SIZE];
    uint8_t data[FILE_MAX_LEN];
    int fd = -1;
    int status = 0;

    if (context->blob_len > sizeof(context->blob) || make_path(directory, id, ".ctx", path) != 0 ||
        make_path(directory, id, ".XXXXXX", part) != 0)
        return -1;
    fd = create_beside(part);
    if (fd < 0)
        return -1;
    status = write_all(fd, data, put_context(context, data));
    if (close(fd) != 0)
        status = -1;
    if (status == 0)
        status = rename(part, path);
    if (status != 0)
        (void)unlink(part);
    return status == 0 ? 0 : -1;
}

void tpmc__context_file_remove(const char *directory, const uint8_t *id)
{
    char path[PATH_SIZE];

    if (make_path(directory, id, ".ctx", path) == 0)
        (void)unlink(path);
}
