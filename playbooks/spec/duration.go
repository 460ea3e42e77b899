package spec

import (
	"regexp"
	"strconv"
	"time"

	"picket/playbooks/plan"
)

// MaxDuration bounds every length of time in a playbook.
const MaxDuration = 366 * 24 * time.Hour

var durationPart = regexp.MustCompile(`^(\d{1,9})(ms|s|m|h|d)`)

// ParseDuration reads a length of time like 30s, 1h30m or 7d.
func ParseDuration(text string) (plan.Duration, bool) {
	units := map[string]time.Duration{
		"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
	}
	var total time.Duration
	for rest := text; rest != ""; {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, false
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || time.Duration(n) > MaxDuration/units[m[2]] {
			return 0, false
		}
		total += time.Duration(n) * units[m[2]]
		rest = rest[len(m[0]):]
	}
	if total <= 0 || total > MaxDuration {
		return 0, false
	}
	return plan.Duration(total.Milliseconds()), true
}
