/* What the cells share. Each cell is in a file of its own under cells/, forward and backward. */

/* For each row and each vector of units of `s`: `gate` and `at` are where its gates and its other elements begin, `lanes` is their number. */
#define CK_EACH_UNIT(s)                                                                                \
    for (long r = 0, hidden = (s)->hidden; r < (s)->rows; r++)                                         \
        for (long u = 0, lanes, gate, at; u < hidden && (lanes = lanes_left(hidden, u), gate = r * (s)->ld + u, at = r * hidden + u, 1); \
             u += 16)

#define ONE v_fill(1.0f)

/* The slopes of the logistic function and of tanh, in terms of their values. */
CK_INLINE v16 sigmoid_slope(v16 y) { return y * (ONE - y); }
CK_INLINE v16 tanh_slope(v16 y) { return ONE - y * y; }

#include "cells/additive.h"
#include "cells/elman.h"
#include "cells/gru.h"
#include "cells/gru_reset_before.h"
#include "cells/leaky.h"
#include "cells/lstm.h"
#include "cells/mingru.h"
#include "cells/minlstm.h"
#include "cells/update_gate.h"

#undef ONE
#undef CK_EACH_UNIT
