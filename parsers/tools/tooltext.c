#include "parsers/tools/tooltext.h"
#include "base/lines.h"
#include "base/lookup.h"
#include "base/utf.h"
#include "base/wintime.h"
#include <stdio.h>

/* FACTS: a gpresult of thousands of settings has some ten thousand; TAGS: how deep elements nest */
enum { LINE_BYTES = 64 << 10, FACTS = 50000, HEAD = 4096, TAGS = 24, TAG = 40 };
#define UNKNOWN_CHARACTER 0xfffd /* of a code page nobody names */

/* --- what a line looks like */

static bool one_of(char c, const char *any) { return c && strchr(any, c); }

/* One character and nothing else, often enough to be a rule under or above something. */
static bool is_rule(struct str s, const char *of)
{
    for (size_t i = 0; i < s.n; i++)
        if (!one_of(s.p[i], of))
            return false;
    return s.n >= 4;
}

static bool takes(struct str *s, struct str label)
{
    if (!str_starts_ci(*s, label))
        return false;
    *s = str_trim(str_skip(*s, label.n));
    return true;
}

/* --- the reader */

enum tool { NO_TOOL, DSREGCMD, SYSTEMINFO, WHOAMI, GPRESULT };
static const struct str tool_names[] = {[DSREGCMD] = {"dsregcmd", 8},
                                        [SYSTEMINFO] = {"systeminfo", 10},
                                        [WHOAMI] = {"whoami", 6},
                                        [GPRESULT] = {"gpresult", 8}};

/* What is kept from one line for those below it. */
enum kept { SECTION, NAME, GPO, KEY, LABEL, KEPTS };

/* An element of gpresult's XML that is open: its name without a prefix, and the text so far. */
struct tag {
    char name[TAG];
    struct str text; /* in the line in work only, and only where the element begins in it */
    uint32_t line;
};

struct tooltext {
    struct lines lines;
    struct line_cursor at;
    struct line line;
    struct buf raw;   /* the line in work */
    struct buf meant; /* gpresult /x: a text with its entities as the characters they stand for */
    struct buf keep[KEPTS];
    enum tool tool;
    bool computer, member, xml, listing; /* gpresult: of the computer; values go on; in a list of objects */
    bool american;                       /* systeminfo: dates are written month first */
    bool rows, foreign; /* whoami: in the rows of a table; in another language than English */
    size_t column[2];   /* of such a table: where its second and third begin, in characters */
    struct tag tag[TAGS];
    size_t depth, item; /* item: how deep the setting in work lies, and where it begins */
    uint64_t item_at;
    uint32_t item_line;
    int64_t precedence, order;
    struct lookup places; /* where a fact begins: each once */
    uint32_t told;
    bool no_memory;
    bool full;
    fact_sink *sink;
    void *ctx;
    struct err *e;
    enum status st;
};

static void remember(struct tooltext *r, enum kept k, struct str s)
{
    r->keep[k].n = 0;
    buf_str(&r->keep[k], s.n <= LIM_FACT_NAME ? s : (struct str){s.p, 0});
}
static struct str kept(const struct tooltext *r, enum kept k)
{
    return r->keep[k].n ? buf_view(&r->keep[k]) : STR("");
}

struct said {
    size_t at; /* where the value begins, in the line */
    struct str name, value, detail;
    bool has_num, has_time;
    int64_t num, time;
};

static void emit(struct tooltext *r, const struct fact *f)
{
    if (r->st == OK)
        r->st = r->sink(r->ctx, f, r->e);
}

static void say_at(struct tooltext *r, uint64_t off, uint32_t line, const struct said *s)
{
    char origin[24];
    struct fact f = {.kind = FACT_TOOL_SAID, .ref = {.off = off}};
    if (!s->name.n || !s->value.n || lookup_has(&r->places, off + 1))
        return;
    if (++r->told > FACTS) {
        r->full = true;
        return;
    }
    r->no_memory |= !lookup_put(&r->places, off + 1, 0);
    snprintf(origin, sizeof origin, "line %u", line);
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = val_null();
    f.v[TS_TOOL] = val_s(tool_names[r->tool]), f.v[TS_NAME] = val_s(s->name), f.v[TS_VALUE] = val_s(s->value);
    f.v[TS_SECTION] = r->keep[SECTION].n ? val_s(kept(r, SECTION)) : val_null();
    f.v[TS_DETAIL] = s->detail.n ? val_s(s->detail) : val_null();
    f.v[TS_NUM] = s->has_num ? val_i(s->num) : val_null();
    f.v[TS_TIME] = s->has_time ? val_i(s->time) : val_null();
    f.v[TS_ORIGIN] = val_s(str_of(origin));
    emit(r, &f);
}

static void say_line(struct tooltext *r, struct said s)
{
    say_at(r, line_place(&r->lines, &r->line, buf_view(&r->raw), s.at), r->line.number, &s);
}

static void anomaly(struct tooltext *r, const char *code, const char *what)
{
    char detail[128];
    struct fact f = {.kind = FACT_ANOMALY, .ref = {.off = r->line.at}};
    snprintf(detail, sizeof detail, "line %u: %s", r->line.number, what);
    f.v[AN_CODE] = val_s(str_of(code)), f.v[AN_WHAT] = val_s(STR("text of a tool")),
    f.v[AN_DETAIL] = val_s(str_of(detail));
    emit(r, &f);
}

/* The next line that is not blank, without going there. */
static bool peek(const struct tooltext *r, struct buf *out, struct str *s)
{
    struct line_cursor at = r->at;
    struct line l;
    for (int i = 0; i < 4; i++) {
        out->n = 0;
        if (!line_take(&r->lines, &at, out, &l))
            return false;
        *s = str_trim(buf_view(out));
        if (s->n)
            return true;
    }
    return false;
}

/* --- dsregcmd /status */

/* "2019-01-24 19:15:26.000 UTC" */
static bool utc_time(struct str s, int64_t *out)
{
    char text[32];
    if (s.n < 24 || s.n > 30 || !str_ends_ci(s, STR(" UTC")) || s.p[10] != ' ')
        return false;
    snprintf(text, sizeof text, "%.*sT%.*sZ", 10, s.p, (int)(s.n - 4 - 11), s.p + 11);
    return wintime_parse(str_of(text), out);
}

static void dsregcmd_line(struct tooltext *r, struct str raw)
{
    struct str s = str_trim(raw);
    if (s.n > 2 && s.p[0] == '|' && s.p[s.n - 1] == '|') {
        remember(r, SECTION, str_trim((struct str){s.p + 1, s.n - 2}));
        return;
    }
    size_t colon = str_find(raw, STR(" : "));
    if (colon == raw.n)
        return;
    struct said it = {.name = str_trim((struct str){raw.p, colon}),
                      .value = str_trim(str_skip(raw, colon + 3))};
    if (!it.name.n || it.name.n > 60 || !it.value.n)
        return;
    it.at = (size_t)(it.name.p - raw.p);
    it.has_num = str_eq(it.value, STR("YES")) || str_eq(it.value, STR("NO"));
    it.num = it.value.n == 3;
    it.has_time = utc_time(it.value, &it.time);
    say_line(r, it);
}

/* --- systeminfo */

static const struct str system_names[] = {
    {"Host Name", 9},
    {"OS Name", 7},
    {"OS Version", 10},
    {"OS Configuration", 16},
    {"System Boot Time", 16},
    {"System Locale", 13},
    {"Time Zone", 9},
    {"Domain", 6},
    {"Logon Server", 12},
    {"Hotfix(s)", 9},
    {"Original Install Date", 21},
};

static bool digits(struct str *s, int64_t *out)
{
    size_t n = 0;
    *out = 0;
    while (n < s->n && n < 5 && is_digit(s->p[n]))
        *out = *out * 10 + (s->p[n++] - '0');
    *s = str_skip(*s, n);
    return n > 0;
}

static bool eat(struct str *s, const char *any)
{
    if (!s->n || !one_of(s->p[0], any))
        return false;
    *s = str_skip(*s, 1);
    return true;
}

/* "8/25/2023, 9:15:20 AM" as 100 ns of the host's own clock. A date whose day and month could be either is
 * none, unless month_first says so. */
static bool local_time(struct str s, bool month_first, int64_t *out)
{
    int64_t a, b, year, hour, minute, second;
    if (!digits(&s, &a) || !eat(&s, "/.-") || !digits(&s, &b) || !eat(&s, "/.-") || !digits(&s, &year))
        return false;
    bool iso = a > 1900;
    eat(&s, ","), s = str_trim(s);
    if (!digits(&s, &hour) || !eat(&s, ":") || !digits(&s, &minute) || !eat(&s, ":") || !digits(&s, &second))
        return false;
    s = str_trim(s);
    bool am = str_eq_ci(s, STR("AM")), pm = str_eq_ci(s, STR("PM"));
    if ((s.n && !am && !pm) || hour > ((am || pm) ? 12 : 23) || minute > 59 || second > 59)
        return false;
    bool day_first = !iso && a > 12;
    if (!iso && !day_first && b <= 12 && a != b && !(month_first && (am || pm)))
        return false;
    int64_t y = iso ? a : year, m = iso || day_first ? b : a, d = iso ? year : day_first ? a : b;
    if (y < 1990 || y > 2200 || m < 1 || m > 12 || d < 1 || d > 31)
        return false;
    hour = am && hour == 12 ? 0 : pm && hour < 12 ? hour + 12 : hour;
    *out = wintime_of_date(y, (unsigned)m, (unsigned)d)
           + ((hour * 60 + minute) * 60 + second) * WINTIME_SECOND;
    return true;
}

/* "(UTC-05:00) Eastern Time (US & Canada)": minutes east of UTC, without daylight time. */
static bool zone_minutes(struct str s, int64_t *out)
{
    int64_t hours, minutes;
    if (!takes(&s, STR("(UTC")) && !takes(&s, STR("(GMT")))
        return false;
    if (eat(&s, ")"))
        return *out = 0, true;
    bool west = s.n && s.p[0] == '-';
    if (!eat(&s, "+-") || !digits(&s, &hours) || !eat(&s, ":") || !digits(&s, &minutes) || !eat(&s, ")")
        || hours > 14 || minutes > 59)
        return false;
    *out = (hours * 60 + minutes) * (west ? -1 : 1);
    return true;
}

/* Does the text go on with America's locale? Its dates with AM and PM are then read month first. */
static bool american(const struct tooltext *r)
{
    struct line_cursor at = r->at;
    struct line l;
    struct buf b = {0};
    bool is = false;
    for (int i = 0; i < 80 && !is; i++) {
        b.n = 0;
        if (!line_take(&r->lines, &at, &b, &l))
            break;
        struct str s = str_trim(buf_view(&b));
        if (str_starts_ci(s, STR("Host Name:")))
            break; /* of another text: many of them are not gone over many times */
        is = takes(&s, STR("System Locale:")) && str_starts_ci(s, STR("en-us"));
    }
    buf_free(&b);
    return is;
}

static void say_system(struct tooltext *r, size_t at, struct str name, struct str value)
{
    struct said it = {.at = at, .name = name, .value = value};
    if (!value.n)
        return;
    if (str_eq(name, STR("System Boot Time")) || str_eq(name, STR("Original Install Date"))) {
        it.has_num = local_time(value, r->american, &it.num);
    } else if (str_eq(name, STR("Time Zone"))) {
        it.has_num = zone_minutes(value, &it.num);
    } else if (str_eq(name, STR("OS Version"))) { /* 10.0.19045 N/A Build 19045 */
        size_t build = str_find(value, STR(" Build "));
        struct str rest = str_skip(value, build);
        it.has_num = takes(&rest, STR(" Build ")) && digits(&rest, &it.num) && !rest.n;
    }
    say_line(r, it);
}

static void systeminfo_line(struct tooltext *r, struct str raw)
{
    struct str s = str_trim(raw), go_on = s;
    int64_t i;
    if (s.n && s.p[0] == '[' && str_eq(kept(r, LABEL), STR("Hotfix(s)"))) {
        if (eat(&go_on, "[") && digits(&go_on, &i) && eat(&go_on, "]") && eat(&go_on, ":"))
            say_system(r, (size_t)(s.p - raw.p), STR("Hotfix"), str_trim(go_on));
        return;
    }
    remember(r, LABEL, STR(""));
    if (str_starts_ci(s, STR("Network Card(s):")))
        r->tool = NO_TOOL; /* nothing of what follows is asked for */
    for (size_t k = 0; k < LEN(system_names); k++) {
        struct str value = s;
        if (!takes(&value, system_names[k]) || !value.n || value.p[0] != ':')
            continue;
        remember(r, LABEL, system_names[k]);
        say_system(r, (size_t)(s.p - raw.p), system_names[k], str_trim(str_skip(value, 1)));
    }
}

/* --- whoami */

static const struct str who_sections[] = {
    {"USER INFORMATION", 16}, {"GROUP INFORMATION", 17}, {"PRIVILEGES INFORMATION", 22}};

static bool who_section(struct str s, struct str *section)
{
    for (size_t i = 0; i < LEN(who_sections); i++)
        if (str_eq(s, who_sections[i]))
            return *section = who_sections[i], true;
    return false;
}

static void say_who(struct tooltext *r, size_t at, const char *name, struct str value, struct str detail)
{
    if (value.n)
        say_line(r, (struct said){.at = at, .name = str_of(name), .value = value, .detail = detail});
}

/* A group's kind stands between its name and its SID: what SID_NAME_USE is called. */
static struct str without_kind(struct str s)
{
    static const struct str kinds[] = {{"Well-known group", 16},
                                       {"Alias", 5},
                                       {"Group", 5},
                                       {"User", 4},
                                       {"Label", 5},
                                       {"Computer", 8},
                                       {"Deleted account", 15},
                                       {"Unknown SID type", 16}};
    for (size_t i = 0; i < LEN(kinds); i++)
        if (s.n > kinds[i].n && str_ends_ci(s, kinds[i]) && s.p[s.n - kinds[i].n - 1] == ' ')
            return str_trim((struct str){s.p, s.n - kinds[i].n});
    return s;
}

static bool deny_only(struct str attributes)
{
    return str_contains(attributes, STR("Group used for deny only"));
}

static bool is_privilege(struct str s)
{
    return str_starts_ci(s, STR("Se")) && str_ends_ci(s, STR("Privilege")) && !str_contains(s, STR(" "));
}

/* Where the last " S-1-" begins: a group may be called like one; s.n: there is none. */
static size_t last_sid(struct str s)
{
    size_t last = s.n;
    for (size_t i = 0, at; (at = str_find(str_skip(s, i), STR(" S-1-"))) < s.n - i; i += at + 1)
        last = i + at;
    return last;
}

/* A row of a table; the widths of its columns are told by nothing, but SIDs and privileges show themselves.
 */
static void who_row(struct tooltext *r, struct str raw)
{
    struct str s = str_trim(raw), section = kept(r, SECTION);
    size_t at = (size_t)(s.p - raw.p), sid = last_sid(s), state;
    if (str_eq(section, who_sections[2])) {
        state = s.n;
        while (state > 0 && s.p[state - 1] != ' ')
            state--;
        struct str rest = s, name = str_cut(&rest, ' ');
        if (is_privilege(name) && state > name.n)
            r->rows = true, say_who(r, at, "Privilege", name, str_skip(s, state));
        return;
    }
    if (sid == s.n)
        return;
    r->rows = true;
    struct str name = str_trim((struct str){s.p, sid}), rest = str_trim(str_skip(s, sid));
    struct str number = str_cut(&rest, ' ');
    if (str_eq(section, who_sections[0]))
        say_who(r, at, "User", name, number);
    else
        say_who(r, at, deny_only(rest) ? "Group for deny only" : "Group", without_kind(name), number);
}

/* The same as a list, a line a column: "User Name: corp\anna", "SID:       S-1-5-21-…". Whether a group only
 * denies is told behind its SID. */
static bool who_list(struct tooltext *r, struct str raw)
{
    struct str s = str_trim(raw), value = s, section = kept(r, SECTION), name = kept(r, NAME);
    size_t at = (size_t)(s.p - raw.p);
    bool group = str_eq(section, who_sections[1]);
    if (takes(&value, STR("User Name:")) || takes(&value, STR("Group Name:"))
        || takes(&value, STR("Privilege Name:")))
        return remember(r, NAME, value), remember(r, LABEL, STR("")), true;
    if (takes(&value, STR("SID:"))) {
        if (str_eq(section, who_sections[0]))
            say_who(r, at, "User", name, value);
        return remember(r, LABEL, value), true;
    }
    if (takes(&value, STR("Attributes:"))) {
        if (group && r->keep[LABEL].n)
            say_who(r, at, deny_only(value) ? "Group for deny only" : "Group", name, kept(r, LABEL));
        return remember(r, NAME, STR("")), true;
    }
    if (takes(&value, STR("State:")))
        return say_who(r, at, "Privilege", name, value), true;
    return str_starts_ci(s, STR("Type:")) || str_starts_ci(s, STR("Description:"));
}

/* Columns that a rule such as "===== === ====" rules off, and where the first of them begin. */
static size_t ruled(struct str rule, size_t column[2])
{
    size_t n = 0;
    for (size_t i = 1; i < rule.n; i++)
        if (rule.p[i] == '=' && rule.p[i - 1] == ' ' && n++ < 2)
            column[n - 1] = i;
    return n + 1;
}

/* Which of who_sections the table with this rule and first row is, in any language: accounts have two
 * columns, privileges three, groups four, and SIDs and privileges are called the same everywhere. */
static size_t who_table(struct str rule, struct str row, size_t column[2])
{
    size_t columns = rule.n && rule.p[0] == '=' && is_rule(rule, "= ") ? ruled(rule, column) : 0;
    struct str sid = str_skip(row, last_sid(row) + 1), rest = row;
    if (columns == 3 && is_privilege(str_cut(&rest, ' ')))
        return 2;
    if (columns == 2 && sid.n && !str_contains(sid, STR(" ")))
        return 0;
    return columns == 4 && sid.n ? 1 : LEN(who_sections);
}

static size_t byte_of(struct str s, size_t character)
{
    size_t at = 0;
    while (character-- && at < s.n)
        utf8_next(s, &at);
    return at;
}

/* A row in another language: the words for a group that only denies, for a kind and for a state are not
 * known. The groups that tell the kind of a session are never there only to deny. A group's name is read
 * where its columns are where the rule says, else its SID stands for it. */
static void foreign_row(struct tooltext *r, struct str raw)
{
    struct str s = str_trim(raw), rest = str_trim(str_skip(s, last_sid(s))), sid = str_cut(&rest, ' ');
    size_t at = (size_t)(s.p - raw.p);
    if (str_eq(kept(r, SECTION), who_sections[2])) {
        if (is_privilege(sid = str_cut(&s, ' ')))
            say_who(r, at, "Privilege", sid, STR(""));
    } else if (str_eq(kept(r, SECTION), who_sections[0]) && sid.n) {
        say_who(r, at, "User", str_trim((struct str){s.p, last_sid(s)}), sid);
    } else if (sid.n) {
        static const struct str sessions[] = {{"S-1-5-2", 7}, {"S-1-5-3", 7}, {"S-1-5-4", 7}, {"S-1-5-6", 7}};
        bool session = false, apart = sid.p == raw.p + byte_of(raw, r->column[1]);
        for (size_t i = 0; i < LEN(sessions); i++)
            session |= str_eq(sid, sessions[i]);
        say_who(r, at, session ? "Group" : "Group, or for deny only",
                apart ? str_trim((struct str){raw.p, byte_of(raw, r->column[0])}) : sid, sid);
    }
}

/* A blank line ends a table; what stands below it belongs to nobody. */
static void whoami_line(struct tooltext *r, struct str raw)
{
    struct str s = str_trim(raw);
    if (!s.n && r->rows)
        r->tool = NO_TOOL;
    if (!s.n || is_rule(s, "-") || is_rule(s, "= "))
        return;
    if (r->foreign) {
        r->rows = true, foreign_row(r, raw);
    } else if (!who_list(r, raw)) {
        who_row(r, raw);
    }
}

/* --- CSV: systeminfo and whoami */

/* A field of a line: [*at, …) behind it; text: without its quotes, as it stands there. */
static bool csv_field(struct str line, size_t *at, struct str *text, size_t *begin)
{
    if (*at >= line.n)
        return false;
    *begin = *at;
    if (line.p[*at] != '"') {
        struct str rest = str_skip(line, *at);
        *text = str_cut(&rest, ',');
        *at += text->n + 1;
        return true;
    }
    size_t i = *at + 1;
    while (i < line.n && !(line.p[i] == '"' && (i + 1 == line.n || line.p[i + 1] == ',')))
        i++;
    if (i == line.n)
        return false; /* cut short: no field */
    *text = (struct str){line.p + *at + 1, i - *at - 1};
    *at = i + 2;
    return true;
}

static const struct {
    struct str head; /* of the line that says which columns follow */
    enum tool tool;
    struct str section;
} csv_heads[] = {
    {{"\"Host Name\",\"OS Name\",", 21}, SYSTEMINFO, {"CSV", 3}},
    {{"\"User Name\",\"SID\"", 17}, WHOAMI, {"USER INFORMATION", 16}},
    {{"\"Group Name\",\"Type\",\"SID\"", 25}, WHOAMI, {"GROUP INFORMATION", 17}},
    {{"\"Privilege Name\",\"Description\"", 30}, WHOAMI, {"PRIVILEGES INFORMATION", 22}},
};

static bool csv_head(struct tooltext *r, struct str s)
{
    for (size_t i = 0; i < LEN(csv_heads); i++)
        if (str_starts_ci(s, csv_heads[i].head)) {
            r->tool = csv_heads[i].tool;
            remember(r, SECTION, csv_heads[i].section), remember(r, KEY, s);
            return true;
        }
    return false;
}

static void csv_line(struct tooltext *r, struct str raw)
{
    struct str field[4] = {{0}}, text, name, head = kept(r, KEY), section = kept(r, SECTION);
    size_t at = 0, begin, first = 0, n = 0, named = 0, there;
    r->american = str_contains(raw, STR("\"en-us;"));
    while (csv_field(raw, &at, &text, &begin)) {
        first = n ? first : begin;
        if (n < LEN(field))
            field[n] = text;
        n++;
        if (r->tool != SYSTEMINFO)
            continue;
        if (!csv_field(head, &named, &name, &there))
            break;
        for (size_t k = 0; k < LEN(system_names); k++)
            if (str_eq(name, system_names[k]))
                say_system(r, begin, system_names[k], text);
    }
    if (r->tool == SYSTEMINFO || n < 2)
        return;
    if (str_eq(section, who_sections[0]))
        say_who(r, first, "User", field[0], field[1]);
    else if (str_eq(section, who_sections[1]) && n >= 4)
        say_who(r, first, deny_only(field[3]) ? "Group for deny only" : "Group", field[0], field[2]);
    else if (str_eq(section, who_sections[2]) && n >= 3)
        say_who(r, first, "Privilege", field[0], field[2]);
}

/* --- gpresult /r, /v, /z */

static const struct str policy_names[] = {{"OS Configuration", 16},
                                          {"OS Version", 10},
                                          {"Site Name", 9},
                                          {"Last time Group Policy was applied", 34},
                                          {"Group Policy was applied from", 29},
                                          {"Domain Name", 11}};
/* Of these the settings are read. */
static const struct str policy_sections[] = {
    {"User Rights", 11}, {"Security Options", 16}, {"Account Policies", 16}, {"Audit Policy", 12}};

static void rsop_line(struct tooltext *r, struct str raw, struct str s)
{
    struct str rest = s;
    takes(&rest, STR("RSOP data for "));
    size_t on = str_find(rest, STR(" on "));
    struct str user = {rest.p, on}, host = on < rest.n ? str_skip(rest, on + 4) : STR("");
    size_t end = str_find(host, STR(" : "));
    if (end == host.n)
        return;
    host = str_trim((struct str){host.p, end});
    remember(r, SECTION, STR(""));
    say_line(r, (struct said){.at = (size_t)(user.p - raw.p), .name = STR("User"), .value = user});
    if (host.n)
        say_line(r, (struct said){.at = (size_t)(host.p - raw.p), .name = STR("Computer"), .value = host});
}

static void say_setting(struct tooltext *r, size_t at, struct str value)
{
    struct said it = {.at = at,
                      .name = r->keep[KEY].n ? kept(r, KEY) : kept(r, NAME),
                      .value = value,
                      .detail = kept(r, GPO)};
    it.has_num = str_i64(value, &it.num);
    if (it.name.n && value.n)
        say_line(r, it);
}

static bool is_setting_section(struct str s)
{
    for (size_t i = 0; i < LEN(policy_sections); i++)
        if (str_eq(s, policy_sections[i]))
            return true;
    return false;
}

static void gpresult_setting(struct tooltext *r, struct str raw, struct str s)
{
    struct str value = s;
    size_t at = (size_t)(s.p - raw.p);
    if (takes(&value, STR("GPO:"))) {
        remember(r, GPO, value), remember(r, NAME, STR("")), remember(r, KEY, STR("")), r->member = false;
    } else if (takes(&value, STR("Policy:"))) {
        remember(r, NAME, value), r->member = false;
    } else if (takes(&value, STR("ValueName:"))) {
        remember(r, KEY, value);
    } else if (takes(&value, STR("Computer Setting:"))) {
        r->member = true;
        say_setting(r, at, value);
    } else if (r->member) {
        say_setting(r, at, s);
    }
}

static void gpresult_line(struct tooltext *r, struct str raw)
{
    struct str s = str_trim(raw), next, value = s;
    struct buf ahead = {0};
    if (!s.n) {
        r->member = r->listing = false;
        return;
    }
    if (is_rule(s, "-"))
        return;
    if (str_starts_ci(s, STR("RSOP data for "))) {
        rsop_line(r, raw, s);
        return;
    }
    struct line_cursor at = r->at;
    struct line l;
    bool title = line_take(&r->lines, &at, &ahead, &l)
                 && (next = str_trim(buf_view(&ahead)), is_rule(next, "-"));
    buf_free(&ahead);
    if (title) {
        r->computer = str_eq(s, STR("COMPUTER SETTINGS"))
                      || (r->computer && !str_eq(s, STR("USER SETTINGS")));
        r->listing = str_eq(s, STR("Applied Group Policy Objects")), r->member = false;
        remember(r, SECTION, s), remember(r, NAME, STR("")), remember(r, GPO, STR(""));
        return;
    }
    if (r->listing && str_eq(s, STR("N/A")))
        return;
    if (r->listing)
        say_line(r, (struct said){.at = (size_t)(s.p - raw.p),
                                  .name = STR("Applied GPO"),
                                  .value = s,
                                  .detail = r->computer ? STR("computer") : STR("user")});
    else if (r->computer && is_setting_section(kept(r, SECTION)))
        gpresult_setting(r, raw, s);
    for (size_t k = 0; k < LEN(policy_names); k++)
        if (takes(&value, policy_names[k]) && eat(&value, ":"))
            say_line(r, (struct said){
                            .at = (size_t)(s.p - raw.p), .name = policy_names[k], .value = str_trim(value)});
        else
            value = s;
}

/* --- gpresult /x: elements by name, wherever lines end; their prefixes say nothing */

static bool tag_is(const struct tooltext *r, size_t depth, const char *name)
{
    return depth < r->depth && depth < TAGS && strcmp(r->tag[depth].name, name) == 0;
}

/* How deep the innermost open element of that name lies; SIZE_MAX: none is open. */
static size_t open_tag(const struct tooltext *r, const char *name)
{
    for (size_t i = r->depth < TAGS ? r->depth : TAGS; i-- > 0;)
        if (tag_is(r, i, name))
            return i;
    return SIZE_MAX;
}

static void tag_name(char out[TAG], struct str name)
{
    snprintf(out, TAG, "%.*s", (int)(name.n < TAG ? name.n : TAG - 1), name.p);
}

static uint64_t tag_place(struct tooltext *r, size_t at)
{
    return line_place(&r->lines, &r->line, buf_view(&r->raw), at);
}

static void begin_tag(struct tooltext *r, struct str name, size_t at)
{
    size_t d = r->depth++;
    if (d >= TAGS)
        return;
    tag_name(r->tag[d].name, name);
    r->tag[d].text = STR(""), r->tag[d].line = r->line.number;
    if (tag_is(r, d, "SecurityOptions") || tag_is(r, d, "UserRightsAssignment")
        || (d == 2 && tag_is(r, d, "GPO"))) {
        r->item = d, r->item_at = tag_place(r, at), r->item_line = r->line.number;
        r->precedence = r->order = 0;
        remember(r, NAME, STR("")), remember(r, KEY, STR("")), remember(r, GPO, STR(""));
        r->computer = tag_is(r, 1, "ComputerResults");
    }
}

/* Of <Rsop>, <ComputerResults>, <GPO>: what lies right below. */
static void end_of_result(struct tooltext *r, size_t d, struct str text, size_t at)
{
    int64_t t;
    struct said it = {.at = at, .value = text};
    if (d == 1 && tag_is(r, d, "ReadTime") && wintime_parse(text, &t))
        it.name = STR("ReadTime"), it.has_time = true, it.time = t;
    else if (d == 2 && tag_is(r, d, "Name"))
        it.name = tag_is(r, 1, "ComputerResults") ? STR("Computer") : STR("User");
    else if (d == 2 && tag_is(r, d, "Domain") && tag_is(r, 1, "ComputerResults"))
        it.name = STR("Domain Name");
    if (it.name.n && text.n)
        remember(r, SECTION, STR("")), say_line(r, it);
}

static void say_item(struct tooltext *r, uint64_t off, uint32_t line, struct str section, struct str value)
{
    struct said it = {
        .name = r->keep[KEY].n ? kept(r, KEY) : kept(r, NAME), .value = value, .detail = kept(r, GPO)};
    it.has_num = str_i64(value, &it.num);
    if (!it.name.n || !value.n || r->precedence > 1 || !r->computer)
        return;
    remember(r, SECTION, section);
    say_at(r, off, line, &it);
}

static void end_of_item(struct tooltext *r, size_t d)
{
    if (tag_is(r, d, "SecurityOptions")) {
        say_item(r, r->item_at, r->item_line, STR("Security Options"), kept(r, LABEL));
        remember(r, LABEL, STR(""));
    } else if (d == 2 && tag_is(r, d, "GPO") && r->order > 0 && r->keep[NAME].n) {
        remember(r, SECTION, STR("Applied Group Policy Objects"));
        say_at(r, r->item_at, r->item_line,
               &(struct said){.name = STR("Applied GPO"),
                              .value = kept(r, NAME),
                              .detail = kept(r, GPO),
                              .has_num = true,
                              .num = r->order});
    }
}

/* An end closes the innermost element of its name, and what in it has none; one of no name that is open
 * closes nothing. So a line that was cut leaves nothing open that has an end. */
static void end_tag(struct tooltext *r, struct str name, size_t at)
{
    char called[TAG];
    if (r->depth > TAGS) {
        r->depth--;
        return;
    }
    tag_name(called, name);
    size_t d = open_tag(r, called);
    if (d == SIZE_MAX)
        return;
    r->depth = d + 1; /* what is asked of it lies in it */
    struct str text = str_trim(r->tag[d].text);
    size_t begin = text.n ? (size_t)(text.p - r->raw.p) : at, in = open_tag(r, "UserRightsAssignment");
    r->meant.n = 0, buf_unxml(&r->meant, text), text = buf_view(&r->meant);
    bool option = open_tag(r, "SecurityOptions") != SIZE_MAX, gpo = tag_is(r, 2, "GPO");
    if (!option && in == SIZE_MAX && !gpo)
        end_of_result(r, d, text, begin);
    if (tag_is(r, d, "Precedence"))
        str_i64(text, &r->precedence);
    else if (tag_is(r, d, "Identifier") && text.n && r->item < d)
        remember(r, GPO, text);
    else if (tag_is(r, d, "AppliedOrder") && gpo && !r->order)
        str_i64(text, &r->order);
    else if (tag_is(r, d, "KeyName") && option)
        remember(r, KEY, text);
    else if ((tag_is(r, d, "SettingNumber") || tag_is(r, d, "SettingString")) && option)
        remember(r, LABEL, text);
    else if (tag_is(r, d, "Name") && d == r->item + 1 && (in != SIZE_MAX || gpo))
        remember(r, NAME, text);
    else if (in != SIZE_MAX && tag_is(r, d, "Name") && tag_is(r, d - 1, "Member"))
        say_item(r, tag_place(r, begin), r->line.number, STR("User Rights"), text);
    end_of_item(r, d);
    r->depth = d;
    if (d > 0)
        r->tag[d - 1].text = STR("");
}

static void xml_line(struct tooltext *r, struct str raw)
{
    for (size_t i = 0; i < TAGS; i++)
        r->tag[i].text = STR(""); /* a text that goes on over lines is none */
    for (size_t at = 0; at < raw.n;) {
        struct str rest = str_skip(raw, at);
        size_t open = str_find(rest, STR("<")), close = str_find(rest, STR(">"));
        if (r->depth > 0 && r->depth <= TAGS && open > 0 && r->tag[r->depth - 1].line == r->line.number)
            r->tag[r->depth - 1].text = (struct str){rest.p, open};
        if (close == rest.n || close < open)
            return;
        struct str tag = {rest.p + open + 1, close - open - 1}, name = tag;
        bool end = eat(&name, "/"), alone = tag.n && tag.p[tag.n - 1] == '/';
        struct str after = name;
        name = str_cut(&after, ' ');
        if (name.n && name.p[name.n - 1] == '/')
            name.n--;
        size_t prefix = str_find(name, STR(":"));
        name = prefix < name.n ? str_skip(name, prefix + 1) : name;
        if (end)
            end_tag(r, name, at + open);
        else if (name.n && !strchr("?!", name.p[0]))
            begin_tag(r, name, at + open);
        if (!end && alone && name.n && !strchr("?!", name.p[0]))
            end_tag(r, name, at + open);
        at += close + 1;
    }
}

/* --- which tool speaks */

static void begin_who(struct tooltext *r, struct str section, bool foreign)
{
    r->tool = WHOAMI, r->foreign = foreign, r->rows = false;
    remember(r, SECTION, section), remember(r, NAME, STR("")), remember(r, KEY, STR(""));
}

/* Does the output of a tool begin here? Only where the next line bears it out. True: this is a title, and
 * nothing else. */
static bool begins_tool(struct tooltext *r, struct str s)
{
    struct buf ahead = {0};
    struct str next = {0}, section;
    bool more = false, title = false;
    size_t table;
    if (s.n > 2
        && (s.p[0] == '|' || s.p[0] == '=' || s.p[0] == 'H' || s.p[0] == 'R' || who_section(s, &section)))
        more = peek(r, &ahead, &next);
    if (str_starts_ci(s, STR("| Device State ")) && more && is_rule(next, "+-"))
        r->tool = DSREGCMD;
    else if (str_starts_ci(s, STR("Host Name:")) && more && str_starts_ci(next, STR("OS Name:")))
        r->tool = SYSTEMINFO, r->american = american(r), remember(r, SECTION, STR("")),
        remember(r, KEY, STR(""));
    else if (str_starts_ci(s, STR("RSOP data for ")) && more && is_rule(next, "-"))
        r->tool = GPRESULT, r->computer = r->listing = r->member = false;
    else if (who_section(s, &section) && more && is_rule(next, "-"))
        begin_who(r, section, false), title = true;
    else if (more && s.p[0] == '=' && (r->tool != WHOAMI || r->foreign)
             && (table = who_table(s, next, r->column)) < LEN(who_sections))
        begin_who(r, who_sections[table], true), title = true;
    buf_free(&ahead);
    return title;
}

static void read_line(struct tooltext *r)
{
    struct str raw = buf_view(&r->raw), s = str_trim(raw);
    bool csv = false;
    if (r->xml) {
        xml_line(r, raw);
        return;
    }
    if (begins_tool(r, s) || (s.n && s.p[0] == '"' && csv_head(r, s)))
        return;
    csv = s.n && s.p[0] == '"' && r->keep[KEY].n && (r->tool == SYSTEMINFO || r->tool == WHOAMI);
    if (csv) {
        csv_line(r, raw);
        return;
    }
    switch (r->tool) {
    case DSREGCMD: dsregcmd_line(r, raw); break;
    case SYSTEMINFO: systeminfo_line(r, raw); break;
    case WHOAMI: whoami_line(r, raw); break;
    case GPRESULT: gpresult_line(r, raw); break;
    case NO_TOOL: break;
    }
}

/* --- what a file is */

/* A few KiB as text: what is no ASCII is a '?'. A line feed stands in front, so that every line begins behind
 * one. */
static struct str head_text(struct span head, char out[HEAD + 1])
{
    bool wide = head.n >= 2 && head.p[0] == 0xff && head.p[1] == 0xfe;
    size_t unit = wide ? 2 : 1, n = 0;
    out[n++] = '\n';
    for (size_t i = wide                                                    ? 2
                    : head.n >= 3 && memcmp(head.p, "\xef\xbb\xbf", 3) == 0 ? 3
                                                                            : 0;
         i + unit <= head.n && n < HEAD; i += unit) {
        uint8_t c = wide && head.p[i + 1] ? '?' : head.p[i];
        if (c < ' ' && !one_of((char)c, "\t\r\n\f\b"))
            return STR(""); /* no text */
        if (c != '\r')
            out[n++] = c < 0x80 ? (char)c : '?';
    }
    return (struct str){out, n};
}

/* systeminfo in another language: the third of its labels has the version, the fourth the maker. */
static bool foreign_systeminfo(struct str text)
{
    for (struct str rest = text; rest.n;) {
        struct str line = str_cut(&rest, '\n'), next = rest, version = str_trim(str_cut(&next, '\n')),
                   maker = str_trim(str_cut(&next, '\n'));
        size_t at = str_find(version, STR(": "));
        struct str number = str_trim(str_skip(version, at < version.n ? at + 2 : at));
        if (str_find(line, STR(": ")) < line.n && number.n > 8 && number.p[0] >= '1' && number.p[0] <= '9'
            && (str_starts_ci(number, STR("10.0.")) || str_starts_ci(number, STR("6.")))
            && str_ends_ci(maker, STR(" Microsoft Corporation")))
            return true;
    }
    return false;
}

static bool foreign_whoami(struct str text)
{
    size_t column[2];
    for (struct str rest = text; rest.n;) {
        struct str rule = str_trim(str_cut(&rest, '\n')), next = rest;
        if (who_table(rule, str_trim(str_cut(&next, '\n')), column) < LEN(who_sections))
            return true;
    }
    return false;
}

bool tooltext_is(struct span head, const char **what)
{
    char room[HEAD + 1];
    *what = NULL;
    struct str t = head.n ? head_text(head, room) : STR("");
    if (!t.n)
        return false;
    bool xml = str_starts_ci(t, STR("\n<?xml")) || str_starts_ci(t, STR("\n<Rsop"));
    if (xml && str_contains(t, STR("<Rsop ")) && str_contains(t, STR("microsoft.com/GroupPolicy/Rsop")))
        return *what = "policy report of gpresult /x", true;
    if (str_contains(t, STR("\n| Device State ")))
        return *what = "text printed by dsregcmd /status", true;
    if (str_contains(t, STR("Host Name:")) && str_contains(t, STR("\nOS Name:"))
        && str_contains(t, STR("\nOS Version:")))
        return *what = "text printed by systeminfo", true;
    if (str_contains(t, STR("\n\"Host Name\",\"OS Name\",")))
        return *what = "table printed by systeminfo /fo csv", true;
    if (str_contains(t, STR("\nRSOP data for ")))
        return *what = "text printed by gpresult", true;
    if (str_contains(t, STR("USER INFORMATION\n----")) || str_contains(t, STR("GROUP INFORMATION\n----"))
        || str_contains(t, STR("PRIVILEGES INFORMATION\n----")))
        return *what = "text printed by whoami", true;
    if (str_contains(t, STR("\n\"User Name\",\"SID\""))
        || str_contains(t, STR("\n\"Group Name\",\"Type\",\"SID\"")))
        return *what = "table printed by whoami /fo csv", true;
    if (foreign_whoami(t))
        return *what = "text printed by whoami in another language", true;
    if (str_contains(t, STR("gpmc_reportInitialized")))
        *what = "HTML report, as gpresult /h writes: not read; gpresult /x FILE writes what is";
    else if (str_contains(t, STR("Microsoft (R) Windows (R)")) && str_contains(t, STR(" v2.0\n")))
        *what = "text of gpresult in another language: not read";
    else if (foreign_systeminfo(t))
        *what = "text of systeminfo in another language: not read";
    return false;
}

enum status tooltext_read(struct span file, fact_sink *sink, void *ctx, struct err *e)
{
    struct tooltext r = {.sink = sink, .ctx = ctx, .e = e, .item = SIZE_MAX};
    const char *what;
    bool ready = buf_grow(&r.raw, 256) && buf_grow(&r.meant, 256);
    r.lines = lines_of(file, UNKNOWN_CHARACTER, LINE_BYTES, &r.at);
    r.xml = tooltext_is(file, &what) && str_contains(str_of(what), STR("gpresult /x"));
    r.tool = r.xml ? GPRESULT : NO_TOOL;
    for (size_t i = 0; i < KEPTS; i++)
        ready = buf_grow(&r.keep[i], 64) && ready;
    bool cut = false, bad = !ready;
    while (r.st == OK && !bad && !r.full) {
        r.raw.n = 0;
        if (!line_take(&r.lines, &r.at, &r.raw, &r.line))
            break;
        if (r.line.cut && !cut)
            cut = true, anomaly(&r, "limit", "longer than 64 KiB: the rest is not read");
        if (r.line.ended || r.line.cut)
            read_line(&r);
        else if (str_trim(buf_view(&r.raw)).n && !str_eq(str_trim(buf_view(&r.raw)), STR("</Rsop>")))
            anomaly(&r, "cut", "the last line has no end: not read");
        for (size_t i = 0; i < KEPTS; i++)
            bad |= r.keep[i].bad || r.meant.bad || r.no_memory;
    }
    if (r.full)
        anomaly(&r, "limit", "more than 50,000 facts: the rest is not read");
    if (r.st == OK && (bad || r.raw.bad))
        r.st = err_set(e, E_NOMEM, ERR_NO_OFF, "text of a tool", "out of memory");
    else if (r.st == OK && r.full)
        r.st = err_set(e, E_LIMIT, ERR_NO_OFF, "text of a tool", "more than %d facts", FACTS);
    for (size_t i = 0; i < KEPTS; i++)
        buf_free(&r.keep[i]);
    buf_free(&r.raw), buf_free(&r.meant), lookup_free(&r.places);
    return r.st;
}
