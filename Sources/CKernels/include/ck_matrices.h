/* Sums in tree order, matrix products and gradients. Part of CKernels.h, whose contract and legend hold here. */
#ifndef CK_MATRICES_H
#define CK_MATRICES_H

#include <stdint.h>

/* ---- Sums in tree order ---------------------------------------------------------------------------------- */

/* One step of a stack program that adds leaves in tree order. */
enum { CK_LEAF = 0, /* push leaf `index` */ CK_ADD = 1, /* pop right, then left; push left + right */ CK_STORE = 2 /* pop into output `index` */ };
typedef struct {
    int32_t op;
    int32_t index;
} ck_tree_op;

/* The deepest stack a program may need: a tree over 2^23 shards. */
enum { CK_TREE_DEPTH = 24 };

/* Elements in a block of the reduction, for each of which a sum of squares is given. */
enum { CK_BLOCK = 4096 };

/* Elements for which a map of live tiles has one byte. */
enum { CK_LIVE_TILE = 64 };

/* Which tiles of a range may have elements other than 0: those that any map marks, and all from `tiles` on. */
typedef struct {
    const uint8_t *const *maps;
    long count; /* of maps */
    long tiles; /* in each map */
} ck_live;

/* Elements up to `end` (a multiple of 16, but for the last stretch), and the program that adds them up from what is at hand for them. */
typedef struct {
    long end;
    const ck_tree_op *ops;
    long op_count;
    const float *const *sources; /* one for each leaf, from element 0 on */
} ck_tree_stretch;

/* Makes the outputs over elements [0, count), stretch by stretch; the last stretch ends there or later. An output may be one of the
 * sources. With `live`, tiles that are not live are passed over: all sources are 0 there, and so must the outputs be already.
 * With `block_sums`, block_sums[i] becomes the sum of squares (in double, 16 virtual lanes) of output 0 over
 * elements [i*CK_BLOCK, (i+1)*CK_BLOCK). */
void ck_tree_reduce(const ck_tree_stretch *stretches, float *const *outputs, long count, const ck_live *live, double *block_sums);

/* ---- Matrix products --------------------------------------------------------------------------------------- */

/* Width of a packed panel in columns. */
enum { CK_PANEL = 32 };

/* Floats that a packed right operand of inner size k and n columns takes: ceil(n / 32) * k * 32. */
long ck_packed_count(long n, long k);

/* Packs elements [first, first + count) of w for `a * w^T`: w is [n, k] without gaps; panels are [ceil(n/32)][k][32], and zero
 * where there is no element. */
void ck_pack_transposed(long n, long k, const float *w, long first, long count, float *panels);

/* Packs elements [first, first + count) of w for `a * w`: w is [k, n] without gaps; panels as above. */
void ck_pack(long n, long k, const float *w, long first, long count, float *panels);

/* c[m, n] = a[m, k] * panels + start. The chains start from what c holds (accumulate 1), else from bias[n], else (bias null) from 0.
 * panel_stride: the distance of two panels, 32 k, or more where the product is over a part of a longer inner index. */
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
    int32_t stride; /* streams whose rows lie together */
} ck_segment;

/* Rows of a window by which the leaves of the tree are summed. */
typedef struct {
    long steps;
    long streams; /* of all leaves */
    const ck_segment *segments; /* by leaf */
    const ck_tree_op *ops;
    long op_count;
} ck_rows;

/* Which rows of a window hold which token, sorted by token, then leaf, then (t, b). */
typedef struct {
    const int32_t *starts;  /* [V + 1] first entry of each token */
    const int32_t *rows;    /* [steps * streams] row of the window */
    const int32_t *leaves;  /* [steps * streams] leaf of that row */
    const float *values;    /* [rows, ld] the row that is added to the token's gradient */
    long ld;
} ck_occurrences;

/* Packs x [steps * streams, k] for weight gradients: panels [ceil(k/32)][rows of the window, leaf by leaf][32], zero-padded.
 * They take ck_packed_count(k, steps * streams) floats. Panels begin panel_stride floats apart, 32 for each row that is packed or more:
 * several callers may pack their leaves into the same panels. */
void ck_pack_rows(const ck_rows *rows, long k, const float *x, long ldx, float *panels, long panel_stride);

/* What the rows of dy are multiplied with for one weight's gradient, and where that goes. */
typedef struct {
    long k;
    const void *panels; /* of ck_pack_rows, or of ck_bf16_pack_rows */
    float *const *outputs;
    long ldo;
} ck_gradient_side;

/* For each side: outputs[j][first_row + n, k] = tree sum over leaves of the sum over rows of dy[row, n] * x[row, k].
 * With `occurrences` (of one side), each leaf's chain of output row v goes on with the rows that hold token v (tied weights).
 * With `biases`, biases[j][first_row + n] becomes what ck_bias_gradient finds, while dy is at hand.
 * scratch: ck_gradient_scratch(steps * streams) floats. */
void ck_weight_gradient(long n, const ck_rows *rows, const float *dy, long lddy, const ck_gradient_side *sides, long side_count,
                        long first_row, const ck_occurrences *occurrences, float *const *biases, float *scratch);

/* Floats of dy that a weight gradient packs at a time at most, where a tile's columns are not more: half of a second-level cache. */
enum { CK_STRIP_FLOATS = 131072 };

/* Floats of scratch that a weight gradient over a window of so many rows takes. */
long ck_gradient_scratch(long window_rows);

/* outputs[j][v, k] = tree sum over leaves of the rows that hold token v, for each v that occurs; other rows stay as they are. */
void ck_embedding_gradient(long vocabulary, long k, const ck_rows *rows, const ck_occurrences *occurrences, float *const *outputs,
                           long ldo);

/* outputs[j][first + n] = tree sum over leaves of the sum over rows of dy[row, n]. */
void ck_bias_gradient(long n, const ck_rows *rows, const float *dy, long lddy, long first, float *const *outputs);

#endif
