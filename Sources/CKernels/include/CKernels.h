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

#include <stdint.h>

/* ---- Instruction sets ------------------------------------------------------------------------------------ */

/* The level in use: "avx512bf16", "avx512", "avx2" or "baseline". Chosen once, at load, from the processor; the environment variable
 * RNNTRAIN_CPU_LEVEL lowers it (it never raises it above what the processor has). */
const char *ck_level_name(void);

/* Takes the level with this name from now on, for tests. Returns 0, or -1 where the processor lacks it. */
int ck_select_level(const char *name);

/* Flushes denormal results and inputs to zero in this thread, as every rank does: the bits stay alike, and no
 * rank slows down on them. */
void ck_flush_denormals(void);

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

/* Runs `ops` over elements [0, count) of the sources into the outputs. An output may be one of the sources. With `live`, tiles that are
 * not live are passed over: all sources are 0 there, and so must the outputs be already.
 * With `block_sums`, block_sums[i] becomes the sum of squares (in double, 16 virtual lanes) of output 0 over
 * elements [i*CK_BLOCK, (i+1)*CK_BLOCK). */
void ck_tree_reduce(const ck_tree_op *ops, long op_count, const float *const *sources, float *const *outputs, long count,
                    const ck_live *live, double *block_sums);

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

/* Streams [first, first + count) of every time step make up one leaf of the tree. */
typedef struct {
    int32_t first;
    int32_t count;
} ck_segment;

/* Rows of a window by which a leaf of the tree is summed: for t in 0..<steps, for b in the leaf's segment: row
 * t*streams + b. */
typedef struct {
    long steps;
    long streams;
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
 * They take ck_packed_count(k, steps * streams) floats. */
void ck_pack_rows(const ck_rows *rows, long k, const float *x, long ldx, float *panels);

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

/* ---- bf16 --------------------------------------------------------------------------------------------------- */

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

/* Packs x [steps * streams, k] for weight gradients: panels [ceil(k/32)][pairs of rows, leaf by leaf][32][2], zero-padded; a leaf's last row
 * stands beside zeros if it is single. ck_bf16_rows_count numbers. */
void ck_bf16_pack_rows(const ck_rows *rows, long k, const float *x, long ldx, uint16_t *panels);

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

/* ---- Element by element ------------------------------------------------------------------------------------ */

void ck_exp(long count, const float *x, float *y);
void ck_tanh(long count, const float *x, float *y);
void ck_sigmoid(long count, const float *x, float *y);

/* y[row, :] = bias[:] + other[:] (other may be null), for `rows` rows with distance ldy. */
void ck_fill_rows(long rows, long n, const float *bias, const float *other, float *y, long ldy);

/* y += x. */
void ck_add(long count, const float *x, float *y);

/* y[r, :] = table[ids[r], :]; rows lie ldt and ldy floats apart. */
void ck_gather_rows(long rows, long n, const float *table, long ldt, const int32_t *ids, float *y, long ldy);

/* sums[numbers[row], :] = the sum of those rows of x [steps * streams, n], leaf by leaf and in the order (t, b). Numbers begin at 0 and grow by
 * one with each that is new in that order. */
void ck_merge_rows(const ck_rows *rows, long n, const float *x, long ldx, const int32_t *numbers, float *sums, long lds);

/* ---- Recurrent cells: one time step of `rows` streams --------------------------------------------------------- */

/* ld: floats from one row of the gates (or preactivations) to the next. All other matrices are without gaps. */

/* LSTM, Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, gate order i f g o (torch.nn.LSTM):
 * c = f*c_previous + i*g, h = o*tanh(c). gates [rows, 4H] holds preactivations and becomes the activated gates;
 * c_previous, c, tanh_c, h [rows, H]. */
void ck_lstm_forward(long rows, long hidden, float *gates, long ld, const float *c_previous, float *c, float *tanh_c, float *h);

/* dh [rows, H] is the whole gradient of h. dc [rows, H] holds the gradient of c from the step after and becomes that of
 * c_previous. gates becomes the gradient of the preactivations. */
void ck_lstm_backward(long rows, long hidden, float *gates, long ld, const float *c_previous, const float *tanh_c, const float *dh,
                      float *dc);

/* GRU, Cho et al. 2014, reset after the product (torch.nn.GRU), gate order r z n:
 * r = s(x_r + h_r), z = s(x_z + h_z), n = tanh(x_n + r*h_n), h = (1 - z)*n + z*h_previous.
 * from_input, from_hidden [rows, 3H]; from_input becomes r z n; from_hidden keeps h_n in its last third. */
void ck_gru_forward(long rows, long hidden, float *from_input, const float *from_hidden, long ld, const float *h_previous, float *h);

/* dh [rows, H] becomes the part of h_previous's gradient that does not pass through the product.
 * from_input (r z n) becomes the gradient of itself before activation, from_hidden that of the hidden product. */
void ck_gru_backward(long rows, long hidden, float *from_input, float *from_hidden, long ld, const float *h_previous, float *dh);

/* GRU with the reset before the product (Cho et al. 2014, eq. 8). First half: r and z from gates [rows, 3H] with both
 * products in; reset_h = r * h_previous. */
void ck_gru_before_gates(long rows, long hidden, float *gates, long ld, const float *h_previous, float *reset_h);

/* Second half: n = tanh(gates' last third), h = (1 - z)*n + z*h_previous. */
void ck_gru_before_output(long rows, long hidden, float *gates, long ld, const float *h_previous, float *h);

/* Backward of the second half: gates' last two thirds become the gradients of z's and n's preactivations;
 * dh becomes the direct part of h_previous's gradient. */
void ck_gru_before_output_backward(long rows, long hidden, float *gates, long ld, const float *h_previous, float *dh);

/* Backward of the first half, given d_reset_h: r's part of gates becomes its preactivation's gradient;
 * dh_previous += d_reset_h * r. */
void ck_gru_before_gates_backward(long rows, long hidden, float *gates, long ld, const float *h_previous, const float *d_reset_h,
                                  float *dh_previous);

/* Elman 1990: h = f(preactivations), both [rows, H]. kind: 0 tanh, 1 relu, 2 sigmoid. */
void ck_elman_forward(int kind, long rows, long hidden, const float *preactivations, long ld, float *h);

/* d_preactivations = dh * f', from h. */
void ck_elman_backward(int kind, long rows, long hidden, const float *h, const float *dh, float *d_preactivations, long ld);

/* ---- Softmax with cross entropy -------------------------------------------------------------------------------- */

/* Columns of logits that are worked on at a time: few enough that a window's rows of them stay in cache. The sums of a row's
 * exponentials are made group by group, so that this number is part of a loss's bits. */
enum { CK_LOGIT_COLUMNS = 192 };

/* What is known of a row of logits so far: their maximum, the sum of e^(x - maximum), and the target's logit. */
typedef struct {
    float maximum;
    float sum;
    float target;
} ck_softmax_row;

/* Takes a group of n <= CK_LOGIT_COLUMNS columns, from column `first` on, into each row's state; first 0 begins anew. Groups come in
 * order, all but the last one full. logits and kept [rows, CK_LOGIT_COLUMNS], at a cache line. maxima[r] becomes the group's maximum, and
 * kept (may be null) e^(x - maxima[r]). */
void ck_softmax_take(long rows, long first, long n, const float *logits, const int32_t *targets, ck_softmax_row *states, float *maxima,
                     float *kept);

/* losses[r] = -log softmax[target] in nats, 0 where mask[r] is 0; else it is 1. After all groups. */
void ck_softmax_losses(long rows, const ck_softmax_row *states, const float *mask, double *losses);

/* A group's gradient (softmax - onehot) * mask * scale, [rows, CK_LOGIT_COLUMNS], after all groups: from what was kept (exponentials 1) or
 * from the same logits again (0); to the same bits. `from` may be `gradient`. */
void ck_softmax_gradient(long rows, long first, long n, const float *from, int exponentials, const int32_t *targets, const float *mask,
                         const ck_softmax_row *states, const float *maxima, float scale, float *gradient);

/* Natural logarithm of a positive normal double; the project's own, for bits that no libm decides. Error under 1 ulp. */
double ck_log(double x);

/* ---- Random numbers: Philox4x32-10 (Salmon et al. 2011) ------------------------------------------------------- */

/* One block of four 32-bit numbers for a 128-bit counter under a 64-bit key. */
void ck_philox(uint64_t key, const uint32_t counter[4], uint32_t output[4]);

/* What a dropout mask depends on, and nothing else: never the rank. */
typedef struct {
    uint64_t seed;
    uint32_t step;
    uint32_t layer;
    uint32_t first_stream; /* of all streams, the one that row 0 of a time step belongs to */
} ck_dropout_key;

/* y[t*streams + b, u] = x[...] * keep(seed, step, layer, t, first_stream + b, u) / (1 - probability). y may be x. */
void ck_dropout(long steps, long streams, long n, float probability, const ck_dropout_key *key, const float *x, float *y);

/* ---- Updates ------------------------------------------------------------------------------------------------------ */

/* What happens to a gradient g before an update: clamp(g * scale, +-limit) (limit 0: none). */
typedef struct {
    float scale;
    float limit;
} ck_clip;

/* The sum of the bit patterns of some floats, modulo 2^32: any flipped bit changes it, and no order of the floats does. */
typedef struct {
    uint32_t sum;
    uint32_t not_finite; /* whether any of them is no finite number */
} ck_bit_sum;

/* Adds count floats to a sum. */
void ck_bits(long count, const float *x, ck_bit_sum *sum);

/* Each update adds to `moved` how the sum of the bit patterns of all it writes changes: what was read counts as it was read, so a bit
 * that flipped before stays in the difference between a sum that is kept up in this way and one that is made anew. */

/* SGD as torch.optim.SGD: g += decay*p; with momentum v = momentum*v + g (first step: v = g), p -= rate*v, else p -= rate*g. */
void ck_sgd(long count, float *p, const float *g, float *velocity, ck_clip clip, float rate, float momentum, float decay, int first_step,
            uint32_t *moved);

/* Adam (Kingma & Ba 2015) as torch.optim.Adam, or decoupled decay (Loshchilov & Hutter 2019) as torch.optim.AdamW. */
typedef struct {
    float rate;
    float beta1, beta2;
    float epsilon;
    float correction1; /* 1 - beta1^t */
    float correction2; /* 1 - beta2^t */
    float decay;
    int decoupled;
} ck_adam_parameters;
void ck_adam(long count, float *p, const float *g, float *m, float *v, ck_clip clip, const ck_adam_parameters *parameters,
             uint32_t *moved);

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
