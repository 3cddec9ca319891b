/* Products and gradients of bf16. Part of CKernels.h, whose contract and legend hold here. */
#ifndef CK_BF16_H
#define CK_BF16_H

#include "ck_matrices.h"

/* Products whose operands are rounded to bf16 (the upper 16 bits of a float) and whose sums are floats. Terms are taken in pairs, the last
 * one of an odd number beside a zero, and each pair is the two steps of VDPBF16PS: sum = fma(a1, b1, sum), then sum = fma(a0, b0, sum),
 * rounded to nearest even, denormals as zero in and out. The level "avx512bf16" has the instruction; the others compute those steps,
 * in threads that flush denormals (ck_flush_denormals). What is promised: the bits do not depend on how many rows or
 * columns are worked on in one call, so that on one kind of processor they are the same at any number of ranks. Levels with and
 * without the instruction are meant to agree, as far as a processor keeps to the manual. */

/* y = x as bf16: the nearest, ties to even; NaN becomes quiet, denormals zero of their sign (VCVTNEPS2BF16). */
void ck_bf16_round(long count, const float *x, uint16_t *y);

/* Numbers that a packed right operand of inner size k and n columns takes: ceil(n / 32) * ceil(k / 2) * 64. */
long ck_bf16_packed_count(long n, long k);

/* Packs elements [first, first + count) of w for `a * w^T`: w is [n, k] without gaps; panels are [ceil(n/32)][ceil(k/2)][32][2]. They
 * hold zeros at first, and keep them where there is no element. Others may write the other elements at the same time. */
void ck_bf16_pack_transposed(long n, long k, const float *w, long first, long count, uint16_t *panels);

/* Packs elements [first, first + count) of w for `a * w`: w is [k, n] without gaps; panels as above. */
void ck_bf16_pack(long n, long k, const float *w, long first, long count, uint16_t *panels);

/* The sum modulo 2^32 of what the two write for elements [first, first + count) of w, whose rows have `columns` elements, taking a pair of terms as
 * one number. Terms are w's columns, as for `a * w^T`, or with `terms_are_rows` its rows. */
void ck_bf16_bits(long columns, const float *w, long first, long count, int terms_are_rows, uint32_t *sum);

/* c[m, n] = a[m, k] * panels + start, where a is rounded on the way. The chains start from what c holds (accumulate 1), else from bias[n],
 * else (bias null) from 0. panel_stride: the distance of two panels, ceil(k/2) * 64, or more where the product is over a
 * part of a longer inner index; the part begins at an even term, and ends at one or with the last.
 * scratch: ck_bf16_gemm_scratch(k) floats. */
void ck_bf16_gemm(long m, long n, long k, const float *a, long lda, const uint16_t *panels, long panel_stride, const float *bias,
                  int accumulate, float *c, long ldc, float *scratch);

/* Floats of scratch for products of so long an inner index with any number of rows. */
long ck_bf16_gemm_scratch(long k);

/* Rounds and packs a [m, k] for ck_bf16_gemm_packed: ck_bf16_left_count(m, k) floats. */
void ck_bf16_pack_left(long m, long k, const float *a, long lda, float *strips);

long ck_bf16_left_count(long m, long k);

/* ck_bf16_gemm of a left operand that several products share, packed before; to the same bits. */
void ck_bf16_gemm_packed(long m, long n, long k, const float *strips, const uint16_t *panels, long panel_stride, const float *bias,
                         int accumulate, float *c, long ldc);

/* Packs x [steps * streams, k] for weight gradients: panels [ceil(k/32)][pairs of rows, leaf by leaf][32][2], zero-padded; a leaf's last row
 * stands beside zeros if it is single. ck_bf16_rows_count numbers; panels begin panel_stride numbers apart, 64 for each pair or more. */
void ck_bf16_pack_rows(const ck_rows *rows, long k, const float *x, long ldx, uint16_t *panels, long panel_stride);

/* Numbers that the packed rows of a window with so many leaves take at most. */
long ck_bf16_rows_count(long k, long window_rows, long leaves);

/* For each side: outputs[j][first_row + n, k] = tree sum over leaves of the sum over rows of dy[row, n] * x[row, k], where dy is rounded
 * on the way and a leaf's rows are taken in pairs. With `occurrences` (of one side), each leaf's sum of output row v
 * goes on with the rows that hold token v, in floats; `biases` as for ck_weight_gradient.
 * scratch: ck_bf16_gradient_scratch(steps * streams, leaves) floats. */
void ck_bf16_weight_gradient(long n, const ck_rows *rows, const float *dy, long lddy, const ck_gradient_side *sides, long side_count,
                             long first_row, const ck_occurrences *occurrences, float *const *biases, float *scratch);

/* Floats of scratch that a weight gradient over a window of so many rows and leaves takes. */
long ck_bf16_gradient_scratch(long window_rows, long leaves);

#endif
