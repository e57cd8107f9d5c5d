/* hivex_lib: the functions of libhivex that tests and benchmarks compare with, found at run time; no header
 * of it is needed to build. hivex_load() leaves the library open; false where it is not installed. Handles
 * are offsets of cells in the file; 0 is an error. */
#ifndef HIVEX_LIB_H
#define HIVEX_LIB_H
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hivex {
    void *(*open)(const char *file, int flags);
    int (*close)(void *h);
    size_t (*root)(void *h);
    char *(*node_name)(void *h, size_t node);
    int64_t (*node_timestamp)(void *h, size_t node);
    size_t *(*node_children)(void *h, size_t node); /* 0 ends them; free() them */
    size_t (*node_get_child)(void *h, size_t node, const char *name);
    size_t *(*node_values)(void *h, size_t node);
    size_t (*node_get_value)(void *h, size_t node, const char *key);
    char *(*value_key)(void *h, size_t value);
    char *(*value_value)(void *h, size_t value, int *type, size_t *n);
};

static inline bool hivex_load(struct hivex *x)
{
    static const struct {
        const char *name;
        size_t at;
    } want[] = {
        {"hivex_open", offsetof(struct hivex, open)},
        {"hivex_close", offsetof(struct hivex, close)},
        {"hivex_root", offsetof(struct hivex, root)},
        {"hivex_node_name", offsetof(struct hivex, node_name)},
        {"hivex_node_timestamp", offsetof(struct hivex, node_timestamp)},
        {"hivex_node_children", offsetof(struct hivex, node_children)},
        {"hivex_node_get_child", offsetof(struct hivex, node_get_child)},
        {"hivex_node_values", offsetof(struct hivex, node_values)},
        {"hivex_node_get_value", offsetof(struct hivex, node_get_value)},
        {"hivex_value_key", offsetof(struct hivex, value_key)},
        {"hivex_value_value", offsetof(struct hivex, value_value)},
    };
    void *lib = dlopen("libhivex.so.0", RTLD_NOW);
    for (size_t i = 0; lib && i < sizeof want / sizeof *want; i++) {
        void *p = dlsym(lib, want[i].name);
        if (!p)
            return false;
        *(void **)(void *)((char *)x + want[i].at) = p;
    }
    return lib;
}
#endif
