/* Sums in tree order, matrix products and gradients. Part of CKernels.h, whose contract and legend apply here. */
#ifndef CK_MATRICES_H
#define CK_MATRICES_H

#include <stdint.h>

/* ---- Sums in tree order ---------------------------------------------------------------------------------- */

/* An instruction of a stack program that adds leaves in tree order. */
enum { CK_LEAF = 0, /* push leaf `index` */ CK_ADD = 1, /* pop right, then left; push left + right */ CK_STORE = 2 /* pop into output `index` */ };
typedef struct {
    int32_t op;
    int32_t index;
} ck_tree_op;

/* The maximum stack depth of a program: that of a tree over 2^23 shards. */
enum { CK_TREE_DEPTH = 24 };

/* The number of elements in a block of the reduction. Each block has a sum of squares. */
enum { CK_BLOCK = 4096 };

/* The number of elements of a tile. A map of live tiles has one byte for each. */
enum { CK_LIVE_TILE = 64 };

/* The tiles of a range that may have nonzero elements: those marked in any map, and all tiles from `tiles` on. */
typedef struct {
    const uint8_t *const *maps;
    long count; /* number of maps */
    long tiles; /* number of tiles in each map */
} ck_live;

/* A range of elements up to `end` (a multiple of 16, except in the last stretch), and the program that sums them from the sources. */
typedef struct {
    long end;
    const ck_tree_op *ops;
    long op_count;
    const float *const *sources; /* one for each leaf, with element 0 first */
} ck_tree_stretch;

/* Computes the outputs over elements [0, count), stretch by stretch; the last stretch ends at or after count. An output may be one of the
 * sources. With `live`, skips tiles that are not live; all sources are 0 there, and the outputs must be 0 already. With `block_sums`,
 * block_sums[i] becomes the sum of squares (in double, 16 virtual lanes) of output 0 over elements [i*CK_BLOCK, (i+1)*CK_BLOCK). */
void ck_tree_reduce(const ck_tree_stretch *stretches, float *const *outputs, long count, const ck_live *live, double *block_sums);

/* ---- Matrix products --------------------------------------------------------------------------------------- */

/* The width of a packed panel in columns. */
enum { CK_PANEL = 32 };

/* The number of floats of a packed right operand of inner size k with n columns: ceil(n / 32) * k * 32. */
long ck_packed_count(long n, long k);

/* Packs elements [first, first + count) of w for `a * w^T`: w is [n, k], contiguous; panels are [ceil(n/32)][k][32], with zeros as padding. */
void ck_pack_transposed(long n, long k, const float *w, long first, long count, float *panels);

/* Packs elements [first, first + count) of w for `a * w`: w is [k, n], contiguous; panels as above. */
void ck_pack(long n, long k, const float *w, long first, long count, float *panels);

/* c[m, n] = a[m, k] * panels + start. The sums start from c (accumulate 1), from bias[n], or from 0 if bias is null. panel_stride: the
 * distance between two panels: 32 k, or more if the product covers a part of a longer inner index. */
void ck_gemm(long m, long n, long k, const float *a, long lda, const float *panels, long panel_stride, const float *bias, int accumulate,
             float *c, long ldc);

/* dots[r] = x[r, :] . v, for `rows` rows of n elements. */
void ck_row_dots(long rows, long n, const float *v, const float *x, long ldx, float *dots);

/* x[r, :] += factors[r] * v. */
void ck_add_multiples(long rows, long n, const float *factors, const float *v, float *x, long ldx);

/* The rows of one leaf of the tree: for t in 0..<steps, for b in 0..<count: row first + t*stride + b. */
typedef struct {
    int32_t first;
    int32_t count;
    int32_t stride; /* number of streams whose rows are contiguous */
} ck_segment;

/* The rows of a window, with the leaves of the tree that sum them. */
typedef struct {
    long steps;
    long streams; /* number of streams of all leaves */
    const ck_segment *segments; /* one for each leaf */
    const ck_tree_op *ops;
    long op_count;
} ck_rows;

/* The rows of a window that contain each token, sorted by token, then leaf, then (t, b). */
typedef struct {
    const int32_t *starts;  /* [V + 1] first entry of each token */
    const int32_t *rows;    /* [steps * streams] row in the window */
    const int32_t *leaves;  /* [steps * streams] leaf of that row */
    const float *values;    /* [rows, ld] the rows to add to the tokens' gradients */
    long ld;
} ck_occurrences;

/* Packs x [steps * streams, k] for weight gradients: panels [ceil(k/32)][rows of the window, leaf by leaf][32], zero-padded, in
 * ck_packed_count(k, steps * streams) floats. Panels are panel_stride floats apart, at least 32 for each packed row. Several callers may
 * pack their leaves into the same panels. */
void ck_pack_rows(const ck_rows *rows, long k, const float *x, long ldx, float *panels, long panel_stride);

/* The right operand of one weight's gradient, and its outputs. */
typedef struct {
    long k;
    const void *panels; /* from ck_pack_rows or ck_bf16_pack_rows */
    float *const *outputs;
    long ldo;
} ck_gradient_side;

/* For each side: outputs[j][first_row + n, k] = tree sum over leaves of the sum over rows of dy[row, n] * x[row, k]. With `occurrences` (of
 * one side), each leaf's sum of output row v continues with the rows that contain token v (tied weights). With `biases`, also computes
 * biases[j][first_row + n] like ck_bias_gradient, while dy is in cache. scratch: ck_gradient_scratch(steps * streams) floats. */
void ck_weight_gradient(long n, const ck_rows *rows, const float *dy, long lddy, const ck_gradient_side *sides, long side_count,
                        long first_row, const ck_occurrences *occurrences, float *const *biases, float *scratch);

/* The maximum number of floats of dy that a weight gradient packs at a time, unless a tile's columns are more: half of a second-level
 * cache. */
enum { CK_STRIP_FLOATS = 131072 };

/* Floats of scratch for a weight gradient over a window with this number of rows. */
long ck_gradient_scratch(long window_rows);

/* outputs[j][v, k] = tree sum over leaves of the rows that contain token v, for each v that occurs; other rows are unchanged. */
void ck_embedding_gradient(long vocabulary, long k, const ck_rows *rows, const ck_occurrences *occurrences, float *const *outputs,
                           long ldo);

/* outputs[j][first + n] = tree sum over leaves of the sum over rows of dy[row, n]. */
void ck_bias_gradient(long n, const ck_rows *rows, const float *dy, long lddy, long first, float *const *outputs);

#endif
