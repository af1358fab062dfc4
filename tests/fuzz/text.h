/* text.h -- what must hold of any bytes that are read as a model. */
#ifndef TESTS_FUZZ_TEXT_H
#define TESTS_FUZZ_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* What went wrong, or NULL. *was_model, if not NULL: whether they are one. */
const char *text_misbehaves(const uint8_t *data, size_t size, int *was_model);

#endif
