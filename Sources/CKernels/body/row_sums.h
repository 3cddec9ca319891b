/* Gradients that are sums of rows (of the embedding and of biases), leaf by leaf and in tree order; and sums of rows by number within a
 * leaf. */

void CK_AT_LEVEL(merge_rows)(const ck_rows *rows, long n, const float *x, long ldx, const int32_t *numbers, float *sums, long lds) {
    const long leaf_count = leaf_count_of(rows);
    int32_t count = 0;
    CK_EACH_WINDOW_ROW(rows, leaf_count) {
        const float *from = x + row * ldx;
        float *to = sums + numbers[row] * lds;
        const int is_new = numbers[row] == count;
        count += is_new;
        for (long i = 0; i < n; i += 16) {
            const long lanes = lanes_left(n, i);
            /* Too far apart for the hardware prefetcher: prefetches the next row of the same stream. */
            __builtin_prefetch(from + rows->segments[leaf].stride * ldx + i);
            const v16 added = v_get(from + i, lanes);
            v_put(to + i, is_new ? added : v_get(to + i, lanes) + added, lanes);
        }
    }
}

/* The tree sum of one row of 16 columns, whose leaves are sums of rows. */
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

/* The number of column vectors that are summed together, so that each access to a row uses more of it. */
enum { BIAS_VECTORS = 4 };

/* Columns of dy: vectors of `width` columns (16, or MR in a strip), vector_stride apart, in rows that are `ld` apart. */
typedef struct {
    const float *first;
    long ld, vector_stride, width, columns;
    int in_leaf_order; /* whether the rows are in the order of the leaves, as in a strip, or in that of the window */
} bias_source;

/* `whole`: all vectors can be read completely. The lanes past a strip's columns belong to the next row, and are not used. */
CK_INLINE void bias_leaf(const int whole, const bias_source *s, const ck_rows *rows, ck_segment segment, const float **next,
                         v16 sums[BIAS_VECTORS]) {
    const long vectors = whole ? BIAS_VECTORS : (s->columns + s->width - 1) / s->width;
    for (int v = 0; v < BIAS_VECTORS; v++)
        sums[v] = v_fill(0.0f);
    for (long t = 0; t < rows->steps; t++)
        for (long b = 0; b < segment.count; b++) {
            const float *row = s->in_leaf_order ? *next : s->first + (segment.first + t * segment.stride + b) * s->ld;
            *next += s->ld;
            for (long v = 0; v < vectors; v++) {
                const float *from = row + v * s->vector_stride;
                sums[v] = sums[v] + (whole || s->in_leaf_order ? v_load(from) : v_get(from, lanes_left(s->columns, 16 * v)));
            }
        }
}

static void bias_tile(const bias_source *s, const ck_rows *rows, long first, float *const *outputs) {
    v16 stack[CK_TREE_DEPTH][BIAS_VECTORS];
    const float *next = s->first;
    long depth = 0;
    for (long o = 0; o < rows->op_count; o++) {
        ck_tree_op op = rows->ops[o];
        if (op.op == CK_LEAF) {
            v16 sums[BIAS_VECTORS];
            if (s->columns == BIAS_VECTORS * s->width)
                bias_leaf(1, s, rows, rows->segments[op.index], &next, sums);
            else
                bias_leaf(0, s, rows, rows->segments[op.index], &next, sums);
            memcpy(stack[depth++], sums, sizeof sums);
        } else if (op.op == CK_ADD) {
            depth--;
            for (int v = 0; v < BIAS_VECTORS; v++)
                stack[depth - 1][v] = stack[depth - 1][v] + stack[depth][v];
        } else {
            depth--;
            for (long at = 0; at < s->columns; at += s->width)
                v_put(outputs[op.index] + first + at, stack[depth][at / s->width], s->columns - at < s->width ? s->columns - at : s->width);
        }
    }
}

void CK_AT_LEVEL(bias_gradient)(long n, const ck_rows *rows, const float *dy, long lddy, long first, float *const *outputs) {
    const long most = 16 * BIAS_VECTORS;
    for (long column = 0; column < n; column += most) {
        const bias_source source = {.first = dy + column,
                                    .ld = lddy,
                                    .vector_stride = 16,
                                    .width = 16,
                                    .columns = n - column < most ? n - column : most};
        bias_tile(&source, rows, first + column, outputs);
    }
}

/* The same, from strips that are in cache. */
static void bias_of_strips(long n, const ck_rows *rows, const float *strips, long first, float *const *outputs) {
    const long most = MR * BIAS_VECTORS, window = rows->steps * rows->streams;
    for (long column = 0; column < n; column += most) {
        const bias_source source = {.first = strips + column * window,
                                    .ld = MR,
                                    .vector_stride = window * MR,
                                    .width = MR,
                                    .columns = n - column < most ? n - column : most,
                                    .in_leaf_order = 1};
        bias_tile(&source, rows, first + column, outputs);
    }
}
