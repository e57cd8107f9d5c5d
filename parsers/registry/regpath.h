/* regpath: what key paths mean, in hives and in text exports alike: patterns that knowledge asks for, and
 * which values hold secrets. Looks at the caller's strings only; owns nothing. It lets no key material
 * through: what may be a secret in a hive of unknown kind is one. */
#ifndef REGPATH_H
#define REGPATH_H
#include "base/str.h"

/* "X\rest" under X gives rest, X itself gives ""; false for any other path. An empty head holds everything.
 */
bool reg_below(struct str path, struct str head, struct str *rest);
/* Path against a pattern: '*' one name, a last "**" any number. */
bool reg_path_fits(struct str path, struct str pattern);
bool reg_is_control_set(struct str name); /* "ControlSet001" */

/* The rows of the table of secrets that concern one kind of hive. What is secret keeps its name, type, size
 * and place; data, text and number are left out. */
enum { REG_SECRETS = 32 };
struct reg_secrets {
    uint8_t row[REG_SECRETS];
    size_t n;
};
struct reg_secrets reg_secrets_of(struct str kind);
bool reg_is_secret(const struct reg_secrets *s, struct str path_below_kind, struct str value);
#endif
