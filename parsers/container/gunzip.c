#include "parsers/container/gunzip.h"
#include <stdlib.h>
#include <zlib.h>

enum { ROOM = 1 << 16, PIECE = 1 << 20, GZIP_ALONE = 15 + 16 };

struct gunzip {
    struct span left;
    size_t whole; /* bytes of the file */
    z_stream z;
    bool ended;
    const char *why;
    uint8_t room[ROOM];
};

struct gunzip *gunzip_begin(struct span file)
{
    struct gunzip *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->left = file, g->whole = file.n;
    if (inflateInit2(&g->z, GZIP_ALONE) != Z_OK)
        return free(g), NULL;
    return g;
}

/* Another gzip behind the one that ended? What else lies there is nobody's. */
static bool goes_on(struct gunzip *g)
{
    size_t n = g->z.avail_in + g->left.n;
    const uint8_t *p = g->left.p - g->z.avail_in;
    return n > 2 && p[0] == 0x1f && p[1] == 0x8b && inflateReset(&g->z) == Z_OK;
}

size_t gunzip_next(struct gunzip *g, const void **p, const char **why)
{
    g->z.next_out = g->room, g->z.avail_out = ROOM;
    while (!g->ended && !g->why && g->z.avail_out) {
        if (!g->z.avail_in) {
            size_t n = g->left.n < PIECE ? g->left.n : PIECE;
            g->z.next_in = (z_const Bytef *)(uintptr_t)g->left.p, g->z.avail_in = (uInt)n;
            g->left.p += n, g->left.n -= n;
        }
        uInt had_in = g->z.avail_in, had_out = g->z.avail_out;
        int rc = inflate(&g->z, Z_NO_FLUSH);
        if (rc == Z_STREAM_END)
            g->ended = !goes_on(g);
        else if (rc == Z_DATA_ERROR)
            g->why = g->z.msg ? g->z.msg : "damaged gzip data";
        else if (rc != Z_OK && rc != Z_BUF_ERROR)
            g->why = rc == Z_MEM_ERROR ? "no memory" : "damaged gzip data";
        else if (g->z.avail_in == had_in && g->z.avail_out == had_out && !g->left.n)
            g->why = "cut short: truncated gzip input";
    }
    *p = g->room, *why = NULL;
    size_t n = ROOM - g->z.avail_out;
    if (!n)
        *why = g->why;
    return n;
}

uint64_t gunzip_taken(const struct gunzip *g) { return g->whole - g->left.n - g->z.avail_in; }

void gunzip_end(struct gunzip *g)
{
    if (g)
        inflateEnd(&g->z);
    free(g);
}
