/* table.c -- prints the README's table of operations, from the rows of ops.def. */
#include <autodiff/rules/rules.h>
#include <stdio.h>

int main(void)
{
    puts("| operation | value z | slopes | holds | in words |\n|---|---|---|---|---|");
    for (int op = AD_OP_THIRD + 1; op < AD_OP_COUNT; op++) {
        const ad_rule *r = &ad_rules[op];
        static const char *const d[] = {"dx", "dy", "dw"};
        printf("| `%s` | `%s` |", r->name, r->value);
        for (int i = 0; i < r->partials; i++)
            printf("%s dz/%s = `%s`", i ? "," : "", d[i], r->partial[i]);
        /* A bar would end the cell. */
        printf(" | ");
        for (const char *c = r->holds; *c; c++)
            if (c[0] == '|' && c[1] == '|') {
                printf("or");
                c++;
            } else if (c[0] == '&' && c[1] == '&') {
                printf("and");
                c++;
            } else
                putchar(*c);
        printf(" | %s |\n", r->words);
    }
    return 0;
}
