#!/bin/sh
# libsamba-errors of Samba 4.17.12 (Debian 12): ntstatus_to_werror of a status that its table lacks answers with the status' low sixteen bits,
# which are a Win32 error of another meaning: an RPC server that is not reachable is a checksum error (23; Windows: 1722), a file server that is
# not there a disk that cannot be recalibrated, a logon that selective authentication refuses 1043, which names nothing (Windows: 1935). Why it
# matters: one failure of a share is an NTSTATUS in one log and a Win32 error in another; joined by this function they are two failures, one of
# them of a disk. Seen: samba-libs 2:4.17.12+dfsg-0+deb12u4, amd64.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
apt-get download -q samba-libs=2:4.17.12+dfsg-0+deb12u4 libtalloc2=2.4.0-f2 libbsd0=0.11.7-2 libmd0=1.0.4-2 >/dev/null
for d in ./*.deb; do dpkg -x "$d" root; done
lib=$(echo root/usr/lib/*-linux-gnu)
cat >ask.py <<'P'
import ctypes
errors = ctypes.CDLL("libsamba-errors.so.1")
errors.nt_errstr.restype = errors.win_errstr.restype = ctypes.c_char_p
for status, windows in ((0xC000006D, 1326), (0xC0000234, 1909), (0xC0000413, 1935), (0xC0020017, 1722), (0xC00002EE, None), (0xC0000466, None)):
    status = ctypes.c_uint32(status)
    code = errors.ntstatus_to_werror(status)
    print(f"{status.value:#x} {errors.nt_errstr(status).decode()}: {code} {errors.win_errstr(code).decode()}", end="")
    print("" if windows in (None, code) else f" (Windows: {windows})")
P
LD_LIBRARY_PATH="$lib:$lib/samba" python3 ask.py >seen
cat seen
cat >expected <<'S'
0xc000006d NT_STATUS_LOGON_FAILURE: 1326 WERR_LOGON_FAILURE
0xc0000234 NT_STATUS_ACCOUNT_LOCKED_OUT: 1909 WERR_ACCOUNT_LOCKED_OUT
0xc0000413 NT_STATUS_AUTHENTICATION_FIREWALL_FAILED: 1043 DOS code 0x00000413 (Windows: 1935)
0xc0020017 NT_STATUS_RPC_SERVER_UNAVAILABLE: 23 WERR_CRC (Windows: 1722)
0xc00002ee NT_STATUS_UNFINISHED_CONTEXT_DELETED: 750 WERR_PAGE_FAULT_GUARD_PAGE
0xc0000466 NT_STATUS_SERVER_UNAVAILABLE: 1126 WERR_DISK_RECALIBRATE_FAILED
S
cmp -s seen expected || { echo "Samba does something else now"; exit 1; }
echo "as seen before: what the table lacks is cut to sixteen bits"
