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

/* What a second brought so far, and how many are left at that; *left: UINT64_MAX where nobody can tell yet.
 */
void progress_rate(uint64_t bytes, uint64_t total, uint64_t ms, uint64_t *rate, uint64_t *left)
{
    double v = ms ? (double)bytes * 1000 / (double)ms : 0;
    *rate = (uint64_t)(v < 9e18 ? v : 9e18);
    *left = bytes >= total ? 0 : *rate ? (total - bytes + *rate - 1) / *rate : UINT64_MAX;
}

/* "42 s", "3 min", "2 h 5 min" */
void progress_left(uint64_t seconds, char out[32])
{
    unsigned long long s = seconds;
    if (s < 100)
        snprintf(out, 32, "%llu s", s);
    else if (s < 100 * 60)
        snprintf(out, 32, "%llu min", (s + 30) / 60);
    else
        snprintf(out, 32, "%llu h %llu min", s / 3600 % 100000, s % 3600 / 60);
}

static void draw(struct progress *p, const struct ingest_progress *now, uint64_t ms)
{
    char done[16], total[16], bar[41], speed[16], time[32];
    uint64_t rate, left;
    unsigned percent = now->total ? (unsigned)(now->bytes >= now->total ? 100 : now->bytes * 100 / now->total)
                                  : 0;
    size_t width = plat_columns() > 90 ? 40 : 12, full = width * percent / 100;
    memset(bar, '.', width), memset(bar, '#', full), bar[width] = 0;
    bytes_text(now->bytes, done), bytes_text(now->total, total);
    progress_rate(now->bytes, now->total, ms, &rate, &left);
    fprintf(stderr, "\r\033[K[%s] %3u%%  %s of %s", bar, percent, done, total);
    if (left != UINT64_MAX) {
        bytes_text(rate, speed), progress_left(left, time);
        fprintf(stderr, ", %s/s, %s left", speed, time);
    }
    if (plat_columns() > 90)
        fprintf(stderr, "  %llu records", (unsigned long long)now->records);
    fflush(stderr);
    p->drawn = true;
}

void progress_show(void *ctx, const struct ingest_progress *now)
{
    struct progress *p = ctx;
    uint64_t t = plat_clock_ms();
    if (p->mode == PROGRESS_BAR && t - p->started > 300 && now->total)
        draw(p, now, t - p->started);
    if (p->mode == PROGRESS_JSON && (t - p->last >= 1000 || now->bytes >= now->total) && now->total) {
        uint64_t rate, left;
        p->last = t;
        progress_rate(now->bytes, now->total, t - p->started, &rate, &left);
        fprintf(stderr,
                "{\"phase\":\"read\",\"bytes\":%llu,\"total\":%llu,\"files\":%zu,\"records\":%llu,"
                "\"bytes_per_second\":%llu,\"seconds_left\":",
                (unsigned long long)now->bytes, (unsigned long long)now->total, now->n_files,
                (unsigned long long)now->records, (unsigned long long)rate);
        fprintf(stderr, left == UINT64_MAX ? "null}\n" : "%llu}\n", (unsigned long long)left);
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
