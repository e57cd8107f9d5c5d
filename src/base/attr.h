/* attr: what compilers are told about functions, in one place. */
#ifndef ATTR_H
#define ATTR_H
#if defined(__MINGW32__)
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(gnu_printf, format_at, first_at)))
#else
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#endif
#endif
