/* Products and gradients of bf16. Part of CKernels.h, whose contract and legend apply here. */
#ifndef CK_BF16_H
#define CK_BF16_H

#include "ck_matrices.h"

/* Products whose operands are rounded to bf16 (the upper 16 bits of a float), with sums in float. Terms are processed in pairs; with an odd
 * number of terms, the last is paired with zero. Each pair is the two steps of VDPBF16PS: sum = fma(a1, b1, sum), then sum = fma(a0, b0,
 * sum), rounded to nearest even, with denormals as zero in inputs and results. The level "avx512bf16" has the instruction. The other levels
 * compute these steps in threads that flush denormals (ck_flush_denormals).
 *
 * Guarantee: the bits do not depend on the number of rows or columns in a call, so on one kind of processor they are the same at any number
 * of ranks. Levels with and without the instruction agree as far as the processor conforms to the manual. */

/* y = x as bf16: round to nearest, ties to even; NaN becomes quiet, a denormal becomes zero of the same sign (VCVTNEPS2BF16). */
void ck_bf16_round(long count, const float *x, uint16_t *y);

/* The number of elements of a packed right operand of inner size k with n columns: ceil(n / 32) * ceil(k / 2) * 64. */
long ck_bf16_packed_count(long n, long k);

/* Packs elements [first, first + count) of w for `a * w^T`: w is [n, k], contiguous; panels are [ceil(n/32)][ceil(k/2)][32][2]. The panels
 * must be zero initially; padding stays zero. Other threads may pack the other elements at the same time. */
void ck_bf16_pack_transposed(long n, long k, const float *w, long first, long count, uint16_t *panels);

/* Packs elements [first, first + count) of w for `a * w`: w is [k, n], contiguous; panels as above. */
void ck_bf16_pack(long n, long k, const float *w, long first, long count, uint16_t *panels);

/* The checksum, modulo 2^32, of what the two functions above write for elements [first, first + count) of w, whose rows have `columns`
 * elements. A pair of terms counts as one number. Terms are the columns of w, as for `a * w^T`, or its rows with `terms_are_rows`. */
void ck_bf16_bits(long columns, const float *w, long first, long count, int terms_are_rows, uint32_t *sum);

/* c[m, n] = a[m, k] * panels + start, with a rounded to bf16. The sums start from c (accumulate 1), from bias[n], or from 0 if bias is
 * null. panel_stride: the distance between two panels: ceil(k/2) * 64, or more if the product covers a part of a longer inner index. Such a
 * part begins at an even term, and ends at an even term or at the last. scratch: ck_bf16_gemm_scratch(k) floats. */
void ck_bf16_gemm(long m, long n, long k, const float *a, long lda, const uint16_t *panels, long panel_stride, const float *bias,
                  int accumulate, float *c, long ldc, float *scratch);

/* Floats of scratch for products of inner size k with any number of rows. */
long ck_bf16_gemm_scratch(long k);

/* Rounds and packs a [m, k] for ck_bf16_gemm_packed, into ck_bf16_left_count(m, k) floats. */
void ck_bf16_pack_left(long m, long k, const float *a, long lda, float *strips);

long ck_bf16_left_count(long m, long k);

/* ck_bf16_gemm with a packed left operand, which several products may share. The result has the same bits. */
void ck_bf16_gemm_packed(long m, long n, long k, const float *strips, const uint16_t *panels, long panel_stride, const float *bias,
                         int accumulate, float *c, long ldc);

/* Packs x [steps * streams, k] for weight gradients: panels [ceil(k/32)][pairs of rows, leaf by leaf][32][2], zero-padded. A leaf's last
 * row is paired with zeros if its number of rows is odd. ck_bf16_rows_count elements; panels are panel_stride elements apart, at least 64
 * for each pair. */
void ck_bf16_pack_rows(const ck_rows *rows, long k, const float *x, long ldx, uint16_t *panels, long panel_stride);

/* The maximum number of elements of the packed rows of a window with this number of leaves. */
long ck_bf16_rows_count(long k, long window_rows, long leaves);

/* For each side: outputs[j][first_row + n, k] = tree sum over leaves of the sum over rows of dy[row, n] * x[row, k], with dy rounded to
 * bf16 and the rows of a leaf in pairs. With `occurrences` (of one side), each leaf's sum of output row v continues with the rows that
 * contain token v, in float; `biases` as for ck_weight_gradient. scratch: ck_bf16_gradient_scratch(steps * streams, leaves) floats. */
void ck_bf16_weight_gradient(long n, const ck_rows *rows, const float *dy, long lddy, const ck_gradient_side *sides, long side_count,
                             long first_row, const ck_occurrences *occurrences, float *const *biases, float *scratch);

/* Floats of scratch for a weight gradient over a window with this number of rows and leaves. */
long ck_bf16_gradient_scratch(long window_rows, long leaves);

#endif
