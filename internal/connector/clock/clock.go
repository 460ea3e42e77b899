// Package clock tells what a clock on a wall somewhere shows. The rules of time zones change by law, so a playbook can't
// compute with them: it asks, and the answer is kept with the run.
package clock

import (
	"time"
	_ "time/tzdata" // so that the answer does not depend on what the machine has

	"picket/internal/soc"
)

// Reading is what a clock in a time zone shows at a moment.
type Reading struct {
	Local    string `json:"local"` // with the offset, RFC 3339
	Date     string `json:"date"`  // YYYY-MM-DD
	Hour     int    `json:"hour"`
	Minute   int    `json:"minute"`
	Weekday  int    `json:"weekday"` // 1 Monday to 7 Sunday, ISO 8601
	Timezone string `json:"timezone"`
	Abbrev   string `json:"abbreviation"`
	Offset   int    `json:"offset_minutes"` // east of UTC
}

// Local reads a clock in a zone of the IANA database at a moment in RFC 3339.
func Local(at, timezone string) (Reading, error) {
	moment, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return Reading{}, soc.Errorf(soc.Invalid, "at is no time such as 2026-03-02T09:00:00Z")
	}
	if timezone == "" || timezone == "Local" { // the machine's own zone is no answer that can be repeated
		return Reading{}, soc.Errorf(soc.Invalid, "there is no time zone %q; write one such as Europe/Berlin", timezone)
	}
	zone, err := time.LoadLocation(timezone)
	if err != nil {
		return Reading{}, soc.Errorf(soc.Invalid, "there is no time zone %q; write one such as Europe/Berlin", timezone)
	}
	local := moment.In(zone)
	name, offset := local.Zone()
	return Reading{
		Local: local.Format(time.RFC3339), Date: local.Format(time.DateOnly),
		Hour: local.Hour(), Minute: local.Minute(), Weekday: (int(local.Weekday())+6)%7 + 1,
		Timezone: timezone, Abbrev: name, Offset: offset / 60,
	}, nil
}
