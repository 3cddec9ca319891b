/* Gradients that are sums of rows: of the embedding and of biases, leaf by leaf and in tree order. */

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
