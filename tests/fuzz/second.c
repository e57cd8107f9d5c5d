/* second LOGS HIVES: each file of two folders through the second readers, in a process of its own that may
 * die. */
#include "parsers/evtx/evtx.h"
#include "parsers/registry/regf.h"
#include "parsers/second/second.h"
#include "tests/build.h"
#include "tests/fuzz/fuzz.h"
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static enum status again(void *ctx, const struct fact *f, struct err *e)
{
    const struct span *file = ctx;
    struct arena a = fuzz_arena(1);
    struct second_event theirs;
    struct second_verdict v;
    struct err why = {0};
    struct buf text = {0};
    (void)e;
    if (f->kind == FACT_EVENT) {
        second_event(*file, f->ref.off, &theirs, &a, &why);
        second_compare_event(f, &theirs, why.code ? &why : NULL, &a, &v);
        second_verdict_text(&v, &text);
    }
    buf_free(&text);
    return OK;
}

static void one_log(struct span file)
{
    struct arena a = fuzz_arena(0);
    struct evtx_stats s = {0};
    struct err e = {0};
    evtx_read(file, 0, evtx_slots(file.n), &fuzz_want, &a, again, &file, &s, &e);
}

/* Paths of facts begin with the hive's kind: for an unknown one, what is behind it is the path in the file.
 */
struct both {
    struct second_hive *theirs;
};
static enum status value(void *ctx, const struct fact *f, struct err *e)
{
    struct both *b = ctx;
    struct arena a = fuzz_arena(1);
    struct second_value theirs;
    struct second_verdict v;
    struct err why = {0};
    struct buf text = {0};
    (void)e;
    if ((f->kind == FACT_REG_VALUE || f->kind == FACT_REG_KEY)
        && !f->v[f->kind == FACT_REG_VALUE ? RV_RECOVERED : RK_RECOVERED].i) {
        struct str path = f->v[RV_PATH].s;
        str_cut(&path, '\\');
        second_value(b->theirs, path, f->kind == FACT_REG_VALUE ? f->v[RV_NAME].s : (struct str){0}, &theirs,
                     &a, &why);
        second_compare_value(f, &theirs, why.code ? &why : NULL, &a, &v);
        second_verdict_text(&v, &text);
    }
    buf_free(&text);
    return OK;
}

static void one_hive(struct span file)
{
    struct arena a = fuzz_arena(0);
    struct both b = {0};
    struct err e = {0};
    if (second_hive_open(file, &b.theirs, &e) != OK)
        return;
    e = (struct err){0};
    hive_read(&file, 1, &fuzz_want, &a, value, &b, &e);
    second_hive_mended(b.theirs);
    second_hive_close(b.theirs);
}

int main(int argc, char **argv)
{
    unsigned good = 0, dead = 0;
    for (int i = 1; i < argc && i < 3; i++) {
        DIR *d = opendir(argv[i]);
        for (struct dirent *de; d && (de = readdir(d));) {
            char path[4096];
            static uint8_t room[1 << 20];
            int status;
            snprintf(path, sizeof path, "%s/%s", argv[i], de->d_name);
            FILE *f = de->d_name[0] == '.' ? NULL : fopen(path, "rb");
            if (!f)
                continue;
            size_t n = fread(room, 1, sizeof room, f);
            fclose(f), fflush(NULL);
            pid_t pid = fork();
            if (pid == 0) {
                setrlimit(RLIMIT_CPU, &(struct rlimit){10, 10}),
                    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
                i == 1 ? one_log(span_of(room, n, 0)) : one_hive(span_of(room, n, 0));
                exit(0);
            }
            CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
            good += WIFEXITED(status), dead += !WIFEXITED(status);
        }
        if (d)
            closedir(d);
    }
    printf("%u ended normally, %u did not\n", good, dead);
    return 0;
}
