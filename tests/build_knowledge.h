/* build_knowledge: a temporary folder of knowledge files for tests, laid over the embedded ones by kb_load().
 * knowledge_gone() removes the folder and frees its name.
 * It aborts when the folder cannot be written. */
#ifndef BUILD_KNOWLEDGE_H
#define BUILD_KNOWLEDGE_H
#include <stddef.h>

struct knowledge_file {
    const char *name, *text;
};
char *knowledge_folder(const struct knowledge_file *file, size_t n);
void knowledge_gone(char *dir);
#endif
