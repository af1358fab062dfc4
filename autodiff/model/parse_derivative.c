/* parse_derivative.c -- derivatives in formulas: what may follow their "/", and whether dA/dB is one or a quotient. */
#include "parser_inside.h"

int ad_parse_by(ad_parser *p, ad_token *by)
{
    ad_lexer *l = p->lexer;
    ad_token t = ad_lexer_next(l);
    char found[AD_QUOTED + 16];
    if (t.kind == AD_TOKEN_FAULT)
        return 0;
    int bare = t.kind == AD_TOKEN_PARTIAL || ad_token_is(l, &t, "d");
    if (!bare && t.kind == AD_TOKEN_NAME && l->text[t.at] == 'd') {
        *by = (ad_token){.kind = AD_TOKEN_NAME, .at = t.at + 1, .length = t.length - 1};
        return 1;
    }
    if (bare) {
        ad_token next = ad_lexer_next(l);
        if (next.kind == AD_TOKEN_NAME && t.kind == AD_TOKEN_PARTIAL) {
            *by = next;
            return 1;
        }
        if (next.kind == AD_TOKEN_OPEN) {
            *by = ad_lexer_next(l);
            if (by->kind == AD_TOKEN_FAULT)
                return 0;
            if (by->kind != AD_TOKEN_NAME) {
                ad_token_words(l, by, found, sizeof found);
                return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, by->at, by->length,
                                     "expected the name to differentiate by, found %s", found);
            }
            ad_token close = ad_lexer_next(l);
            if (close.kind == AD_TOKEN_CLOSE || close.kind == AD_TOKEN_FAULT)
                return close.kind == AD_TOKEN_CLOSE;
            return ad_parser_fault(p, close.at, close.length, "expected ')': a derivative is with respect to one name, d(E)/d(w)");
        }
        t = next.kind == AD_TOKEN_FAULT ? t : next;
    }
    ad_token_words(l, &t, found, sizeof found);
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, t.at, t.length,
                         "expected d(NAME), what to differentiate by, found %s; a derivative is written d(E)/d(w)", found);
}

int ad_parser_too_deep(ad_parser *p, const ad_token *t)
{
    return ad_problem_at(p->lexer->problem, AD_ERROR_LIMIT, p->lexer->text, p->lexer->size, t->at, t->length,
                         "more than %d derivatives inside one another", AD_ORDER);
}

int ad_parse_short(ad_parser *p, size_t at, const ad_token *name)
{
    ad_lexer *l = p->lexer;
    ad_token by, slash;
    if (p->order == AD_ORDER)
        return ad_parser_too_deep(p, name);
    if (!ad_emit_name(p, name))
        return 0;
    slash = ad_lexer_next(l);
    if (slash.kind == AD_TOKEN_FAULT)
        return 0;
    if (slash.op != AD_OP_div)
        return ad_parser_fault(p, slash.at, slash.length, "expected '/': a derivative is written d(E)/d(w)");
    return ad_parse_by(p, &by) && ad_emit_derivative(p, at, &by);
}

enum ad_reading ad_reading_of(ad_parser *p, const ad_token *first)
{
    ad_lexer ahead = *p->lexer;
    const char *text = ahead.text;
    ahead.problem = NULL;
    if (p->scope->kind == AD_SCOPE_OPEN || text[first->at] != 'd' || first->length < 2)
        return AD_READS_QUOTIENT;
    ad_token slash = ad_lexer_next(&ahead), second = ad_lexer_next(&ahead), inner = second;
    if (slash.op != AD_OP_div || second.kind != AD_TOKEN_NAME || text[second.at] != 'd')
        return AD_READS_QUOTIENT;
    int spelled = second.length == 1;              /* dA/d(B) */
    if (spelled && (ad_lexer_next(&ahead).kind != AD_TOKEN_OPEN || (inner = ad_lexer_next(&ahead)).kind != AD_TOKEN_NAME))
        return AD_READS_QUOTIENT;
    if (!spelled) {
        inner.at++;
        inner.length--;
    }
    ptrdiff_t whole = ad_scope_find(p->scope, text + first->at, first->length);
    ptrdiff_t A = ad_scope_find(p->scope, text + first->at + 1, first->length - 1);
    ptrdiff_t B = ad_scope_find(p->scope, text + inner.at, inner.length);
    ptrdiff_t dB = spelled ? AD_NAME_UNKNOWN : ad_scope_find(p->scope, text + second.at, second.length);
    if (whole == AD_NAME_NO_MEMORY || A == AD_NAME_NO_MEMORY || B == AD_NAME_NO_MEMORY || dB == AD_NAME_NO_MEMORY)
        return AD_READS_NO_MEMORY;
    if (spelled)
        return whole < 0 && A >= 0 ? AD_READS_SHORT_DERIVATIVE : AD_READS_QUOTIENT;
    if (whole >= 0 && dB >= 0)
        return A >= 0 && B >= 0 ? AD_READS_BOTH : AD_READS_QUOTIENT;
    if (whole >= 0 || dB >= 0)
        return A >= 0 && B >= 0 ? AD_READS_BOTH : AD_READS_QUOTIENT;
    return A >= 0 ? AD_READS_SHORT_DERIVATIVE : AD_READS_QUOTIENT;   /* with B unknown, that is what to say */
}

int ad_parser_ambiguous(ad_parser *p, const ad_token *first)
{
    ad_lexer *l = p->lexer;
    ad_lexer_next(l);
    ad_token second = ad_lexer_next(l);
    const char *a = l->text + first->at, *b = l->text + second.at;
    int n = (int)(first->length > AD_QUOTED ? AD_QUOTED : first->length), m = (int)(second.length > AD_QUOTED ? AD_QUOTED : second.length);
    return ad_problem_at(l->problem, AD_ERROR_SYNTAX, l->text, l->size, first->at, second.at + second.length - first->at,
                         "a derivative or a quotient? Write d(%.*s)/d(%.*s), or (%.*s)/(%.*s)", n - 1, a + 1, m - 1, b + 1, n, a,
                         m, b);
}
