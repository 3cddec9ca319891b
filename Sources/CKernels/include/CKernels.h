/* Numeric kernels of rnntrain, in C so that each is compiled for several instruction sets.
 *
 * The contract that every kernel keeps: a result's bits depend on its inputs alone, never on the instruction
 * set, on alignment, or on how many other rows or columns are worked on in the same call. So each product is one chain
 * of fused multiply-adds over its inner index in order, and each other sum runs over a fixed number of virtual
 * lanes with a fixed fold. The products of bf16 alone promise less: see there.
 *
 * Legend: T time steps, B streams (rows of a step), I input size, H hidden, V vocabulary, m n k rows, columns and
 * inner size of a product, ld the distance of two rows in floats. Matrices are row-major.
 */
#ifndef CKERNELS_H
#define CKERNELS_H

#include "ck_bf16.h"
#include "ck_elements.h"
#include "ck_matrices.h"

/* ---- Instruction sets ------------------------------------------------------------------------------------ */

/* The level in use: "avx512bf16", "avx512", "avx2" or "baseline". Chosen once, at load, from the processor; the environment variable
 * RNNTRAIN_CPU_LEVEL lowers it (it never raises it above what the processor has). */
const char *ck_level_name(void);

/* Whether there is a level with this name and the processor has it: 1 or 0. */
int ck_has_level(const char *name);

/* Takes the level with this name from now on, for tests. Returns 0, or -1 where the processor lacks it. */
int ck_select_level(const char *name);

/* Flushes denormal results and inputs to zero in this thread, as every rank does: the bits stay alike, and no
 * rank slows down on them. */
void ck_flush_denormals(void);

/* ---- What a core can do at most, for benchmarks -------------------------------------------------------------------- */

/* Vectors of 16 floats that a round of ck_fma_peak works on: 16 * 2 * CK_PEAK_CHAINS floating-point operations. */
enum { CK_PEAK_CHAINS = 24 };

/* Fused multiply-adds x = x/2 + 1 in registers alone, in as many independent chains as keep the units busy. sums[16] becomes 2 at every
 * level after 32 rounds or more. */
void ck_fma_peak(long rounds, float *sums);

/* The same for products of bf16: twice the operations a round, which take no more time where the processor has AVX512-BF16. */
void ck_bf16_peak(long rounds, float *sums);

/* Floats that ck_read takes at a time. */
enum { CK_READ_UNIT = 64 };

/* Reads x, of `count` floats down to a multiple of CK_READ_UNIT, and does no more with it than must be: sums[l] (16 of them) becomes the sum of all
 * x[i] with i mod 16 = l. */
void ck_read(long count, const float *x, float *sums);

#endif
