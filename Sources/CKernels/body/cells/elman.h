/* Elman 1990: h = f(preactivations); f is tanh, relu or the logistic function. The derivative is a function of h. */
#define CK_ELMAN(name, activated, slope)                                                  \
    static void CK_AT_LEVEL(name##_forward)(ck_cell s) {                                  \
        CK_EACH_UNIT(s) {                                                                 \
            v16 x = v_get(s.gates + gate, lanes);                                         \
            v_put(s.h + at, activated, lanes);                                            \
        }                                                                                 \
    }                                                                                     \
    static void CK_AT_LEVEL(name##_backward)(ck_cell s) {                                 \
        CK_EACH_UNIT(s) {                                                                 \
            v16 h = v_get(s.h + at, lanes);                                               \
            v_put(s.gates + gate, v_get(s.dh + at, lanes) * (slope), lanes);              \
        }                                                                                 \
    }

CK_ELMAN(elman_tanh, v_tanh(x), tanh_slope(h))
CK_ELMAN(elman_relu, v_select(x < v_fill(0.0f), v_fill(0.0f), x) /* NaN stays */, v_select(h > v_fill(0.0f), ONE, v_fill(0.0f)))
CK_ELMAN(elman_sigmoid, v_sigmoid(x), sigmoid_slope(h))
#undef CK_ELMAN
