package engine

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

const (
	encodingKey = "encoding"
	keyIDKey    = "picket-key"
	// sealedEncoding marks a payload of ours: AES-256-GCM over one byte that says how the rest is packed, and
	// the original payload. It is in histories that are kept for years: another form gets another name.
	sealedEncoding = "binary/picket-1"

	packedPlain = 0
	packedZstd  = 1

	sealedExtra = 12 + 16 // bytes that sealing adds: a nonce and a tag

	// compressFrom is the size below which compression gains nothing.
	compressFrom = 256
	// maxUnpacked bounds what one payload may decompress to, so that a forged one can't fill the memory. It is above
	// MaxPayload, by which they were made.
	maxUnpacked = 2 * MaxPayload
)

// Codec compresses payloads and encrypts them. It is safe for concurrent use.
type Codec struct {
	keys   *Keyring
	packer *zstd.Encoder
	opener *zstd.Decoder
}

var _ converter.PayloadCodec = (*Codec)(nil)

// NewCodec makes a codec that encrypts with the ring's active key and decrypts with any of its keys.
func NewCodec(keys *Keyring) (*Codec, error) {
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithEncoderConcurrency(4))
	if err != nil {
		return nil, fmt.Errorf("make the compressor of payloads: %w", err)
	}
	opener, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxUnpacked), zstd.WithDecoderConcurrency(4))
	if err != nil {
		return nil, fmt.Errorf("make the decompressor of payloads: %w", err)
	}
	return &Codec{keys: keys, packer: packer, opener: opener}, nil
}

// Encode seals each payload. The key's id is outside, and authenticated. One that is large enough to be kept outside
// the history is sealed to the same bytes each time.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	sealed := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.MarshalOptions{}.MarshalAppend([]byte{packedPlain}, p)
		if err != nil {
			return nil, fmt.Errorf("encode a payload: %w", err)
		}
		if len(plain) >= compressFrom {
			packed := c.packer.EncodeAll(plain[1:], append(make([]byte, 0, len(plain)), packedZstd))
			if len(packed) < len(plain) {
				plain = packed
			}
		}
		id := c.keys.active
		seal := c.keys.keys[id].seal
		if len(plain) > claimAbove-sealedExtra {
			seal = c.keys.keys[id].sealAlike
		}
		sealed[i] = sealedPayload(id, seal(plain, []byte(sealedEncoding+id)))
	}
	return sealed, nil
}

func sealedPayload(id string, data []byte) *commonpb.Payload {
	return &commonpb.Payload{
		Metadata: map[string][]byte{encodingKey: []byte(sealedEncoding), keyIDKey: []byte(id)},
		Data:     data,
	}
}

// Decode opens what Encode sealed and passes everything else through: payloads that the server itself made.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	opened := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[encodingKey]) != sealedEncoding {
			opened[i] = p
			continue
		}
		plain, err := c.open(string(p.GetMetadata()[keyIDKey]), p.GetData())
		if err != nil {
			return nil, err
		}
		opened[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, opened[i]); err != nil {
			return nil, fmt.Errorf("decode a payload: %w", err)
		}
	}
	return opened, nil
}

func (c *Codec) open(id string, data []byte) ([]byte, error) {
	key, ok := c.keys.keys[id]
	if !ok {
		return nil, fmt.Errorf("the payload needs the key %q, which is not in the key file", id)
	}
	plain, err := key.open(data, []byte(sealedEncoding+id))
	if err != nil || len(plain) == 0 {
		return nil, fmt.Errorf("the payload was not sealed with the key %q, or it was changed", id)
	}
	switch plain[0] {
	case packedPlain:
		return plain[1:], nil
	case packedZstd:
		text, err := c.opener.DecodeAll(plain[1:], nil)
		if err != nil {
			return nil, fmt.Errorf("decompress a payload: %w", err)
		}
		return text, nil
	default:
		return nil, fmt.Errorf("the payload is packed in an unknown way, %d: a newer version wrote it", plain[0])
	}
}
