package engine

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"

	"picket/internal/soc"
)

const loopback = "127.0.0.1"

// ports are those of the server's services, all on loopback.
type ports struct {
	frontend, internalFrontend, history, matching, worker int
}

func (p ports) frontendAddress() string { return address(p.frontend) }

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

// choosePorts finds free ports. They are free only at this moment: the caller tries again when one was taken.
func choosePorts(ctx context.Context, frontend int) (ports, error) {
	var config net.ListenConfig
	var found [5]int
	for i := range found {
		want := 0
		if i == 0 {
			want = frontend
		}
		l, err := config.Listen(ctx, "tcp", address(want))
		if err != nil {
			return ports{}, soc.Errorf(soc.Unavailable, "temporal's port %s is taken: give another one, or none: %w", address(want), err)
		}
		defer func() { _ = l.Close() }() // all are held until the last is found, so that no two are the same
		found[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports{frontend: found[0], internalFrontend: found[1], history: found[2], matching: found[3], worker: found[4]}, nil
}

func isAddressInUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || strings.Contains(err.Error(), "address already in use")
}
