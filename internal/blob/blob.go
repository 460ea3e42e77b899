// Package blob keeps documents in files named by the SHA-256 of their content, compressed with zstd. A file that is
// there is whole and durable, and it never changes.
//
// Nothing is ever removed. Archived histories refer to documents, and several may refer to the same: who would remove
// one has to know first that no archive and no open run refers to it. Nobody does so today.
package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"picket/internal/soc"
)

// sizeMost bounds what a file may unpack to, so that a forged one cannot fill the memory.
const sizeMost = 1 << 30

// Store is a directory of blobs. It is safe for concurrent use, also by several processes.
type Store struct {
	dir     string
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// Open opens the directory and makes it if it is not there.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &soc.Error{Kind: soc.Unavailable, Message: "open the archive", Err: err}
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, &soc.Error{Kind: soc.Internal, Message: "open the archive", Err: err}
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(sizeMost))
	if err != nil {
		return nil, &soc.Error{Kind: soc.Internal, Message: "open the archive", Err: err}
	}
	return &Store{dir: dir, encoder: encoder, decoder: decoder}, nil
}

// Digest is the name of a document: its SHA-256 in lower-case hex.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Put keeps a document and answers its digest. When it returns, the document survives a loss of power. One that is
// there already, and whole, is left alone.
func (s *Store) Put(ctx context.Context, data []byte) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", &soc.Error{Kind: soc.Unavailable, Message: "archive a document", Err: err}
	}
	if len(data) > sizeMost {
		return "", soc.Errorf(soc.Invalid, "archive a document: it has %d bytes and the most is %d", len(data), sizeMost)
	}
	digest := Digest(data)
	if _, err := s.Get(ctx, digest); err == nil {
		return digest, nil
	}
	if err := s.write(digest, s.encoder.EncodeAll(data, nil)); err != nil {
		return "", &soc.Error{Kind: soc.Unavailable, Message: "archive document " + digest, Err: err}
	}
	return digest, nil
}

// write makes the file under another name, syncs it, names it, and syncs the directories that name it.
func (s *Store) write(digest string, packed []byte) (err error) {
	path := s.path(digest)
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temp := path + ".tmp-" + rand.Text()
	file, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp)
		}
	}()
	_, err = file.Write(packed)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return errors.Join(syncDir(folder), syncDir(filepath.Dir(folder)), syncDir(s.dir))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Get answers the document of a digest: NotFound when there is none, Internal when the file is not what its name says.
func (s *Store) Get(ctx context.Context, digest string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, &soc.Error{Kind: soc.Unavailable, Message: "read an archived document", Err: err}
	}
	if raw, err := hex.DecodeString(digest); err != nil || len(raw) != sha256.Size || strings.ToLower(digest) != digest {
		return nil, soc.Errorf(soc.Invalid, "%.100q is no digest: 64 lower-case hexadecimal digits", digest)
	}
	packed, err := os.ReadFile(s.path(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, soc.Errorf(soc.NotFound, "the archive has no document %s", digest)
	}
	if err != nil {
		return nil, &soc.Error{Kind: soc.Unavailable, Message: "read archived document " + digest, Err: err}
	}
	data, err := s.decoder.DecodeAll(packed, nil)
	if err != nil {
		return nil, &soc.Error{Kind: soc.Internal, Message: fmt.Sprintf("archived document %s is damaged", digest), Err: err}
	}
	if Digest(data) != digest {
		return nil, soc.Errorf(soc.Internal, "archived document %s is damaged: its content has digest %s", digest, Digest(data))
	}
	return data, nil
}

func (s *Store) path(digest string) string {
	return filepath.Join(s.dir, digest[:2], digest[2:6], digest+".zst")
}
