#include "reports/html.h"
#include "base/verdict.h"
#include "base/wintime.h"
#include <stdio.h>

static void html_time(struct buf *b, int64_t t)
{
    buf_z(b, "<time datetime='"), buf_time(b, t), buf_z(b, "'>"), time_short(b, t), buf_z(b, "</time>");
    if (!wintime_sane(t))
        buf_z(b, " <small class='odd'>impossible</small>");
}

static const struct voice html = {buf_html, html_time, "<span class='nil'>\xe2\x80\x93</span>", false, 1500};
static const struct voice plain = {buf_html, time_short, "\xe2\x80\x93", false, 300};

const struct voice *h_voice(void) { return &html; }
const struct voice *h_plain(void) { return &plain; }

void hsay(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsay(b, &html, fmt, ap);
    va_end(ap);
}

enum { PAGE_BYTES = 8 << 20 };
bool h_room(const struct buf *b) { return b->n < PAGE_BYTES; }
size_t h_rows(const struct report *r) { return is_many(r) ? SHOW_ROWS / 8 : SHOW_ROWS; }

const char h_symbols[] = "<svg class='defs' aria-hidden='true' focusable='false'>"
                         "<symbol id='g-" W_CONFIRMED
                         "' viewBox='0 0 16 16'><circle class='glyph-on' cx='8' cy='8' r='7.4'/><path "
                         "class='glyph-cut' d='M4.6 8.3l2.4 2.4 4.5-5'/></symbol>"
                         "<symbol id='g-" W_LIKELY
                         "' viewBox='0 0 16 16'><circle cx='8' cy='8' r='6.5'/><path class='glyph-on' d='M8 "
                         "1.5a6.5 6.5 0 0 0 0 13z'/></symbol>"
                         "<symbol id='g-" W_POSSIBLE
                         "' viewBox='0 0 16 16'><circle cx='8' cy='8' r='6.5'/></symbol>"
                         "<symbol id='g-" W_LATENT
                         "' viewBox='0 0 16 16'><path d='M8 1.6L14.4 8 8 14.4 1.6 8z'/></symbol>"
                         "<symbol id='g-" W_UNDETERMINED
                         "' viewBox='0 0 16 16'><rect x='1.6' y='1.6' width='12.8' height='12.8' "
                         "rx='2.5'/><path d='M6 6.3a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.4v.9'/></symbol>"
                         "<symbol id='g-" W_RULED_OUT
                         "' viewBox='0 0 16 16'><circle cx='8' cy='8' r='6.5'/><path d='M3.6 "
                         "12.4l8.8-8.8'/></symbol>"
                         "<symbol id='g-good' viewBox='0 0 16 16'><path d='M2.5 8.6l3.6 3.6 7.4-8'/></symbol>"
                         "</svg>\n";

void h_glyph(struct buf *b, const char *name)
{
    hsay(b, "<svg class='glyph' aria-hidden='true'><use href='#g-%z'/></svg>", name);
}

void h_ref(struct buf *b, const struct report *r, struct str id)
{
    if (id.p && is_cited(r, id))
        hsay(b, "<a class='id' href='#e-%s'>%s</a>", id, id);
    else
        hsay(b, "<span class='id'>%s</span>", id);
}

void h_local(struct buf *b, const struct r_host *host, int64_t t)
{
    if (host && host->zoned && wintime_sane(t))
        buf_z(b, "<small>"), time_local(b, t, &host->zone), buf_z(b, "</small>");
}

void h_plural(struct buf *b, int64_t n, const char *one, const char *many)
{
    hsay(b, "%n %z", n, n == 1 ? one : many);
}

void h_table(struct buf *b, const struct report *r, const char *caption, const char *hint,
             const char *const *head)
{
    hsay(b,
         "<div class='scroll' tabindex='0' role='region' aria-label='%z'><table><caption>%z "
         "<small>%z</small></caption><thead><tr>",
         caption, caption, hint);
    for (; *head; head++)
        if (r->host.n != 1 || strcmp(*head, "Host") != 0)
            hsay(b, **head == '#' ? "<th scope='col' class='num'>%z</th>" : "<th scope='col'>%z</th>",
                 *head + (**head == '#'));
    buf_z(b, "</tr></thead><tbody>\n");
}

void h_host_cell(struct buf *b, const struct report *r, struct str host)
{
    if (r->host.n != 1)
        hsay(b, "<td class='host-name'><bdi dir='auto'>%s</bdi></td>", host);
}

void h_table_end(struct buf *b, uint64_t more, const char *rows)
{
    buf_z(b, "</tbody></table>");
    if (more)
        hsay(b,
             "<p class='left'>%n more in case.db: <kbd>whylogon query case.db 'SELECT * FROM %z'</kbd></p>",
             (int64_t)more, rows);
    buf_z(b, "</div>\n");
}

void h_code(struct buf *b, const struct r_finding *f)
{
    if (f->win32 != NONE)
        hsay(b, "%i <span class='mono'>%s</span> <span class='mono'>%s</span>", f->win32,
             f->hresult.p ? f->hresult : f->hex, f->symbol.p ? f->symbol : STR(""));
}

void h_eyebrow(struct buf *b, const struct r_finding *f, size_t subjects)
{
    hsay(b, "<p class='eyebrow'>"), h_glyph(b, verdict_words[f->verdict].id),
        hsay(b, "%z", verdict_words[f->verdict].label);
    if (f->subject.p)
        hsay(b, " <bdi dir='auto'>%s</bdi>", f->subject);
    if (subjects > 1)
        hsay(b, " <span>and %n more</span>", (int64_t)subjects - 1);
    if (f->win32 != NONE)
        buf_z(b, " <span class='code'>error "), h_code(b, f), buf_z(b, "</span>");
    buf_z(b, "</p>\n");
}

/* What became of the host, then its findings by verdict. */
void h_strip(struct buf *b, const struct r_host *host)
{
    const struct outcome_words *o = outcome_in_words(host);
    hsay(b, "<ul class='strip' aria-label='Outcome and verdicts'><li class='outcome %z'>", o->hue);
    h_glyph(b, host->judged == OUT_CLEAR ? "good" : o->hue);
    hsay(b, "<span><b>%z</b>", outcome_labels[host->judged]);
    if (host->open)
        hsay(b, ": %n failure%+", host->open);
    buf_z(b, "</span></li>");
    for (size_t v = 0; v < VERDICTS; v++) {
        if (!host->groups[v])
            continue;
        hsay(b, "<li class='%z'>", verdict_words[v].id), h_glyph(b, verdict_words[v].id);
        hsay(b, "<span><b>%n</b> %z", (int64_t)host->groups[v],
             v == V_RULED_OUT ? "ruled out" : verdict_words[v].id);
        if (host->findings[v] > host->groups[v])
            hsay(b, " <small>(%n subjects)</small>", (int64_t)host->findings[v]);
        buf_z(b, "</span></li>");
    }
    buf_z(b, "</ul>");
}

void h_host_name(struct buf *b, const struct report *r, const struct r_host *host)
{
    const struct r_evidence *e = r->evidence.row;
    size_t n = 0;
    hsay(b, "<bdi dir='auto'>%s</bdi>", host->host);
    for (size_t i = 0; i < r->evidence.n && host->host.n && host->host.p[0] == '('; i++)
        if (str_eq(e[i].host, host->host) && n++ < 3)
            hsay(b, n == 1 ? " <small><bdi dir='auto'>%s</bdi>" : ", <bdi dir='auto'>%s</bdi>", e[i].path);
    if (n)
        hsay(b, n > 3 ? " and %n more</small>" : "</small>", (int64_t)n - 3);
}

void h_host_words(struct buf *b, const struct r_host *x, const char *dot)
{
    const struct str word[] = {x->domain, x->os, x->role};
    char build[24];
    snprintf(build, sizeof build, "%lld", (long long)x->build);
    for (size_t i = 0; i < LEN(word); i++)
        if (word[i].n) {
            hsay(b, "%z<bdi dir='auto'>%s</bdi>", dot, word[i]), dot = " \xc2\xb7 ";
            if (i == 1 && x->build != NONE && !str_ends_ci(word[i], str_of(build)))
                hsay(b, " (%z)", build);
        }
}

size_t h_failed(struct buf *b, const struct report *r, const struct r_host *host, size_t most,
                const char *open, const char *close)
{
    const struct r_failed *t = r->failed.row;
    size_t n = 0;
    for (size_t i = 0; i < r->failed.n && n < most; i++)
        if (t[i].logon == 1 && t[i].explained != 1 && str_eq(t[i].host, host->host)) {
            hsay(b, "%z%s <bdi dir='auto'>%s</bdi>, %n\xc3\x97", open, t[i].kind,
                 t[i].subject.p ? t[i].subject : STR("of unknown name"), t[i].n),
                n++;
            if (t[i].win32 != NONE)
                hsay(b, ": %i %s", t[i].win32, t[i].symbol.p ? t[i].symbol : STR(""));
            if (*close)
                buf_char(b, ' '), h_ref(b, r, t[i].id), buf_z(b, close);
        }
    return n;
}

void h_case_line(struct buf *b, const struct report *r)
{
    const struct r_pair *word = r->status.row;
    buf_z(b, "<p class='case'><span>Status ");
    for (size_t i = 0; i < r->status.n; i++)
        hsay(b, i ? ", %s" : "%s", word[i].key);
    if (!r->status.n)
        buf_z(b, r->read.read ? "complete" : "no_evidence");
    hsay(b, "</span><span>Evidence set <span class='mono'>%s</span></span>",
         (struct str){r->read.set_sha256, 16});
    hsay(b, "<span>%s %s</span>", r->tool, r->version.p ? r->version : STR(""));
    if (r->knowledge.n)
        hsay(b, "<span>knowledge <span class='mono'>%s</span></span>",
             (struct str){r->knowledge.p, r->knowledge.n < 12 ? r->knowledge.n : 12});
    if (r->stamp.n)
        hsay(b, "<span>%s</span>", r->stamp);
    buf_z(b, "</p>\n");
}

void h_state(struct buf *b, struct str state)
{
    static const struct {
        const char *id, *hue, *glyph;
    } table[] = {
        {"present", "good", "good"},
        {"partial", W_LIKELY, W_LIKELY},
        {"cleared", W_CONFIRMED, W_RULED_OUT},
        {"missing", W_UNDETERMINED, W_UNDETERMINED},
        {"unreadable", W_CONFIRMED, W_RULED_OUT},
        {"disabled", W_POSSIBLE, W_POSSIBLE},
        {"read", "good", "good"},
        {"skipped", W_RULED_OUT, W_RULED_OUT},
        {"not opened", W_CONFIRMED, W_RULED_OUT},
    };
    size_t i = 0;
    while (i < LEN(table) - 1 && !str_eq(state, str_of(table[i].id)))
        i++;
    hsay(b, "<span class='state %z'>", table[i].hue), h_glyph(b, table[i].glyph), hsay(b, "%s</span>", state);
}
