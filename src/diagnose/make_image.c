/* make_image: program of the build. `make_image OUT.S` reads the embedded knowledge as a run would and writes
 * what became of it beside OUT.S, and an assembler file that puts both into the program (kb/kb_files.h): the
 * structs of kb.h, a case with the schema, the knowledge and the views, the tables of case_stage(), the
 * temporary tables of derivation, and what rules say of codes. The same files give the same bytes. It refuses
 * knowledge that a run would refuse. */
#include "case/casedb.h"
#include "diagnose/diagnose.h"
#include "diagnose/ruletest.h"
#include "diagnose/witness.h"
#include "kb/kb.h"
#include "kb/kb_files.h"
#include <stdio.h>
#include <string.h>

/* Of this program: none. */
const struct kb_image kb_image = {NULL, 0}, kb_case_image = {NULL, 0}, kb_stage_image = {NULL, 0},
                      kb_witness_image = {NULL, 0}, kb_scratch_image = {NULL, 0};

static bool write_file(const char *path, const struct buf *b)
{
    FILE *f = fopen(path, "wb");
    bool good = f && fwrite(b->p, 1, b->n, f) == b->n;
    return f && fclose(f) == 0 && good;
}

/* NAME: the bytes of the file, and a struct kb_image of them. */
static void put_image(struct buf *s, const char *name, const char *file, size_t n)
{
    buf_printf(s, "    .balign 16\n1:  .incbin \"%s\"\n    .byte 0\n", file);
    buf_printf(s,
               "    .section IMAGE_TABLE\n    .balign 8\n    .globl %s\n%s:\n    .quad 1b, %zu\n    .section "
               "IMAGE_BYTES\n",
               name, name, n);
}

static enum status make(struct buf *knowledge, struct buf *rows, struct buf *stage, struct buf *witness,
                        struct buf *scratch, struct err *e)
{
    struct kb *kb = NULL;
    struct casedb *db = NULL;
    enum status st = kb_load_text(&kb, e);
    if (st == OK && !kb_image_put(kb, knowledge))
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "image", "no memory");
    if (st == OK && (st = diagnose_new(kb, NULL, &db, e)) == OK)
        st = case_image(db, rows, e);
    st = st == OK ? case_stage_tables(db, stage, e) : st;
    case_close(db), db = NULL;
    st = st == OK ? diagnose_scratch(kb, scratch, e) : st;
    if (st == OK && (st = ruletest_base(kb, &db, e)) == OK)
        st = witness_image(kb, db, witness, e);
    case_close(db), kb_free(kb);
    return st;
}

int main(int argc, char **argv)
{
    static const char head[] = "/* made by make_image */\n"
                               "#ifdef _WIN32\n"
                               "#define IMAGE_BYTES .rdata,\"dr\"\n#define IMAGE_TABLE .rdata,\"dr\"\n"
                               "#else\n"
                               "#define IMAGE_BYTES .rodata,\"a\"\n#define IMAGE_TABLE .data.rel.ro,\"aw\"\n"
                               "    .section .note.GNU-stack,\"\"\n"
                               "#endif\n"
                               "    .section IMAGE_BYTES\n";
    struct buf made[5] = {{0}}, s = {0};
    static const char *const name[] = {"kb_image", "kb_case_image", "kb_stage_image", "kb_witness_image",
                                       "kb_scratch_image"};
    struct err e = {0};
    char line[300], file[LEN(made)][4096];
    if (argc != 2)
        return fprintf(stderr, "usage: make_image OUT.S\n"), 2;
    if (make(&made[0], &made[1], &made[2], &made[3], &made[4], &e) != OK)
        return err_line(&e, line, sizeof line), fprintf(stderr, "make_image: %s\n", line), 1;
    buf_z(&s, head);
    bool good = true;
    for (size_t i = 0; i < LEN(made); i++) {
        snprintf(file[i], sizeof file[i], "%s.%s", argv[1], name[i]);
        put_image(&s, name[i], file[i], made[i].n);
        good = good && write_file(file[i], &made[i]);
        buf_free(&made[i]);
    }
    good = good && !s.bad && write_file(argv[1], &s);
    buf_free(&s);
    return good ? 0 : (perror(argv[1]), 1);
}
