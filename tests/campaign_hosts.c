/* campaign_hosts SEED COUNT [PROGRAM [TWIN…]]: hosts in bulk whose story is known, because it was told here:
 * a cause; its twin, which one fact contradicts; one log or hive not collected; mended afterwards; two causes
 * on one host; a host on which nothing failed. On every second host others fail beside it: namesakes of
 * another domain or of the computer itself, strangers; what is told of those is nobody's cause. The real
 * program judges them. Prints a table of counts and fails on a confirmed cause that was none, on a cause that
 * was ruled out, and on a host called clear that was not. A seed tells the same hosts again. With names of
 * samples their twins are told, one each. Folders go to /dev/shm where there is one; those of a failure are
 * kept. */
#include "tests/cases.h"
#include "case/casedb.h"
#include <errno.h>
#include <limits.h>
#include <unistd.h>

enum { TOGETHER = 25, MOST = 5000, NO_ONE = -1 }; /* hosts of one run of the program */
enum story { CAUSE, CONTRADICTED, LACKING, MENDED, TWO, HEALTHY, STORIES };
static const char *const story_names[STORIES] = {"cause",  "twin", "artefact missing",
                                                 "mended", "two",  "healthy"};

/* What was told of a host; sample: of `samples`, NO_ONE where there is none. */
struct told {
    enum story story;
    int sample[2];
    const char *lost; /* what was not collected */
    bool crowded;
};
static struct told all[MOST];
static char base[PATH_MAX], program[PATH_MAX];
static uint64_t state;

static uint64_t roll(void) /* splitmix64 */
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u, z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
static unsigned pick(unsigned n) { return (unsigned)(roll() % n); }

/* A sample with a known cause that can be told so. */
static int choose(enum story story)
{
    for (;;) {
        int i = (int)pick(LEN(samples));
        const struct sample *s = &samples[i];
        if (s->cause
            && (story == CAUSE || story == LACKING ? true
                : story == CONTRADICTED            ? s->twin != NULL
                : story == MENDED                  ? s->mends
                                                   : s->joins))
            return i;
    }
}

static void lose(struct host *h, struct told *t)
{
    unsigned k = pick(LOGS + HIVES);
    if (k < LOGS)
        h->lost[k] = true, t->lost = logs[k].file;
    else
        h->lost_hive[k - LOGS] = true, t->lost = hives[k - LOGS];
}

/* --- others, who fail at that very time for reasons of their own: accounts of the same name, and strangers.
 * Their tasks and services are called Next… */
static const struct {
    uint32_t status, sub, win32;
    const char *reason;
} refusals[] = {{0xC000006D, 0xC000006A, 1326, "%%2313"}, {0xC000006D, 0xC0000064, 1326, "%%2313"},
                {0xC000006E, 0xC0000072, 1331, "%%2310"}, {0xC000015B, 0, 1385, "%%2308"},
                {0xC0000234, 0, 1909, "%%2307"},          {0xC000006E, 0xC0000070, 1329, "%%2312"},
                {0xC0000133, 0, 1398, "%%2304"},          {0xC000005E, 0, 1311, "%%2304"}};

enum { ANYWHERE = 6 }; /* the rest says that a domain failed, which is true of whoever logs on then */

/* A namesake of account: of this computer, unless that is one of its own. */
static struct who someone(const struct host *h, const char *account)
{
    const char *slash = strchr(account, '\\'), *user = slash ? slash + 1 : account;
    bool foreign = slash && strncmp(account, h->name, strlen(h->name)) != 0 && account[0] != '.';
    return foreign && pick(2) ? local(h, user, 1777) : (struct who){"OTHER", user, "S-1-5-21-99-98-97-1777"};
}
static void next_task(struct host *h, int64_t t, struct who who)
{
    unsigned k = pick(who.domain == h->name ? ANYWHERE : LEN(refusals));
    logon_failed(h, t, 4, who, refusals[k].status, refusals[k].sub, refusals[k].reason, SVCHOST_EXE);
    task_failed(h, t + SECOND / 50, "\\Next\\Task", spelled(who), "LogonUserExEx", WIN32(refusals[k].win32));
}
static void next_service(struct host *h, int64_t t, struct who who)
{
    unsigned k = pick(who.domain == h->name ? ANYWHERE : LEN(refusals));
    logon_failed(h, t, 5, who, refusals[k].status, refusals[k].sub, refusals[k].reason, SERVICES_EXE);
    service_failed(h, t + SECOND / 50, "NextAgent", "NextAgent", spelled(who),
                   pick(2) ? keep("%%%%%u", refusals[k].win32) : "%%1326");
}
static void next_logon(struct host *h, int64_t t, struct who who)
{
    unsigned k = pick(ANYWHERE);
    logon_failed(h, t, pick(2) ? 2 : 10, who, refusals[k].status, refusals[k].sub, refusals[k].reason,
                 WINLOGON_EXE);
}
static void next_locked(struct host *h, int64_t t, struct who who)
{
    say(h, SECURITY_LOG, t, AUDIT, 4740, SUCCESS, TASK(13824), PROCESS(764, 812),
        S("TargetUserName", who.user), S("TargetDomainName", h->name), SID("TargetSid", who.sid),
        SUBJECT(SYSTEM_SID, "DC07$", "OTHER", 0x3e7));
}
static void next_mended(struct host *h, int64_t t, struct who who)
{
    password_reset(h, t - 5 * MINUTE, who), account_disabled(h, t - 4 * MINUTE, who);
    right_removed(h, t - 3 * MINUTE, who, "SeBatchLogonRight");
    right_removed(h, t - 3 * MINUTE, who, "SeServiceLogonRight");
}
static void next_domain(struct host *h, int64_t t, struct who who)
{
    (void)who;
    say(h, SYSTEM_LOG, t, "Microsoft-Windows-Security-Kerberos", 3, LEVEL(2), S("LogonSession", ""),
        S("ClientTime", ""), S("ServerTime", ""), S("ErrorCode", "0xe"),
        S("ErrorMessage", "KDC_ERR_ETYPE_NOSUPP"), S("ExtendedError", ""), S("ClientRealm", ""),
        S("ClientName", ""), S("ServerRealm", "OTHER.EXAMPLE"),
        S("ServerName", "MSSQLSvc/next.other.example:1433"), S("TargetName", "MSSQLSvc/next.other.example"));
}

static int64_t about(int64_t t) { return t + ((int64_t)pick(8001) - 4000) * (SECOND / 1000); }
static void crowd(struct host *h, int64_t t, const char *user)
{
    static void (*const more[])(struct host *, int64_t, struct who) = {next_logon, next_locked, next_mended,
                                                                       next_domain};
    next_task(h, about(t), someone(h, user)), next_service(h, about(t), someone(h, user));
    for (unsigned n = pick(4); n > 0; n--)
        more[pick(LEN(more))](h, about(t), someone(h, pick(4) ? user : "CORP\\svc-next"));
}

static int named(const char *name)
{
    for (int i = 0; i < (int)LEN(samples); i++)
        if (!strcmp(samples[i].name, name) && samples[i].twin)
            return i;
    fprintf(stderr, "campaign_hosts: %s has no twin\n", name);
    exit(2);
}

static void tell(size_t i, struct told *t, const char *twin_of)
{
    static char prefix[16];
    snprintf(prefix, sizeof prefix, "H%04zu", i);
    t->story = (enum story)(i % 11 < 4 ? CAUSE : i % 11 < 6 ? CONTRADICTED : i % 11 - 4);
    if (t->story == STORIES)
        t->story = LACKING;
    if (twin_of)
        t->story = CONTRADICTED;
    telling.prefix = prefix;
    telling.later = (int64_t)pick(20 * 24 * 60) * MINUTE;
    t->crowded = i % 2;
    telling.beside = t->crowded ? crowd : NULL;
    telling.how = t->story == CONTRADICTED ? TWIN : t->story == MENDED ? REPAIRED : AS_IT_IS;
    t->sample[0] = twin_of ? named(twin_of) : t->story == HEALTHY ? NO_ONE : choose(t->story);
    t->sample[1] = NO_ONE;
    for (int again = 0; t->story == TWO && again < 100; again++) {
        t->sample[1] = choose(TWO);
        if (strcmp(samples[t->sample[1]].subject, samples[t->sample[0]].subject) != 0)
            break;
    }
    const struct sample *s = &samples[t->sample[0] == NO_ONE ? 0 : t->sample[0]];
    if (s->write)
        s->write(keep("h%04zu", i));
    else {
        struct host h = machine_named(s->host, s->workgroup);
        s->tell(&h);
        if (t->sample[1] != NO_ONE)
            samples[t->sample[1]].tell(&h);
        if (pick(2))
            quiet(&h);
        if (t->story == LACKING || (t->story == HEALTHY && pick(2)))
            lose(&h, t);
        collect(&h, keep("h%04zu", i));
    }
    pooled = 0;
}

/* --- what came out, against what was told */
enum {
    CONFIRMED_RIGHT,
    CONFIRMED_WRONG,
    LIKELY,
    POSSIBLE,
    UNDETERMINED,
    NONE,
    OUT_RIGHT,
    OUT_WRONG,
    CLEAR_RIGHT,
    CLEAR_WRONG,
    COUNTS
};
static const char *const count_names[COUNTS] = {"confirmed", "WRONG",     "likely", "possible", "undet.",
                                                "none",      "ruled out", "WRONG",  "clear",    "WRONG"};
static unsigned counts[STORIES][COUNTS], hosts[STORIES], failures;
static uint64_t seed;
static bool met[MOST];

/* words: causes, blanks between; where one names no subject it is that of the sample (NULL: any). */
static bool holds(const char *words, const char *subject, struct str cause, struct str at)
{
    struct str rest = str_of(words ? words : "");
    while (rest.n) {
        struct str word = str_cut(&rest, ' '), name = str_cut(&word, '@');
        if (str_eq(name, cause)
            && (word.n ? str_eq_ci(word, at) : !subject || str_eq_ci(at, str_of(subject))))
            return true;
    }
    return false;
}

/* Was this the cause of what failed there? */
static bool behind(const struct told *t, struct str cause, struct str subject)
{
    for (int k = 0; k < 2; k++) {
        const struct sample *s = t->sample[k] == NO_ONE ? NULL : &samples[t->sample[k]];
        if (s && holds(t->story == CONTRADICTED ? s->twin : s->cause, s->subject, cause, subject))
            return true;
    }
    return false;
}

static void wrong(const struct told *t, size_t i, const char *what, struct str cause, struct str subject)
{
    printf("WRONG seed %llu host %zu (%s: %s%s%s%s%s): %.*s %.*s %s\n", (unsigned long long)seed, i,
           story_names[t->story], t->sample[0] == NO_ONE ? "-" : samples[t->sample[0]].name,
           t->sample[1] == NO_ONE ? "" : " and ", t->sample[1] == NO_ONE ? "" : samples[t->sample[1]].name,
           t->lost ? " without " : "",
           t->lost      ? t->lost
           : t->crowded ? ", crowded"
                        : "",
           STR_ARG(cause), STR_ARG(subject), what);
    failures++;
}

/* host, cause, subject, verdict */
static enum status judge(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)ctx, (void)name, (void)n, (void)e;
    size_t i = c[0].s.n > 5 ? strtoul(c[0].s.p + 1, NULL, 10) : MOST; /* H0012WS07 */
    if (i >= MOST)
        return OK;
    const struct told *t = &all[i];
    unsigned *count = counts[t->story];
    bool right = behind(t, c[1].s, c[2].s);
    if (t->crowded && (str_starts_ci(c[2].s, STR("\\Next")) || str_starts_ci(c[2].s, STR("Next"))))
        return OK;
    met[i] |= right;
    if (str_eq(c[3].s, STR("confirmed"))) {
        count[right ? CONFIRMED_RIGHT : CONFIRMED_WRONG]++;
        if (!right)
            wrong(t, i, "is confirmed", c[1].s, c[2].s);
    } else if (str_eq(c[3].s, STR("ruled_out"))) {
        count[right ? OUT_WRONG : OUT_RIGHT]++;
        if (right)
            wrong(t, i, "is ruled out", c[1].s, c[2].s);
    } else if (right)
        count[str_eq(c[3].s, STR("likely"))     ? LIKELY
              : str_eq(c[3].s, STR("possible")) ? POSSIBLE
                                                : UNDETERMINED]++;
    return OK;
}

/* A host is clear where nothing failed and all that would tell was collected. */
static enum status judge_clear(void *ctx, const struct cell *c, const char *const *name, size_t n,
                               struct err *e)
{
    (void)ctx, (void)name, (void)n, (void)e;
    size_t i = c[0].s.n > 5 ? strtoul(c[0].s.p + 1, NULL, 10) : MOST;
    if (i >= MOST || !str_eq(c[1].s, STR("clear")))
        return OK;
    const struct told *t = &all[i];
    bool right = t->story == HEALTHY;
    static const enum log tells[] = {SYSTEM_LOG,      SECURITY_LOG, TASK_LOG, BITS_LOG, SMB_LOG,
                                     APPLICATION_LOG, CONNECT_LOG,  AAD_LOG,  SHELL_LOG};
    for (size_t k = 0; t->lost && k < LEN(tells); k++)
        right &= strcmp(logs[tells[k]].file, t->lost) != 0;
    right &= !t->lost || strcmp(hives[SECURITY_HIVE], t->lost) != 0; /* what is audited */
    counts[t->story][right ? CLEAR_RIGHT : CLEAR_WRONG]++;
    if (!right)
        wrong(t, i, "the host is clear", STR(""), STR(""));
    return OK;
}

static void run_program(const char *in, const char *to)
{
    char command[3 * PATH_MAX];
    snprintf(command, sizeof command, "'%s' analyze --progress=none -o '%s' '%s' >/dev/null", program, to,
             in);
    if (system(command) != 0) {
        fprintf(stderr, "campaign_hosts: %s\n", command);
        exit(1);
    }
}

static void judge_all(size_t from, size_t to)
{
    char out[PATH_MAX + 16], path[PATH_MAX + 32];
    struct casedb *db = NULL;
    struct err e = {0};
    snprintf(out, sizeof out, "%s/out-%zu", base, from), snprintf(path, sizeof path, "%s/case.db", out);
    run_program(out_dir, out);
    if (case_open(path, &db, &e) != OK
        || case_query(db, "SELECT host, cause, coalesce(subject, ''), verdict FROM v_finding", NULL, NULL, 0,
                      judge, NULL, &e)
               != OK
        || case_query(db, "SELECT host, outcome FROM v_host", NULL, NULL, 0, judge_clear, NULL, &e) != OK) {
        fprintf(stderr, "campaign_hosts: %s: %s\n", path, e.why);
        exit(1);
    }
    case_close(db);
    for (size_t i = from; i < to; i++) {
        hosts[all[i].story]++;
        counts[all[i].story][NONE] += !met[i] && all[i].story != HEALTHY && all[i].story != CONTRADICTED;
    }
}

static void print_table(void)
{
    printf("%-17s %5s", "", "hosts");
    for (size_t c = 0; c < COUNTS; c++)
        printf(" %9s", count_names[c]);
    for (size_t s = 0; s <= STORIES; s++) {
        unsigned sum = 0;
        for (size_t k = 0; k < STORIES; k++)
            sum += hosts[k];
        printf("\n%-17s %5u", s < STORIES ? story_names[s] : "all", s < STORIES ? hosts[s] : sum);
        for (size_t c = 0; c < COUNTS; c++) {
            sum = 0;
            for (size_t k = 0; k < STORIES; k++)
                sum += counts[k][c];
            printf(" %9u", s < STORIES ? counts[s][c] : sum);
        }
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: campaign_hosts SEED COUNT [PROGRAM [TWIN...]]\n");
        return 2;
    }
    seed = strtoull(argv[1], NULL, 0), state = seed * 0x5851f42d4c957f2du;
    size_t count = strtoull(argv[2], NULL, 0);
    count = argc > 4 ? (size_t)argc - 4 : count < MOST ? count : MOST;
    char self[PATH_MAX / 2], in[PATH_MAX + 16];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = 0;
    snprintf(program, sizeof program, argc > 3 ? "%s" : "%s/whylogon", argc > 3 ? argv[3] : self);
    snprintf(base, sizeof base, "%s/whylogon-hosts-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (access(program, X_OK) != 0 || !mkdtemp(base)) {
        fprintf(stderr, "campaign_hosts: %s: %s\n", program, strerror(errno));
        return 2;
    }
    for (size_t from = 0; from < count; from += TOGETHER) {
        size_t to = from + TOGETHER < count ? from + TOGETHER : count;
        snprintf(in, sizeof in, "%s/in-%zu", base, from);
        out_dir = in;
        for (size_t i = from; i < to; i++)
            tell(i, &all[i], argc > 4 ? argv[4 + i] : NULL);
        judge_all(from, to);
    }
    print_table();
    if (failures)
        printf("%u wrong; the evidence is kept in %s\n", failures, base);
    else {
        char command[PATH_MAX + 16];
        snprintf(command, sizeof command, "rm -rf '%s'", base);
        if (system(command) != 0)
            fprintf(stderr, "campaign_hosts: %s stays\n", base);
    }
    return failures ? 1 : 0;
}
