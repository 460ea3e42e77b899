package store

import (
	"context"
	"time"
)

// ExtendSession moves the end of a login; one that is gone stays gone.
func (s *Store) ExtendSession(ctx context.Context, tokenHash string, until time.Time) error {
	return s.write(ctx, "extend a session", func(t *tx) error {
		_, err := t.exec("UPDATE sessions SET expires_ns = ? WHERE token_hash = ?", nanos(until), plain(tokenHash))
		return err
	})
}
