/* verdict: what a finding may be, what a fact is to it, what may become of a host or a ticket: words, order
 * and meaning, once. The enums, the words of rules and options, and the tables verdict_order, role_order and
 * outcome_order of every case and fleet come from the lists here. It owns nothing and refuses nothing. */
#ifndef VERDICT_H
#define VERDICT_H
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/* The words of the contract, for where a literal is wanted. */
#define W_CONFIRMED    "confirmed"
#define W_LIKELY       "likely"
#define W_POSSIBLE     "possible"
#define W_LATENT       "latent"
#define W_UNDETERMINED "undetermined"
#define W_RULED_OUT    "ruled_out"
#define W_UNEXPLAINED  "unexplained"
#define W_NOT_COVERED  "not_covered"

/* Surest first: name, word of the contract, does it claim that this is the cause, label, meaning. */
/* clang-format off */
#define VERDICT_LIST(V) \
    V(CONFIRMED, W_CONFIRMED, true, "Confirmed", \
      "The symptom, the cause and the link between them are all in evidence; nothing contradicts.") \
    V(LIKELY, W_LIKELY, true, "Likely", \
      "The symptom and the cause are in evidence; the link between them is missing, or the cause " \
      "rests on weak evidence.") \
    V(POSSIBLE, W_POSSIBLE, true, "Possible", \
      "The symptom is in evidence and the state of the host is compatible with this cause.") \
    V(LATENT, W_LATENT, false, "Latent", \
      "The cause is in place, but no symptom lies in the time the evidence covers.") \
    V(UNDETERMINED, W_UNDETERMINED, false, "Undetermined", \
      "An artefact that decides it is missing, unreadable or does not cover the time.") \
    V(RULED_OUT, W_RULED_OUT, false, "Ruled out", \
      "A fact inside the time the evidence covers contradicts it.")

/* In the order they are shown: name, word of rules, label, does it speak against. */
#define ROLE_LIST(R) \
    R(SYMPTOM, "symptom", "Symptom", false) R(CAUSE, "cause", "Cause", false) \
    R(LINK, "link", "Link", false) R(COMPATIBLE, "compatible", "Compatible", false) \
    R(CONTRADICTS, "contradicts", "Against", true)

/* Gravest first: name, word of the contract, the same in a sentence, label. A ticket may also have FAILED (no
 * case) or hold NO_EVIDENCE. */
#define OUTCOME_LIST(O) \
    O(FAILED, "failed", "failed", "Failed") O(UNEXPLAINED, W_UNEXPLAINED, "unexplained", "Unexplained") \
    O(EXPLAINED, "explained", "explained", "Explained") O(LATENT, W_LATENT, "latent", "Latent") \
    O(NOT_COVERED, W_NOT_COVERED, "not covered", "Not covered") \
    O(NO_EVIDENCE, "no_evidence", "no evidence", "No evidence") O(CLEAR, "clear", "clear", "Clear")

#define VERDICT_NAME(name, word, claims, label, meaning) V_##name,
#define ROLE_NAME(name, word, label, against) ROLE_##name,
#define OUTCOME_NAME(name, word, said, label) OUT_##name,
/* V_NOTHING: a rule has nothing to say */
enum verdict { VERDICT_LIST(VERDICT_NAME) VERDICTS, V_NOTHING = VERDICTS };
enum role { ROLE_LIST(ROLE_NAME) ROLES };
enum outcome { OUTCOME_LIST(OUTCOME_NAME) OUTCOMES };
/* clang-format on */
#undef VERDICT_NAME
#undef ROLE_NAME
#undef OUTCOME_NAME

struct verdict_word {
    const char *id, *label, *meaning;
    bool claims; /* at or above possible */
};
extern const struct verdict_word verdict_words[VERDICTS];
extern const char *const role_names[ROLES], *const role_labels[ROLES];
extern const bool role_against[ROLES];
extern const char *const outcome_ids[OUTCOMES], *const outcome_said[OUTCOMES],
                                                    *const outcome_labels[OUTCOMES];
/* Every verdict's word and "none", a space between. */
extern const char verdict_choices[];

/* VERDICTS, OUTCOMES: no such word */
enum verdict verdict_of(struct str word);
enum outcome outcome_of(struct str word);
#endif
