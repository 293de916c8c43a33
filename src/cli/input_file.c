/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/secret_input.h"
#include "cli/stop_signal.h"

#define FIRST_CAPACITY ((size_t)128 * 1024)

static int open_input(const char *path, cli_input_kind kind)
{
    struct stat status;
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;
    int fd;

    if (kind == CLI_INPUT_REGULAR)
        flags |= O_NONBLOCK; /* so that a pipe without writer is refused instead of waited for */
    fd = open(path, flags);
    if (fd < 0) {
        cli_message("cannot open '%s': %s", path, strerror(errno));
        return -1;
    }
    if (kind == CLI_INPUT_ANY || (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)))
        return fd;
    cli_message("'%s' is not a regular file; use '-' to read standard input", path);
    (void)close(fd);
    return -1;
}

/* Grows by copying, since realloc() would leave pieces of a private key behind. */
static int grow(cli_input *input, size_t ceiling)
{
    size_t capacity = input->capacity == 0 ? FIRST_CAPACITY : input->capacity * 2;
    unsigned char *data;

    /* One byte more than the ceiling tells a file that is too large. */
    if (capacity > ceiling + 1)
        capacity = ceiling + 1;
    data = malloc(capacity);
    if (data == NULL)
        return cli_no_memory();
    if (input->len > 0)
        memcpy(data, input->data, input->len);
    cli_wipe(input->data, input->len);
    free(input->data);
    input->data = data;
    input->capacity = capacity;
    return CLI_OK;
}

/* One read(); `*end` becomes 1 at the end of the file. */
static int read_some(cli_input *input, int fd, const char *name, int *end)
{
    ssize_t got;

    got = read(fd, input->data + input->len, input->capacity - input->len);
    if (got < 0 && errno == EINTR && !cli_stop_requested())
        return CLI_OK;
    if (got < 0) {
        cli_message("cannot read %s: %s", name,
                    cli_stop_requested() ? "stopped by a signal" : strerror(errno));
        return CLI_FAILED;
    }
    input->len += (size_t)got;
    *end = got == 0;
    return CLI_OK;
}

static int read_all(cli_input *input, int fd, const char *name, size_t ceiling)
{
    int status = CLI_OK;
    int end = 0;

    while (!end && status == CLI_OK) {
        if (input->len > ceiling) {
            cli_message("%s holds more than %lu bytes", name, (unsigned long)ceiling);
            return CLI_FAILED;
        }
        if (input->len == input->capacity)
            status = grow(input, ceiling);
        if (status == CLI_OK)
            status = read_some(input, fd, name, &end);
    }
    return status;
}

int cli_input_read(cli_input *input, const char *path, size_t ceiling, cli_input_kind kind)
{
    int status;
    int fd;

    memset(input, 0, sizeof(*input));
    if (strcmp(path, "-") == 0)
        return read_all(input, STDIN_FILENO, "standard input", ceiling);
    fd = open_input(path, kind);
    if (fd < 0)
        return CLI_FAILED;
    status = read_all(input, fd, path, ceiling);
    (void)close(fd);
    return status;
}

void cli_input_free(cli_input *input)
{
    cli_wipe(input->data, input->len);
    free(input->data);
    memset(input, 0, sizeof(*input));
}
