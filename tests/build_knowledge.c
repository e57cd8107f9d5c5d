#include "tests/build_knowledge.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *knowledge_folder(const struct knowledge_file *file, size_t n)
{
    const char *tmp = getenv("TMPDIR");
    char path[512], *dir = malloc(256);
    if (!dir)
        abort();
    snprintf(dir, 256, "%s/whylogon-kb-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        abort();
    for (size_t i = 0; i < n; i++) {
        const char *slash = strchr(file[i].name, '/');
        if (slash) {
            snprintf(path, sizeof path, "%s/%.*s", dir, (int)(slash - file[i].name), file[i].name);
            mkdir(path, 0700);
        }
        snprintf(path, sizeof path, "%s/%s", dir, file[i].name);
        FILE *f = fopen(path, "wb");
        if (!f || fputs(file[i].text, f) < 0 || fclose(f))
            abort();
    }
    return dir;
}

static int drop(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s, (void)type, (void)at;
    return remove(path);
}

void knowledge_gone(char *dir)
{
    if (dir)
        nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
    free(dir);
}
