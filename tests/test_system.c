/* test_system: the program on systems that have less than this one: an older kernel, a root without /dev and
 * /proc, a broken openssl.cnf. Owns a folder of its own; runs the program as users do. It refuses nothing:
 * what the machine it runs on does not let it take away is skipped. */
#include "base/str.h"
#include "shell.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char sample[] = "samples/cases/credential-storage-policy";

/* Calls that came after Linux 4.18 have numbers from 424 on (pidfd_send_signal, 5.1): close_range, Landlock
 * and clone3 among them. Source: linux/arch/x86/entry/syscalls/syscall_64.tbl */
static void be_linux_4_18(void)
{
    enum { FIRST_LATER = 424 };
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_LATER, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {LEN(program), program};
    cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0), 0);
}

static const char *reports(const char *dir)
{
    cr_assert_eq(run("cat %s/report.json %s/report.md | sha256sum", dir, dir), 0, "%s", out);
    return out;
}

/* The most descriptors that a child of `dump` holds while nobody reads what is dumped. */
static int held_by_a_child(const char *dir)
{
    run("mkfifo %s/p; %s dump samples/cases/two-hosts > %s/p 2>/dev/null & pid=$!; exec 9<%s/p; n=0; while [ "
        "! "
        "-s /proc/$pid/task/$pid/children ] && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done; sleep 0.3; "
        "for c in "
        "$(cat /proc/$pid/task/$pid/children); do ls /proc/$c/fd | wc -l; done | sort -n | tail -1; kill "
        "$pid",
        dir, program(), dir, dir);
    return atoi(out);
}

/* The same reports; the jail lacks Landlock alone, and says so; what we were started with open is not in a
 * worker's way. */
Test(system, an_older_kernel, .timeout = 300)
{
    char here[256];
    const char *dir = scratch("system-kernel");
    cr_assert_eq(run("%s analyze -o %s/new %s", program(), dir, sample), 0, "%s", out);
    snprintf(here, sizeof here, "%s/new", dir);
    char want[128];
    snprintf(want, sizeof want, "%s", reports(here));
    be_linux_4_18();
    cr_assert_eq(syscall(SYS_close_range, 1000u, 1000u, 0u), -1, "the filter does nothing");
    for (int i = 0; i < 400; i++)
        cr_assert(fcntl(0, F_DUPFD, 3) >= 0); /* inherited by what we start */
    cr_assert_eq(run("%s analyze -o %s/old %s", program(), dir, sample), 0, "%s", out);
    cr_expect(strstr(out, "landlock"), "%s", out);
    snprintf(here, sizeof here, "%s/old", dir);
    cr_expect_str_eq(reports(here), want);
    int held = held_by_a_child(dir);
    if (access("/proc/self/task", F_OK) == 0 && geteuid() == 0)
        cr_expect(held > 0 && held < 100, "%d descriptors", held);
    cr_expect_eq(run("%s inspect --jail", program()), 0);
    cr_expect(strstr(out, "seccomp") && strstr(out, "limits"), "%s", out);
    cr_expect_neq(run("%s analyze --require-jail -o %s/whole %s", program(), dir, sample), 0, "%s", out);
}

Test(system, a_bare_root, .timeout = 300)
{
#ifdef __SANITIZE_ADDRESS__ /* which looks for leaks with the help of /proc */
    static const char *const without[] = {"/dev"};
#else
    static const char *const without[] = {"/dev", "/proc"};
#endif
    const char *dir = scratch("system-root");
    if (run("unshare -m true") != 0)
        cr_skip_test("needs to be root");
    for (size_t i = 0; i < LEN(without); i++) {
        cr_expect_eq(run("unshare -m sh -c 'mount -t tmpfs none %s && exec %s "
                         "analyze --force -o %s/out %s'",
                         without[i], program(), dir, sample),
                     0, "without %s: %s", without[i], out);
        cr_expect(strstr(out, "confirmed    credential-storage-policy"), "%s", out);
    }
}

Test(system, an_openssl_cnf_that_cannot_be_followed, .timeout = 300)
{
    const char *dir = scratch("system-openssl");
    cr_assert_eq(run("printf 'config_diagnostics = 1\\nopenssl_conf = o\\n[o]\\nproviders = p\\n[p]\\nfips = "
                     "f\\n[f]\\n"
                     "module = /nowhere/fips.so\\nactivate = 1\\n' > %s/openssl.cnf",
                     dir),
                 0);
    cr_expect_eq(run("OPENSSL_CONF=%s/openssl.cnf %s analyze -o %s/out %s", dir, program(), dir, sample), 0,
                 "%s", out);
}

#ifndef __SANITIZE_ADDRESS__ /* which asks for terabytes of addresses */
/* What the system gives too little of is no bug of ours: 5, and a word for it. */
Test(system, too_little_of_something, .timeout = 300)
{
    static const struct {
        const char *how, *says;
    } rows[] = {
        {"ulimit -v 30000; exec", "memory"},
        {"ulimit -v 120000; exec", "memory"},
        {"ulimit -n 8; exec", "Too many open files"},
        {"exec setpriv --reuid 65534 --clear-groups prlimit --nproc=1", "cannot start a worker: Resource"},
        {"exec setpriv --reuid 65534 --clear-groups prlimit --nproc=2", "workers do not start: Resource"},
    };
    const char *dir = scratch("system-little");
    bool root = geteuid() == 0 && run("setpriv --reuid 65534 --clear-groups test -x %s", program()) == 0;
    run("chmod 777 %s", dir);
    for (size_t i = 0; i < LEN(rows); i++) {
        if (strstr(rows[i].how, "setpriv") && !root)
            continue;
        int code = run("sh -c '%s %s analyze --force --progress=none -j 2 -o %s/out%zu %s'", rows[i].how,
                       program(), dir, i, sample);
        cr_expect_eq(code, 5, "%s: exit %d: %s", rows[i].how, code, out);
        cr_expect(strncmp(out, "whylogon: ", 10) == 0 && strstr(out, rows[i].says), "%s: %s", rows[i].how,
                  out);
        cr_expect(strchr(out, '\n') == out + strlen(out) - 1, "%s: one line: %s", rows[i].how, out);
    }
}

/* With few of them a run takes its time and keeps what it reaches: what could be read is told, what could not
 * is, too. */
Test(system, little_of_something, .timeout = 300)
{
    static const struct {
        const char *how, *says;
        int code;
    } rows[] = {
        {"ulimit -n 11; exec", "second readers do not start: Too many open files", 5},
        {"ulimit -n 30; exec", "confirmed    credential-storage-policy", 0},
        {"exec setpriv --reuid 65534 --clear-groups prlimit --nproc=3", "second readers do not start", 5},
        {"exec setpriv --reuid 65534 --clear-groups prlimit --nproc=4", /* who is not at work makes room */
         "confirmed    credential-storage-policy", 0},
        {"exec setpriv --reuid 65534 --clear-groups prlimit --nproc=8",
         "confirmed    credential-storage-policy", 0},
    };
    const char *dir = scratch("system-few");
    bool root = geteuid() == 0 && run("setpriv --reuid 65534 --clear-groups test -x %s", program()) == 0;
    run("chmod 777 %s", dir);
    for (size_t i = 0; i < LEN(rows); i++) {
        if (strstr(rows[i].how, "setpriv") && !root)
            continue;
        int code = run("sh -c '%s %s analyze --progress=none -j 2 -o %s/out%zu %s'", rows[i].how, program(),
                       dir, i, sample);
        cr_expect(code == rows[i].code && strstr(out, rows[i].says), "%s: exit %d: %s", rows[i].how, code,
                  out);
        cr_expect_eq(
            run("%s query %s/out%zu/case.db \"SELECT count(*) FROM v_evidence WHERE state = 'read' AND "
                "sha256 IS NOT NULL\" | tail -1",
                program(), dir, i),
            0);
        cr_expect_str_eq(out, "7\n", "%s", rows[i].how);
    }
}
#endif

/* SQLite takes no path of more than 512 bytes on Linux. Before the work begins one line says so, or the case
 * is made: nothing between. */
Test(system, a_folder_far_down, .timeout = 600)
{
    static const unsigned bytes[] = {380, 440, 450, 455, 460, 470, 490, 500, 600, 1500};
    const char *dir = scratch("system-deep");
    unsigned made = 0;
    for (size_t i = 0; i < LEN(bytes); i++) {
        char deep[2000];
        size_t n = (size_t)snprintf(deep, sizeof deep, "%s", dir);
        for (; n < bytes[i]; n++)
            deep[n] = n % 100 == strlen(dir) % 100 ? '/' : 'd';
        deep[n - 1] = 'e', deep[n] = 0;
        int code = run("mkdir -p %s && %s analyze --progress=none -o %s/o %s", deep, program(), deep, sample);
        cr_expect(code == 0
                      || (code == 6 && strstr(out, "too long a path for a case")
                          && strchr(out, '\n') == out + strlen(out) - 1),
                  "%u: exit %d: %s", bytes[i], code, out);
        cr_expect_eq(code, bytes[i] < 450 ? 0 : bytes[i] > 480 ? 6 : code, "%u", bytes[i]);
        made += code == 0;
        cr_expect_eq(run("ls -A %s/o | wc -l", deep), 0);
        cr_expect_eq(atoi(out), code ? 0 : 4, "%s", out);
    }
    cr_expect_geq(made, 2, "%u", made);
}

/* And so it is with fleets, and with a case that was put there. */
Test(system, a_fleet_far_down, .timeout = 600)
{
    static const char *const commands[] = {"batch --progress=none -o %s/b %s", "merge -o %s/m %s/fleet",
                                           "report --force -o %s/r %s/case.db"};
    const char *dir = scratch("system-far");
    char deep[700], command[1600];
    size_t n = (size_t)snprintf(deep, sizeof deep, "%s", dir);
    for (; n < 540; n++)
        deep[n] = n % 100 == strlen(dir) % 100 ? '/' : 'd';
    deep[n - 1] = 'e', deep[n] = 0;
    cr_assert_eq(run("mkdir -p %s && %s batch --progress=none -o %s/fleet %s && cp "
                     "%s/fleet/tickets/*/case.db %s",
                     deep, program(), dir, sample, dir, deep),
                 0, "%s", out);
    for (size_t i = 0; i < LEN(commands); i++) {
        snprintf(command, sizeof command, commands[i], i == 2 ? dir : deep,
                 i == 0   ? sample
                 : i == 1 ? dir
                          : deep);
        int code = run("%s %s", program(), command);
        cr_expect_eq(code, i == 2 ? 2 : 6, "%.20s: %d", command, code);
        cr_expect(strstr(out, "too long a path for a case") && strchr(out, '\n') == out + strlen(out) - 1,
                  "%.20s: %s", command, out);
    }
}
