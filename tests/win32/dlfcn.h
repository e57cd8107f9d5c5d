/* dlfcn: libraries of Linux, which tests of the program for Windows do not find. */
#ifndef DLFCN_H
#define DLFCN_H

enum { RTLD_NOW };
#define dlopen(name, how) ((void)(name), (void *)0)
#define dlsym(lib, name)  ((void)(lib), (void)(name), (void *)0)
#define dlclose(lib)      ((void)(lib))
#endif
