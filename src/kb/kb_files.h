/* kb_files: the knowledge files embedded at build time by src/kb/embed.c.
 * Static data; nothing to free. Names are relative to knowledge/ and sorted by bytes.
 * Each p ends with a NUL that n does not count. */
#ifndef KB_FILES_H
#define KB_FILES_H
#include <stddef.h>

struct kb_file {
    const char *name;
    const unsigned char *p;
    size_t n;
};
extern const struct kb_file kb_files[];
extern const size_t kb_n_files;
#endif
