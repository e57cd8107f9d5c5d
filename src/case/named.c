#include "case/named.h"

static const char *const text[QUERIES] = {
    [Q_AGAIN_CLEAR] = "DELETE FROM fact_again",
    [Q_AGAIN_PUT] = "INSERT INTO fact_again(file_id, file_off, again) VALUES(?1, ?2, ?3)"
                    " ON CONFLICT(file_id, file_off) DO UPDATE SET again = excluded.again"
                    " WHERE excluded.again = 'no' OR (excluded.again = 'unknown' AND again = 'yes')",
    /* offset 0: the whole file is meant; damage proves nothing, and is not derived again */
    [Q_AGAIN_NOTHING] = "INSERT OR IGNORE INTO fact_again(file_id, file_off, again)"
                        " SELECT DISTINCT file_id, file_off, 'no' FROM citation c WHERE file_off > 0"
                        " AND NOT EXISTS (SELECT 1 FROM anomaly a WHERE a.file_id = c.file_id"
                        " AND a.file_off = c.file_off)",
    [Q_AGAIN_UNKNOWN] = "INSERT OR IGNORE INTO fact_again(file_id, file_off, again)"
                        " SELECT DISTINCT file_id, file_off, 'unknown' FROM citation c WHERE file_off > 0"
                        " AND NOT EXISTS (SELECT 1 FROM anomaly a WHERE a.file_id = c.file_id"
                        " AND a.file_off = c.file_off)",
    [Q_AGAIN_ASK] =
        "INSERT INTO finding_unknown(finding, ord, artifact, collect)"
        " SELECT finding, (SELECT coalesce(max(u.ord) + 1, 0) FROM finding_unknown u WHERE u.finding = "
        "p.finding)"
        " + row_number() OVER (PARTITION BY finding ORDER BY path) - 1, path, CASE worst WHEN 'no' THEN"
        " 'collect this file again: what was first read from it is not there when it is read again'"
        " ELSE 'what was read from this file could not be read again: whylogon verify' END"
        " FROM (SELECT c.finding, e.path, min(a.again) AS worst FROM citation c"
        " JOIN fact_again a ON a.file_id = c.file_id AND a.file_off = c.file_off"
        " JOIN evidence e ON e.id = c.file_id WHERE a.again <> 'yes' GROUP BY 1, 2) p WHERE NOT EXISTS"
        " (SELECT 1 FROM finding_unknown u WHERE u.finding = p.finding AND u.artifact = p.path)",
    [Q_AGAIN_DOUBT] =
        "UPDATE finding SET verdict = 'undetermined' WHERE id IN (SELECT c.finding FROM citation c"
        " JOIN fact_again a ON a.file_id = c.file_id AND a.file_off = c.file_off"
        " WHERE a.again = 'no')",
    [Q_AGAIN_LOWER] = "UPDATE finding SET verdict = 'likely' WHERE verdict = 'confirmed' AND id IN"
                      " (SELECT c.finding FROM citation c JOIN fact_again a ON a.file_id = c.file_id"
                      " AND a.file_off = c.file_off WHERE a.again = 'unknown')",
    [Q_AGAIN_FILES] = "UPDATE evidence SET state = 'partial', note = coalesce(note || '; ', '') ||"
                      " 'what was first read from it is not all there when it is read again'"
                      " WHERE state IN ('read', 'partial') AND id IN (SELECT file_id FROM fact_again"
                      " WHERE again = 'no')",
};

enum status case_named(struct casedb *db, enum query q, const char *types, const struct value *arg,
                       row_fn *fn, void *ctx, struct err *e)
{
    enum { MOST = 16 };
    enum col_type type[MOST];
    size_t n = 0;
    for (; n < MOST && types[n]; n++)
        type[n] = types[n] == 'i' ? COL_INT : types[n] == 'b' ? COL_BLOB : COL_TEXT;
    return case_query(db, text[q], arg, type, n, fn, ctx, e);
}
