#!/usr/bin/env bash
# Runs the alert-to-case bench against bin/picket, and the benchmarks of interpreter and compiler, and writes what they say
# into docs/benchmarks.md.
# BENCH names the folder with the load generator and the stub services; everything stays on loopback and stops by itself.
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=${BENCH:-../shared/bench}
[ -d "$bench/load" ] || { echo "the bench's load generator is not in $bench; name its folder with BENCH=" >&2; exit 1; }

work=$(mktemp -d)
pids=()
cleanup() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT

(cd "$bench" && go build -o "$work/stub" ./stub && go build -o "$work/load" ./load)
# First, and with nothing beside it.
go=${GO:-go}
interpreter=$($go test ./internal/app -run '^$' -bench 'Overhead' -benchtime 20x | grep ^Benchmark)
loop=$($go test ./internal/app -run '^$' -bench 'Foreach' -benchtime 1x | grep ^Benchmark)
compiler=$($go test ./playbooks -run '^$' -bench 'CompileAThousandSteps' -benchtime 20x | grep ^Benchmark)

"$work/stub" -addr 127.0.0.1:9900 & pids+=($!)
mkdir -p "$work/data"
token=bench-token-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
cat > "$work/data/picket.yaml" <<YAML
sources:
  bench:
    kind: generic
    token: $token
    rate_per_second: 100000
connections:
  - {name: bench, connector: bench, base_url: "http://127.0.0.1:9900", allow_private: true}
YAML
listen=127.0.0.1:${PORT:-18980}
bin/picket serve --data "$work/data" --listen "$listen" --connectors deploy/bench/connectors --playbooks deploy/bench/playbooks --no-library > "$work/log" 2>&1 & pids+=($!)
for _ in $(seq 300); do curl -fs "http://$listen/healthz" >/dev/null && break; sleep 0.1; done
curl -fs "http://$listen/healthz" >/dev/null || { cat "$work/log" >&2; exit 1; }

load() { "$work/load" -url "http://$listen/v1/hooks/bench" -header "Authorization: Bearer $token" "$@"; }
load -n 100 -c 5 > /dev/null          # warm
alone=$(load -n "${N1:-200}" -c 1)
many=$(load -n "${N20:-2000}" -c 20)
echo "-c 1   $alone"
echo "-c 20  $many"

printf '%s\n' "$interpreter" "$loop" "$compiler"

# between NAME TEXT puts a text between the page's marks of a name.
between() {
  { sed "/<!-- $1 -->/q" docs/benchmarks.md; echo '```'; echo "# $(date -u +%F), $(nproc) cores"; echo "$2"; echo '```'; sed -n "/<!-- end of $1 -->/,\$p" docs/benchmarks.md; } > "$work/page"
  cp "$work/page" docs/benchmarks.md
}
between alerts "-c 1   $alone
-c 20  $many"
between interpreter "$interpreter"
between loop "$loop"
between compiler "$compiler"
browser=$(PICKET_BIN=bin/picket node web/e2e/budgets.mjs)
echo "$browser"
between browser "$browser"
case "$many$alone" in *"lost=0 dup=0"*"lost=0 dup=0"*) ;; *) echo "alerts were lost or doubled" >&2; exit 1 ;; esac
