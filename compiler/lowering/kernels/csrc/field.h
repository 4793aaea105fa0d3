/* A field: neurons of many levels, any wiring, walked in topological order for one block of the batch after the other.

What a neuron brings stays in the cache until its readers come, whatever their level: depth costs nothing. Values of the
inputs come first, then those of the neurons in order. Included once for every type.

Each thread walks whole blocks. Gradients of weights are added up by each thread for its blocks, which follow each other,
and then over the threads in order: equal thread counts give equal bits. */

#undef Field
#define Field NAME(Field)

typedef struct {
    const int32_t *start, *source;     /* of each neuron: its synapses; where they come from, always before it */
    const uint8_t *activation;         /* of each neuron */
    const int32_t *outputs;            /* places whose values are wanted, inputs counted */
    int64_t inputs, neurons, wanted;
    const real *weight, *bias, *slope; /* slope is NULL where no activation has one */
} Field;

typedef struct {
    Field field;
    Matrix x, y, to_x;   /* y: the values wanted, or what arrives at them */
    real *state, *scratch, *inputs_kept;
    real *to_weight, *to_bias, *to_slope;
    int64_t width, blocks, threads, parts;
} NAME(Walk);

#undef Walk
#define Walk NAME(Walk)

static inline __attribute__((always_inline)) void NAME(neuron_forward)(
    const Field *f, const int many, real *h, real *before, int64_t i) {
    vec a[8], b[8];
    const vec offset = NAME(splat)(f->bias ? f->bias[i] : 0);
#pragma GCC unroll 8
    for (int v = 0; v < many; v++) a[v] = offset, b[v] = (vec){0};
    int64_t e = f->start[i];
    const int64_t end = f->start[i + 1], width = many * LANES;
    for (; e + 1 < end; e += 2) {
        const real *p = h + f->source[e] * width, *q = h + f->source[e + 1] * width;
        const vec u = NAME(splat)(f->weight[e]), w = NAME(splat)(f->weight[e + 1]);
#pragma GCC unroll 8
        for (int v = 0; v < many; v++) {
            a[v] += u * NAME(load)(p + v * LANES);
            b[v] += w * NAME(load)(q + v * LANES);
        }
    }
    if (e < end) {
        const real *p = h + f->source[e] * width;
        const vec u = NAME(splat)(f->weight[e]);
#pragma GCC unroll 8
        for (int v = 0; v < many; v++) a[v] += u * NAME(load)(p + v * LANES);
    }
    real *to = h + (f->inputs + i) * width;
    const int code = f->activation[i];
    if (code == RELU || code == IDENTITY) {
        const vec least = NAME(splat)(0);
#pragma GCC unroll 8
        for (int v = 0; v < many; v++) {
            const vec x = a[v] + b[v];
            NAME(store)(to + v * LANES, code == RELU ? NAME(pick)(x < least, least, x) : x);
        }
        return;
    }
#pragma GCC unroll 8
    for (int v = 0; v < many; v++) NAME(store)(to + v * LANES, a[v] + b[v]);
    if (before && needs_input(code)) memcpy(before + i * width, to, width * sizeof(real));
    const real slope = f->slope ? f->slope[i] : 0;
    for (int v = 0; v < many; v++)
        NAME(store)(to + v * LANES, NAME(activated)(code, NAME(load)(to + v * LANES), slope));
}

static inline __attribute__((always_inline)) void NAME(neuron_backward)(
    const Walk *w, const int many, const real *h, const real *before, real *g, int64_t part, int64_t i, const int add) {
    const Field *f = &w->field;
    const int64_t width = many * LANES, synapses = f->start[f->neurons];
    const real *y = h + (f->inputs + i) * width, *incoming = g + (f->inputs + i) * width;
    real *to_weight = w->to_weight + part * synapses, *to_bias = w->to_bias + part * f->neurons;
    const int code = f->activation[i];
    vec d[8], total = {0};
    if (code == RELU) {
        const vec least = NAME(splat)(0);
#pragma GCC unroll 8
        for (int v = 0; v < many; v++)
            d[v] = (vec)((ivec)NAME(load)(incoming + v * LANES) & (NAME(load)(y + v * LANES) > least));
    } else {
        const real slope = f->slope ? f->slope[i] : 0;
        const real *x = needs_input(code) ? before + i * width : y;
        vec bent = {0};
        real made[8 * LANES];
        for (int v = 0; v < many; v++) {
            const vec arriving = NAME(load)(incoming + v * LANES), in = NAME(load)(x + v * LANES);
            if (code == PRELU) bent += NAME(pick)(in > 0, NAME(splat)(0), arriving * in);
            NAME(store)(
                made + v * LANES, arriving * NAME(derivative)(code, NAME(load)(y + v * LANES), in, slope));
        }
        if (w->to_slope) {
            real *to_slope = w->to_slope + part * f->neurons;
            to_slope[i] = (add ? to_slope[i] : 0) + (code == PRELU ? NAME(sum)(bent) : 0);
        }
#pragma GCC unroll 8
        for (int v = 0; v < many; v++) d[v] = NAME(load)(made + v * LANES);
    }
#pragma GCC unroll 8
    for (int v = 0; v < many; v++) total += d[v];
    to_bias[i] = (add ? to_bias[i] : 0) + NAME(sum)(total);
    if (code == RELU && w->to_slope && !add) w->to_slope[part * f->neurons + i] = 0;
    int64_t e = f->start[i];
    const int64_t end = f->start[i + 1];
    while (e < end) {
        const int count = end - e < 4 ? (int)(end - e) : 4;
        vec q[4];
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++) {
            q[k] = (vec){0};
            if (k < count) {
                const real *from = h + f->source[e + k] * width;
                real *back = g + f->source[e + k] * width;
                const vec u = NAME(splat)(f->weight[e + k]);
#pragma GCC unroll 8
                for (int v = 0; v < many; v++) {
                    q[k] += d[v] * NAME(load)(from + v * LANES);
                    NAME(store)(back + v * LANES, NAME(load)(back + v * LANES) + u * d[v]);
                }
            }
        }
#if LANES >= 4
        if (count == 4) {
            NAME(sums_of_four)(q, to_weight + e, add);
            e += 4;
            continue;
        }
#endif
        for (int k = 0; k < count; k++) to_weight[e + k] = (add ? to_weight[e + k] : 0) + NAME(sum)(q[k]);
        e += count;
    }
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
            real chosen[TILE * 8 * LANES];
            const int64_t to = from + TILE < f->wanted ? from + TILE : f->wanted;
            for (int64_t n = from; n < to; n++)
                memcpy(chosen + (n - from) * width, h + f->outputs[n] * width, width * sizeof(real));
            NAME(unpack)(&w->y, k * width, width, from, to, chosen);
        }
    }
}

static inline __attribute__((always_inline)) void NAME(backward_blocks)(void *context, int64_t part, const int many) {
    const Walk *w = context;
    const Field *f = &w->field;
    const int64_t size = (f->inputs + f->neurons) * w->width, width = w->width;
    const int64_t first = part * w->blocks / w->parts;
    real *g = w->scratch + part * (size + f->wanted * width), *arriving = g + size;
    for (int64_t k = first; k < (part + 1) * w->blocks / w->parts; k++) {
        const real *h = w->state + k * size;
        const real *before = w->inputs_kept ? w->inputs_kept + k * f->neurons * width : NULL;
        memset(g, 0, size * sizeof(real));
        NAME(pack)(&w->y, k * width, width, 0, f->wanted, arriving);
        for (int64_t n = 0; n < f->wanted; n++)
            for (int64_t r = 0; r < width; r += LANES) {
                real *to = g + f->outputs[n] * width + r;
                NAME(store)(to, NAME(load)(to) + NAME(load)(arriving + n * width + r));
            }
        if (k == first)
            for (int64_t i = f->neurons - 1; i >= 0; i--) NAME(neuron_backward)(w, many, h, before, g, part, i, 0);
        else
            for (int64_t i = f->neurons - 1; i >= 0; i--) NAME(neuron_backward)(w, many, h, before, g, part, i, 1);
        if (w->to_x.values) NAME(unpack)(&w->to_x, k * width, width, 0, f->inputs, g);
    }
}

static void NAME(forward_1)(void *context, int64_t part) { NAME(forward_blocks)(context, part, 1); }
static void NAME(forward_2)(void *context, int64_t part) { NAME(forward_blocks)(context, part, 2); }
static void NAME(forward_4)(void *context, int64_t part) { NAME(forward_blocks)(context, part, 4); }
static void NAME(backward_1)(void *context, int64_t part) { NAME(backward_blocks)(context, part, 1); }
static void NAME(backward_2)(void *context, int64_t part) { NAME(backward_blocks)(context, part, 2); }
static void NAME(backward_4)(void *context, int64_t part) { NAME(backward_blocks)(context, part, 4); }

/* Rows of the batch in a block: up to four vectors; fewer where the values of the field would not stay in the cache, or
threads would go without a block. */
int64_t NAME(neurograph_field_width)(int64_t batch, int64_t places, int threads) {
    int64_t width = LANES;
    while (width < 4 * LANES && batch > width) width *= 2;
    if (width == 4 * LANES && places * width * (int64_t)sizeof(real) > 1 << 21) width /= 2;
    while (width > LANES && (batch + width - 1) / width < threads) width /= 2;
    return width;
}

static Task NAME(walk_task)(int64_t width, int backward) {
    if (width == 4 * LANES) return backward ? NAME(backward_4) : NAME(forward_4);
    if (width == 2 * LANES) return backward ? NAME(backward_2) : NAME(forward_2);
    return backward ? NAME(backward_1) : NAME(forward_1);
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
    if (!state && posix_memalign((void **)&w.scratch, 64, w.parts * (inputs + neurons) * width * sizeof(real)))
        return 1;
    team_share((int)w.parts, w.parts, NAME(walk_task)(width, 0), &w);
    free(w.scratch);
    return 0;
}

typedef struct {
    real *into, *from;
    int64_t parts, count;
} NAME(Parts);

static void NAME(add_parts)(void *context, int64_t task) {
    const NAME(Parts) *p = context;
    const int64_t from = task << 13, to = from + (1 << 13) < p->count ? from + (1 << 13) : p->count;
    for (int64_t i = from; i < to; i++) {
        real total = p->from[i];
        for (int64_t part = 1; part < p->parts; part++) total += p->from[part * p->count + i];
        p->into[i] = total;
    }
}

static void NAME(add_up)(real *into, real *from, int64_t parts, int64_t count) {
    NAME(Parts) p = {into, from, parts, count};
    team_share((int)parts, (count + (1 << 13) - 1) >> 13, NAME(add_parts), &p);
}

/* The gradients, from what arrives at the wanted values and what a forward pass kept. to_x and to_slope may be NULL. */
int NAME(neurograph_field_backward)(
    const int32_t *start, const int32_t *source, const uint8_t *activation, const int32_t *outputs, int64_t inputs,
    int64_t neurons, int64_t wanted, const real *weight, const real *bias, const real *slope, int64_t batch,
    const real *state, const real *inputs_kept, const real *arriving, int arriving_by_feature, real *to_x,
    int to_x_by_feature, real *to_weight, real *to_bias, real *to_slope, int64_t width, int threads) {
    Walk w = {.field = {start, source, activation, outputs, inputs, neurons, wanted, weight, bias, slope}};
    w.x = w.to_x = (Matrix){to_x, batch, inputs, to_x_by_feature};
    w.y = (Matrix){(real *)arriving, batch, wanted, arriving_by_feature};
    w.width = width, w.blocks = (batch + width - 1) / width;
    w.state = (real *)state, w.inputs_kept = (real *)inputs_kept;
    w.parts = threads < 1 ? 1 : threads < w.blocks ? threads : w.blocks;
    const int64_t synapses = start[neurons], panel = (inputs + neurons + wanted) * width;
    const int64_t sums = w.parts > 1 ? synapses + (to_slope ? 2 : 1) * neurons : 0;
    if (posix_memalign((void **)&w.scratch, 64, (panel + sums) * w.parts * sizeof(real))) return 1;
    real *many = w.scratch + panel * w.parts;
    w.to_weight = w.parts > 1 ? many : to_weight;
    w.to_bias = w.parts > 1 ? many + w.parts * synapses : to_bias;
    w.to_slope = w.parts > 1 && to_slope ? many + w.parts * (synapses + neurons) : to_slope;
    team_share((int)w.parts, w.parts, NAME(walk_task)(width, 1), &w);
    if (w.parts > 1) {
        NAME(add_up)(to_weight, w.to_weight, w.parts, synapses);
        NAME(add_up)(to_bias, w.to_bias, w.parts, neurons);
        if (to_slope) NAME(add_up)(to_slope, w.to_slope, w.parts, neurons);
    }
    free(w.scratch);
    return 0;
}
