/* The words that all else is written in, for the type that DOUBLE says: real, its vectors vec of LANES, ivec of whole numbers
as wide, and NAME(x), which gives a function the type's name. Vectors are as long as the instruction set has them. */

#include <stdint.h>

#undef LANES
#undef NAME
#undef LOW
#undef HIGH
#undef SECOND
#undef THIRD
#undef real
#undef whole
#undef vec
#undef ivec

#if DOUBLE
#define real double
#define whole int64_t
#define NAME(x) x##_f64
#define LANES (VECTOR_BYTES / 8)
#else
#define real float
#define whole int32_t
#define NAME(x) x##_f32
#define LANES (VECTOR_BYTES / 4)
#endif
#define vec NAME(vec)
#define ivec NAME(ivec)

typedef real vec __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));
typedef whole ivec __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));

#if VECTOR_BYTES == 64 && !DOUBLE
#define LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define SECOND 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#define THIRD 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
#elif VECTOR_BYTES == (DOUBLE ? 64 : 32)
#define LOW 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH 4, 12, 5, 13, 6, 14, 7, 15
#define SECOND 1, 2, 3, 4, 5, 6, 7, 8
#define THIRD 2, 3, 4, 5, 6, 7, 8, 9
#elif VECTOR_BYTES == (DOUBLE ? 32 : 16)
#define LOW 0, 4, 1, 5
#define HIGH 2, 6, 3, 7
#define SECOND 1, 2, 3, 4
#define THIRD 2, 3, 4, 5
#else
#define LOW 0, 2
#define HIGH 1, 3
#define SECOND 1, 2
#define THIRD 2, 3
#endif
