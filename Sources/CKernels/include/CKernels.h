/* Numeric kernels of rnntrain, in C so that each is compiled for several instruction sets.
 *
 * Contract of every kernel: the bits of a result depend only on its inputs. They do not depend on the instruction set, on alignment, or on
 * the number of other rows or columns in the same call. Therefore each product is one chain of fused multiply-adds over its inner index, in
 * order, and every other sum runs over a fixed number of virtual lanes with a fixed reduction order. Only the products of bf16 guarantee
 * less; see ck_bf16.h.
 *
 * Legend: T time steps, B streams (rows of a step), I input size, H hidden size, V vocabulary size; m, n, k rows, columns and inner size of
 * a product; ld the distance between two rows in floats. Matrices are row-major. */
#ifndef CKERNELS_H
#define CKERNELS_H

#include "ck_bf16.h"
#include "ck_cells.h"
#include "ck_elements.h"
#include "ck_matrices.h"
#include "ck_updates.h"

/* ---- Instruction sets ------------------------------------------------------------------------------------ */

/* The current level: "avx512bf16", "avx512", "avx2" or "baseline". Selected from the processor when the program is loaded. The environment
 * variable RNNTRAIN_CPU_LEVEL can select a lower level, but not one that the processor lacks. */
const char *ck_level_name(void);

/* Whether the level exists and the processor supports it: 1 or 0. */
int ck_has_level(const char *name);

/* Selects a level, for tests. Returns 0, or -1 if the processor does not support it. */
int ck_select_level(const char *name);

/* Makes this thread flush denormal results and inputs to zero, as every rank does, so that all ranks compute the same bits and denormals do
 * not slow them down. */
void ck_flush_denormals(void);

/* ---- The peak performance of a core, for benchmarks --------------------------------------------------------------- */

/* The number of 16-float vectors in a round of ck_fma_peak: 16 * 2 * CK_PEAK_CHAINS floating-point operations. */
enum { CK_PEAK_CHAINS = 24 };

/* Fused multiply-adds x = x/2 + 1 in registers, with enough independent chains to keep all units busy. At every level, sums[16] becomes 2
 * after 32 rounds or more. */
void ck_fma_peak(long rounds, float *sums);

/* Like ck_fma_peak, for products of bf16: twice the operations per round, in the same time on a processor with AVX512-BF16. */
void ck_bf16_peak(long rounds, float *sums);

/* The number of floats of which ck_read reads a multiple. */
enum { CK_READ_UNIT = 64 };

/* Reads x of `count` floats, rounded down to a multiple of CK_READ_UNIT, with minimal computation: sums[l] (16 of them) becomes the sum of
 * all x[i] with i mod 16 = l. */
void ck_read(long count, const float *x, float *sums);

#endif
