#include "run/progress.h"
#include "plat/plat.h"
#include <string.h>

const char *const progress_modes[] = {"auto", "bar", "json", "none", NULL};

void bytes_text(uint64_t bytes, char out[16])
{
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB"};
    double v = (double)bytes;
    size_t u = 0;
    for (; v >= 1000 && u + 1 < LEN(unit); u++)
        v /= 1000;
    snprintf(out, 16, u && v < 10 ? "%.1f %s" : "%.0f %s", v, unit[u]);
}

void progress_begin(struct progress *p, enum progress_mode mode)
{
    if (mode == PROGRESS_AUTO)
        mode = plat_is_terminal(stderr) ? PROGRESS_BAR : PROGRESS_NONE;
    *p = (struct progress){.mode = mode, .started = plat_clock_ms()};
}

static void draw(struct progress *p, const struct ingest_progress *now)
{
    char done[16], total[16], bar[41];
    unsigned percent = now->total ? (unsigned)(now->bytes >= now->total ? 100 : now->bytes * 100 / now->total)
                                  : 0;
    size_t width = plat_columns() > 90 ? 40 : 12, full = width * percent / 100;
    memset(bar, '.', width), memset(bar, '#', full), bar[width] = 0;
    bytes_text(now->bytes, done), bytes_text(now->total, total);
    fprintf(stderr, "\r\033[K[%s] %3u%%  %s of %s  %llu records", bar, percent, done, total,
            (unsigned long long)now->records);
    fflush(stderr);
    p->drawn = true;
}

void progress_show(void *ctx, const struct ingest_progress *now)
{
    struct progress *p = ctx;
    uint64_t t = plat_clock_ms();
    if (p->mode == PROGRESS_BAR && t - p->started > 300 && now->total)
        draw(p, now);
    if (p->mode == PROGRESS_JSON && (t - p->last >= 1000 || now->bytes >= now->total) && now->total) {
        p->last = t;
        fprintf(stderr, "{\"phase\":\"read\",\"bytes\":%llu,\"total\":%llu,\"files\":%zu,\"records\":%llu}\n",
                (unsigned long long)now->bytes, (unsigned long long)now->total, now->n_files,
                (unsigned long long)now->records);
    }
}

void progress_phase(struct progress *p, const char *name)
{
    if (p->mode == PROGRESS_BAR && p->drawn)
        fprintf(stderr, "\r\033[K%s", name), fflush(stderr);
    if (p->mode == PROGRESS_JSON)
        fprintf(stderr, "{\"phase\":\"%s\",\"ms\":%llu}\n", name,
                (unsigned long long)(plat_clock_ms() - p->started));
}

void progress_end(struct progress *p)
{
    if (p->drawn)
        fprintf(stderr, "\r\033[K");
    p->drawn = false;
}
