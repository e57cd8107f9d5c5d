/* run_limits: --limits, what one run may cost, from text to numbers. Owns nothing. It refuses names it does
 * not know, and depths that our own stack is not made for. */
#ifndef RUN_LIMITS_H
#define RUN_LIMITS_H
#include "base/err.h"

/* Reaching one keeps what was read, marks the file partial and is told in the run's result. Bytes, counts and
 * seconds as the names say. */
struct run_limits {
    uint64_t memory, file_bytes, run_bytes, records, facts, xml_depth, key_depth, file_seconds, run_seconds,
        spool_bytes; /* of what is unpacked, in the folder for temporary files */
};
struct run_limits run_limits_default(void);
/* "memory=512M,file-bytes=2G,facts=100000,file-seconds=60": k, M, G, T are powers of 1024. E_USAGE names the
 * word it does not know. */
enum status run_limits_parse(const char *text, struct run_limits *l, struct err *e);
#endif
