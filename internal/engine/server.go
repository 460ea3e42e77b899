package engine

import (
	"cmp"
	"errors"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	clusterName = "active"
	// historyShards can never be changed for files that exist.
	historyShards = 4

	mainStore       = "main"
	visibilityStore = "visibility"
)

// serve builds a server and starts it. The server's code ends the goroutine it runs on when it finds something
// fatal, so it gets one of its own.
func serve(o Options, f files, at ports, t *token) (temporal.Server, error) {
	logger := newServerLogger(o.Logger)
	internode, err := newInternodeTLS()
	if err != nil {
		return nil, err
	}
	cfg := serverConfig(f, at)
	type outcome struct {
		server temporal.Server
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		result := outcome{err: errors.New("the server gave up")}
		defer func() { done <- result }()
		result.server, result.err = temporal.NewServer(
			temporal.WithConfig(cfg),
			temporal.ForServices(temporal.Services),
			temporal.WithStaticHosts(staticHosts(at)),
			temporal.WithLogger(logger),
			temporal.WithAuthorizer(onlyUs{}),
			temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return t }),
			temporal.WithTLSConfigFactory(internode),
			temporal.WithDynamicConfigClient(dynamicConfig()),
			temporal.WithCustomMetricsHandler(metrics.NoopMetricsHandler),
		)
		if result.err == nil {
			result.err = result.server.Start()
		}
	}()
	result := <-done
	err = cmp.Or(logger.fatal.started(), result.err)
	if err == nil {
		return result.server, nil
	}
	if result.server != nil {
		go func() { _ = result.server.Stop() }() // what did start must not keep its ports
	}
	return nil, err
}

func serverConfig(f files, at ports) *config.Config {
	service := func(port int) config.Service {
		return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: loopback}}
	}
	return &config.Config{
		Services: map[string]config.Service{
			string(primitives.FrontendService):         service(at.frontend),
			string(primitives.InternalFrontendService): service(at.internalFrontend),
			string(primitives.HistoryService):          service(at.history),
			string(primitives.MatchingService):         service(at.matching),
			string(primitives.WorkerService):           service(at.worker),
		},
		Persistence: config.Persistence{
			DefaultStore:     mainStore,
			VisibilityStore:  visibilityStore,
			NumHistoryShards: historyShards,
			DataStores: map[string]config.DataStore{
				mainStore:       {SQL: f.main},
				visibilityStore: {SQL: f.visibility},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: at.frontendAddress()},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
	}
}

// staticHosts spare the services their gossip: they are all here.
func staticHosts(at ports) map[primitives.ServiceName]static.Hosts {
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService:         static.SingleLocalHost(address(at.frontend)),
		primitives.InternalFrontendService: static.SingleLocalHost(address(at.internalFrontend)),
		primitives.HistoryService:          static.SingleLocalHost(address(at.history)),
		primitives.MatchingService:         static.SingleLocalHost(address(at.matching)),
		primitives.WorkerService:           static.SingleLocalHost(address(at.worker)),
	}
}

// dynamicConfig is where the server is told that it is alone, and small.
func dynamicConfig() dynamicconfig.StaticClient {
	c := dynamicconfig.StaticClient{}
	set := func(key dynamicconfig.Key, value any) {
		c[key] = []dynamicconfig.ConstrainedValue{{Value: value}}
	}
	set(dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(), true)
	set(dynamicconfig.EnableEagerWorkflowStart.Key(), true)
	set(dynamicconfig.MatchingNumTaskqueueReadPartitions.Key(), 1)
	set(dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(), 1)
	return c
}
