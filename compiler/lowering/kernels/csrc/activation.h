/* The activations of neurograph.schema.activations and their derivatives, on vectors. Included once for every type.

Codes stand in the order of the schema's table; a test holds them together. Exponentials are only ever taken of numbers that
are not positive, so nothing overflows. What is not a number stays none. */

#undef MATH
#if DOUBLE
#define MATH(name) name
#else
#define MATH(name) name##f
#endif

#ifndef ACTIVATION_H
#define ACTIVATION_H
enum Activation {
    IDENTITY, RELU, LEAKY_RELU, PRELU, RELU6, ELU, SELU, CELU, GELU, GELU_TANH, SILU, MISH, SOFTPLUS, SOFTSIGN, TANH,
    SIGMOID, LOG_SIGMOID, HARD_TANH, HARD_SIGMOID, HARD_SWISH, HARD_SHRINK, SOFT_SHRINK, ABS, SQUARE, SIN, GAUSS,
    ACTIVATIONS
};

/* Whether the derivative needs what went in; else it follows from what came out. */
static inline int needs_input(int code) {
    return code == PRELU || (code >= GELU && code <= MISH) || code == HARD_SWISH || code >= ABS;
}
#define SELU_SCALE 1.0507009873554804934193349852946
#define SELU_ALPHA 1.6732632423543772848170429916717
#define GELU_SLOPE 0.79788456080286535587989211986876 /* sqrt(2 / pi) */
#define GELU_CUBE 0.044715
#define ROOT_HALF 0.70710678118654752440
#define NORMAL_PEAK 0.39894228040143267794 /* 1 / sqrt(2 pi) */
#endif

static inline vec NAME(pick)(ivec mask, vec yes, vec no) {
    return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask));
}

static inline vec NAME(size)(vec x) { return NAME(pick)(x < 0, -x, x); }

static inline vec NAME(flat)(real value) { return NAME(splat)(value); }

/* e^x - 1 for x <= 0, and what must be added for e^x: 2^k (e^r - 1) + 2^k - 1 with |r| <= log(2) / 2. */
static inline vec NAME(exponential)(vec x, vec *power) {
#if DOUBLE
    const real low = -708, shift = 6755399441055744.0, high_part = 6.93147180369123816490e-01,
               low_part = 1.90821492927058770002e-10;
    static const real terms[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
                                 1.0 / 40320,      1.0 / 5040,      1.0 / 720,      1.0 / 120,     1.0 / 24,
                                 1.0 / 6,          0.5};
    enum { COUNT = 12, MANTISSA = 52, BIAS = 1023 };
#else
    const real low = -87, shift = 12582912.0f, high_part = 0.693359375f, low_part = -2.12194440e-4f;
    static const real terms[] = {1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f};
    enum { COUNT = 6, MANTISSA = 23, BIAS = 127 };
#endif
    x = NAME(pick)(x < low, NAME(flat)(low), x);
    const vec shifted = x * (real)1.4426950408889634074 + shift, k = shifted - shift;
    const vec r = (x - k * high_part) - k * low_part;
    vec sum = NAME(flat)(terms[0]);
#pragma GCC unroll 12
    for (int i = 1; i < COUNT; i++) sum = sum * r + terms[i];
    const ivec bits = (ivec)shifted - (ivec)NAME(flat)(shift); /* k as whole numbers */
    *power = (vec)((bits + BIAS) << MANTISSA);
    return *power * (sum * r * r + r);
}

static inline vec NAME(exp_)(vec x) {
    vec power;
    const vec part = NAME(exponential)(x, &power);
    return part + power;
}

static inline vec NAME(expm1_)(vec x) {
    vec power;
    const vec part = NAME(exponential)(x, &power);
    return part + (power - 1);
}

/* log(1 + u) for 0 <= u <= 1: twice the series of atanh(u / (2 + u)). */
static inline vec NAME(log1p_)(vec u) {
    enum { TERMS = DOUBLE ? 17 : 8 };
    const vec s = u / (u + 2), square = s * s;
    vec sum = NAME(flat)((real)1 / (2 * TERMS + 1));
#pragma GCC unroll 17
    for (int i = TERMS - 1; i >= 0; i--) sum = sum * square + (real)1 / (2 * i + 1);
    return 2 * s * sum;
}

static inline vec NAME(tanh_)(vec x) {
    const vec t = NAME(expm1_)(-2 * NAME(size)(x)), y = -t / (t + 2);
    return NAME(pick)(x < 0, -y, y);
}

static inline vec NAME(sigmoid_)(vec x) {
    const vec e = NAME(exp_)(-NAME(size)(x));
    return NAME(pick)(x < 0, e, NAME(flat)(1)) / (1 + e);
}

static inline vec NAME(softplus_)(vec x) {
    const vec y = NAME(pick)(x < 0, NAME(flat)(0), x) + NAME(log1p_)(NAME(exp_)(-NAME(size)(x)));
    return NAME(pick)(x > 20, x, y); /* as PyTorch does */
}

static inline vec NAME(mish_gate)(vec x) { /* tanh(softplus(x)), without a logarithm */
    const vec e = NAME(exp_)(-NAME(size)(x)), small = e * (e + 2), large = 1 + 2 * e;
    return NAME(pick)(x < 0, small / (small + 2), large / (large + 2 * e * e));
}

static inline vec NAME(each)(vec x, real (*f)(real)) {
    for (int i = 0; i < LANES; i++) x[i] = f(x[i]);
    return x;
}

static inline vec NAME(clip)(vec x, real low, real high) {
    x = NAME(pick)(x < low, NAME(flat)(low), x);
    return NAME(pick)(x > high, NAME(flat)(high), x);
}

static inline vec NAME(activated)(int code, vec x, real slope) {
    switch (code) {
        case RELU: return NAME(pick)(x < 0, NAME(flat)(0), x);
        case LEAKY_RELU: return NAME(pick)(x < 0, x * (real)0.01, x);
        case PRELU: return NAME(pick)(x > 0, x, x * slope);
        case RELU6: return NAME(clip)(x, 0, 6);
        case ELU: case CELU: return NAME(pick)(x > 0, x, NAME(expm1_)(NAME(pick)(x > 0, NAME(flat)(0), x)));
        case SELU: {
            const vec below = (real)SELU_ALPHA * NAME(expm1_)(NAME(pick)(x > 0, NAME(flat)(0), x));
            return (real)SELU_SCALE * NAME(pick)(x > 0, x, below);
        }
        case GELU: return x * (real)0.5 * (1 + NAME(each)(x * (real)ROOT_HALF, MATH(erf)));
        case GELU_TANH: {
            const vec inner = (real)GELU_SLOPE * (x + (real)GELU_CUBE * x * x * x);
            return x * (real)0.5 * (1 + NAME(tanh_)(inner));
        }
        case SILU: return x * NAME(sigmoid_)(x);
        case MISH: return x * NAME(mish_gate)(x);
        case SOFTPLUS: return NAME(softplus_)(x);
        case SOFTSIGN: return x / (1 + NAME(size)(x));
        case TANH: return NAME(tanh_)(x);
        case SIGMOID: return NAME(sigmoid_)(x);
        case LOG_SIGMOID: return NAME(pick)(x < 0, x, NAME(flat)(0)) - NAME(log1p_)(NAME(exp_)(-NAME(size)(x)));
        case HARD_TANH: return NAME(clip)(x, -1, 1);
        case HARD_SIGMOID: return NAME(clip)(x + 3, 0, 6) / 6;
        case HARD_SWISH: return x * NAME(clip)(x + 3, 0, 6) / 6;
        case HARD_SHRINK: return NAME(pick)((x <= (real)0.5) & (x >= (real)-0.5), NAME(flat)(0), x);
        case SOFT_SHRINK: return x - NAME(clip)(x, -0.5, 0.5);
        case ABS: return NAME(size)(x);
        case SQUARE: return x * x;
        case SIN: return NAME(each)(x, MATH(sin));
        case GAUSS: return NAME(exp_)(-x * x);
        default: return x;
    }
}

/* The derivative by x, from what came out and, where needs_input says so, from x. */
static inline vec NAME(derivative)(int code, vec y, vec x, real slope) {
    const vec one = NAME(flat)(1), none = NAME(flat)(0);
    switch (code) {
        case RELU: return NAME(pick)(y > 0, one, none);
        case LEAKY_RELU: return NAME(pick)(y > 0, one, NAME(flat)((real)0.01));
        case PRELU: return NAME(pick)(x > 0, one, NAME(flat)(slope));
        case RELU6: return NAME(pick)((y > 0) & (y < 6), one, none);
        case ELU: case CELU: return NAME(pick)(y > 0, one, y + 1);
        case SELU: return NAME(pick)(y > 0, NAME(flat)((real)SELU_SCALE), y + (real)(SELU_SCALE * SELU_ALPHA));
        case GELU: {
            const vec bell = (real)NORMAL_PEAK * NAME(exp_)(x * x * (real)-0.5);
            return (real)0.5 * (1 + NAME(each)(x * (real)ROOT_HALF, MATH(erf))) + x * bell;
        }
        case GELU_TANH: {
            const vec t = NAME(tanh_)((real)GELU_SLOPE * (x + (real)GELU_CUBE * x * x * x));
            const vec inner = (real)GELU_SLOPE * (1 + (real)(3 * GELU_CUBE) * x * x);
            return (real)0.5 * (1 + t) + (real)0.5 * x * (1 - t * t) * inner;
        }
        case SILU: {
            const vec s = NAME(sigmoid_)(x);
            return s * (1 + x * (1 - s));
        }
        case MISH: {
            const vec t = NAME(mish_gate)(x);
            return t + x * (1 - t * t) * NAME(sigmoid_)(x);
        }
        case SOFTPLUS: return NAME(pick)(y > 20, one, -NAME(expm1_)(-y));
        case SOFTSIGN: return (1 - NAME(size)(y)) * (1 - NAME(size)(y));
        case TANH: return 1 - y * y;
        case SIGMOID: return y * (1 - y);
        case LOG_SIGMOID: return -NAME(expm1_)(y);
        case HARD_TANH: return NAME(pick)((y > -1) & (y < 1), one, none);
        case HARD_SIGMOID: return NAME(pick)((y > 0) & (y < 1), NAME(flat)((real)1 / 6), none);
        case HARD_SWISH: return NAME(pick)(x < -3, none, NAME(pick)(x > 3, one, x / 3 + (real)0.5));
        case HARD_SHRINK: case SOFT_SHRINK: return NAME(pick)(y != 0, one, none);
        case ABS: return NAME(pick)(x > 0, one, NAME(pick)(x < 0, -one, none));
        case SQUARE: return 2 * x;
        case SIN: return NAME(each)(x, MATH(cos));
        case GAUSS: return -2 * x * y;
        default: return one;
    }
}
