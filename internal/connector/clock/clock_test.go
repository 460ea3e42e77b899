package clock_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/connector/clock"
	"picket/internal/soc"
)

func TestAClockShowsTheHourOfItsPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at, zone string
		want     clock.Reading
	}{
		"winter": {"2026-01-05T13:30:00Z", "America/New_York", clock.Reading{
			Local: "2026-01-05T08:30:00-05:00", Date: "2026-01-05", Hour: 8, Minute: 30, Weekday: 1, Timezone: "America/New_York", Abbrev: "EST", Offset: -300,
		}},
		"summer": {"2026-07-05T13:30:00Z", "America/New_York", clock.Reading{
			Local: "2026-07-05T09:30:00-04:00", Date: "2026-07-05", Hour: 9, Minute: 30, Weekday: 7, Timezone: "America/New_York", Abbrev: "EDT", Offset: -240,
		}},
		"another day, half an hour, and an offset in the question": {"2026-03-01T23:00:00+01:00", "Asia/Kolkata", clock.Reading{
			Local: "2026-03-02T03:30:00+05:30", Date: "2026-03-02", Hour: 3, Minute: 30, Weekday: 1, Timezone: "Asia/Kolkata", Abbrev: "IST", Offset: 330,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := clock.Local(c.at, c.zone)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestAClockNeedsATimeAndAZone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][2]string{
		"no time":            {"yesterday", "Europe/Berlin"},
		"no such zone":       {"2026-03-02T09:00:00Z", "Europe/Atlantis"},
		"the machine's zone": {"2026-03-02T09:00:00Z", "Local"},
		"an empty zone":      {"2026-03-02T09:00:00Z", ""},
		"a path":             {"2026-03-02T09:00:00Z", "../../etc/passwd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := clock.Local(c[0], c[1])
			require.Equal(t, soc.Invalid, soc.KindOf(err))
		})
	}
}
