package expr

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// everything uses each function and each method at least once, over maps and lists large enough to come out in
// another order when one is not put in order.
var everything = []string{
	`[all(m.l, # > 0), none(m.l, # > 90), any(m.l, # > 5), one(m.l, # == 5), count(m.l, # > 3), find(m.l, # > 3)]`,
	`[findIndex(m.l, # > 3), findLast(m.l, # > 3), findLastIndex(m.l, # > 3), filter(m.l, # > 3), map(m.l, # * 2)]`,
	`[groupBy(m.l, # % 7), sortBy(m.l, # % 5, "desc"), reduce(m.l, #acc + #), sum(m.l), sum(m.o | values())]`,
	`[len(m), type(m), first(m.l), last(m.l), get(m, "a"), take(m.l, 3), reverse(m.l), uniq(m.l), concat(m.l, m.l), flatten([m.l, [m.l]])]`,
	`[keys(m.o), values(m.o), toPairs(m.o), fromPairs(toPairs(m.o)), sort(m.l, "desc"), lookup(m.o, "k3", 0)]`,
	`[string(m), string(1.5), upper("aü"), lower("AÜ"), trim(" a "), trimPrefix("ab", "a"), trimSuffix("ab", "b")]`,
	`[hasPrefix("ab", "a"), hasSuffix("ab", "b"), indexOf("ab", "b"), lastIndexOf("abab", "b"), split("a,b", ","), splitAfter("a,b", ",")]`,
	`[replace("aa", "a", "b"), repeat("ab", 3), join(["a", "b"], "-"), toJSON(m), fromJSON(toJSON(m)), url_encode("a b")]`,
	`[base64("a"), toBase64("a"), base64_decode("YQ=="), fromBase64("YQ=="), sha256("a")]`,
	`[int("3"), float("3.5"), abs(-3), ceil(1.2), floor(1.2), round(1.5), max(m.l), min(m.l), mean(m.l), median(m.l)]`,
	`[bitand(6, 3), bitor(6, 3), bitxor(6, 3), bitnand(6, 3), bitshl(6, 3), bitshr(6, 1), bitushr(-6, 3), bitnot(6)]`,
	`[now(), ago("2h"), duration("1d2h"), date("2026-01-02"), parse_time("2026-01-02 03:04:05"), format_time(now(), "Mon 15:04")]`,
	`[now().Year(), now().Month(), now().Day(), now().Hour(), now().Minute(), now().Second(), now().Weekday(), now().YearDay()]`,
	`[now().Unix(), now().UnixMilli(), now().UTC(), now().Format("2006"), now().Add("1h"), now().Sub(ago("1h")), now().Truncate("1h")]`,
	`[now().Before(ago("1h")), now().After(ago("1h")), now().Equal(now())]`,
	`[duration("90m").Hours(), duration("90m").Minutes(), duration("90m").Seconds(), duration("90m").Milliseconds()]`,
	`[regex_match("ab", "b"), regex("ab", "(b)"), regex_all("abab", "b"), regex_groups("ab", "(?P<y>a)(?P<x>b)"), regex_replace("ab", "b", "c")]`,
	`[defang("http://a.com b@c.de"), refang("hxxp://a[.]com"), iocs(m), domain("https://a.com/"), is_ip("1.2.3.4"), is_private_ip("10.0.0.1"), cidr_contains("10.0.0.0/8", "10.0.0.1")]`,
	`{m: m, steps: m.o == m.o, max: max(low, high), has: "k1" in m.o, null: m.none ?? "none"}`,
}

func TestAThousandRunsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	members := make([]string, 60)
	numbers := make([]string, 60)
	for i := range members {
		members[i] = fmt.Sprintf(`"k%d": %d`, i, i*7%60)
		numbers[i] = fmt.Sprint(1 + i*31%60)
	}
	document := json.RawMessage(fmt.Sprintf(`{"a": "see http://a.example.com", "b": "10.1.2.3", "c": "x@y.com", "o": {%s}, "l": [%s]}`,
		strings.Join(members, ","), strings.Join(numbers, ",")))
	clock := time.Date(2026, 3, 4, 5, 6, 7, 8, time.FixedZone("elsewhere", 7200))
	used := strings.Join(everything, " ")
	for _, name := range functionNames {
		if name != "timezone" {
			require.Regexp(t, `\b`+name+`\(`, used)
		}
	}
	for name := range methods {
		require.Regexp(t, `\.`+regexp.QuoteMeta(name)+`\(`, used)
	}
	for _, source := range everything {
		first, err := Eval(source, NewScope(Vars{"m": document}, clock))
		require.NoError(t, err)
		firstRun := &run{scope: NewScope(Vars{"m": document}, clock)}
		_, err = firstRun.json(source)
		require.NoError(t, err)
		for range 1000 {
			r := &run{scope: NewScope(Vars{"m": document}, clock)}
			again, err := r.json(source)
			require.NoError(t, err)
			if string(first) != string(again) || r.steps != firstRun.steps || r.memory != firstRun.memory {
				t.Fatalf("%s gave %s in %d steps, then %s in %d", source, first, firstRun.steps, again, r.steps)
			}
		}
	}
}

// The bytes themselves are part of the contract: a history recorded years ago must replay.
func TestTheBytesAreThoseOfEarlierReleases(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	for source, want := range map[string]string{
		everything[11]: `["2026-03-04T05:06:07.000000008Z","2026-03-04T03:06:07.000000008Z","26h0m0s","2026-01-02T00:00:00Z","2026-01-02T03:04:05Z","Wed 05:06"]`,
		everything[5]:  `["{\"b\":1,\"a\":2}",` + `"1.5","AÜ","aü","a","b","a"]`,
	} {
		got, err := Eval(source, NewScope(Vars{"m": json.RawMessage(`"{\"b\":1,\"a\":2}"`)}, clock))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	for number, want := range map[string]string{
		`1e21`: `1e+21`, `1e20`: `100000000000000000000`, `0.000001`: `0.000001`, `0.0000001`: `1e-7`, `-0.0`: `0`, `100.0`: `100`, `1.10`: `1.1`,
		`5e-324`: `5e-324`, `-1`: `-1`, `9007199254740993`: `9007199254740993`, `1e400`: `1e400`,
	} {
		got, err := Eval(`x`, NewScope(Vars{"x": json.RawMessage(number)}, clock))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}
