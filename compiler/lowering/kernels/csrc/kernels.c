/* All kernels for one instruction set: the build says VECTOR_BYTES and lets the compiler use what the set has. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "team.h"

#ifndef VECTOR_BYTES
#define VECTOR_BYTES 16
#endif
#define WIDEST (VECTOR_BYTES == 64 ? 8 : 4) /* vectors of a panel: they and the sums must fit the registers */
#define WIDEST_FIELD (VECTOR_BYTES == 64 ? 4 : 2)
#define LINE 64   /* bytes of a line of the cache */
#define LONG 32   /* synapses of a row from which gathering them into vectors pays */
#define READERS 4 /* of a place that a field's walk backwards takes at once */
#define FAR (1 << 23) /* bytes of a field's values from which they are fetched ahead of a walk forwards */
#define AHEAD 16  /* synapses: how far ahead of a walk what they read is fetched */

#include "readers.h"
#include "slide.h"

#define DOUBLE 0
#include "vector.h"
#include "panels.h"
#include "sparse.h"
#include "conv.h"
#include "activation.h"
#include "field.h"
#include "field_back.h"

#undef DOUBLE
#define DOUBLE 1
#include "vector.h"
#include "panels.h"
#include "sparse.h"
#include "conv.h"
#include "activation.h"
#include "field.h"
#include "field_back.h"
