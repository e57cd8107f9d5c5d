/* kb_files: what the build puts into the program: the knowledge files (src/kb/embed.c), and what became of
 * them when they were read (src/diagnose/make_image.c), so that a run reads no YAML.
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

/* The structs of kb.h as kb_image_put() wrote them; a case that holds the knowledge (kb_case()); the
 * temporary tables of derivation (kb_scratch()) and those of case_stage() for it; what rules say of codes
 * (diagnose/witness.h). n is 0 in the program that makes them. */
struct kb_image {
    const unsigned char *p;
    size_t n;
};
extern const struct kb_image kb_image, kb_case_image, kb_stage_image, kb_witness_image, kb_scratch_image;
#endif
