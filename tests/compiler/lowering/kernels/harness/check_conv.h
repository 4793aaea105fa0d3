/* Convolutions of one type in which only some pairs of maps are joined; included once for each. */

static void NAME(steps)(int64_t *step, int64_t maps, int64_t rows, int64_t columns, int last) {
    const int64_t flat[4] = {maps * rows * columns, rows * columns, columns, 1}, deep[4] = {maps * rows * columns, 1, columns * maps, maps};
    memcpy(step, last ? deep : flat, sizeof flat);
}

static void NAME(check_conv)(void) {
    const int64_t rows = 1 + below(9), columns = 1 + below(9);
    Slide s = {.batch = below(3) ? 1 + below(6) : 1 + below(40)};
    for (int axis = 0; axis < 2; axis++) {
        s.kernel[axis] = 1 + below(4), s.stride[axis] = 1 + below(3), s.dilation[axis] = 1 + below(2), s.padding[axis] = below(4);
        const int64_t covers = s.dilation[axis] * (s.kernel[axis] - 1) + 1, least = covers - 2 * s.padding[axis];
        s.source[axis] = (least > 1 ? least : 1) + below(9);
        s.target[axis] = (s.source[axis] + 2 * s.padding[axis] - covers) / s.stride[axis] + 1;
    }
    const int64_t taps = s.kernel[0] * s.kernel[1];
    int32_t *start = exactly(rows + 1, 4), *back = exactly(columns + 1, 4), *index = exactly(rows * columns, 4);
    int32_t *turned = exactly(rows * columns, 4), *order = exactly(rows * columns, 4);
    int64_t many = 0, at = 0;
    const int64_t likely = below(5);
    start[0] = 0;
    for (int64_t r = 0; r < rows; start[++r] = (int32_t)many)
        for (int64_t c = 0; c < columns; c++)
            if (below(4) < likely) index[many++] = (int32_t)c;
    for (int64_t c = 0; c < columns; c++) {
        back[c] = (int32_t)at;
        for (int64_t r = 0; r < rows; r++)
            for (int64_t e = start[r]; e < start[r + 1]; e++)
                if (index[e] == c) turned[at] = (int32_t)r, order[at++] = (int32_t)e;
    }
    back[columns] = (int32_t)at;
    int64_t x_step[4], y_step[4], g_step[4], d_step[4];
    NAME(steps)(x_step, columns, s.source[0], s.source[1], (int)below(2)), NAME(steps)(d_step, columns, s.source[0], s.source[1], (int)below(2));
    NAME(steps)(y_step, rows, s.target[0], s.target[1], (int)below(2)), NAME(steps)(g_step, rows, s.target[0], s.target[1], (int)below(2));
    const int64_t xs = s.batch * columns * s.source[0] * s.source[1], ys = s.batch * rows * s.target[0] * s.target[1];
    real *w = NAME(numbers)(many * taps), *x = NAME(numbers)(xs), *g = NAME(numbers)(ys), *bias = NAME(numbers)(rows);
    double *y = calloc(ys + 1, 8), *d = calloc(xs + 1, 8), *q = calloc(many * taps + 1, 8);
    for (int64_t b = 0; b < s.batch; b++)
        for (int64_t r = 0; r < rows; r++)
            for (int64_t i = 0; i < s.target[0]; i++)
                for (int64_t j = 0; j < s.target[1]; j++) {
                    const int64_t mine = b * y_step[0] + r * y_step[1] + i * y_step[2] + j * y_step[3];
                    const double out = g[b * g_step[0] + r * g_step[1] + i * g_step[2] + j * g_step[3]];
                    y[mine] += bias[r];
                    for (int64_t e = start[r]; e < start[r + 1]; e++)
                        for (int64_t t = 0; t < taps; t++) {
                            const int64_t u = i * s.stride[0] + t / s.kernel[1] * s.dilation[0] - s.padding[0];
                            const int64_t v = j * s.stride[1] + t % s.kernel[1] * s.dilation[1] - s.padding[1];
                            if (u < 0 || v < 0 || u >= s.source[0] || v >= s.source[1]) continue;
                            const double in = x[b * x_step[0] + index[e] * x_step[1] + u * x_step[2] + v * x_step[3]];
                            y[mine] += w[e * taps + t] * in;
                            d[b * d_step[0] + index[e] * d_step[1] + u * d_step[2] + v * d_step[3]] += w[e * taps + t] * out;
                            q[e * taps + t] += in * out;
                        }
                }
    for (int threads = 1; threads < 5; threads++) {
        real *once[3] = {NULL};
        for (int again = 0; again < 2; again++) {
            real *found[3] = {exactly(ys, sizeof(real)), exactly(xs, sizeof(real)), exactly(many * taps, sizeof(real))};
            if (NAME(neurograph_sparse_conv)(start, index, NULL, rows, columns, w, bias, &s, 0, x, x_step, found[0], y_step, threads) ||
                NAME(neurograph_sparse_conv)(back, turned, order, columns, rows, w, NULL, &s, 1, g, g_step, found[1], d_step, threads) ||
                NAME(neurograph_sampled_conv)(start, index, rows, columns, &s, x, x_step, g, g_step, found[2], threads))
                fail("memory", 0, 0);
            if (!again) {
                NAME(near)("convolution", found[0], y, ys);
                NAME(near)("convolution backwards", found[1], d, xs);
                NAME(near)("kernels of a convolution", found[2], q, many * taps);
                memcpy(once, found, sizeof once);
                continue;
            }
            NAME(same)("a convolution once more", found[0], once[0], ys);
            NAME(same)("a convolution backwards once more", found[1], once[1], xs);
            NAME(same)("kernels once more", found[2], once[2], many * taps);
            for (int i = 0; i < 3; i++) free(found[i]), free(once[i]);
        }
    }
    free(start), free(back), free(index), free(turned), free(order), free(w), free(x), free(g), free(bias), free(y), free(d), free(q);
}
