/* The gradients of a field: places are walked from the last to the first, for one block of the batch after the other.

A place gathers what arrives at its readers: one load a synapse and vector serves the gradient of its value and that of the
weight, and nothing is scattered. Synapses are in the order of what they read here: weights come in it from a copy, their
gradients are added up in it. Included once for every type. */

/* Readers of a place: what arrives at them joins g, and their synapses get their gradients. Short rows end in single readers:
few places have as many readers as a vector has lanes, and each other size of a step is one more branch that is foreseen
wrongly. */
static inline __attribute__((always_inline)) void NAME(gather)(
    const vec *own, const int many, const int count, const real *d, const int32_t *reader, const real *weight, vec *g,
    real *to_weight, const int add) {
    const int sets = many == 4 ? 1 : many == 2 ? 2 : 4;
    const int64_t width = many * LANES;
    vec q[READERS];
#pragma GCC unroll 4
    for (int k = 0; k < count; k++) {
        const real *from = d + reader[k] * width;
        const vec u = NAME(splat)(weight[k]);
        vec *into = g + k % sets * many;
#pragma GCC unroll 4
        for (int v = 0; v < many; v += LINE / VECTOR_BYTES)
            __builtin_prefetch(d + reader[k + AHEAD] * width + v * LANES);
        q[k] = (vec){0};
#pragma GCC unroll 4
        for (int v = 0; v < many; v++) {
            const vec x = NAME(load)(from + v * LANES);
            q[k] = v ? q[k] + own[v] * x : own[v] * x;
            into[v] += u * x;
        }
    }
#if LANES >= READERS
    if (count == READERS) {
        NAME(sums_of_four)(q, to_weight, add);
        return;
    }
#endif
    for (int k = 0; k < count; k++) to_weight[k] = (add ? to_weight[k] : 0) + NAME(sum)(q[k]);
}

/* What arrives at a place through its readers, added to g. */
static inline __attribute__((always_inline)) void NAME(gather_all)(
    const Walk *w, const int many, const real *own_at, const real *d, int64_t place, const real *weight, real *to_weight,
    vec *total, const int add) {
    vec own[4], g[4];
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) g[v] = (vec){0};
#pragma GCC unroll 4
    for (int v = 0; v < many; v++) own[v] = NAME(load)(own_at + v * LANES);
    const int32_t *reader = w->readers.neuron;
    const int64_t turn = w->field.inputs + w->field.neurons - 1 - place;
    int64_t e = w->readers.start[turn];
    const int64_t end = w->readers.start[turn + 1];
    for (; e + READERS <= end; e += READERS)
        NAME(gather)(own, many, READERS, d, reader + e, weight + e, g, to_weight + e, add);
    for (; e < end; e++) NAME(gather)(own, many, 1, d, reader + e, weight + e, g, to_weight + e, add);
#pragma GCC unroll 4
    for (int v = 0; v < many; v++) {
        total[v] += g[v];
        for (int s = many; s < 4; s += many) total[v] += g[s + v];
    }
}

/* What arrives at a neuron's sum, from what arrives at its value: stored at `to`, and its bias's and slope's gradients. */
static inline __attribute__((always_inline)) void NAME(through_activation)(
    const Walk *w, const int many, const vec *g, const real *y, const real *before, real *to, int64_t part, int64_t i,
    const int add) {
    const Field *f = &w->field;
    real *to_bias = w->to_bias + part * f->neurons + i, *to_slope = w->to_slope ? w->to_slope + part * f->neurons + i : NULL;
    const int code = f->activation[i];
    vec total = {0}, bent = {0};
    if (code == RELU) {
        const vec least = NAME(splat)(0);
#pragma GCC unroll 4
        for (int v = 0; v < many; v++) {
            const vec d = (vec)((ivec)g[v] & (NAME(load)(y + v * LANES) > least));
            NAME(store)(to + v * LANES, d);
            total += d;
        }
    } else {
        const real slope = f->slope ? f->slope[i] : 0;
        const real *x = needs_input(code) ? before + i * many * LANES : y;
#pragma GCC unroll 4
        for (int v = 0; v < many; v++) NAME(store)(to + v * LANES, g[v]);
        for (int v = 0; v < many; v++) {
            const vec arriving = NAME(load)(to + v * LANES), in = NAME(load)(x + v * LANES);
            if (code == PRELU) bent += NAME(pick)(in > 0, NAME(splat)(0), arriving * in);
            const vec d = arriving * NAME(derivative)(code, NAME(load)(y + v * LANES), in, slope);
            NAME(store)(to + v * LANES, d);
            total += d;
        }
    }
    *to_bias = (add ? *to_bias : 0) + NAME(sum)(total);
    if (to_slope) *to_slope = (add ? *to_slope : 0) + (code == PRELU ? NAME(sum)(bent) : 0);
}

static inline __attribute__((always_inline)) void NAME(backward_block)(
    const Walk *w, const int many, const real *h, const real *before, const real *arriving, real *g, int64_t part,
    const int add) {
    const Field *f = &w->field;
    const int64_t width = many * LANES;
    const real *d = g + f->inputs * width;
    real *to_weight = w->to_weight + part * f->start[f->neurons];
    for (int64_t place = f->inputs + f->neurons - 1; place >= 0; place--) {
        vec total[4];
        real *to = g + place * width;
#pragma GCC unroll 4
        for (int v = 0; v < many; v++) total[v] = (vec){0};
        for (int32_t n = w->first[place]; n >= 0; n = w->next[n])
#pragma GCC unroll 4
            for (int v = 0; v < many; v++) total[v] += NAME(load)(arriving + n * width + v * LANES);
        NAME(gather_all)(w, many, h + place * width, d, place, w->weight, to_weight, total, add);
        if (place >= f->inputs)
            NAME(through_activation)(w, many, total, h + place * width, before, to, part, place - f->inputs, add);
        else
#pragma GCC unroll 4
            for (int v = 0; v < many; v++) NAME(store)(to + v * LANES, total[v]);
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
        NAME(pack)(&w->y, k * width, width, 0, f->wanted, arriving);
        if (k == first)
            NAME(backward_block)(w, many, h, before, arriving, g, part, 0);
        else
            NAME(backward_block)(w, many, h, before, arriving, g, part, 1);
        if (w->to_x.values) NAME(unpack)(&w->to_x, k * width, width, 0, f->inputs, g);
    }
}

static void NAME(backward_1)(void *context, int64_t part) { NAME(backward_blocks)(context, part, 1); }
static void NAME(backward_2)(void *context, int64_t part) { NAME(backward_blocks)(context, part, 2); }
#if WIDEST_FIELD >= 4
static void NAME(backward_4)(void *context, int64_t part) { NAME(backward_blocks)(context, part, 4); }
#endif

static Task NAME(backward_task)(int64_t width) {
#if WIDEST_FIELD >= 4
    if (width == 4 * LANES) return NAME(backward_4);
#endif
    return width == 2 * LANES ? NAME(backward_2) : NAME(backward_1);
}

/* One row: each neuron spreads what arrives at it over what it reads, in the order of the synapses. */
static void NAME(backward_single)(const Walk *w) {
    const Field *f = &w->field;
    const real *h = w->state;
    real *g = w->scratch;
    memset(g, 0, (f->inputs + f->neurons) * sizeof(real));
    for (int64_t n = 0; n < f->wanted; n++) g[f->outputs[n]] += w->y.values[n];
    for (int64_t i = f->neurons - 1; i >= 0; i--) {
        const real arriving = g[f->inputs + i], y = h[f->inputs + i];
        const int code = f->activation[i];
        real d = arriving;
        if (code == RELU) {
            d = y > 0 ? arriving : 0;
        } else if (code != IDENTITY) {
            const real x = needs_input(code) ? w->inputs_kept[i] : y;
            d *= NAME(derivative)(code, NAME(splat)(y), NAME(splat)(x), f->slope ? f->slope[i] : 0)[0];
            if (w->to_slope) w->to_slope[i] = code == PRELU && !(x > 0) ? arriving * x : 0;
        }
        if (w->to_slope && (code == RELU || code == IDENTITY)) w->to_slope[i] = 0;
        w->to_bias[i] = d;
        for (int64_t e = f->start[i]; e < f->start[i + 1]; e++) {
            w->to_weight[e] = d * h[f->source[e]];
            g[f->source[e]] += d * f->weight[e];
        }
    }
    if (w->to_x.values) memcpy(w->to_x.values, g, f->inputs * sizeof(real));
}

typedef struct {
    real *into;
    const real *from;
    const int32_t *order;
    int64_t parts, count;
} NAME(Parts);

/* Sums of the parts, each put where `order` says (in their own order where it is NULL). */
static void NAME(add_parts)(void *context, int64_t task) {
    const NAME(Parts) *p = context;
    const int64_t from = task << 13, to = from + (1 << 13) < p->count ? from + (1 << 13) : p->count;
    for (int64_t i = from; i < to; i++) {
        real total = p->from[i];
        for (int64_t part = 1; part < p->parts; part++) total += p->from[part * p->count + i];
        p->into[p->order ? p->order[i] : i] = total;
    }
}

static void NAME(take_ordered)(void *context, int64_t task) {
    const NAME(Parts) *p = context;
    const int64_t from = task << 13, to = from + (1 << 13) < p->count ? from + (1 << 13) : p->count;
    for (int64_t i = from; i < to; i++) p->into[i] = p->from[p->order[i]];
}

static int64_t NAME(tasks)(int64_t count) { return (count + (1 << 13) - 1) >> 13; }

static void NAME(add_up)(real *into, const real *from, const int32_t *order, int64_t parts, int64_t count) {
    NAME(Parts) p = {into, from, order, parts, count};
    team_share((int)parts, NAME(tasks)(count), NAME(add_parts), &p);
}

/* Which wanted values are those of a place: the first of them, and of each the next. */
static void NAME(chain)(Walk *w, int32_t *chains) {
    const int64_t places = w->field.inputs + w->field.neurons;
    w->first = chains, w->next = chains + places;
    for (int64_t p = 0; p < places; p++) w->first[p] = -1;
    for (int64_t n = w->field.wanted - 1; n >= 0; n--) {
        const int32_t place = w->field.outputs[n];
        w->next[n] = w->first[place];
        w->first[place] = (int32_t)n;
    }
}

/* The gradients, from what arrives at the wanted values and what a forward pass kept. to_x and to_slope may be NULL.
The readers are those that neurograph_field_readers finds; a width of 1 does without them. */
int NAME(neurograph_field_backward)(
    const int32_t *start, const int32_t *source, const uint8_t *activation, const int32_t *outputs, int64_t inputs,
    int64_t neurons, int64_t wanted, const real *weight, const real *bias, const real *slope, int64_t batch,
    const int32_t *reader_start, const int32_t *reader, const int32_t *order, const real *state, const real *inputs_kept,
    const real *arriving, int arriving_by_feature, real *to_x, int to_x_by_feature, real *to_weight, real *to_bias,
    real *to_slope, int64_t width, int threads) {
    Walk w = {.field = {start, source, activation, outputs, inputs, neurons, wanted, weight, bias, slope}};
    w.readers = (Readers){reader_start, reader, order};
    w.x = w.to_x = (Matrix){to_x, batch, inputs, to_x_by_feature};
    w.y = (Matrix){(real *)arriving, batch, wanted, arriving_by_feature};
    w.width = width, w.blocks = (batch + width - 1) / width;
    w.state = (real *)state, w.inputs_kept = (real *)inputs_kept;
    w.parts = threads < 1 ? 1 : threads < w.blocks ? threads : w.blocks;
    w.to_weight = to_weight, w.to_bias = to_bias, w.to_slope = to_slope;
    const int64_t places = inputs + neurons, synapses = start[neurons];
    const int64_t panel = (places + (width > 1 ? wanted : 0)) * width, each = synapses + (to_slope ? 2 : 1) * neurons;
    const int64_t numbers = panel * w.parts + (width > 1 ? synapses + each * w.parts : 0);
    if (!(w.scratch = scratch_take(numbers * sizeof(real) + (places + wanted) * sizeof(int32_t)))) return 1;
    if (width == 1) {
        NAME(backward_single)(&w);
        scratch_return(w.scratch);
        return 0;
    }
    NAME(chain)(&w, (int32_t *)(w.scratch + numbers));
    real *ordered = w.scratch + panel * w.parts;
    NAME(Parts) taken = {ordered, weight, order, 1, synapses};
    team_share((int)w.parts, NAME(tasks)(synapses), NAME(take_ordered), &taken);
    w.weight = ordered, w.to_weight = ordered + synapses, w.to_bias = w.to_weight + w.parts * synapses;
    w.to_slope = to_slope ? w.to_bias + w.parts * neurons : NULL;
    team_share((int)w.parts, w.parts, NAME(backward_task)(width), &w);
    NAME(add_up)(to_weight, w.to_weight, order, w.parts, synapses);
    NAME(add_up)(to_bias, w.to_bias, NULL, w.parts, neurons);
    if (to_slope) NAME(add_up)(to_slope, w.to_slope, NULL, w.parts, neurons);
    scratch_return(w.scratch);
    return 0;
}
