/* Where a fact comes from, end to end through the program: replayed pages, text exports, parts of hives,
 * older copies, other control sets, whose hive it is. */
#include "tests/build.h"
#include "tests/shell.h"
#include <unistd.h>

static const char *dir;
static char in[300];

static void fresh(const char *name) { dir = scratch_in("provenance", name, in, sizeof in); }

static void analyze(const char *what)
{
    cr_assert_eq(run("%s analyze --force -o %s/out %s", program(), dir, what), 0, "%s", out);
}

/* Rows of a query without its header and without quotes. */
static const char *ask(const char *sql)
{
    setenv("SQL", sql, 1);
    cr_assert_eq(run("%s query --csv %s/out/case.db \"$SQL\" | tail -n +2 | tr -d '\\r\"'", program(), dir),
                 0, "%s", out);
    return out;
}
#define EXPECT(sql, want) cr_expect_str_eq(ask(sql), want, "%s\n%s", sql, out)

/* A SYSTEM hive of host: sets 1 (current) and 2 (last known good). */
static void system_hive(struct hive *h, const char *host, unsigned creds)
{
    *h = (struct hive){.name = "SYSTEM", .now = utc("2026-03-01T08:00:00Z")};
    reg(h, "Select", DW("Current", 1), DW("Default", 1), DW("Failed", 0), DW("LastKnownGood", 2), END);
    reg(h, "ControlSet001\\Control\\ComputerName\\ComputerName", SZ("ComputerName", host), END);
    reg(h, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", creds), END);
    reg(h, "ControlSet002\\Control\\Lsa", DW("disabledomaincreds", 0), DW("LimitBlankPasswordUse", 1), END);
    reg(h, "ControlSet001\\Services\\CscService", DW("Start", 2), END);
    reg(h, "ControlSet002\\Services\\CscService", DW("Start", 4), END);
    reg(h, "ControlSet001\\Services\\Schedule", DW("Start", 2), END);
    reg(h, "ControlSet002\\Services\\Schedule", DW("Start", 2), END);
}

static void put(struct hive *h, const char *name)
{
    struct buf b = {0};
    hive_write(h, &b);
    write_file(in, name, &b);
    buf_free(&b), hive_free(h);
}

static void put_text(const char *name, const char *text)
{
    struct buf b = {0};
    buf_z(&b, text);
    write_file(in, name, &b);
    buf_free(&b);
}

static void put_sam(const char *name, const char *sid)
{
    struct hive h = {.name = "SAM", .now = utc("2026-03-01T08:00:00Z")};
    sam_domain(&h, sid, 5);
    put(&h, name);
}

static void put_security(const char *name, const char *host, const char *sid)
{
    struct hive h = {.name = "SECURITY", .now = utc("2026-03-01T08:00:00Z")};
    lsa_name(&h, "PolAcDmN", host), lsa_sid(&h, "PolAcDmS", sid), lsa_secret(&h, "NL$KM", h.now, h.now);
    put(&h, name);
}

Test(provenance, a_replayed_page_says_so, .timeout = 300)
{
    fresh("replay");
    analyze("samples/cases/dirty-hive");
    const char *words = "0 in the hive, 1 after SYSTEM"; /* Markdown escapes the dot */
    static const char *const files[] = {"report.html", "report.md", "report.json"};
    for (size_t i = 0; i < LEN(files); i++) {
        cr_assert_eq(run("cat %s/out/%s", dir, files[i]), 0);
        cr_expect(strstr(out, words), "%s does not say '%s'", files[i], words);
    }
    EXPECT("SELECT count(*) > 0 AND min(summary LIKE '%disabledomaincreds = 1 (0 in the hive, 1 after "
           "SYSTEM.LOG2 entry %)') AS ok FROM v_citation WHERE role = 'cause'"
           " AND summary LIKE '%disabledomaincreds%'",
           "1\n");
    EXPECT("SELECT count(*) FROM v_finding WHERE verdict = 'confirmed' AND explanation LIKE '%It rests on "
           "disabledomaincreds: 0 in the hive, 1 after SYSTEM.LOG2 entry %'",
           "1\n");
    analyze("samples/cases/credential-storage-policy");
    EXPECT("SELECT count(*) FROM v_finding WHERE explanation LIKE '%It rests on%'", "0\n");
}

/* So does what was decoded from one: a right and the time of a secret, before and after. */
Test(provenance, structures_on_replayed_pages)
{
    fresh("replayed");
    struct hive h = {.name = "SECURITY", .now = utc("2026-03-01T08:00:00Z")};
    struct buf before = {0}, after = {0}, log = {0};
    lsa_name(&h, "PolAcDmN", "PC1"), lsa_secret(&h, "_SC_X", utc("2026-01-02"), utc("2026-01-01")),
        lsa_right(&h, "S-1-5-21-1-2-3-1001", RIGHT_BATCH);
    hive_write(&h, &before);
    lsa_secret(&h, "_SC_X", utc("2026-02-03T04:05:06Z"), utc("2026-01-02")),
        lsa_right(&h, "S-1-5-21-1-2-3-1001", DENY_BATCH);
    hive_write(&h, &after);
    log_begin(&log, &before, 2), log_entry(&log, &before, &after, 2), hive_seq(&before, 2, 1);
    write_file(in, "SECURITY", &before), write_file(in, "SECURITY.LOG1", &log);
    buf_free(&before), buf_free(&after), buf_free(&log), hive_free(&h);
    analyze(in);
    EXPECT("SELECT name, words FROM v_secret s JOIN (SELECT evidence_id, words FROM v_provenance) "
           "USING(evidence_id)",
           "_SC_X,2026-01-02T00:00:00Z in the hive, 2026-02-03T04:05:06Z after SECURITY.LOG1 entry 2\n");
    EXPECT("SELECT rights, words FROM v_right r JOIN (SELECT evidence_id, words FROM v_provenance) "
           "USING(evidence_id)",
           "deny batch,04000000 in the hive, 00010000 after SECURITY.LOG1 entry 2\n");
}

/* Strings and bytes before and after a log, as words. */
Test(provenance, what_stood_there_before)
{
    fresh("before");
    struct hive h;
    struct buf before = {0}, after = {0}, log = {0};
    system_hive(&h, "PC1", 0);
    reg(&h, "ControlSet001\\Services\\Schedule", SZ("ObjectName", "LocalSystem"),
        MULTI("DependOnService", "RpcSs\nEventLog"), BYTES("FailureActions", "\1\2\3\4\5\6", 6), END);
    hive_write(&h, &before);
    reg(&h, "ControlSet001\\Services\\Schedule", SZ("ObjectName", "CORP\\svc\xc3\xa4"),
        MULTI("DependOnService", "RpcSs"), BYTES("FailureActions", "\1\2\3\4\5\7", 6), DW("Start", 4), END);
    hive_write(&h, &after);
    log_begin(&log, &before, 2), log_entry(&log, &before, &after, 2);
    hive_seq(&before, 2, 1);
    write_file(in, "SYSTEM", &before), write_file(in, "SYSTEM.LOG1", &log);
    buf_free(&before), buf_free(&after), buf_free(&log), hive_free(&h);
    analyze(in);
    EXPECT("SELECT name || ': ' || words AS w FROM v_provenance WHERE path LIKE '%Schedule' AND words LIKE "
           "'%in the hive%' ORDER BY name",
           "DependOnService: 'RpcSs|EventLog' in the hive, 'RpcSs' after SYSTEM.LOG1 entry "
           "2\nFailureActions: 010203040506 in the hive, 010203040507 after SYSTEM.LOG1 entry 2\n"
           "ObjectName: 'LocalSystem' in the hive, 'CORP\\svc\xc3\xa4' after SYSTEM.LOG1 entry 2\nStart: 2 "
           "in the hive, 4 after SYSTEM.LOG1 entry 2\n");
}

Test(provenance, other_control_sets)
{
    fresh("sets");
    struct hive h;
    system_hive(&h, "PC1", 1);
    put(&h, "SYSTEM");
    analyze(in);
    EXPECT("SELECT control_set, last_known_good, name, other_value, current_value FROM "
           "v_control_set_difference ORDER BY path, name",
           "ControlSet002,1,LimitBlankPasswordUse,1,\nControlSet002,1,disabledomaincreds,0,1\nControlSet002,"
           "1,Start,4,2\n");
    EXPECT("SELECT count(*) FROM v_setting WHERE section = 'control_sets'", "0\n");
    cr_assert_eq(run("grep -c 'Other control sets' %s/out/report.html %s/out/report.md", dir, dir), 0, "%s",
                 out);
    cr_assert_eq(run("%s inspect %s", program(), in), 0);
    cr_expect(strstr(out, "control sets: current 1, default 1, failed 0, last known good 2"), "%s", out);
}

Test(provenance, text_is_weaker_than_a_hive)
{
    static const char lsa[] = "\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Lsa\r\n    "
                              "disabledomaincreds    REG_DWORD    0x1\r\n\r\n";
    fresh("text");
    put_text("name.txt",
             "\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName\r\n    "
             "ComputerName    REG_SZ    PC1\r\n\r\n");
    put_text("lsa.txt", lsa);
    put_text("csc.reg", "Windows Registry Editor Version "
                        "5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\CscService]"
                        "\r\n\"Start\"=dword:00000004\r\n\r\n");
    analyze(in);
    EXPECT("SELECT host, name, value, is_set FROM v_setting ORDER BY name",
           "PC1,CscService start,4,1\nPC1,DisableDomainCreds,1,1\n");
    EXPECT("SELECT state, detail LIKE 'only a part of it was exported%, as text (weaker evidence)' AS d FROM "
           "v_coverage WHERE artifact = 'SYSTEM' COLLATE BINARY",
           "partial,1\n");
    EXPECT("SELECT DISTINCT note FROM v_evidence", "text export: weaker evidence than a hive\n");
    EXPECT("SELECT words FROM v_provenance WHERE name = 'disabledomaincreds'",
           "line 3 of a registry text export, weaker evidence\n");
    cr_assert_eq(run("%s show %s/out/case.db $(%s query --csv %s/out/case.db \"SELECT evidence_id FROM v_reg "
                     "WHERE name = 'disabledomaincreds'\" | tail -n 1 | tr -d '\\r\"')",
                     program(), dir, program(), dir),
                 0, "%s", out);
    cr_expect(strstr(out, "line 3") && strstr(out, "disabledomaincre"), "%s", out);
    struct hive h;
    system_hive(&h, "PC1", 0);
    put(&h, "SYSTEM");
    analyze(in);
    EXPECT("SELECT DISTINCT value FROM v_setting WHERE name IN ('CscService start', 'DisableDomainCreds') "
           "ORDER BY 1",
           "0\n2\n");
    EXPECT("SELECT count(*) FROM v_reg WHERE name = 'disabledomaincreds' AND path LIKE '%Current%'", "1\n");
    EXPECT("SELECT state FROM v_coverage WHERE artifact = 'SYSTEM' COLLATE BINARY", "present\n");
    EXPECT("SELECT file, main FROM v_evidence ORDER BY file", "SYSTEM,1\ncsc.reg,0\nlsa.txt,0\nname.txt,0\n");
}

/* The cause stands in a line of text: the finding says so, and what the text does not hold is not known. */
Test(provenance, a_finding_on_text)
{
    fresh("finding");
    cr_assert_eq(run("cp samples/cases/credential-storage-policy/*.evtx %s", in), 0);
    put_text("lsa.txt", "\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Lsa\r\n    "
                        "disabledomaincreds    REG_DWORD    0x1\r\n\r\n");
    analyze(in);
    EXPECT("SELECT count(*) > 0 AS ok FROM v_finding WHERE cause = 'credential-storage-policy' AND verdict "
           "IN ('confirmed', 'likely')"
           " AND explanation LIKE '%It rests on disabledomaincreds: line 3 of a registry text export, weaker "
           "evidence.'",
           "1\n");
    EXPECT("SELECT count(*) FROM v_citation WHERE summary LIKE '%disabledomaincreds = 1 (line 3 of a "
           "registry text export, weaker evidence)'",
           "1\n");
    EXPECT("SELECT count(*) FROM v_verification v JOIN v_reg r USING(evidence_id)", "0\n");
    put_text("lsa.txt", "\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Lsa\r\n    other    "
                        "REG_DWORD    0x1\r\n\r\n");
    analyze(in);
    EXPECT("SELECT count(*) FROM v_finding WHERE cause = 'credential-storage-policy' AND verdict NOT IN "
           "('undetermined')",
           "0\n");
}

/* SECURITY, SAM and TaskCache as text: decoded like hives, cited by line, and silent beside a hive of the
 * kind. */
Test(provenance, structures_in_text)
{
    fresh("structures");
    put_text(
        "rights.reg",
        "Windows Registry Editor Version "
        "5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\PolAcDmN]\r\n@=hex(0):06,00,08,00,08,00,00,00,50,"
        "00,43,00,31,00\r\n\r\n"
        "[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\Accounts\\S-1-5-21-1-2-3-1001]\r\n\r\n[HKEY_LOCAL_"
        "MACHINE\\SECURITY\\Policy\\Accounts\\S-1-5-21-1-2-3-1001\\ActSysAc]\r\n@=hex(0):04,01,00,00\r\n\r\n"
        "[HKEY_LOCAL_MACHINE\\SAM\\SAM\\Domains\\Account\\Users\\000003E9]\r\n\"F\"=hex:02,00,01,00,00,00,00,"
        "00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,\\\r\n"
        "  "
        "fc,34,96,47,e8,89,d7,01,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,e9,03,00,00,01,02,00,00,10,"
        "04,00,00,00,00,00,00,07,00,00,00\r\n");
    put_text("secret.txt", "\r\nHKEY_LOCAL_MACHINE\\SECURITY\\Policy\\Secrets\\_SC_Spooler\\CupdTime\r\n    "
                           "(Default)    REG_NONE    FC349647E889D701\r\n\r\n");
    analyze(in);
    EXPECT("SELECT host, sid, mask, rights FROM v_right", "PC1,S-1-5-21-1-2-3-1001,260,batch, deny batch\n");
    EXPECT("SELECT host, name, strftime('%Y-%m-%dT%H:%M:%S', cupd / 10000000 - 11644473600, 'unixepoch') AS "
           "set_at FROM v_secret",
           "PC1,_SC_Spooler,2021-08-05T10:54:35\n");
    EXPECT("SELECT host, rid, locked, bad_count FROM v_account", "PC1,1001,1,7\n");
    EXPECT("SELECT what, value FROM v_lsa", "machine_name,PC1\n");
    EXPECT("SELECT p.path, p.words FROM v_provenance p JOIN v_right r USING(evidence_id)",
           "SECURITY\\Policy\\Accounts\\S-1-5-21-1-2-3-1001\\ActSysAc,line 9 of a registry text export, "
           "weaker evidence\n");
    EXPECT("SELECT p.words FROM v_provenance p JOIN v_secret s USING(evidence_id)",
           "line 3 of a registry text export, weaker evidence\n");
    EXPECT("SELECT count(*) FROM v_anomaly WHERE what <> 'SAM account'", "0\n");
    cr_assert_eq(run("%s show %s/out/case.db $(%s query --csv %s/out/case.db \"SELECT evidence_id FROM "
                     "v_right\" | tail -n 1 | tr -d '\\r\"')",
                     program(), dir, program(), dir),
                 0, "%s", out);
    cr_expect(strstr(out, "logon rights") && strstr(out, "line 9") && strstr(out, "@=hex(0):04"), "%s", out);
    cr_assert_eq(run("%s dump %s", program(), in), 0, "%s", out);
    cr_expect(
        strstr(
            out,
            "{ \"fact\":\"logon_right\",\"sid\":\"S-1-5-21-1-2-3-1001\",\"mask\":260,\"file\":0,\"offset\":"),
        "%s", out);
    put_security("SECURITY", "PC1", "S-1-5-21-1-2-3");
    analyze(in);
    EXPECT("SELECT count(*) FROM v_right", "0\n");
    EXPECT("SELECT host, name FROM v_secret", "PC1,NL$KM\n");
}

/* A file that holds nothing is named with what to do, and is not counted as read: partial, --strict 3. */
Test(provenance, files_that_hold_nothing)
{
    static const struct {
        const char *make, *name, *said;
    } rows[] = {
        {"head -c 69632 /dev/zero > System.evtx", "System.evtx", "holds nothing but zeros"},
        {": > Security.evtx", "Security.evtx", "empty, though named as evidence"},
        {"head -c 8192 /dev/zero > SOFTWARE", "SOFTWARE", "holds nothing but zeros"},
        {": > SAM", "SAM", "empty, though named as evidence"},
        {"head -c 4096 SYSTEM > hklm.hiv", "hklm.hiv", "a hive without a root key"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        fresh("nothing");
        cr_assert_eq(
            run("cp samples/cases/credential-storage-policy/SYSTEM %s && cd %s && %s", in, in, rows[i].make),
            0, "%s", out);
        cr_expect_eq(run("%s analyze --strict --force -o %s/out %s", program(), dir, in), 3, "%s: %s",
                     rows[i].make, out);
        char ask_for[200];
        snprintf(ask_for, sizeof ask_for,
                 "SELECT state, substr(note, 1, %zu) AS said FROM v_evidence WHERE file = '%s'",
                 strlen(rows[i].said), rows[i].name);
        cr_expect(strstr(ask(ask_for), "unreadable") && strstr(out, rows[i].said), "%s: %s", rows[i].make,
                  out);
        cr_expect_eq(run("grep -q 'Files:.* 1 of 2;' %s/out/report.md", dir), 0, "%s", rows[i].make);
    }
    fresh("nothing");
    cr_assert_eq(run("cp samples/cases/credential-storage-policy/SYSTEM %s && cd %s && : > SYSTEM.LOG2 && "
                     "head -c 4096 "
                     "/dev/zero > blank.bin && cd - && %s analyze --strict --force -o %s/out %s",
                     in, in, program(), dir, in),
                 0, "an empty transaction log is usual, and blank.bin is no evidence: %s", out);
}

/* A dump of a hive shows what lies there: paths as stored, which control set is current, each string of a
 * list apart, unknown types by number, and that a secret is withheld; --reveal prints it after a warning. */
Test(provenance, a_dump_of_hives)
{
    fresh("dumped");
    struct hive h;
    struct buf b = {0};
    system_hive(&h, "PC1", 1);
    reg(&h, "ControlSet001\\Services\\X", MULTI("one", "a|b"), MULTI("two", "a\nb"), MULTI("none", ""),
        TYPED(0xff, "odd", "\1\2", 2), END);
    hive_write(&h, &b), write_file(in, "SYSTEM", &b), hive_free(&h);
    h = (struct hive){.name = "SECURITY", .now = utc("2026-03-01T08:00:00Z")}, b.n = 0;
    reg(&h, "Policy\\Secrets\\_SC_X\\CurrVal", TYPED(V_NONE, "", "\xde\xad\xbe\xef", 4), END);
    hive_write(&h, &b), write_file(in, "SECURITY", &b), hive_free(&h), buf_free(&b);
    static const char *const lines[] = {"\"fact\":\"hive\",\"kind\":\"SYSTEM\"",
                                        "\"current_control_set\":\"ControlSet001\"",
                                        "\"path\":\"SYSTEM\\\\ControlSet001\\\\Services\\\\X\",\"name\":"
                                        "\"one\",\"type\":\"REG_MULTI_SZ\",\"text\":[\"a|b\"]",
                                        "\"name\":\"two\",\"type\":\"REG_MULTI_SZ\",\"text\":[\"a\",\"b\"]",
                                        "\"name\":\"none\",\"type\":\"REG_MULTI_SZ\",\"text\":[]",
                                        "\"name\":\"odd\",\"type\":\"REG_UNKNOWN\",\"type_number\":255,",
                                        "\"withheld\":true"};
    cr_assert_eq(run("%s dump %s", program(), in), 0, "%s", out);
    for (size_t i = 0; i < LEN(lines); i++)
        cr_expect(strstr(out, lines[i]), "%s", lines[i]);
    cr_expect(!strstr(out, "CurrentControlSet") && !strstr(out, "deadbeef") && !strstr(out, "--reveal"));
    cr_assert_eq(run("%s dump --reveal %s", program(), in), 0, "%s", out);
    cr_expect(strstr(out, "--reveal prints secrets") && strstr(out, "\"data\":\"deadbeef\"")
              && !strstr(out, "\"withheld\""));
}

static void set_free(struct buf *b, size_t cell) { set32(b->p + cell, 0u - le32((uint8_t *)b->p + cell)); }

/* Cells in use with this signature and name become free; a key's list of values with it. */
static void delete_cells(struct buf *b, const char *signature, size_t name_at, const char *name)
{
    for (size_t at = 4096 + 4; at + name_at + strlen(name) <= b->n; at += 4)
        if (!memcmp(b->p + at, signature, 2) && !memcmp(b->p + at + name_at, name, strlen(name))
            && (int32_t)le32((uint8_t *)b->p + at - 4) < 0) {
            if (signature[0] == 'n')
                set_free(b, 4096 + le32((uint8_t *)b->p + at + 40));
            set_free(b, at - 4);
        }
}

/* A secret's age in text decides like one in a hive, and the finding names its line. */
Test(provenance, a_finding_on_a_structure_in_text)
{
    fresh("drift");
    cr_assert_eq(run("cp samples/cases/service-password-drift/* %s && rm %s/SECURITY*", in, in), 0);
    analyze(in);
    EXPECT("SELECT count(*) FROM v_finding WHERE cause = 'service-password-drift' AND verdict = 'confirmed'",
           "0\n");
    put_text("secret.reg", "Windows Registry Editor Version "
                           "5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\Secrets\\_SC_AcmeSync]\r\n\r\n"
                           "[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\Secrets\\_SC_AcmeSync\\CupdTime]\r\n@=hex("
                           "0):fc,34,96,47,e8,89,d7,01\r\n");
    analyze(in);
    EXPECT("SELECT verdict, subject FROM v_finding WHERE cause = 'service-password-drift' AND verdict <> "
           "'ruled_out'",
           "confirmed,AcmeSync\n");
    EXPECT("SELECT count(*) > 0 FROM v_citation WHERE summary = 'LSA secret _SC_AcmeSync (line 6 of a "
           "registry text export, weaker evidence)'",
           "1\n");
    EXPECT("SELECT count(*) FROM v_finding WHERE explanation LIKE '%It rests on "
           "SECURITY\\Policy\\Secrets\\_SC_AcmeSync\\CupdTime: line 6 of a registry text export, weaker "
           "evidence.'",
           "1\n");
}

/* What free cells hold is kept when asked for, apart from what the host has. */
Test(provenance, deleted_keys_stand_apart)
{
    static const char rows[] = "SELECT host, what, path, name, num FROM v_recovered ORDER BY what, name";
    fresh("deleted");
    struct hive h;
    struct buf b = {0};
    system_hive(&h, "PC1", 0);
    reg(&h, "ControlSet001\\Services\\LanmanWorkstation", DW("Type", 32), DW("Start", 4), END);
    hive_write(&h, &b);
    delete_cells(&b, "nk", 76, "LanmanWorkstation"), delete_cells(&b, "vk", 20, "Type");
    write_file(in, "SYSTEM", &b);
    analyze(in);
    EXPECT(rows, "");
    EXPECT("SELECT count(*) FROM v_service WHERE service = 'LanmanWorkstation'", "0\n");
    cr_assert_eq(run("%s analyze --force --recovered -o %s/out %s", program(), dir, in), 0, "%s", out);
    EXPECT(rows, "PC1,key,SYSTEM\\CurrentControlSet\\Services\\LanmanWorkstation,,\nPC1,value,"
                 "SYSTEM\\CurrentControlSet\\Services\\LanmanWorkstation,Type,32\n");
    EXPECT("SELECT count(*) FROM v_service WHERE service = 'LanmanWorkstation'", "0\n");
    EXPECT("SELECT count(*) FROM v_reg WHERE path LIKE '%LanmanWorkstation'", "0\n");
    EXPECT("SELECT count(*) FROM v_setting WHERE name = 'LanmanWorkstation start' AND is_set", "0\n");
    buf_free(&b), hive_free(&h);
}

/* What services do when they fail and what starts them; when profiles were loaded. From a hive and from text
 * alike. */
Test(provenance, values_in_words)
{
    static const uint8_t actions[] = {0x80, 0x51, 1, 0, 0, 0, 0,    0,    0, 0, 0, 0, 2, 0, 0, 0, 0x14, 0,
                                      0,    0,    1, 0, 0, 0, 0x60, 0xea, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0};
    static const uint8_t joined[] = {0xba, 0x0a, 0xe2, 0x1c, 0x51, 0x98, 0x21, 0x44,
                                     0x94, 0x30, 0x1d, 0xde, 0xb7, 0x66, 0xe8, 0x09};
    static const char service[] = "SELECT host, service, actions FROM v_service_recovery",
                      trigger[] = "SELECT host, service, action, type, subtype FROM v_service_trigger";
    fresh("words");
    struct hive h;
    system_hive(&h, "PC1", 0);
    reg(&h, "ControlSet001\\Services\\Schedule", BYTES("FailureActions", actions, sizeof actions), END);
    reg(&h, "ControlSet001\\Services\\W32Time\\TriggerInfo\\0", BYTES("GUID", joined, sizeof joined),
        DW("Action", 1), DW("Type", 3), END);
    reg(&h, "ControlSet001\\Services\\W32Time\\TriggerInfo\\1", BYTES("GUID", joined, 15), DW("Action", 2),
        DW("Type", 30), END);
    put(&h, "SYSTEM");
    h = (struct hive){.name = "SOFTWARE", .now = utc("2026-03-01T08:00:00Z")};
    reg(&h, "Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\S-1-5-21-1-2-3-1001",
        SZ("ProfileImagePath", "C:\\Users\\ann"), DW("State", 0), DW("LocalProfileLoadTimeHigh", 0x01d789e8),
        DW("LocalProfileLoadTimeLow", 0x479634fc), END);
    put(&h, "SOFTWARE");
    analyze(in);
    EXPECT(service, "PC1,Schedule,restart after 60 s, nothing; counted anew after 86400 s\n");
    EXPECT(trigger, "PC1,W32Time,start,domain,domain joined\nPC1,W32Time,stop,several together,\n");
    EXPECT("SELECT what, detail FROM v_anomaly", "GUID,cut short or does not add up\n");
    EXPECT("SELECT host, sid, path, state, strftime('%Y-%m-%dT%H:%M:%S', loaded / 10000000 - 11644473600, "
           "'unixepoch') AS at, unloaded FROM v_profile",
           "PC1,S-1-5-21-1-2-3-1001,C:\\Users\\ann,0,2021-08-05T10:54:35,\n");
    fresh("words-text");
    put_text("svc.reg", "Windows Registry Editor Version "
                        "5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Schedule]"
                        "\r\n\"FailureActions\"=hex:80,51,01,00,00,00,00,00,00,00,00,00,02,\\\r\n"
                        "  "
                        "00,00,00,14,00,00,00,01,00,00,00,60,ea,00,00,00,00,00,00,00,00,00,00\r\n\"Start\"="
                        "dword:00000002\r\n\r\n[HKEY_LOCAL_"
                        "MACHINE\\SYSTEM\\CurrentControlSet\\Services\\W32Time\\TriggerInfo\\0]\r\n"
                        "\"Type\"=dword:00000003\r\n\"Action\"=dword:00000001\r\n\"GUID\"=hex:ba,0a,e2,1c,51,"
                        "98,21,44,94,30,1d,de,b7,66,e8,09\r\n");
    analyze(in);
    EXPECT("SELECT service, actions FROM v_service_recovery",
           "Schedule,restart after 60 s, nothing; counted anew after 86400 s\n");
    EXPECT("SELECT service, action, type, subtype FROM v_service_trigger",
           "W32Time,start,domain,domain joined\n");
}

Test(provenance, part_of_a_hive)
{
    fresh("part");
    struct hive whole, ccs = {.name = "x", .now = utc("2026-03-01T08:00:00Z")}, svc = ccs;
    reg(&ccs, "Control\\ComputerName\\ComputerName", SZ("ComputerName", "PC1"), END);
    reg(&ccs, "Control\\Lsa", DW("disabledomaincreds", 1), END),
        reg(&ccs, "Services\\CscService", DW("Start", 3), END);
    put(&ccs, "x.hiv");
    analyze(in);
    EXPECT("SELECT host, value FROM v_setting WHERE name = 'DisableDomainCreds'", "PC1,1\n");
    EXPECT("SELECT is_set FROM v_setting WHERE name = 'LmCompatibilityLevel'", "0\n");
    EXPECT("SELECT state FROM v_coverage WHERE artifact = 'SYSTEM' COLLATE BINARY", "present\n");
    cr_assert_eq(run("rm %s/x.hiv", in), 0);
    reg(&svc, "LanmanWorkstation", DW("Start", 4), END),
        reg(&svc, "Tcpip\\Parameters", SZ("Hostname", "PC1"), END);
    put(&svc, "services.hiv");
    analyze(in);
    EXPECT("SELECT host, value FROM v_setting WHERE name = 'LanmanWorkstation start'", "PC1,4\n");
    EXPECT("SELECT count(*) FROM v_setting WHERE name = 'DisableDomainCreds'", "0\n");
    EXPECT("SELECT state, detail FROM v_coverage WHERE artifact = 'SYSTEM' COLLATE BINARY",
           "partial,only a part of it was exported: SYSTEM\\CurrentControlSet\\Services\n");
    system_hive(&whole, "PC1", 0);
    put(&whole, "SYSTEM");
    analyze(in);
    EXPECT("SELECT file, main FROM v_evidence ORDER BY file", "SYSTEM,1\nservices.hiv,0\n");
}

Test(provenance, older_copies)
{
    static const char *const places[] = {"RegBack", "Windows.old/System32/config"};
    for (size_t i = 0; i < LEN(places); i++) {
        fresh("older");
        struct hive h;
        char now[300];
        system_hive(&h, "PC1", 1);
        snprintf(now, sizeof now, "%s", in);
        snprintf(in, sizeof in, "%s/in/%s", dir, places[i]);
        cr_assert_eq(run("mkdir -p %s", in), 0);
        h.now = utc("2026-03-05T08:00:00Z"); /* a newer stamp does not help a backup */
        put(&h, "SYSTEM");
        analyze(now);
        EXPECT("SELECT value FROM v_setting WHERE name = 'DisableDomainCreds'", "1\n");
        EXPECT("SELECT state, detail FROM v_coverage WHERE artifact = 'SYSTEM' COLLATE BINARY",
               "partial,only an older copy was read\n");
        snprintf(in, sizeof in, "%s", now);
        system_hive(&h, "PC1", 0);
        put(&h, "SYSTEM");
        analyze(in);
        EXPECT("SELECT value FROM v_setting WHERE name = 'DisableDomainCreds'", "0\n");
        EXPECT("SELECT older, main FROM v_evidence ORDER BY older", "0,1\n1,0\n");
        EXPECT("SELECT state FROM v_coverage WHERE artifact = 'SYSTEM' COLLATE BINARY", "present\n");
        cr_expect_eq(
            run("grep -q 'older copy' %s/out/report.html && grep -q 'older copy' %s/out/report.md", dir, dir),
            0, "%s", places[i]);
    }
}

/* What a damaged hive does not show may have stood there: nothing is "not set", and the run is partial. */
Test(provenance, a_damaged_hive_proves_nothing_by_silence)
{
    static const char name[] = "disabledomaincreds";
    fresh("damaged");
    struct hive h;
    struct buf b = {0};
    system_hive(&h, "PC1", 1);
    hive_write(&h, &b);
    write_file(in, "SYSTEM", &b);
    analyze(in);
    EXPECT(
        "SELECT name, value FROM v_setting WHERE name IN ('DisableDomainCreds', 'ForceGuest') ORDER BY name",
        "DisableDomainCreds,1\nForceGuest,\n");
    EXPECT("SELECT state FROM v_evidence", "read\n");
    for (char *p = b.p; (p = memmem(p, b.n - (size_t)(p - b.p), name, sizeof name - 1)); p++)
        memcpy(p - 20, "xx", 2); /* no "vk": not a value */
    write_file(in, "SYSTEM", &b);
    buf_free(&b), hive_free(&h);
    analyze(in);
    EXPECT("SELECT count(*) FROM v_setting WHERE NOT is_set", "0\n");
    EXPECT("SELECT value FROM v_setting WHERE name = 'CscService start'", "2\n");
    EXPECT("SELECT state, detail FROM v_coverage WHERE artifact = 'SYSTEM' COLLATE BINARY",
           "partial,damaged: some of its keys or values cannot be read\n");
    cr_expect_eq(run("%s analyze --strict --force -o %s/out %s", program(), dir, in), 3, "%s", out);
}

/* A hive of another machine that says no name comes to lie with the only host there; it does not speak for
 * it, however new it is. */
Test(provenance, a_stranger_without_a_name)
{
    fresh("stranger");
    struct hive h, stranger = {.name = "SYSTEM", .now = utc("2026-03-09T08:00:00Z")},
                   soft = {.name = "SOFTWARE", .now = utc("2026-03-01T08:00:00Z")},
                   other = {.name = "SOFTWARE", .now = utc("2026-03-09T08:00:00Z")};
    reg(&stranger, "Select", DW("Current", 1), END),
        reg(&stranger, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 0), END);
    reg(&soft, "Microsoft\\Windows NT\\CurrentVersion", SZ("CurrentBuild", "19045"), END),
        reg(&other, "Microsoft\\Windows NT\\CurrentVersion", SZ("CurrentBuild", "7601"), END);
    system_hive(&h, "PC1", 1), put(&h, "SYSTEM"), put(&stranger, "recovered.dat"), put(&soft, "SOFTWARE"),
        put(&other, "found"), put_security("SECURITY", "PC1", "S-1-5-21-1-2-3");
    analyze(in);
    EXPECT("SELECT file, host, main FROM v_evidence ORDER BY file",
           "SECURITY,PC1,1\nSOFTWARE,PC1,1\nSYSTEM,PC1,1\nfound,PC1,0\nrecovered.dat,PC1,0\n");
    EXPECT("SELECT value FROM v_setting WHERE name = 'DisableDomainCreds'", "1\n");
    EXPECT("SELECT build FROM v_host", "19045\n");
}

Test(provenance, dirty_without_logs_and_logs_without_hive)
{
    fresh("logs");
    struct hive h;
    struct buf b = {0}, after = {0}, log = {0};
    system_hive(&h, "PC1", 1);
    hive_write(&h, &b);
    reg(&h, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 0), END);
    hive_write(&h, &after);
    log_begin(&log, &b, 2), log_entry(&log, &b, &after, 2);
    hive_seq(&b, 2, 1);
    write_file(in, "SYSTEM", &b), write_file(in, "SAM.LOG1", &log);
    set16(log.p + 48, 'X'), log_repair(&log); /* made for another hive */
    write_file(in, "SAM.LOG1", &log);
    analyze(in);
    EXPECT("SELECT state, detail FROM v_coverage WHERE artifact = 'SYSTEM' COLLATE BINARY",
           "partial,changes still in its transaction logs are missing\n");
    EXPECT("SELECT file, kind, dirty, coalesce(replay, note) AS said FROM v_evidence ORDER BY file",
           "SAM.LOG1,hive-log,,transaction log without its hive: nothing was read from "
           "it\nSYSTEM,hive,1,dirty, no logs\n");
    cr_assert_eq(run("%s inspect %s", program(), in), 0);
    cr_expect(strstr(out, ", dirty, no logs\n    sequence numbers 2 and 1\n")
                  && strstr(out, "transaction log without its hive"),
              "%s", out);
    cr_expect_eq(run("grep -q 'dirty, no logs' %s/out/report.html && grep -q 'dirty, no logs' "
                     "%s/out/report.md && grep -q 'without its hive' %s/out/report.html",
                     dir, dir, dir),
                 0);
    buf_free(&b), buf_free(&after), buf_free(&log), hive_free(&h);
}

/* A hive of which only an older state could be made proves nothing and refutes nothing: the page that says
 * "1" stands in SYSTEM.LOG2 alone. */
Test(provenance, a_log_used_in_part, .timeout = 480)
{
    static const struct {
        const char *what, *harm, *state, *verdict;
    } rows[] = {
        {"whole", "true", "present", "confirmed"},
        {"no LOG2", "rm SYSTEM.LOG2", "partial", "undetermined"},
        {"no LOG1", "rm SYSTEM.LOG1", "partial", "likely"},
        {"no log", "rm SYSTEM.LOG1 SYSTEM.LOG2", "partial", "undetermined"},
        {"a byte of LOG2", "printf x | dd of=SYSTEM.LOG2 bs=1 seek=700 conv=notrunc", "partial",
         "undetermined"},
        {"a byte of LOG2's header", "printf x | dd of=SYSTEM.LOG2 bs=1 seek=60 conv=notrunc", "partial",
         "undetermined"},
        {"LOG2 cut to 1,024 bytes", "truncate -s 1024 SYSTEM.LOG2", "partial", "undetermined"},
        {"LOG2 cut to its header", "truncate -s 512 SYSTEM.LOG2", "partial", "undetermined"},
        {"LOG2 empty", "truncate -s 0 SYSTEM.LOG2", "partial", "undetermined"},
        {"LOG2 of zeros", "truncate -s 0 SYSTEM.LOG2; truncate -s 8192 SYSTEM.LOG2", "partial",
         "undetermined"},
        {"a byte of LOG1", "printf x | dd of=SYSTEM.LOG1 bs=1 seek=700 conv=notrunc", "partial", "likely"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        fresh("lack");
        cr_assert_eq(
            run("cp samples/cases/dirty-hive/* %s && cd %s && chmod u+w * && { %s; }", in, in, rows[i].harm),
            0, "%s", out);
        cr_expect_eq(run("%s analyze --force --strict -o %s/strict %s", program(), dir, in),
                     strcmp(rows[i].state, "present") ? 3 : 0, "%s: %s", rows[i].what, out);
        analyze(in);
        char want[64];
        snprintf(want, sizeof want, "%s,%s\n", rows[i].state, rows[i].verdict);
        cr_expect_str_eq(
            ask("SELECT c.state, f.verdict FROM v_coverage c, v_finding f WHERE c.artifact = 'SYSTEM' "
                "AND f.cause = 'credential-storage-policy'"),
            want, "%s: %s", rows[i].what, out);
        cr_assert_eq(run("%s inspect %s/SYSTEM*", program(), in), 0, "%s", out);
        cr_expect_eq(!strstr(out, "\n    partial: "), strcmp(rows[i].state, "present") == 0, "%s: %s",
                     rows[i].what, out);
    }
}

/* Two machines' SYSTEM hives in one folder, each dirty, with a log each; all say "SYSTEM" inside. Only what
 * names a resource manager tells them apart. */
Test(provenance, logs_of_two_hosts)
{
    static const struct {
        const char *name[4];
        uint64_t rm[4];
        const char *said;
    } rows[] = {
        {{"a.hiv", "b.hiv", "x.log", "y.log"},
         {7, 9, 9, 7},
         "PC1,LOG: 1 entries, sequence 2-2\nPC2,LOG: 1 entries, sequence 2-2\n"},
        {{"a.hiv", "b.hiv", "x.log", "y.log"}, {0, 0, 0, 0}, "PC1,dirty, no logs\nPC2,dirty, no logs\n"},
        {{"SYSTEM", "b.hiv", "SYSTEM.LOG1", "y.log"},
         {7, 9, 9, 0},
         "PC1,dirty, no logs\nPC2,LOG1: 1 entries, sequence 2-2\n"}, /* named for one, made for the other */
        {{"SYSTEM", "b.hiv", "SYSTEM.LOG1", "y.log"},
         {7, 0, 9, 8},
         "PC1,dirty, no logs\nPC2,dirty, no logs\n"},
        {{"a.hiv", "SYSTEM", "SYSTEM.LOG1", "y.log"},
         {7, 9, 9, 8},
         "PC1,dirty, no logs\nPC2,LOG1: 1 entries, sequence 2-2\n"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        fresh("two");
        for (unsigned k = 0; k < 2; k++) {
            struct hive h;
            struct buf b = {0}, after = {0}, log = {0};
            system_hive(&h, k ? "PC2" : "PC1", 1);
            hive_write(&h, &b);
            reg(&h, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 0), END);
            hive_write(&h, &after);
            log_begin(&log, &b, 2), log_entry(&log, &b, &after, 2), hive_seq(&b, 2, 1);
            set64(b.p + 112, rows[i].rm[k]), hive_repair(&b);
            unsigned other = i % 2 ? 2 + k : 3 - k; /* which name the log of this host has */
            set64(log.p + 112, rows[i].rm[other]), log_repair(&log);
            write_file(in, rows[i].name[k], &b), write_file(in, rows[i].name[other], &log);
            buf_free(&b), buf_free(&after), buf_free(&log), hive_free(&h);
        }
        analyze(in);
        cr_expect_str_eq(ask("SELECT host, replay FROM v_evidence WHERE kind = 'hive' ORDER BY host"),
                         rows[i].said, "row %zu\n%s", i, out);
        cr_assert_eq(run("%s inspect %s/%s", program(), in, rows[i].name[0]), 0);
        cr_expect(strstr(out, "sequence numbers 2 and 1\n") && !strstr(out, "b.hiv"), "%s", out);
    }
}

/* Two machines' hives in one folder: by machine SID, else by names alike; what neither places stays apart. */
Test(provenance, whose_hive)
{
    static const struct {
        const char *file, *sid, *host;
    } rows[] = {
        {"a.hiv", "S-1-5-21-1-2-3", "PC1"},
        {"WS22-SAM", "S-1-5-21-4-5-6", "WS22"},
        {"WS22-SAM", NULL, "WS22"},
        {"SAM_PC1", NULL, "PC1"},
        {"sam", NULL, "(unnamed)"},
        {"WS22-SAM", "S-1-5-21-9-9-9", "(unnamed)"},
        {"WS22-SAM", "S-1-5-21-1-2-3", "PC1"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        fresh("whose");
        struct hive h;
        system_hive(&h, "PC1", 0), put(&h, "SYSTEM_PC1");
        system_hive(&h, "WS22", 0), put(&h, "WS22-SYSTEM");
        put_security("SECURITY_PC1", "PC1", "S-1-5-21-1-2-3");
        put_security("WS22-SECURITY", "WS22", "S-1-5-21-4-5-6");
        if (rows[i].sid) {
            put_sam(rows[i].file, rows[i].sid);
        } else {
            struct hive sam = {.name = "SAM", .now = utc("2026-03-01T08:00:00Z")};
            sam_user(&sam, &(struct user_row){.name = "bob", .rid = 1001, .flags = ACB_NORMAL});
            put(&sam, rows[i].file);
        }
        analyze(in);
        char want[64];
        snprintf(want, sizeof want, "%s\n", rows[i].host);
        EXPECT("SELECT host FROM v_evidence WHERE hive_kind = 'SAM'", want);
    }
}
