-- The case. Times are FILETIME integers (100 ns since 1601-01-01 UTC).
-- Evidence ids are text that names the bytes: 'f3:0x11c00' = byte 0x11c00 of evidence file 3.
-- Rules, reports and users read the v_* views of views.sql; these tables may change.
PRAGMA application_id = 0x77686c67;     -- "whlg"
PRAGMA user_version = 14;

-- tool, version, knowledge_sha256, schema, stamp, status words
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- The span of time asked for (--since, --until), both ends in it; one row, NULL: no bound. Events outside were counted
-- as records of their file and nothing else.
CREATE TABLE time_window(since INTEGER, until INTEGER);
INSERT INTO time_window VALUES(NULL, NULL);

-- Evidence files, one row each, in the order of their paths. path is what reports show: the way below the input,
-- behind the input's name where several were given.
-- place is where the file is opened again (the input as given, then the way below it); no view shows it, so that no
-- report depends on where the evidence lay.
CREATE TABLE evidence(
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, place TEXT, unit INTEGER,   -- unit: id of the hive a log belongs to
    -- what it lies in, by id, and its place among all entries in there; path is then container/name, and place is none
    -- to open
    container INTEGER, member INTEGER,
    -- of a container: files in it, links and devices aside; those read; those damaged, locked or failed
    members_seen INTEGER, members_wanted INTEGER, members_failed INTEGER,
    file TEXT, folder TEXT,                     -- of path: its last part, and container|what stands before it (derive/)
    kind TEXT, format TEXT, log_kind TEXT, bytes INTEGER, sha256 TEXT,
    seen INTEGER DEFAULT 0, parsed INTEGER DEFAULT 0, recovered INTEGER DEFAULT 0, failed INTEGER DEFAULT 0,
        chunks INTEGER DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'read',         -- read | partial | unreadable | skipped | not opened (containers)
    note TEXT,                                  -- why, or the sniffed format of what was skipped
    -- first evidence row with the same sha256; an older copy comes after all others
    duplicate_of INTEGER,
    host_id INTEGER, older INTEGER DEFAULT 0);  -- older: RegBack, Windows.old, VSS
CREATE INDEX evidence_unit ON evidence(unit);

-- Facts as parsers emit them: their tables are there already when this file runs, made from the table of facts in
-- src/base/fact.h; what derive/ adds to them stands in src/case/casedb_facts.c. Each row has id, file_id and file_off
-- (where the bytes lie) and, in what a hive says, hive_id.
CREATE INDEX event_what ON event(provider, event_id);
CREATE INDEX reg_key_path ON reg_key(path, hive_id);
CREATE INDEX reg_value_path ON reg_value(path, name, hive_id);
-- other files that hold it, and where first
CREATE TABLE event_source(event INTEGER, file_id INTEGER, file_off INTEGER, PRIMARY KEY(event, file_id)) WITHOUT ROWID;

-- The knowledge used (kb_store).
-- space: win32 ntstatus nerr task kerberos sspi message
CREATE TABLE kb_code(value INTEGER, space TEXT, symbol TEXT, meaning TEXT, win32 INTEGER, source TEXT,
    PRIMARY KEY(space, value)) WITHOUT ROWID;
CREATE TABLE kb_event(provider TEXT COLLATE NOCASE, event_id INTEGER, channel TEXT COLLATE NOCASE, name TEXT,
    meaning TEXT, source TEXT, PRIMARY KEY(provider, event_id)) WITHOUT ROWID;
-- shape: hresult ntstatus win32 exit mixed text binary
CREATE TABLE kb_event_field(provider TEXT COLLATE NOCASE, event_id INTEGER, field TEXT, shape TEXT,
    PRIMARY KEY(provider, event_id, field)) WITHOUT ROWID;
CREATE TABLE kb_setting(name TEXT PRIMARY KEY COLLATE NOCASE, section TEXT, hive TEXT, path TEXT, value TEXT,
    type TEXT, default_value INTEGER, default_text TEXT, meaning TEXT, meanings TEXT, source TEXT,
    since INTEGER) WITHOUT ROWID;      -- since: the first build that reads it
-- What a setting that is not set means, where that differs by build: the first row (ord) that fits a host counts.
-- product: client server domain-controller (server is both); editions: ' Professional Enterprise '; NULL: any.
-- Without text nobody says.
CREATE TABLE kb_default(setting TEXT COLLATE NOCASE, ord INTEGER, from_build INTEGER, product TEXT, editions TEXT,
    value INTEGER, text TEXT, PRIMARY KEY(setting, ord)) WITHOUT ROWID;
-- kind: channel | hive; with case: Security is a channel, SECURITY a hive
CREATE TABLE kb_artifact(name TEXT PRIMARY KEY, kind TEXT, collect TEXT, meaning TEXT) WITHOUT ROWID;
-- text: as in its file, up to its tests; sha256: of the whole file
CREATE TABLE kb_rule(cause TEXT, id TEXT, name TEXT, title TEXT, level TEXT, sha256 TEXT, text TEXT,
    PRIMARY KEY(id)) WITHOUT ROWID;
-- What each rule asks for: need numbers its requirements, of which any one artefact serves; decides: without it the
-- rule says no more than "undetermined".
CREATE TABLE kb_rule_need(rule TEXT, need INTEGER, artifact TEXT, decides INTEGER,
    PRIMARY KEY(rule, need, artifact)) WITHOUT ROWID;
-- well-known accounts and their spellings
CREATE TABLE kb_account(name TEXT PRIMARY KEY COLLATE NOCASE, sid TEXT) WITHOUT ROWID;

-- Ways to files, in the order in which they are asked: derive/08-layouts.sql.
CREATE TABLE kb_layout(ord INTEGER PRIMARY KEY, path TEXT, collector TEXT, sure INTEGER, source TEXT);

-- Win32 codes that say one thing, by the name rules know them by: code_in(win32, family).
CREATE TABLE kb_code_family(family TEXT, value INTEGER, means TEXT, source TEXT,
    PRIMARY KEY(family, value)) WITHOUT ROWID;

-- What the way to a file says of where it came from; host_sure: the collector says so, not only a name in front. A file
-- nothing is said of has no row.
CREATE TABLE layout(file_id INTEGER PRIMARY KEY, collector TEXT, host TEXT COLLATE NOCASE, host_sure INTEGER,
    drive TEXT, shadow TEXT, user TEXT COLLATE NOCASE);

-- Derived by knowledge/derive/ (which may use our SQL functions), read by views (which use SQLite's own only). Their
-- indexes are made there, after the rows.
-- host.bias: UTC = local + bias minutes, on the day of collection. zone_rule: at any time, as src/base/zone.h writes
-- it: "300 240 M3.2.0/02:00:00 M11.1.0/02:00:00" is the bias of standard
-- and of daylight time and when these begin; one number: no daylight time (or DynamicDaylightTimeDisabled = 1); NULL:
-- the hive does not say.
CREATE TABLE host(id INTEGER PRIMARY KEY, name TEXT UNIQUE COLLATE NOCASE, fqdn TEXT COLLATE NOCASE,
    domain TEXT COLLATE NOCASE, os TEXT, build INTEGER, edition TEXT COLLATE NOCASE, role TEXT, time_zone TEXT,
    bias INTEGER, zone_rule TEXT, machine_sid TEXT, joined INTEGER,
    outcome TEXT);      -- unexplained explained latent not_covered clear (outcome.sql)
-- What a setting of kb_default means on a host that does not set it. unsure: it differs by what is not known of the
-- host; among: the numbers it may be, ' 0 1 '.
CREATE TABLE host_default(host_id INTEGER, setting TEXT COLLATE NOCASE, value INTEGER, text TEXT, unsure INTEGER,
    among TEXT, PRIMARY KEY(host_id, setting)) WITHOUT ROWID;
CREATE TABLE boot(host_id INTEGER, boot INTEGER, from_time INTEGER, to_time INTEGER, clean INTEGER, file_id INTEGER,
    file_off INTEGER,
    -- boot 0: before the first start in the evidence
    end_file_id INTEGER, end_file_off INTEGER, PRIMARY KEY(host_id, boot)) WITHOUT ROWID;
-- Logons (4624) and refused ones (4625) by who, how and why. code: SubStatus where it is not zero, else Status, as the
-- record writes it.
CREATE TABLE logon_sum(id INTEGER PRIMARY KEY, host_id INTEGER, event_id INTEGER, domain TEXT COLLATE NOCASE,
    account TEXT COLLATE NOCASE, type INTEGER, code TEXT, n INTEGER, first_time INTEGER, last_time INTEGER);
CREATE TABLE session(id INTEGER PRIMARY KEY, host_id INTEGER, boot INTEGER, luid INTEGER, logon_type INTEGER,
    user TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE, sid TEXT, process TEXT, package TEXT,
    key_length INTEGER, ip TEXT, from_time INTEGER, to_time INTEGER, file_id INTEGER, file_off INTEGER,
        end_file_id INTEGER, end_file_off INTEGER,
    -- ended: logoff | boot | sign (it went on at least until then) | NULL; linked: LUID of the other half of
    ended TEXT, linked INTEGER, folded INTEGER,
    -- a UAC pair; folded: first of many like logons; began: 'before' of one that is older than the log (from_time: at
    -- the latest then); net_user: of a session of type 9, who it is on the network
    began TEXT, net_user TEXT COLLATE NOCASE);
-- value: normalised u32
CREATE TABLE error(id INTEGER PRIMARY KEY, host_id INTEGER, event INTEGER, field TEXT, raw TEXT, value INTEGER,
    shape TEXT, win32 INTEGER, symbol TEXT);
CREATE TABLE failure(id INTEGER PRIMARY KEY, host_id INTEGER, kind TEXT, subject TEXT COLLATE NOCASE,
    principal TEXT COLLATE NOCASE, sid TEXT, call TEXT, win32 INTEGER, value INTEGER,
    raw TEXT, symbol TEXT, time INTEGER, event INTEGER, file_id INTEGER, file_off INTEGER, boot INTEGER,
        provider TEXT COLLATE NOCASE, event_id INTEGER, luid INTEGER,
    -- kind: task program service share logon bits domain application; also: evidence ids of the other witnesses of the
    -- same failure, and of what names its task or service where its event does not; tried: the event (4625) of the
    -- logon that failed with it; why: the code that one gives (SubStatus) where the failure's own (1069, or none) does
    -- not say why
    also TEXT, tried INTEGER, why INTEGER,
    -- shown: its kind in reports, one of the six of table kind; concern: of a logon, a session or
    detail TEXT, shown TEXT, concern INTEGER, explained INTEGER);
                                                            -- an account (derive/66-concerns.sql); explained: by a
                                                            -- finding (outcome.sql)
CREATE TABLE success(id INTEGER PRIMARY KEY, host_id INTEGER, kind TEXT, subject TEXT COLLATE NOCASE,
    principal TEXT COLLATE NOCASE, time INTEGER, file_id INTEGER, file_off INTEGER,
    provider TEXT COLLATE NOCASE, event_id INTEGER,
    starts INTEGER);    -- 1: it proves that a logon worked at that moment; 0: it may be the end of what began before
CREATE TABLE service(id INTEGER PRIMARY KEY, host_id INTEGER, name TEXT COLLATE NOCASE,
    display TEXT COLLATE NOCASE, start INTEGER,
    account TEXT COLLATE NOCASE, delayed INTEGER, managed INTEGER,
    depends TEXT, image TEXT, file_id INTEGER, file_off INTEGER);
CREATE TABLE task(id INTEGER PRIMARY KEY, host_id INTEGER, path TEXT COLLATE NOCASE, guid TEXT, sid TEXT,
    user TEXT COLLATE NOCASE, logon TEXT, flags INTEGER, registered INTEGER,
    -- from TaskCache, else from 4698/4702
    last_run INTEGER, last_ok INTEGER, result INTEGER, command TEXT, unc INTEGER, file_id INTEGER, file_off INTEGER);
CREATE TABLE account(id INTEGER PRIMARY KEY, host_id INTEGER, name TEXT COLLATE NOCASE, sid TEXT, rid INTEGER,
    flags INTEGER, disabled INTEGER, must_change INTEGER, password_set INTEGER, expires INTEGER, last_bad INTEGER,
    bad_count INTEGER, blank INTEGER, file_id INTEGER, file_off INTEGER);
CREATE TABLE password_change(id INTEGER PRIMARY KEY, host_id INTEGER, account TEXT COLLATE NOCASE,
    domain TEXT COLLATE NOCASE, sid TEXT, time INTEGER, how TEXT, file_id INTEGER, file_off INTEGER);
CREATE TABLE coverage(id INTEGER PRIMARY KEY, host_id INTEGER, artifact TEXT, state TEXT, from_time INTEGER,
    to_time INTEGER, file_id INTEGER, detail TEXT);
                                                -- state: present missing cleared partial unreadable disabled; with
                                                -- case: Security is a channel, SECURITY a hive
CREATE TABLE kind(host_id INTEGER, kind TEXT, state TEXT, failures INTEGER, from_time INTEGER, to_time INTEGER,
    PRIMARY KEY(host_id, kind)) WITHOUT ROWID;
                                                -- kind: task service share bits logon application; state: failures
                                                -- clear not_covered
CREATE TABLE kind_need(host_id INTEGER, kind TEXT, ord INTEGER, artifact TEXT, state TEXT, why TEXT, collect TEXT,
    PRIMARY KEY(host_id, kind, artifact)) WITHOUT ROWID;

-- Made by knowledge/derive/8*.sql, where each column is explained: what rules ask most.
CREATE TABLE logon_failure(id INTEGER PRIMARY KEY, host_id INTEGER, kind TEXT, subject TEXT COLLATE NOCASE,
    principal TEXT COLLATE NOCASE, account TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE, sid TEXT, call TEXT,
    win32 INTEGER, value INTEGER, raw TEXT, symbol TEXT, time INTEGER, boot INTEGER, provider TEXT COLLATE NOCASE,
    event_id INTEGER, luid INTEGER, caller TEXT, file_id INTEGER, file_off INTEGER, also TEXT, tried INTEGER,
    sample INTEGER, at_start INTEGER, consumer INTEGER, same INTEGER);
CREATE TABLE consumer(id INTEGER PRIMARY KEY, host_id INTEGER, kind TEXT, subject TEXT COLLATE NOCASE,
    principal TEXT COLLATE NOCASE, account TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE, sid TEXT, builtin INTEGER,
    logon TEXT, stored_time INTEGER, old_time INTEGER, since_time INTEGER, command TEXT, unc INTEGER, active INTEGER,
    local_account INTEGER, secret INTEGER, file_id INTEGER, file_off INTEGER);
CREATE TABLE consumer_change(consumer INTEGER, host_id INTEGER, kind TEXT, subject TEXT COLLATE NOCASE, time INTEGER,
    how TEXT, file_id INTEGER, file_off INTEGER, next_time INTEGER);
CREATE TABLE task_saved(host_id INTEGER, task TEXT COLLATE NOCASE, time INTEGER, how TEXT, sure INTEGER,
    file_id INTEGER, file_off INTEGER);
CREATE TABLE topic(topic TEXT PRIMARY KEY, about TEXT, slack INTEGER, undone_by TEXT, by_start INTEGER) WITHOUT ROWID;
CREATE TABLE landmark(id INTEGER PRIMARY KEY, host_id INTEGER, topic TEXT, who TEXT COLLATE NOCASE, time INTEGER,
    boot INTEGER, provider TEXT COLLATE NOCASE, event_id INTEGER, value COLLATE NOCASE, other TEXT COLLATE NOCASE,
        file_id INTEGER,
    file_off INTEGER, key TEXT COLLATE NOCASE, scope INTEGER);
CREATE TABLE presence(id INTEGER PRIMARY KEY, host_id INTEGER, how TEXT, who TEXT COLLATE NOCASE, from_time INTEGER,
    to_time INTEGER, session INTEGER, shown TEXT, shown_time INTEGER);
CREATE TABLE explicit_logon(id INTEGER PRIMARY KEY, host_id INTEGER, boot INTEGER, time INTEGER,
    server TEXT COLLATE NOCASE, luid INTEGER, by_user TEXT COLLATE NOCASE, user TEXT COLLATE NOCASE,
    account TEXT COLLATE NOCASE, realm TEXT COLLATE NOCASE, file_id INTEGER, file_off INTEGER,
    before INTEGER, another INTEGER);
CREATE TABLE offline_path(id INTEGER PRIMARY KEY, host_id INTEGER, server TEXT COLLATE NOCASE,
    path TEXT COLLATE NOCASE, what TEXT, time INTEGER, until INTEGER, raw TEXT, told INTEGER, file_id INTEGER,
    file_off INTEGER);
CREATE TABLE attempt(failure INTEGER PRIMARY KEY, time INTEGER, logon_type INTEGER, account TEXT COLLATE NOCASE,
    domain TEXT COLLATE NOCASE, process TEXT COLLATE NOCASE, value INTEGER, win32 INTEGER, symbol TEXT,
    file_id INTEGER, file_off INTEGER);
CREATE TABLE failed(failure INTEGER PRIMARY KEY, owner_sid TEXT, whose TEXT COLLATE NOCASE, realm TEXT,
    right_sid TEXT, server INTEGER, last_start INTEGER, next_start INTEGER, last_saved INTEGER,
    last_touched INTEGER, next_saved INTEGER);
CREATE TABLE consumer_right(consumer INTEGER PRIMARY KEY, right TEXT, right_sid TEXT, own INTEGER, denied INTEGER,
    held TEXT, denies INTEGER);
CREATE TABLE failing(id INTEGER PRIMARY KEY, host_id INTEGER, kind TEXT, subject TEXT COLLATE NOCASE, family TEXT,
    first INTEGER, last INTEGER, n INTEGER, codes TEXT, calls TEXT, uncoded INTEGER, denied INTEGER, consumer INTEGER,
    same INTEGER, owner_sid TEXT, server INTEGER, principal TEXT COLLATE NOCASE, last_start INTEGER,
    next_start INTEGER, next_saved INTEGER);

-- Diagnosis.
CREATE TABLE finding(id INTEGER PRIMARY KEY, cause TEXT, rule TEXT, title TEXT, verdict TEXT, host_id INTEGER,
    subject TEXT COLLATE NOCASE, win32 INTEGER, first_seen INTEGER, last_seen INTEGER,
    count INTEGER, explanation TEXT, second_reader TEXT DEFAULT 'not_applicable');
CREATE INDEX finding_host ON finding(host_id);
CREATE TABLE citation(finding INTEGER, role TEXT, ord INTEGER, evidence_id TEXT, file_id INTEGER, file_off INTEGER,
    time INTEGER, explain TEXT,
    -- file_id, file_off: what evidence_id names; NULL where it names nothing
    PRIMARY KEY(finding, role, ord)) WITHOUT ROWID;
CREATE TABLE finding_unknown(finding INTEGER, ord INTEGER, artifact TEXT, collect TEXT,
    PRIMARY KEY(finding, ord)) WITHOUT ROWID;
CREATE TABLE finding_remedy(finding INTEGER, ord INTEGER, text TEXT, risk TEXT, reversible TEXT, verify TEXT,
    PRIMARY KEY(finding, ord)) WITHOUT ROWID;
-- Of what failed and has several causes left, the one artefact that decides most of them (knowledge/outcome.sql).
CREATE TABLE next_step(host_id INTEGER, ord INTEGER, artifact TEXT, collect TEXT, decides TEXT, leaves TEXT,
    subject TEXT COLLATE NOCASE, subjects INTEGER, PRIMARY KEY(host_id, ord)) WITHOUT ROWID;
-- Causes that could not be asked of a host for want of an artefact (knowledge/outcome.sql).
CREATE TABLE unasked(host_id INTEGER, ord INTEGER, artifact TEXT, collect TEXT, causes TEXT, total INTEGER,
    PRIMARY KEY(host_id, ord)) WITHOUT ROWID;
CREATE TABLE rule_error(rule TEXT, role TEXT, message TEXT);
-- Cited facts derived again by our own readers, in processes that had read nothing else. again: yes | no | unknown
-- (could not be read again).
CREATE TABLE fact_again(file_id INTEGER, file_off INTEGER, again TEXT,
    PRIMARY KEY(file_id, file_off)) WITHOUT ROWID;
CREATE TABLE verification(evidence_id TEXT PRIMARY KEY, result TEXT, detail TEXT, reader TEXT) WITHOUT ROWID;
