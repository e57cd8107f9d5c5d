/* What is inside registry values: the first byte chooses the structure. */
#include "parsers/registry/lsa.h"
#include "parsers/registry/regwords.h"
#include "parsers/registry/sam.h"
#include "parsers/registry/taskcache.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = span_of(data, size, 0);
    struct arena a = fuzz_arena(0);
    struct err e = {0};
    int64_t t;
    uint32_t mask;
    struct str text = {0};
    struct lsa_audit audit;
    struct lsa_cached cached;
    struct sam_user user;
    struct sam_policy policy;
    enum sam_blank blank;
    struct service_failure failure;
    struct task_dynamic dynamic;
    struct task_triggers triggers = {0};
    struct task_actions actions = {0};
    switch (span_u8(&s) % 17) {
    case 0: lsa_read_time(s, &t); break;
    case 1: lsa_read_mask(s, &mask); break;
    case 2: text = lsa_read_name(s, &a); break;
    case 3: text = lsa_read_sid(s, &a); break;
    case 4:
        if (lsa_read_audit(s, &audit, &e) == OK)
            CHECK(audit.n <= LSA_SUBCATEGORIES);
        break;
    case 5: lsa_read_cached(s, &cached); break;
    case 6: sam_user_f(s, &user); break;
    case 7: sam_user_v(s, &a, &text, &blank); break;
    case 8: sam_domain_f(s, &policy), taskcache_dynamic(s, &dynamic); break;
    case 9:
        if (taskcache_triggers(s, &a, &triggers))
            taskcache_logon(&triggers);
        text = triggers.user;
        break;
    case 10: taskcache_actions(s, &a, &actions), text = actions.command; break;
    case 11: text = sam_domain_v(s, &a); break;
    case 12: lsa_read_slots(s, &mask); break;
    case 13: text = service_trigger(s, &a); break;
    case 14:
        if (service_failure(s, &failure)) {
            text = service_failure_words(&failure, &a);
            CHECK(text.p && failure.n <= s.n / 8);
        }
        break;
    /* kind, path and value's name in front of the data, each with a NUL */
    case 15: {
        struct str rest = {(const char *)s.p, s.n}, kind = str_cut(&rest, 0), path = str_cut(&rest, 0),
                   name = str_cut(&rest, 0);
        struct reg_words w = reg_words(kind, path, name, span_of(rest.p ? rest.p : "", rest.n, 0), &a);
        CHECK(!w.text.p || w.what);
        text = w.text;
        break;
    }
    default: sam_rid((struct str){(const char *)s.p, s.n}, &mask); break;
    }
    struct buf b = {0};
    buf_json(&b, text);
    buf_free(&b);
    return 0;
}
