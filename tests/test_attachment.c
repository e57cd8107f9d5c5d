/* Tickets' attachments through the program: evidence in containers is evidence, found again byte for byte;
 * what cannot be had is named. */
#include "tests/build.h"
#include "tests/containers.h"
#include "tests/shell.h"
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *dir;
static char in[300];

static void fresh(const char *name) { dir = scratch_in("attachment", name, in, sizeof in); }

static const char *ask(const char *sql)
{
    setenv("SQL", sql, 1);
    cr_assert_eq(run("%s query --csv %s/out/case.db \"$SQL\" | tail -n +2 | tr -d '\\r\"'", program(), dir),
                 0, "%s", out);
    return out;
}
#define EXPECT(sql, want) cr_expect_str_eq(ask(sql), want, "%s\n%s", sql, out)

static int analyze(const char *more)
{
    return run("%s analyze --force -o %s/out %s %s", program(), dir, more, in);
}

/* --- the files of a sample, packed in many ways */

struct files {
    struct packed m[64];
    size_t n;
};

static void read_files(const char *sample, const char *prefix, struct files *f)
{
    char path[600];
    struct dirent **name;
    snprintf(path, sizeof path, "samples/cases/%s", sample);
    int n = scandir(path, &name, NULL, alphasort);
    cr_assert(n > 2, "%s: build the samples first", path);
    for (int i = 0; i < n; i++) {
        struct stat s;
        snprintf(path, sizeof path, "samples/cases/%s/%s", sample, name[i]->d_name);
        if (stat(path, &s) != 0 || !S_ISREG(s.st_mode))
            continue;
        FILE *file = fopen(path, "rb");
        char *data = malloc((size_t)s.st_size + 1), *as = malloc(512);
        cr_assert(file && data && as && f->n < LEN(f->m)
                  && fread(data, 1, (size_t)s.st_size, file) == (size_t)s.st_size);
        fclose(file);
        snprintf(as, 512, "%s%s", prefix, name[i]->d_name);
        f->m[f->n++] = (struct packed){as, {data, (size_t)s.st_size}, 0};
    }
}

static struct packed one(const char *name, const struct buf *b)
{
    return (struct packed){name, buf_view(b), 0};
}

static const char verdicts[] =
    "SELECT verdict, cause, host, subject, count FROM v_finding ORDER BY 1, 2, 3, 4";
static const char facts[] =
    "SELECT e.time, e.provider, e.event_id, f.sha256 FROM v_event e JOIN v_evidence f ON f.file_id = "
    "substr(e.evidence_id, 1, instr(e.evidence_id, ':') - 1) ORDER BY 1, 2, 3, 4";

/* The same evidence in whatever it is packed in says the same. */
Test(attachment, packed_or_not, .timeout = 1200)
{
    static const char *const how[][3] = {{"zip", "none", "zip"},      {"7zip", "none", "7z"},
                                         {"ustar", "gzip", "tar.gz"}, {"ustar", "xz", "tar.xz"},
                                         {"iso9660", "none", "iso"},  {NULL, NULL, "cab"}};
    static char want[1 << 16], want_facts[1 << 18];
    struct files f = {0};
    read_files("dirty-hive", "logs/", &f);
    fresh("packed");
    cr_assert_eq(run("mkdir %s/logs && cp samples/cases/dirty-hive/* %s/logs", in, in), 0, "%s", out);
    cr_assert_eq(analyze(""), 0, "%s", out);
    snprintf(want, sizeof want, "%s", ask(verdicts)),
        snprintf(want_facts, sizeof want_facts, "%s", ask(facts));
    cr_assert(strstr(want, "confirmed"), "%s", want);
    for (size_t i = 0; i < LEN(how); i++) {
        struct buf b = {0};
        char name[64], note[200];
        fresh("packed");
        if (how[i][0])
            pack(&b, how[i][0], how[i][1], NULL, NULL, f.m, f.n);
        else
            cab(&b, f.m, f.n);
        snprintf(name, sizeof name, "ticket.%s", how[i][2]);
        write_file(in, name, &b);
        cr_assert_eq(analyze("--strict"), 0, "%s: %s", name, out);
        cr_expect_str_eq(ask(verdicts), want, "%s\n%s", name, out);
        cr_expect_str_eq(ask(facts), want_facts, "%s\n%s", name, out);
        snprintf(note, sizeof note, "f1,read,%zu,%zu,0\n", f.n, f.n);
        EXPECT("SELECT file_id, state, members_seen, members_wanted, members_failed FROM v_evidence WHERE "
               "kind = 'container'",
               note);
        EXPECT("SELECT count(*) FROM v_evidence WHERE container = 'f1' AND length(sha256) = 64 AND path LIKE "
               "'ticket.%/logs/%'",
               f.n == 9 ? "9\n" : "?");
        EXPECT("SELECT count(*) FROM v_evidence l JOIN v_evidence h ON h.file_id = l.unit AND h.hive_kind = "
               "'SYSTEM' WHERE l.path LIKE '%SYSTEM.LOG_'",
               "2\n");
        EXPECT("SELECT DISTINCT result FROM v_verification", "agree\n");
        buf_free(&b);
    }
}

Test(attachment, three_deep, .timeout = 480)
{
    struct files f = {0};
    struct buf inner = {0}, middle = {0}, outer = {0};
    read_files("credential-storage-policy", "", &f);
    pack(&inner, "7zip", "none", NULL, NULL, f.m, f.n);
    pack(&middle, "ustar", "gzip", NULL, NULL, &(struct packed){"data.7z", buf_view(&inner), 0}, 1);
    pack(&outer, "zip", "none", "zip:compression=store", NULL,
         &(struct packed){"up/data.tar.gz", buf_view(&middle), 0}, 1);
    fresh("deep");
    write_file(in, "ticket.zip", &outer);
    cr_assert_eq(analyze("--strict"), 0, "%s", out);
    EXPECT("SELECT file_id, path, container FROM v_evidence WHERE path LIKE '%SYSTEM' OR kind = 'container'",
           "f1,ticket.zip,\nf2,ticket.zip/up/data.tar.gz,f1\nf3,ticket.zip/up/data.tar.gz/"
           "data.7z,f2\nf8,ticket.zip/up/data.tar.gz/data.7z/SYSTEM,f3\n");
    /* found again by show and verify */
    char id[64];
    snprintf(id, sizeof id, "%.*s",
             (int)strcspn(ask("SELECT evidence_id FROM v_citation WHERE file_id = 'f8' LIMIT 1"), "\n"), out);
    cr_assert_eq(run("%s show %s/out/case.db %s", program(), dir, id), 0, "%s", out);
    cr_expect(strstr(out, "ticket.zip/up/data.tar.gz/data.7z/SYSTEM") && strstr(out, "raw bytes\n  0"), "%s",
              out);
    cr_assert_eq(run("%s verify %s/out/case.db", program(), dir), 0, "%s", out);
    cr_expect(strstr(out, " unchanged, 0 changed, 0 missing") && strstr(out, "0 differ, 0 gone"), "%s", out);
    cr_expect_eq(run("%s dump %s/ticket.zip | wc -l", program(), in), 0);
    cr_expect(atoi(out) > 300, "%s", out);
    /* and missed when the container is another one */
    pack(&middle, "ustar", "gzip", NULL, NULL, &(struct packed){"data.7z", STR("gone"), 0}, 1);
    buf_free(&outer), buf_free(&middle);
    pack(&middle, "ustar", "gzip", NULL, NULL, &(struct packed){"data.7z", STR("gone"), 0}, 1);
    pack(&outer, "zip", "none", NULL, NULL, &(struct packed){"up/data.tar.gz", buf_view(&middle), 0}, 1);
    write_file(in, "ticket.zip", &outer);
    cr_expect_eq(run("%s verify %s/out/case.db", program(), dir), 3, "%s", out);
    cr_expect(strstr(out, "missing  ticket.zip/up/data.tar.gz/data.7z/SYSTEM")
                  && strstr(out, "changed  ticket.zip"),
              "%s", out);
    cr_assert_eq(run("%s show %s/out/case.db %s", program(), dir, id), 0, "%s", out);
    cr_expect(strstr(out, "no longer in its container"), "%s", out);
    buf_free(&inner), buf_free(&middle), buf_free(&outer);
}

/* More folders than anybody nests are not entered, and that is said. */
Test(attachment, too_deep, .timeout = 480)
{
    struct files f = {0};
    struct buf b = {0}, up = {0};
    read_files("only-system-log", "", &f);
    pack(&b, "zip", "none", NULL, NULL, f.m, 1);
    for (unsigned i = 0; i < 12; i++) {
        pack(&up, "zip", "none", "zip:compression=store", NULL, &(struct packed){"x.zip", buf_view(&b), 0},
             1);
        buf_free(&b), b = up, up = (struct buf){0};
    }
    fresh("too-deep");
    write_file(in, "t.zip", &b);
    cr_expect_eq(analyze(""), 5, "%s", out);
    EXPECT("SELECT count(*), max(note) FROM v_evidence WHERE state = 'not opened'",
           "1,not opened: it lies more than 8 containers deep\n");
    buf_free(&b);
}

/* A log in the ticket's folder and in the zip beside it is one log. */
Test(attachment, inside_and_outside, .timeout = 300)
{
    struct files f = {0};
    struct buf b = {0};
    read_files("only-system-log", "", &f);
    fresh("twice");
    pack(&b, "zip", "none", NULL, NULL, f.m, f.n);
    write_file(in, "a.zip", &b);
    cr_assert_eq(run("cp samples/cases/only-system-log/*.evtx %s/", in), 0);
    cr_assert_eq(analyze(""), 0, "%s", out);
    EXPECT("SELECT count(*), count(duplicate_of), count(DISTINCT sha256) FROM v_evidence WHERE kind = 'evtx'",
           "2,1,1\n");
    char once[64];
    snprintf(once, sizeof once, "%s", ask("SELECT count(*) FROM v_event"));
    cr_assert_eq(run("%s analyze --force -o %s/out samples/cases/only-system-log", program(), dir), 0, "%s",
                 out);
    EXPECT("SELECT count(*) FROM v_event", once);
    buf_free(&b);
}

/* A large member is hashed while it is unpacked: its sum is the one of the same bytes outside, and it counts
 * once with them. */
Test(attachment, a_large_member, .timeout = 480)
{
    struct files f = {0};
    struct buf log = {0}, b = {0};
    read_files("only-system-log", "", &f);
    size_t at = 0;
    while (at < f.n && !strstr(f.m[at].name, "System.evtx"))
        at++;
    cr_assert(at < f.n && f.m[at].data.n > 4096 + 65536 - 1);
    buf_put(&log, f.m[at].data.p, 4096);
    for (unsigned i = 0; i < 300; i++) /* 19 MB */
        buf_put(&log, f.m[at].data.p + 4096, 65536);
    const struct packed rows[] = {
        {"a.evtx", buf_view(&log), 0}, {"b.evtx", f.m[at].data, 0}, {"c.evtx", buf_view(&log), 0}};
    fresh("large");
    pack(&b, "zip", "none", NULL, NULL, rows, 3);
    write_file(in, "t.zip", &b);
    write_file(in, "outside.evtx", &log);
    cr_assert_eq(analyze("-j 2"), 0, "%s", out);
    cr_assert_eq(run("sha256sum < %s/outside.evtx | cut -c1-64", in), 0);
    char sum[80], want[400];
    snprintf(sum, sizeof sum, "%.64s", out);
    snprintf(want, sizeof want, "outside.evtx,%s,\nt.zip/a.evtx,%s,f1\nt.zip/c.evtx,%s,f1\n", sum, sum, sum);
    EXPECT("SELECT path, sha256, duplicate_of FROM v_evidence WHERE kind = 'evtx' AND bytes > 1000000", want);
    EXPECT("SELECT count(DISTINCT seen) FROM v_evidence WHERE kind = 'evtx' AND bytes > 1000000", "1\n");
    buf_free(&log), buf_free(&b);
}

Test(attachment, a_damaged_member_between_two_good_ones, .timeout = 480)
{
    struct files f = {0};
    struct zip_hand z = {0};
    struct buf b;
    read_files("credential-storage-policy", "logs\\", &f);
    fresh("damaged");
    for (size_t i = 0; i < f.n; i++)
        zip_add(&z, str_of(f.m[i].name), i == 1 ? 9 : 0, 0, f.m[i].data, f.m[i].data, i == 2);
    zip_end(&z, &b);
    write_file(in, "t.zip", &b);
    cr_expect_eq(analyze(""), 0, "%s", out);
    cr_expect(strstr(out, "partial      3 of 8 files"), "%s", out);
    EXPECT("SELECT path, state, substr(note, 1, 40) FROM v_evidence WHERE state <> 'read'",
           "t.zip,partial,2 of its 7 files are damaged or could no\n"
           "t.zip/logs/SAM,unreadable,unpack it with 7zz x: Unsupported ZIP co\n"
           "t.zip/logs/SECURITY,partial,damaged in its container: ZIP bad CRC: 0\n");
    cr_expect_eq(analyze("--strict"), 3, "%s", out);
    buf_free(&b);
}

Test(attachment, locked, .timeout = 480)
{
    struct files f = {0};
    struct buf b = {0}, words = {0};
    read_files("credential-storage-policy", "", &f);
    fresh("locked");
    pack(&b, "zip", "none", "zip:encryption=aes256", "Infected 2026!", f.m, f.n);
    write_file(in, "t.zip", &b);
    cr_expect_eq(analyze(""), 4, "%s", out);
    EXPECT("SELECT state, note, members_failed FROM v_evidence WHERE kind = 'container'",
           "not opened,7 of its files need a passphrase: --password-file,7\n");
    buf_z(&words, "infected\r\n\nInfected 2026!\r\nwhatever\n");
    write_file(dir, "words", &words);
    char option[400];
    snprintf(option, sizeof option, "--strict --password-file %s/words", dir);
    cr_expect_eq(analyze(option), 0, "%s", out);
    EXPECT("SELECT count(*) FROM v_finding WHERE verdict = 'confirmed'", "1\n");
    cr_expect_eq(run("grep -c 'Infected 2026' %s/out/* | grep -v ':0'", dir), 1, "a passphrase stands in %s",
                 out);
    cr_expect_eq(run("%s verify --password-file %s/words %s/out/case.db", program(), dir, dir), 0, "%s", out);
    cr_expect_eq(run("%s verify %s/out/case.db", program(), dir), 3, "%s", out);
    cr_expect_eq(run("%s dump --password-file %s/words --id 104 %s/t.zip", program(), dir, in), 0, "%s", out);
    cr_expect_eq(run("%s analyze --force -o %s/out --password-file %s/nowhere %s", program(), dir, dir, in),
                 2, "%s", out);
    buf_free(&b), buf_free(&words);
}

/* A bomb costs its container: what lies beside it is read, and the exit code says that a limit was reached.
 */
Test(attachment, a_bomb, .timeout = 1200)
{
    struct files f = {0};
    struct buf log = {0}, b = {0};
    read_files("credential-storage-policy", "", &f);
    fresh("bomb");
    pack(&b, "zip", "none", NULL, NULL, f.m, f.n);
    write_file(in, "good.zip", &b), buf_free(&b);
    /* 1.5 GB of zeros behind the head of a log */
    size_t n = (size_t)3 << 29;
    cr_assert(buf_room(&log, n));
    memset(log.p, 0, n), memcpy(log.p, "ElfFile", 7), log.n = n;
    pack(&b, "ustar", "zstd", NULL, NULL, &(struct packed){"huge.evtx", {log.p, n}, 0}, 1);
    buf_free(&log);
    cr_assert(b.n * 1000 < n, "%zu", b.n);
    write_file(in, "bomb.tar.zst", &b), buf_free(&b);
    cr_expect_eq(analyze(""), 5, "%s", out);
    EXPECT("SELECT count(*) FROM v_finding WHERE verdict = 'confirmed'", "1\n");
    cr_expect_eq(
        run("grep -c '\"members\": {\"seen\": 1, \"wanted\": 0, \"failed\": 1}' %s/out/report.json", dir), 0,
        "%s", out);
    cr_expect_eq(run("grep -c '1 files inside: 0 read, 1 could not be had' %s/out/report.html", dir), 0, "%s",
                 out);
    cr_expect_eq(run("grep -c 'partial: it unpacks to more than' %s/out/report.md", dir), 0, "%s", out);
    EXPECT("SELECT state, substr(note, 1, 26), members_failed FROM v_evidence WHERE path = 'bomb.tar.zst'",
           "partial,it unpacks to more than 10,1\n");
}

/* Names that climb, links and devices: text, and nothing else. */
Test(attachment, names_that_climb, .timeout = 300)
{
    struct files f = {0};
    struct buf b = {0};
    read_files("only-system-log", "", &f);
    fresh("climb");
    const struct packed rows[] = {{"../../../../tmp/whylogon-climbed.evtx", f.m[0].data, 0},
                                  {"/tmp/whylogon-climbed.evtx", f.m[0].data, 0},
                                  {"l", STR("/etc/passwd"), 'l'},
                                  {"l/x.evtx", f.m[0].data, 0},
                                  {"a.evtx", f.m[0].data, 0},
                                  {"a.evtx", f.m[0].data, 0},
                                  {"c", {0}, 'c'}};
    pack(&b, "ustar", "none", NULL, NULL, rows, LEN(rows));
    write_file(in, "t.tar", &b);
    cr_expect_eq(analyze(""), 0, "%s", out);
    cr_expect_neq(access("/tmp/whylogon-climbed.evtx", F_OK), 0);
    EXPECT("SELECT path FROM v_evidence WHERE container IS NOT NULL",
           "t.tar/%2E%2E/%2E%2E/%2E%2E/%2E%2E/tmp/whylogon-climbed.evtx\nt.tar/a.evtx\nt.tar/a.evtx "
           "(6)\nt.tar/l/x.evtx\nt.tar/tmp/whylogon-climbed.evtx\n");
    EXPECT(
        "SELECT note FROM v_evidence WHERE kind = 'container'",
        "2 links or devices in it are not followed; 1 names in it lead out of it and are only text here\n");
    buf_free(&b);
}

/* What a collector took from a shadow copy is older, though the device's whole name is one folder's. */
Test(attachment, a_shadow_copy, .timeout = 300)
{
    struct files f = {0};
    struct buf b = {0};
    read_files("credential-storage-policy", "", &f);
    size_t at = 0;
    while (at < f.n && strcmp(f.m[at].name, "SYSTEM") != 0)
        at++;
    cr_assert(at < f.n);
    const struct packed rows[] = {
        {"uploads/ntfs/%5C%5C.%5CC%3A/Windows/System32/config/SYSTEM", f.m[at].data, 0},
        {"uploads/ntfs/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy2/Windows/System32/config/"
         "SYSTEM",
         f.m[at].data, 0},
        {"uploads/ntfs/%5C%5C.%5CC%3A/Windows/System32/config/RegBack/SYSTEM", f.m[at].data, 0}};
    fresh("shadow");
    pack(&b, "zip", "none", NULL, NULL, rows, LEN(rows));
    write_file(in, "Collection-WS04.zip", &b);
    cr_assert_eq(analyze(""), 0, "%s", out);
    EXPECT("SELECT older, main FROM v_evidence WHERE kind = 'hive' ORDER BY path LIKE '%Shadow%', path LIKE "
           "'%RegBack%'",
           "0,1\n1,0\n1,0\n");
    buf_free(&b);
}

/* One line says what opens what is not opened here, and the rest is read. */
Test(attachment, images, .timeout = 300)
{
    static const struct {
        const char *name, *head;
        size_t n;
        const char *note;
    } rows[] = {
        {"a.vhdx", "vhdxfile", 8, "VHDX disk image is not opened here: 7zz x FILE -oOUT"},
        {"b.vhd", "conectix", 8, "VHD disk image is not opened here: 7zz x FILE -oOUT"},
        {"c.E01", "EVF\x09\x0d\x0a\xff", 8,
         "EnCase disk image (E01) is not opened here: ewfexport -f raw -t IMAGE FILE; 7zz x IMAGE.raw -oOUT"},
    };
    fresh("images");
    cr_assert_eq(run("cp samples/cases/only-system-log/* %s/", in), 0);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b = {0};
        buf_put(&b, rows[i].head, rows[i].n);
        while (b.n < 4096)
            buf_char(&b, 'x');
        write_file(in, rows[i].name, &b);
        buf_free(&b);
    }
    cr_expect_eq(analyze(""), 0, "%s", out);
    for (size_t i = 0; i < LEN(rows); i++) {
        char sql[200], want[300];
        snprintf(sql, sizeof sql, "SELECT state, note FROM v_evidence WHERE path = '%s'", rows[i].name);
        snprintf(want, sizeof want, "not opened,%s\n", rows[i].note);
        EXPECT(sql, want);
    }
    cr_expect_eq(analyze("--strict"), 3, "%s", out);
}

/* The same bytes out, whatever the number of children. */
Test(attachment, the_same_in_every_run, .timeout = 1200)
{
    static const char *const cases[] = {"credential-storage-policy", "two-hosts", "dirty-hive",
                                        "hostile-strings"};
    char first[128] = "";
    fresh("same");
    for (size_t i = 0; i < LEN(cases); i++) {
        struct files f = {0};
        struct buf b = {0}, twice = {0};
        char name[64];
        read_files(cases[i], "a/", &f);
        pack(&b, "zip", "none", NULL, NULL, f.m, f.n);
        const struct packed nested[] = {one("x.zip", &b), one("y.zip", &b)};
        pack(&twice, "ustar", "zstd", NULL, NULL, nested, 2);
        snprintf(name, sizeof name, "%s.tar.zst", cases[i]);
        write_file(in, name, &twice);
        buf_free(&b), buf_free(&twice);
    }
    for (unsigned jobs = 1; jobs < 8; jobs += 3) {
        char option[32];
        snprintf(option, sizeof option, "-j %u", jobs);
        cr_assert_eq(analyze(option), 0, "%s", out);
        cr_assert_eq(run("cat %s/out/case.db %s/out/report.json | sha256sum", dir, dir), 0);
        cr_expect(!first[0] || !strcmp(first, out), "-j %u", jobs);
        snprintf(first, sizeof first, "%.100s", out);
    }
}
