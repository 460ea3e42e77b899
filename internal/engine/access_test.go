package engine_test

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"picket/internal/engine"
	"picket/internal/engine/enginetest"
)

func waitForSignal(ctx workflow.Context) (string, error) {
	var decision string
	workflow.GetSignalChannel(ctx, "decided").Receive(ctx, &decision)
	return decision, nil
}

type headersProvider interface {
	GetHeaders(ctx context.Context) (map[string]string, error)
}

// stranger is another local process's client: it knows the address and everything but the token.
func stranger(t *testing.T, e *engine.Engine, headers headersProvider) client.Client {
	t.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: e.HostPort(), Namespace: e.Namespace(), HeadersProvider: headers})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

type bearer string

func (b bearer) GetHeaders(ctx context.Context) (map[string]string, error) {
	return map[string]string{"authorization": string(b)}, nil
}

func TestAForgedSignalIsRefused(t *testing.T) {
	t.Parallel()
	e, queue := enginetest.Start(t), enginetest.Queue(t)
	startWorker(t, e.Client(), queue, func(r worker.Registry) { r.RegisterWorkflow(waitForSignal) })
	run, err := e.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, waitForSignal)
	require.NoError(t, err)

	for name, headers := range map[string]headersProvider{
		"without a token": nil, "with a wrong token": bearer("Bearer AAAA"), "with an empty token": bearer("Bearer "),
	} {
		forger := stranger(t, e, headers)
		err := forger.SignalWorkflow(t.Context(), run.GetID(), run.GetRunID(), "decided", "forged")
		var denied *serviceerror.PermissionDenied
		require.ErrorAs(t, err, &denied, name)
		_, err = forger.WorkflowService().GetSystemInfo(t.Context(), &workflowservice.GetSystemInfoRequest{})
		require.ErrorAs(t, err, &denied, name)
		_, err = forger.OperatorService().ListSearchAttributes(t.Context(), nil)
		require.Error(t, err, name)
	}

	require.NoError(t, e.Client().SignalWorkflow(t.Context(), run.GetID(), run.GetRunID(), "decided", "real"))
	var decision string
	require.NoError(t, run.Get(t.Context(), &decision))
	require.Equal(t, "real", decision)
}

// Every port that this process listens on either asks for the token or for the certificate that only it has.
func TestNoPortOfTheServerTakesAStranger(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	ports := listening(t)
	require.Contains(t, ports, e.HostPort())
	require.GreaterOrEqual(t, len(ports), 4, "frontend, internal frontend, history and matching: %v", ports)
	stolen, err := tls.X509KeyPair(strangersCertificate(t))
	require.NoError(t, err)
	for _, address := range ports {
		for name, creds := range map[string]credentials.TransportCredentials{
			"plain":                          insecure.NewCredentials(),
			"TLS without a certificate":      credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}),
			"TLS with another's certificate": credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{stolen}}),
		} {
			conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(creds))
			require.NoError(t, err)
			ctx, cancel := timeoutContext(t, 5*time.Second)
			_, err = workflowservice.NewWorkflowServiceClient(conn).ListNamespaces(ctx, &workflowservice.ListNamespacesRequest{})
			require.Error(t, err, "%s, %s", address, name)
			cancel()
			require.NoError(t, conn.Close())
		}
	}
}

// listening are the loopback addresses on which this process listens.
func listening(t *testing.T) (addresses []string) {
	t.Helper()
	own := map[string]bool{}
	fds, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, fd := range fds {
		if target, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil {
			own[target] = true
		}
	}
	table, err := os.ReadFile("/proc/self/net/tcp")
	require.NoError(t, err)
	const listen = "0A"
	for _, line := range strings.Split(string(table), "\n")[1:] {
		fields := strings.Fields(line)
		if len(fields) < 10 || fields[3] != listen || !own["socket:["+fields[9]+"]"] {
			continue
		}
		host, port, _ := strings.Cut(fields[1], ":")
		require.Equal(t, "0100007F", host, "a port is open beyond loopback")
		n, err := strconv.ParseUint(port, 16, 16)
		require.NoError(t, err)
		addresses = append(addresses, net.JoinHostPort("127.0.0.1", strconv.FormatUint(n, 10)))
	}
	return addresses
}
