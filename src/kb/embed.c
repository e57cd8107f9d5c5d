/* embed: host program of the build. `embed OUT.c FILES...` writes the files as C data (src/kb/kb_files.h).
 * Names are what follows the last "knowledge/" of each path; the table is sorted, so the same files give the
 * same bytes. It refuses a file it cannot read whole and two files of one name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name_of(const char *path)
{
    static const char root[] = "knowledge/";
    const char *name = path;
    for (const char *at = path; (at = strstr(at, root)); at++)
        name = at + sizeof root - 1;
    return name;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(name_of(*(char *const *)a), name_of(*(char *const *)b));
}

/* As a string literal, one line of source per line of text: compiles fast, and '?' is escaped against
 * trigraphs. */
static int put_file(FILE *out, const char *path, int i)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return perror(path), 1;
    fprintf(out, "static const unsigned char f%d[] =\n    \"", i);
    for (int c, column = 0; (c = getc(in)) != EOF; column++) {
        if (column > 400)
            fprintf(out, "\"\n    \""), column = 0;
        if (c == '\n')
            fprintf(out, "\\n\"\n    \""), column = 0;
        else if (c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '?')
            fprintf(out, "\\%03o", (unsigned)c);
        else
            putc(c, out);
    }
    fprintf(out, "\";\n");
    int bad = ferror(in);
    fclose(in);
    return bad ? perror(path), 1 : 0;
}

static int put_all(FILE *out, char **file, int n)
{
    fprintf(out, "#include \"kb/kb_files.h\"\n");
    for (int i = 0; i < n; i++) {
        if (i && !by_name(&file[i - 1], &file[i]))
            return fprintf(stderr, "embed: %s and %s have one name\n", file[i - 1], file[i]), 1;
        if (put_file(out, file[i], i))
            return 1;
    }
    fprintf(out, "const struct kb_file kb_files[] = {\n");
    for (int i = 0; i < n; i++)
        fprintf(out, "    {\"%s\", f%d, sizeof f%d - 1},\n", name_of(file[i]), i, i);
    fprintf(out, "    {0, 0, 0}};\nconst size_t kb_n_files = %d;\n", n);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return fprintf(stderr, "usage: embed OUT.c FILES...\n"), 2;
    qsort(argv + 2, (size_t)argc - 2, sizeof *argv, by_name);
    FILE *out = fopen(argv[1], "wb");
    if (!out)
        return perror(argv[1]), 1;
    int bad = put_all(out, argv + 2, argc - 2) | ferror(out);
    if (fclose(out) || bad)
        return remove(argv[1]), fprintf(stderr, "embed: %s not written\n", argv[1]), 1;
    return 0;
}
