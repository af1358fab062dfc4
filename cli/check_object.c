/* check_object.c -- chainrule check --object: a hand-written gradient in a shared object, at the points of a table. */
#include "check.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef double value_function(size_t n, const double *x);
typedef void   gradient_function(size_t n, const double *x, double *gradient);

typedef struct object {
    void              *handle;
    value_function    *value;
    gradient_function *gradient;
    cli_input          in;                 /* a model to check against, or none */
    ad_function       *function;
    ad_table          *points;             /* NULL: the model's point */
    size_t             n, rows;
    const char       **names;              /* [n] */
    const double     **columns;            /* [n] arrays [rows] */
    double            *x, *lower, *upper;  /* [n] */
} object;

/* ---- What is checked --------------------------------------------------------------------------------------------------------- */

/* dlsym returns a pointer to data: POSIX wants it taken like this. */
static int find(const object *o, const char *name, void *function, size_t size)
{
    void *symbol = dlsym(o->handle, name);
    memcpy(function, &symbol, size);
    return symbol != NULL;
}

static int open_object(object *o, const cli_options *options)
{
    const char *file = cli_value(options, "--object"), *gradient = cli_value(options, "--gradient"), *value = cli_value(options, "--value");
    char *path = NULL;
    if (asprintf(&path, "%s%s", strchr(file, '/') ? "" : "./", file) < 0) {
        cli_message("no memory");
        return CLI_USAGE;
    }
    o->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    free(path);
    if (!o->handle) {
        cli_message("--object: %s", dlerror());
        return CLI_USAGE;
    }
    if (!find(o, gradient ? gradient : "gradient", &o->gradient, sizeof o->gradient)) {
        cli_message("%s has no function '%s': name it with --gradient", file, gradient ? gradient : "gradient");
        return CLI_USAGE;
    }
    if (!options->n_arguments && !find(o, value ? value : "value", &o->value, sizeof o->value)) {
        cli_message("%s has no function '%s': name it with --value, or give a model to check against", file, value ? value : "value");
        return CLI_USAGE;
    }
    return CLI_RIGHT;
}

static int open_model(object *o, const cli_options *options)
{
    ad_problem problem;
    int status = cli_input_read(&o->in, options);
    if (status == CLI_RIGHT)
        status = cli_needs_columns(&o->in);
    if (status == CLI_RIGHT && !(o->function = ad_model_function(o->in.model, 0, NULL, &problem))) {
        cli_problem(&problem, o->in.file);
        status = CLI_USAGE;
    }
    return status;
}

static int take_points(object *o)
{
    o->names   = calloc(o->n + 1, sizeof *o->names);
    o->columns = calloc(o->n + 1, sizeof *o->columns);
    o->x       = calloc(o->n + 1, sizeof *o->x);
    o->lower   = calloc(o->n + 1, sizeof *o->lower);
    o->upper   = calloc(o->n + 1, sizeof *o->upper);
    if (o->names && o->columns && o->x && o->lower && o->upper)
        return CLI_RIGHT;
    cli_message("no memory");
    return CLI_USAGE;
}

/* The points of --at, by the header's names, which with a model are its params'. */
static int read_points(object *o, const char *file)
{
    o->points = !strcmp(file, "-") ? ad_table_read_stream(stdin, (ad_table_options){.called = "<stdin>"}) : ad_table_read(file, (ad_table_options){0});
    if (ad_table_error(o->points) != AD_OK) {
        cli_message("%s", ad_table_error_message(o->points));
        return CLI_DATA;
    }
    o->n = o->function ? ad_function_params(o->function) : ad_table_columns(o->points);
    int status = take_points(o);
    for (size_t i = 0; i < o->n && status == CLI_RIGHT; i++)
        o->names[i] = o->function ? ad_function_param_name(o->function, i) : ad_table_name(o->points, i);
    if (status == CLI_RIGHT && ad_table_select(o->points, o->n, o->names, o->columns) != AD_OK) {
        cli_message("%s", ad_table_error_message(o->points));
        status = CLI_DATA;
    }
    o->rows = ad_table_rows(o->points);
    if (status == CLI_RIGHT && !o->rows) {
        cli_message("%s: a header and no point", file);
        status = CLI_DATA;
    }
    return status;
}

/* The model's point and its bounds. */
static int take_model_point(object *o)
{
    int status = CLI_RIGHT;
    if (!o->points) {
        o->n = ad_function_params(o->function);
        o->rows = 1;
        status = take_points(o);
    }
    for (size_t i = 0; i < o->n && status == CLI_RIGHT; i++) {
        const ad_symbol *p = ad_model_symbol(o->in.model, ad_model_param(o->in.model, i));
        o->names[i] = p->name;
        o->x[i] = p->value;
        o->lower[i] = p->low;
        o->upper[i] = p->high;
    }
    return status;
}

static int read_all(object *o, const cli_options *options)
{
    const char *at = cli_value(options, "--at");
    int status = open_object(o, options);
    if (status == CLI_RIGHT && options->n_arguments)
        status = open_model(o, options);
    if (status == CLI_RIGHT && !at && !o->function) {
        cli_message("--object needs points: --at FILE.csv, whose header names the components, or a model");
        status = CLI_USAGE;
    }
    if (status == CLI_RIGHT && at)
        status = read_points(o, at);
    if (status == CLI_RIGHT && o->function)
        status = take_model_point(o);
    return status;
}

/* ---- Printing ------------------------------------------------------------------------------------------------------------------ */

static json_t *json_entry(const ad_check_entry *e)
{
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(e->name));
    json_object_set_new(o, "verdict", json_string(ad_verdict_name(e->verdict)));
    json_object_set_new(o, "yours", cli_json_number(e->yours));
    json_object_set_new(o, "exact", cli_json_number(e->exact));
    json_object_set_new(o, "error", cli_json_number(e->error));
    json_object_set_new(o, "ulps", cli_json_number(e->ulps));
    json_object_set_new(o, "digits", cli_json_number(e->digits));
    json_object_set_new(o, "random_point", json_integer((json_int_t)e->point));
    json_object_set_new(o, "cause", cli_json_cause(e->cause));
    json_object_set_new(o, "causes", cli_json_causes(e->n_causes, e->causes));
    json_object_set_new(o, "detail", *e->detail ? json_string(e->detail) : json_null());
    return o;
}

static json_t *json_check(const object *o, const ad_check *c)
{
    json_t *check = json_object(), *point = json_object(), *entries = json_array();
    for (size_t i = 0; i < o->n; i++)
        json_object_set_new(point, o->names[i], cli_json_number(c->x[i]));
    for (size_t i = 0; i < c->n; i++)
        json_array_append_new(entries, json_entry(&c->entries[i]));
    json_object_set_new(check, "point", point);
    json_object_set_new(check, "verdict", json_string(ad_verdict_name(c->verdict)));
    json_object_set_new(check, "entries", entries);
    return check;
}

/* ---- Checking ------------------------------------------------------------------------------------------------------------------- */

static ad_check *check_point(const object *o, size_t row, uint64_t seed)
{
    for (size_t i = 0; i < o->n && o->points; i++)
        o->x[i] = o->columns[i][row];
    return ad_check_gradient(o->n, o->x, (ad_check_options){.gradient = o->gradient, .value = o->value, .function = o->function,
                             .columns = o->in.columns, .rows = o->in.rows, .names = o->names, .seed = seed,
                             .lower = o->function ? o->lower : NULL, .upper = o->function ? o->upper : NULL});
}

static int check_all(const object *o, const cli_options *options)
{
    size_t right = 0, wrong = 0, cannot_tell = 0;
    uint64_t seed;
    int json = cli_has(options, "--json"), status = CLI_RIGHT;
    if (!cli_seed(options, &seed))
        return CLI_USAGE;
    json_t *checks = json ? json_array() : NULL;
    for (size_t row = 0; row < o->rows && status == CLI_RIGHT; row++) {
        ad_check *c = check_point(o, row, seed);
        if (!c || c->status != AD_OK) {
            cli_message("%s", c ? c->message : "no memory");
            status = CLI_USAGE;
        } else if (json)
            json_array_append_new(checks, json_check(o, c));
        else {
            if (o->rows > 1)
                printf("%spoint %zu: ", row ? "\n" : "", row + 1);
            ad_check_print(c, stdout);
        }
        right += status == CLI_RIGHT ? c->right : 0;
        wrong += status == CLI_RIGHT ? c->wrong : 0;
        cannot_tell += status == CLI_RIGHT ? c->cannot_tell : 0;
        ad_check_free(c);
    }
    if (json && status == CLI_RIGHT) {
        json_t *all = json_object();
        json_object_set(all, "checks", checks);
        json_object_set_new(all, "right", json_integer((json_int_t)right));
        json_object_set_new(all, "wrong", json_integer((json_int_t)wrong));
        json_object_set_new(all, "cannot_tell", json_integer((json_int_t)cannot_tell));
        status = cli_json_print(all) ? CLI_RIGHT : CLI_USAGE;
    }
    json_decref(checks);
    return status == CLI_RIGHT ? cli_status_of(wrong, cannot_tell) : status;
}

int cli_check_object(const cli_options *options)
{
    object o = {0};
    int status = read_all(&o, options);
    if (status == CLI_RIGHT)
        status = check_all(&o, options);
    free(o.names);
    free(o.columns);
    free(o.x);
    free(o.lower);
    free(o.upper);
    ad_table_free(o.points);
    ad_function_free(o.function);
    cli_input_free(&o.in);
    if (o.handle)
        dlclose(o.handle);
    return status;
}
