/* folder: what a run of many keeps on disk: a folder a ticket, whole or not there. Owns nothing. It refuses
 * to remove what lies deeper than a run of ours ever writes. */
#ifndef FOLDER_H
#define FOLDER_H
#include "base/arena.h"
#include "base/err.h"

#define TICKET_FILE "ticket.json"
enum { TICKET_FILE_MOST = 64 << 20 };

/* All in it, then itself; nothing happens where there is none. Links are removed, never followed. */
enum status folder_remove(const char *path, struct err *e);
#endif
