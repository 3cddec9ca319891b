/* Gradients of parameters: sums over the rows of a window, leaf by leaf, added in tree order inside the register tile,
 * so that the number of shards costs neither a pass nor a buffer. */

/* Sums of the leaves of a tile that wait for their sibling. */
typedef struct {
    v16 sums[CK_TREE_DEPTH][MR][NV];
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

/* x's columns as panels [ceil(k/32)][rows of the window][32], zero-padded. */
static void pack_window(const ck_rows *rows, long k, const float *x, long ldx, float *panels) {
    const long leaf_count = leaf_count_of(rows);
    for (long first = 0; first < k; first += CK_PANEL) {
        long columns = k - first < CK_PANEL ? k - first : CK_PANEL;
        CK_EACH_WINDOW_ROW(rows, leaf_count) {
            if (columns == CK_PANEL) {
                __builtin_memcpy_inline(panels, x + row * ldx + first, CK_PANEL * sizeof(float));
            } else {
                memset(panels, 0, CK_PANEL * sizeof(float));
                memcpy(panels, x + row * ldx + first, (size_t)columns * sizeof(float));
            }
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

/* sums += the rows that hold token v in this leaf; `next` moves on to the first entry of a later leaf. */
CK_INLINE void add_occurrences(const ck_occurrences *o, long v, long leaf, int32_t *next, long column, long columns, v16 sums[NV]) {
    for (; *next < o->starts[v + 1] && o->leaves[*next] == leaf; ++*next) {
        const float *row = o->values + o->rows[*next] * o->ld + column;
        for (int i = 0; i < NV; i++)
            if (columns > 16 * i)
                sums[i] = sums[i] + v_get(row + 16 * i, lanes_left(columns, 16 * i));
    }
}

/* Where a tile's tree program reads and writes. */
typedef struct {
    const ck_rows *rows;
    const float *strip; /* dy's columns of the tile, packed */
    const float *panel; /* x's columns of the tile, packed */
    const ck_occurrences *occurrences;
    long row, column, columns;
    float *const *outputs;
    long ldo;
} tile_place;

/* How far a tile's leaves have come. */
typedef struct {
    const float *strip;
    const float *panel;
    int32_t next[MR]; /* first entry of each token that no leaf has taken yet */
} tile_progress;

CK_INLINE void gradient_leaf(const int tile_rows, const tile_place *place, long leaf, tile_progress *progress, v16 sums[MR][NV]) {
    const long terms = place->rows->steps * place->rows->segments[leaf].count;
    const ck_chain chain = {1, terms, 0, MR, 1};
    CK_EACH_SUM(tile_rows, NV) sums[r][v] = v_fill(0.0f);
    chain_tile(tile_rows, &chain, progress->strip, progress->panel, sums);
    progress->strip += terms * MR;
    progress->panel += terms * CK_PANEL;
    for (int r = 0; place->occurrences && r < tile_rows; r++)
        add_occurrences(place->occurrences, place->row + r, leaf, progress->next + r, place->column, place->columns, sums[r]);
}

CK_INLINE void gradient_store(const int tile_rows, const tile_place *place, float *output, v16 sums[MR][NV]) {
    for (int r = 0; r < tile_rows; r++)
        for (int v = 0; v < NV; v++)
            if (place->columns > 16 * v)
                v_put(output + (place->row + r) * place->ldo + place->column + 16 * v, sums[r][v], lanes_left(place->columns, 16 * v));
}

CK_INLINE void gradient_tile_of(const int tile_rows, const tile_place *place, tile_stack *stack) {
    tile_progress progress = {place->strip, place->panel, {0}};
    for (int r = 0; place->occurrences && r < tile_rows; r++)
        progress.next[r] = place->occurrences->starts[place->row + r];
    long depth = 0;
    for (long o = 0; o < place->rows->op_count; o++) {
        ck_tree_op op = place->rows->ops[o];
        if (op.op == CK_LEAF) {
            gradient_leaf(tile_rows, place, op.index, &progress, stack->sums[depth++]);
        } else if (op.op == CK_ADD) {
            depth--;
            for (int r = 0; r < tile_rows; r++)
                for (int v = 0; v < NV; v++)
                    stack->sums[depth - 1][r][v] = stack->sums[depth - 1][r][v] + stack->sums[depth][r][v];
        } else {
            gradient_store(tile_rows, place, place->outputs[op.index], stack->sums[--depth]);
        }
    }
}

#define CK_GRADIENT_ROWS(n) \
    static void gradient_tile_##n(const tile_place *place, tile_stack *stack) { gradient_tile_of(n, place, stack); }
CK_GRADIENT_ROWS(1)
CK_GRADIENT_ROWS(2)
CK_GRADIENT_ROWS(3)
CK_GRADIENT_ROWS(4)
CK_GRADIENT_ROWS(5)
CK_GRADIENT_ROWS(6)
#if defined(CK_WIDE)
CK_GRADIENT_ROWS(7)
CK_GRADIENT_ROWS(8)
CK_GRADIENT_ROWS(9)
CK_GRADIENT_ROWS(10)
CK_GRADIENT_ROWS(11)
CK_GRADIENT_ROWS(12)
#endif
#undef CK_GRADIENT_ROWS

typedef void (*gradient_tile)(const tile_place *, tile_stack *);
static const gradient_tile gradient_tiles[MR + 1] = {
    0,
    gradient_tile_1,
    gradient_tile_2,
    gradient_tile_3,
    gradient_tile_4,
    gradient_tile_5,
    gradient_tile_6,
#if defined(CK_WIDE)
    gradient_tile_7,
    gradient_tile_8,
    gradient_tile_9,
    gradient_tile_10,
    gradient_tile_11,
    gradient_tile_12,
#endif
};

/* Tiles whose strips of dy are packed at a time: as many as half of the second-level cache holds. */
CK_INLINE long tiles_a_pass(const ck_rows *rows) {
    long tiles = 131072 / (rows->steps * rows->streams * MR + 1);
    return tiles < 1 ? 1 : tiles > 16 ? 16 : tiles;
}

/* One panel of x against the packed strips. */
static void gradient_panel(tile_place place, long tiles, long strip_floats, long n, tile_stack *stack) {
    const float *strips = place.strip;
    const long column = place.column, panel_columns = place.columns, row = place.row;
    for (long part = 0; part < panel_columns; part += 16 * NV) {
        place.column = column + part;
        place.columns = panel_columns - part < 16 * NV ? panel_columns - part : 16 * NV;
        for (long tile = 0; tile < tiles; tile++) {
            place.row = row + tile * MR;
            place.strip = strips + tile * strip_floats;
            gradient_tiles[n - place.row < MR ? n - place.row : MR](&place, stack);
        }
        place.panel += 16 * NV;
    }
}

void CK_AT_LEVEL(weight_gradient)(long n, long k, const ck_rows *rows, const float *dy, long lddy, const float *x, long ldx,
                                  const ck_occurrences *occurrences, float *const *outputs, long ldo, float *scratch) {
    tile_stack stack;
    const long window = rows->steps * rows->streams;
    float *panels = scratch, *strips = scratch + (k + CK_PANEL - 1) / CK_PANEL * CK_PANEL * window;
    pack_window(rows, k, x, ldx, panels);
    for (long row = 0, tiles; row < n; row += tiles * MR) {
        tiles = tiles_a_pass(rows);
        if (tiles * MR > n - row)
            tiles = (n - row + MR - 1) / MR;
        pack_strips(rows, n, dy, lddy, row, tiles, strips);
        for (long first = 0; first < k; first += CK_PANEL) {
            long columns = k - first < CK_PANEL ? k - first : CK_PANEL;
            tile_place place = {rows, strips, panels + first * window, occurrences, row, first, columns, outputs, ldo};
            gradient_panel(place, tiles, window * MR, n, &stack);
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
    for (long v = 0; v < vocabulary; v++) {
        if (occurrences->starts[v] == occurrences->starts[v + 1]) {
            for (long o = 0; o < rows->op_count; o++)
                if (rows->ops[o].op == CK_STORE)
                    memset(outputs[rows->ops[o].index] + v * ldo, 0, (size_t)k * sizeof(float));
            continue;
        }
        for (long column = 0; column < k; column += 16)
            embedding_tile(v, column, lanes_left(k, column), rows, occurrences, outputs, ldo);
    }
}

/* Vectors of columns that are summed together, so that a row's visit is worth its way. */
enum { BIAS_VECTORS = 4 };

static void bias_tile(long columns, const ck_rows *rows, const float *dy, long lddy, float *const *outputs, long column) {
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
                v_put(outputs[op.index] + column + 16 * v, stack[depth][v], lanes_left(columns, 16 * v));
        }
    }
}

void CK_AT_LEVEL(bias_gradient)(long n, const ck_rows *rows, const float *dy, long lddy, float *const *outputs) {
    const long width = 16 * BIAS_VECTORS;
    for (long column = 0; column < n; column += width)
        bias_tile(n - column < width ? n - column : width, rows, dy, lddy, outputs, column);
}
