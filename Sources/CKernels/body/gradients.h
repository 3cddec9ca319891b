/* Gradients of parameters: sums over the rows of a window, leaf by leaf, added in tree order inside the register tile,
 * so that the number of shards costs neither a pass nor a buffer. */

/* Sums of the leaves of a tile that wait for their sibling. */
typedef struct {
    v16 sums[CK_TREE_DEPTH][MOST_SUMS];
} tile_stack;

/* For each row of the window, in the order in which the leaves take them: `row` in the window. */
#define CK_EACH_WINDOW_ROW(rows, leaf_count)                                \
    for (long leaf = 0; leaf < (leaf_count); leaf++)                        \
        for (long t = 0; t < (rows)->steps; t++)                            \
            for (long b = 0, row; b < (rows)->segments[leaf].count && (row = t * (rows)->streams + (rows)->segments[leaf].first + b, 1); b++)

CK_INLINE long leaf_count_of(const ck_rows *rows) {
    long count = 0;
    for (long o = 0; o < rows->op_count; o++)
        count += rows->ops[o].op == CK_LEAF;
    return count;
}

void CK_AT_LEVEL(pack_rows)(const ck_rows *rows, long k, const float *x, long ldx, float *panels) {
    const long leaf_count = leaf_count_of(rows);
    for (long first = 0; first < k; first += CK_PANEL) {
        const long left = k - first < CK_PANEL ? k - first : CK_PANEL;
        const long second = left > 16 ? left - 16 : 0;
        CK_EACH_WINDOW_ROW(rows, leaf_count) {
            const float *from = x + row * ldx + first;
            v_store(panels, v_get(from, left - second));
            v_store(panels + 16, second ? v_get(from + 16, second) : v_fill(0.0f));
            panels += CK_PANEL;
        }
    }
}

/* Columns [first, first + tiles*MR) of dy as tiles [rows of the window][MR]; what lies past `n` is left as it is. Row by row, since the
 * rows of dy lie far apart. */
static void pack_strips(const ck_rows *rows, long n, const float *dy, long lddy, long first, long tiles, float *strips) {
    const long leaf_count = leaf_count_of(rows), tile_floats = rows->steps * rows->streams * MR;
    CK_EACH_WINDOW_ROW(rows, leaf_count) {
        const float *from = dy + row * lddy + first;
        /* Too far apart for the processor to guess: a few rows ahead, each line of the strip. */
        for (long ahead = 0; ahead < tiles * MR; ahead += 16)
            __builtin_prefetch(from + 12 * lddy + ahead);
        for (long tile = 0; tile < tiles; tile++) {
            const long columns = n - first - tile * MR;
            if (columns >= MR)
                __builtin_memcpy_inline(strips + tile * tile_floats, from + tile * MR, MR * sizeof(float));
            else
                memcpy(strips + tile * tile_floats, from + tile * MR, (size_t)columns * sizeof(float));
        }
        strips += MR;
    }
}

/* sums += chain over a packed strip, whose terms lie MR apart and whose rows lie side by side. */
CK_INLINE void chain_strip(const int rows, const int vectors, long terms, const float *strip, const float *panel, v16 tile[MOST_SUMS]) {
    v16 sums[MOST_SUMS];
    CK_EACH_SUM(rows, vectors) sums[r * vectors + v] = tile[r * vectors + v];
    for (long i = 0; i < terms; i++, strip += MR, panel += CK_PANEL) {
        v16 b[MOST_SUMS];
        CK_EACH_SUM(1, vectors) {
            b[v] = v_load(panel + 16 * v);
            __builtin_prefetch(panel + 16 * v + PANEL_AHEAD);
        }
        _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {
            const v16 left = v_fill(strip[r]);
            _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++)
                sums[r * vectors + v] = v_fma(left, b[v], sums[r * vectors + v]);
        }
    }
    CK_EACH_SUM(rows, vectors) tile[r * vectors + v] = sums[r * vectors + v];
}

/* Where a tile's tree program reads and writes. */
typedef struct {
    const ck_rows *rows;
    const float *strip; /* dy's columns of the tile, packed */
    const float *panel; /* x's columns of the tile, packed */
    const ck_occurrences *occurrences;
    long row, column, columns; /* in the outputs */
    float *const *outputs;
    long ldo;
} tile_place;

/* How far a tile's leaves have come. */
typedef struct {
    const float *strip;
    const float *panel;
    int32_t next[MR]; /* first entry of each token that no leaf has taken yet */
} tile_progress;

/* sums += the rows that hold the token of the tile's row r in this leaf; `next` moves on to the first entry of a later leaf. */
CK_INLINE void add_occurrences(const int vectors, const tile_place *place, int r, long leaf, int32_t *next, v16 *sums) {
    const ck_occurrences *o = place->occurrences;
    for (; *next < o->starts[place->row + r + 1] && o->leaves[*next] == leaf; ++*next) {
        const float *row = o->values + o->rows[*next] * o->ld + place->column;
        for (int v = 0; v < vectors; v++)
            sums[v] = sums[v] + v_get(row + 16 * v, lanes_left(place->columns, 16 * v));
    }
}

CK_INLINE void gradient_leaf(const int tile_rows, const int vectors, const tile_place *place, long leaf, tile_progress *progress,
                             v16 sums[MOST_SUMS]) {
    const long terms = place->rows->steps * place->rows->segments[leaf].count;
    CK_EACH_SUM(tile_rows, vectors) sums[r * vectors + v] = v_fill(0.0f);
    chain_strip(tile_rows, vectors, terms, progress->strip, progress->panel, sums);
    progress->strip += terms * MR;
    progress->panel += terms * CK_PANEL;
    for (int r = 0; place->occurrences && r < tile_rows; r++)
        add_occurrences(vectors, place, r, leaf, progress->next + r, sums + r * vectors);
}

CK_INLINE void gradient_store(const int tile_rows, const int vectors, const tile_place *place, float *output, v16 sums[MOST_SUMS]) {
    for (int r = 0; r < tile_rows; r++)
        for (int v = 0; v < vectors; v++)
            v_put(output + (place->row + r) * place->ldo + place->column + 16 * v, sums[r * vectors + v],
                  lanes_left(place->columns, 16 * v));
}

CK_INLINE void gradient_tile_of(const int tile_rows, const int vectors, const tile_place *place, tile_stack *stack) {
    tile_progress progress = {place->strip, place->panel, {0}};
    for (int r = 0; place->occurrences && r < tile_rows; r++)
        progress.next[r] = place->occurrences->starts[place->row + r];
    long depth = 0;
    for (long o = 0; o < place->rows->op_count; o++) {
        ck_tree_op op = place->rows->ops[o];
        if (op.op == CK_LEAF) {
            gradient_leaf(tile_rows, vectors, place, op.index, &progress, stack->sums[depth++]);
        } else if (op.op == CK_ADD) {
            depth--;
            for (int i = 0; i < tile_rows * vectors; i++)
                stack->sums[depth - 1][i] = stack->sums[depth - 1][i] + stack->sums[depth][i];
        } else {
            gradient_store(tile_rows, vectors, place, place->outputs[op.index], stack->sums[--depth]);
        }
    }
}

#define CK_TILE(rows, vectors) \
    static void gradient_tile_##rows##_##vectors(const tile_place *place, tile_stack *stack) { gradient_tile_of(rows, vectors, place, stack); }
CK_TILE(1, 1)
CK_TILE(2, 1)
CK_TILE(3, 1)
CK_TILE(4, 1)
CK_TILE(5, 1)
CK_TILE(6, 1)
#if defined(CK_WIDE)
CK_TILE(7, 1)
CK_TILE(8, 1)
CK_TILE(9, 1)
CK_TILE(10, 1)
CK_TILE(11, 1)
CK_TILE(12, 1)
CK_TILE(1, 2)
CK_TILE(2, 2)
CK_TILE(3, 2)
CK_TILE(4, 2)
CK_TILE(5, 2)
CK_TILE(6, 2)
CK_TILE(7, 2)
CK_TILE(8, 2)
CK_TILE(9, 2)
CK_TILE(10, 2)
CK_TILE(11, 2)
CK_TILE(12, 2)
#endif
#undef CK_TILE

/* By vectors (1, 2) and rows. */
typedef void (*gradient_tile)(const tile_place *, tile_stack *);
static const gradient_tile gradient_tiles[NV][MR + 1] = {
#if defined(CK_WIDE)
    {0, gradient_tile_1_1, gradient_tile_2_1, gradient_tile_3_1, gradient_tile_4_1, gradient_tile_5_1, gradient_tile_6_1, gradient_tile_7_1,
     gradient_tile_8_1, gradient_tile_9_1, gradient_tile_10_1, gradient_tile_11_1, gradient_tile_12_1},
    {0, gradient_tile_1_2, gradient_tile_2_2, gradient_tile_3_2, gradient_tile_4_2, gradient_tile_5_2, gradient_tile_6_2, gradient_tile_7_2,
     gradient_tile_8_2, gradient_tile_9_2, gradient_tile_10_2, gradient_tile_11_2, gradient_tile_12_2},
#else
    {0, gradient_tile_1_1, gradient_tile_2_1, gradient_tile_3_1, gradient_tile_4_1, gradient_tile_5_1, gradient_tile_6_1},
#endif
};

/* Tiles whose strips of dy are packed at a time. */
CK_INLINE long tiles_a_pass(long window_rows) {
    long tiles = CK_STRIP_FLOATS / (window_rows * MR + 1);
    return tiles < 1 ? 1 : tiles > 16 ? 16 : tiles;
}

/* One panel of a side against the packed strips of so many rows of the outputs. */
static void gradient_panel(tile_place place, long strip_rows, long strip_floats, tile_stack *stack) {
    const float *strips = place.strip;
    const long panel_column = place.column, panel_columns = place.columns, first_row = place.row;
    for (long part = 0, width; part < panel_columns; part += width) {
        width = panel_columns - part > 16 ? 16 * NV : 16;
        place.column = panel_column + part;
        place.columns = panel_columns - part < width ? panel_columns - part : width;
        for (long row = 0; row < strip_rows; row += MR) {
            place.row = first_row + row;
            place.strip = strips + row / MR * strip_floats;
            gradient_tiles[width / 16 - 1][strip_rows - row < MR ? strip_rows - row : MR](&place, stack);
        }
        place.panel += width;
    }
}

void CK_AT_LEVEL(weight_gradient)(long n, const ck_rows *rows, const float *dy, long lddy, const ck_gradient_side *sides, long side_count,
                                  long first_row, const ck_occurrences *occurrences, float *scratch) {
    tile_stack stack;
    const long window = rows->steps * rows->streams;
    const long strip_rows = tiles_a_pass(window) * MR;
    for (long row = 0; row < n; row += strip_rows) {
        const long count = n - row < strip_rows ? n - row : strip_rows;
        pack_strips(rows, n, dy, lddy, row, (count + MR - 1) / MR, scratch);
        for (long s = 0; s < side_count; s++)
            for (long first = 0; first < sides[s].k; first += CK_PANEL) {
                const long columns = sides[s].k - first < CK_PANEL ? sides[s].k - first : CK_PANEL;
                const tile_place place = {rows,  scratch, (const float *)sides[s].panels + first * window, occurrences,  first_row + row,
                                          first, columns, sides[s].outputs,                 sides[s].ldo};
                gradient_panel(place, count, window * MR, &stack);
            }
    }
}

/* ---- Sums of rows ---- */

/* The tree over one row of 16 columns, whose leaves are sums of rows. */
typedef struct {
    v16 sums[CK_TREE_DEPTH];
} row_stack;

static void embedding_tile(long v, long column, long lanes, const ck_rows *rows, const ck_occurrences *occurrences, float *const *outputs,
                           long ldo) {
    row_stack stack;
    long depth = 0;
    int32_t next = occurrences->starts[v];
    for (long o = 0; o < rows->op_count; o++) {
        ck_tree_op op = rows->ops[o];
        if (op.op == CK_LEAF) {
            v16 sum = v_fill(0.0f);
            for (; next < occurrences->starts[v + 1] && occurrences->leaves[next] == op.index; next++)
                sum = sum + v_get(occurrences->values + occurrences->rows[next] * occurrences->ld + column, lanes);
            stack.sums[depth++] = sum;
        } else if (op.op == CK_ADD) {
            depth--;
            stack.sums[depth - 1] = stack.sums[depth - 1] + stack.sums[depth];
        } else {
            v_put(outputs[op.index] + v * ldo + column, stack.sums[--depth], lanes);
        }
    }
}

void CK_AT_LEVEL(embedding_gradient)(long vocabulary, long k, const ck_rows *rows, const ck_occurrences *occurrences, float *const *outputs,
                                     long ldo) {
    for (long v = 0; v < vocabulary; v++)
        for (long column = 0; occurrences->starts[v] < occurrences->starts[v + 1] && column < k; column += 16)
            embedding_tile(v, column, lanes_left(k, column), rows, occurrences, outputs, ldo);
}

/* Vectors of columns that are summed together, so that a row's visit is worth its way. */
enum { BIAS_VECTORS = 4 };

static void bias_tile(long columns, const ck_rows *rows, const float *dy, long lddy, long column, long first, float *const *outputs) {
    v16 stack[CK_TREE_DEPTH][BIAS_VECTORS];
    const long vectors = (columns + 15) / 16;
    long depth = 0;
    for (long o = 0; o < rows->op_count; o++) {
        ck_tree_op op = rows->ops[o];
        if (op.op == CK_LEAF) {
            const ck_segment segment = rows->segments[op.index];
            v16 sums[BIAS_VECTORS] = {v_fill(0.0f), v_fill(0.0f), v_fill(0.0f), v_fill(0.0f)};
            for (long t = 0; t < rows->steps; t++)
                for (long b = 0; b < segment.count; b++) {
                    const float *row = dy + (t * rows->streams + segment.first + b) * lddy + column;
                    if (columns == 16 * BIAS_VECTORS)
                        for (int v = 0; v < BIAS_VECTORS; v++)
                            sums[v] = sums[v] + v_load(row + 16 * v);
                    else
                        for (long v = 0; v < vectors; v++)
                            sums[v] = sums[v] + v_get(row + 16 * v, lanes_left(columns, 16 * v));
                }
            memcpy(stack[depth++], sums, sizeof sums);
        } else if (op.op == CK_ADD) {
            depth--;
            for (int v = 0; v < BIAS_VECTORS; v++)
                stack[depth - 1][v] = stack[depth - 1][v] + stack[depth][v];
        } else {
            depth--;
            for (long v = 0; v < vectors; v++)
                v_put(outputs[op.index] + first + column + 16 * v, stack[depth][v], lanes_left(columns, 16 * v));
        }
    }
}

void CK_AT_LEVEL(bias_gradient)(long n, const ck_rows *rows, const float *dy, long lddy, long first, float *const *outputs) {
    const long width = 16 * BIAS_VECTORS;
    for (long column = 0; column < n; column += width)
        bias_tile(n - column < width ? n - column : width, rows, dy, lddy, column, first, outputs);
}
