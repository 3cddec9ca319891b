/* Matrix products over packed panels of 32 columns.
 *
 * A register tile of MR rows by NV vectors of 16 columns keeps its sums in registers over the whole inner loop: 12 x 2 with the 32
 * registers of AVX-512, 6 x 1 with the 16 of AVX2. Each sum is one chain of fused multiply-adds in the order
 * of the inner index, so its bits know nothing of the tile's shape.
 */
#if defined(CK_WIDE)
enum { MR = 12, NV = 2 };
#else
enum { MR = 6, NV = 1 };
#endif

/* The inner index as two loops: `outer` steps of `inner` terms. One dense row is outer 1. */
typedef struct {
    long outer, inner;
    long outer_stride, inner_stride; /* of the left operand, in floats */
    long row_stride;                 /* from one row of the tile to the next */
} ck_chain;

/* For each row and vector of the tile, unrolled, so that `sums` below becomes registers. */
#define CK_EACH_SUM(rows, vectors)                                   \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < (rows); r++) \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < (vectors); v++)

/* tile += chain. The tile is copied in and out: a sum that lived in memory would be stored at every term. */
CK_INLINE void chain_tile(const int rows, const ck_chain *chain, const float *a, const float *panel, v16 tile[MR][NV]) {
    const long inner = chain->inner, inner_stride = chain->inner_stride, row_stride = chain->row_stride;
    v16 sums[MR][NV];
    CK_EACH_SUM(rows, NV) sums[r][v] = tile[r][v];
    for (long o = 0; o < chain->outer; o++) {
        const float *at = a + o * chain->outer_stride;
        for (long i = 0; i < inner; i++, at += inner_stride, panel += CK_PANEL) {
            v16 b[NV];
            CK_EACH_SUM(1, NV) b[v] = v_load(panel + 16 * v);
            CK_EACH_SUM(rows, NV) sums[r][v] = v_fma(v_fill(at[r * row_stride]), b[v], sums[r][v]);
        }
    }
    CK_EACH_SUM(rows, NV) tile[r][v] = sums[r][v];
}

/* c tile [rows, columns] = or += chain. columns: 1 to 16 * NV. */
CK_INLINE void product_tile_of(const int rows, const ck_chain *chain, const float *a, const float *panel, float *c, long ldc, long columns,
                               int accumulate) {
    v16 sums[MR][NV];
    const int whole = columns == 16 * NV;
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < NV; v++) {
            long lanes = lanes_left(columns, 16 * v);
            sums[r][v] = v_fill(0.0f);
            if (accumulate && lanes > 0)
                sums[r][v] = whole ? v_load(c + r * ldc + 16 * v) : v_load_some(c + r * ldc + 16 * v, lanes);
        }
    chain_tile(rows, chain, a, panel, sums);
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < NV; v++) {
            long lanes = lanes_left(columns, 16 * v);
            if (whole)
                v_store(c + r * ldc + 16 * v, sums[r][v]);
            else if (lanes > 0)
                v_store_some(c + r * ldc + 16 * v, sums[r][v], lanes);
        }
}

#define CK_TILE_ROWS(n)                                                                                     \
    static void product_tile_##n(const ck_chain *chain, const float *a, const float *panel, float *c, long ldc, long columns, \
                                 int accumulate) {                                                          \
        product_tile_of(n, chain, a, panel, c, ldc, columns, accumulate);                                   \
    }
CK_TILE_ROWS(1)
CK_TILE_ROWS(2)
CK_TILE_ROWS(3)
CK_TILE_ROWS(4)
CK_TILE_ROWS(5)
CK_TILE_ROWS(6)
#if defined(CK_WIDE)
CK_TILE_ROWS(7)
CK_TILE_ROWS(8)
CK_TILE_ROWS(9)
CK_TILE_ROWS(10)
CK_TILE_ROWS(11)
CK_TILE_ROWS(12)
#endif
#undef CK_TILE_ROWS

typedef void (*product_tile)(const ck_chain *, const float *, const float *, float *, long, long, int);
static const product_tile product_tiles[MR + 1] = {
    0,
    product_tile_1,
    product_tile_2,
    product_tile_3,
    product_tile_4,
    product_tile_5,
    product_tile_6,
#if defined(CK_WIDE)
    product_tile_7,
    product_tile_8,
    product_tile_9,
    product_tile_10,
    product_tile_11,
    product_tile_12,
#endif
};

/* Rows of the next tile, so that all tiles are about as tall: 20 rows go as 10 and 10, not as 12 and 8. */
CK_INLINE long rows_of_next_tile(long left) {
    long tiles = (left + MR - 1) / MR;
    return (left + tiles - 1) / tiles;
}

/* Inner terms a pass: a panel of so many rows and 32 columns stays in half of the second-level cache. */
enum { INNER_PASS = 2048 };

void CK_AT_LEVEL(gemm)(long m, long n, long k, const float *a, long lda, const float *panels, float *c, long ldc, int accumulate) {
    for (long from = 0; from < k || from == 0; from += INNER_PASS) {
        long inner = k - from < INNER_PASS ? k - from : INNER_PASS;
        ck_chain chain = {1, inner, 0, 1, lda};
        for (long column = 0; column < n; column += 16 * NV) {
            const float *panel = panels + (column / CK_PANEL) * k * CK_PANEL + from * CK_PANEL + column % CK_PANEL;
            long columns = n - column < 16 * NV ? n - column : 16 * NV;
            for (long row = 0, rows; row < m; row += rows) {
                rows = rows_of_next_tile(m - row);
                product_tiles[rows](&chain, a + row * lda + from, panel, c + row * ldc + column, ldc, columns, accumulate || from > 0);
            }
        }
    }
}
