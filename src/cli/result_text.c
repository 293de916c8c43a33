/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/result_text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/message.h"
#include "cli/secret_input.h"

int cli_result_new(cli_result *result, size_t capacity)
{
    result->data = calloc(1, capacity);
    result->len = 0;
    result->capacity = capacity;
    return result->data == NULL ? cli_no_memory() : CLI_OK;
}

void cli_result_free(cli_result *result)
{
    if (result->data != NULL)
        cli_wipe(result->data, result->capacity);
    free(result->data);
    result->data = NULL;
}

void cli_result_append(cli_result *result, const char *text)
{
    size_t len = strlen(text);

    if (len >= result->capacity - result->len)
        return;
    memcpy(result->data + result->len, text, len + 1);
    result->len += len;
}

int cli_result_from_json(cli_result *result, cJSON *json, size_t capacity)
{
    int status = json == NULL ? cli_no_memory() : cli_result_new(result, capacity);

    if (status == CLI_OK &&
        !cJSON_PrintPreallocated(json, result->data, (int)capacity - 1, 0 /* one line */))
        status = cli_no_memory();
    if (status == CLI_OK) {
        result->len = strlen(result->data);
        cli_result_append(result, "\n");
    }
    cJSON_Delete(json);
    return status;
}

int cli_json_add_text(cJSON *json, const char *name, const char *text)
{
    cJSON *item = cJSON_CreateStringReference(text);

    if (cJSON_AddItemToObject(json, name, item))
        return 1;
    cJSON_Delete(item);
    return 0;
}

int cli_time_text(int64_t ms, char out[CLI_TIME_SIZE])
{
    time_t when = (time_t)(ms / 1000);
    struct tm parts;

    if (gmtime_r(&when, &parts) == NULL)
        return 0;
    return strftime(out, CLI_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0;
}
