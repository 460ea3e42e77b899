package engine_test

import (
	"os"
	"testing"

	"go.temporal.io/sdk/worker"

	"picket/internal/engine/enginetest"
)

// noCache makes this binary's workers forget a run after every workflow task, so that each is replayed from its start.
const noCache = "PICKET_TEST_NO_WORKFLOW_CACHE"

func TestMain(m *testing.M) {
	if os.Getenv(noCache) != "" {
		worker.SetStickyWorkflowCacheSize(0)
	}
	if dir := os.Getenv(crashDir); dir != "" {
		crash(dir)
	}
	os.Exit(enginetest.Main(m))
}
