/* A sparse product, the gradient of its inputs and that of its weights. Included once for every type.

Each block of the batch is a panel that stays in the cache of second level while all rows of the matrix walk over it: a
synapse is then one multiply-and-add a vector. Rows are shared out among the threads, blocks are taken a few at a time. */

typedef struct {
    const int32_t *start, *index, *order; /* of each row: its synapses, their other ends, where their weights are */
    int64_t rows, columns;
} NAME(Wiring);

#undef Wiring
#undef Product
#define Wiring NAME(Wiring)
#define Product NAME(Product)

typedef struct {
    Wiring wiring;
    const real *weight;
    Matrix source, target; /* target: what a product makes; or the gradient that a sampled product reads */
    Panels in, out;
    real *permuted, *gradient;
    int64_t width, first, blocks, tiles; /* blocks at hand: [first, first + blocks) */
} Product;

static inline __attribute__((always_inline)) void NAME(multiply_rows)(
    const Product *p, const int many, const real *x, const int64_t step, real *out, int64_t out_step, int64_t from,
    int64_t to) {
    const int32_t *index = p->wiring.index;
    for (int64_t row = from; row < to; row++, out += out_step) {
        vec a[8], b[8];
#pragma GCC unroll 8
        for (int v = 0; v < many; v++) a[v] = b[v] = (vec){0};
        int64_t e = p->wiring.start[row];
        const int64_t end = p->wiring.start[row + 1];
        if (many <= 4) /* two sums each, or the additions would wait for each other */
            for (; e + 1 < end; e += 2) {
                const real *x0 = x + index[e] * step, *x1 = x + index[e + 1] * step;
                const vec w0 = NAME(splat)(p->weight[e]), w1 = NAME(splat)(p->weight[e + 1]);
#pragma GCC unroll 8
                for (int v = 0; v < many; v++) {
                    a[v] += w0 * NAME(load)(x0 + v * LANES);
                    b[v] += w1 * NAME(load)(x1 + v * LANES);
                }
            }
        for (; e < end; e++) {
            const real *x0 = x + index[e] * step;
            const vec w0 = NAME(splat)(p->weight[e]);
#pragma GCC unroll 8
            for (int v = 0; v < many; v++) a[v] += w0 * NAME(load)(x0 + v * LANES);
        }
#pragma GCC unroll 8
        for (int v = 0; v < many; v++) NAME(store)(out + v * LANES, a[v] + b[v]);
    }
}

static inline __attribute__((always_inline)) void NAME(multiply_task)(void *context, int64_t task, const int many) {
    const Product *p = context;
    const int64_t block = task / p->tiles, from = task % p->tiles * TILE;
    const int64_t to = from + TILE < p->wiring.rows ? from + TILE : p->wiring.rows;
    const real *x = p->in.base + block * p->in.block;
    if (p->out.base != NULL) {
        real *out = p->out.base + block * p->out.block + from * p->out.neuron;
        NAME(multiply_rows)(p, many, x, p->in.neuron, out, p->out.neuron, from, to);
    } else {
        real made[TILE * 8 * LANES];
        NAME(multiply_rows)(p, many, x, p->in.neuron, made, many * LANES, from, to);
        NAME(unpack)(&p->target, (p->first + block) * p->width, p->width, from, to, made);
    }
}

static void NAME(multiply_1)(void *context, int64_t task) { NAME(multiply_task)(context, task, 1); }
static void NAME(multiply_2)(void *context, int64_t task) { NAME(multiply_task)(context, task, 2); }
static void NAME(multiply_4)(void *context, int64_t task) { NAME(multiply_task)(context, task, 4); }
#if WIDEST >= 8
static void NAME(multiply_8)(void *context, int64_t task) { NAME(multiply_task)(context, task, 8); }
#endif

/* A row's sum, of values read where they lie. Rows that are long enough are gathered into vectors; in short ones what a
gather costs is not won back. */
static inline __attribute__((always_inline)) real NAME(gathered)(
    const real *restrict w, const int32_t *restrict order, const real *restrict x, const int32_t *restrict index, int64_t count) {
    real total = 0, sum[4] = {0, 0, 0, 0};
    int64_t e = 0;
    if (count >= LONG) {
#pragma omp simd reduction(+ : total)
        for (int64_t i = 0; i < count; i++) total += w[order ? order[i] : i] * x[index[i]];
        return total;
    }
    for (; e + 4 <= count; e += 4)
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++) sum[k] += w[order ? order[e + k] : e + k] * x[index[e + k]];
    for (; e < count; e++) sum[0] += w[order ? order[e] : e] * x[index[e]];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* One row of the batch: no panels, and no copy of the weights in another order. */
static void NAME(multiply_single)(void *context, int64_t task) {
    const Product *p = context;
    const int64_t from = task * TILE, to = from + TILE < p->wiring.rows ? from + TILE : p->wiring.rows;
    const int32_t *index = p->wiring.index, *order = p->wiring.order;
    for (int64_t row = from; row < to; row++) {
        const int64_t at = p->wiring.start[row], count = p->wiring.start[row + 1] - at;
        p->target.values[row] = order ? NAME(gathered)(p->weight, order + at, p->source.values, index + at, count)
                                      : NAME(gathered)(p->weight + at, NULL, p->source.values, index + at, count);
    }
}

/* Products of one neuron's gradient with that of `count` sources, still spread over the lanes. */
static inline __attribute__((always_inline)) void NAME(dot)(
    const vec *d, const int many, const real *x, const int64_t step, const int32_t *index, const int count, vec *q) {
#pragma GCC unroll 16
    for (int i = 0; i < count; i++) {
        const real *from = x + index[i] * step;
        q[i] = d[0] * NAME(load)(from);
#pragma GCC unroll 8
        for (int v = 1; v < many; v++) q[i] += d[v] * NAME(load)(from + v * LANES);
    }
}

/* The same, added up and put into (or added to) the gradients of these synapses. */
static inline __attribute__((always_inline)) void NAME(sample_row)(
    const vec *d, const int many, const real *x, const int64_t step, const int32_t *index, int64_t count,
    real *gradient, const int add) {
    int64_t e = 0;
    vec q[LANES];
    for (; e + LANES <= count; e += LANES) {
        NAME(dot)(d, many, x, step, index + e, LANES, q);
        vec found = NAME(sums)(q);
        if (add) found += NAME(load)(gradient + e);
        NAME(store)(gradient + e, found);
    }
#if LANES > 4
    for (; e + 4 <= count; e += 4) {
        NAME(dot)(d, many, x, step, index + e, 4, q);
        NAME(sums_of_four)(q, gradient + e, add);
    }
#endif
    for (; e < count; e++) {
        NAME(dot)(d, many, x, step, index + e, 1, q);
        gradient[e] = (add ? gradient[e] : 0) + NAME(sum)(q[0]);
    }
}

static inline __attribute__((always_inline)) void NAME(sample_task)(void *context, int64_t task, const int many) {
    const Product *p = context;
    const int64_t from = task * TILE, to = from + TILE < p->wiring.rows ? from + TILE : p->wiring.rows;
    const int32_t *start = p->wiring.start;
    for (int64_t block = 0; block < p->blocks; block++) {
        const real *x = p->in.base + block * p->in.block;
        for (int64_t row = from; row < to; row++) {
            const real *g = p->out.base + block * p->out.block + row * p->out.neuron;
            vec d[8];
#pragma GCC unroll 8
            for (int v = 0; v < many; v++) d[v] = NAME(load)(g + v * LANES);
            NAME(sample_row)(
                d, many, x, p->in.neuron, p->wiring.index + start[row], start[row + 1] - start[row],
                p->gradient + start[row], p->first + block > 0);
        }
    }
}

static void NAME(sample_1)(void *context, int64_t task) { NAME(sample_task)(context, task, 1); }
static void NAME(sample_2)(void *context, int64_t task) { NAME(sample_task)(context, task, 2); }
static void NAME(sample_4)(void *context, int64_t task) { NAME(sample_task)(context, task, 4); }
#if WIDEST >= 8
static void NAME(sample_8)(void *context, int64_t task) { NAME(sample_task)(context, task, 8); }
#endif

static void NAME(sample_single)(void *context, int64_t task) {
    const Product *p = context;
    const int64_t from = task * TILE, to = from + TILE < p->wiring.rows ? from + TILE : p->wiring.rows;
    for (int64_t row = from; row < to; row++) {
        const real d = p->target.values[row];
        for (int64_t e = p->wiring.start[row]; e < p->wiring.start[row + 1]; e++)
            p->gradient[e] = d * p->source.values[p->wiring.index[e]];
    }
}

static void NAME(permute)(void *context, int64_t task) {
    const Product *p = context;
    const int64_t all = p->wiring.start[p->wiring.rows], from = task << 14;
    const int64_t to = from + (1 << 14) < all ? from + (1 << 14) : all;
    for (int64_t e = from; e < to; e++) p->permuted[e] = p->weight[p->wiring.order[e]];
}

typedef struct {
    const Matrix *matrix;
    real *panels;
    int64_t width, first, tiles;
} NAME(Packing);

static void NAME(pack_task)(void *context, int64_t task) {
    const NAME(Packing) *k = context;
    const int64_t block = task / k->tiles, from = task % k->tiles * TILE, neurons = k->matrix->neurons;
    const int64_t to = from + TILE < neurons ? from + TILE : neurons;
    NAME(pack)(k->matrix, (k->first + block) * k->width, k->width, from, to, k->panels + block * neurons * k->width);
}

/* Whether a matrix that lies in panels is copied all the same: the rows of a block that is a small part of the batch lie so
far apart that they fall into few sets of the cache, and each is read more often than the copy costs. */
static int NAME(crowded)(int64_t batch, int64_t width, int64_t synapses, int64_t columns) {
    return batch > 4 * width && synapses > 12 * columns;
}

/* The panels of blocks [first, first + blocks): the matrix itself where it lies in panels, or scratch that is filled. */
static Panels NAME(panels)(
    const Matrix *m, int64_t width, int64_t first, int64_t blocks, real *scratch, int crowded, int threads) {
    if (NAME(lies_in_panels)(m, width) && !crowded) return (Panels){m->values + first * width, width, m->batch};
    NAME(Packing) packing = {m, scratch, width, first, (m->neurons + TILE - 1) / TILE};
    team_share(threads, blocks * packing.tiles, NAME(pack_task), &packing);
    return (Panels){scratch, m->neurons * width, width};
}

static int64_t NAME(scratch)(const Matrix *m, int64_t width, int64_t blocks, int crowded) {
    return NAME(lies_in_panels)(m, width) && !crowded ? 0 : m->neurons * width * blocks;
}

static Task NAME(multiply)(int64_t width) {
#if WIDEST >= 8
    if (width == 8 * LANES) return NAME(multiply_8);
#endif
    return width == 4 * LANES ? NAME(multiply_4) : width == 2 * LANES ? NAME(multiply_2) : NAME(multiply_1);
}

static Task NAME(sample)(int64_t width) {
#if WIDEST >= 8
    if (width == 8 * LANES) return NAME(sample_8);
#endif
    return width == 4 * LANES ? NAME(sample_4) : width == 2 * LANES ? NAME(sample_2) : NAME(sample_1);
}

/* Rows of the batch a panel holds: as many as the registers allow, but no block more empty than it must be. */
static int64_t NAME(panel_width)(int64_t batch) {
    int64_t width = LANES;
    while (width < WIDEST * LANES && batch > width) width *= 2;
    while (width > 2 * LANES && (batch + width - 1) / width * width - batch >= width / 2) width /= 2;
    return width;
}

/* target (batch, rows) = source (batch, columns) times the matrix, transposed: what a layer brings.

order is NULL, or says for each synapse of this wiring where its weight is. Returns 0, or 1 where memory is short. */
int NAME(neurograph_sparse_product)(
    const int32_t *start, const int32_t *index, const int32_t *order, int64_t rows, int64_t columns,
    const real *weight, int64_t batch, const real *source, int source_by_feature, real *target, int target_by_feature,
    int threads) {
    Product p = {.wiring = {start, index, order, rows, columns}, .weight = weight};
    p.source = (Matrix){(real *)source, batch, columns, source_by_feature};
    p.target = (Matrix){target, batch, rows, target_by_feature};
    const int64_t synapses = start[rows];
    if (threads < 1 || (synapses + (rows + columns) / 4) * batch < 1 << 16) threads = 1;
    p.width = NAME(panel_width)(batch);
    p.tiles = (rows + TILE - 1) / TILE;
    const int crowded = NAME(crowded)(batch, p.width, synapses, columns);
    const int64_t blocks = (batch + p.width - 1) / p.width, most = blocks < threads ? blocks : threads;
    const int64_t panel = batch == 1 ? 0 : NAME(scratch)(&p.source, p.width, most, crowded);
    const int permuted = order && batch > 1;
    const int64_t wanted = (permuted ? (synapses + 15) / 16 * 16 : 0) + panel;
    real *scratch = NULL;
    if (wanted && !(scratch = scratch_take(wanted * (int64_t)sizeof(real)))) return 1;
    real *rest = scratch;
    if (permuted) {
        p.permuted = scratch;
        team_share(threads, (synapses + (1 << 14) - 1) >> 14, NAME(permute), &p);
        p.weight = scratch;
        rest = scratch + (synapses + 15) / 16 * 16;
    }
    if (batch == 1) {
        team_share(threads, p.tiles, NAME(multiply_single), &p);
    } else {
        const int direct = NAME(lies_in_panels)(&p.target, p.width);
        for (p.first = 0; p.first < blocks; p.first += most) {
            p.blocks = blocks - p.first < most ? blocks - p.first : most;
            p.in = NAME(panels)(&p.source, p.width, p.first, p.blocks, rest, crowded, threads);
            if (direct) p.out = (Panels){target + p.first * p.width, p.width, batch};
            team_share(threads, p.blocks * p.tiles, NAME(multiply)(p.width), &p);
        }
    }
    if (scratch) scratch_return(scratch);
    return 0;
}

/* gradient (synapses) of the weights: for each synapse the sum over the batch of incoming times source. */
int NAME(neurograph_sampled_product)(
    const int32_t *start, const int32_t *index, int64_t rows, int64_t columns, int64_t batch, const real *source,
    int source_by_feature, const real *incoming, int incoming_by_feature, real *gradient, int threads) {
    Product p = {.wiring = {start, index, NULL, rows, columns}, .gradient = gradient};
    p.source = (Matrix){(real *)source, batch, columns, source_by_feature};
    p.target = (Matrix){(real *)incoming, batch, rows, incoming_by_feature};
    const int64_t synapses = start[rows];
    if (threads < 1 || (synapses + (rows + columns) / 4) * batch < 1 << 16) threads = 1;
    p.tiles = (rows + TILE - 1) / TILE;
    if (batch == 1) {
        team_share(threads, p.tiles, NAME(sample_single), &p);
        return 0;
    }
    p.width = NAME(panel_width)(batch);
    const int crowded = NAME(crowded)(batch, p.width, synapses, columns);
    const int64_t blocks = (batch + p.width - 1) / p.width, most = blocks < threads ? blocks : threads;
    const int64_t first = NAME(scratch)(&p.source, p.width, most, crowded), second = NAME(scratch)(&p.target, p.width, most, 0);
    real *scratch = NULL;
    if (first + second && !(scratch = scratch_take((first + second) * (int64_t)sizeof(real)))) return 1;
    for (p.first = 0; p.first < blocks; p.first += most) {
        p.blocks = blocks - p.first < most ? blocks - p.first : most;
        p.in = NAME(panels)(&p.source, p.width, p.first, p.blocks, scratch, crowded, threads);
        p.out = NAME(panels)(&p.target, p.width, p.first, p.blocks, scratch + first, 0, threads);
        team_share(threads, p.tiles, NAME(sample)(p.width), &p);
    }
    if (scratch) scratch_return(scratch);
    return 0;
}
