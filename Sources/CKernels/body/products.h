/* Matrix products over packed panels of 32 columns.
 *
 * A register tile keeps its sums in registers over the whole inner loop: up to 12 rows by 2 vectors of 16 columns with the 32 registers of
 * AVX-512, 6 by 1 with the 16 of AVX2. With few rows it has more columns, so that there are enough sums to hide the latency of the
 * multiply-add. Each sum is one chain of fused multiply-adds in the order of the inner index, so its bits do not depend on the shape of the
 * tile. */
#if defined(CK_WIDE)
enum { MR = 12, NV = 2, MOST_SUMS = 24 };
#else
enum { MR = 6, NV = 1, MOST_SUMS = 6 };
#endif

/* The prefetch distances during a tile, in bytes from each vector of its panel, for even and odd vectors. */
typedef struct {
    long distance[2];
} panel_fetch;

/* Eight terms, or pairs of terms, ahead. The hardware prefetcher stops at each page, which is 32 terms. */
enum { TERMS_AHEAD = 8 * CK_PANEL * sizeof(float) };

/* For tile number `tile` of those with the same columns; the next columns are `next` bytes further. They come from distant memory, for
 * which eight terms ahead are not enough. The first two tiles prefetch half of the lines each, a single tile all of them. */
CK_INLINE panel_fetch fetch_for(long tile, int is_single, long next) {
    panel_fetch fetch = {{TERMS_AHEAD, TERMS_AHEAD}};
    if (tile < 2)
        fetch.distance[tile] = next;
    if (is_single)
        fetch.distance[1] = next;
    return fetch;
}

CK_INLINE void fetch_panel(const void *vector, int v, panel_fetch fetch) { __builtin_prefetch((const char *)vector + fetch.distance[v % 2]); }

/* The tiles that products have, fp32 and bf16: rows and vectors whose sums fit into the registers. */
#if defined(CK_WIDE)
#define CK_TILES(K)                                                                                                                \
    K(1, 1) K(2, 1) K(3, 1) K(4, 1) K(5, 1) K(6, 1) K(7, 1) K(8, 1) K(9, 1) K(10, 1) K(11, 1) K(12, 1) K(1, 2) K(2, 2) K(3, 2) K(4, 2) \
    K(5, 2) K(6, 2) K(7, 2) K(8, 2) K(9, 2) K(10, 2) K(11, 2) K(12, 2) K(1, 4) K(2, 4) K(3, 4) K(4, 4) K(5, 4) K(6, 4) K(1, 8) K(2, 8)
#else
#define CK_TILES(K) K(1, 1) K(2, 1) K(3, 1) K(4, 1) K(5, 1) K(6, 1) K(1, 2) K(2, 2) K(1, 4)
#endif

/* For each row and vector of the tile, unrolled, so that sums[r * vectors + v] is a register. */
#define CK_EACH_SUM(rows, vectors)                                   \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < (rows); r++) \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < (vectors); v++)

/* The distances in bytes from row 0 to rows 1, 3, 5, 7, 9 and 11. With the address scales 2, 4 and 8 they reach all twelve rows. */
typedef struct {
    long odd[MR / 2];
} row_distances;

/* Hides the values from the compiler. It would otherwise compute each row's address from the previous one, with one addition per row and
 * term: too many instructions for the processor's front end (122 instead of 147 GFLOP/s of 150). */
CK_INLINE row_distances distances_of(const int rows, long ld) {
    row_distances d;
    _Pragma("clang loop unroll(full)") for (int i = 0; i < MR / 2; i++) {
        d.odd[i] = 0;
        if (2 * i + 1 < rows) {
            d.odd[i] = (2 * i + 1) * ld * (long)sizeof(float);
            __asm__("" : "+r"(d.odd[i]));
        }
    }
    return d;
}

CK_INLINE float row_term(const char *first, const row_distances *d, const int row) {
    const int twos = row ? __builtin_ctz((unsigned)row) : 0;
    const long distance = row ? d->odd[(row >> twos) / 2] * (1 << twos) : 0;
    float x;
    memcpy(&x, first + distance, sizeof x);
    return x;
}

/* sums += chain. The sums are copied in and out; otherwise the compiler would store them to memory at every term. */
CK_INLINE void chain_rows(const int rows, const int vectors, long terms, const float *a, long lda, const float *panel, long panel_stride,
                          panel_fetch fetch, v16 tile[MOST_SUMS]) {
    const row_distances d = distances_of(rows, lda);
    const char *at = (const char *)a;
    v16 sums[MOST_SUMS];
    CK_EACH_SUM(rows, vectors) sums[r * vectors + v] = tile[r * vectors + v];
    for (long i = 0; i < terms; i++, at += sizeof(float), panel += CK_PANEL) {
        v16 b[MOST_SUMS];
        CK_EACH_SUM(1, vectors) {
            const float *from = panel + (v / 2) * panel_stride + 16 * (v % 2);
            b[v] = v_load(from);
            fetch_panel(from, v, fetch);
        }
        CK_EACH_SUM(rows, 1) {
            const v16 left = v_fill(row_term(at, &d, r));
            _Pragma("clang loop unroll(full)") for (int w = 0; w < vectors; w++)
                sums[r * vectors + w] = v_fma(left, b[w], sums[r * vectors + w]);
        }
    }
    CK_EACH_SUM(rows, vectors) tile[r * vectors + v] = sums[r * vectors + v];
}

/* One tile of a product. */
typedef struct {
    long terms;
    const float *a;
    long lda;
    const float *panel;
    long panel_stride;
    panel_fetch fetch;
    const float *bias; /* for the tile's columns, or null */
    int accumulate;
    float *c;
    long ldc;
    long columns; /* only the last vector may be partial */
} product_place;

CK_INLINE void product_start(const int rows, const int vectors, const int whole, const product_place *p, v16 sums[MOST_SUMS]) {
    CK_EACH_SUM(rows, vectors) {
        const long lanes = whole ? 16 : lanes_left(p->columns, 16 * v);
        sums[r * vectors + v] = p->accumulate ? v_get(p->c + r * p->ldc + 16 * v, lanes)
                                : p->bias     ? v_get(p->bias + 16 * v, lanes)
                                              : v_fill(0.0f);
    }
}

/* Prefetches the lines of the result, which may be in distant memory, while the tile is computed. If sums start from the existing values,
 * prefetches those of the next columns. */
CK_INLINE void fetch_result(const int rows, const int vectors, const product_place *p) {
    const float *c = p->c + (p->accumulate ? 16 * vectors : 0);
    CK_EACH_SUM(rows, vectors) __builtin_prefetch(c + r * p->ldc + 16 * v, 1);
}

CK_INLINE void product_tile_of(const int rows, const int vectors, const product_place *p) {
    v16 sums[MOST_SUMS];
    const int whole = p->columns == 16 * vectors;
    if (whole)
        product_start(rows, vectors, 1, p, sums);
    else
        product_start(rows, vectors, 0, p, sums);
    fetch_result(rows, vectors, p);
    chain_rows(rows, vectors, p->terms, p->a, p->lda, p->panel, p->panel_stride, p->fetch, sums);
    if (whole)
        CK_EACH_SUM(rows, vectors) v_store(p->c + r * p->ldc + 16 * v, sums[r * vectors + v]);
    else
        CK_EACH_SUM(rows, vectors) v_put(p->c + r * p->ldc + 16 * v, sums[r * vectors + v], lanes_left(p->columns, 16 * v));
}

#define CK_TILE(rows, vectors) \
    static void product_tile_##rows##_##vectors(const product_place *place) { product_tile_of(rows, vectors, place); }
CK_TILES(CK_TILE)
#undef CK_TILE

/* By the logarithm of the number of vectors (1, 2, 4, 8) and the number of rows. */
typedef void (*product_tile)(const product_place *);
#define CK_TILE(rows, vectors) [__builtin_ctz(vectors)][rows] = product_tile_##rows##_##vectors,
static const product_tile product_tiles[4][MR + 1] = {CK_TILES(CK_TILE)};
#undef CK_TILE

/* log2 of the number of vectors of a tile, for a call of m rows with this number of remaining columns. */
CK_INLINE int tile_width(long m, long columns) {
    int width = NV - 1;
    while (m <= MR && width < 3 && product_tiles[width + 1][m])
        width++;
    while ((columns + 15) / 16 < 1L << width)
        width--;
    return width;
}

/* The number of rows of the next tile, chosen so that all tiles have similar height: 20 rows are divided into 10 and 10, not into 12 and 8. */
CK_INLINE long rows_of_next_tile(long left) {
    long tiles = (left + MR - 1) / MR;
    return (left + tiles - 1) / tiles;
}

/* The blocking of a product: passes over the inner index, blocks of rows, panels, tiles. With many rows, a block of the left operand stays
 * in a quarter of the second-level cache during the loop over panels; with few rows, the panel stays there during the loop over tiles. */
enum { INNER_FEW_ROWS = 2048, INNER_MANY_ROWS = 1024, MANY_ROWS = 64, LEFT_FLOATS = 65536 };

/* The start of a column's elements in panels that are this distance apart, in lanes. */
CK_INLINE long panel_offset(long column, long panel_stride) { return column / CK_PANEL * panel_stride + column % CK_PANEL; }

/* One pass over rows [0, m) and all columns. */
static void product_pass(long m, long n, product_place place) {
    const product_place first = place;
    for (long column = 0, columns; column < n; column += columns) {
        const int width = tile_width(m, n - column);
        columns = 16L << width;
        place.columns = n - column < columns ? n - column : columns;
        place.panel = first.panel + panel_offset(column, first.panel_stride);
        place.bias = first.bias ? first.bias + column : 0;
        const float *next = first.panel + panel_offset(column + columns, first.panel_stride);
        for (long row = 0, rows, tile = 0; row < m; row += rows, tile++) {
            rows = rows_of_next_tile(m - row);
            place.a = first.a + row * first.lda;
            place.c = first.c + row * first.ldc + column;
            place.fetch = fetch_for(tile, rows == m, (next - place.panel) * (long)sizeof(float));
            product_tiles[width][rows](&place);
        }
    }
}

/* The number of rows of a block, at most `most`, chosen so that all blocks have similar height. */
CK_INLINE long rows_of_block(long m, long most) {
    const long blocks = (m + most - 1) / most;
    return blocks > 1 ? (m + blocks - 1) / blocks : most;
}

void CK_AT_LEVEL(gemm)(long m, long n, long k, const float *a, long lda, const float *panels, long panel_stride, const float *bias,
                       int accumulate, float *c, long ldc) {
    const long most = m < MANY_ROWS ? INNER_FEW_ROWS : INNER_MANY_ROWS, passes = (k + most - 1) / most;
    const long pass = passes > 1 ? (k + passes - 1) / passes : k + 1; /* all of similar length */
    const long block = rows_of_block(m, m < MANY_ROWS ? MANY_ROWS : LEFT_FLOATS / pass / MR * MR);
    for (long from = 0; from < k || from == 0; from += pass)
        for (long row = 0; row < m; row += block) {
            const product_place place = {.terms = k - from < pass ? k - from : pass,
                                         .a = a + row * lda + from,
                                         .lda = lda,
                                         .panel = panels + from * CK_PANEL,
                                         .panel_stride = panel_stride,
                                         .bias = bias,
                                         .accumulate = accumulate || from > 0,
                                         .c = c + row * ldc,
                                         .ldc = ldc};
            product_pass(m - row < block ? m - row : block, n, place);
        }
}
