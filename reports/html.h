/* html: what the screens of report.html share: one file, no script, no network, every text escaped.
 * Screens append to the caller's buf; nothing is owned. The first screen answers why, since when, how sure,
 * what now; the rest proves it. Rows stop where h_room() says so: a page stays under 10 MB whatever the
 * evidence holds. */
#ifndef HTML_H
#define HTML_H
#include "reports/model.h"

/* say() in the page's voice */
void hsay(struct buf *b, const char *fmt, ...);
const struct voice *h_voice(void);
const struct voice *h_plain(void); /* without tags: for tips and labels */
bool h_room(const struct buf *b);
/* of a table */
size_t h_rows(const struct report *r);
extern const char h_symbols[]; /* what h_glyph() refers to */

/* name: a verdict's id, or good */
void h_glyph(struct buf *b, const char *name);
/* An evidence id, as a link where the page shows what lies there. */
void h_ref(struct buf *b, const struct report *r, struct str id);
/* one of our words inside a sentence */
void h_local(struct buf *b, const struct r_host *host, int64_t t);
/* A host's name; one without a name names its files. */
void h_host_name(struct buf *b, const struct report *r, const struct r_host *host);
void h_plural(struct buf *b, int64_t n, const char *one, const char *many);
void h_code(struct buf *b, const struct r_finding *f);
void h_eyebrow(struct buf *b, const struct r_finding *f, size_t subjects);
void h_strip(struct buf *b, const struct r_host *host);
void h_host_words(struct buf *b, const struct r_host *x, const char *dot);
/* What failed without a known cause, last first, at most that many, each between open and close; returns how
 * many. */
size_t h_failed(struct buf *b, const struct report *r, const struct r_host *host, size_t most,
                const char *open, const char *close);
void h_case_line(struct buf *b, const struct report *r);
void h_state(struct buf *b, struct str state); /* of an artefact or a file */

/* head ends with NULL; '#' before a word: a column of numbers. A column of hosts says nothing when there is
 * one: h_host_cell leaves it out as well. */
void h_table(struct buf *b, const struct report *r, const char *caption, const char *hint,
             const char *const *head);
void h_host_cell(struct buf *b, const struct report *r, struct str host);
/* more: how many are not shown; rows: the view that has them, with its condition */
void h_table_end(struct buf *b, uint64_t more, const char *rows);

/* html_page.c: up to and with <body>; title: escaped. style.css is in it, by its hash. */
enum status h_page_begin(struct buf *b, struct str title, struct err *e);
/* html_first.c; level: h1, h2 … */
void h_one_host(struct buf *b, const struct report *r, const struct r_host *host);
void h_no_host(struct buf *b, const struct report *r);
/* Diagnosis, what now, since when, and the ledger; below: the level of what stands under level */
void h_hero(struct buf *b, const struct report *r, const struct r_host *host, const char *level,
            const char *below);
void h_what_now(struct buf *b, const struct report *r, const struct r_finding *f, const char *level);
void h_collect_now(struct buf *b, const struct report *r, const struct r_host *host, const char *level);
void h_since(struct buf *b, const struct report *r, const struct r_host *host, const struct r_finding *f,
             const char *level);
/* host: NULL for all */
void h_what_was_read(struct buf *b, const struct report *r, const struct r_host *host);
/* html_facts.c; a part of r->alike as a table; caption, hint, head as h_table's */
void h_alike(struct buf *b, const struct report *r, const char *part, const char *caption, const char *hint,
             const char *const *head);
/* html_timeline.c; nothing where there is nothing to show */
void h_timeline(struct buf *b, const struct report *r, const struct r_host *host, size_t serial);
void h_many_hosts(struct buf *b, const struct report *r); /* html_hosts.c */
void h_findings(struct buf *b, const struct report *r);   /* html_findings.c */
void h_facts(struct buf *b, const struct report *r);      /* html_facts.c */
/* html_evidence.c */
void h_coverage(struct buf *b, const struct report *r);
void h_summary(struct buf *b, const struct report *r);
void h_cited(struct buf *b, const struct report *r);
void h_evidence(struct buf *b, const struct report *r);
void h_method(struct buf *b, const struct report *r);
#endif
