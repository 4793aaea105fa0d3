/* Vectors of `real`, by GCC's and Clang's vector extensions and no intrinsics. Included once for every type. */

#include <string.h>

#include "types.h"

static inline vec NAME(low)(vec a, vec b) { /* a0 b0 a1 b1 ..., of the first halves */
#ifdef __clang__
    return __builtin_shufflevector(a, b, LOW);
#else
    return __builtin_shuffle(a, b, (ivec){LOW});
#endif
}

static inline vec NAME(high)(vec a, vec b) { /* the same of the second halves */
#ifdef __clang__
    return __builtin_shufflevector(a, b, HIGH);
#else
    return __builtin_shuffle(a, b, (ivec){HIGH});
#endif
}

static inline vec NAME(second)(vec a, vec b) { /* the vector that begins at a1, of two that follow each other */
#ifdef __clang__
    return __builtin_shufflevector(a, b, SECOND);
#else
    return __builtin_shuffle(a, b, (ivec){SECOND});
#endif
}

static inline vec NAME(third)(vec a, vec b) { /* that begins at a2 */
#ifdef __clang__
    return __builtin_shufflevector(a, b, THIRD);
#else
    return __builtin_shuffle(a, b, (ivec){THIRD});
#endif
}

static inline vec NAME(splat)(real x) { return x - (vec){0}; }

static inline vec NAME(load)(const real *from) { return *(const vec *)from; }

static inline void NAME(store)(real *to, vec x) { *(vec *)to = x; }

/* Rows become columns: each round interleaves the first half of the vectors with the second. */
static inline __attribute__((always_inline)) void NAME(transpose)(vec *a) {
    vec b[LANES];
#pragma GCC unroll 4
    for (int width = 1; width < LANES; width *= 2) {
#pragma GCC unroll 8
        for (int i = 0; i < LANES / 2; i++) {
            b[2 * i] = NAME(low)(a[i], a[i + LANES / 2]);
            b[2 * i + 1] = NAME(high)(a[i], a[i + LANES / 2]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++) a[i] = b[i];
    }
}

/* LANES sums at once: lane i of the result is the sum of a[i]. The vectors are spent. */
static inline __attribute__((always_inline)) vec NAME(sums)(vec *a) {
#pragma GCC unroll 4
    for (int many = LANES / 2; many > 0; many /= 2) {
#pragma GCC unroll 8
        for (int i = 0; i < many; i++) a[i] = NAME(low)(a[i], a[i + many]) + NAME(high)(a[i], a[i + many]);
    }
    return a[0];
}

#if LANES >= 4
typedef real NAME(four) __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));

/* Four sums at once, added to or put at `to`. */
static inline __attribute__((always_inline)) void NAME(sums_of_four)(const vec *a, real *to, int add) {
    const vec even = NAME(low)(a[0], a[2]) + NAME(high)(a[0], a[2]);
    const vec odd = NAME(low)(a[1], a[3]) + NAME(high)(a[1], a[3]);
    const vec mixed = NAME(low)(even, odd) + NAME(high)(even, odd); /* lane 4k + i belongs to a[i] */
    NAME(four) total, part;
    memcpy(&total, &mixed, sizeof total);
#pragma GCC unroll 3
    for (int k = 1; k < LANES / 4; k++) {
        memcpy(&part, (const char *)&mixed + k * sizeof part, sizeof part);
        total += part;
    }
    if (add) total += *(const NAME(four) *)to;
    *(NAME(four) *)to = total;
}
#endif

static inline real NAME(sum)(vec x) {
#pragma GCC unroll 4
    for (int many = LANES; many > 1; many /= 2) x = NAME(low)(x, x) + NAME(high)(x, x);
    return x[0];
}
