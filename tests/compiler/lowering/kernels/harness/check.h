/* The cases for one type; included once for each. */

static void NAME(near)(const char *what, const real *found, const double *wanted, int64_t count) {
    double scale = 1;
    for (int64_t i = 0; i < count; i++) scale = fmax(scale, fabs(wanted[i]));
    for (int64_t i = 0; i < count; i++)
        if (!(fabs(found[i] - wanted[i]) <= (DOUBLE ? 1e-10 : 1e-3) * scale)) fail(what, found[i], wanted[i]);
}

static real *NAME(numbers)(int64_t count) {
    real *values = exactly(count, sizeof(real));
    for (int64_t i = 0; i < count; i++) values[i] = (real)number();
    return values;
}

static int64_t NAME(place)(int64_t row, int64_t neuron, int64_t batch, int64_t neurons, int by_feature) {
    return by_feature ? neuron * batch + row : row * neurons + neuron;
}

static void NAME(same)(const char *what, const real *a, const real *b, int64_t count) {
    if (memcmp(a, b, count * sizeof(real))) fail(what, 0, 1);
}

static void NAME(check_sparse)(void) {
    const int64_t rows = 1 + below(150), columns = 1 + below(150), batch = below(4) ? below(300) : below(3);
    const int64_t likely = below(5) * below(5);
    int32_t *start = exactly(rows + 1, 4), *back = exactly(columns + 1, 4);
    int64_t many = 0;
    char *joined = exactly(rows * columns, 1);
    for (int64_t i = 0; i < rows * columns; i++) many += joined[i] = below(25) < likely;
    int32_t *index = exactly(many, 4), *turned = exactly(many, 4), *order = exactly(many, 4), *rank = exactly(rows * columns, 4);
    many = 0;
    for (int64_t r = 0; r < rows; r++) {
        start[r] = (int32_t)many;
        for (int64_t c = 0; c < columns; c++)
            if (joined[r * columns + c]) rank[r * columns + c] = (int32_t)many, index[many++] = (int32_t)c;
    }
    start[rows] = (int32_t)many;
    int64_t at = 0;
    for (int64_t c = 0; c < columns; c++) {
        back[c] = (int32_t)at;
        for (int64_t r = 0; r < rows; r++)
            if (joined[r * columns + c]) turned[at] = (int32_t)r, order[at++] = rank[r * columns + c];
    }
    back[columns] = (int32_t)at;
    const int x_layout = below(2), g_layout = below(2), y_layout = below(2), d_layout = below(2);
    real *w = NAME(numbers)(many), *x = NAME(numbers)(batch * columns), *g = NAME(numbers)(batch * rows);
    double *y = calloc(batch * rows + 1, 8), *d = calloc(batch * columns + 1, 8), *s = calloc(many + 1, 8);
    for (int64_t b = 0; b < batch; b++)
        for (int64_t r = 0; r < rows; r++)
            for (int64_t e = start[r]; e < start[r + 1]; e++) {
                const double in = x[NAME(place)(b, index[e], batch, columns, x_layout)];
                const double out = g[NAME(place)(b, r, batch, rows, g_layout)];
                y[NAME(place)(b, r, batch, rows, y_layout)] += w[e] * in;
                d[NAME(place)(b, index[e], batch, columns, d_layout)] += w[e] * out;
                s[e] += in * out;
            }
    real *first[3] = {NULL};
    for (int threads = 1; threads < 5; threads++) {
        real *found[3] = {exactly(batch * rows, sizeof(real)), exactly(batch * columns, sizeof(real)), exactly(many, sizeof(real))};
        if (NAME(neurograph_sparse_product)(start, index, NULL, rows, columns, w, batch, x, x_layout, found[0], y_layout, threads) ||
            NAME(neurograph_sparse_product)(back, turned, order, columns, rows, w, batch, g, g_layout, found[1], d_layout, threads) ||
            (batch && NAME(neurograph_sampled_product)(start, index, rows, columns, batch, x, x_layout, g, g_layout, found[2], threads)))
            fail("memory", 0, 0);
        if (threads == 1) {
            NAME(near)("product", found[0], y, batch * rows);
            NAME(near)("transposed product", found[1], d, batch * columns);
            if (batch) NAME(near)("sampled product", found[2], s, many);
            memcpy(first, found, sizeof first);
            continue;
        }
        NAME(same)("product on more threads", found[0], first[0], batch * rows);
        NAME(same)("transposed product on more threads", found[1], first[1], batch * columns);
        if (batch) NAME(same)("sampled product on more threads", found[2], first[2], many);
        for (int i = 0; i < 3; i++) free(found[i]);
    }
    for (int i = 0; i < 3; i++) free(first[i]);
    free(start), free(back), free(joined), free(index), free(turned), free(order), free(rank);
    free(w), free(x), free(g), free(y), free(d), free(s);
}

static void NAME(check_field)(void) {
    const int64_t inputs = 1 + below(40), neurons = below(200), wanted = 1 + below(150);
    const int64_t batch = below(4) ? 1 + below(300) : 1;
    int32_t *start = exactly(neurons + 1, 4), *outputs = exactly(wanted, 4);
    start[0] = 0;
    for (int64_t i = 0; i < neurons; i++) start[i + 1] = start[i] + (int32_t)below(12);
    const int64_t many = start[neurons];
    int32_t *source = exactly(many, 4);
    uint8_t *activation = exactly(neurons, 1);
    for (int64_t i = 0; i < neurons; i++) {
        activation[i] = (uint8_t)below(ACTIVATIONS);
        if (activation[i] == SQUARE) activation[i] = TANH;                      /* values stay of one size */
        if (activation[i] == HARD_SHRINK && !DOUBLE) activation[i] = SOFT_SHRINK; /* it jumps where float32 rounds */
        for (int64_t e = start[i]; e < start[i + 1]; e++) source[e] = (int32_t)below(inputs + i);
    }
    for (int64_t i = 0; i < wanted; i++) outputs[i] = (int32_t)below(inputs + neurons);
    const int x_layout = below(2), y_layout = below(2), sloped = below(2);
    real *w = NAME(numbers)(many), *bias = NAME(numbers)(neurons), *slope = NAME(numbers)(neurons);
    real *x = NAME(numbers)(batch * inputs), *arriving = NAME(numbers)(batch * wanted);
    for (int64_t e = 0; e < many; e++) w[e] *= (real)0.3;
    double *values = calloc(batch * (inputs + neurons) + 1, 8), *y = calloc(batch * wanted + 1, 8);
    for (int64_t b = 0; b < batch; b++) {
        double *mine = values + b * (inputs + neurons);
        for (int64_t i = 0; i < inputs; i++) mine[i] = x[NAME(place)(b, i, batch, inputs, x_layout)];
        for (int64_t i = 0; i < neurons; i++) {
            double total = bias[i];
            for (int64_t e = start[i]; e < start[i + 1]; e++) total += w[e] * mine[source[e]];
            const vec_f64 out = activated_f64(activation[i], splat_f64(total), sloped ? slope[i] : 0);
            mine[inputs + i] = out[0];
        }
        for (int64_t i = 0; i < wanted; i++) y[NAME(place)(b, i, batch, wanted, y_layout)] = mine[outputs[i]];
    }
    int32_t *readers[3] = {exactly(inputs + neurons + 1, 4), exactly(many + AHEAD, 4), exactly(many, 4)};
    neurograph_field_readers(start, source, inputs, neurons, readers[0], readers[1], readers[2]);
    for (int threads = 1; threads < 4; threads++) {
        real *once[5] = {NULL};
        const int64_t sizes[5] = {batch * wanted, batch * inputs, many, neurons, neurons};
        for (int again = 0; again < 2; again++) {
            const int64_t width = NAME(neurograph_field_width)(batch, inputs + neurons, threads);
            const int64_t blocks = (batch + width - 1) / width;
            real *state = exactly(blocks * (inputs + neurons) * width, sizeof(real)), *kept = exactly(blocks * neurons * width, sizeof(real));
            real *found[5];
            for (int i = 0; i < 5; i++) found[i] = exactly(sizes[i], sizeof(real));
            if (NAME(neurograph_field_forward)(
                    start, source, activation, outputs, inputs, neurons, wanted, w, bias, sloped ? slope : NULL, batch, x, x_layout,
                    found[0], y_layout, again ? state : NULL, again ? kept : NULL, width, threads))
                fail("memory", 0, 0);
            NAME(near)("field", found[0], y, batch * wanted);
            if (!again)
                NAME(neurograph_field_forward)(
                    start, source, activation, outputs, inputs, neurons, wanted, w, bias, sloped ? slope : NULL, batch, x, x_layout,
                    found[0], y_layout, state, kept, width, threads);
            if (NAME(neurograph_field_backward)(
                    start, source, activation, outputs, inputs, neurons, wanted, w, bias, sloped ? slope : NULL, batch, readers[0],
                    readers[1], readers[2], state, kept, arriving, y_layout, found[1], x_layout, found[2], found[3], sloped ? found[4] : NULL, width, threads))
                fail("memory", 0, 0);
            free(state), free(kept);
            if (!again) {
                memcpy(once, found, sizeof once);
                continue;
            }
            for (int i = 0; i < 4 + sloped; i++) NAME(same)("a field once more", found[i], once[i], sizes[i]);
            for (int i = 0; i < 5; i++) free(found[i]);
        }
        for (int i = 0; i < 5; i++) free(once[i]);
    }
    free(start), free(outputs), free(source), free(activation), free(w), free(bias), free(slope), free(x), free(arriving);
    free(values), free(y), free(readers[0]), free(readers[1]), free(readers[2]);
}
