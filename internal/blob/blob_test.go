package blob_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/blob"
	"picket/internal/soc"
)

func open(t *testing.T, dir string) *blob.Store {
	t.Helper()
	s, err := blob.Open(dir)
	require.NoError(t, err)
	return s
}

func TestWhatIsPutIsGotByItsDigest(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "blobs")
	s := open(t, dir)
	for name, data := range map[string][]byte{
		"nothing":   {},
		"text":      []byte("a history"),
		"megabytes": bytes.Repeat([]byte("0123456789abcdef"), 1<<18),
	} {
		digest, err := s.Put(t.Context(), data)
		require.NoError(t, err, name)
		require.Equal(t, blob.Digest(data), digest)
		got, err := open(t, dir).Get(t.Context(), digest)
		require.NoError(t, err, name)
		require.True(t, bytes.Equal(data, got), name)
	}
	var packed int64
	require.NoError(t, filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
			packed += info.Size()
		}
		return err
	}))
	require.Less(t, packed, int64(10000), "the files are compressed")
}

func TestManyMayPutTheSameDocumentAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wg sync.WaitGroup
	errs := make(chan error, 20)
	for range cap(errs) {
		wg.Go(func() {
			s, err := blob.Open(dir)
			if err == nil {
				_, err = s.Put(context.Background(), []byte("the same"))
			}
			errs <- err
		})
	}
	wg.Wait()
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "*"))
	require.NoError(t, err)
	require.Len(t, files, 1, "and no temporary file is left")
}

func TestAChangedFileIsNotAnsweredAndIsMendedByPuttingAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	digest, err := s.Put(t.Context(), []byte("a history"))
	require.NoError(t, err)
	other, err := s.Put(t.Context(), []byte("another history"))
	require.NoError(t, err)
	path := filepath.Join(dir, digest[:2], digest[2:6], digest+".zst")
	forged, err := os.ReadFile(filepath.Join(dir, other[:2], other[2:6], other+".zst"))
	require.NoError(t, err)
	for _, content := range [][]byte{forged, []byte("no zstd"), nil} {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		_, err = s.Get(t.Context(), digest)
		require.Equal(t, soc.Internal, soc.KindOf(err))
	}
	_, err = s.Put(t.Context(), []byte("a history"))
	require.NoError(t, err)
	_, err = s.Get(t.Context(), digest)
	require.NoError(t, err)
}

func TestANameThatIsNoDigestReachesNoFile(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for _, name := range []string{"", "../../etc/passwd", "ab", blob.Digest(nil) + "/", string(bytes.ToUpper([]byte(blob.Digest(nil))))} {
		_, err := s.Get(t.Context(), name)
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
	}
	_, err := s.Get(t.Context(), blob.Digest([]byte("none")))
	require.Equal(t, soc.NotFound, soc.KindOf(err))
}

func BenchmarkPutAndGet(b *testing.B) {
	s, err := blob.Open(b.TempDir())
	require.NoError(b, err)
	for name, size := range map[string]int{"1 KB": 1 << 10, "1 MB": 1 << 20} {
		data := make([]byte, size)
		random := rand.NewChaCha8([32]byte{})
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				_, _ = random.Read(data) // what is sealed does not compress
				digest, err := s.Put(b.Context(), data)
				require.NoError(b, err)
				_, err = s.Get(b.Context(), digest)
				require.NoError(b, err)
			}
		})
	}
}
