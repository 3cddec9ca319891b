/* Rounding to bf16, and packing of right operands into panels of pairs of terms with 32 columns. */

void CK_AT_LEVEL(bf16_round)(long count, const float *x, uint16_t *y) {
    for (long i = 0; i < count; i += 32) {
        const long lanes = count - i < 32 ? count - i : 32;
        const u16 pairs = bf_row_pairs(x + i, lanes);
        memcpy(y + i, &pairs, (size_t)lanes * sizeof(uint16_t));
    }
}

/* 16 columns of a panel, from 16 rows of w; rows from n on are zero. */
CK_INLINE void bf_pack_transposed_strip(long n, long k, const float *w, long first, uint16_t *strip) {
    for (long at = 0; at < k; at += 32) {
        const long terms = k - at < 32 ? k - at : 32;
        v16 r[16];
        CK_EACH_OF_16 r[i] = first + i < n ? (v16)bf_row_pairs(w + (first + i) * k + at, terms) : v_fill(0.0f);
        transpose16(r);
        CK_EACH_OF_16 if (2 * i < terms) u_store(strip + (at / 2 + i) * BF_PANEL_PAIR, (u16)r[i]);
    }
}

/* The index of an element in panels with this number of pairs of terms. */
CK_INLINE uint16_t *bf_place(uint16_t *panels, long pairs, long column, long term) {
    return panels + (column / CK_PANEL * pairs + term / 2) * BF_PANEL_PAIR + column % CK_PANEL * 2 + term % 2;
}

void CK_AT_LEVEL(bf16_pack_transposed)(long n, long k, const float *w, long first, long count, uint16_t *panels) {
    const long last = first + count, pairs = (k + 1) / 2;
    for (long at = first, row; at < last;) {
        row = at / k;
        const long end = (row + 16 < n ? row + 16 : n) * k;
        if (at == row * k && row % 16 == 0 && end <= last) {
            bf_pack_transposed_strip(n, k, w, row, bf_place(panels, pairs, row, 0));
            at = end;
        } else {
            for (const long row_end = (row + 1) * k < last ? (row + 1) * k : last; at < row_end; at++)
                *bf_place(panels, pairs, row, at - row * k) = bf_round_one(w[at]);
        }
    }
}

/* Packs, of w's elements [first, last), those in row `term` and columns [column, column + lanes), one by one, because another thread may
 * write the other elements of their pairs. */
static void bf_pack_some(long n, long k, const float *w, long first, long last, long term, long column, long lanes, uint16_t *panels) {
    for (long c = column, at = term * n + column; term < k && c < column + lanes; c++, at++)
        if (at >= first && at < last)
            *bf_place(panels, (k + 1) / 2, c, term) = bf_round_one(w[at]);
}

void CK_AT_LEVEL(bf16_pack)(long n, long k, const float *w, long first, long count, uint16_t *panels) {
    const long last = first + count;
    for (long even = count > 0 ? first / n & ~1L : 0; even * n < last; even += 2)
        for (long column = 0; column < n; column += 16) {
            const long lanes = lanes_left(n, column), at = even * n + column, end = (even + 1 < k ? at + n : at) + lanes;
            if (at >= first && end <= last) {
                const v16 odd = even + 1 < k ? v_get(w + at + n, lanes) : v_fill(0.0f);
                u_store(bf_place(panels, (k + 1) / 2, column, even), bf_pairs(v_get(w + at, lanes), odd));
            } else {
                bf_pack_some(n, k, w, first, last, even, column, lanes, panels);
                bf_pack_some(n, k, w, first, last, even + 1, column, lanes, panels);
            }
        }
}

void CK_AT_LEVEL(bf16_bits)(long columns, const float *w, long first, long count, int terms_are_rows, uint32_t *sum) {
    const u16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    u16 total = {0};
    for (long at = first, last = first + count, lanes; at < last; at += lanes) {
        const long row = at / columns, end = (row + 1) * columns < last ? (row + 1) * columns : last;
        lanes = lanes_left(end, at);
        const u16 term = terms_are_rows ? bf_fill((uint32_t)row) : lane + bf_fill((uint32_t)(at - row * columns));
        /* An odd term is the upper half of its pair. */
        total += bf_round(v_get(w + at, lanes)) >> 16 << (term & 1) * 16;
    }
    *sum += u_sum(total);
}
