/* table.c -- tables read from text: what is read, what is refused and in which words, and that memory may fail anywhere. */
#include "unit.h"
#include "../functions/failing.h"

#include <locale.h>

static ad_table *read_with(const char *text, ad_table_options o)
{
    return ad_table_read_text(text, strlen(text), o);
}

static void expect_number(const char *text, double got, double wanted)
{
    cr_assert(memcmp(&got, &wanted, sizeof got) == 0 || (isnan(got) && isnan(wanted)), "%s: %.17g is not %.17g", text, got, wanted);
}

/* ---- What is read -------------------------------------------------------------------------------------------------------- */

/* Each is the table  x y / 1 2 / 3 4.5  in another dress; the last row stands on `line`. */
static const struct { const char *what, *text; size_t line; char separator; } dresses[] = {
    {"commas",                    "x,y\n1,2\n3,4.5\n", 3, 0},
    {"no last line end",          "x,y\n1,2\n3,4.5", 3, 0},
    {"CRLF",                      "x,y\r\n1,2\r\n3,4.5\r\n", 3, 0},
    {"CR",                        "x,y\r1,2\r3,4.5\r", 3, 0},
    {"byte order mark",           "\xef\xbb\xbfx,y\n1,2\n3,4.5\n", 3, 0},
    {"blank lines",               "\n\nx,y\n\n1,2\n   \n3,4.5\n\n", 7, 0},
    {"comments",                  "# about, \"this\nx,y\n# and, this\n1,2\n3,4.5\n", 5, 0},
    {"tabs",                      "x\ty\n1\t2\n3\t4.5\n", 3, 0},
    {"semicolons",                "x;y\n1;2\n3;4.5\n", 3, 0},
    {"bars",                      "x|y\n1|2\n3|4.5\n", 3, 0},
    {"blanks",                    "  x   y\n  1   2\n 3 4.5  \n", 3, 0},
    {"tabs as blanks",            "x\ty\n1\t\t2\n3\t  4.5\n", 3, 0},
    {"comment behind",            "x y # names\n1 2 # one\n3 4.5 #\n", 3, 0},
    {"commented header",          "# of numbers\n# x y\n1 2\n3 4.5\n", 4, 0},
    {"commented header, commas",  "# x, y\n1,2\n3,4.5\n", 3, 0},
    {"quotes",                    "\"x\",\"y\"\n\"1\",2\n3,\"4.5\"\n", 3, 0},
    {"blanks around commas",      " x , y\n 1 , 2\n3 ,\t\"4.5\" \n", 3, 0},
    {"given separator",           "x;y\n1;2\n3;4.5\n", 3, ';'},
    {"given blanks",              "x y\n1 2\n3 4.5\n", 3, ' '},
    {"forms of numbers",          "x,y\n+1.0,2e0\n.3E1,0x1.2p2\n", 3, 0},
    {"many digits",               "x,y\n1.00000000000000000000000000000000,20000000000000000000000e-22\n3,4.5\n", 3, 0},
};

Test(table, the_same_numbers_in_every_dress)
{
    for (size_t k = 0; k < sizeof dresses / sizeof *dresses; k++) {
        ad_table *t = read_with(dresses[k].text, (ad_table_options){.separator = dresses[k].separator});
        const double *columns[2];
        cr_assert_eq(ad_table_error(t), AD_OK, "%s: %s", dresses[k].what, ad_table_error_message(t));
        cr_assert(ad_table_rows(t) == 2 && ad_table_columns(t) == 2, "%s: %zu rows", dresses[k].what, ad_table_rows(t));
        cr_assert_eq(ad_table_select(t, 2, (const char *const[]){"y", "x"}, columns), AD_OK, "%s", ad_table_error_message(t));
        const double wanted[] = {1, 3, 2, 4.5};
        for (size_t r = 0; r < 2; r++) {
            expect_number(dresses[k].what, columns[1][r], wanted[r]);
            expect_number(dresses[k].what, columns[0][r], wanted[2 + r]);
        }
        cr_assert_eq(ad_table_line(t, 1), dresses[k].line, "%s: line %zu", dresses[k].what, ad_table_line(t, 1));
        ad_table_free(t);
    }
}

Test(table, quoted_fields_keep_separators_quotes_and_line_ends)
{
    ad_table *t = read_with("\"a, \"\"b\"\"\",\"c\nd\",note\n1,2,\"one,\n\ntwo\"\n3,4,5\" pipe\n", (ad_table_options){0});
    cr_assert_eq(ad_table_error(t), AD_OK, "%s", ad_table_error_message(t));
    cr_assert_str_eq(ad_table_name(t, 0), "a, \"b\"");
    cr_assert_str_eq(ad_table_name(t, 1), "c\nd");
    cr_assert_eq(ad_table_rows(t), 2);
    cr_assert(ad_table_line(t, 0) == 3 && ad_table_line(t, 1) == 6);
    expect_number("c", ad_table_column(t, "c\nd")[1], 4);
    cr_assert_null(ad_table_column(t, "note"));
    cr_assert_str_eq(ad_table_error_message(t), "the data, line 3: column 'note' holds 'one,  two', which is not a number; write a "
                                                "number, or leave it empty where there is none");
    ad_table_free(t);
}

Test(table, infinities_and_given_names)
{
    ad_table *t = read_with("1,inf\n-Infinity,nan\n", (ad_table_options){.names = (const char *const[]){"a", "b"}, .n_names = 2,
                                                                       .missing = AD_MISSING_KEEP});
    const double *columns[2];
    cr_assert_eq(ad_table_select(t, 2, (const char *const[]){"a", "b"}, columns), AD_OK, "%s", ad_table_error_message(t));
    expect_number("a", columns[0][1], -INFINITY);
    expect_number("b", columns[1][0], INFINITY);
    expect_number("b", columns[1][1], NAN);
    cr_assert(ad_table_find(t, "c") == SIZE_MAX && ad_table_find(t, "b") == 1);
    ad_table_free(t);
}

Test(table, given_names_stand_in_place_of_a_header)
{
    ad_table_options two = {.names = (const char *const[]){"a", "b"}, .n_names = 2};
    ad_table *t = read_with("dose (mg),y-value\n1,2\n3,4\n", two);
    cr_assert_eq(ad_table_rows(t), 2, "%s", ad_table_error_message(t));
    expect_number("b", ad_table_column(t, "b")[1], 4);
    ad_table_free(t);
    t = read_with("x,y,z\n1,2,3\n", two);
    cr_assert_str_eq(ad_table_error_message(t), "the data, line 1: 3 fields, but there are 2 names that were given; quote a field that "
                                                "holds a separator, and leave a missing value empty");
    ad_table_free(t);
}

Test(table, numbers_do_not_know_the_locale)
{
    if (!setlocale(LC_ALL, "de_DE.UTF-8"))
        setlocale(LC_ALL, "");
    ad_table *t = read_with("x\n1.5\n1.2345678901234567890123\n", (ad_table_options){0});
    cr_assert_eq(ad_table_rows(t), 2, "%s", ad_table_error_message(t));
    expect_number("x", ad_table_column(t, "x")[0], 1.5);
    expect_number("x", ad_table_column(t, "x")[1], 1.2345678901234567890123);
    ad_table_free(t);
}

/* ---- Missing values ------------------------------------------------------------------------------------------------------ */

static const char holes[] = "x,y,note\n1,10,a\n,20,b\n3,NA,c\n4,40,\n\n5,nan,d\n6,60,e\n";

Test(table, rows_without_a_chosen_value_are_dropped)
{
    const double *columns[2], xs[] = {1, 4, 6};
    const size_t lines[] = {2, 5, 8};
    ad_table *t = read_with(holes, (ad_table_options){.missing = AD_MISSING_DROP});
    cr_assert_eq(ad_table_select(t, 1, (const char *const[]){"x"}, columns), AD_OK);
    cr_assert(ad_table_rows(t) == 5 && ad_table_dropped(t) == 1 && ad_table_dropped_line(t) == 3);
    cr_assert_eq(ad_table_select(t, 2, (const char *const[]){"x", "y"}, columns), AD_OK);
    cr_assert(ad_table_rows(t) == 3 && ad_table_dropped(t) == 3 && ad_table_dropped_line(t) == 3);
    for (size_t r = 0; r < 3; r++) {
        expect_number("x", columns[0][r], xs[r]);
        expect_number("y", columns[1][r], 10 * xs[r]);
        cr_assert_eq(ad_table_line(t, r), lines[r]);
    }
    ad_table_free(t);
}

Test(table, missing_values_may_be_kept_or_spelled_otherwise)
{
    const double *column;
    ad_table *t = read_with(holes, (ad_table_options){.missing = AD_MISSING_KEEP});
    cr_assert_eq(ad_table_select(t, 1, (const char *const[]){"y"}, &column), AD_OK);
    expect_number("y", column[2], NAN);
    ad_table_free(t);
    t = read_with("x\n1\n-999\n2\nabsent\nNaN\n", (ad_table_options){.missing = AD_MISSING_DROP, .n_missing_words = 2,
                                                           .missing_words = (const char *const[]){"-999", "Absent"}});
    cr_assert_eq(ad_table_select(t, 1, (const char *const[]){"x"}, &column), AD_OK, "%s", ad_table_error_message(t));
    cr_assert(ad_table_rows(t) == 3 && column[1] == 2 && isnan(column[2]));
    ad_table_free(t);
}

/* ---- What is refused ----------------------------------------------------------------------------------------------------- */

static const struct { const char *text; size_t size; const char *message; ad_status status; } malformed[] = {
#define TEXT(t) t, sizeof t - 1
    {TEXT(""), "the data, line 1: there is no header; begin with a line that names the columns", AD_ERROR_DATA},
    {TEXT("\n# only this\n"), "the data, line 3: there is no header; begin with a line that names the columns", AD_ERROR_DATA},
    {TEXT("1,2\n3,4\n"), "the data, line 1: numbers where the columns' names should be; begin with a line that names the columns, "
     "or give names", AD_ERROR_DATA},
    {TEXT("x,y\n1,2\n3\n"), "the data, line 3: 1 field, but there are 2 names of the header; quote a field that holds a separator, "
     "and leave a missing value empty", AD_ERROR_DATA},
    {TEXT("x,y\n1,2,3\n"), "the data, line 2: 3 fields, but there are 2 names of the header; quote a field that holds a separator, "
     "and leave a missing value empty", AD_ERROR_DATA},
    {TEXT("x y\n1 2\n\n3\n"), "the data, line 4: 1 field, but there are 2 names of the header; separate fields by white space alone, "
     "and write NA for a missing value", AD_ERROR_DATA},
    {TEXT("x,y\n1,2\n3,\"4\n5,6\n"), "the data, line 3: a quote that opens here is never closed; close it, or remove it", AD_ERROR_DATA},
    {TEXT("x,y\n1,\"2\"3\n"), "the data, line 2: text follows a closing quote; double the quotes within a field (\"\")", AD_ERROR_DATA},
    {TEXT("x,y\n1,2\n3,4\0\n"), "the data, line 3: a byte 0, so this is no text; save the table as CSV", AD_ERROR_DATA},
    {TEXT("\xff\xfex\0,\0y\0"), "the data, line 1: this is UTF-16; save it as UTF-8", AD_ERROR_DATA},
    {TEXT("\x1f\x8b\x08zzz"), "the data, line 1: this is compressed; decompress it first (gunzip -c)", AD_ERROR_DATA},
    {TEXT("x,y\n1,2\n3,four\n"), "the data, line 3: column 'y' holds 'four', which is not a number; write a number, or leave it empty "
     "where there is none", AD_ERROR_DATA},
    {TEXT("x,y\n1,2\n3,\"1,234.5\"\n"), "the data, line 3: column 'y' holds '1,234.5', which is not a number; write a decimal point "
     "and no separators of thousands", AD_ERROR_DATA},
    {TEXT("x;y\n1;2,5\n"), "the data, line 2: column 'y' holds '2,5', which is not a number; write a decimal point and no separators "
     "of thousands", AD_ERROR_DATA},
    {TEXT("x,y\n1,2\n3,1e\n"), "the data, line 3: column 'y' holds '1e', which is not a number; write a number, or leave it empty "
     "where there is none", AD_ERROR_DATA},
    {TEXT("x,y\n1,5 km\n"), "the data, line 2: column 'y' holds '5 km', which is not a number; write a number, or leave it empty "
     "where there is none", AD_ERROR_DATA},
    {TEXT("x,y\n1,\n"), "the data, line 2: column 'y' has no value there; fill it in, or ask to drop such rows", AD_ERROR_DATA},
    {TEXT("x,y\n1,NA\n2,3\n,na\n"), "the data, line 2: column 'y' has no value there, nor in 1 more row; fill it in, or ask to drop "
     "such rows", AD_ERROR_DATA},
    {TEXT("x,Y\n1,2\n"), "the data: has no column 'y'; did you mean 'Y'?", AD_ERROR_DATA},
    {TEXT("x,time\n1,2\n"), "the data: has no column 'y'; there are 'x', 'time'", AD_ERROR_DATA},
    {TEXT("x,y,y\n1,2,3\n"), "the data: columns 2 and 3 are both named 'y'; rename one", AD_ERROR_DATA},
#undef TEXT
};

Test(table, malformed_data_get_one_message)
{
    for (size_t k = 0; k < sizeof malformed / sizeof *malformed; k++) {
        const double *columns[2];
        ad_table *t = ad_table_read_text(malformed[k].text, malformed[k].size, (ad_table_options){0});
        ad_table_select(t, 2, (const char *const[]){"x", "y"}, columns);
        cr_assert_str_eq(ad_table_error_message(t), malformed[k].message, "%zu: \"%s\"\nwanted \"%s\"", k, ad_table_error_message(t),
                         malformed[k].message);
        cr_assert_eq(ad_table_error(t), malformed[k].status);
        cr_assert(ad_table_rows(t) == 0 && ad_table_column(t, "x") == NULL && ad_table_line(t, 0) == 0);
        ad_table_free(t);
    }
}

Test(table, files_that_cannot_be_read)
{
    ad_table *t = ad_table_read("/nowhere/at/all.csv", (ad_table_options){0});
    cr_assert_eq(ad_table_error(t), AD_ERROR_IO);
    cr_assert_str_eq(ad_table_error_message(t), "/nowhere/at/all.csv: cannot be opened: No such file or directory");
    ad_table_free(t);
    t = ad_table_read("/", (ad_table_options){.called = "the root"});
    cr_assert_eq(ad_table_error(t), AD_ERROR_IO);
    cr_assert_str_eq(ad_table_error_message(t), "the root: cannot be read: Is a directory");
    ad_table_free(t);
    t = ad_table_read(NULL, (ad_table_options){0});
    cr_assert_eq(ad_table_error(t), AD_ERROR_IO);
    ad_table_free(t);
    t = read_with("x,y\n1,2\n", (ad_table_options){.separator = 'e'});
    cr_assert_eq(ad_table_error(t), AD_ERROR_ARGUMENT);
    ad_table_free(t);
    ad_table_free(NULL);
    cr_assert(ad_table_error(NULL) == AD_ERROR_NO_MEMORY && ad_table_rows(NULL) == 0 && ad_table_name(NULL, 0) == NULL);
}

/* ---- Large, long, wide --------------------------------------------------------------------------------------------------- */

/* Rows that cross the ends of the buffer wherever they may, from a stream. */
Test(table, rows_of_any_length_from_a_stream)
{
    enum { ROWS = 3000 };
    FILE *stream = tmpfile();
    fprintf(stream, "x,note,y\n");
    for (int r = 0; r < ROWS; r++) {
        fprintf(stream, "%.17g,\"", sqrt(r));
        for (int k = 0; k < r * 37 % 400; k++)
            fputs(k % 50 == 7 ? "\n" : k % 31 == 5 ? "\"\"" : "z", stream);
        fprintf(stream, "\",%d\n", -r);
    }
    rewind(stream);
    ad_table *t = ad_table_read_stream(stream, (ad_table_options){0});
    const double *columns[2];
    cr_assert_eq(ad_table_select(t, 2, (const char *const[]){"x", "y"}, columns), AD_OK, "%s", ad_table_error_message(t));
    cr_assert_eq(ad_table_rows(t), ROWS);
    for (int r = 0; r < ROWS; r++)
        cr_assert(columns[0][r] == sqrt(r) && columns[1][r] == -r, "row %d", r);
    ad_table_free(t);
    fclose(stream);
}

Test(table, thousands_of_columns)
{
    enum { COLUMNS = 20000, SIZE = COLUMNS * 16 };
    char *text = malloc(SIZE), **names = malloc(COLUMNS * sizeof *names);
    const double **columns = malloc(COLUMNS * sizeof *columns);
    size_t n = 0;
    for (int i = 0; i < COLUMNS; i++)
        n += (size_t)snprintf(text + n, SIZE - n, "%sc%d", i ? "," : "", i);
    text[n++] = '\n';
    for (int i = 0; i < COLUMNS; i++)
        n += (size_t)snprintf(text + n, SIZE - n, "%s%d", i ? "," : "", i);
    ad_table *t = ad_table_read_text(text, n, (ad_table_options){0});
    for (int i = 0; i < COLUMNS; i++)
        names[i] = (char *)(uintptr_t)ad_table_name(t, (size_t)i);
    cr_assert_eq(ad_table_select(t, COLUMNS, (const char *const *)names, columns), AD_OK, "%s", ad_table_error_message(t));
    for (int i = 0; i < COLUMNS; i++)
        cr_assert_eq(columns[i][0], i);
    ad_table_free(t);
    free(text), free(names), free(columns);
}

/* ---- Memory -------------------------------------------------------------------------------------------------------------- */

static ad_status read_and_choose(failing *m)
{
    const double *columns[2];
    ad_table *t = read_with(holes, (ad_table_options){.missing = AD_MISSING_DROP, .allocator = failing_allocator(m)});
    ad_status status = ad_table_select(t, 2, (const char *const[]){"x", "y"}, columns);
    cr_assert(status != AD_OK || (ad_table_rows(t) == 3 && columns[1][2] == 60));
    ad_table_free(t);
    return status;
}

Test(table, every_allocation_may_fail)
{
    failing m = {0};
    cr_assert_eq(read_and_choose(&m), AD_OK);
    long calls = m.calls;
    cr_assert(calls > 8 && m.live == 0);
    for (int on = 0; on < 2; on++)
        for (long k = 1; k <= calls; k++) {
            m = (failing){.fail_at = k, .fail_on = on};
            ad_status status = read_and_choose(&m);
            cr_assert(status == AD_ERROR_NO_MEMORY || (status == AD_OK && !on), "call %ld: status %d", k, status);
            cr_assert(m.live == 0 && !m.wrong, "call %ld: %zu bytes left", k, m.live);
        }
}
