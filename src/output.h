/* output: the reports of a case into a folder, each written under a temporary name and renamed.
 * Everything is released on return.
 * It refuses to leave half a file under its final name. */
#ifndef OUTPUT_H
#define OUTPUT_H
#include "base/err.h"
struct casedb;
enum status write_reports(struct casedb *db, const char *folder, struct err *e);
#endif
