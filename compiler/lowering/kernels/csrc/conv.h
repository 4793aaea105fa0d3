/* Convolutions in which only some pairs of maps are joined, by one kernel each, and the gradients of the maps and the kernels.

Maps lie in strips (`slide.h`), so that a tap of a kernel is a multiply-and-add a vector, as a synapse of a sparse product is.
A block of images is packed, and all maps that read it are made from it while it lies in the cache. Included once for
every type. */

#define CACHED (1 << 18)  /* bytes of a block's strips, unless one image alone has more */
#define SIDE_BY_SIDE 1.25 /* lanes for each image at most, where images lie side by side */
#define SHIFTED (VECTOR_BYTES == 64) /* whether three loads across lines of the cache cost more than one and two shuffles */

#undef Maps
#undef Conv
#define Maps NAME(Maps)
#define Conv NAME(Conv)

typedef struct {
    real *values;
    int64_t step[4]; /* to the next image, map, row, column */
    int64_t size[2], stride[2];
} Maps;

typedef struct {
    Wiring wiring;
    const real *weight, *bias; /* kernels, one after the other; one number a map that is made, or NULL */
    Maps source, target;       /* target: what is made, or arrives */
    Strip strip;
    int64_t *distance, *tap, *first; /* of taps in the order of `tap`; where the taps of each phase of the target begin */
    int64_t source_phases, target_phases, batch, images, blocks, length; /* length: positions that are made of a block */
    int64_t spans, span;                                                     /* how many, and how long: what is made of each image */
    int64_t parts, shares, room;                                         /* room: numbers of scratch memory of one task */
    real *scratch, *gradient;
} Conv;

static int64_t NAME(strip_length)(const Conv *c) { return c->length + 2 * c->strip.guard * c->strip.lanes; }

/* Where an image begins in a strip, the zeros before the first not counted. */
static int64_t NAME(image_at)(const Conv *c, int64_t image) {
    return image / c->strip.lanes * c->strip.plane * c->strip.lanes + image % c->strip.lanes;
}

/* One map of a block of images into its strip, phase after phase; what lies between is zero already. */
static void NAME(pack_map)(const Conv *c, const Maps *m, int64_t phases, int64_t image, int64_t images, int64_t map, real *strip) {
    for (int64_t f = 0; f < phases; f++)
        for (int64_t n = 0; n < images; n++) {
            const int64_t above = f / m->stride[1], left = f % m->stride[1];
            const int64_t lanes = c->strip.lanes;
            real *to = strip + f * NAME(strip_length)(c) + c->strip.guard * lanes + NAME(image_at)(c, n);
            const real *from = m->values + (image + n) * m->step[0] + map * m->step[1] + left * m->step[3];
            for (int64_t row = above; row < m->size[0]; row += m->stride[0], to += c->strip.pitch * lanes) {
                const real *x = from + row * m->step[2];
                const int64_t many = (m->size[1] - left + m->stride[1] - 1) / m->stride[1], step = m->step[3] * m->stride[1];
                if (step == 1 && lanes == 1)
                    memcpy(to, x, many * sizeof(real));
                else
                    for (int64_t i = 0; i < many; i++) to[i * lanes] = x[i * step];
            }
        }
}

/* A strip that was made into one map of a block of images, one phase of it. */
static void NAME(unpack_map)(const Conv *c, const Maps *m, int64_t phase, int64_t image, int64_t images, int64_t map, const real *made) {
    const int64_t above = phase / m->stride[1], left = phase % m->stride[1], lanes = c->strip.lanes;
    for (int64_t n = 0; n < images; n++) {
        const real *from = made + NAME(image_at)(c, n);
        real *to = m->values + (image + n) * m->step[0] + map * m->step[1] + left * m->step[3];
        for (int64_t row = above; row < m->size[0]; row += m->stride[0], from += c->strip.pitch * lanes) {
            real *y = to + row * m->step[2];
            const int64_t many = (m->size[1] - left + m->stride[1] - 1) / m->stride[1], step = m->step[3] * m->stride[1];
            if (step == 1 && lanes == 1)
                memcpy(y, from, many * sizeof(real));
            else
                for (int64_t i = 0; i < many; i++) y[i * step] = from[i * lanes];
        }
    }
}

/* Three taps of one kernel that read side by side, `apart` numbers: 1, or a vector. What they share is loaded once, and what
the next kernel will read is fetched. */
static inline __attribute__((always_inline)) void NAME(three_taps)(
    vec *a, const int apart, const real *from, const real *next, const real *w, const int64_t *tap) {
    const vec u0 = NAME(splat)(w[tap[0]]), u1 = NAME(splat)(w[tap[1]]), u2 = NAME(splat)(w[tap[2]]);
    vec x = NAME(load)(from), y = NAME(load)(from + LANES);
#pragma GCC unroll 8
    for (int v = 0; v < WIDEST; v++) {
        const vec z = apart == 1 && v + 1 == WIDEST ? y : NAME(load)(from + (v + 2) * LANES);
        __builtin_prefetch(next + v * LANES);
        a[v] += u0 * x;
        a[v] += u1 * (apart == 1 ? NAME(second)(x, y) : y);
        a[v] += u2 * (apart == 1 ? NAME(third)(x, y) : z);
        x = y, y = z;
    }
}

static inline __attribute__((always_inline)) void NAME(one_tap)(vec *a, const real *from, const real w) {
    const vec u = NAME(splat)(w);
#pragma GCC unroll 8
    for (int v = 0; v < WIDEST; v++) a[v] += u * NAME(load)(from + v * LANES);
}

/* Where a span begins: rows of what is made, one after the other; or all of a block at once. */
static int64_t NAME(span_at)(const Conv *c, int64_t span) {
    const int64_t rows = c->spans / (c->images / c->strip.lanes);
    return c->spans == 1 ? 0 : (span / rows * c->strip.plane + span % rows * c->strip.pitch) * c->strip.lanes;
}

/* Positions [p, p + WIDEST vectors) of one phase of a map. */
static void NAME(make_positions)(const Conv *c, int64_t map, int64_t phase, const real *strips, int64_t p, real *made) {
    const int64_t step = c->source_phases * NAME(strip_length)(c), taps = c->strip.taps;
    const int64_t *far = c->distance, first = c->first[phase], end = c->first[phase + 1];
    vec a[WIDEST];
#pragma GCC unroll 8
    for (int v = 0; v < WIDEST; v++) a[v] = NAME(splat)(c->bias ? c->bias[map] : 0);
    strips += c->strip.guard * c->strip.lanes + p;
    for (int64_t e = c->wiring.start[map]; e < c->wiring.start[map + 1]; e++) {
        const real *x = strips + c->wiring.index[e] * step, *w = c->weight + e * taps;
        const real *next = strips + c->wiring.index[e + (e + 1 < c->wiring.start[map + 1])] * step;
        for (int64_t t = first; t < end;) {
            const int64_t apart = t + 2 < end && far[t + 2] - far[t + 1] == far[t + 1] - far[t] ? far[t + 1] - far[t] : 0;
            if (apart == LANES) {
                NAME(three_taps)(a, LANES, x + far[t], next + far[t], w, c->tap + t);
                t += 3;
            } else if (SHIFTED && apart == 1) {
                NAME(three_taps)(a, 1, x + far[t], next + far[t], w, c->tap + t);
                t += 3;
            } else {
                NAME(one_tap)(a, x + far[t], w[c->tap[t]]);
                t++;
            }
        }
    }
#pragma GCC unroll 8
    for (int v = 0; v < WIDEST; v++) NAME(store)(made + p + v * LANES, a[v]);
}

/* The sums over a span of what arrives times what nine numbers of kernels have read; those in threes may lie side by side. */
static inline __attribute__((always_inline)) void NAME(nine_sums)(
    const real *const *x, const int side_by_side, const real *arriving, int64_t from, int64_t to, vec *q) {
    for (int64_t p = from; p < to; p += LANES) {
        const vec d = NAME(load)(arriving + p);
        if (side_by_side)
#pragma GCC unroll 3
            for (int k = 0; k < 9; k += 3) {
                const vec here = NAME(load)(x[k] + p), next = NAME(load)(x[k] + p + LANES);
                q[k] += d * here;
                q[k + 1] += d * NAME(second)(here, next);
                q[k + 2] += d * NAME(third)(here, next);
            }
        else
#pragma GCC unroll 9
            for (int k = 0; k < 9; k++) q[k] += d * NAME(load)(x[k] + p);
    }
}

/* Of each number of the kernels that make a map: the sum over a block of what arrives at the map times what it has read. */
static void NAME(sample_strip)(const Conv *c, int64_t map, const real *strips, const real *arriving, real *gradient, int add) {
    const int64_t step = c->source_phases * NAME(strip_length)(c), taps = c->strip.taps;
    const int64_t to = c->wiring.start[map + 1] * taps;
    for (int64_t pair = c->wiring.start[map] * taps; pair < to; pair += 9) {
        const real *x[9];
        vec q[9];
        for (int k = 0; k < 9; k++) { /* those beyond the last read what the last reads */
            const int64_t own = pair + k < to ? pair + k : to - 1;
            q[k] = (vec){0};
            x[k] = strips + c->wiring.index[own / taps] * step + c->strip.guard * c->strip.lanes + c->distance[own % taps];
        }
        int side_by_side = SHIFTED;
        for (int k = 0; k < 9; k += 3) side_by_side &= x[k + 1] == x[k] + 1 && x[k + 2] == x[k] + 2;
        for (int64_t span = 0; span < c->spans; span++) {
            const int64_t at = NAME(span_at)(c, span);
            if (side_by_side)
                NAME(nine_sums)(x, 1, arriving, at, at + c->span, q);
            else
                NAME(nine_sums)(x, 0, arriving, at, at + c->span, q);
        }
        for (int k = 0; k < 9 && pair + k < to; k++)
            gradient[pair + k] = (add ? gradient[pair + k] : 0) + NAME(sum)(q[k]);
    }
}

typedef struct {
    int64_t first, last, from, to; /* blocks, maps that are made */
    real *strips, *rest;           /* those of all maps that are read, and room for what is made or arrives */
} NAME(Share);

static NAME(Share) NAME(share_of)(const Conv *c, int64_t task) {
    const int64_t part = task / c->shares, share = task % c->shares, rows = c->wiring.rows;
    NAME(Share) mine = {part * c->blocks / c->parts, (part + 1) * c->blocks / c->parts, share * rows / c->shares, (share + 1) * rows / c->shares};
    mine.strips = c->scratch + task * c->room;
    mine.rest = mine.strips + c->wiring.columns * c->source_phases * NAME(strip_length)(c);
    memset(mine.strips, 0, c->room * sizeof(real));
    return mine;
}

static int64_t NAME(pack_block)(const Conv *c, const NAME(Share) * mine, int64_t block) {
    const int64_t image = block * c->images, images = c->batch - image < c->images ? c->batch - image : c->images;
    const int64_t step = c->source_phases * NAME(strip_length)(c);
    if (images < c->images) memset(mine->strips, 0, c->wiring.columns * step * sizeof(real)); /* those of a fuller block */
    for (int64_t map = 0; map < c->wiring.columns; map++)
        NAME(pack_map)(c, &c->source, c->source_phases, image, images, map, mine->strips + map * step);
    return images;
}

static void NAME(conv_task)(void *context, int64_t task) {
    const Conv *c = context;
    const NAME(Share) mine = NAME(share_of)(c, task);
    for (int64_t block = mine.first; block < mine.last; block++) {
        const int64_t images = NAME(pack_block)(c, &mine, block);
        for (int64_t from = mine.from; from < mine.to; from += TILE)
            for (int64_t f = 0; f < c->target_phases; f++) {
                const int64_t to = from + TILE < mine.to ? from + TILE : mine.to;
                for (int64_t span = 0; span < c->spans; span++)
                    for (int64_t p = NAME(span_at)(c, span), end = p + c->span; p < end; p += WIDEST * LANES)
                        for (int64_t map = from; map < to; map++)
                            NAME(make_positions)(c, map, f, mine.strips, p, mine.rest + (map - from) * c->length);
                for (int64_t map = from; map < to; map++)
                    NAME(unpack_map)(c, &c->target, f, block * c->images, images, map, mine.rest + (map - from) * c->length);
            }
    }
}

static void NAME(sample_conv_task)(void *context, int64_t task) {
    const Conv *c = context;
    const NAME(Share) mine = NAME(share_of)(c, task);
    real *gradient = c->gradient + task / c->shares * c->wiring.start[c->wiring.rows] * c->strip.taps;
    for (int64_t block = mine.first; block < mine.last; block++) {
        const int64_t images = NAME(pack_block)(c, &mine, block);
        if (images < c->images) memset(mine.rest, 0, NAME(strip_length)(c) * sizeof(real));
        for (int64_t map = mine.from; map < mine.to; map++) {
            NAME(pack_map)(c, &c->target, 1, block * c->images, images, map, mine.rest);
            NAME(sample_strip)(c, map, mine.strips, mine.rest + c->strip.guard * c->strip.lanes, gradient, block > mine.first);
        }
    }
}

static Maps NAME(maps)(const real *values, const int64_t *step, const int64_t *size, const int64_t *stride) {
    Maps m = {(real *)values, {step[0], step[1], step[2], step[3]}, {size[0], size[1]}, {1, 1}};
    if (stride) m.stride[0] = stride[0], m.stride[1] = stride[1];
    return m;
}

static int64_t NAME(whole)(int64_t numbers) { return (numbers + WIDEST * LANES - 1) / (WIDEST * LANES) * (WIDEST * LANES); }

/* Spans that make the fewest positions that nobody wants: rows apart leave out what lies between rows. */
static void NAME(lay_spans)(Conv *c) {
    const int64_t lanes = c->strip.lanes, groups = c->images / lanes, rows = (c->target.size[0] + c->target.stride[0] - 1) / c->target.stride[0];
    const int64_t wide = (c->target.size[1] + c->target.stride[1] - 1) / c->target.stride[1] * lanes;
    c->length = c->span = NAME(whole)(groups * c->strip.plane * lanes), c->spans = 1;
    if (wide % LANES == 0 && groups * rows * NAME(whole)(wide) <= c->length) {
        c->spans = groups * rows, c->span = wide;
        c->length = NAME(whole)(most(c->length, NAME(span_at)(c, c->spans - 1) + NAME(whole)(wide)));
    }
}

/* How a convolution is cut into blocks and shared out, and memory for that: `more` numbers of it are returned, or NULL. */
static real *NAME(cut)(Conv *c, const Slide *s, int backwards, int threads, int64_t more) {
    c->strip = strip_of(s), c->batch = s->batch;
    c->source_phases = backwards ? 1 : c->strip.phases, c->target_phases = backwards ? c->strip.phases : 1;
    const int64_t one = c->wiring.columns * c->source_phases * c->strip.plane * (int64_t)sizeof(real);
    const int64_t fair = (s->batch + threads - 1) / threads, side_by_side = (fair + LANES - 1) / LANES * LANES;
    if (side_by_side <= SIDE_BY_SIDE * fair && one * LANES <= 8 * CACHED) c->strip.lanes = LANES;
    c->images = one > CACHED ? 1 : CACHED / one;
    c->images = c->strip.lanes > 1 ? LANES : c->images < fair ? c->images : fair; /* no thread goes without a block */
    c->blocks = (s->batch + c->images - 1) / c->images;
    NAME(lay_spans)(c);
    c->parts = threads < c->blocks ? threads : c->blocks;
    c->shares = threads / c->parts < c->wiring.rows ? threads / c->parts : c->wiring.rows;
    c->room = c->wiring.columns * c->source_phases * NAME(strip_length)(c);
    c->room += most(TILE * c->length, NAME(strip_length)(c));
    const int64_t numbers = (c->parts * c->shares * c->room + more + 15) / 16 * 16, taps = 2 * c->strip.taps + c->strip.phases + 1;
    c->scratch = scratch_take(numbers * (int64_t)sizeof(real) + taps * (int64_t)sizeof(int64_t));
    if (!c->scratch) return NULL;
    c->distance = (int64_t *)(c->scratch + numbers), c->tap = c->distance + c->strip.taps, c->first = c->tap + c->strip.taps;
    lay_taps(s, &c->strip, backwards, NAME(strip_length)(c), c->distance, c->tap, c->first);
    return c->scratch + c->parts * c->shares * c->room;
}

/* target (batch, rows, ...) = source (batch, columns, ...) under the kernels of the synapses; backwards the source is what
arrives at a convolution, the wiring its transpose, and the target the gradient of what it reads.

order is NULL, or says for each synapse of this wiring where its kernel is. Returns 0, or 1 where memory is short. */
int NAME(neurograph_sparse_conv)(
    const int32_t *start, const int32_t *index, const int32_t *order, int64_t rows, int64_t columns, const real *weight,
    const real *bias, const Slide *slide, int backwards, const real *source, const int64_t *source_step, real *target,
    const int64_t *target_step, int threads) {
    Conv c = {.wiring = {start, index, order, rows, columns}, .weight = weight, .bias = bias};
    const int64_t taps = slide->kernel[0] * slide->kernel[1], numbers = start[rows] * taps;
    if (slide->batch < 1 || rows < 1) return 0;
    if (threads < 1 || (numbers + rows) * slide->batch * slide->target[0] * slide->target[1] < 1 << 16) threads = 1;
    c.source = NAME(maps)(source, source_step, backwards ? slide->target : slide->source, backwards ? NULL : slide->stride);
    c.target = NAME(maps)(target, target_step, backwards ? slide->source : slide->target, backwards ? slide->stride : NULL);
    real *permuted = NAME(cut)(&c, slide, backwards, threads, order ? numbers : 0);
    if (!permuted) return 1;
    for (int64_t e = 0; order && e < start[rows]; e++)
        memcpy(permuted + e * taps, weight + order[e] * taps, taps * sizeof(real));
    if (order) c.weight = permuted;
    team_share(threads, c.parts * c.shares, NAME(conv_task), &c);
    scratch_return(c.scratch);
    return 0;
}

/* gradient (synapses, kernel) of the kernels. Each thread adds up its images, and the parts are added in order: equal
thread counts give equal bits. */
int NAME(neurograph_sampled_conv)(
    const int32_t *start, const int32_t *index, int64_t rows, int64_t columns, const Slide *slide, const real *source,
    const int64_t *source_step, const real *arriving, const int64_t *arriving_step, real *gradient, int threads) {
    Conv c = {.wiring = {start, index, NULL, rows, columns}};
    const int64_t numbers = start[rows] * slide->kernel[0] * slide->kernel[1];
    if (slide->batch < 1 || rows < 1) return 0;
    if (threads < 1 || (numbers + rows) * slide->batch * slide->target[0] * slide->target[1] < 1 << 16) threads = 1;
    c.source = NAME(maps)(source, source_step, slide->source, slide->stride);
    c.target = NAME(maps)(arriving, arriving_step, slide->target, NULL);
    if (!(c.gradient = NAME(cut)(&c, slide, 0, threads, numbers * threads))) return 1;
    team_share(threads, c.parts * c.shares, NAME(sample_conv_task), &c);
    for (int64_t i = 0; i < numbers; i++) {
        gradient[i] = c.gradient[i];
        for (int64_t part = 1; part < c.parts; part++) gradient[i] += c.gradient[part * numbers + i];
    }
    scratch_return(c.scratch);
    return 0;
}
