package engine

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/schema"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"

	"picket/internal/soc"
)

const (
	mainFile       = "temporal.db"
	visibilityFile = "visibility.db"

	mainSchema       = "sqlite/v3/temporal"
	visibilitySchema = "sqlite/v3/visibility/schema.sql"

	sqliteDriver = "sqlite" // as modernc.org/sqlite registers it
)

// files are the server's SQLite files.
type files struct {
	main, visibility *config.SQL
}

// openFiles makes the server's files, or brings those of an older version up to date, and sees that the namespace
// is there. Nobody else has them open.
func openFiles(ctx context.Context, dir, namespace string, retention time.Duration) (files, error) {
	main, visibility := filepath.Join(dir, mainFile), filepath.Join(dir, visibilityFile)
	if err := upgradeMain(ctx, main); err != nil {
		return files{}, err
	}
	if err := rebuildVisibility(ctx, visibility); err != nil {
		return files{}, err
	}
	register()
	f := files{main: sqlConfig(main, "full"), visibility: sqlConfig(visibility, "normal")}
	ns, err := sqliteschema.NewNamespaceConfig(clusterName, namespace, false, nil)
	if err != nil {
		return files{}, soc.Errorf(soc.Invalid, "temporal's namespace %s: %w", namespace, err)
	}
	ns.Detail.Config.Retention = durationpb.New(retention)
	if err := sqliteschema.CreateNamespaces(f.main, ns); err != nil {
		return files{}, soc.Errorf(soc.Unavailable, "make temporal's namespace %s in %s: %w", namespace, main, err)
	}
	return f, nil
}

// sqlConfig opens a file in write-ahead mode. With full sync what was committed survives a power cut.
func sqlConfig(file, synchronous string) *config.SQL {
	return &config.SQL{
		PluginName:   pluginName,
		DatabaseName: (&url.URL{Path: file}).EscapedPath(), // it becomes part of a URI
		ConnectAttributes: map[string]string{
			"mode": "rwc", "journal_mode": "wal", "synchronous": synchronous, "busy_timeout": "5000",
		},
	}
}

// open opens a file for a change of its schema.
func open(ctx context.Context, file string) (*sql.DB, error) {
	uri := "file:" + (&url.URL{Path: file}).EscapedPath() + "?mode=rwc&_pragma=journal_mode=wal&_pragma=synchronous=full&_pragma=busy_timeout=5000"
	db, err := sql.Open(sqliteDriver, uri)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, os.Chmod(file, 0o600)
}

// upgradeMain applies the versions of the main schema that the file doesn't have yet, all in one transaction: the
// server doesn't look, and an old schema makes it hang. The file's user_version is the N of the schema's 0.N.
func upgradeMain(ctx context.Context, file string) (err error) {
	fail := func(err error) error {
		return soc.Errorf(soc.Unavailable, "bring %s up to date: %w", file, err)
	}
	want, err := minor(sqliteschema.Version)
	if err != nil {
		return fail(err)
	}
	db, err := open(ctx, file)
	if err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	has, err := userVersion(ctx, db)
	if err != nil {
		return fail(err)
	}
	if has == want {
		return nil
	}
	if has > want {
		return soc.Errorf(soc.Conflict, "%s was written by a newer version (schema 0.%d, this one knows 0.%d): use that version", file, has, want)
	}
	script, err := mainScript(has, want)
	if err != nil {
		return fail(err)
	}
	if err := apply(ctx, db, script, want); err != nil {
		return fail(err)
	}
	return nil
}

// mainScript is the whole schema for an empty file, and otherwise the versions after the one it has, in order.
func mainScript(has, want int) (string, error) {
	if has == 0 {
		text, err := fs.ReadFile(schema.Assets(), path.Join(mainSchema, "schema.sql"))
		return string(text), err
	}
	var script strings.Builder
	for n := has + 1; n <= want; n++ {
		dir := path.Join(mainSchema, "versioned", "v0."+strconv.Itoa(n))
		text, err := fs.ReadFile(schema.Assets(), path.Join(dir, "manifest.json"))
		if err != nil {
			return "", err
		}
		var manifest struct{ SchemaUpdateCqlFiles []string }
		if err := json.Unmarshal(text, &manifest); err != nil {
			return "", fmt.Errorf("%s: %w", dir, err)
		}
		for _, name := range manifest.SchemaUpdateCqlFiles {
			text, err := fs.ReadFile(schema.Assets(), path.Join(dir, name))
			if err != nil {
				return "", err
			}
			script.Write(text)
			script.WriteString("\n;\n") // not every file ends its last statement
		}
	}
	return script.String(), nil
}

// rebuildVisibility throws the visibility file away when it was made from another schema. It is an index: it fills
// again as runs go on, and nothing of ours reads it.
func rebuildVisibility(ctx context.Context, file string) (err error) {
	fail := func(err error) error {
		return soc.Errorf(soc.Unavailable, "build %s: %w", file, err)
	}
	text, err := fs.ReadFile(schema.Assets(), visibilitySchema)
	if err != nil {
		return fail(err)
	}
	sum := sha256.Sum256(append(text, strings.Join(visibilityIndexes, ",")...))
	want := int(binary.BigEndian.Uint32(sum[:]) >> 1) // user_version is a signed 32-bit number
	has, err := visibilityVersion(ctx, file)
	if err != nil {
		return fail(err)
	}
	if has == want {
		return nil
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(file + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fail(err)
		}
	}
	db, err := open(ctx, file)
	if err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := apply(ctx, db, string(text), want, slimVisibility); err != nil {
		return fail(err)
	}
	return nil
}

// visibilityIndexes are the indexes of the visibility table that are kept: of newest first, of a workflow's id, and
// of what belongs to Temporal itself, such as schedules.
var visibilityIndexes = []string{"default_idx", "by_workflow_id", "by_temporal_namespace_division"}

// slimVisibility drops the other fifty, and the triggers that feed the full-text tables: each run writes its row
// twice, and that was a quarter of all work. Every query still answers, some by looking at every row, except for
// those on search attributes of type Text and KeywordList, of which there are none.
func slimVisibility(ctx context.Context, tx *sql.Tx) (err error) {
	rows, err := tx.QueryContext(ctx, "SELECT type, name FROM sqlite_schema WHERE tbl_name = 'executions_visibility' AND type IN ('index', 'trigger') AND sql IS NOT NULL")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var drop []string
	for rows.Next() {
		var kind, name string
		if err := rows.Scan(&kind, &name); err != nil {
			return err
		}
		if !slices.Contains(visibilityIndexes, name) {
			drop = append(drop, "DROP "+kind+" "+name)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, statement := range drop {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// visibilityVersion is 0 for a file that is absent or damaged: both are built anew.
func visibilityVersion(ctx context.Context, file string) (int, error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	db, err := open(ctx, file)
	if err != nil {
		return 0, ctx.Err()
	}
	version, err := userVersion(ctx, db)
	if err != nil {
		version = 0
	}
	return version, errors.Join(db.Close(), ctx.Err())
}

func userVersion(ctx context.Context, db *sql.DB) (version int, err error) {
	err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}

// apply runs a script and notes the version in one transaction: after a crash there is either none of it or all.
func apply(ctx context.Context, db *sql.DB, script string, version int, then ...func(context.Context, *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, script); err != nil {
		return err
	}
	for _, f := range then {
		if err := f(ctx, tx); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return err
	}
	return tx.Commit()
}

// minor is the N of a version 0.N.
func minor(version string) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(version, "0."))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("schema version %q is not of the form 0.N", version)
	}
	return n, nil
}
