/* Functions that are called rarely and have the same body on every processor. */
#pragma STDC FP_CONTRACT OFF
#include "CKernels.h"

#include <string.h>

long ck_packed_count(long n, long k) { return (n + CK_PANEL - 1) / CK_PANEL * k * CK_PANEL; }

/* A tile of at most 12 columns, or as many as fit; and the elements that a whole vector reads past the last row. */
long ck_gradient_scratch(long window_rows) { return (12 * window_rows > CK_STRIP_FLOATS ? 12 * window_rows : CK_STRIP_FLOATS) + 16; }

/* log(2^e * m) = e*ln2 + 2*atanh(s), s = (m - 1)/(m + 1), with m between 1/sqrt2 and sqrt2: |s| < 0.1716, and the odd series in s reaches
 * double precision at s^21. With f = m - 1, which is exact, 2*atanh(s) = f - (f^2/2 - s*(f^2/2 + 2*sum)): the rounding error of s does not
 * affect the leading term. */
double ck_log(double x) {
    if (!(x > 0) || x == __builtin_inf())
        return x == 0 ? -__builtin_inf() : (x > 0 ? x : __builtin_nan(""));
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m = m * 0.5;
        exponent++;
    }
    double f = m - 1.0, half_square = 0.5 * f * f, s = f / (2.0 + f), z = s * s, sum = 0;
    for (int k = 21; k >= 3; k -= 2)
        sum = (sum + 1.0 / k) * z;
    double high = exponent * 0.693147180369123816490, low = exponent * 1.90821492927058770002e-10;
    return high - ((half_square - (s * (half_square + 2.0 * sum) + low)) - f);
}

/* 2^k, for |k| < 1000. */
static double power_of_two(int k) {
    const uint64_t bits = (uint64_t)(k + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* e^x = 2^k * e^r with r = x - k*ln2, |r| < 0.35. r has two parts, so that its rounding error is negligible; the series reaches double
 * precision at r^13. 1 + r is summed exactly into s + e, so only the last addition has a significant rounding error. The power of two is
 * applied as two factors, because the result may be denormal. */
double ck_exp_double(double x) {
    if (x != x)
        return x;
    if (x > 710)
        return __builtin_inf();
    if (x < -746)
        return 0;
    const double shift = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to an integer */
    double k = (x * 1.4426950408889634 + shift) - shift;
    double high = x - k * 0.693147180369123816490, low = k * 1.90821492927058770002e-10;
    double r = high - low, lost = (high - r) - low, series = 0;
    for (int n = 13; n >= 2; n--)
        series = (series + 1.0) * (r / n);
    double s = 1.0 + r, e = (1.0 - s) + r;
    double y = s + (e + (r * series + lost));
    int half = (int)k / 2;
    return y * power_of_two(half) * power_of_two((int)k - half);
}

void ck_philox(uint64_t key, const uint32_t counter[4], uint32_t output[4]) {
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)c0 * 0xD2511F53u, p1 = (uint64_t)c2 * 0xCD9E8D57u;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    output[0] = c0;
    output[1] = c1;
    output[2] = c2;
    output[3] = c3;
}
