/* Functions shared by the cells. Each cell is a file under cells/, with its forward and its backward pass. */

/* Loops over each row and each vector of units of `s`: `gate` and `at` are the offsets of its gates and of its other elements,
 * `lanes` is the number of units in the vector. */
#define CK_EACH_UNIT(s)                                                                                \
    for (long r = 0, hidden = (s).hidden; r < (s).rows; r++)                                         \
        for (long u = 0, lanes, gate, at; u < hidden && (lanes = lanes_left(hidden, u), gate = r * (s).ld + u, at = r * hidden + u, 1); \
             u += 16)

#define ONE v_fill(1.0f)

/* The derivatives of the logistic function and of tanh, as functions of their values. */
CK_INLINE v16 sigmoid_slope(v16 y) { return y * (ONE - y); }
CK_INLINE v16 tanh_slope(v16 y) { return ONE - y * y; }

/* log s(x) = min(x, 0) - log(1 + t), t = e^-|x|, with log(1 + t) = 2 artanh r, r = t/(2 + t) <= 1/3, as a series. */
CK_INLINE v16 log_sigmoid(v16 x) {
    v16 zero = v_fill(0.0f), t = v_exp_of_negative(v_select(x < zero, x, -x));
    v16 r = t / (v_fill(2.0f) + t), z = r * r, p = v_fill(1.0f / 15);
    p = v_fma(p, z, v_fill(1.0f / 13));
    p = v_fma(p, z, v_fill(1.0f / 11));
    p = v_fma(p, z, v_fill(1.0f / 9));
    p = v_fma(p, z, v_fill(1.0f / 7));
    p = v_fma(p, z, v_fill(1.0f / 5));
    p = v_fma(p, z, v_fill(1.0f / 3));
    p = v_fma(p, z, ONE);
    return v_select(x < zero, x, zero) - (r + r) * p;
}

#include "cells/additive.h"
#include "cells/elman.h"
#include "cells/gru.h"
#include "cells/gru_reset_before.h"
#include "cells/leaky.h"
#include "cells/highway.h"
#include "cells/lstm.h"
#include "cells/lstm_normalized.h"
#include "cells/mingru.h"
#include "cells/minlstm.h"
#include "cells/mogrifier.h"
#include "cells/rglru.h"
#include "cells/slstm.h"
#include "cells/softmax.h"
#include "cells/update_gate.h"

#undef ONE
#undef CK_EACH_UNIT
