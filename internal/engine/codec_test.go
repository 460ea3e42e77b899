package engine_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"picket/internal/engine"
	"picket/internal/soc"
)

func newCodec(t testing.TB, path string) *engine.Codec {
	t.Helper()
	keys, err := engine.OpenKeyring(path, true)
	require.NoError(t, err)
	codec, err := engine.NewCodec(keys)
	require.NoError(t, err)
	return codec
}

func jsonPayload(text []byte) *commonpb.Payload {
	return &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: text}
}

func TestWhatIsSealedOpensAsItWas(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, filepath.Join(t.TempDir(), "keys"))
	rapid.Check(t, func(t *rapid.T) {
		in := []*commonpb.Payload{jsonPayload(rapid.SliceOf(rapid.Byte()).Draw(t, "data")), jsonPayload(nil)}
		sealed, err := codec.Encode(in)
		require.NoError(t, err)
		out, err := codec.Decode(sealed)
		require.NoError(t, err)
		require.Len(t, out, len(in))
		for i := range in {
			require.True(t, proto.Equal(in[i], out[i]))
		}
	})
}

func TestSealedPayloadsAreSmallAndSayNothing(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, filepath.Join(t.TempDir(), "keys"))
	text := bytes.Repeat([]byte(`{"user":"ann","ip":"203.0.113.7"},`), 1000)
	sealed, err := codec.Encode([]*commonpb.Payload{jsonPayload(text)})
	require.NoError(t, err)
	require.Less(t, len(sealed[0].Data), len(text)/20)
	require.NotContains(t, string(sealed[0].Data), "203.0.113.7")
	require.NotContains(t, sealed[0].String(), "json/plain")
}

func TestAChangedPayloadIsRefused(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, filepath.Join(t.TempDir(), "keys"))
	sealed, err := codec.Encode([]*commonpb.Payload{jsonPayload([]byte(`"isolate host-1"`))})
	require.NoError(t, err)
	for i := range sealed[0].Data {
		changed := proto.Clone(sealed[0]).(*commonpb.Payload)
		changed.Data[i] ^= 1
		_, err := codec.Decode([]*commonpb.Payload{changed})
		require.ErrorContains(t, err, "or it was changed")
	}
	short := proto.Clone(sealed[0]).(*commonpb.Payload)
	short.Data = short.Data[:5]
	_, err = codec.Decode([]*commonpb.Payload{short})
	require.Error(t, err)
}

func TestPayloadsOfTheServerPassThrough(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, filepath.Join(t.TempDir(), "keys"))
	in := []*commonpb.Payload{jsonPayload([]byte(`"plain"`)), {}}
	out, err := codec.Decode(in)
	require.NoError(t, err)
	require.Equal(t, in, out)
}

func TestANewKeyEncryptsAndOldOnesStillDecrypt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "payload.keys")
	old := newCodec(t, path)
	sealedOld, err := old.Encode([]*commonpb.Payload{jsonPayload([]byte(`"before"`))})
	require.NoError(t, err)

	key := make([]byte, 32)
	_, err = rand.Read(key)
	require.NoError(t, err)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString("second " + base64.StdEncoding.EncodeToString(key) + "\n")
	require.NoError(t, err)
	require.NoError(t, f.Close())

	rotated := newCodec(t, path)
	out, err := rotated.Decode(sealedOld)
	require.NoError(t, err)
	require.Equal(t, `"before"`, string(out[0].Data))
	sealedNew, err := rotated.Encode([]*commonpb.Payload{jsonPayload([]byte(`"after"`))})
	require.NoError(t, err)
	require.Equal(t, "second", string(sealedNew[0].Metadata["picket-key"]))
	_, err = old.Decode(sealedNew)
	require.ErrorContains(t, err, `needs the key "second"`)
}

func TestAKeyFileIsMadeOnceAndForUsOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "payload.keys")
	_, err := engine.OpenKeyring(path, false)
	require.Equal(t, soc.Unavailable, soc.KindOf(err))
	first, err := engine.OpenKeyring(path, true)
	require.NoError(t, err)
	second, err := engine.OpenKeyring(path, true)
	require.NoError(t, err)
	require.Equal(t, first.Active(), second.Active())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestABrokenKeyFileIsNamedWithoutShowingIt(t *testing.T) {
	t.Parallel()
	secret := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	for name, text := range map[string]string{
		"no key at all":      "# nothing here\n",
		"a short key":        "one " + secret[:20] + "\n",
		"no base64":          "one " + strings.Repeat("!", 44) + "\n",
		"the same id twice":  "one " + secret + "\none " + secret + "\n",
		"a key without a id": secret + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keys")
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			_, err := engine.OpenKeyring(path, true)
			require.Equal(t, soc.Invalid, soc.KindOf(err), "%v", err)
			require.ErrorContains(t, err, path)
			require.NotContains(t, err.Error(), secret[:20])
		})
	}
}

func sealedText(t *testing.T, codec *engine.Codec, text string) string {
	t.Helper()
	sealed, err := codec.Encode([]*commonpb.Payload{jsonPayload([]byte(text))})
	require.NoError(t, err)
	return string(sealed[0].Data)
}

func BenchmarkSealAndOpen(b *testing.B) {
	codec := newCodec(b, filepath.Join(b.TempDir(), "keys"))
	for name, text := range map[string]string{
		"120 bytes":       strings.Repeat("x", 120),
		"1 KB":            noise(1<<10, "a"),
		"10 KB of a list": strings.Repeat(`{"user":"ann","n":12345},`, 400),
		"1 MB":            noise(aMegabyte, "a"),
		"1 MB of a list":  strings.Repeat(`{"user":"ann","n":12345},`, 40000),
	} {
		in := []*commonpb.Payload{jsonPayload([]byte(text))}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				sealed, err := codec.Encode(in)
				require.NoError(b, err)
				_, err = codec.Decode(sealed)
				require.NoError(b, err)
			}
		})
	}
}
