/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/tcti.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tss2/tss2_tctildr.h>

#define MAX_POLL_HANDLES 8
#define NAME_MAX_LEN 32

static const struct tcti_name {
    const char *name;
    tpmc__tcti_kind kind;
    const char *library; /* the full name keeps the loader from trying others first */
} names[] = {
    { "device", TPMC__TCTI_DEVICE, "libtss2-tcti-device.so.0" },
    { "swtpm", TPMC__TCTI_SIMULATOR, "libtss2-tcti-swtpm.so.0" },
    { "mssim", TPMC__TCTI_SIMULATOR, "libtss2-tcti-mssim.so.0" },
    { "tabrmd", TPMC__TCTI_BROKER, "libtss2-tcti-tabrmd.so.0" },
};

static const struct tcti_name *find_name(const char *tcti)
{
    size_t len = strcspn(tcti, ":");

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) == len && strncmp(names[i].name, tcti, len) == 0)
            return &names[i];
    }
    return NULL;
}

/* What follows the first colon; "" when there is none. */
static const char *configuration(const char *tcti)
{
    const char *colon = strchr(tcti, ':');

    return colon == NULL ? "" : colon + 1;
}

static int is_loopback(const char *host, size_t len)
{
    static const char *const hosts[] = { "localhost", "127.0.0.1", "::1" };

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (strlen(hosts[i]) == len && strncmp(hosts[i], host, len) == 0)
            return 1;
    }
    return 0;
}

static int is_port(const char *text, size_t len)
{
    unsigned value = 0;

    if (len == 0 || len > 5)
        return 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    return value >= 1 && value <= 65535;
}

/* One `key=value` of a simulator's configuration. */
static int check_simulator_item(const char *item, size_t len, tpmc_error *err)
{
    const char *equals = memchr(item, '=', len);
    size_t key_len = equals == NULL ? len : (size_t)(equals - item);
    const char *value = equals == NULL ? item + len : equals + 1;
    size_t value_len = (size_t)(item + len - value);

    if (key_len == 4 && strncmp(item, "host", 4) == 0) {
        if (is_loopback(value, value_len))
            return 0;
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the TCTI names the host '%.*s': only localhost, 127.0.0.1 and ::1 are "
                          "reached without the option 'allow_any_tcti'",
                          (int)(value_len < 64 ? value_len : 64), value);
    }
    if (key_len == 4 && strncmp(item, "port", 4) == 0) {
        if (is_port(value, value_len))
            return 0;
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the TCTI's port is not a number from 1 to 65535");
    }
    if (key_len == 4 && strncmp(item, "path", 4) == 0 && value_len > 0 && value[0] == '/')
        return 0;
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "the TCTI's part '%.*s' is not one of host=, port= and path=",
                      (int)(len < 64 ? len : 64), item);
}

static int check_simulator(const char *conf, tpmc_error *err)
{
    while (*conf != '\0') {
        size_t len = strcspn(conf, ",");
        int status = check_simulator_item(conf, len, err);

        if (status != 0)
            return status;
        conf += len;
        if (*conf == ',')
            conf++;
    }
    return 0;
}

static int check_device(const char *conf, tpmc_error *err)
{
    if (conf[0] == '/')
        return 0;
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "the TCTI names no absolute path of a device; write for example "
                      "device:/dev/tpmrm0");
}

/* tabrmd takes a bus name and a bus type, which select a D-Bus service of this machine. */
static int check_broker(const char *conf, tpmc_error *err)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-=,";

    if (conf[strspn(conf, allowed)] == '\0')
        return 0;
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "the TCTI's D-Bus name holds a character that no such name has");
}

int tpmc__tcti_check(const char *tcti, int allow_any, tpmc__tcti_kind *kind, tpmc_error *err)
{
    const struct tcti_name *found = find_name(tcti);
    const char *conf = configuration(tcti);
    int status = 0;

    *kind = TPMC__TCTI_OTHER;
    if (found == NULL) {
        if (allow_any)
            return 0;
        return tpmc__fail(
            err, TPMC_ERR_ARGUMENT,
            "the TCTI '%.*s' is not one of device:, swtpm:, mssim: and tabrmd:; others "
            "run code of their choosing and need the option 'allow_any_tcti'",
            NAME_MAX_LEN, tcti);
    }
    *kind = found->kind;
    if (found->kind == TPMC__TCTI_DEVICE)
        return check_device(conf, err);
    if (found->kind == TPMC__TCTI_BROKER)
        return check_broker(conf, err);
    status = check_simulator(conf, err);
    if (status != 0 && allow_any) {
        tpmc__error_clear(err);
        *kind = TPMC__TCTI_OTHER;
        return 0;
    }
    return status;
}

/* Why a device could not be opened: libtss2 keeps the system's reason to itself, so it is asked
 * again. */
static int explain_device(const char *path, TSS2_RC rc, tpmc_error *err)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int reason = fd < 0 ? errno : 0;

    if (fd >= 0)
        close(fd);
    switch (reason) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return tpmc__fail(
            err, TPMC_ERR_TPM_UNAVAILABLE,
            "there is no TPM at %.200s; is one enabled in the firmware, and is its driver "
            "loaded?",
            path);
    case EACCES:
    case EPERM:
        return tpmc__fail(
            err, TPMC_ERR_TPM_UNAVAILABLE,
            "no permission to use %.200s; add the user to the group that owns it, often "
            "with: usermod -a -G tss USER",
            path);
    case EBUSY:
        return tpmc__fail(
            err, TPMC_ERR_TPM_UNAVAILABLE,
            "%.200s is in use by another program; use the resource manager /dev/tpmrm0", path);
    default:
        tpmc__fail(err, TPMC_ERR_TPM_UNAVAILABLE, "the TPM at %.200s cannot be opened", path);
        tpmc__error_set_tpm_code(err, rc);
        return TPMC_ERR_TPM_UNAVAILABLE;
    }
}

static int explain_failure(const char *tcti, tpmc__tcti_kind kind, TSS2_RC rc, tpmc_error *err)
{
    if ((rc & 0xffff) == TSS2_BASE_RC_MEMORY)
        return tpmc__fail_nomem(err);
    if (kind == TPMC__TCTI_DEVICE)
        return explain_device(configuration(tcti), rc, err);
    if (kind == TPMC__TCTI_SIMULATOR)
        tpmc__fail(
            err, TPMC_ERR_TPM_UNAVAILABLE,
            "no TPM simulator answers at '%.200s'; is it running, and is its library of tpm2-tss "
            "installed?",
            tcti);
    else
        tpmc__fail(
            err, TPMC_ERR_TPM_UNAVAILABLE,
            "the TPM cannot be reached through '%.200s'; is its library of tpm2-tss installed?",
            tcti);
    tpmc__error_set_tpm_code(err, rc);
    return TPMC_ERR_TPM_UNAVAILABLE;
}

/* Descriptors of the TCTI are not for programs that the application starts. */
static void set_close_on_exec(TSS2_TCTI_CONTEXT *tcti)
{
    struct pollfd handles[MAX_POLL_HANDLES];
    size_t count = 0;
    TSS2_RC rc = Tss2_Tcti_GetPollHandles(tcti, NULL, &count);

    if (rc != TSS2_RC_SUCCESS || count > MAX_POLL_HANDLES)
        return;
    rc = Tss2_Tcti_GetPollHandles(tcti, handles, &count);
    for (size_t i = 0; rc == TSS2_RC_SUCCESS && i < count; i++) {
        int flags = fcntl(handles[i].fd, F_GETFD);

        if (flags >= 0)
            fcntl(handles[i].fd, F_SETFD, flags | FD_CLOEXEC);
    }
}

int tpmc__tcti_open(const char *tcti, tpmc__tcti_kind kind, TSS2_TCTI_CONTEXT **out,
                    tpmc_error *err)
{
    const struct tcti_name *found = find_name(tcti);
    char text[TPMC__TCTI_MAX + 64];
    TSS2_RC rc = 0;
    int len = 0;

    *out = NULL;
    if (found == NULL || kind == TPMC__TCTI_OTHER)
        len = snprintf(text, sizeof(text), "%s", tcti);
    else
        len = snprintf(text, sizeof(text), "%s:%s", found->library, configuration(tcti));
    if (len < 0 || (size_t)len >= sizeof(text))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the TCTI is too long");
    rc = Tss2_TctiLdr_Initialize(text, out);
    if (rc != TSS2_RC_SUCCESS) {
        *out = NULL;
        return explain_failure(tcti, kind, rc, err);
    }
    set_close_on_exec(*out);
    return 0;
}

void tpmc__tcti_close(TSS2_TCTI_CONTEXT *tcti)
{
    if (tcti != NULL)
        Tss2_TctiLdr_Finalize(&tcti);
}

void tpmc__tcti_abandon(TSS2_TCTI_CONTEXT *tcti)
{
    struct pollfd handles[MAX_POLL_HANDLES];
    size_t count = 0;
    TSS2_RC rc =
        tcti == NULL ? TSS2_TCTI_RC_BAD_CONTEXT : Tss2_Tcti_GetPollHandles(tcti, NULL, &count);

    if (rc != TSS2_RC_SUCCESS || count > MAX_POLL_HANDLES)
        return;
    rc = Tss2_Tcti_GetPollHandles(tcti, handles, &count);
    for (size_t i = 0; rc == TSS2_RC_SUCCESS && i < count; i++)
        close(handles[i].fd);
}
