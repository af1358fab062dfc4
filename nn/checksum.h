/* checksum.h -- CRC-32 of ISO 3309, as in zip and PNG, carriage returns passed over. Not installed. */
#ifndef NN_CHECKSUM_H
#define NN_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from a checksum of what came before; 0 at first. Files are short: bit by bit will do. */
static inline uint32_t nn_crc32(uint32_t crc, const char *text, size_t size)
{
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\r')
            continue;
        crc ^= (unsigned char)text[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

#endif
