package plan

import (
	"strconv"
	"strings"
	"time"
)

// String is the duration as it is written in a playbook: 30s, 1h30m, 7d.
func (d Duration) String() string {
	left := time.Duration(d) * time.Millisecond
	if left <= 0 || left/time.Millisecond != time.Duration(d) { // none that a playbook can hold
		return strconv.FormatInt(int64(d), 10) + "ms"
	}
	var b strings.Builder
	for _, unit := range []struct {
		name string
		is   time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}} {
		if n := left / unit.is; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + unit.name)
			left -= n * unit.is
		}
	}
	return b.String()
}
