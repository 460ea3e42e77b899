package engine

import (
	databasesql "database/sql"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"unsafe"

	"github.com/iancoleman/strcase"
	"github.com/jmoiron/sqlx"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/resolver"
	modernc "modernc.org/sqlite"
)

// pluginName is under which the server finds our plugin.
const pluginName = "picket-sqlite"

// plugin is the server's SQLite plugin on connections of ours: they keep their statements prepared, and they are
// closed when the engine stops, which the server's own never are.
type plugin struct {
	mu   sync.Mutex
	open map[string]*sqlx.DB // by file
}

var (
	_ sqlplugin.Plugin = (*plugin)(nil)

	storage  = &plugin{open: map[string]*sqlx.DB{}}
	register = sync.OnceFunc(func() { sql.RegisterPlugin(pluginName, storage) })
)

// GetVisibilityQueryConverter gives the one of the server's own plugin; nil only if that were not linked.
func (p *plugin) GetVisibilityQueryConverter() sqlplugin.VisibilityQueryConverter {
	converter, err := sql.GetPluginVisibilityQueryConverter(sqlite.PluginName)
	if err != nil {
		return nil
	}
	return converter
}

// CreateDB gives a logical connection to a file; all of one file share one physical connection.
func (p *plugin) CreateDB(
	kind sqlplugin.DbKind, cfg *config.SQL, r resolver.ServiceResolver, logger log.Logger, m metrics.Handler,
) (sqlplugin.GenericDB, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	db, ok := p.open[cfg.DatabaseName]
	if !ok {
		db = sqlx.NewDb(databasesql.OpenDB(&connector{driver: &modernc.Driver{}, dsn: dsn(cfg)}), sqliteDriver)
		db.MapperFunc(strcase.ToSnake)
		db.SetMaxOpenConns(1) // there is one writer, and readers that waited for it saw no gain of their own
		if err := db.Ping(); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		p.open[cfg.DatabaseName] = db
	}
	// The server's code on a database in memory that is never used, for the sake of its statements.
	theirs, err := sql.NewSQLAdminDB(kind, &config.SQL{PluginName: sqlite.PluginName, DatabaseName: ":memory:"}, r, logger, m)
	if err != nil {
		return nil, err
	}
	if err := adopt(theirs, db); err != nil {
		return nil, err
	}
	return theirs, nil
}

// adopt makes the server's code use our connection. It holds its connection in fields that can't be reached
// otherwise; that they are what is expected is checked, and a test fails at the first server that differs.
func adopt(theirs sqlplugin.AdminDB, ours *sqlx.DB) error {
	holder := reflect.ValueOf(theirs)
	if holder.Kind() != reflect.Pointer || holder.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("the server's sqlite plugin has changed: it is a %s", holder.Type())
	}
	for name, want := range map[string]reflect.Type{
		"db": reflect.TypeFor[*sqlx.DB](), "conn": reflect.TypeFor[sqlplugin.Conn](),
	} {
		field := holder.Elem().FieldByName(name)
		if !field.IsValid() || field.Type() != want {
			return fmt.Errorf("the server's sqlite plugin has changed: its field %s is no %s", name, want)
		}
		reflect.NewAt(want, unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(ours))
	}
	return nil
}

// closeFiles closes what a stopped server had open.
func (p *plugin) closeFiles(f files) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	for _, cfg := range []*config.SQL{f.main, f.visibility} {
		if db, ok := p.open[cfg.DatabaseName]; ok {
			err = errors.Join(err, db.Close())
			delete(p.open, cfg.DatabaseName)
		}
	}
	return err
}

// dsn is the driver's address of a file, with what the configuration asks of the connection.
func dsn(cfg *config.SQL) string {
	query := url.Values{"_time_format": {"sqlite"}}
	keys := make([]string, 0, len(cfg.ConnectAttributes))
	for key := range cfg.ConnectAttributes {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if key == "mode" {
			query.Set(key, cfg.ConnectAttributes[key])
		} else {
			query.Add("_pragma", key+"="+cfg.ConnectAttributes[key])
		}
	}
	return "file:" + cfg.DatabaseName + "?" + query.Encode()
}
