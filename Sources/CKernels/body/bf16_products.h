/* Matrix products of a left operand in float, rounded to bf16 once per call, with packed panels of bf16. */

/* The number of terms in 16 lanes of a packed left operand. */
enum { BF_BLOCK_TERMS = 32 / BF_LEFT };

/* Up to BF_BLOCK_TERMS terms of a row, as lanes of a strip. */
CK_INLINE v16 bf_left_lanes(const float *a, long terms) {
#if defined(CK_BF16)
    return (v16)bf_row_pairs(a, terms);
#else
    return (v16)bf_round(v_get(a, terms));
#endif
}

/* Packs the rows of a tile as a strip [pairs][BF_LEFT][MR]. It stores whole vectors in order, and each store overwrites what the previous
 * one wrote past its MR rows. The last store of a call needs space after the strip. The contents of missing rows are not read. */
static void bf_pack_left_tile(long rows, long k, const float *a, long lda, float *strip) {
    for (long at = 0; at < k; at += BF_BLOCK_TERMS, strip += BF_BLOCK_TERMS / 2 * BF_LEFT * MR) {
        const long terms = k - at < BF_BLOCK_TERMS ? k - at : BF_BLOCK_TERMS;
        v16 r[16];
        CK_EACH_OF_16 r[i] = i < MR ? bf_left_lanes(a + (i < rows ? i : rows - 1) * lda + at, terms) : v_fill(0.0f);
        transpose16(r);
        CK_EACH_OF_16 if (i < (terms + 1) / 2 * BF_LEFT) v_store(strip + i * MR, r[i]);
    }
}

/* One tile of a product. */
typedef struct {
    long pairs;
    const float *strip;
    const uint16_t *panel;
    long panel_stride;
    panel_fetch fetch;
    const float *bias; /* for the tile's columns, or null */
    int accumulate;
    float *c;
    long ldc;
    long columns; /* only the last vector may be partial */
} bf_product_place;

CK_INLINE void bf_product_start(const int rows, const int vectors, const int whole, const bf_product_place *p, v16 sums[MOST_SUMS]) {
    CK_EACH_SUM(rows, vectors) {
        const long lanes = whole ? 16 : lanes_left(p->columns, 16 * v);
        sums[r * vectors + v] = p->accumulate ? v_get(p->c + r * p->ldc + 16 * v, lanes)
                                : p->bias     ? v_get(p->bias + 16 * v, lanes)
                                              : v_fill(0.0f);
    }
}

CK_INLINE void bf_product_tile_of(const int rows, const int vectors, const bf_product_place *p) {
    v16 sums[MOST_SUMS];
    const int whole = p->columns == 16 * vectors;
    if (whole)
        bf_product_start(rows, vectors, 1, p, sums);
    else
        bf_product_start(rows, vectors, 0, p, sums);
    bf_chain(rows, vectors, p->pairs, p->strip, p->panel, p->panel_stride, p->fetch, sums);
    if (whole)
        CK_EACH_SUM(rows, vectors) v_store(p->c + r * p->ldc + 16 * v, sums[r * vectors + v]);
    else
        CK_EACH_SUM(rows, vectors) v_put(p->c + r * p->ldc + 16 * v, sums[r * vectors + v], lanes_left(p->columns, 16 * v));
}

#define CK_TILE(rows, vectors) \
    static void bf_product_tile_##rows##_##vectors(const bf_product_place *place) { bf_product_tile_of(rows, vectors, place); }
CK_TILES(CK_TILE)
#undef CK_TILE

/* By the logarithm of the number of vectors (1, 2, 4, 8) and the number of rows. */
typedef void (*bf_product_tile)(const bf_product_place *);
#define CK_TILE(rows, vectors) [__builtin_ctz(vectors)][rows] = bf_product_tile_##rows##_##vectors,
static const bf_product_tile bf_product_tiles[4][MR + 1] = {CK_TILES(CK_TILE)};
#undef CK_TILE
#undef CK_TILES

/* log2 of the number of vectors of a tile, for a block of m rows with this number of remaining columns. With few rows a tile has more
 * columns, so that there are enough sums to hide the latency of a step. */
CK_INLINE int bf_tile_width(long m, long columns) {
    int width = NV - 1;
    while (m <= MR && width < 3 && bf_product_tiles[width + 1][m])
        width++;
    while ((columns + 15) / 16 < 1L << width)
        width--;
    return width;
}

/* The blocking of a product: blocks of row tiles, passes over the inner index, panels, tiles. With many rows, the part of the left
 * operand's block in a pass stays in a quarter of the second-level cache during the loop over panels; with few rows, the panel stays there
 * during the loop over tiles. */
enum { BF_PASS_FEW_ROWS = 1024, BF_PASS_MANY_ROWS = 512, BF_MANY_ROWS = 64, BF_FEW_TILES = 6, BF_LEFT_FLOATS = 65536 };

/* A number of row tiles of similar height, the taller ones first. */
typedef struct {
    long rows, tiles;
} bf_row_tiles;

CK_INLINE long bf_take_tile(bf_row_tiles *left) {
    const long rows = (left->rows + left->tiles - 1) / left->tiles;
    left->rows -= rows;
    left->tiles--;
    return rows;
}

/* The next `count` tiles, or all remaining ones. */
CK_INLINE bf_row_tiles bf_take_block(bf_row_tiles *left, long tiles) {
    bf_row_tiles block = {0, left->tiles < tiles ? left->tiles : tiles};
    for (long i = 0; i < block.tiles; i++)
        block.rows += bf_take_tile(left);
    return block;
}

typedef struct {
    long pairs, pass, block; /* pairs of the inner index, pairs of a pass, tiles of a block */
    bf_row_tiles rows;
    long strip; /* floats of a tile's strip */
} bf_cut;

CK_INLINE bf_cut bf_cut_of(long m, long k) {
    bf_cut cut = {.pairs = (k + 1) / 2, .rows = {m, (m + MR - 1) / MR}};
    const long most = m < BF_MANY_ROWS ? BF_PASS_FEW_ROWS : BF_PASS_MANY_ROWS, passes = (cut.pairs + most - 1) / most;
    cut.pass = passes > 1 ? (cut.pairs + passes - 1) / passes : cut.pairs + 1;
    cut.strip = cut.pairs * BF_LEFT * MR;
    const long held = cut.pairs < most ? cut.pairs + 1 : most, tiles = m < BF_MANY_ROWS ? BF_FEW_TILES : BF_LEFT_FLOATS / (held * BF_LEFT) / MR;
    const long blocks = (cut.rows.tiles + tiles - 1) / tiles;
    cut.block = blocks > 1 ? (cut.rows.tiles + blocks - 1) / blocks : tiles;
    return cut;
}

/* One pass over a block of rows and all columns. */
static void bf_product_pass(const bf_cut *cut, bf_row_tiles rows, long n, bf_product_place place) {
    const bf_product_place first = place;
    for (long column = 0, columns; column < n; column += columns) {
        const int width = bf_tile_width(rows.rows, n - column);
        columns = 16L << width;
        place.columns = n - column < columns ? n - column : columns;
        place.panel = first.panel + 2 * panel_offset(column, first.panel_stride / 2);
        place.bias = first.bias ? first.bias + column : 0;
        place.strip = first.strip;
        place.c = first.c + column;
        const uint16_t *next = first.panel + 2 * panel_offset(column + columns, first.panel_stride / 2);
        bf_row_tiles left = rows;
        for (long tile = 0; tile < rows.tiles; tile++, place.strip += cut->strip) {
            const long height = bf_take_tile(&left);
            place.fetch = fetch_for(tile, rows.tiles == 1, (next - place.panel) * (long)sizeof(uint16_t));
            bf_product_tiles[width][height](&place);
            place.c += height * place.ldc;
        }
    }
}

/* All passes over a packed block of rows. `place` has the values that are the same in all passes. */
static void bf_product_block(const bf_cut *cut, bf_row_tiles rows, long n, bf_product_place place) {
    const bf_product_place first = place;
    for (long from = 0; from < cut->pairs || from == 0; from += cut->pass) {
        place.pairs = cut->pairs - from < cut->pass ? cut->pairs - from : cut->pass;
        place.strip = first.strip + from * BF_LEFT * MR;
        place.panel = first.panel + from * BF_PANEL_PAIR;
        place.accumulate = first.accumulate || from > 0;
        bf_product_pass(cut, rows, n, place);
    }
}

static void bf_pack_left_block(const bf_cut *cut, bf_row_tiles rows, long k, const float *a, long lda, float *strips) {
    for (; rows.tiles > 0; strips += cut->strip) {
        const long height = bf_take_tile(&rows);
        bf_pack_left_tile(height, k, a, lda, strips);
        a += height * lda;
    }
}

void CK_AT_LEVEL(bf16_pack_left)(long m, long k, const float *a, long lda, float *strips) {
    const bf_cut cut = bf_cut_of(m, k);
    bf_pack_left_block(&cut, cut.rows, k, a, lda, strips);
}

void CK_AT_LEVEL(bf16_gemm_packed)(long m, long n, long k, const float *strips, const uint16_t *panels, long panel_stride, const float *bias,
                                   int accumulate, float *c, long ldc) {
    const bf_cut cut = bf_cut_of(m, k);
    bf_product_place place = {
        .strip = strips, .panel = panels, .panel_stride = panel_stride, .bias = bias, .accumulate = accumulate, .c = c, .ldc = ldc};
    for (bf_row_tiles left = cut.rows; left.tiles > 0;) {
        const bf_row_tiles block = bf_take_block(&left, cut.block);
        bf_product_block(&cut, block, n, place);
        place.strip += block.tiles * cut.strip;
        place.c += block.rows * ldc;
    }
}

void CK_AT_LEVEL(bf16_gemm)(long m, long n, long k, const float *a, long lda, const uint16_t *panels, long panel_stride, const float *bias,
                            int accumulate, float *c, long ldc, float *scratch) {
    const bf_cut cut = bf_cut_of(m, k);
    bf_product_place place = {
        .strip = scratch, .panel = panels, .panel_stride = panel_stride, .bias = bias, .accumulate = accumulate, .c = c, .ldc = ldc};
    for (bf_row_tiles left = cut.rows; left.tiles > 0;) {
        const bf_row_tiles block = bf_take_block(&left, cut.block);
        bf_pack_left_block(&cut, block, k, a, lda, scratch);
        bf_product_block(&cut, block, n, place);
        a += block.rows * lda;
        place.c += block.rows * ldc;
    }
}
