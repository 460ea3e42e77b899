package store

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"picket/internal/soc"
)

// The length of a page of a list.
const (
	pageDefault = 50
	pageMost    = 500
)

// page adds the cursor's condition and answers the ORDER BY and LIMIT of a newest-first list over two columns. One
// row more than the page tells whether there is a next one.
func page(w *where, prefix, timeColumn, cursor string, limit int) (string, int, error) {
	switch {
	case limit <= 0:
		limit = pageDefault
	case limit > pageMost:
		limit = pageMost
	}
	timeColumn, idColumn := prefix+timeColumn, prefix+"id"
	if cursor != "" {
		ns, id, err := decodeCursor(cursor)
		if err != nil {
			return "", 0, err
		}
		w.add("("+timeColumn+", "+idColumn+") < (?, ?)", ns, id)
	}
	return fmt.Sprintf(" ORDER BY %s DESC, %s DESC LIMIT %d", timeColumn, idColumn, limit+1), limit, nil
}

// cut shortens the items to the page and answers the cursor of the next one, "" at the end.
func cut[T any](items []T, limit int, key func(T) (int64, string)) ([]T, string) {
	if len(items) <= limit {
		return items, ""
	}
	items = items[:limit]
	ns, id := key(items[limit-1])
	return items, base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(ns, 10) + ":" + id))
}

func decodeCursor(cursor string) (int64, string, error) {
	invalid := soc.Errorf(soc.Invalid, "the cursor is not one that a list has given; leave it out to start at the first page")
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, "", invalid
	}
	number, id, ok := strings.Cut(string(text), ":")
	ns, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || id != plain(id) {
		return 0, "", invalid
	}
	return ns, id, nil
}

// contains is a LIKE pattern for text that holds q; its escape character is the backslash.
func contains(q string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(plain(q))) + "%"
}
