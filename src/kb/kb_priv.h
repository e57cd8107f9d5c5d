/* kb_priv: what kb.c (files, hash, storing) and kb_read.c, kb_rule.c (YAML to structs) share; nobody else
 * includes it. Everything lives in kb->a until kb_free. Readers refuse unknown, missing, duplicate and
 * mistyped keys with "FILE:LINE: what was expected". */
#ifndef KB_PRIV_H
#define KB_PRIV_H
#include "kb/kb.h"
#include "kb/tree.h"

struct kb_account {
    struct kb_place at;
    struct str name, sid;
};
struct source {
    const char *name;
    struct str text;
    bool embedded;
}; /* one knowledge file in use */

/* Arrays grow by doubling inside the arena: what is left behind is small change beside the files. */
struct kb {
    struct arena a;
    struct source *source;
    size_t n_source;
    bool of_image; /* what the build made of the embedded files */
    char sha256[65];
    struct want want;
    struct kb_code *code;
    size_t n_code;
    struct kb_event *event;
    size_t n_event;
    struct kb_event_field *event_field;
    size_t n_event_field;
    struct kb_setting *setting;
    size_t n_setting;
    struct kb_artifact *artifact;
    size_t n_artifact;
    struct kb_account *account;
    size_t n_account;
    struct kb_cause *cause;
    size_t n_cause;
    struct kb_family *family;
    size_t n_family;
    struct kb_tool_field *tool_field;
    size_t n_tool_field;
    struct kb_layout *layout;
    size_t n_layout;
    struct rule *rule;
    size_t n_rule;
};

/* One row per key of a map: what it is and where its value goes. */
enum field_kind { F_STR, F_INT, F_STRS, F_NODE };
struct field {
    const char *name;
    enum field_kind kind;
    bool must;
    size_t at;
};
struct strs {
    struct str *p;
    size_t n;
};
struct number {
    bool given;
    int64_t i;
};
#define FIELD(type, member, kind, must, name)           \
    {                                                   \
        name, kind, must, offsetof(struct type, member) \
    }

struct kb_reader {
    struct kb *kb;
    const char *file;
};
enum status kb_refuse(const struct kb_reader *r, unsigned line, struct err *e, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
enum status kb_full(const struct kb_reader *r, struct err *e);
enum status kb_map(const struct kb_reader *r, const struct node *map, const char *what,
                   const struct field *field, size_t n, void *out, struct err *e);
/* is it one? */
enum status kb_list(const struct kb_reader *r, const struct node *list, const char *what, struct err *e);
/* words: "a b c" */
enum status kb_one_of(const struct kb_reader *r, unsigned line, const char *what, struct str s,
                      const char *words, struct err *e);
/* room for element n of an array that grows one by one; NULL: full */
void *kb_grow(struct kb *kb, void *p, size_t n, size_t size);

enum status kb_read_file(struct kb *kb, const struct source *s, struct arena scratch, struct err *e);
enum status kb_read_rule(const struct kb_reader *r, const struct node *root, const struct source *s,
                         struct err *e);
/* Makes of what kb_image_put() wrote the structs again, in kb->a and in the image: strings are not copied. kb
 * has its files, and nothing else yet. E_FORMAT: cut short, or of other files. */
enum status kb_image_get(struct str image, struct kb *kb, struct err *e);
#endif
