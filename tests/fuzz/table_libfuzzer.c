/* table_libfuzzer.c -- any bytes are a table or one fault in words; what it holds can be chosen, summed and placed in the text. The
 * first byte says what becomes of missing values and what separates fields. */
#include <autodiff/model/table.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    enum { MOST = 8 };
    const char *names[MOST];
    const double *columns[MOST];
    unsigned first = size ? bytes[0] : 0;
    ad_table *t = ad_table_read_text((const char *)bytes + (size > 0), size - (size > 0),
                                     (ad_table_options){.missing = (ad_missing)(first % 3), .separator = ",;|\t \0\0\0"[first / 3 % 8]});
    size_t n = 0;
    double sum = 0;
    for (size_t i = 0; i < ad_table_columns(t) && n < MOST; i++)
        if (*ad_table_name(t, i))
            names[n++] = ad_table_name(t, i);
    if (ad_table_select(t, n, names, columns) == AD_OK) {
        for (size_t r = 0; r < ad_table_rows(t); r++) {
            for (size_t i = 0; i < n; i++)
                sum += columns[i][r];
            if (!ad_table_line(t, r) || (r && ad_table_line(t, r) <= ad_table_line(t, r - 1)))
                __builtin_trap();
        }
    } else if (!*ad_table_error_message(t) || ad_table_rows(t))
        __builtin_trap();
    ad_table_free(t);
    return sum == 0.12345 ? -1 : 0;        /* so that the sum is needed */
}
