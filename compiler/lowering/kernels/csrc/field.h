/* A field: neurons of many levels, any wiring, walked in topological order for one block of the batch after the other.

What a neuron brings stays in the cache until its readers come, whatever their level: depth costs nothing. Values of the
inputs come first, then those of the neurons in order. Included once for every type.

Each thread walks whole blocks. Gradients of weights are added up by each thread for its blocks, which follow each other,
and then over the threads in order: equal thread counts give equal bits. */

#undef Field
#undef Readers
#define Field NAME(Field)
#define Readers NAME(Readers)

typedef struct {
    const int32_t *start, *source;     /* of each neuron: its synapses; where they come from, always before it */
    const uint8_t *activation;         /* of each neuron */
    const int32_t *outputs;            /* places whose values are wanted, inputs counted */
    int64_t inputs, neurons, wanted;
    const real *weight, *bias, *slope; /* slope is NULL where no activation has one */
} Field;

typedef struct {
    const int32_t *start, *neuron, *order; /* of each place: its readers, and which synapse each reads by */
} Readers;

typedef struct {
    Field field;
    Readers readers;
    const real *weight;    /* in the order of the readers */
    int32_t *first, *next; /* of each place: the first of its wanted values, of each of those the next; or -1 */
    Matrix x, y, to_x;     /* y: the values wanted, or what arrives at them */
    real *state, *scratch, *inputs_kept;
    real *to_weight, *to_bias, *to_slope;
    int64_t width, blocks, parts;
} NAME(Walk);

#undef Walk
#define Walk NAME(Walk)

/* What arrives at neuron i, as `many` vectors: several sums at once, or the additions would wait for each other. */
static inline __attribute__((always_inline)) void NAME(arriving_at)(
    const Field *f, const int many, const real *h, int64_t i, vec *total) {
    const int sets = many == 1 ? 4 : 2;
    vec part[8];
#pragma GCC unroll 8
    for (int v = 0; v < sets * many; v++) part[v] = NAME(splat)(v < many && f->bias ? f->bias[i] : 0);
    int64_t e = f->start[i];
    const int64_t end = f->start[i + 1], width = many * LANES, last = f->start[f->neurons] - 1;
    const int far = many == 1 && (f->inputs + f->neurons) * width * (int64_t)sizeof(real) > FAR;
    for (; e + sets <= end; e += sets)
#pragma GCC unroll 4
        for (int s = 0; s < sets; s++) {
            const real *from = h + f->source[e + s] * width;
            if (far)
                __builtin_prefetch(h + f->source[e + s + AHEAD < last ? e + s + AHEAD : last] * width);
            const vec u = NAME(splat)(f->weight[e + s]);
#pragma GCC unroll 4
            for (int v = 0; v < many; v++) part[s * many + v] += u * NAME(load)(from + v * LANES);
        }
    for (; e < end; e++) {
        const real *from = h + f->source[e] * width;
        const vec u = NAME(splat)(f->weight[e]);
#pragma GCC unroll 4
        for (int v = 0; v < many; v++) part[v] += u * NAME(load)(from + v * LANES);
    }
#pragma GCC unroll 4
    for (int v = 0; v < many; v++) {
        total[v] = part[v] + part[many + v];
        if (sets == 4) total[v] += part[2 * many + v] + part[3 * many + v];
    }
}

static inline __attribute__((always_inline)) void NAME(neuron_forward)(
    const Field *f, const int many, real *h, real *before, int64_t i) {
    vec total[4];
    NAME(arriving_at)(f, many, h, i, total);
    const int64_t width = many * LANES;
    real *to = h + (f->inputs + i) * width;
    const int code = f->activation[i];
    if (code == RELU || code == IDENTITY) {
        const vec least = NAME(splat)(0);
#pragma GCC unroll 4
        for (int v = 0; v < many; v++)
            NAME(store)(to + v * LANES, code == RELU ? NAME(pick)(total[v] < least, least, total[v]) : total[v]);
        return;
    }
#pragma GCC unroll 4
    for (int v = 0; v < many; v++) NAME(store)(to + v * LANES, total[v]);
    if (before && needs_input(code)) memcpy(before + i * width, to, width * sizeof(real));
    const real slope = f->slope ? f->slope[i] : 0;
    for (int v = 0; v < many; v++)
        NAME(store)(to + v * LANES, NAME(activated)(code, NAME(load)(to + v * LANES), slope));
}

/* The rows that the batch does not have repeat its last: they stay as finite as the others, and no gradient reaches them. */
static void NAME(repeat_last)(real *panel, int64_t neurons, int64_t width, int64_t rows) {
    if (rows >= width) return;
    for (int64_t n = 0; n < neurons; n++)
        for (int64_t r = rows; r < width; r++) panel[n * width + r] = panel[n * width + rows - 1];
}

static inline int64_t NAME(rows_of)(const Walk *w, int64_t block) {
    const int64_t left = w->x.batch - block * w->width;
    return left < w->width ? left : w->width;
}

static inline __attribute__((always_inline)) void NAME(forward_blocks)(void *context, int64_t part, const int many) {
    const Walk *w = context;
    const Field *f = &w->field;
    const int64_t size = (f->inputs + f->neurons) * w->width, width = w->width;
    for (int64_t k = part * w->blocks / w->parts; k < (part + 1) * w->blocks / w->parts; k++) {
        real *h = w->state ? w->state + k * size : w->scratch + part * size;
        real *before = w->inputs_kept ? w->inputs_kept + k * f->neurons * width : NULL;
        NAME(pack)(&w->x, k * width, width, 0, f->inputs, h);
        NAME(repeat_last)(h, f->inputs, width, NAME(rows_of)(w, k));
        for (int64_t i = 0; i < f->neurons; i++) NAME(neuron_forward)(f, many, h, before, i);
        for (int64_t from = 0; from < f->wanted; from += TILE) {
            real chosen[TILE * WIDEST_FIELD * LANES];
            const int64_t to = from + TILE < f->wanted ? from + TILE : f->wanted;
            for (int64_t n = from; n < to; n++)
                memcpy(chosen + (n - from) * width, h + f->outputs[n] * width, width * sizeof(real));
            NAME(unpack)(&w->y, k * width, width, from, to, chosen);
        }
    }
}

/* One row: a scalar each, read where it lies. */
static void NAME(forward_single)(void *context, int64_t part) {
    const Walk *w = context;
    const Field *f = &w->field;
    real *h = w->state ? w->state : w->scratch, *before = w->inputs_kept;
    (void)part;
    memcpy(h, w->x.values, f->inputs * sizeof(real));
    for (int64_t i = 0; i < f->neurons; i++) {
        real sum[4] = {f->bias ? f->bias[i] : 0, 0, 0, 0};
        int64_t e = f->start[i];
        const int64_t end = f->start[i + 1];
        for (; e + 4 <= end; e += 4)
#pragma GCC unroll 4
            for (int s = 0; s < 4; s++) sum[s] += f->weight[e + s] * h[f->source[e + s]];
        for (; e < end; e++) sum[0] += f->weight[e] * h[f->source[e]];
        const real total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        const int code = f->activation[i];
        if (before) before[i] = total;
        if (code == RELU || code == IDENTITY) h[f->inputs + i] = code == RELU && total < 0 ? 0 : total;
        else h[f->inputs + i] = NAME(activated)(code, NAME(splat)(total), f->slope ? f->slope[i] : 0)[0];
    }
    for (int64_t n = 0; n < f->wanted; n++) w->y.values[n] = h[f->outputs[n]];
}

static void NAME(forward_1)(void *context, int64_t part) { NAME(forward_blocks)(context, part, 1); }
static void NAME(forward_2)(void *context, int64_t part) { NAME(forward_blocks)(context, part, 2); }
#if WIDEST_FIELD >= 4
static void NAME(forward_4)(void *context, int64_t part) { NAME(forward_blocks)(context, part, 4); }
#endif

/* Rows of the batch in a block: one row alone, or as many vectors as the registers allow; fewer where the values of the
field would not stay in the cache, or threads would go without a block. */
int64_t NAME(neurograph_field_width)(int64_t batch, int64_t places, int threads) {
    if (batch == 1) return 1;
    int64_t width = LANES;
    while (width < WIDEST_FIELD * LANES && batch > width) width *= 2;
    const int64_t size = places * (int64_t)sizeof(real);
    if (width == 4 * LANES && size * width > 3 << 19) width /= 2;
    if (width == 2 * LANES && size * width > 1 << 24) width /= 2;
    while (width > LANES && (batch + width - 1) / width < threads) width /= 2;
    return width;
}

static Task NAME(forward_task)(int64_t width) {
    if (width == 1) return NAME(forward_single);
#if WIDEST_FIELD >= 4
    if (width == 4 * LANES) return NAME(forward_4);
#endif
    return width == 2 * LANES ? NAME(forward_2) : NAME(forward_1);
}

/* y (batch, wanted) from x (batch, inputs). state holds (blocks, inputs + neurons, width) values, or is NULL where no
gradient will be asked for; inputs_kept holds (blocks, neurons, width), filled for activations whose
derivative needs what went in. Returns 0, or 1 where memory is short. */
int NAME(neurograph_field_forward)(
    const int32_t *start, const int32_t *source, const uint8_t *activation, const int32_t *outputs, int64_t inputs,
    int64_t neurons, int64_t wanted, const real *weight, const real *bias, const real *slope, int64_t batch,
    const real *x, int x_by_feature, real *y, int y_by_feature, real *state, real *inputs_kept, int64_t width,
    int threads) {
    Walk w = {.field = {start, source, activation, outputs, inputs, neurons, wanted, weight, bias, slope}};
    w.x = (Matrix){(real *)x, batch, inputs, x_by_feature};
    w.y = (Matrix){y, batch, wanted, y_by_feature};
    w.width = width, w.blocks = (batch + width - 1) / width, w.state = state, w.inputs_kept = inputs_kept;
    w.parts = threads < 1 ? 1 : threads < w.blocks ? threads : w.blocks;
    if (!state && !(w.scratch = scratch_take(w.parts * (inputs + neurons) * width * sizeof(real)))) return 1;
    team_share((int)w.parts, w.parts, NAME(forward_task)(width), &w);
    if (!state) scratch_return(w.scratch);
    return 0;
}
