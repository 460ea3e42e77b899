package engine

import (
	"context"
	"fmt"
	"strconv"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"

	"picket/internal/soc"
)

const (
	// claimAbove is the most bytes of a sealed payload that a history holds itself; of a larger one it holds a
	// reference. What counts is what the server would keep, after compression: it suggests continuing as new at 4 MB
	// of history and takes no payload of more than 2 MB. Hundreds of payloads just below it fit in one history, and
	// a file for each smaller one would cost more than its bytes do.
	claimAbove = 128 << 10

	// claimDriver is in histories that are kept for years, and says how the references of its name are to be read:
	// another form gets another name.
	claimDriver = "picket-blob-1"

	// The SDK's form of a reference.
	claimEncoding = "json/protobuf"
	claimMessage  = "temporal.api.sdk.v1.ExternalStorageReference"
)

// Blobs keeps the payloads that are too large for a history. *blob.Store is one. All processes that work for one
// namespace share it, and so does whoever replays its histories.
type Blobs interface {
	// Put keeps data and answers its digest. When it returns, the data is durable.
	Put(ctx context.Context, data []byte) (digest string, err error)
	Get(ctx context.Context, digest string) ([]byte, error)
}

// Claim is what a history says of a payload that is kept in Blobs: the digest and size of its sealed bytes, and the
// id of the key that opens them.
type Claim struct {
	Digest string `json:"digest"`
	Size   int    `json:"size"`
	Key    string `json:"key"`
}

// claims moves large sealed payloads between histories and Blobs. The SDK calls it for each message from and to the
// server. That is why it is not a codec: a codec is called by workflow code, where a full disk or a lost file would
// become a step's failure, and would do so differently at each replay. Here it fails the task, which is tried again.
type claims struct{ blobs Blobs }

var (
	_ converter.StorageDriver         = (*claims)(nil)
	_ converter.StorageDriverSelector = (*claims)(nil)
)

// externalStorage configures clients and, with them, their workers.
func externalStorage(blobs Blobs) converter.ExternalStorage {
	if blobs == nil {
		return converter.ExternalStorage{}
	}
	c := &claims{blobs}
	return converter.ExternalStorage{Drivers: []converter.StorageDriver{c}, DriverSelector: c, PayloadSizeThreshold: claimAbove}
}

// Name is in every reference.
func (*claims) Name() string { return claimDriver }

// Type names the implementation to the server.
func (*claims) Type() string { return "picket-blob" }

// SelectDriver leaves in the history what is small or not sealed: nothing is kept in the clear.
func (c *claims) SelectDriver(_ converter.StorageDriverSelectContext, p *commonpb.Payload) (converter.StorageDriver, error) {
	if string(p.GetMetadata()[encodingKey]) != sealedEncoding || len(p.GetData()) <= claimAbove {
		return nil, nil
	}
	return c, nil
}

// Store keeps payloads; the same payload again is the same reference.
func (c *claims) Store(ctx converter.StorageDriverStoreContext, payloads []*commonpb.Payload) ([]converter.StorageDriverClaim, error) {
	kept := make([]converter.StorageDriverClaim, len(payloads))
	for i, p := range payloads {
		err := ctx.GetLimiter().Permit(ctx.Context, p, func() error {
			digest, err := c.blobs.Put(ctx.Context, p.GetData())
			kept[i].ClaimData = map[string]string{
				"digest": digest, "size": strconv.Itoa(len(p.GetData())), "key": string(p.GetMetadata()[keyIDKey]),
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// Retrieve reads payloads back.
func (c *claims) Retrieve(ctx converter.StorageDriverRetrieveContext, references []converter.StorageDriverClaim) ([]*commonpb.Payload, error) {
	payloads := make([]*commonpb.Payload, len(references))
	for i, r := range references {
		err := ctx.GetLimiter().Permit(ctx.Context, r, func() (err error) {
			claim, err := readClaim(r.ClaimData)
			if err == nil {
				payloads[i], err = c.get(ctx.Context, claim)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return payloads, nil
}

// get answers the payload as it was sealed. Its digest is checked by the store, what it says when it is opened.
func (c *claims) get(ctx context.Context, claim Claim) (*commonpb.Payload, error) {
	data, err := c.blobs.Get(ctx, claim.Digest)
	if err != nil {
		return nil, fmt.Errorf("read a payload of %d bytes that is kept outside the history: %w; put it back from a backup", claim.Size, err)
	}
	if len(data) != claim.Size {
		return nil, soc.Errorf(soc.Internal, "the payload %s has %d bytes, and the history says %d", claim.Digest, len(data), claim.Size)
	}
	return sealedPayload(claim.Key, data), nil
}

func readClaim(data map[string]string) (Claim, error) {
	size, err := strconv.Atoi(data["size"])
	if err != nil || size <= claimAbove || data["digest"] == "" {
		return Claim{}, soc.Errorf(soc.Invalid, "a reference to a payload can't be read: digest %.100q, size %.100q", data["digest"], data["size"])
	}
	return Claim{Digest: data["digest"], Size: size, Key: data["key"]}, nil
}

// claimOf reads the reference that a payload is; ok is false for all other payloads.
func claimOf(p *commonpb.Payload) (claim Claim, ok bool, err error) {
	if string(p.GetMetadata()["messageType"]) != claimMessage || string(p.GetMetadata()[encodingKey]) != claimEncoding {
		return Claim{}, false, nil
	}
	var reference sdkpb.ExternalStorageReference
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(p.GetData(), &reference); err != nil {
		return Claim{}, true, soc.Errorf(soc.Invalid, "a reference to a payload can't be read: %w", err)
	}
	if reference.GetDriverName() != claimDriver {
		return Claim{}, true, soc.Errorf(soc.Invalid, "a payload is kept by %.100q, which this version can't read", reference.GetDriverName())
	}
	claim, err = readClaim(reference.GetClaimData())
	return claim, true, err
}

// fill puts the payloads that a history refers to in the places of their references. Without blobs it fails at the
// first reference.
func fill(ctx context.Context, h *historypb.History, blobs Blobs) error {
	return visitClaims(ctx, h, func(_ *commonpb.Payload, claim Claim) (*commonpb.Payload, error) {
		if blobs == nil {
			return nil, soc.Errorf(soc.Invalid, "the history refers to the payload %s, and no store of payloads was given", claim.Digest)
		}
		return (&claims{blobs}).get(ctx, claim)
	})
}

// visitClaims gives each reference of a history to visit, and puts what it answers in its place.
func visitClaims(ctx context.Context, h *historypb.History, visit func(*commonpb.Payload, Claim) (*commonpb.Payload, error)) error {
	return proxy.VisitPayloads(ctx, h, proxy.VisitPayloadsOptions{
		SkipSearchAttributes: true,
		ConcurrencyLimit:     1, // in order
		Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
			visited := make([]*commonpb.Payload, len(payloads))
			for i, p := range payloads {
				claim, ok, err := claimOf(p)
				if err == nil && ok {
					p, err = visit(p, claim)
				}
				if err != nil {
					return nil, err
				}
				visited[i] = p
			}
			return visited, nil
		},
	})
}
