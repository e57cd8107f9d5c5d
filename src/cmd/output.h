/* output: the case and its reports into a folder. All are written under temporary names before the first is
 * renamed, the case last: what fails leaves the folder as it was, and a case that is there has its reports.
 * Everything is released on return; the case stays open.
 * It refuses to leave half a file under its final name. */
#ifndef OUTPUT_H
#define OUTPUT_H
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
struct casedb;
/* Looks at every file that would be written, before the first is: E_USAGE, with the name of one that is there
 * already in e->path (in mem). A folder that is not there yet is free. */
enum status output_free(const char *folder, bool with_case, struct arena *mem, struct err *e);
enum status write_reports(struct casedb *db, const char *folder, struct err *e);
enum status write_case(struct casedb *db, const char *folder, struct err *e); /* and its reports */

/* One file, written in parts under a temporary name, renamed by output_close if all went well (st OK). One
 * that is there is E_USAGE without force. file, o: owned by output_close. put: for struct export_to. */
struct output_file;
enum status output_open(const char *path, bool force, struct output_file **file, struct err *e);
enum status output_put(void *file, struct str part, struct err *e);
enum status output_close(struct output_file *o, enum status st, struct err *e);
#endif
