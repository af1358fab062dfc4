/* without_criterion.h -- as much of Criterion as these tests use, for builds in which it cannot run: its processes do not
 * start under ThreadSanitizer. All tests of a program run in one process, one after the other.
 */
#ifndef TESTS_UNIT_WITHOUT_CRITERION_H
#define TESTS_UNIT_WITHOUT_CRITERION_H

#ifdef __GNUC__
#pragma GCC system_header                 /* no warnings of its macros */
#endif

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct suite {
    const char *name;
    void (*init)(void), (*fini)(void);
};

static struct { const char *suite, *name; void (*run)(void); } tests_registered[256];
static struct suite suites_registered[16];
static int n_tests_registered, n_suites_registered;
static jmp_buf test_failed;

#define Test(suite_, name_, ...) \
    static void suite_##_##name_(void); \
    __attribute__((constructor)) static void suite_##_##name_##_register(void) \
    { \
        tests_registered[n_tests_registered].suite = #suite_; \
        tests_registered[n_tests_registered].name = #name_; \
        tests_registered[n_tests_registered++].run = suite_##_##name_; \
    } \
    static void suite_##_##name_(void)
#define TestSuite(suite_, ...) \
    __attribute__((constructor)) static void suite_##_suite_register(void) \
    { suites_registered[n_suites_registered++] = (struct suite){#suite_, __VA_ARGS__}; } \
    struct suite

#define cr_assert_fail(...) \
    (printf("%s:%d: ", __FILE__, __LINE__), printf("" __VA_ARGS__), printf("\n"), longjmp(test_failed, 1))
#define cr_assert(condition, ...) ((condition) ? (void)0 : cr_assert_fail(__VA_ARGS__))

int main(void)
{
    volatile int failed = 0;
    for (volatile int i = 0; i < n_tests_registered; i++) {
        struct suite suite = {0};
        for (int k = 0; k < n_suites_registered; k++)
            if (!strcmp(suites_registered[k].name, tests_registered[i].suite))
                suite = suites_registered[k];
        if (setjmp(test_failed)) {
            printf("FAIL %s::%s\n", tests_registered[i].suite, tests_registered[i].name);
            failed++;
            continue;
        }
        if (suite.init)
            suite.init();
        tests_registered[i].run();
        if (suite.fini)
            suite.fini();
    }
    printf("%d tests, %d failed\n", n_tests_registered, failed);
    return failed != 0;
}

#endif
