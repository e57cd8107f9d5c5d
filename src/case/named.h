/* named: the SQL that other rooms ask of a case, by name: what stands in quotes is here and in knowledge/.
 * Nothing is owned. It refuses nothing of its own: errors are SQLite's. */
#ifndef NAMED_H
#define NAMED_H
#include "base/buf.h"
#include "case/casedb.h"

/* What stands behind a name are its arguments, ?1 first. "in T" and "L of T": asked with case_named_in. */
enum query {
    /* meta, evidence: what was read, and how */
    Q_META,        /* -> key, value */
    Q_META_PUT,    /* key, value */
    Q_META_LIMIT,  /* the status says that a limit was reached */
    Q_WINDOW,      /* since, until */
    Q_FILE_PUT,    /* id, path, kind, format, bytes, state, note, unit, older, place, container, member,
                      members_seen, members_wanted, members_failed, sha256 */
    Q_FILE_TESTED, /* id, path, format, state, log_kind, failed of 100, note, older: a file of a rule's test
                    */
    Q_FILE_HASH,   /* sha256, id */
    Q_FILE_SUMS,   /* seen, parsed, recovered, failed, chunks, log_kind, id, none could be read, cut */
    Q_FILE_TWINS,  /* files of the same bytes are duplicates of the first */
    Q_FILE_COPY,   /* id: says what its first says */
    Q_FILE_FULL,   /* id, note: a limit was met */
    Q_FILE_BROKEN, /* id, what, why: not read to its end */
    Q_FILES,       /* -> id, path, sha256 */
    Q_FILES_READ,  /* -> id, path, place, sha256, older, was it read; what was skipped and not hashed either,
                      such as a link, was never read */
    Q_FILES_ALL,   /* -> what inspect tells of every file */
    Q_FILE_SHOWN,  /* id -> path, place, sha256, kind */
    Q_FILE_WAY,    /* id -> member or NULL, place: outermost container first */
    Q_UNIT,        /* id -> id, kind of it and of what belongs to it */
    Q_HIVE_ROOT,   /* file -> root */
    /* facts at a place */
    Q_AT,             /* in T: file, offset -> its rows */
    Q_PLACED,         /* in T: an index of places */
    Q_CITED_WITH_ID,  /* in T: -> cited rows, evidence id behind */
    Q_CITED_PLACES,   /* in T: -> file, offset of cited rows */
    Q_CITED_UNIT,     /* L of T: -> L, file, offset, id of cited rows */
    Q_CITED_ONE,      /* L of T: id -> columns L */
    Q_CITED_PUT,      /* evidence id, file, offset: a citation that stands for the case's own */
    Q_VERIFIED_PUT,   /* evidence id, result, detail, reader */
    Q_VERIFIED_LATE,  /* the time was over: what was not read again is unreadable */
    Q_VERIFIED,       /* evidence id -> result, detail, reader */
    Q_VERIFIED_COUNT, /* -> result, how many */
    Q_VERIFIED_WORST, /* the worst that any cited fact met stands on the finding */
    /* facts that were derived again: all, one place (worst answer stays), places nothing was told of;
     * findings that rest on what is not there, on what could not be read; files it was first read from */
    Q_AGAIN_CLEAR,
    Q_AGAIN_PUT, /* file, offset, yes | no | unknown */
    Q_AGAIN_NOTHING,
    Q_AGAIN_UNKNOWN,
    Q_AGAIN_ASK,
    Q_AGAIN_DOUBT,
    Q_AGAIN_LOWER,
    Q_AGAIN_DOUBTS,
    Q_AGAIN_FILES,
    /* knowledge in the case; what was made from it */
    Q_KB_EMPTY,       /* in T */
    Q_KB_PUT,         /* L of T: values L */
    Q_FAMILY,         /* name -> 1 */
    Q_MADE,           /* -> name, sql, type of views and of indexes */
    Q_MADE_BEFORE,    /* temporary tables that stand now */
    Q_MADE_SCRATCH,   /* those made since */
    Q_PAGES,          /* -> how many the case has */
    Q_SCRATCH,        /* -> name */
    Q_ARTIFACTS_MAKE, /* a temporary table of what to look for, if there is none */
    Q_ARTIFACTS_ANY,  /* -> 1 */
    Q_ARTIFACT_PUT,   /* name, kind: one to look for */
    /* findings */
    Q_HOSTS,       /* -> id, name */
    Q_DOUBTFUL,    /* -> id, weak: older copies, and hives whose latest changes stand in transaction logs that
                      nobody has; weak: what tools printed */
    Q_REACH,       /* -> host_id, artifact, file_id, any_time, from_time, to_time */
    Q_ERROR_PUT,   /* rule, role, message */
    Q_ERRORS,      /* -> role, message */
    Q_FINDING_PUT, /* cause, rule, title, verdict, host, subject, win32, first, last, count, explanation */
    Q_CITATION_PUT, /* finding, role, ord, evidence id, time, explain, file, offset */
    Q_UNKNOWN_PUT,  /* finding, ord, artifact, collect */
    Q_HOSTS_UNSEEN, /* the time was over: no host is clear */
    Q_REMEDY_PUT,   /* finding, ord, text, risk, reversible, verify */
    Q_REMEDY_ABOUT, /* host, subject -> kind, account, domain, controller, caller, realm, task, shipped,
                       dns, standing, state: of what failed last */
    Q_VERDICTS,     /* -> rule, subject, verdict, host */
    Q_CITED_EVENTS, /* -> role, provider, event id, NULL of cited events and folds */
    Q_CITED_VALUES, /* -> role, path, name, value of cited values */
    Q_FOUND,        /* -> host, subject, verdict, what it rests on, win32, count: for a rule's test */
    /* what analyze says at its end */
    Q_USABLE, /* -> how many files gave a record or a hive */
    Q_PARTIAL,
    Q_STOPPED_RULES,
    Q_DEAD_READERS,
    Q_BROKEN_RULES,
    Q_HOST_COUNT,
    Q_VERDICT_COUNT, /* verdict */
    Q_FORMATS,       /* -> note or format, how many, of tools' texts: of a run without evidence */
    Q_SAID,          /* limit -> verdict, cause, host, subject, first_seen, count */
    Q_SAID_COUNT,
    Q_OUTCOMES, /* limit -> name, outcome, unexplained, not covered, collect, from, to; gravest first */
    /* views */
    Q_VIEWS,       /* -> view and its columns */
    Q_REPORT,      /* L of T: rows in the order of place */
    Q_EXPORT,      /* L of T: T with its order */
    Q_CONCLUSIONS, /* -> 0, verdict; 1, outcome */
    /* of a fleet */
    Q_FLEET_CONCLUSIONS, /* the same */
    Q_FLEET_ROWS,        /* -> ticket, folder, what (0 itself, 1 a host, 2 a finding), place, host, outcome or
                            verdict, text, cause, subject, exit code, number, first seen, last seen, ruled
                            out; ticket by ticket */
    Q_FLEET_RULES,       /* -> cause, title: of its findings */
    QUERIES
};

/* types: one letter an argument: i(nteger, time), s(tring), b(lob). fn may be NULL. */
enum status case_named(struct casedb *db, enum query q, const char *types, const struct value *arg,
                       row_fn *fn, void *ctx, struct err *e);
/* The same of a table or view of ours, and of a list of its columns (NULL where the query has none). */
enum status case_named_in(struct casedb *db, enum query q, const char *table, const char *list,
                          const char *types, const struct value *arg, row_fn *fn, void *ctx, struct err *e);
void case_named_ahead(struct casedb *db, enum query q, const char *table, const char *list); /* case_ahead */

/* Kinds of cited facts: how they are found (Q_CITED_UNIT), and how one is read (Q_CITED_ONE). Those decoded
 * from values rest on one value each: key below the root, value name. */
enum { CITED_KINDS = 12 };
extern const struct cited_kind {
    int fact; /* enum fact_kind, or -1: a value */
    const char *table, *unit, *columns;
} cited_kinds[CITED_KINDS];

/* Scripts without arguments. */
enum script {
    S_FINDINGS_CLEAR,
    S_KINDS_UNSEEN, /* the time was over: kinds of failures are those seen, no other is covered */
    SCRIPTS
};
enum status case_script(struct casedb *db, enum script s, struct err *e);
/* Adds to a script: what Q_MADE or Q_SCRATCH (a "TABLE temp.") named goes. */
void named_drop(struct buf *b, struct str type, struct str name);
#endif
