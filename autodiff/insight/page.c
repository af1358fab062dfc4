/* page.c -- the three ways to write an explanation. */
#include "page.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

/* ---- Text that LaTeX must not read as its own --------------------------------------------------------------------------- */

/* Characters that LaTeX, or Markdown, would not read as themselves. */
static const struct { char c; const char *latex, *markdown; } special[] = {
    {'\\', "\\textbackslash{}", "\\\\"}, {'^', "\\textasciicircum{}", NULL}, {'~', "\\textasciitilde{}", "\\~"}, {'_', "\\_", "\\_"},
    {'#', "\\#", NULL}, {'$', "\\$", "\\$"}, {'%', "\\%", NULL}, {'&', "\\&", "\\&"}, {'{', "\\{", NULL}, {'}', "\\}", NULL},
    {'<', "$<$", "\\<"}, {'>', "$>$", NULL}, {'|', "$|$", "\\|"}, {'*', NULL, "\\*"}, {'`', NULL, "\\`"}, {'[', NULL, "\\["},
};

/* Within a word Markdown takes _ for itself. */
static int is_inside(const char *text, const char *at)
{
    return *at == '_' && at > text && isalnum((unsigned char)at[-1]) && isalnum((unsigned char)at[1]);
}

static void put_text(ad_page *p, const char *text)
{
    for (const char *at = text; *at; at++) {
        const char *instead = NULL;
        for (size_t i = 0; i < sizeof special / sizeof *special; i++)
            if (special[i].c == *at && p->format != AD_FORMAT_TEXT)
                instead = p->format == AD_FORMAT_LATEX ? special[i].latex : special[i].markdown;
        if (p->format == AD_FORMAT_LATEX && !strncmp(at, "->", 2)) {
            instead = "$\\to$";
            at++;
        }
        if (instead && !(p->format == AD_FORMAT_MARKDOWN && is_inside(text, at)))
            fputs(instead, p->out);
        else
            fputc(*at, p->out);
    }
}

/* ---- Parts of a page ------------------------------------------------------------------------------------------------------ */

void ad_page_begin(ad_page *p, const char *title)
{
    if (p->format == AD_FORMAT_LATEX)
        fputs("\\documentclass[fleqn]{article}\n\\usepackage[utf8]{inputenc}\n\\usepackage[margin=2cm]{geometry}\n"
              "\\usepackage{amsmath}\n\\allowdisplaybreaks\n\\sloppy\n\\begin{document}\n\\section*{", p->out);
    else if (p->format == AD_FORMAT_MARKDOWN)
        fputs("# ", p->out);
    put_text(p, title);
    fputs(p->format == AD_FORMAT_LATEX ? "}\n" : "\n", p->out);
}

void ad_page_heading(ad_page *p, const char *text)
{
    if (p->format == AD_FORMAT_JSON)
        return;
    fputs(p->format == AD_FORMAT_LATEX ? "\n\\subsection*{" : p->format == AD_FORMAT_MARKDOWN ? "\n## " : "\n", p->out);
    put_text(p, text);
    fputs(p->format == AD_FORMAT_LATEX ? "}\n" : "\n", p->out);
}

/* Breaks lines of plain text at this width. */
enum { WIDTH = 100 };

void ad_page_say(ad_page *p, const char *format, ...)
{
    char text[2048], *word = text;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (p->format == AD_FORMAT_JSON) {
        ad_json_text(p->json, NULL, text);
        return;
    }
    fputs("\n", p->out);
    if (p->format != AD_FORMAT_TEXT) {
        put_text(p, text);
        fputs("\n", p->out);
        return;
    }
    for (size_t column = 0; *word;) {
        size_t n = strcspn(word, " ");
        if (column && column + n > WIDTH) {
            fputs("\n", p->out);
            column = 0;
        }
        fprintf(p->out, "%s%.*s", column ? " " : "", (int)n, word);
        column += n + 1;
        word += n + strspn(word + n, " ");
    }
    fputs("\n", p->out);
}

static void plain_equation(ad_page *p, const ad_equation *e)
{
    char number[24] = "";
    if (e->number)
        snprintf(number, sizeof number, "%zu", e->number);
    int indent = p->format == AD_FORMAT_MARKDOWN ? 4 : 0, width = e->below ? 1 : (int)strlen(e->left);
    fprintf(p->out, "\n%*s%4s  %s", indent, "", number, e->left);
    for (int i = 0; i < e->lines; i++) {
        if (i || e->below)
            fprintf(p->out, "\n%*s", indent + 6 + width, "");
        fprintf(p->out, e->goes_on[i] ? "   %c %s" : " %c %s", e->goes_on[i] ? e->goes_on[i] : '=', e->right[i]);
        if (*e->note[i] && 10 + strlen(e->left) + strlen(e->right[i]) + strlen(e->note[i]) > WIDTH)
            fprintf(p->out, "\n%*s", indent + 6 + width, "");
        if (*e->note[i])
            fprintf(p->out, "    (%s)", e->note[i]);
    }
    fputs("\n", p->out);
}

static void latex_equation(ad_page *p, const ad_equation *e)
{
    fputs("\\begin{align*}\n", p->out);
    if (e->number)
        fprintf(p->out, "\\text{%zu.}\\quad ", e->number);
    fprintf(p->out, "%s%s", e->below ? "& " : "", e->left);
    for (int i = 0; i < e->lines; i++) {
        fprintf(p->out, "%s %s%c %s", i || e->below ? " \\\\\n" : "", e->below ? "& \\quad " : e->goes_on[i] ? "&\\quad " : "&",
                e->goes_on[i] ? e->goes_on[i] : '=', e->right[i]);
        if (*e->note[i]) {
            fprintf(p->out, " \\\\\n%s \\qquad\\text{\\small(", e->below ? "&" : "&\\quad");
            put_text(p, e->note[i]);
            fputs(")}", p->out);
        }
    }
    fputs("\n\\end{align*}\n", p->out);
}

void ad_page_equation(ad_page *p, const ad_equation *e)
{
    if (p->format == AD_FORMAT_LATEX)
        latex_equation(p, e);
    else
        plain_equation(p, e);
}

void ad_page_row(ad_page *p, int columns, const int *widths, const char *const *cells, int head)
{
    static const char *const between[] = {"  ", " | ", " & "}, *const end[] = {"\n", " |\n", " \\\\\n"};
    if (p->format == AD_FORMAT_JSON) {
        ad_json_open(p->json, NULL, '[');
        for (int k = 0; k < columns; k++)
            ad_json_text(p->json, NULL, cells[k]);
        ad_json_close(p->json, ']');
        return;
    }
    if (head) {
        fputs(p->format == AD_FORMAT_LATEX ? "\\[\\begin{array}{" : "\n", p->out);
        for (int k = 0; p->format == AD_FORMAT_LATEX && k < columns; k++)
            fputs("l", p->out);
        fputs(p->format == AD_FORMAT_LATEX ? "}\n" : "", p->out);
    }
    fputs(p->format == AD_FORMAT_MARKDOWN ? "| " : p->format == AD_FORMAT_TEXT ? "      " : "", p->out);
    for (int k = 0; k < columns; k++) {
        fputs(k ? between[p->format] : "", p->out);
        fputs(p->format == AD_FORMAT_LATEX ? "\\text{" : "", p->out);
        if (p->format == AD_FORMAT_TEXT && k < columns - 1)
            fprintf(p->out, "%-*s", widths[k], cells[k]);
        else
            put_text(p, cells[k]);
        fputs(p->format == AD_FORMAT_LATEX ? "}" : "", p->out);
    }
    fputs(end[p->format], p->out);
    for (int k = 0; head && p->format == AD_FORMAT_MARKDOWN && k < columns; k++)
        fputs(k == columns - 1 ? "|---|\n" : "|---", p->out);
}

void ad_page_end_table(ad_page *p) { fputs(p->format == AD_FORMAT_LATEX ? "\\end{array}\\]\n" : "", p->out); }
void ad_page_end(ad_page *p) { fputs(p->format == AD_FORMAT_LATEX ? "\\end{document}\n" : "", p->out); }

/* ---- Writing what is in them ---------------------------------------------------------------------------------------------- */

/* Plain formulas keep to a line; those of LaTeX may be as long in characters as is needed to show as much, and programs have
 * no lines. */
static size_t room(const ad_page *p) { return p->format == AD_FORMAT_LATEX || p->format == AD_FORMAT_JSON ? AD_LINE : AD_TEXT_SIZE; }

void ad_page_formula(const ad_page *p, ad_var v, char *text) { ad_write_formula(v, 0, p->names, text, room(p)); }
void ad_page_names(const ad_page *p, ad_var v, char *text) { ad_write_formula(v, 1, p->names, text, room(p)); }
void ad_page_numbers(const ad_page *p, ad_var v, int named, char *text) { ad_write_formula(v, named, p->numbers, text, room(p)); }
void ad_page_name(const ad_page *p, const char *name, char *text) { ad_write_name(name, p->names, text, room(p)); }
void ad_page_number(const ad_page *p, double number, char *text) { ad_write_number(number, p->numbers, text, room(p)); }
