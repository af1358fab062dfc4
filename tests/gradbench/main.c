/* main.c -- Chainrule as a tool of GradBench.
 *
 *   gradbench                          answers the protocol's messages, one JSON object a line, on standard input and output
 *   gradbench EVAL input.json FUNCTION prints the output as JSON, then a line for each timing
 *
 * One thread, unless AD_THREADS says how many.
 */
#include "run.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *failure(const char *format, const char *name)
{
    return json_pack("{s:b, s:o}", "success", 0, "error", json_sprintf(format, name));
}

static const char *text(const json_t *message, const char *name)
{
    const char *value = json_string_value(json_object_get(message, name));
    return value ? value : "";
}

static json_t *evaluate(const json_t *message)
{
    const gb_module *m = gb_module_named(text(message, "module"));
    const gb_function *f = m ? gb_function_named(m, text(message, "function")) : NULL;
    json_t *input = json_object_get(message, "input");
    if (!m)
        return failure("unknown module \"%s\"", text(message, "module"));
    if (!f)
        return failure("unknown function \"%s\"", text(message, "function"));
    return input ? gb_run(f, input) : failure("the message has no \"%s\"", "input");
}

/* The answer to a message, without its id. */
static json_t *answer(const json_t *message)
{
    const char *kind = text(message, "kind");
    if (!strcmp(kind, "start"))
        return json_pack("{s:s}", "tool", "chainrule");
    if (!strcmp(kind, "define"))
        return gb_module_named(text(message, "module")) ? json_pack("{s:b}", "success", 1)
                                                        : failure("unknown module \"%s\"", text(message, "module"));
    if (!strcmp(kind, "evaluate"))
        return evaluate(message);
    if (!strcmp(kind, "analysis"))
        return json_object();
    return failure("unknown kind of message \"%s\"", kind);
}

static int print(const json_t *value)
{
    return value && !json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII) && putchar('\n') != EOF &&
           !fflush(stdout);
}

static int respond(const char *line, size_t length)
{
    json_error_t error;
    json_t *message = json_loadb(line, length, JSON_ALLOW_NUL, &error);
    json_t *a = !message ? failure("the message is no JSON: %s", error.text) : answer(message), *id = json_object_get(message, "id");
    if (a && id)
        json_object_set(a, "id", id);
    int done = print(a);
    json_decref(a);
    json_decref(message);
    return done;
}

static int serve(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int sound = 1;
    while (sound && (length = getline(&line, &room, stdin)) > 0)
        if (strspn(line, " \t\r\n") < (size_t)length)
            sound = respond(line, (size_t)length);
    free(line);
    return sound ? 0 : 1;
}

static int run_once(const char *eval, const char *file, const char *function)
{
    json_error_t error;
    const gb_module *m = gb_module_named(eval);
    const gb_function *f = m ? gb_function_named(m, function) : NULL;
    json_t *input = f ? json_load_file(file, JSON_DECODE_ANY, &error) : NULL, *a = input ? gb_run(f, input) : NULL, *timing;
    size_t i;
    int sound = 0;
    if (!f)
        fprintf(stderr, "gradbench: unknown %s \"%s\"\n", m ? "function" : "eval", m ? function : eval);
    else if (!input)
        fprintf(stderr, "gradbench: %s:%d: %s\n", file, error.line, error.text);
    else if (!a || json_is_false(json_object_get(a, "success")))
        fprintf(stderr, "gradbench: %s\n", a ? text(a, "error") : "no memory");
    else {
        sound = print(json_object_get(a, "output"));
        json_array_foreach(json_object_get(a, "timings"), i, timing)
            sound = sound && print(timing);
    }
    json_decref(a);
    json_decref(input);
    return sound ? 0 : 1;
}

int main(int argc, char **argv)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 1 << 20);    /* what is large and gone is given back at once */
#endif
    if (!getenv("AD_THREADS"))
        ad_threads(1);
    if (argc == 1)
        return serve();
    if (argc == 4)
        return run_once(argv[1], argv[2], argv[3]);
    fprintf(stderr, "usage: %s [EVAL input.json FUNCTION]\n", argv[0]);
    return 2;
}
