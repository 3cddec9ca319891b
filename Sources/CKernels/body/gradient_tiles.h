/* Register tiles of a weight's gradient, in float or from bf16: sums over the rows of a window, leaf by leaf, added in tree order while
 * they are in registers. The number of shards therefore costs neither a pass nor a buffer. */

/* The sums of a tile's leaves that wait for their sibling in the tree. */
typedef struct {
    v16 sums[CK_TREE_DEPTH][MOST_SUMS];
} tile_stack;

/* The inputs and outputs of a tile's tree program. */
typedef struct {
    const ck_rows *rows;
    const float *strip; /* packed columns of dy */
    const char *panel;  /* packed columns of x */
    panel_fetch fetch;
    const ck_occurrences *occurrences;
    long row, column, columns; /* in the outputs */
    float *const *outputs;
    long ldo;
} tile_place;

/* The progress of a tile through its leaves. */
typedef struct {
    const float *strip;
    const char *panel;
    int32_t next[MR]; /* the first entry of each token that no leaf has used yet */
} tile_progress;

/* The number of bytes of one term (or pair of bf16 terms) of a panel. */
enum { PANEL_TERM = CK_PANEL * sizeof(float) };

/* sums = the chain of one leaf, in floats. */
CK_INLINE void gradient_chain(const int rows, const int vectors, long terms, panel_fetch fetch, tile_progress *progress, v16 sums[MOST_SUMS]) {
    const float *strip = progress->strip;
    const char *panel = progress->panel;
    CK_EACH_SUM(rows, vectors) sums[r * vectors + v] = v_fill(0.0f);
    for (long i = 0; i < terms; i++, strip += MR, panel += PANEL_TERM) {
        v16 b[MOST_SUMS];
        CK_EACH_SUM(1, vectors) {
            b[v] = v_load((const float *)panel + 16 * v);
            fetch_panel((const float *)panel + 16 * v, v, fetch);
        }
        CK_EACH_SUM(rows, 1) {
            const v16 left = v_fill(strip[r]);
            _Pragma("clang loop unroll(full)") for (int w = 0; w < vectors; w++)
                sums[r * vectors + w] = v_fma(left, b[w], sums[r * vectors + w]);
        }
    }
    progress->strip = strip;
    progress->panel = panel;
}

/* The same for bf16. */
CK_INLINE void bf_gradient_chain(const int rows, const int vectors, long pairs, panel_fetch fetch, tile_progress *progress, v16 sums[MOST_SUMS]) {
    CK_EACH_SUM(rows, vectors) sums[r * vectors + v] = v_fill(0.0f);
    bf_chain(rows, vectors, pairs, progress->strip, (const uint16_t *)progress->panel, 0, fetch, sums);
    progress->strip += pairs * BF_LEFT * MR;
    progress->panel += pairs * PANEL_TERM;
}

/* sums += the rows that contain the token of the tile's row r in this leaf. `next` advances to the first entry of a later leaf. */
CK_INLINE void add_occurrences_of(const int vectors, const tile_place *place, int r, long leaf, int32_t *next, v16 *sums) {
    const ck_occurrences *o = place->occurrences;
    for (; *next < o->starts[place->row + r + 1] && o->leaves[*next] == leaf; ++*next) {
        const float *row = o->values + o->rows[*next] * o->ld + place->column;
        for (int v = 0; v < vectors; v++)
            sums[v] = sums[v] + v_get(row + 16 * v, lanes_left(place->columns, 16 * v));
    }
}

/* Copies the sums out and in: if code indexed them by row, the compiler would keep them in memory. */
CK_INLINE void add_occurrences(const int rows, const int vectors, const tile_place *place, long leaf, tile_progress *progress,
                               v16 sums[MOST_SUMS]) {
    v16 copies[MOST_SUMS];
    CK_EACH_SUM(rows, vectors) copies[r * vectors + v] = sums[r * vectors + v];
    for (int r = 0; r < rows; r++)
        add_occurrences_of(vectors, place, r, leaf, progress->next + r, copies + r * vectors);
    CK_EACH_SUM(rows, vectors) sums[r * vectors + v] = copies[r * vectors + v];
}

CK_INLINE void gradient_store(const int rows, const int vectors, const tile_place *place, float *output, const v16 sums[MOST_SUMS]) {
    float *to = output + place->row * place->ldo + place->column;
    if (place->columns == 16 * vectors)
        CK_EACH_SUM(rows, vectors) v_store(to + r * place->ldo + 16 * v, sums[r * vectors + v]);
    else
        CK_EACH_SUM(rows, vectors) v_put(to + r * place->ldo + 16 * v, sums[r * vectors + v], lanes_left(place->columns, 16 * v));
}

/* Runs the program, one leaf with all following additions at a time. From a leaf's first term to the sum that waits or is stored, its sums
 * stay in registers. */
CK_INLINE void gradient_tile_of(const int bf16, const int rows, const int vectors, const tile_place *place, tile_stack *stack) {
    tile_progress progress = {place->strip, place->panel, {0}};
    for (int r = 0; place->occurrences && r < rows; r++)
        progress.next[r] = place->occurrences->starts[place->row + r];
    long depth = 0;
    const ck_tree_op *op = place->rows->ops, *const end = op + place->rows->op_count;
    while (op < end) {
        const long leaf = op++->index;
        v16 sums[MOST_SUMS];
        if (bf16)
            bf_gradient_chain(rows, vectors, bf_leaf_pairs(place->rows, leaf), place->fetch, &progress, sums);
        else
            gradient_chain(rows, vectors, place->rows->steps * place->rows->segments[leaf].count, place->fetch, &progress, sums);
        if (place->occurrences)
            add_occurrences(rows, vectors, place, leaf, &progress, sums);
        for (; op < end && op->op == CK_ADD; op++) {
            const v16 *waiting = stack->sums[--depth];
            CK_EACH_SUM(rows, vectors) sums[r * vectors + v] = waiting[r * vectors + v] + sums[r * vectors + v];
        }
        if (op < end && op->op == CK_STORE) {
            gradient_store(rows, vectors, place, place->outputs[op++->index], sums);
        } else {
            v16 *waiting = stack->sums[depth++];
            CK_EACH_SUM(rows, vectors) waiting[r * vectors + v] = sums[r * vectors + v];
        }
    }
}

#define CK_TILE(rows, vectors)                                                                           \
    static void gradient_tile_##rows##_##vectors(const tile_place *place, tile_stack *stack) {          \
        gradient_tile_of(0, rows, vectors, place, stack);                                               \
    }                                                                                                    \
    static void bf_gradient_tile_##rows##_##vectors(const tile_place *place, tile_stack *stack) {       \
        gradient_tile_of(1, rows, vectors, place, stack);                                               \
    }
#if defined(CK_WIDE)
#define CK_TILES(K)                                                                                                                    \
    K(1, 1) K(2, 1) K(3, 1) K(4, 1) K(5, 1) K(6, 1) K(7, 1) K(8, 1) K(9, 1) K(10, 1) K(11, 1) K(12, 1) K(1, 2) K(2, 2) K(3, 2) K(4, 2) \
    K(5, 2) K(6, 2) K(7, 2) K(8, 2) K(9, 2) K(10, 2) K(11, 2) K(12, 2)
#else
#define CK_TILES(K) K(1, 1) K(2, 1) K(3, 1) K(4, 1) K(5, 1) K(6, 1)
#endif
CK_TILES(CK_TILE)
#undef CK_TILE

/* By precision (float, bf16), number of vectors (1, 2) and number of rows. */
typedef void (*gradient_tile)(const tile_place *, tile_stack *);
#define CK_TILE(rows, vectors)                                  \
    [0][vectors - 1][rows] = gradient_tile_##rows##_##vectors, \
    [1][vectors - 1][rows] = bf_gradient_tile_##rows##_##vectors,
static const gradient_tile gradient_tiles[2][NV][MR + 1] = {CK_TILES(CK_TILE)};
#undef CK_TILE
#undef CK_TILES

/* One panel of a side against the packed strips of the given rows of the outputs; `next` is the following panel, for prefetching. */
static void gradient_panel(const int bf16, tile_place place, const char *next, long strip_rows, long strip_floats, tile_stack *stack) {
    const float *strips = place.strip;
    const long panel_column = place.column, panel_columns = place.columns, first_row = place.row;
    for (long part = 0, width; part < panel_columns; part += width) {
        width = panel_columns - part > 16 ? 16 * NV : 16;
        place.column = panel_column + part;
        place.columns = panel_columns - part < width ? panel_columns - part : width;
        const char *then = part + width < panel_columns ? place.panel + width * (long)sizeof(float) : next;
        for (long row = 0; row < strip_rows; row += MR) {
            place.row = first_row + row;
            place.strip = strips + row / MR * strip_floats;
            place.fetch = fetch_for(row / MR, strip_rows <= MR, then - place.panel);
            gradient_tiles[bf16][width / 16 - 1][strip_rows - row < MR ? strip_rows - row : MR](&place, stack);
        }
        place.panel = then;
    }
}

/* The number of tiles whose strips of dy, of the given number of floats each, are packed at a time. */
CK_INLINE long tiles_a_pass(long strip_floats, long most) {
    const long tiles = CK_STRIP_FLOATS / (strip_floats + 1);
    return tiles < 1 ? 1 : tiles > most ? most : tiles;
}

/* Some rows of the outputs of each side, from `first_row` on. Strips of `terms` terms (or pairs) are strip_floats apart. */
static void gradient_of_strips(const int bf16, const ck_rows *rows, long count, long first_row, long terms, const float *strips,
                               long strip_floats, const ck_gradient_side *sides, long side_count, const ck_occurrences *occurrences) {
    tile_stack stack;
    for (long s = 0; s < side_count; s++)
        for (long first = 0; first < sides[s].k; first += CK_PANEL) {
            const char *panel = (const char *)sides[s].panels + first / CK_PANEL * terms * PANEL_TERM;
            const char *next = first + CK_PANEL < sides[s].k ? panel + terms * PANEL_TERM : (const char *)sides[(s + 1) % side_count].panels;
            const tile_place place = {.rows = rows,
                                      .strip = strips,
                                      .panel = panel,
                                      .occurrences = occurrences,
                                      .row = first_row,
                                      .column = first,
                                      .columns = sides[s].k - first < CK_PANEL ? sides[s].k - first : CK_PANEL,
                                      .outputs = sides[s].outputs,
                                      .ldo = sides[s].ldo};
            gradient_panel(bf16, place, next, count, strip_floats, &stack);
        }
}
