/* How kernels slide over maps that lie in strips.

A strip is one map of several images, row after row. Between rows and between images lie zeros, as many as a kernel may reach
over an edge, so that a tap of the kernel is one distance wherever it is: what a tap reads of a whole strip is the strip moved
by that distance. Where kernels take steps of several rows or columns, the strip falls into phases, one of each
row and column modulo the step, and what is made has no phases. */

typedef struct {
    int64_t batch, source[2], target[2], kernel[2], stride[2], padding[2], dilation[2]; /* rows, then columns */
} Slide;

typedef struct {
    int64_t pitch, plane, guard; /* positions of a row and of an image; zeros before the first image, as many as behind the last */
    int64_t taps, phases;        /* numbers of a kernel; phases of what is read */
    int64_t lanes;               /* images that lie side by side at each position */
} Strip;

static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t floor_divided(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/* How far a tap reads from the place it brings something to, in rows (axis 0) or columns (1) of a phase; which phase. */
static int64_t reach(const Slide *s, int axis, int64_t tap, int64_t *phase) {
    const int64_t far = tap * s->dilation[axis] - s->padding[axis], steps = floor_divided(far, s->stride[axis]);
    *phase = far - steps * s->stride[axis];
    return steps;
}

/* Rows (or columns) of a strip: those of the larger map, and the zeros that follow. */
static int64_t spaced(const Slide *s, int axis) {
    int64_t phase, before = -reach(s, axis, 0, &phase), behind = reach(s, axis, s->kernel[axis] - 1, &phase);
    const int64_t source = (s->source[axis] + s->stride[axis] - 1) / s->stride[axis], target = s->target[axis];
    return most(source + most(before, 0), target + most(behind, 0));
}

static Strip strip_of(const Slide *s) {
    Strip strip = {.pitch = spaced(s, 1), .taps = s->kernel[0] * s->kernel[1], .phases = s->stride[0] * s->stride[1], .lanes = 1};
    strip.plane = strip.pitch * spaced(s, 0);
    int64_t phase, far[2];
    for (int axis = 0; axis < 2; axis++) {
        const int64_t last = reach(s, axis, s->kernel[axis] - 1, &phase), first = reach(s, axis, 0, &phase);
        far[axis] = most(most(last, -last), most(first, -first));
    }
    strip.guard = (far[0] * strip.pitch + far[1] + 15) / 16 * 16;
    return strip;
}

/* The taps in the order in which they bring something to each phase of what is made, and the distance each reads at: forwards
everything goes to the one phase of the target, read from the phases of the source, which are `apart` from each other (in numbers, as distances are);
backwards each tap brings what arrives at the target to the phase of the source that it has read. */
static void lay_taps(const Slide *s, const Strip *strip, int backwards, int64_t apart, int64_t *distance, int64_t *tap, int64_t *first) {
    int64_t at = 0, made = backwards ? strip->phases : 1;
    for (int64_t f = 0; f < made; f++) {
        first[f] = at;
        for (int64_t i = 0; i < strip->taps; i++) { /* distances rise */
            const int64_t t = backwards ? strip->taps - 1 - i : i;
            int64_t row, column, far = reach(s, 0, t / s->kernel[1], &row) * strip->pitch;
            far = (far + reach(s, 1, t % s->kernel[1], &column)) * strip->lanes;
            const int64_t phase = row * s->stride[1] + column;
            if (backwards && phase != f) continue;
            distance[at] = backwards ? -far : far + phase * apart;
            tap[at++] = t;
        }
    }
    first[made] = at;
}
