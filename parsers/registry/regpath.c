#include "parsers/registry/regpath.h"
#include "base/utf.h"
#include <assert.h>

bool reg_below(struct str path, struct str head, struct str *rest)
{
    if (!head.n)
        return *rest = path, true;
    if (!str_starts_ci(path, head) || (path.n > head.n && path.p[head.n] != '\\'))
        return false;
    size_t n = path.n > head.n ? head.n + 1 : head.n;
    *rest = (struct str){path.p + n, path.n - n};
    return true;
}

bool reg_path_fits(struct str path, struct str pattern)
{
    while (pattern.n) {
        struct str want = str_cut(&pattern, '\\');
        if (str_eq(want, STR("**")))
            return true;
        if (!path.n)
            return false;
        struct str part = str_cut(&path, '\\');
        if (!str_eq(want, STR("*")) && !utf8_eq_ci(want, part))
            return false;
    }
    return !path.n;
}

bool reg_is_control_set(struct str name)
{
    bool digits = name.n == 13;
    for (size_t i = 10; digits && i < 13; i++)
        digits = is_digit(name.p[i]);
    return digits && str_starts_ci(name, STR("ControlSet"));
}

/* First row that fits decides. kind NULL: any. */
static const struct {
    const char *kind, *path, *value;
    bool mask;
} secrets[] = {
    {"SECURITY", "Policy\\Secrets\\*\\CupdTime", "*", false},
    {"SECURITY", "Policy\\Secrets\\*\\OupdTime", "*", false},
    {"SECURITY", "Policy\\Secrets\\*\\SecDesc", "*", false},
    {"SECURITY", "Policy\\Secrets\\**", "*", true},
    {"SECURITY", "Policy\\PolEKList\\**", "*", true},
    {"SECURITY", "Policy\\PolOldSyskey\\**", "*", true},
    {"SECURITY", "Policy\\PolSecretEncryptionKey\\**", "*", true},
    {"SECURITY", "Cache", "NL$Control", false},
    {"SECURITY", "Cache", "NL$IterationCount", false},
    {"SECURITY", "Cache\\**", "*", true},
    {"SAM", "SAM\\Domains\\*\\Users\\*", "F", false},
    {"SAM", "SAM\\Domains\\*\\Users\\*", "ForcePasswordReset", false},
    {"SAM", "SAM\\Domains\\*\\Users\\Names\\**", "*", false},
    {"SAM", "SAM\\Domains\\*\\Users\\**", "*", true},
    {"SAM", "SAM\\Domains\\*", "F", true},
    {"SYSTEM", "*\\Control\\Lsa\\JD\\**", "*",
     true}, /* the boot key is spread over the class names of four keys */
    {"SYSTEM", "*\\Control\\Lsa\\Skew1\\**", "*", true},
    {"SYSTEM", "*\\Control\\Lsa\\GBG\\**", "*", true},
    {"SYSTEM", "*\\Control\\Lsa\\Data\\**", "*", true},
    {NULL, "**", "DefaultPassword", true},
    {NULL, "**", "AltDefaultPassword", true},
    {NULL, "**", "CurrVal", true},
    {NULL, "**", "OldVal", true},
};

struct reg_secrets reg_secrets_of(struct str kind)
{
    struct reg_secrets s = {.n = 0};
    static_assert(LEN(secrets) <= REG_SECRETS, "room for every row");
    for (size_t i = 0; i < LEN(secrets); i++)
        if (!secrets[i].kind || str_eq(str_of(secrets[i].kind), kind) || str_eq(kind, STR("UNKNOWN")))
            s.row[s.n++] = (uint8_t)i;
    return s;
}

bool reg_is_secret(const struct reg_secrets *s, struct str path, struct str value)
{
    size_t last = path.n;
    while (last && path.p[last - 1] != '\\')
        last--;
    struct str name = {path.p + last, path.n - last};
    if (str_eq_ci(name, STR("CurrVal")) || str_eq_ci(name, STR("OldVal")))
        return true;
    for (size_t i = 0; i < s->n; i++) {
        unsigned row = s->row[i];
        if ((secrets[row].value[0] == '*' || utf8_eq_ci(str_of(secrets[row].value), value))
            && reg_path_fits(path, str_of(secrets[row].path)))
            return secrets[row].mask;
    }
    return false;
}
