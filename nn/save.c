/* save.c -- networks into files, whole or not at all. Reading is in load.c. */
#include "file.h"
#include "checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct writer {
    FILE    *stream;
    uint32_t crc;
    int      failed;
} writer;

static void put(writer *w, const char *text)
{
    w->crc = nn_crc32(w->crc, text, strlen(text));
    w->failed |= fputs(text, w->stream) < 0;
}

static void put_count(writer *w, const char *what, size_t n)
{
    char line[64];
    snprintf(line, sizeof line, "%s %zu\n", what, n);
    put(w, line);
}

/* 17 digits bring the same bits back; whatever a locale has for a point becomes one. */
static void put_number(writer *w, double x)
{
    char digits[64], line[64];
    size_t n = 0;
    if (!isfinite(x)) {
        put(w, isnan(x) ? "nan\n" : x > 0 ? "inf\n" : "-inf\n");
        return;
    }
    snprintf(digits, sizeof digits, "%.17g", x);
    for (const char *c = digits; *c; c++) {
        int plain = strchr("0123456789+-e", *c) != NULL;
        if (plain || line[n - 1] != '.')
            line[n++] = plain ? *c : '.';
    }
    line[n++] = '\n';
    line[n] = 0;
    put(w, line);
}

static void put_network(writer *w, const nn_network *net, const double *values)
{
    put(w, "chainrule network 1\n");
    put_count(w, "inputs", net->inputs);
    for (size_t l = 0; l < net->layers; l++) {
        const nn_shape *s = &net->layer[l];
        const char *name = nn_activation_name(s->activation);
        char line[128];
        snprintf(line, sizeof line, "layer %zu %s %s\n", s->neurons, name ? name : s->activation ? "custom" : "none",
                 s->has_bias ? "bias" : "no_bias");
        put(w, line);
    }
    put_count(w, "parameters", net->size);
    for (size_t i = 0; i < net->size; i++) {
        put(w, nn_network_name(net, i));
        put(w, " ");
        put_number(w, values[i]);
    }
}

static ad_status trouble(nn_fault *fault, const char *doing, const char *path)
{
    return nn_tell(fault, AD_ERROR_IO, "nn_network_save: cannot %s %.100s: %s", doing, path, strerror(errno));
}

/* A new file beside the old one, with its permissions if it is there. */
static FILE *create(char *name, size_t size, const char *path)
{
    int file = -1;
    for (unsigned k = 0; k < 100 && file < 0; k++) {
        snprintf(name, size, "%s.%lu.%u.tmp", path, (unsigned long)getpid(), k);
        file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file < 0 && errno != EEXIST)
            return NULL;
    }
    struct stat old;
    if (file >= 0 && stat(path, &old) == 0 && fchmod(file, old.st_mode & 07777) != 0 && errno != EPERM) {
        close(file);
        unlink(name);
        return NULL;
    }
    return file < 0 ? NULL : fdopen(file, "w");
}

static ad_status write_to(FILE *stream, const nn_network *net, const double *values, const nn_state *state, const char *path, nn_fault *fault)
{
    writer w = {.stream = stream};
    char line[32];
    put_network(&w, net, values);
    if (state) {
        put_count(&w, "state", state->n);
        for (size_t i = 0; i < state->n; i++)
            put_number(&w, state->numbers[i]);
    }
    snprintf(line, sizeof line, "checksum %08lx\n", (unsigned long)w.crc);
    put(&w, line);
    errno = 0;
    if (w.failed || fflush(stream) != 0 || fsync(fileno(stream)) != 0)
        return trouble(fault, "write", path);
    return AD_OK;
}

ad_status nn_file_write(const nn_network *net, const double *values, const nn_state *state, const char *path, nn_fault *fault)
{
    size_t size = strlen(path) + 48;
    char *name = nn_make(&net->allocator, size, 1);
    if (!name)
        return nn_tell_memory(fault, "nn_network_save");
    FILE *stream = create(name, size, path);
    ad_status status = stream ? write_to(stream, net, values, state, path, fault) : trouble(fault, "make a file beside", path);
    if (stream && fclose(stream) != 0 && status == AD_OK)
        status = trouble(fault, "write", path);
    if (status == AD_OK && rename(name, path) != 0)
        status = trouble(fault, "replace", path);
    if (stream && status != AD_OK)
        unlink(name);
    nn_drop(&net->allocator, name, size, 1);
    return status;
}

ad_status nn_network_save(const nn_network *net, const char *path, nn_fault *fault)
{
    if (fault)
        *fault = (nn_fault){.status = AD_OK};
    if (!net || !path)
        return nn_tell(fault, AD_ERROR_ARGUMENT, "nn_network_save: no %s", net ? "path" : "network");
    return nn_file_write(net, net->value, NULL, path, fault);
}
