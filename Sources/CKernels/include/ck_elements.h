/* Rows, cells, softmax, random numbers and sums of bits. Part of CKernels.h, whose contract and legend apply here. */
#ifndef CK_ELEMENTS_H
#define CK_ELEMENTS_H

#include "ck_matrices.h"

/* ---- Element by element ------------------------------------------------------------------------------------ */

void ck_exp(long count, const float *x, float *y);
void ck_tanh(long count, const float *x, float *y);
void ck_sigmoid(long count, const float *x, float *y);

/* y[row, :] = bias[:] + other[:] for `rows` rows that are ldy apart; other may be null. */
void ck_fill_rows(long rows, long n, const float *bias, const float *other, float *y, long ldy);

/* y += x. */
void ck_add(long count, const float *x, float *y);

/* y += factor * x. y may be x. */
void ck_add_multiple(long count, float factor, const float *x, float *y);

/* dx += factor * (x - previous), and d_previous -= factor * (x - previous). */
void ck_add_difference(long count, float factor, const float *x, const float *previous, float *dx, float *d_previous);

/* y[r, :] = table[ids[r], :]; rows are ldt and ldy floats apart. */
void ck_gather_rows(long rows, long n, const float *table, long ldt, const int32_t *ids, float *y, long ldy);

/* sums[numbers[row], :] = the sum of those rows of x [steps * streams, n], leaf by leaf and in the order (t, b). Numbers begin at 0, and
 * each new number in that order is the previous maximum plus one. */
void ck_merge_rows(const ck_rows *rows, long n, const float *x, long ldx, const int32_t *numbers, float *sums, long lds);

/* Normalization of rows of n columns: normal = (x - mean) * scale, scale = 1 / sqrt(variance + 1e-5), and y = gain * normal + bias, which is
 * added to y if `adding` is 1. x, normal and y may be the same memory; scales is [rows]. */
void ck_normalize(long rows, long n, const float *x, long ldx, const float *gain, const float *bias, float *normal, long ldn, float *y,
                  long ldy, int adding, float *scales);

/* The gradient of x from that of y, which is added to dx if `adding` is 1; those of gain and bias are added to d_gain and d_bias, [rows, n],
 * of which d_bias may be null. dy, normal and dx may be the same memory. */
void ck_normalize_backward(long rows, long n, const float *dy, long lddy, const float *gain, const float *normal, long ldn, const float *scales,
                           float *dx, long lddx, int adding, float *d_gain, float *d_bias);

/* ---- Softmax with cross entropy -------------------------------------------------------------------------------- */

/* The number of columns of logits in a group: small enough that a window's rows of a group stay in cache. A row's exponentials are summed
 * group by group, so this number affects the bits of a loss. */
enum { CK_LOGIT_COLUMNS = 192 };

/* The state of a row of logits: the maximum so far, the sum of e^(x - maximum), and the target's logit. */
typedef struct {
    float maximum;
    float sum;
    float target;
} ck_softmax_row;

/* Adds a group of n <= CK_LOGIT_COLUMNS columns, from column `first`, to the state of each row; first = 0 resets the state. Groups come in
 * order, and all but the last are full. logits and kept are [rows, CK_LOGIT_COLUMNS], aligned to a cache line. maxima[r] becomes the
 * group's maximum, and kept (may be null) e^(x - maxima[r]). */
void ck_softmax_take(long rows, long first, long n, const float *logits, const int32_t *targets, ck_softmax_row *states, float *maxima,
                     float *kept);

/* losses[r] = -log softmax[target] in nats if mask[r] is 1, and 0 if it is 0. To be called after all groups. */
void ck_softmax_losses(long rows, const ck_softmax_row *states, const float *mask, double *losses);

/* The entropy of softmax(logits) in nats, NaN if a logit is NaN or +infinity, and the number of logits that are larger than `logit`. */
void ck_softmax_figures(long n, const float *logits, float logit, double *entropy, long *larger);

/* The gradient of a group, (softmax - onehot) * mask * scale, where a mask may be any weight, [rows, CK_LOGIT_COLUMNS], after all groups: from kept exponentials
 * (exponentials 1) or from the same logits (0), with the same bits. `from` may be equal to `gradient`. */
void ck_softmax_gradient(long rows, long first, long n, const float *from, int exponentials, const int32_t *targets, const float *mask,
                         const ck_softmax_row *states, const float *maxima, float scale, float *gradient);

/* Natural logarithm of a positive normal double. Implemented here so that its bits do not depend on a libm. Error under 1 ulp. */
double ck_log(double x);

/* e^x in double, implemented here for the same reason. Error under 1 ulp; results in the denormal range may be 0. */
double ck_exp_double(double x);

/* ---- Random numbers: Philox4x32-10 (Salmon et al. 2011) ------------------------------------------------------- */

/* One block of four 32-bit numbers, for a 128-bit counter and a 64-bit key. */
void ck_philox(uint64_t key, const uint32_t counter[4], uint32_t output[4]);

/* The inputs of a dropout mask. It does not depend on the rank. */
typedef struct {
    uint64_t seed;
    uint32_t step;
    uint32_t layer;
    uint32_t first_stream; /* the global number of the stream in row 0 of a time step */
} ck_dropout_key;

/* y[t*streams + b, u] = x[...] * keep(seed, step, layer, t, first_stream + b, u) / (1 - probability). y may be x. */
void ck_dropout(long steps, long streams, long n, float probability, const ck_dropout_key *key, const float *x, float *y);

/* ---- Updates ------------------------------------------------------------------------------------------------------ */

/* The transformation of a gradient g before an update: clamp(g * scale, +-limit); limit 0 means none. */
typedef struct {
    float scale;
    float limit;
} ck_clip;

/* The sum of the bit patterns of floats, modulo 2^32. It does not depend on their order, and any flipped bit changes it. */
typedef struct {
    uint32_t sum;
    uint32_t not_finite; /* whether any of them is infinite or NaN */
} ck_bit_sum;

/* Adds `count` floats to a sum. */
void ck_bits(long count, const float *x, ck_bit_sum *sum);

#endif
