/* make_samples OUTDIR: writes the sample cases of samples/MANIFEST.tsv, each a folder as a responder would
 * collect it. Same program, same bytes. */
#include "tests/cases.h"

int main(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: make_samples OUTDIR\n");
        return 2;
    }
    out_dir = argv[1];
    for (size_t i = 0; i < LEN(samples); i++, pooled = 0) {
        if (samples[i].write) {
            samples[i].write(samples[i].name);
            continue;
        }
        struct host h = machine_named(samples[i].host, samples[i].workgroup);
        samples[i].tell(&h);
        collect(&h, samples[i].name);
    }
    return 0;
}
