// Picket is an open-source SOAR platform: alerts in, investigated by playbooks, people decide, everything kept.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"picket/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], cli.Stdio())
	stop()
	os.Exit(code)
}
