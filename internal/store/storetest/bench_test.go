package storetest

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/store/pgtest"
)

// benchmarks runs on both databases with the number of callers that ask at once.
func benchmarks(b *testing.B, run func(b *testing.B, s *store.Store, callers int)) {
	for _, database := range []string{"sqlite", "postgres"} {
		for _, callers := range []int{1, 20} {
			b.Run(fmt.Sprintf("%s/callers=%d", database, callers), func(b *testing.B) {
				dsn := "sqlite:" + filepath.Join(b.TempDir(), "picket.db")
				if database == "postgres" {
					dsn = pgtest.Database(b)
				}
				run(b, open(b, dsn), callers)
			})
		}
	}
}

// spread has callers share b.N calls, and reports their rate.
func spread(b *testing.B, callers int, call func(n int) error) {
	var next atomic.Int64
	errs := make(chan error, callers)
	b.ReportAllocs()
	b.ResetTimer()
	start := time.Now()
	for range callers {
		go func() {
			for {
				n := int(next.Add(1))
				if n > b.N {
					errs <- nil
					return
				}
				if err := call(n); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	for range callers {
		require.NoError(b, <-errs)
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "calls/s")
}

func BenchmarkAccept(b *testing.B) {
	benchmarks(b, func(b *testing.B, s *store.Store, callers int) {
		spread(b, callers, func(n int) error {
			_, err := s.AcceptAlert(b.Context(), arriving(n))
			return err
		})
	})
}

func BenchmarkAppend(b *testing.B) {
	benchmarks(b, func(b *testing.B, s *store.Store, callers int) {
		got, err := s.AcceptAlert(b.Context(), arriving(0))
		require.NoError(b, err)
		spread(b, callers, func(n int) error {
			_, err := s.Append(b.Context(), got.RunIDs[0], []soc.LedgerEntry{
				{Key: fmt.Sprintf("step/%d/call", n), Kind: "call.finished", Body: []byte(`{"operation":"geo.country","output":{"country":"DE"}}`)},
				{Key: fmt.Sprintf("step/%d", n), Kind: "step.finished", Body: []byte(`{"verb":"action","status":"ok"}`)},
			})
			return err
		})
	})
}
