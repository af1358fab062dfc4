/* picture.h -- a canvas for the demos: lines, discs, text, written as PNG where libpng was found, else as PPM.
 *
 * Everything is drawn at three times the size and averaged when saved, which smooths edges. No plots here: those are in plot.h.
 */
#ifndef DEMOS_PICTURE_H
#define DEMOS_PICTURE_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_PNG
#include <png.h>
#endif

enum { PICTURE_FINE = 3, PICTURE_LETTER = 12 };            /* fine pixels in one; the width of a letter */

typedef struct picture {
    int      width, height;
    uint8_t *rgb;                                          /* [3 height][3 width][3]; NULL: no memory, and nothing is drawn */
} picture;

static inline picture picture_new(int width, int height)
{
    size_t size = (size_t)width * (size_t)height * PICTURE_FINE * PICTURE_FINE * 3;
    picture p = {width, height, malloc(size)};
    if (p.rgb)
        memset(p.rgb, 0xff, size);
    return p;
}

/* One fine pixel, in a colour 0xrrggbb. */
static inline void picture_set(picture *p, int x, int y, unsigned colour)
{
    if (!p->rgb || x < 0 || y < 0 || x >= p->width * PICTURE_FINE || y >= p->height * PICTURE_FINE)
        return;
    uint8_t *to = p->rgb + ((size_t)y * (size_t)p->width * PICTURE_FINE + (size_t)x) * 3;
    to[0] = (uint8_t)(colour >> 16);
    to[1] = (uint8_t)(colour >> 8);
    to[2] = (uint8_t)colour;
}

static inline void picture_box(picture *p, double x0, double y0, double x1, double y1, unsigned colour)
{
    for (int y = (int)lround(y0 * PICTURE_FINE); y < (int)lround(y1 * PICTURE_FINE); y++)
        for (int x = (int)lround(x0 * PICTURE_FINE); x < (int)lround(x1 * PICTURE_FINE); x++)
            picture_set(p, x, y, colour);
}

static inline void picture_disc(picture *p, double x, double y, double radius, unsigned colour)
{
    int cx = (int)lround(x * PICTURE_FINE), cy = (int)lround(y * PICTURE_FINE), r = (int)lround(radius * PICTURE_FINE);
    for (int dy = -r; dy <= r; dy++)
        for (int dx = -r; dx <= r; dx++)
            if (dx * dx + dy * dy <= r * r)
                picture_set(p, cx + dx, cy + dy, colour);
}

static inline void picture_line(picture *p, double x0, double y0, double x1, double y1, double width, unsigned colour)
{
    double length = fmin(hypot(x1 - x0, y1 - y0), 1e4);
    int steps = (int)ceil(length * PICTURE_FINE) + 1;
    for (int i = 0; i <= steps; i++)
        picture_disc(p, x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps, width / 2, colour);
}

/* The traditional 5 x 7 letters, a byte a column, the top in the lowest bit; tails hang into an eighth row. */
static inline const uint8_t *picture_glyph(char c)
{
    static const char letters[] = " %()+,-./0123456789:=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const uint8_t glyph[][5] = {
        {0, 0, 0, 0, 0}, {0x23, 0x13, 0x08, 0x64, 0x62}, {0, 0x1c, 0x22, 0x41, 0}, {0, 0x41, 0x22, 0x1c, 0},
        {0x08, 0x08, 0x3e, 0x08, 0x08}, {0, 0x50, 0x30, 0, 0}, {0x08, 0x08, 0x08, 0x08, 0x08}, {0, 0x60, 0x60, 0, 0},
        {0x20, 0x10, 0x08, 0x04, 0x02},
        {0x3e, 0x51, 0x49, 0x45, 0x3e}, {0, 0x42, 0x7f, 0x40, 0}, {0x42, 0x61, 0x51, 0x49, 0x46}, {0x21, 0x41, 0x45, 0x4b, 0x31},
        {0x18, 0x14, 0x12, 0x7f, 0x10}, {0x27, 0x45, 0x45, 0x45, 0x39}, {0x3c, 0x4a, 0x49, 0x49, 0x30}, {0x01, 0x71, 0x09, 0x05, 0x03},
        {0x36, 0x49, 0x49, 0x49, 0x36}, {0x06, 0x49, 0x49, 0x29, 0x1e}, {0, 0x36, 0x36, 0, 0}, {0x14, 0x14, 0x14, 0x14, 0x14},
        {0x7e, 0x11, 0x11, 0x11, 0x7e}, {0x7f, 0x49, 0x49, 0x49, 0x36}, {0x3e, 0x41, 0x41, 0x41, 0x22}, {0x7f, 0x41, 0x41, 0x22, 0x1c},
        {0x7f, 0x49, 0x49, 0x49, 0x41}, {0x7f, 0x09, 0x09, 0x09, 0x01}, {0x3e, 0x41, 0x49, 0x49, 0x7a}, {0x7f, 0x08, 0x08, 0x08, 0x7f},
        {0, 0x41, 0x7f, 0x41, 0}, {0x20, 0x40, 0x41, 0x3f, 0x01}, {0x7f, 0x08, 0x14, 0x22, 0x41}, {0x7f, 0x40, 0x40, 0x40, 0x40},
        {0x7f, 0x02, 0x0c, 0x02, 0x7f}, {0x7f, 0x04, 0x08, 0x10, 0x7f}, {0x3e, 0x41, 0x41, 0x41, 0x3e}, {0x7f, 0x09, 0x09, 0x09, 0x06},
        {0x3e, 0x41, 0x51, 0x21, 0x5e}, {0x7f, 0x09, 0x19, 0x29, 0x46}, {0x46, 0x49, 0x49, 0x49, 0x31}, {0x01, 0x01, 0x7f, 0x01, 0x01},
        {0x3f, 0x40, 0x40, 0x40, 0x3f}, {0x1f, 0x20, 0x40, 0x20, 0x1f}, {0x3f, 0x40, 0x38, 0x40, 0x3f}, {0x63, 0x14, 0x08, 0x14, 0x63},
        {0x07, 0x08, 0x70, 0x08, 0x07}, {0x61, 0x51, 0x49, 0x45, 0x43},
        {0x20, 0x54, 0x54, 0x54, 0x78}, {0x7f, 0x48, 0x44, 0x44, 0x38}, {0x38, 0x44, 0x44, 0x44, 0x20}, {0x38, 0x44, 0x44, 0x48, 0x7f},
        {0x38, 0x54, 0x54, 0x54, 0x18}, {0x08, 0x7e, 0x09, 0x01, 0x02}, {0x18, 0xa4, 0xa4, 0xa4, 0x7c}, {0x7f, 0x08, 0x04, 0x04, 0x78},
        {0, 0x44, 0x7d, 0x40, 0}, {0x40, 0x80, 0x84, 0x7d, 0}, {0x7f, 0x10, 0x28, 0x44, 0}, {0, 0x41, 0x7f, 0x40, 0},
        {0x7c, 0x04, 0x18, 0x04, 0x78}, {0x7c, 0x08, 0x04, 0x04, 0x78}, {0x38, 0x44, 0x44, 0x44, 0x38}, {0xfc, 0x24, 0x24, 0x24, 0x18},
        {0x18, 0x24, 0x24, 0x24, 0xfc}, {0x7c, 0x08, 0x04, 0x04, 0x08}, {0x48, 0x54, 0x54, 0x54, 0x20}, {0x04, 0x3f, 0x44, 0x40, 0x20},
        {0x3c, 0x40, 0x40, 0x20, 0x7c}, {0x1c, 0x20, 0x40, 0x20, 0x1c}, {0x3c, 0x40, 0x30, 0x40, 0x3c}, {0x44, 0x28, 0x10, 0x28, 0x44},
        {0x1c, 0xa0, 0xa0, 0xa0, 0x7c}, {0x44, 0x64, 0x54, 0x4c, 0x44},
    };
    const char *at = c ? strchr(letters, c) : NULL;
    return glyph[at ? at - letters : 0];
}

/* From (x, y), the top left corner; letters are 10 pixels wide and 14 high, and may hang 2 below. Returns the width. */
static inline double picture_text(picture *p, double x, double y, const char *text, unsigned colour)
{
    double start = x;
    for (; *text; text++, x += PICTURE_LETTER)
        for (int column = 0; column < 5; column++)
            for (int row = 0; row < 8; row++)
                if (picture_glyph(*text)[column] >> row & 1)
                    picture_box(p, x + 2 * column, y + 2 * row, x + 2 * column + 2, y + 2 * row + 2, colour);
    return x - start;
}

/* Averages fine pixels into those of the picture, in place. */
static inline void picture_average(picture *p)
{
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++)
            for (int c = 0; c < 3; c++) {
                int sum = 0;
                for (int k = 0; k < PICTURE_FINE * PICTURE_FINE; k++) {
                    size_t row = (size_t)(y * PICTURE_FINE + k / PICTURE_FINE), column = (size_t)(x * PICTURE_FINE + k % PICTURE_FINE);
                    sum += p->rgb[(row * (size_t)p->width * PICTURE_FINE + column) * 3 + (size_t)c];
                }
                p->rgb[((size_t)y * (size_t)p->width + (size_t)x) * 3 + (size_t)c] = (uint8_t)(sum / (PICTURE_FINE * PICTURE_FINE));
            }
}

/* Writes the picture to a file and frees it; 1 when all went well. */
static inline int picture_save(picture *p, const char *path)
{
    int saved = 0;
    if (!p->rgb)
        return 0;
    picture_average(p);
#ifdef HAVE_PNG
    png_image image = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)p->width, .height = (png_uint_32)p->height, .format = PNG_FORMAT_RGB};
    saved = png_image_write_to_file(&image, path, 0, p->rgb, 0, NULL);
#else
    FILE *f = fopen(path, "wb");
    size_t size = (size_t)p->width * (size_t)p->height * 3;
    if (f) {
        saved = fprintf(f, "P6\n%d %d\n255\n", p->width, p->height) > 0 && fwrite(p->rgb, 1, size, f) == size;
        saved &= fclose(f) == 0;
    }
#endif
    free(p->rgb);
    p->rgb = NULL;
    return saved;
}

#endif
