#!/bin/sh
# Builds the fakes into a folder: build.sh FOLDER IPHLPAPI. The second is Wine's own iphlpapi.dll, which ours forwards to.
# Fakes are built from Microsoft's declarations as mingw-w64 has them and know nothing of the C# ones.
set -eu
here=$(dirname "$0") out=$1 own=$2
mkdir -p "$out"

program() { # file, then options
    file=$1
    shift
    x86_64-w64-mingw32-g++ -std=c++17 -O1 -Wall -Wextra -Werror -static -s -o "$out/$file" "$@"
}

# A copy of Wine's own under another name: without the marker it is a DLL like any other.
cp "$own" "$out/wineiphl.dll"
chmod u+w "$out/wineiphl.dll"
dd if=/dev/zero of="$out/wineiphl.dll" bs=1 seek=64 count=17 conv=notrunc 2>/dev/null
replaced='GetAdaptersAddresses|GetTeredoPort|NotifyTeredoPortChange|NotifyStableUnicastIpAddressTable|CancelMibChangeNotify2'
replaced="$replaced|Icmp6CreateFile|Icmp6SendEcho2"
{
    echo "EXPORTS"
    x86_64-w64-mingw32-objdump -p "$own" | awk '/Ordinal\/Name Pointer/ { names = 1; next } names && NF == 0 { exit } names { print $NF }' |
        grep -vxE "$replaced" |
        sed 's/.*/& = wineiphl.&/'
} >"$out/iphlpapi.def"

# Two at a time: the large ones beside the small ones.
{
    program firewall.dll -shared "$here/firewall.cpp" -loleaut32 -lole32 -luuid
    program cim.dll -shared "$here/cim.cpp" -loleaut32 -lole32 -luuid
} &
beside=$!
program iphlpapi.dll -shared "$here/iphlpapi.cpp" "$out/iphlpapi.def" -lws2_32
program netsh.exe -municode "$here/netsh.cpp"
program service.exe -municode "$here/service.cpp"
program wscapi.dll -shared "$here/wscapi.cpp"
program fwpuclnt.dll -shared "$here/fwpuclnt.cpp"
program wineseh.dll -shared "$here/wineseh.cpp"
wait "$beside"
