/* alone: what the static program brings of its own in place of the C library's. Names are UTF-8, whatever
 * locales a system has or lacks. It owns nothing. It refuses what a static program cannot do safely, and this
 * one never needs: to load code, to look up hosts, to convert by tables from the system's files. */
#include "base/utf.h"
#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <netdb.h>
#include <string.h>
#include <wchar.h>

/* The linker makes every call of X one of __wrap_X (Makefile, ALONE). */
__typeof__(setlocale) __wrap_setlocale;
__typeof__(nl_langinfo) __wrap_nl_langinfo;
__typeof__(mbrtowc) __wrap_mbrtowc;
__typeof__(wcrtomb) __wrap_wcrtomb;
__typeof__(iconv_open) __wrap_iconv_open;
__typeof__(iconv) __wrap_iconv;
__typeof__(iconv_close) __wrap_iconv_close;
__typeof__(dlopen) __wrap_dlopen;
__typeof__(dlsym) __wrap_dlsym;
__typeof__(dlclose) __wrap_dlclose;
__typeof__(dlerror) __wrap_dlerror;
__typeof__(dladdr) __wrap_dladdr;
__typeof__(getaddrinfo) __wrap_getaddrinfo;
__typeof__(freeaddrinfo) __wrap_freeaddrinfo;
__typeof__(gai_strerror) __wrap_gai_strerror;
__typeof__(getnameinfo) __wrap_getnameinfo;
__typeof__(gethostbyname) __wrap_gethostbyname;

/* --- names are UTF-8: what libarchive asks */

char *__wrap_setlocale(int category, const char *name)
{
    static char utf8[] = "C.UTF-8";
    (void)category;
    return !name || strcmp(name, utf8) == 0 ? utf8 : NULL;
}

char *__wrap_nl_langinfo(nl_item item)
{
    static char codeset[] = "UTF-8", nothing[] = "";
    return item == CODESET ? codeset : nothing;
}

/* Whole names are converted at once: a character is never in parts, and no state is kept. */
size_t __wrap_mbrtowc(wchar_t *to, const char *from, size_t n, mbstate_t *state)
{
    size_t at = 0;
    (void)state;
    if (!from)
        return 0;
    if (!n)
        return (size_t)-2;
    uint32_t u = utf8_next((struct str){from, n}, &at);
    if (u == UTF_BAD || (u >= 0xd800 && u < 0xe000)) {
        errno = EILSEQ;
        return (size_t)-1;
    }
    if (to)
        *to = (wchar_t)u;
    return u ? at : 0;
}

size_t __wrap_wcrtomb(char *to, wchar_t c, mbstate_t *state)
{
    uint32_t u = (uint32_t)c;
    (void)state;
    if (!to)
        return 1;
    if (u > 0x10ffff || (u >= 0xd800 && u < 0xe000)) {
        errno = EILSEQ;
        return (size_t)-1;
    }
    return utf8_put(to, u);
}

/* --- refused */

iconv_t __wrap_iconv_open(const char *to, const char *from)
{
    (void)to, (void)from;
    errno = EINVAL; /* libarchive converts UTF-8 and UTF-16 itself */
    return (iconv_t)-1;
}
size_t __wrap_iconv(iconv_t cd, char **in, size_t *n_in, char **out, size_t *n_out)
{
    (void)cd, (void)in, (void)n_in, (void)out, (void)n_out;
    errno = EBADF;
    return (size_t)-1;
}
int __wrap_iconv_close(iconv_t cd)
{
    (void)cd;
    return 0;
}

void *__wrap_dlopen(const char *file, int how)
{
    (void)file, (void)how;
    return NULL;
}
void *__wrap_dlsym(void *restrict handle, const char *restrict name)
{
    (void)handle, (void)name;
    return NULL;
}
int __wrap_dlclose(void *handle)
{
    (void)handle;
    return -1;
}
char *__wrap_dlerror(void)
{
    static char refused[] = "this program loads no code";
    return refused;
}
int __wrap_dladdr(const void *at, Dl_info *info)
{
    (void)at, (void)info;
    return 0;
}

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *wanted,
                       struct addrinfo **out)
{
    (void)host, (void)service, (void)wanted, (void)out;
    return EAI_FAIL;
}
void __wrap_freeaddrinfo(struct addrinfo *list) { (void)list; }
const char *__wrap_gai_strerror(int code)
{
    (void)code;
    return "this program looks up no hosts";
}
int __wrap_getnameinfo(const struct sockaddr *at, socklen_t n, char *host, socklen_t n_host, char *service,
                       socklen_t n_service, int how)
{
    (void)at, (void)n, (void)host, (void)n_host, (void)service, (void)n_service, (void)how;
    return EAI_FAIL;
}
struct hostent *__wrap_gethostbyname(const char *host)
{
    (void)host;
    return NULL;
}
