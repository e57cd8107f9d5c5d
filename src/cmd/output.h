/* output: the case and its reports into a folder. All are written in a folder of our own beside them before
 * the first gets its name, the case last; when one cannot, those that were there come back: what fails leaves
 * the folder as it was, and a case that is there has its reports. One run at a time writes into a folder. It
 * refuses to leave half a file under its final name, and to write through a link. In a folder that has no
 * final name itself yet (alone) files are made where they stay. */
#ifndef OUTPUT_H
#define OUTPUT_H
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
struct casedb;
struct output;
struct redact;
/* Makes the folder, holds it, and looks at every name that would be written: E_USAGE where one is there
 * already and force is not set, with its name in e->path (as long as out is); E_IO where another run has the
 * folder. End it after an error too. */
enum status output_begin(const char *folder, bool force, bool with_case, bool alone, struct output **out,
                         struct err *e);
const char *output_work(struct output *o); /* a name for what nobody keeps; NULL: no memory */
/* until: plat_clock_ms at which db is halted with E_TIME, or 0; taken back when the reports are made: they
 * are cut then, and the case is saved all the same. */
enum status output_write(struct output *o, struct casedb *db, bool with_case, uint64_t *until, struct err *e);
/* From here on names in reports become pseudonyms. names: the caller's, until output_write is over. */
void output_redact(struct output *o, const struct redact *names);
bool output_cut(const struct output *o); /* the reports hold less than the case, and say so */
void output_end(struct output *o);

/* One file, written in parts under a temporary name, renamed by output_close if all went well (st OK). One
 * that is there is E_USAGE without force. file, o: owned by output_close. put: for struct export_to. */
struct output_file;
enum status output_open(const char *path, bool force, struct output_file **file, struct err *e);
enum status output_put(void *file, struct str part, struct err *e);
enum status output_close(struct output_file *o, enum status st, struct err *e);
#endif
