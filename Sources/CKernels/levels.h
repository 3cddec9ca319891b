/* The table of kernels of one instruction set. Private to CKernels. */
#ifndef CK_LEVELS_H
#define CK_LEVELS_H

#include "CKernels.h"

/* Name, result, parameters and arguments of each kernel that exists for every level. */
#define CK_KERNELS(K)                                                                                                                     \
    K(tree_reduce,                                                                                                                         \
      (const ck_tree_stretch *stretches, float *const *outputs, long count, const ck_live *live, double *sums),                            \
      (stretches, outputs, count, live, sums))                                                                                             \
    K(pack_transposed, (long n, long k, const float *w, long first, long count, float *panels), (n, k, w, first, count, panels))           \
    K(pack, (long n, long k, const float *w, long first, long count, float *panels), (n, k, w, first, count, panels))                      \
    K(gemm,                                                                                                                                \
      (long m, long n, long k, const float *a, long lda, const float *panels, long panel_stride, const float *bias, int accumulate,        \
       float *c, long ldc),                                                                                                                \
      (m, n, k, a, lda, panels, panel_stride, bias, accumulate, c, ldc))                                                                   \
    K(pack_rows, (const ck_rows *rows, long k, const float *x, long ldx, float *panels, long panel_stride),                                \
      (rows, k, x, ldx, panels, panel_stride))                                                                                             \
    K(weight_gradient,                                                                                                                     \
      (long n, const ck_rows *rows, const float *dy, long lddy, const ck_gradient_side *sides, long side_count, long first_row,            \
       const ck_occurrences *occurrences, float *const *biases, float *scratch),                                                           \
      (n, rows, dy, lddy, sides, side_count, first_row, occurrences, biases, scratch))                                                     \
    K(row_dots, (long rows, long n, const float *v, const float *x, long ldx, float *dots), (rows, n, v, x, ldx, dots))                     \
    K(add_multiples,                                                                                                                       \
      (long rows, long n, const float *factors, const float *v, float *x, long ldx),                                                       \
      (rows, n, factors, v, x, ldx))                                                                                                       \
    K(bf16_round, (long count, const float *x, uint16_t *y), (count, x, y))                                                                \
    K(bf16_pack_transposed, (long n, long k, const float *w, long first, long count, uint16_t *panels), (n, k, w, first, count, panels))   \
    K(bf16_pack, (long n, long k, const float *w, long first, long count, uint16_t *panels), (n, k, w, first, count, panels))              \
    K(bf16_bits, (long columns, const float *w, long first, long count, int terms_are_rows, uint32_t *sum),                                \
      (columns, w, first, count, terms_are_rows, sum))                                                                                     \
    K(bf16_gemm,                                                                                                                           \
      (long m, long n, long k, const float *a, long lda, const uint16_t *panels, long panel_stride, const float *bias, int accumulate,     \
       float *c, long ldc, float *scratch),                                                                                                \
      (m, n, k, a, lda, panels, panel_stride, bias, accumulate, c, ldc, scratch))                                                          \
    K(bf16_pack_left, (long m, long k, const float *a, long lda, float *strips), (m, k, a, lda, strips))                                   \
    K(bf16_gemm_packed,                                                                                                                    \
      (long m, long n, long k, const float *strips, const uint16_t *panels, long panel_stride, const float *bias, int accumulate,          \
       float *c, long ldc),                                                                                                                \
      (m, n, k, strips, panels, panel_stride, bias, accumulate, c, ldc))                                                                   \
    K(bf16_pack_rows, (const ck_rows *rows, long k, const float *x, long ldx, uint16_t *panels, long panel_stride),                        \
      (rows, k, x, ldx, panels, panel_stride))                                                                                             \
    K(bf16_weight_gradient,                                                                                                                \
      (long n, const ck_rows *rows, const float *dy, long lddy, const ck_gradient_side *sides, long side_count, long first_row,       \
       const ck_occurrences *occurrences, float *const *biases, float *scratch),                                                           \
      (n, rows, dy, lddy, sides, side_count, first_row, occurrences, biases, scratch))                                                     \
    K(embedding_gradient,                                                                                                                  \
      (long vocabulary, long k, const ck_rows *rows, const ck_occurrences *occurrences, float *const *outputs, long ldo),                  \
      (vocabulary, k, rows, occurrences, outputs, ldo))                                                                                    \
    K(bias_gradient, (long n, const ck_rows *rows, const float *dy, long lddy, long first, float *const *outputs),                         \
      (n, rows, dy, lddy, first, outputs))                                                                                                 \
    K(exp, (long count, const float *x, float *y), (count, x, y))                                                                          \
    K(tanh, (long count, const float *x, float *y), (count, x, y))                                                                         \
    K(sigmoid, (long count, const float *x, float *y), (count, x, y))                                                                      \
    K(fill_rows, (long rows, long n, const float *bias, const float *other, float *y, long ldy), (rows, n, bias, other, y, ldy))           \
    K(normalize,                                                                                                                           \
      (long rows, long n, const float *x, long ldx, const float *gain, const float *bias, float *normal, long ldn, float *y, long ldy,     \
       int adding, float *scales),                                                                                                         \
      (rows, n, x, ldx, gain, bias, normal, ldn, y, ldy, adding, scales))                                                                  \
    K(normalize_backward,                                                                                                                  \
      (long rows, long n, const float *dy, long lddy, const float *gain, const float *normal, long ldn, const float *scales, float *dx,    \
       long lddx, int adding, float *d_gain, float *d_bias),                                                                               \
      (rows, n, dy, lddy, gain, normal, ldn, scales, dx, lddx, adding, d_gain, d_bias))                                                    \
    K(add_multiple, (long count, float factor, const float *x, float *y), (count, factor, x, y))                                           \
    K(add_difference, (long count, float factor, const float *x, const float *previous, float *dx, float *d_previous),                     \
      (count, factor, x, previous, dx, d_previous))                                                                                        \
    K(add, (long count, const float *x, float *y), (count, x, y))                                                                          \
    K(gather_rows, (long rows, long n, const float *table, long ldt, const int32_t *ids, float *y, long ldy),                              \
      (rows, n, table, ldt, ids, y, ldy))                                                                                                  \
    K(merge_rows, (const ck_rows *rows, long n, const float *x, long ldx, const int32_t *numbers, float *sums, long lds),                  \
      (rows, n, x, ldx, numbers, sums, lds))                                                                                               \
    K(softmax_take,                                                                                                                        \
      (long rows, long first, long n, const float *logits, const int32_t *targets, ck_softmax_row *states, float *maxima, float *kept),    \
      (rows, first, n, logits, targets, states, maxima, kept))                                                                             \
    K(softmax_figures, (long n, const float *logits, float logit, double *entropy, long *larger), (n, logits, logit, entropy, larger))     \
    K(softmax_losses, (long rows, const ck_softmax_row *states, const float *mask, double *losses), (rows, states, mask, losses))          \
    K(softmax_gradient,                                                                                                                    \
      (long rows, long first, long n, const float *from, int exponentials, const int32_t *targets, const float *mask,                      \
       const ck_softmax_row *states, const float *maxima, float scale, float *gradient),                                                   \
      (rows, first, n, from, exponentials, targets, mask, states, maxima, scale, gradient))                                                \
    K(dropout, (long steps, long streams, long n, float probability, const ck_dropout_key *key, const float *x, float *y),                 \
      (steps, streams, n, probability, key, x, y))                                                                                         \
    K(bits, (long count, const float *x, ck_bit_sum *sum), (count, x, sum))                                                                \
    K(fma_peak, (long rounds, float *sums), (rounds, sums))                                                                                \
    K(bf16_peak, (long rounds, float *sums), (rounds, sums))                                                                               \
    K(read, (long count, const float *x, float *sums), (count, x, sums))

/* The numbers of the cells. */
enum {
#define CK_NUMBER(cell) CK_CELL_##cell,
    CK_CELLS(CK_NUMBER)
#undef CK_NUMBER
    CK_CELL_COUNT
};

/* The numbers of the update rules. */
enum {
#define CK_NUMBER(rule) CK_UPDATE_##rule,
    CK_UPDATE_RULES(CK_NUMBER)
#undef CK_NUMBER
    CK_UPDATE_RULE_COUNT
};

typedef struct {
    const char *name;
#define CK_MEMBER(kernel, parameters, arguments) void(*kernel) parameters;
    CK_KERNELS(CK_MEMBER)
#undef CK_MEMBER
    void (*cells_forward[CK_CELL_COUNT])(ck_cell step);
    void (*cells_backward[CK_CELL_COUNT])(ck_cell step);
    void (*updates[CK_UPDATE_RULE_COUNT])(const ck_update *update, uint32_t *moved);
} ck_level;

extern const ck_level ck_level_baseline;
#if defined(__x86_64__)
extern const ck_level ck_level_avx2;
extern const ck_level ck_level_avx512;
extern const ck_level ck_level_avx512bf16;
#endif

#endif
