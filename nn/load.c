/* load.c -- networks from files: every line checked before anything is changed. Writing is in save.c. */
#include "checksum.h"
#include "file.h"

#include "autodiff/model/decimal.h"

#include <errno.h>
#include <stdio.h>

/* ---- The file in memory ------------------------------------------------------------------------------------------------- */

typedef struct text {
    char  *bytes;                          /* [size], and a 0 */
    size_t size, held;
} text;

static ad_status read_stream(FILE *stream, text *t, const ad_allocator *a, const char *path, nn_fault *fault)
{
    for (;;) {
        if (t->held - t->size < 2) {
            size_t more = t->held ? 2 * t->held : 4096;
            char *bytes = more > t->held ? ad_resize(a, t->bytes, t->held, more) : NULL;
            if (!bytes)
                return nn_tell_memory(fault, "nn_network_load");
            t->bytes = bytes;
            t->held = more;
        }
        errno = 0;
        size_t got = fread(t->bytes + t->size, 1, t->held - t->size - 1, stream);
        t->size += got;
        t->bytes[t->size] = 0;
        if (!got)
            break;
    }
    return ferror(stream) ? nn_tell(fault, AD_ERROR_IO, "nn_network_load: cannot read %.100s: %s", path, strerror(errno)) : AD_OK;
}

static ad_status read_file(const char *path, text *t, const ad_allocator *a, nn_fault *fault)
{
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return nn_tell(fault, AD_ERROR_IO, "nn_network_load: cannot open %.100s: %s", path, strerror(errno));
    ad_status status = read_stream(stream, t, a, path, fault);
    fclose(stream);
    return status;
}

/* ---- Lines and words ---------------------------------------------------------------------------------------------------- */

typedef struct reader {
    char       *at, *end;
    size_t      line;                      /* number of the line being read */
    const char *path;
    nn_fault   *fault;
    ad_status   status;
} reader;

/* The first fault counts. */
#if defined __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
static int refuse(reader *r, const char *format, ...)
{
    if (r->status == AD_OK) {
        char what[140];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(what, sizeof what, format, arguments);
        va_end(arguments);
        r->status = nn_tell(r->fault, AD_ERROR_DATA, "%.80s, line %zu: %s", r->path, r->line, what);
    }
    return 0;
}

/* The next line, ended by a 0 in place of its line feed; NULL at the end of the file. A line that lacks its end was cut. */
static char *next_line(reader *r)
{
    if (r->status != AD_OK)
        return NULL;
    char *line = r->at, *feed = memchr(line, '\n', (size_t)(r->end - line));
    r->line++;
    if (!feed) {
        refuse(r, line == r->end ? "the file ends too early" : "the file ends within a line");
        return NULL;
    }
    if (memchr(line, 0, (size_t)(feed - line))) {
        refuse(r, "a byte of 0: this is no text");
        return NULL;
    }
    *feed = 0;
    if (feed > line && feed[-1] == '\r')
        feed[-1] = 0;
    r->at = feed + 1;
    return line;
}

/* The word at *at, ended by a 0 in place of its blank; NULL where there is none. */
static char *next_word(char **at)
{
    char *word = *at;
    if (!word || !*word)
        return NULL;
    char *blank = strchr(word, ' ');
    *at = blank ? blank + 1 : NULL;
    if (blank)
        *blank = 0;
    return *word ? word : NULL;
}

static int is_count(const char *word, size_t *n)
{
    *n = 0;
    for (const char *c = word; c && *c; c++) {
        if (*c < '0' || *c > '9' || *n > (SIZE_MAX - 9) / 10)
            return 0;
        *n = *n * 10 + (size_t)(*c - '0');
    }
    return word && *word;
}

/* "what n" and nothing else. */
static int read_count(reader *r, const char *what, size_t *n)
{
    char *line = next_line(r), *first = next_word(&line), *second = next_word(&line);
    if (r->status != AD_OK)
        return 0;
    if (!first || strcmp(first, what) || !is_count(second, n) || line)
        return refuse(r, "\"%s\" and a number are expected", what);
    return 1;
}

static int read_number(reader *r, char *word, char *rest, double *x)
{
    if (r->status != AD_OK)
        return 0;
    if (!word || rest || !ad_decimal_read(word, strlen(word), x))
        return refuse(r, "a number is expected, not \"%.40s\"", word ? word : "");
    return 1;
}

/* ---- Parts -------------------------------------------------------------------------------------------------------------- */

static int read_heading(reader *r)
{
    static const char heading[] = "chainrule network ";
    size_t n = sizeof heading - 1;
    r->line = 1;
    if ((size_t)(r->end - r->at) <= n || memcmp(r->at, heading, n))
        return refuse(r, "this is no file of a network: one begins with \"chainrule network 1\"");
    r->line = 0;
    char *line = next_line(r);
    if (line && strcmp(line + n, "1"))
        return refuse(r, "version \"%.20s\" of the format; this library reads version 1", line + n);
    return line != NULL;
}

/* What a line says of a layer. */
typedef struct layer_line {
    size_t neurons;
    char  *activation;
    int    has_bias;
} layer_line;

static int parse_layer(reader *r, char *line, layer_line *to)
{
    char *word = next_word(&line), *neurons = next_word(&line), *activation = next_word(&line), *bias = next_word(&line);
    if (!word || strcmp(word, "layer") || !is_count(neurons, &to->neurons) || !to->neurons || !activation || !bias || line ||
        (strcmp(bias, "bias") && strcmp(bias, "no_bias")))
        return refuse(r, "\"layer\", neurons, activation and \"bias\" or \"no_bias\" are expected");
    if (strcmp(activation, "none") && strcmp(activation, "custom") && !nn_activation_named(activation))
        return refuse(r, "\"%.40s\" is no unary row of the rule book (autodiff/ops.def)", activation);
    to->activation = activation;
    to->has_bias = !strcmp(bias, "bias");
    return 1;
}

static const char *name_of(nn_activation *activation)
{
    const char *name = nn_activation_name(activation);
    return name ? name : activation ? "custom" : "none";
}

static int fits(reader *r, const nn_network *net, size_t l, const layer_line *is)
{
    const nn_shape *s = &net->layer[l];
    const char *name = name_of(s->activation);
    if (is->neurons == s->neurons && is->has_bias == s->has_bias && !strcmp(is->activation, name))
        return 1;
    return refuse(r, "layer %zu is \"%zu %.30s %s\", that of the network \"%zu %.30s %s\"", l + 1, is->neurons, is->activation,
                  is->has_bias ? "bias" : "no_bias", s->neurons, name, s->has_bias ? "bias" : "no_bias");
}

static int read_shape(reader *r, const nn_network *net)
{
    size_t n;
    if (!read_count(r, "inputs", &n))
        return 0;
    if (n != net->inputs)
        return refuse(r, "%zu inputs, the network has %zu", n, net->inputs);
    for (size_t l = 0; l < net->layers; l++) {
        layer_line layer;
        char *line = next_line(r);
        if (!line || !parse_layer(r, line, &layer) || !fits(r, net, l, &layer))
            return 0;
    }
    if (!read_count(r, "parameters", &n))
        return 0;
    return n == net->size || refuse(r, "%zu parameters, the network has %zu", n, net->size);
}

static int read_values(reader *r, const nn_network *net, double *values)
{
    for (size_t i = 0; i < net->size; i++) {
        char *line = next_line(r), *name = next_word(&line), *number = next_word(&line);
        if (r->status == AD_OK && (!name || strcmp(name, nn_network_name(net, i))))
            return refuse(r, "%s is expected, not \"%.40s\"", nn_network_name(net, i), name ? name : "");
        if (!read_number(r, number, line, &values[i]))
            return 0;
    }
    return 1;
}

static int read_state(reader *r, nn_state *state, const ad_allocator *a)
{
    size_t n;
    if (strncmp(r->at, "state ", 6))
        return 1;
    if (!read_count(r, "state", &n))
        return 0;
    if (n > (size_t)(r->end - r->at) / 2)                  /* a number and a line feed each, at least */
        return refuse(r, "%zu numbers are more than the file has", n);
    state->numbers = nn_make(a, n, sizeof *state->numbers);
    state->n = n;
    if (!state->numbers) {
        r->status = nn_tell_memory(r->fault, "nn_network_load");
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        char *line = next_line(r), *number = next_word(&line);
        if (!read_number(r, number, line, &state->numbers[i]))
            return 0;
    }
    return 1;
}

static int read_end(reader *r, uint32_t crc)
{
    char *line = next_line(r), *word = next_word(&line), *sum = next_word(&line), expected[16];
    snprintf(expected, sizeof expected, "%08lx", (unsigned long)crc);
    if (r->status != AD_OK)
        return 0;
    if (!word || strcmp(word, "checksum") || !sum || line)
        return refuse(r, "\"checksum\" is expected");
    if (strcmp(sum, "none") && strcmp(sum, expected))
        return refuse(r, "the checksum is %s, not %.20s: the file is damaged, or was edited; then say \"checksum none\"", expected, sum);
    return r->at == r->end || refuse(r, "there is more after the checksum");
}

/* ---- Reading ------------------------------------------------------------------------------------------------------------ */

/* Of all before the last line, taken before lines are cut up. */
static uint32_t checksum_of(const text *t)
{
    size_t end = t->size;
    while (end > 0 && t->bytes[end - 1] == '\n')
        end--;
    while (end > 0 && t->bytes[end - 1] != '\n')
        end--;
    return nn_crc32(0, t->bytes, end);
}

static ad_status parse(text *t, const nn_network *net, const char *path, double *values, nn_state *state, nn_fault *fault)
{
    reader r = {.at = t->bytes, .end = t->bytes + t->size, .path = path, .fault = fault, .status = AD_OK};
    uint32_t crc = checksum_of(t);
    if (read_heading(&r) && read_shape(&r, net) && read_values(&r, net, values) && read_state(&r, state, &net->allocator))
        read_end(&r, crc);
    return r.status;
}

void nn_state_free(nn_state *state, const ad_allocator *a)
{
    nn_drop(a, state->numbers, state->n, sizeof *state->numbers);
    *state = (nn_state){0};
}

ad_status nn_file_read(const nn_network *net, const char *path, double *values, nn_state *state, nn_fault *fault)
{
    const ad_allocator *a = &net->allocator;
    text t = {0};
    nn_state kept = {0};
    double *new = nn_make(a, net->size, sizeof *new);
    ad_status status = new ? read_file(path, &t, a, fault) : nn_tell_memory(fault, "nn_network_load");
    if (status == AD_OK)
        status = parse(&t, net, path, new, &kept, fault);
    if (status == AD_OK)
        memcpy(values, new, net->size * sizeof *values);
    if (status == AD_OK && state) {
        *state = kept;
        kept = (nn_state){0};
    }
    nn_state_free(&kept, a);
    nn_drop(a, new, net->size, sizeof *new);
    if (t.bytes)
        ad_resize(a, t.bytes, t.held, 0);
    return status;
}

ad_status nn_network_load(nn_network *net, const char *path, nn_fault *fault)
{
    if (fault)
        *fault = (nn_fault){.status = AD_OK};
    if (!net || !path)
        return nn_tell(fault, AD_ERROR_ARGUMENT, "nn_network_load: no %s", net ? "path" : "network");
    return nn_file_read(net, path, net->value, NULL, fault);
}

/* ---- A network from a file ---------------------------------------------------------------------------------------------- */

/* The layers that a file tells of, in block [n + 1] (grown by the allocator), the last one of 0 neurons. A file that tells of more
 * parameters than it can hold is refused before anything is made of that size. */
static int collect(reader *r, ad_block *block, const ad_allocator *a, size_t *inputs)
{
    size_t n = 0, counted, before;
    double size = 0;                                       /* exact as far as it matters, and does not overflow */
    if (!read_heading(r) || !read_count(r, "inputs", inputs))
        return 0;
    before = *inputs;
    for (;; n++) {
        if (!ad_block_grow(block, a, (n + 1) * sizeof(nn_layer_options))) {
            r->status = nn_tell_memory(r->fault, "nn_network_open");
            return 0;
        }
        nn_layer_options *layer = (nn_layer_options *)block->base + n;
        *layer = (nn_layer_options){.neurons = 0};
        if (strncmp(r->at, "layer ", 6))
            break;
        layer_line is;
        char *line = next_line(r);
        if (!line || !parse_layer(r, line, &is))
            return 0;
        if (!strcmp(is.activation, "custom"))
            return refuse(r, "the activation is no row of the rule book: build such a network and load into it");
        *layer = (nn_layer_options){.neurons = is.neurons, .activation = nn_activation_named(is.activation), .no_bias = !is.has_bias};
        size += ((double)before + is.has_bias) * (double)is.neurons;
        before = is.neurons;
    }
    if (!read_count(r, "parameters", &counted))
        return 0;
    if (!n || !*inputs || (double)counted != size)
        return refuse(r, "%zu parameters; %zu inputs and the %zu layers above have %.0f", counted, *inputs, n, size);
    return counted <= (size_t)(r->end - r->at) / 4 || refuse(r, "%zu parameters are more than the file has", counted);
}

nn_network *nn_network_open(const char *path, ad_allocator allocator, nn_fault *fault)
{
    nn_fault unheard;
    ad_allocator a = ad_allocator_complete(allocator);
    text t = {0};
    ad_block layers = {0};
    size_t inputs = 0;
    nn_network *net = NULL;
    fault = fault ? fault : &unheard;
    *fault = (nn_fault){.status = AD_OK};
    if (!path)
        nn_tell(fault, AD_ERROR_ARGUMENT, "nn_network_open: no path");
    else if (read_file(path, &t, &a, fault) == AD_OK) {
        reader r = {.at = t.bytes, .end = t.bytes + t.size, .path = path, .fault = fault, .status = AD_OK};
        if (collect(&r, &layers, &a, &inputs))
            net = nn_network_new((nn_network_options){.inputs = inputs, .layers = layers.base, .allocator = allocator, .fault = fault});
    }
    if (t.bytes)
        ad_resize(&a, t.bytes, t.held, 0);
    ad_block_free(&layers, &a);
    if (net && nn_network_load(net, path, fault) != AD_OK) {
        nn_network_free(net);
        net = NULL;
    }
    return net;
}
