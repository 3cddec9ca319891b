/* Copies and sums of rows. */

void CK_AT_LEVEL(fill_rows)(long rows, long n, const float *bias, const float *other, float *y, long ldy) {
    for (long r = 0; r < rows; r++)
        for (long i = 0; i < n; i += 16) {
            long lanes = lanes_left(n, i);
            v16 sum = v_get(bias + i, lanes);
            if (other)
                sum = sum + v_get(other + i, lanes);
            v_put(y + r * ldy + i, sum, lanes);
        }
}

void CK_AT_LEVEL(add)(long count, const float *x, float *y) {
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v_put(y + i, v_get(y + i, lanes) + v_get(x + i, lanes), lanes);
    }
}

void CK_AT_LEVEL(add_multiple)(long count, float factor, const float *x, float *y) {
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v_put(y + i, v_fma(v_fill(factor), v_get(x + i, lanes), v_get(y + i, lanes)), lanes);
    }
}

void CK_AT_LEVEL(add_difference)(long count, float factor, const float *x, const float *previous, float *dx, float *d_previous) {
    for (long i = 0; i < count; i += 16) {
        long lanes = lanes_left(count, i);
        v16 change = v_fill(factor) * (v_get(x + i, lanes) - v_get(previous + i, lanes));
        v_put(dx + i, v_get(dx + i, lanes) + change, lanes);
        v_put(d_previous + i, v_get(d_previous + i, lanes) - change, lanes);
    }
}

void CK_AT_LEVEL(gather_rows)(long rows, long n, const float *table, long ldt, const int32_t *ids, float *y, long ldy) {
    for (long r = 0; r < rows; r++)
        memcpy(y + r * ldy, table + (long)ids[r] * ldt, (size_t)n * sizeof(float));
}
