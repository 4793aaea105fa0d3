/* A field on a CUDA device with its values in shared memory: irregular wiring of many levels, walked by one block of threads.

A block walks one part of the field for COLUMNS rows of the batch. Neither parts nor rows read one another, so blocks never
wait for one another, and what levels hand on never leaves the multiprocessor: between two levels there is one barrier.

`cuda/schedule.py` says what every thread does: a level is cut into slices, a warp adds up the neurons of a slice, LANES threads
each, and in a round each warp has one slice. The synapses lie in the order in which threads read them, four to a thread at
a time (a quad), filled up by synapses of weight zero from a place that holds zero. What the schedule says of the next rounds is
loaded while this one is computed, since it depends on nothing that is.

Nothing is added up by atomics: results are the same in every run. REAL (float or double), COLUMNS (1, 2 or 4), LANES (a power
of two, at most a warp), THREADS (of a block that walks, at most) and USED (the bit set of the activations that occur) are
defined when this is compiled, by `cuda/runtime.py`; a test compiles it for the processor. */

enum Activation {
    IDENTITY, RELU, LEAKY_RELU, PRELU, RELU6, ELU, SELU, CELU, GELU, GELU_TANH, SILU, MISH, SOFTPLUS, SOFTSIGN, TANH,
    SIGMOID, LOG_SIGMOID, HARD_TANH, HARD_SIGMOID, HARD_SWISH, HARD_SHRINK, SOFT_SHRINK, ABS, SQUARE, SIN, GAUSS
};

#define IS_USED(name) ((USED >> name) & 1)
#define IS(name) (IS_USED(name) && code == name)
#ifndef AHEAD
#define AHEAD 2 /* quads that a thread loads before their round */
#endif
#ifndef UNROLL
#define UNROLL (THREADS > 512 ? 1 : 2)
#endif
constexpr int turns = UNROLL; /* rounds that are written out: what is handed on from one to the next is copied less often */
#define WARP 32
#define EVERYONE 0xffffffffu

#define KEEPERS (LANES < COLUMNS ? LANES : COLUMNS) /* threads of a neuron that keep its values: KEPT rows each */
#define KEPT (COLUMNS / KEEPERS)

struct alignas(COLUMNS * sizeof(REAL)) Column { /* one value for each row of the block's */
    REAL of[COLUMNS];
};
struct alignas(KEPT * sizeof(REAL)) Kept {
    REAL of[KEPT];
};
struct alignas(4 * sizeof(short)) Ends {
    unsigned short of[4];
};
struct alignas(sizeof(REAL) == 4 ? 16 : 8) Weights { /* of a quad: four synapses, which a thread loads at once */
    REAL of[4];
};

extern __shared__ double memory[]; /* double: aligned for a Column */

static __device__ REAL clip(REAL z, REAL low, REAL high) { return z < low ? low : z > high ? high : z; }
static __device__ REAL size(REAL z) { return z < 0 ? -z : z; }
static __device__ REAL sigmoid(REAL z) {
    const REAL e = exp(-size(z));
    return (z < 0 ? e : (REAL)1) / (1 + e);
}
static __device__ REAL softplus(REAL z) { return (z < 0 ? (REAL)0 : z) + log1p(exp(-size(z))); }
static __device__ REAL gelu_inner(REAL z) { return (REAL)0.79788456080286535588 * (z + (REAL)0.044715 * z * z * z); }

static __device__ REAL activated(int code, REAL z, REAL slope) {
    if (IS(RELU)) return z < 0 ? (REAL)0 : z;
    if (IS(LEAKY_RELU)) return z > 0 ? z : (REAL)0.01 * z;
    if (IS(PRELU)) return z > 0 ? z : slope * z;
    if (IS(RELU6)) return clip(z, 0, 6);
    if (IS(ELU) || IS(CELU)) return z > 0 ? z : (REAL)expm1(z);
    if (IS(SELU)) return (REAL)1.0507009873554804934 * (z > 0 ? z : (REAL)1.6732632423543772848 * (REAL)expm1(z));
    if (IS(GELU)) return (REAL)0.5 * z * (1 + (REAL)erf(z * (REAL)0.70710678118654752440));
    if (IS(GELU_TANH)) return (REAL)0.5 * z * (1 + (REAL)tanh(gelu_inner(z)));
    if (IS(SILU)) return z * sigmoid(z);
    if (IS(MISH)) return z * (REAL)tanh(softplus(z));
    if (IS(SOFTPLUS)) return z > 20 ? z : softplus(z);
    if (IS(SOFTSIGN)) return z / (1 + size(z));
    if (IS(TANH)) return tanh(z);
    if (IS(SIGMOID)) return sigmoid(z);
    if (IS(LOG_SIGMOID)) return -softplus(-z);
    if (IS(HARD_TANH)) return clip(z, -1, 1);
    if (IS(HARD_SIGMOID)) return clip(z + 3, 0, 6) / 6;
    if (IS(HARD_SWISH)) return z * clip(z + 3, 0, 6) / 6;
    if (IS(HARD_SHRINK)) return z <= (REAL)0.5 && z >= (REAL)-0.5 ? (REAL)0 : z;
    if (IS(SOFT_SHRINK)) return z - clip(z, (REAL)-0.5, (REAL)0.5);
    if (IS(ABS)) return size(z);
    if (IS(SQUARE)) return z * z;
    if (IS(SIN)) return sin(z);
    if (IS(GAUSS)) return exp(-z * z);
    return z;
}

/* The derivative at z; where it has none, what PyTorch takes. */
static __device__ REAL derivative(int code, REAL z, REAL slope) {
    if (IS(RELU)) return z > 0 ? 1 : 0;
    if (IS(LEAKY_RELU)) return z > 0 ? (REAL)1 : (REAL)0.01;
    if (IS(PRELU)) return z > 0 ? (REAL)1 : slope;
    if (IS(RELU6)) return z > 0 && z < 6 ? 1 : 0;
    if (IS(ELU) || IS(CELU)) return z > 0 ? (REAL)1 : (REAL)exp(z);
    if (IS(SELU)) return (REAL)1.0507009873554804934 * (z > 0 ? (REAL)1 : (REAL)1.6732632423543772848 * (REAL)exp(z));
    if (IS(GELU))
        return (REAL)0.5 * (1 + (REAL)erf(z * (REAL)0.70710678118654752440)) +
               z * (REAL)0.39894228040143267794 * (REAL)exp(z * z * (REAL)-0.5);
    if (IS(GELU_TANH)) {
        const REAL t = tanh(gelu_inner(z));
        const REAL inner = (REAL)0.79788456080286535588 * (1 + (REAL)0.134145 * z * z);
        return (REAL)0.5 * (1 + t) + (REAL)0.5 * z * (1 - t * t) * inner;
    }
    if (IS(SILU)) {
        const REAL s = sigmoid(z);
        return s * (1 + z * (1 - s));
    }
    if (IS(MISH)) {
        const REAL t = tanh(softplus(z));
        return t + z * (1 - t * t) * sigmoid(z);
    }
    if (IS(SOFTPLUS)) return z > 20 ? (REAL)1 : sigmoid(z);
    if (IS(SOFTSIGN)) return 1 / ((1 + size(z)) * (1 + size(z)));
    if (IS(TANH)) {
        const REAL t = tanh(z);
        return 1 - t * t;
    }
    if (IS(SIGMOID)) {
        const REAL s = sigmoid(z);
        return s * (1 - s);
    }
    if (IS(LOG_SIGMOID)) return sigmoid(-z);
    if (IS(HARD_TANH)) return z > -1 && z < 1 ? 1 : 0;
    if (IS(HARD_SIGMOID)) return z > -3 && z < 3 ? (REAL)1 / 6 : (REAL)0;
    if (IS(HARD_SWISH)) return z <= -3 ? (REAL)0 : z < 3 ? z / 3 + (REAL)0.5 : (REAL)1;
    if (IS(HARD_SHRINK) || IS(SOFT_SHRINK)) return z > (REAL)0.5 || z < (REAL)-0.5 ? 1 : 0;
    if (IS(ABS)) return z > 0 ? 1 : z < 0 ? -1 : 0;
    if (IS(SQUARE)) return 2 * z;
    if (IS(SIN)) return cos(z);
    if (IS(GAUSS)) return -2 * z * (REAL)exp(-z * z);
    return 1;
}

/* The schedule, as the kernels that walk take it. */
#define SCHEDULE                                                                                                   \
    const int *table, const int *rounds, const int *slices, const int *neurons, const unsigned short *ends

struct Slice { /* `count` neurons from the `first` listed on; their quads, `many` a thread, from `quads` on */
    int quads, many, first, count;
};
struct Neuron {
    int id, code;
};
struct Quads {
    Ends ends[AHEAD];
    Weights weights[AHEAD];
};

/* The slice of this thread's warp in a round, `from` and `to` being where it and the next begin. */
static __device__ Slice slice_in(const int *slices, int from, int to) {
    const int at = from + threadIdx.x / WARP;
    if (at >= to) return Slice{0, 0, 0, 0};
    const int *s = slices + 4 * (long long)at;
    return Slice{s[0], s[1], s[2], s[3]};
}

#define LEAST(round) ((round) < stop ? (round) : stop) /* there is no round from `stop` on */
#define SLICE(round) slice_in(slices, rounds[LEAST(round)] >> 1, rounds[LEAST(round + 1)] >> 1)

/* Where the neuron of a thread's group is listed; some neuron's place where it has none. */
static __device__ int listed_at(Slice s, int group) { return s.first + (group < s.count ? group : 0); }

static __device__ Neuron neuron_at(const int *neurons, Slice s, int group) {
    const int at = listed_at(s, group);
    return Neuron{neurons[2 * at], neurons[2 * at + 1]};
}

static __device__ Quads quads_of(Slice s, const unsigned short *ends, const REAL *weights) {
    Quads q = {};
    const long long at = s.quads + threadIdx.x % WARP;
#pragma unroll
    for (int k = 0; k < AHEAD; k++)
        if (k < s.many) {
            q.ends[k] = ((const Ends *)ends)[at + k * WARP];
            q.weights[k] = ((const Weights *)weights)[at + k * WARP];
        }
    return q;
}

static __device__ void add(Column &total, const Ends &ends, const Weights &weights, const Column *held) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
        const Column value = held[ends.of[j]];
#pragma unroll
        for (int c = 0; c < COLUMNS; c++) total.of[c] += weights.of[j] * value.of[c];
    }
}

/* What the synapses of this thread's neuron bring, for the rows that it keeps; all lanes of a warp come here together. */
static __device__ Kept gathered(Slice s, const Quads &q, const Column *held, const unsigned short *ends, const REAL *weights) {
    Column total = {};
    const long long at = s.quads + threadIdx.x % WARP;
#pragma unroll
    for (int k = 0; k < AHEAD; k++)
        if (k < s.many) add(total, q.ends[k], q.weights[k], held);
    for (int k = AHEAD; k < s.many; k++)
        add(total, ((const Ends *)ends)[at + k * WARP], ((const Weights *)weights)[at + k * WARP], held);
    int left = COLUMNS; /* each step between two lanes hands half of the rows over, then whole sums meet */
#pragma unroll
    for (int far = 1; far < LANES; far *= 2) {
        if (left > 1) {
            left /= 2;
            const bool upper = threadIdx.x & far;
#pragma unroll
            for (int c = 0; c < left; c++) {
                const REAL mine = upper ? total.of[c + left] : total.of[c], theirs = upper ? total.of[c] : total.of[c + left];
                total.of[c] = mine + __shfl_xor_sync(EVERYONE, theirs, far);
            }
        } else {
            total.of[0] += __shfl_xor_sync(EVERYONE, total.of[0], far);
        }
    }
    Kept kept;
#pragma unroll
    for (int c = 0; c < KEPT; c++) kept.of[c] = total.of[c];
    return kept;
}

/* The first of the rows that a lane keeps after those steps. */
static __device__ int kept_from(int lane) {
    int column = 0, left = COLUMNS;
#pragma unroll
    for (int far = 1; far < LANES && left > 1; far *= 2) {
        left /= 2;
        column += lane & far ? left : 0;
    }
    return column;
}

/* KEPT numbers at once where all of them are rows, `whole`, else as many as there are. */
static __device__ void put(REAL *to, const Kept &from, bool whole, long long live) {
    if (whole) *(Kept *)to = from;
    else
#pragma unroll
        for (int c = 0; c < KEPT; c++)
            if (c < live) to[c] = from.of[c];
}
static __device__ Kept get(const REAL *from, bool whole, long long live) {
    Kept kept = {};
    if (whole) kept = *(const Kept *)from;
    else
#pragma unroll
        for (int c = 0; c < KEPT; c++)
            if (c < live) kept.of[c] = from[c];
    return kept;
}

/* The neurons of `values` (inputs + neurons, batch) and, to `keep`, `sums` (neurons, batch), from x, whose rows and columns lie
as far apart as said.

`table` (parts + 1, 3) says where each part's `reads` (inputs, in the order of their places), its neurons and its rounds begin.
`ends` are places in shared memory: what is read, then the neurons as they are listed, then one that holds zero. `weights` are
those of the quads, `biases` of the neurons as they are listed. */
extern "C" __global__ void __launch_bounds__(THREADS) field_forward(
    const REAL *x, long long x_row, long long x_column, REAL *values, REAL *sums, const REAL *weights, const REAL *biases,
    const REAL *slopes, const int *reads, SCHEDULE, long long inputs, long long batch, long long keep
) {
    const int *part = table + 3 * blockIdx.y;
    const int reading = part[3] - part[0], listed = part[1], stop = part[5];
    const long long row = (long long)blockIdx.x * COLUMNS;
    const int group = threadIdx.x % WARP / LANES, lane = threadIdx.x % LANES, column = kept_from(lane);
    const long long live = batch - row - column;
    const bool whole = row + COLUMNS <= batch && batch % COLUMNS == 0;
    Column *held = (Column *)memory, *mine = held + reading - listed;
    for (int i = threadIdx.x; i < reading * COLUMNS; i += blockDim.x) {
        const int c = i % COLUMNS;
        const long long input = reads[part[0] + i / COLUMNS];
        held[i / COLUMNS].of[c] = row + c < batch ? x[(row + c) * x_row + input * x_column] : (REAL)0;
    }
    if (threadIdx.x == 0) mine[part[4]] = Column{};
    /* Each stage loads for a later round than the next, by what was loaded a round ago: no load waits for another. */
    int r = part[2], from = rounds[LEAST(r + 3)], to = rounds[LEAST(r + 4)];
    Slice now, first = SLICE(r), second = SLICE(r + 1), third = SLICE(r + 2);
    Neuron neuron, first_neuron = neuron_at(neurons, first, group), second_neuron = neuron_at(neurons, second, group);
    REAL bias, first_bias = biases[listed_at(first, group)], second_bias = biases[listed_at(second, group)];
    Quads by, first_by = quads_of(first, ends, weights);
    bool level, first_level = rounds[LEAST(r + 1)] & 1, second_level = rounds[LEAST(r + 2)] & 1;
    __syncthreads();
#pragma unroll turns
    for (; r < stop; r++) {
        now = first, neuron = first_neuron, bias = first_bias, by = first_by, level = first_level;
        first = second, first_neuron = second_neuron, first_bias = second_bias, first_level = second_level;
        second = third, second_level = from & 1;
        first_by = quads_of(first, ends, weights);
        second_neuron = neuron_at(neurons, second, group);
        second_bias = biases[listed_at(second, group)];
        third = slice_in(slices, from >> 1, to >> 1);
        from = to, to = rounds[LEAST(r + 5)];
        if (now.count) {
            Kept sum = gathered(now, by, held, ends, weights), value;
            if (group < now.count && lane < KEEPERS) {
#pragma unroll
                for (int c = 0; c < KEPT; c++) {
                    sum.of[c] += bias;
                    value.of[c] = activated(neuron.code, sum.of[c], IS_USED(PRELU) ? slopes[neuron.id] : (REAL)0);
                }
                *(Kept *)&mine[now.first + group].of[column] = value;
                if (live > 0) put(values + (inputs + neuron.id) * batch + row + column, value, whole, live);
                if (live > 0 && keep) put(sums + neuron.id * batch + row + column, sum, whole, live);
            }
        }
        if (level) __syncthreads();
    }
}

/* `deltas` (neurons, batch), the loss by each sum, from `incoming` (inputs + neurons, batch), the loss by each value from outside.

The schedule runs from the last level to the first, and its synapses are the outgoing ones: `ends` are the places of the neurons that
they feed. Where some neuron has a slope, `bent` (neurons, batch) is what its loss by the slope adds up. */
extern "C" __global__ void __launch_bounds__(THREADS) field_backward(
    const REAL *incoming, const REAL *sums, REAL *deltas, REAL *bent, const REAL *weights, const REAL *slopes, SCHEDULE,
    long long inputs, long long batch, long long sloped
) {
    const int *part = table + 3 * blockIdx.y;
    const int listed = part[1], stop = part[5];
    const long long row = (long long)blockIdx.x * COLUMNS;
    const int group = threadIdx.x % WARP / LANES, lane = threadIdx.x % LANES, column = kept_from(lane);
    const long long live = lane < KEEPERS ? batch - row - column : 0;
    const bool whole = row + COLUMNS <= batch && batch % COLUMNS == 0;
    Column *mine = (Column *)memory - listed;
    if (threadIdx.x == 0) mine[part[4]] = Column{};
    int r = part[2], from = rounds[LEAST(r + 3)], to = rounds[LEAST(r + 4)];
    Slice now, first = SLICE(r), second = SLICE(r + 1), third = SLICE(r + 2);
    Neuron neuron, first_neuron = neuron_at(neurons, first, group), second_neuron = neuron_at(neurons, second, group);
    Quads by, first_by = quads_of(first, ends, weights);
    bool level, first_level = rounds[LEAST(r + 1)] & 1, second_level = rounds[LEAST(r + 2)] & 1;
    Kept given, z, first_given = {}, first_z = {};
#define LOAD                                                                                          \
    if (group < first.count && live > 0) {                                                            \
        first_given = get(incoming + (inputs + first_neuron.id) * batch + row + column, whole, live); \
        first_z = get(sums + first_neuron.id * batch + row + column, whole, live);                    \
    }
    LOAD
    __syncthreads();
#pragma unroll turns
    for (; r < stop; r++) {
        now = first, neuron = first_neuron, by = first_by, given = first_given, z = first_z, level = first_level;
        first = second, first_neuron = second_neuron, first_level = second_level;
        second = third, second_level = from & 1;
        first_by = quads_of(first, ends, weights);
        LOAD
        second_neuron = neuron_at(neurons, second, group);
        third = slice_in(slices, from >> 1, to >> 1);
        from = to, to = rounds[LEAST(r + 5)];
        if (now.count) {
            Kept sum = gathered(now, by, mine + listed, ends, weights), delta, slant;
            if (group < now.count && lane < KEEPERS) {
                const REAL slope = IS_USED(PRELU) ? slopes[neuron.id] : (REAL)0;
#pragma unroll
                for (int c = 0; c < KEPT; c++) {
                    sum.of[c] += given.of[c];
                    delta.of[c] = sum.of[c] * derivative(neuron.code, z.of[c], slope);
                    slant.of[c] = neuron.code == PRELU && z.of[c] < 0 ? sum.of[c] * z.of[c] : (REAL)0;
                }
                *(Kept *)&mine[now.first + group].of[column] = delta;
                if (live > 0) put(deltas + neuron.id * batch + row + column, delta, whole, live);
                if (live > 0 && sloped) put(bent + neuron.id * batch + row + column, slant, whole, live);
            }
        }
        if (level) __syncthreads();
    }
#undef LOAD
}

/* Weights in the order of a schedule's quads (0 where `order` is negative), and biases in that of its neurons. */
extern "C" __global__ void __launch_bounds__(1024) field_lay(
    const REAL *weights, const REAL *biases, const int *order, const int *neurons, REAL *laid, REAL *listed, long long quads,
    long long count
) {
    const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at < 4 * quads) laid[at] = order[at] < 0 ? (REAL)0 : weights[order[at]];
    else if (at < 4 * quads + count) listed[at - 4 * quads] = biases[neurons[2 * (at - 4 * quads)]];
}

/* The gradient of x, whose rows and columns lie as far apart as said: what arrives there from outside, and by each input's synapses
(`starts` (inputs + 1,), `targets` and `order`, their places among the weights). A block takes WARP rows of one input. */
extern "C" __global__ void __launch_bounds__(1024) field_inputs(
    const REAL *incoming, const REAL *deltas, const REAL *weights, const int *starts, const int *targets, const int *order,
    REAL *gradient, long long x_row, long long x_column, long long batch
) {
    const long long input = blockIdx.y, row = (long long)blockIdx.x * WARP + threadIdx.x % WARP;
    const int warp = threadIdx.x / WARP, warps = blockDim.x / WARP;
    REAL *sums = (REAL *)memory;
    REAL sum = 0;
    if (row < batch)
#pragma unroll 4
        for (int k = starts[input] + warp; k < starts[input + 1]; k += warps)
            sum += weights[order[k]] * deltas[targets[k] * batch + row];
    sums[threadIdx.x] = sum;
    __syncthreads();
    if (warp == 0 && row < batch) {
        REAL total = incoming[input * batch + row];
        for (int w = 0; w < warps; w++) total += sums[w * WARP + threadIdx.x];
        gradient[row * x_row + input * x_column] = total;
    }
}

/* The product of two rows of a batch, `wide` where four numbers may be loaded at once; what a lane of `lanes` adds up of it. */
static __device__ REAL shared_sum(const REAL *one, const REAL *other, long long batch, int lane, int lanes, bool wide) {
    REAL sum = 0;
    if (wide) {
        for (long long b = lane; b < batch / 4; b += lanes) {
            const Weights a = ((const Weights *)one)[b], o = ((const Weights *)other)[b];
#pragma unroll
            for (int j = 0; j < 4; j++) sum += a.of[j] * o.of[j];
        }
    } else {
        for (long long b = lane; b < batch; b += lanes) sum += one[b] * other[b];
    }
    return sum;
}

/* The gradients of weights and biases: for each synapse the sum over the batch of deltas[its row] values[its source], then for each
neuron that of its deltas. `lanes` threads, a power of two up to a warp, take SOME synapses, or neurons, one after the other. */
#define SOME 8
extern "C" __global__ void __launch_bounds__(1024) field_weights(
    const REAL *deltas, const int *rows, const int *sources, const REAL *values, REAL *weights, REAL *biases,
    long long synapses, long long neurons, long long batch, long long lanes
) {
    const long long item = ((long long)blockIdx.x * blockDim.x + threadIdx.x) / lanes * SOME;
    const long long first = (synapses + SOME - 1) / SOME * SOME; /* the neurons' items begin there */
    const int lane = (int)(threadIdx.x % lanes);
    const bool wide = batch % 4 == 0;
    REAL sums[SOME];
#pragma unroll
    for (int s = 0; s < SOME; s++) {
        const long long mine = item + s;
        sums[s] = 0;
        if (mine < synapses) {
            sums[s] = shared_sum(deltas + rows[mine] * batch, values + sources[mine] * batch, batch, lane, (int)lanes, wide);
        } else if (mine >= first && mine < first + neurons) {
            const REAL *d = deltas + (mine - first) * batch;
            for (long long b = lane; b < batch; b += lanes) sums[s] += d[b];
        }
    }
#pragma unroll
    for (int s = 0; s < SOME; s++) {
        const long long mine = item + s;
        for (int far = (int)lanes / 2; far; far /= 2) sums[s] += __shfl_xor_sync(EVERYONE, sums[s], far);
        if (lane == 0 && mine < synapses) weights[mine] = sums[s];
        else if (lane == 0 && mine >= first && mine < first + neurons) biases[mine - first] = sums[s];
    }
}
