/* hold: opens a file as another program would, and runs a command while it has it.
 * usage: hold.exe shared|kept FILE PROGRAM [ARGUMENT...]    kept: nobody may delete or replace it meanwhile,
 * as SQLite opens; ends with the program's exit code, 99: something went wrong here */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <process.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc < 4)
        return 99;
    DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE
                  | (strcmp(argv[1], "shared") == 0 ? (DWORD)FILE_SHARE_DELETE : 0);
    HANDLE h = CreateFileA(argv[2], GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);
    intptr_t code = h == INVALID_HANDLE_VALUE ? -1
                                              : _spawnv(_P_WAIT, argv[3], (const char *const *)(argv + 3));
    if (code < 0)
        fprintf(stderr, "hold: cannot %s\n", h == INVALID_HANDLE_VALUE ? argv[2] : argv[3]);
    return code < 0 ? 99 : (int)code;
}
