/* ticket: what batch says to the processes that take its tickets: texts, by their place. Owns nothing. It
 * refuses nothing: both ends are this program. */
#ifndef TICKET_H
#define TICKET_H
/* To the one that gets ready; behind these come arguments of analyze. options: those that change results. */
enum { TICKET_KNOWLEDGE, TICKET_OPTIONS, TICKET_READY, TICKET_ARGS = 64 };
/* To each copy, for each ticket. last: the crew's, is it to leave after this one? part: the folder while it
 * is not whole; keep: letters of what stays, c(ase) and r(eports). */
enum { TICKET_LAST, TICKET_NAME, TICKET_PATH, TICKET_PART, TICKET_FINAL, TICKET_KEEP, TICKET_TEXTS };
#endif
