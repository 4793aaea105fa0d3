/* Panels: a block of the batch laid out neuron by neuron, `width` rows of the batch wide.

A matrix (batch, neurons) lies in memory row by row (`by_feature` 0) or neuron by neuron (1). Neuron by neuron, and with
a batch of whole blocks, its memory is a row of panels already; otherwise panels are filled in scratch memory, the rows
that the batch does not have with zeros. Included once for every type. */

#define TILE 64 /* neurons that are packed or made as one task */

#undef Panels
#define Panels NAME(Panels)

typedef struct {
    real *base;
    int64_t block, neuron; /* steps from one block to the next, from one neuron to the next */
} Panels;

typedef struct {
    real *values;
    int64_t batch, neurons;
    int by_feature;
} NAME(Matrix);

#undef Matrix
#define Matrix NAME(Matrix)

static int NAME(lies_in_panels)(const Matrix *m, int64_t width) { return m->by_feature && m->batch % width == 0; }

static inline int64_t NAME(at)(const Matrix *m, int64_t row, int64_t neuron) {
    return m->by_feature ? neuron * m->batch + row : row * m->neurons + neuron;
}

/* Neurons [from, to) of a block of the batch into a panel. */
static void NAME(pack)(const Matrix *m, int64_t row, int64_t width, int64_t from, int64_t to, real *panel) {
    const int64_t rows = m->batch - row < width ? m->batch - row : width;
    if (m->by_feature) {
        for (int64_t n = from; n < to; n++) {
            memcpy(panel + n * width, m->values + n * m->batch + row, rows * sizeof(real));
            for (int64_t r = rows; r < width; r++) panel[n * width + r] = 0;
        }
        return;
    }
    int64_t r = 0;
    for (; r + LANES <= rows; r += LANES) {
        int64_t n = from;
        for (; n + LANES <= to; n += LANES) {
            vec tile[LANES];
            for (int i = 0; i < LANES; i++) tile[i] = NAME(load)(m->values + (row + r + i) * m->neurons + n);
            NAME(transpose)(tile);
            for (int i = 0; i < LANES; i++) NAME(store)(panel + (n + i) * width + r, tile[i]);
        }
        for (; n < to; n++)
            for (int i = 0; i < LANES; i++) panel[n * width + r + i] = m->values[(row + r + i) * m->neurons + n];
    }
    for (; r < width; r++)
        for (int64_t n = from; n < to; n++)
            panel[n * width + r] = r < rows ? m->values[(row + r) * m->neurons + n] : 0;
}

/* A panel of neurons [from, to), the first of them at its beginning, into the matrix. */
static void NAME(unpack)(const Matrix *m, int64_t row, int64_t width, int64_t from, int64_t to, const real *panel) {
    const int64_t rows = m->batch - row < width ? m->batch - row : width;
    if (m->by_feature) {
        for (int64_t n = from; n < to; n++)
            memcpy(m->values + n * m->batch + row, panel + (n - from) * width, rows * sizeof(real));
        return;
    }
    int64_t r = 0;
    for (; r + LANES <= rows; r += LANES) {
        int64_t n = from;
        for (; n + LANES <= to; n += LANES) {
            vec tile[LANES];
            for (int i = 0; i < LANES; i++) tile[i] = NAME(load)(panel + (n - from + i) * width + r);
            NAME(transpose)(tile);
            for (int i = 0; i < LANES; i++) NAME(store)(m->values + (row + r + i) * m->neurons + n, tile[i]);
        }
        for (; n < to; n++)
            for (int i = 0; i < LANES; i++) m->values[(row + r + i) * m->neurons + n] = panel[(n - from) * width + r + i];
    }
    for (; r < rows; r++)
        for (int64_t n = from; n < to; n++) m->values[(row + r) * m->neurons + n] = panel[(n - from) * width + r];
}
