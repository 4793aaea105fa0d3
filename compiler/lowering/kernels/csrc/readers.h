/* Who reads each place of a field, from the last place to the first: synapses as the walk backwards meets them.
After the last reader come AHEAD more, neuron 0, which are fetched and not read. */

void neurograph_field_readers(
    const int32_t *start, const int32_t *source, int64_t inputs, int64_t neurons, int32_t *reader_start, int32_t *reader,
    int32_t *order) {
    const int64_t places = inputs + neurons, synapses = start[neurons], last = places - 1;
    memset(reader_start, 0, (places + 1) * sizeof *reader_start);
    for (int64_t e = 0; e < synapses; e++) reader_start[last - source[e] + 1]++;
    for (int64_t p = 0; p < places; p++) reader_start[p + 1] += reader_start[p];
    for (int64_t i = 0; i < neurons; i++)
        for (int64_t e = start[i]; e < start[i + 1]; e++) {
            const int32_t to = reader_start[last - source[e]]++; /* ends where the next begins */
            reader[to] = (int32_t)i;
            order[to] = (int32_t)e;
        }
    memmove(reader_start + 1, reader_start, places * sizeof *reader_start);
    reader_start[0] = 0;
    memset(reader + synapses, 0, AHEAD * sizeof *reader);
}
