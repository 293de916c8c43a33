/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/matrix_faults.h"

#define FROM_END 0x80000000u

const matrix_fault matrix_faults[] = {
    /* The transport. */
    { "transmit-io", TAP_TRANSMIT_FAILS, TSS2_TCTI_RC_IO_ERROR, 0, 1 },
    { "transmit-no-connection", TAP_TRANSMIT_FAILS, TSS2_TCTI_RC_NO_CONNECTION, 0, 1 },
    { "transmit-general", TAP_TRANSMIT_FAILS, TSS2_TCTI_RC_GENERAL_FAILURE, 0, 1 },
    { "lost", TAP_RECEIVE_FAILS, TSS2_TCTI_RC_IO_ERROR, 0, 1 },
    { "lost-no-connection", TAP_RECEIVE_FAILS, TSS2_TCTI_RC_NO_CONNECTION, 0, 1 },
    { "lost-malformed", TAP_RECEIVE_FAILS, TSS2_TCTI_RC_MALFORMED_RESPONSE, 0, 1 },
    { "try-again-1", TAP_TRY_AGAIN, 1, 0, 1 },
    { "try-again-50", TAP_TRY_AGAIN, 50, 0, 1 },
    { "delay", TAP_DELAY, 20, 0, 1 },
    { "poll-transmit-io", TAP_TRANSMIT_FAILS, TSS2_TCTI_RC_IO_ERROR, 1, 1 },
    { "poll-lost", TAP_RECEIVE_FAILS, TSS2_TCTI_RC_IO_ERROR, 1, 1 },
    { "poll-try-again", TAP_TRY_AGAIN, 5, 1, 1 },
    { "poll-delay", TAP_DELAY, 20, 1, 1 },
    { "poll-stall", TAP_STALL, 0, 1, 1 },
    { "poll-cut10", TAP_CUT, 10, 1, 1 },
    /* Responses that are no responses. */
    { "no-body", TAP_NO_BODY, 0, 0, 1 },
    { "cut0", TAP_CUT, 0, 0, 1 },
    { "cut4", TAP_CUT, 4, 0, 1 },
    { "cut9", TAP_CUT, 9, 0, 1 },
    { "cut10", TAP_CUT, 10, 0, 1 },
    { "cut14", TAP_CUT, 14, 0, 1 },
    { "cut30", TAP_CUT, 30, 0, 1 },
    { "cut-last", TAP_CUT_LAST, 1, 0, 1 },
    { "append1", TAP_APPEND, 1, 0, 1 },
    { "append64", TAP_APPEND, 64, 0, 1 },
    { "size-plus", TAP_HEADER_SIZE, 1, 0, 1 },
    { "size-minus", TAP_HEADER_SIZE, UINT32_MAX, 0, 1 },
    { "size-huge", TAP_HEADER_SIZE, 0x7fffff00u, 0, 1 },
    { "tag0", TAP_TAG, 0x0000, 0, 1 },
    { "tag-1.2", TAP_TAG, 0x00c4, 0, 1 },
    { "tag-no-sessions", TAP_TAG, 0x8001, 0, 1 },
    { "tag-sessions", TAP_TAG, 0x8002, 0, 1 },
    { "fill-ff", TAP_FILL, 0xff, 0, 1 },
    { "fill-00", TAP_FILL, 0x00, 0, 1 },
    { "oversize4096", TAP_OVERSIZE, 4096, 0, 1 },
    { "oversize4097", TAP_OVERSIZE, 4097, 0, 1 },
    { "oversize8000", TAP_OVERSIZE, 8000, 0, 1 },
    { "flip0", TAP_FLIP, 0, 0, 1 },
    { "flip1", TAP_FLIP, 1, 0, 1 },
    { "flip5", TAP_FLIP, 5, 0, 1 },
    { "flip6", TAP_FLIP, 6, 0, 1 },
    { "flip8", TAP_FLIP, 8, 0, 1 },
    { "flip9", TAP_FLIP, 9, 0, 1 },
    { "flip10", TAP_FLIP, 10, 0, 1 },
    { "flip13", TAP_FLIP, 13, 0, 1 },
    { "flip15", TAP_FLIP, 15, 0, 1 },
    { "flip17", TAP_FLIP, 17, 0, 1 },
    { "flip20", TAP_FLIP, 20, 0, 1 },
    { "flip24", TAP_FLIP, 24, 0, 1 },
    { "flip40", TAP_FLIP, 40, 0, 1 },
    { "flip80", TAP_FLIP, 80, 0, 1 },
    { "flip-last", TAP_FLIP, FROM_END | 0, 0, 1 },
    { "flip-last-20", TAP_FLIP, FROM_END | 20, 0, 1 },
    { "flip-last-40", TAP_FLIP, FROM_END | 40, 0, 1 },
    /* The TPM's own codes. */
    { "922", TAP_ANSWER, 0x922, 0, 1 },
    { "922x3", TAP_ANSWER, 0x922, 0, 3 },
    { "922x10", TAP_ANSWER, 0x922, 0, 10 },
    { "90a", TAP_ANSWER, 0x90a, 0, 1 },
    { "90ax5", TAP_ANSWER, 0x90a, 0, 5 },
    { "908", TAP_ANSWER, 0x908, 0, 1 },
    { "908x5", TAP_ANSWER, 0x908, 0, 5 },
    { "920", TAP_ANSWER, 0x920, 0, 1 },
    { "920x5", TAP_ANSWER, 0x920, 0, 5 },
    { "923", TAP_ANSWER, 0x923, 0, 1 },
    { "921", TAP_ANSWER, 0x921, 0, 1 },
    { "902", TAP_ANSWER, 0x902, 0, 1 },
    { "903", TAP_ANSWER, 0x903, 0, 1 },
    { "904", TAP_ANSWER, 0x904, 0, 1 },
    { "905", TAP_ANSWER, 0x905, 0, 1 },
    { "901", TAP_ANSWER, 0x901, 0, 1 },
    { "100", TAP_ANSWER, 0x100, 0, 1 },
    { "101", TAP_ANSWER, 0x101, 0, 1 },
    { "910", TAP_ANSWER, 0x910, 0, 1 },
    { "918", TAP_ANSWER, 0x918, 0, 1 },
    { "18b", TAP_ANSWER, 0x18b, 0, 1 },
    { "1cb", TAP_ANSWER, 0x1cb, 0, 1 },
    { "98e", TAP_ANSWER, 0x98e, 0, 1 },
    { "9a2", TAP_ANSWER, 0x9a2, 0, 1 },
    { "1df", TAP_ANSWER, 0x1df, 0, 1 },
    { "2c4", TAP_ANSWER, 0x2c4, 0, 1 },
    { "909", TAP_ANSWER, 0x909, 0, 1 },
    { "143", TAP_ANSWER, 0x143, 0, 1 },
    { "ffffffff", TAP_ANSWER, 0xffffffffu, 0, 1 },
    { "b0902", TAP_ANSWER, 0xb0902u, 0, 1 },
    /* From there on nothing works. */
    { "transmit-io-sticky", TAP_TRANSMIT_FAILS, TSS2_TCTI_RC_IO_ERROR, 0, TAP_STICKY },
    { "lost-sticky", TAP_RECEIVE_FAILS, TSS2_TCTI_RC_IO_ERROR, 0, TAP_STICKY },
    { "cut10-sticky", TAP_CUT, 10, 0, TAP_STICKY },
    { "fill-ff-sticky", TAP_FILL, 0xff, 0, TAP_STICKY },
    { "poll-stall-sticky", TAP_STALL, 0, 1, TAP_STICKY },
    { "922-sticky", TAP_ANSWER, 0x922, 0, TAP_STICKY },
    { "902-sticky", TAP_ANSWER, 0x902, 0, TAP_STICKY },
    { "100-sticky", TAP_ANSWER, 0x100, 0, TAP_STICKY },
    { "101-sticky", TAP_ANSWER, 0x101, 0, TAP_STICKY },
    { "921-sticky", TAP_ANSWER, 0x921, 0, TAP_STICKY },
};

const size_t matrix_fault_count = sizeof(matrix_faults) / sizeof(matrix_faults[0]);

int matrix_fault_denies_handle(const matrix_fault *fault)
{
    return fault->kind == TAP_ANSWER &&
           (fault->value == 0x910 || fault->value == 0x18b || fault->value == 0x1cb);
}

int matrix_fault_is_wrong_password(const matrix_fault *fault)
{
    return fault->kind == TAP_ANSWER && (fault->value == 0x98e || fault->value == 0x9a2);
}
