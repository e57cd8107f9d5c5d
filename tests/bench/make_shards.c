/* make_shards FLEET.db FOLDER TICKETS SHARDS: the fleets of many tickets, from one of few: each ticket of
 * FLEET.db again and again under other names, of other hosts, dealt out to SHARDS files FOLDER/1.db …; for
 * measuring merge. Owns nothing after it ended. It refuses a folder it cannot write to. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* ?: of the shards, this one, how many tickets. Every tenth host is met in several tickets. */
static const char make[] =
    "ATTACH '%q' AS few; BEGIN;"
    "CREATE TEMP TABLE old(i INTEGER PRIMARY KEY, name TEXT);"
    "INSERT INTO old SELECT row_number() OVER (ORDER BY name) - 1, name FROM few.ticket;"
    "CREATE TEMP TABLE seq(n INTEGER PRIMARY KEY, name TEXT, host INTEGER, was TEXT);"
    "INSERT INTO seq WITH RECURSIVE s(n) AS (SELECT %d UNION ALL SELECT n + %d FROM s WHERE n + %d < %d)"
    " SELECT n, printf('ticket-%%06d', n), CASE WHEN n %% 10 THEN n ELSE n / 100 END,"
    " (SELECT o.name FROM old o WHERE o.i = s.n %% (SELECT count(*) FROM old)) FROM s;"
    "INSERT INTO ticket SELECT s.name, s.name, t.sum, t.code, t.status, t.outcome, t.reason, t.files, "
    "t.bytes, "
    "t.records, t.partial, t.ruled_out FROM seq s JOIN few.ticket t ON t.name = s.was ORDER BY s.name;"
    "INSERT INTO ticket_host SELECT s.name, t.ord, t.host || s.host, t.host || s.host || '.' || t.domain, "
    "t.domain, "
    "t.os, t.machine_sid, t.outcome FROM seq s JOIN few.ticket_host t ON t.ticket = s.was;"
    "INSERT INTO ticket_kind SELECT s.name, t.ord, t.kind, t.state, t.failures FROM seq s JOIN "
    "few.ticket_kind t ON "
    "t.ticket = s.was;"
    "INSERT INTO ticket_need SELECT s.name, t.ord, t.artifact, t.collect FROM seq s JOIN few.ticket_need t "
    "ON "
    "t.ticket = s.was;"
    "INSERT INTO ticket_finding SELECT s.name, t.ord, t.cause, t.title, t.verdict, t.host || s.host, "
    "t.subject, "
    "t.win32, t.first_seen, t.last_seen, t.count FROM seq s JOIN few.ticket_finding t ON t.ticket = s.was;"
    "INSERT INTO shard VALUES(%d, %d); COMMIT;";

static int wrong(sqlite3 *db, const char *what)
{
    fprintf(stderr, "make_shards: %s: %s\n", what, db ? sqlite3_errmsg(db) : "no memory");
    return 1;
}

int main(int argc, char **argv)
{
    int tickets = argc == 5 ? atoi(argv[3]) : 0, shards = argc == 5 ? atoi(argv[4]) : 0;
    if (tickets < 1 || shards < 1) {
        fprintf(stderr, "usage: make_shards FLEET.db FOLDER TICKETS SHARDS\n");
        return 2;
    }
    for (int i = 0; i < shards; i++) {
        sqlite3 *db = NULL;
        char *path = sqlite3_mprintf("%s/%d.db", argv[2], i + 1),
             *copy = sqlite3_mprintf("VACUUM INTO '%q'", path),
             *fill = sqlite3_mprintf(make, argv[1], i, shards, shards, tickets, i + 1, shards);
        if (!path || !copy || !fill)
            return wrong(NULL, "sql");
        if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK
            || sqlite3_exec(db, copy, NULL, NULL, NULL) != SQLITE_OK)
            return wrong(db, path);
        sqlite3_close(db);
        if (sqlite3_open(path, &db) != SQLITE_OK
            || sqlite3_exec(
                   db,
                   "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; DELETE FROM ticket; DELETE "
                   "FROM ticket_host; DELETE FROM ticket_kind; DELETE FROM ticket_need; DELETE FROM "
                   "ticket_finding; DELETE FROM shard; COMMIT",
                   NULL, NULL, NULL)
                   != SQLITE_OK)
            return wrong(db, path);
        if (sqlite3_exec(db, fill, NULL, NULL, NULL) != SQLITE_OK)
            return wrong(db, path);
        sqlite3_close(db);
        sqlite3_free(path), sqlite3_free(copy), sqlite3_free(fill);
    }
    return 0;
}
