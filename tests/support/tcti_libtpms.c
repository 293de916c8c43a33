/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tcti_libtpms.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <libtpms/tpm_error.h>
#include <libtpms/tpm_library.h>
#include <libtpms/tpm_nvfilename.h>

#include "support/check.h"

#define TCTI_MAGIC 0x7470636c69627470ULL
#define NVRAM_SLOTS 4
#define NVRAM_NAME_MAX 32

typedef struct nvram_slot {
    char name[NVRAM_NAME_MAX];
    unsigned char *data;
    uint32_t len;
} nvram_slot;

typedef struct tcti_libtpms {
    TSS2_TCTI_CONTEXT_COMMON_V2 common;
    int has_response;
    uint8_t response[LIBTPMS_BUFFER_MAX];
    size_t response_len;
} tcti_libtpms;

static pthread_mutex_t tpm_mutex = PTHREAD_MUTEX_INITIALIZER;
static nvram_slot nvram[NVRAM_SLOTS];
static int is_on;

static nvram_slot *nvram_find(const char *name)
{
    size_t i;

    for (i = 0; i < NVRAM_SLOTS; i++) {
        if (strcmp(nvram[i].name, name) == 0)
            return &nvram[i];
    }
    return NULL;
}

static TPM_RESULT nvram_init(void)
{
    return TPM_SUCCESS;
}

static TPM_RESULT nvram_load(unsigned char **data, uint32_t *length, uint32_t tpm_number,
                             const char *name)
{
    const nvram_slot *slot = nvram_find(name);

    (void)tpm_number;
    *data = NULL;
    *length = 0;
    if (slot == NULL)
        return TPM_RETRY;
    *data = malloc(slot->len);
    if (*data == NULL)
        return TPM_FAIL;
    memcpy(*data, slot->data, slot->len);
    *length = slot->len;
    return TPM_SUCCESS;
}

static TPM_RESULT nvram_store(const unsigned char *data, uint32_t length, uint32_t tpm_number,
                              const char *name)
{
    nvram_slot *slot = nvram_find(name);
    unsigned char *copy;

    (void)tpm_number;
    if (slot == NULL)
        slot = nvram_find("");
    if (slot == NULL || strlen(name) >= NVRAM_NAME_MAX)
        return TPM_FAIL;
    copy = malloc(length);
    if (copy == NULL)
        return TPM_FAIL;
    memcpy(copy, data, length);
    free(slot->data);
    slot->data = copy;
    slot->len = length;
    memcpy(slot->name, name, strlen(name) + 1);
    return TPM_SUCCESS;
}

static TPM_RESULT nvram_delete(uint32_t tpm_number, const char *name, TPM_BOOL must_exist)
{
    nvram_slot *slot = nvram_find(name);

    (void)tpm_number;
    if (slot == NULL)
        return must_exist ? TPM_FAIL : TPM_SUCCESS;
    free(slot->data);
    memset(slot, 0, sizeof(*slot));
    return TPM_SUCCESS;
}

static TPM_RESULT io_init(void)
{
    return TPM_SUCCESS;
}

static TPM_RESULT io_locality(TPM_MODIFIER_INDICATOR *locality, uint32_t tpm_number)
{
    (void)tpm_number;
    *locality = 0;
    return TPM_SUCCESS;
}

static TPM_RESULT io_presence(TPM_BOOL *presence, uint32_t tpm_number)
{
    (void)tpm_number;
    *presence = 0;
    return TPM_SUCCESS;
}

static void nvram_clear(void)
{
    size_t i;

    for (i = 0; i < NVRAM_SLOTS; i++)
        free(nvram[i].data);
    memset(nvram, 0, sizeof(nvram));
}

static void switch_on(void)
{
    struct libtpms_callbacks callbacks = {
        .sizeOfStruct = (int)sizeof(struct libtpms_callbacks),
        .tpm_nvram_init = nvram_init,
        .tpm_nvram_loaddata = nvram_load,
        .tpm_nvram_storedata = nvram_store,
        .tpm_nvram_deletename = nvram_delete,
        .tpm_io_init = io_init,
        .tpm_io_getlocality = io_locality,
        .tpm_io_getphysicalpresence = io_presence,
    };

    check(TPMLIB_ChooseTPMVersion(TPMLIB_TPM_VERSION_2) == TPM_SUCCESS);
    check(TPMLIB_RegisterCallbacks(&callbacks) == TPM_SUCCESS);
    check(TPMLIB_MainInit() == TPM_SUCCESS);
    is_on = 1;
}

static void switch_off(void)
{
    if (is_on)
        TPMLIB_Terminate();
    is_on = 0;
}

static void run_two_byte_command(uint8_t code_low, uint8_t parameter_low)
{
    const uint8_t command[] = { 0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, code_low, 0, parameter_low };
    uint8_t response[LIBTPMS_BUFFER_MAX];
    size_t len = 0;

    libtpms_run(command, sizeof(command), response, &len);
    check(len == 10 && memcmp(response + 6, "\0\0\0\0", 4) == 0);
}

/* TPM2_Startup(CLEAR) is 0x144, TPM2_Shutdown(CLEAR) 0x145; TPM_SU_CLEAR is 0. */
static void startup(void)
{
    run_two_byte_command(0x44, 0);
}

void libtpms_start(void)
{
    libtpms_stop();
    pthread_mutex_lock(&tpm_mutex);
    switch_on();
    pthread_mutex_unlock(&tpm_mutex);
    startup();
}

void libtpms_power_cycle(int clean, int start)
{
    if (clean)
        run_two_byte_command(0x45, 0);
    pthread_mutex_lock(&tpm_mutex);
    switch_off();
    switch_on();
    pthread_mutex_unlock(&tpm_mutex);
    if (start)
        startup();
}

void libtpms_stop(void)
{
    pthread_mutex_lock(&tpm_mutex);
    switch_off();
    nvram_clear();
    pthread_mutex_unlock(&tpm_mutex);
}

void libtpms_run(const uint8_t *command, size_t len, uint8_t *response, size_t *response_len)
{
    unsigned char copy[LIBTPMS_BUFFER_MAX];
    unsigned char *buffer = NULL;
    uint32_t size = 0;
    uint32_t capacity = 0;
    TPM_RESULT result;

    check(len <= sizeof(copy));
    memcpy(copy, command, len);
    pthread_mutex_lock(&tpm_mutex);
    check(is_on);
    result = TPMLIB_Process(&buffer, &size, &capacity, copy, (uint32_t)len);
    pthread_mutex_unlock(&tpm_mutex);
    check(result == TPM_SUCCESS && size <= LIBTPMS_BUFFER_MAX);
    memcpy(response, buffer, size);
    *response_len = size;
    free(buffer);
}

static TSS2_RC tcti_transmit(TSS2_TCTI_CONTEXT *tcti, size_t size, const uint8_t *command)
{
    tcti_libtpms *self = (tcti_libtpms *)tcti;

    if (self == NULL || command == NULL)
        return TSS2_TCTI_RC_BAD_REFERENCE;
    if (self->has_response)
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    libtpms_run(command, size, self->response, &self->response_len);
    self->has_response = 1;
    return TSS2_RC_SUCCESS;
}

static TSS2_RC tcti_receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *response,
                            int32_t timeout)
{
    tcti_libtpms *self = (tcti_libtpms *)tcti;

    (void)timeout;
    if (self == NULL || size == NULL)
        return TSS2_TCTI_RC_BAD_REFERENCE;
    if (!self->has_response)
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    if (response != NULL && *size < self->response_len)
        return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
    *size = self->response_len;
    if (response == NULL)
        return TSS2_RC_SUCCESS;
    memcpy(response, self->response, self->response_len);
    self->has_response = 0;
    return TSS2_RC_SUCCESS;
}

static void tcti_finalize(TSS2_TCTI_CONTEXT *tcti)
{
    tcti_libtpms *self = (tcti_libtpms *)tcti;

    self->common.v1.transmit = NULL;
    self->common.v1.receive = NULL;
}

static TSS2_RC tcti_cancel(TSS2_TCTI_CONTEXT *tcti)
{
    const tcti_libtpms *self = (const tcti_libtpms *)tcti;

    return self->has_response ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_BAD_SEQUENCE;
}

static TSS2_RC tcti_poll_handles(TSS2_TCTI_CONTEXT *tcti, TSS2_TCTI_POLL_HANDLE *handles,
                                 size_t *count)
{
    (void)tcti;
    (void)handles;
    (void)count;
    return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC tcti_locality(TSS2_TCTI_CONTEXT *tcti, uint8_t locality)
{
    (void)tcti;
    (void)locality;
    return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC tcti_sticky(TSS2_TCTI_CONTEXT *tcti, TPM2_HANDLE *handle, uint8_t sticky)
{
    (void)tcti;
    (void)handle;
    (void)sticky;
    return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

TSS2_TCTI_CONTEXT *libtpms_tcti_new(void)
{
    tcti_libtpms *self = calloc(1, sizeof(*self));

    check(self != NULL);
    self->common.v1.magic = TCTI_MAGIC;
    self->common.v1.version = 2;
    self->common.v1.transmit = tcti_transmit;
    self->common.v1.receive = tcti_receive;
    self->common.v1.finalize = tcti_finalize;
    self->common.v1.cancel = tcti_cancel;
    self->common.v1.getPollHandles = tcti_poll_handles;
    self->common.v1.setLocality = tcti_locality;
    self->common.makeSticky = tcti_sticky;
    return (TSS2_TCTI_CONTEXT *)self;
}

void libtpms_tcti_free(TSS2_TCTI_CONTEXT *tcti)
{
    if (tcti == NULL)
        return;
    Tss2_Tcti_Finalize(tcti);
    free(tcti);
}
