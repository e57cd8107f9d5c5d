#include "base/verdict.h"

/* clang-format off */
#define WORD(name, word, claims, label, meaning) [V_##name] = {word, label, meaning, claims},
#define ROLE_WORD(name, word, label, against) [ROLE_##name] = word,
#define ROLE_LABEL(name, word, label, against) [ROLE_##name] = label,
#define ROLE_SIDE(name, word, label, against) [ROLE_##name] = against,
#define CHOICE(name, word, claims, label, meaning) word " "
#define ID(name, word, said, label) [OUT_##name] = word,
#define SAID(name, word, said, label) [OUT_##name] = said,
#define LABEL(name, word, said, label) [OUT_##name] = label,
const struct verdict_word verdict_words[VERDICTS] = {VERDICT_LIST(WORD)};
const char *const role_names[ROLES] = {ROLE_LIST(ROLE_WORD)};
const char *const role_labels[ROLES] = {ROLE_LIST(ROLE_LABEL)};
const bool role_against[ROLES] = {ROLE_LIST(ROLE_SIDE)};
const char *const outcome_ids[OUTCOMES] = {OUTCOME_LIST(ID)};
const char *const outcome_said[OUTCOMES] = {OUTCOME_LIST(SAID)};
const char *const outcome_labels[OUTCOMES] = {OUTCOME_LIST(LABEL)};
const char verdict_choices[] = VERDICT_LIST(CHOICE) "none";
/* clang-format on */

enum verdict verdict_of(struct str word)
{
    enum verdict v = 0;
    while (v < VERDICTS && !str_eq(word, str_of(verdict_words[v].id)))
        v++;
    return v;
}

enum outcome outcome_of(struct str word)
{
    enum outcome o = 0;
    while (o < OUTCOMES && !str_eq(word, str_of(outcome_ids[o])))
        o++;
    return o;
}
