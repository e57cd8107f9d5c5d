/* kb: the knowledge: embedded files, overridden by a folder of the same layout, loaded by one loader.
 * kb_free() releases all; strings live as long as the kb.
 * It refuses a file it cannot read whole: E_FORMAT with path, line and what was expected. */
#ifndef KB_H
#define KB_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/verdict.h"
#include "base/want.h"

struct casedb;
struct kb;

/* first in every row that must not come twice */
struct kb_place {
    const char *file;
    unsigned line;
};
/* any one of the artefacts serves */
struct requirement {
    struct str *artifact;
    size_t n;
    enum role for_role;
};
/* line in the rule's file */
struct indicator {
    enum role role;
    struct str sql, explain;
    unsigned line;
};
struct collect {
    struct str artifact, command;
};
/* when: only where it fits (.p NULL: always): unconfirmed; or by the account behind what failed: computer
 * (goes to the network as the computer), localservice, local, domain, own-domain or elsewhere (any other, and
 * what is not known); by its host: member, workgroup; or by its state: disabled, expired, must-change,
 * deleted; or by the code: netlogon-stopped; or by what failed: task, service. Several words: where all of
 * them hold. */
struct remedy {
    struct str text, risk, reversible, verify, when;
};
struct rule {
    struct kb_place at;
    struct str id, name, title, status, level, description, author, date, modified, cause, file, explanation;
    struct str would_prove; /* where files prove no more than rule_ceiling(); empty: they do */
    struct str *reference, *tag;
    size_t n_reference, n_tag;
    struct requirement *require;
    size_t n_require;
    struct indicator *ind;
    size_t n_ind;
    struct collect *collect;
    size_t n_collect;
    struct remedy *remedy;
    size_t n_remedy;
    struct rule_test *test;
    size_t n_test;
    struct str sha256, text;
    unsigned line_cause, line_tests;
    bool embedded; /* comes with the program */
};

/* One fact of a rule's test: kind is "event", "value", "key", "secret", "right", "audit", "account", "task",
 * "log", "hive", "lockout", "lsa", "fold", "cached_logon". A nested map (the data of an event) is one field
 * whose value is JSON. number: written without quotes and decimal or 0x. */
struct test_field {
    struct str name, value;
    bool number;
};
struct test_fact {
    struct str kind;
    struct test_field *field;
    size_t n;
};
/* verdict "none": no finding of this rule; code, count: when given, those of the finding */
struct test_expect {
    struct str host, subject, verdict, code, count;
};
struct rule_test {
    struct str name;
    struct test_fact *fact;
    size_t n_fact;
    struct test_expect *expect;
    size_t n_expect;
    unsigned line;
};

/* Parts of the knowledge that commands look up without a case. */
/* win32 only when maps */
struct kb_code {
    struct kb_place at;
    struct str space, symbol, meaning, source;
    int64_t value, win32;
    bool maps;
};
/* A cause that a rule may name. */
struct kb_cause {
    struct kb_place at;
    struct str name, means;
    int64_t of; /* the Win32 code it is asked for first */
};
struct kb_artifact {
    struct kb_place at;
    struct str name, kind, collect, meaning;
};

/* An event that is read; of what its fields hold codes, a row each (shape: knowledge/README.md). */
struct kb_event {
    struct kb_place at;
    struct str provider, channel, name, meaning, source;
    int64_t id;
};
struct kb_event_field {
    struct kb_place at;
    struct str provider, field, shape;
    int64_t id;
};
/* What a setting that is not set means on some hosts: from a build on, of a product (client, server,
 * domain-controller; none: any), of editions (none: any; else a blank before and behind each). Without a text
 * nobody says. */
struct kb_default {
    struct str product, editions, text;
    int64_t from, number;
    bool numeric;
};
/* A value of the registry that has a name. number: its default, where numeric; by_build: instead of one,
 * those that differ, asked in this order, the first that fits a host counts; meanings: JSON, value to text;
 * since: the first build that reads it, 0: all. */
struct kb_setting {
    struct kb_place at;
    struct str name, section, hive, path, value, type, default_text, meaning, meanings, source;
    struct kb_default *by_build;
    size_t n_by_build;
    int64_t number, since;
    bool numeric;
};
/* Win32 codes that say one thing. */
struct kb_family {
    struct kb_place at;
    struct str name, means, source;
    int64_t *code;
    size_t n;
};

/* A field of a tool's text, or a logon right: what it means; the causes whose rules cite it for and against.
 */
struct kb_tool_field {
    struct kb_place at;
    struct str name, tool, meaning, source;
    struct str *speaks_for, *against;
    size_t n_for, n_against;
};

/* What a way to a file says of where it came from (base/layout.h). sure: its host is no guess. */
struct kb_layout {
    struct kb_place at;
    struct str path, collector, source;
    bool sure;
};

/* What a rule makes of an artefact: without one that decides it says "undetermined"; one that helps changes
 * at most how sure it is, or what it can see. "Security:Logon failure" is of Security. */
enum reliance { SILENT, HELPS, DECIDES };
enum reliance rule_relies(const struct rule *r, struct str artifact);
/* The surest verdict its indicators allow: "confirmed" with a link, "likely" with a cause, else "possible".
 */
enum verdict rule_ceiling(const struct rule *r);

enum status kb_load(const char *override_dir, struct kb **out, struct err *e);
void kb_free(struct kb *kb);
/* From here on kb_load of this folder gives kb itself, and kb_free leaves it alone; the folder's name lives
 * on. */
void kb_keep(struct kb *kb, const char *override_dir);
/* text of knowledge/<name>; .p NULL: none */
struct str kb_file(const struct kb *kb, const char *name);
/* Text of the i-th file, by name, whose name begins so ("derive/"), and its name; .p NULL: no more. */
struct str kb_part(const struct kb *kb, const char *prefix, size_t i, const char **name);
/* of all files in use, 64 hex digits */
const char *kb_sha256(const struct kb *kb);
const struct want *kb_want(const struct kb *kb);
const struct rule *kb_rules(const struct kb *kb, size_t *n);            /* sorted by cause */
const struct kb_code *kb_codes(const struct kb *kb, size_t *n);         /* sorted by space, value */
const struct kb_artifact *kb_artifacts(const struct kb *kb, size_t *n); /* sorted by name */
const struct kb_cause *kb_causes(const struct kb *kb, size_t *n);       /* sorted by name */
const struct kb_event *kb_events(const struct kb *kb, size_t *n);       /* sorted by provider, id */
const struct kb_event_field *kb_event_fields(const struct kb *kb, size_t *n);
const struct kb_setting *kb_settings(const struct kb *kb, size_t *n);       /* sorted by name */
const struct kb_family *kb_families(const struct kb *kb, size_t *n);        /* sorted by name */
const struct kb_tool_field *kb_tool_fields(const struct kb *kb, size_t *n); /* sorted by name */
/* Names of Win32 codes, base/names.h: all of them, where kb_codes() has those with a story. */
struct str kb_names(const struct kb *kb);
/* kb_code, kb_event, kb_event_field, kb_setting, kb_artifact, kb_account, kb_code_family, kb_rule_need,
 * kb_rule: codes, events, registry and rules as rows of the case. */
enum status kb_store(const struct kb *kb, struct casedb *db, struct err *e);
/* A case that holds the schema, this knowledge and its views, and nothing else, as case_create_from takes it:
 * of the embedded knowledge the build has made one. .n 0: it must be made. */
struct str kb_case(const struct kb *kb);
/* Of such a case: the tables that derivation, coverage and outcomes work with, as case_scratch_from takes
 * them. */
struct str kb_scratch(const struct kb *kb);
struct str kb_witness(const struct kb *kb); /* diagnose/witness.h: what the build asked of the rules */
struct str kb_stage(const struct kb *kb); /* of such a case: what case_stage asks for; .n 0: there is none */
/* For the build: the embedded files read as text, whatever it made of them before; and all that became of
 * them, appended to out: numbers and places of strings, the same bytes on every machine. false: no memory. */
enum status kb_load_text(struct kb **out, struct err *e);
bool kb_image_put(const struct kb *kb, struct buf *out);
#endif
