package engine

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"

	"picket/internal/soc"
)

// Options say where Temporal is and how to talk to it. Start uses Dir, Port and Retention; Dial uses HostPort, TLS
// and APIKey; the rest is for both.
type Options struct {
	Dir       string        // holds the server's files; made when absent
	Port      int           // of the frontend, on loopback; 0 chooses a free one
	Retention time.Duration // of closed runs; DefaultRetention when 0

	HostPort string // of an external cluster's frontend
	TLS      *tls.Config
	APIKey   string

	Namespace    string                          // DefaultNamespace when empty
	KeyFile      string                          // of payload encryption; Dir/keys/payload.keys when empty
	Blobs        Blobs                           // keeps large payloads; nil leaves them to the server, which takes 2 MB at most
	Logger       *slog.Logger                    // slog.Default() when nil
	Metrics      client.MetricsHandler           // none when nil
	Interceptors []interceptor.ClientInterceptor // outermost first
}

func (o Options) withDefaults() Options {
	o.Namespace = cmp.Or(o.Namespace, DefaultNamespace)
	o.Retention = cmp.Or(o.Retention, DefaultRetention)
	if o.KeyFile == "" && o.Dir != "" {
		o.KeyFile = filepath.Join(o.Dir, "keys", "payload.keys")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// codecFor opens the key file; only an embedded server's may be made anew, a cluster's has to be shared by its nodes.
func codecFor(o Options, create bool) (converter.PayloadCodec, error) {
	if o.KeyFile == "" {
		return nil, soc.Errorf(soc.Invalid, "no key file for temporal's payloads: all nodes of a cluster share one")
	}
	keys, err := OpenKeyring(o.KeyFile, create)
	if err != nil {
		return nil, err
	}
	return NewCodec(keys)
}

// clientOptions are the same for every client: what differs is only where it connects.
func (o Options) clientOptions(codec converter.PayloadCodec) client.Options {
	dc, fc := converters(codec)
	return client.Options{
		HostPort:          o.HostPort,
		Namespace:         o.Namespace,
		Logger:            sdklog.NewStructuredLogger(o.Logger),
		MetricsHandler:    o.Metrics,
		Interceptors:      append(slices.Clone(o.Interceptors), &marker{}, &limiter{}),
		DataConverter:     dc,
		FailureConverter:  fc,
		ExternalStorage:   externalStorage(o.Blobs),
		ConnectionOptions: client.ConnectionOptions{TLS: o.TLS},
	}
}

// converters encode payloads, and what failures say, with the codec. Failures have no bound of their own: the SDK
// panics when it can't encode one.
func converters(codec converter.PayloadCodec) (converter.DataConverter, converter.FailureConverter) {
	fc := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codec), EncodeCommonAttributes: true,
	})
	return newSealing(codec, "a value"), fc
}

// Dial connects to an external cluster, whose namespace must exist. The key file must exist too.
func Dial(ctx context.Context, o Options) (client.Client, error) {
	o = o.withDefaults()
	if o.HostPort == "" {
		return nil, soc.Errorf(soc.Invalid, "dial temporal: no address given; it is HOST:PORT of the cluster's frontend")
	}
	codec, err := codecFor(o, false)
	if err != nil {
		return nil, err
	}
	options := o.clientOptions(codec)
	if o.APIKey != "" {
		options.Credentials = client.NewAPIKeyStaticCredentials(o.APIKey)
	}
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, soc.Errorf(soc.Unavailable, "dial temporal at %s: %w", o.HostPort, err)
	}
	return c, nil
}
