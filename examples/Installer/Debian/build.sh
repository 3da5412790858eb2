#!/bin/sh
# Builds the package: build.sh PUBLISH OUTPUT, where "dotnet publish -r linux-x64 --self-contained" has put the program into PUBLISH.
set -eu
[ $# -eq 2 ] || { echo "usage: build.sh PUBLISH OUTPUT" >&2; exit 2; }
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"

cp -r "$(dirname "$0")/DEBIAN" "$(dirname "$0")/etc" "$(dirname "$0")/usr" "$tree"
mkdir -p "$tree/usr/lib/chess" "$tree/usr/bin"
cp -r "$1/." "$tree/usr/lib/chess"
ln -s ../lib/chess/chess "$tree/usr/bin/chess"
gzip -9n "$tree/usr/share/doc/chess/changelog" "$tree/usr/share/man/man1/chess.1"
find "$tree" -type d -exec chmod 755 {} +
find "$tree" -type f -exec chmod 644 {} +
chmod 755 "$tree/DEBIAN/postinst" "$tree/DEBIAN/postrm" "$tree/usr/lib/chess/chess"
dpkg-deb --root-owner-group --build "$tree" "$2"
