/* Sizes of the scratch buffers of the bf16 kernels. They suffice for every level. */
#pragma STDC FP_CONTRACT OFF
#include "CKernels.h"

long ck_bf16_packed_count(long n, long k) { return (n + CK_PANEL - 1) / CK_PANEL * ((k + 1) / 2) * 2 * CK_PANEL; }

long ck_bf16_gemm_scratch(long k) {
    /* Six tiles of at most 12 rows with each term in a float, or the part of the terms that fits into a quarter of the second-level cache; and
     * the elements that the last whole vector writes past its rows. */
    const long few_rows = 72 * (k + 1);
    return (few_rows > 65536 ? few_rows : 65536) + 16;
}

/* The maximum over all levels: tiles of 12 or 6 rows, each term in a float; and the elements that the last whole vector writes past its
 * rows. */
long ck_bf16_left_count(long m, long k) { return (m + 11) / 12 * 12 * (k + 1) + 16; }

/* Each leaf may have a single row without a partner. */
long ck_bf16_rows_count(long k, long window_rows, long leaves) { return ck_bf16_packed_count(k, window_rows + leaves); }

long ck_bf16_gradient_scratch(long window_rows, long leaves) {
    const long tile = 12 * (window_rows + leaves);
    return tile > CK_STRIP_FLOATS ? tile : CK_STRIP_FLOATS;
}
