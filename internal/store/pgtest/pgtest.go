// Package pgtest gives tests a real PostgreSQL: the one that PICKET_TEST_POSTGRES names, or a cluster of its own that
// lives as long as the test binary.
package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Variable names a PostgreSQL to use instead, as postgres://USER:PASSWORD@HOST/NAME; its user must be able to create
// databases.
const Variable = "PICKET_TEST_POSTGRES"

const missing = "needs PostgreSQL's server programs, or " + Variable + "=postgres://USER:PASSWORD@HOST/NAME; on Debian and Ubuntu: apt-get install -y postgresql"

// startBound is how long initdb and the server may take on a busy machine.
const startBound = 90 * time.Second

var shared struct {
	once  sync.Once
	admin string
	stop  func()
	err   error
	mu    sync.Mutex
	count int
}

// Main is for TestMain: it runs the tests and stops the cluster if one was started.
func Main(m *testing.M) int {
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	return code
}

// Database makes an empty database for one test, dropped at its end, and answers its address. The package's TestMain
// must be Main.
func Database(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() {
		if shared.admin = os.Getenv(Variable); shared.admin == "" {
			shared.admin, shared.stop, shared.err = start()
		}
	})
	if shared.err != nil {
		t.Fatalf("start PostgreSQL: %v", shared.err)
	}
	shared.mu.Lock()
	shared.count++
	name := fmt.Sprintf("picket_test_%d_%d", os.Getpid(), shared.count)
	shared.mu.Unlock()

	admin, err := sql.Open("pgx", shared.admin)
	if err != nil {
		t.Fatalf("open PostgreSQL: %v", err)
	}
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the database: %v", err)
		}
		admin.Close()
	})
	address, err := url.Parse(shared.admin)
	if err != nil {
		t.Fatalf("%s is not an address", Variable)
	}
	address.Path = "/" + name
	return address.String()
}

// start makes a cluster in a temporary directory that listens on a Unix socket there and nowhere else.
func start() (admin string, stop func(), err error) {
	bin, err := programs()
	if err != nil {
		return "", nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return "", nil, err
	}
	// A short path, since a socket's path has a bound of about 100 bytes.
	dir, err := os.MkdirTemp("/tmp", "picket-pg-")
	if err != nil {
		return "", nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	if account != nil {
		if err := os.Chown(dir, int(account.Uid), int(account.Gid)); err != nil {
			return "", nil, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), startBound)
	defer cancel()
	data := filepath.Join(dir, "data")
	initdb := command(ctx, account, dir, filepath.Join(bin, "initdb"),
		"-D", data, "-U", "picket", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C")
	if output, err := initdb.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("initdb: %w\n%s", err, output)
	}
	// fsync stays on: the tests and benchmarks are about durable commits.
	server := command(context.Background(), account, dir, filepath.Join(bin, "postgres"),
		"-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "max_connections=200")
	var output bytes.Buffer
	server.Stdout, server.Stderr = &output, &output
	started, exited := make(chan error, 1), make(chan error, 1)
	go func() {
		// The kernel sends Pdeathsig when the thread that started the server ends, so this one must stay.
		runtime.LockOSThread()
		err := server.Start()
		started <- err
		if err == nil {
			exited <- server.Wait()
		}
	}()
	if err := <-started; err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = server.Process.Signal(syscall.SIGINT) // fast shutdown
		select {
		case <-exited:
		case <-time.After(startBound):
			_ = server.Process.Kill()
			<-exited
		}
		os.RemoveAll(dir)
	}
	admin = "postgres://picket@/postgres?host=" + url.QueryEscape(dir)
	if err := await(ctx, admin, exited); err != nil {
		stop()
		return "", nil, fmt.Errorf("%w\n%s", err, output.String())
	}
	return admin, stop, nil
}

// await returns when the server answers.
func await(ctx context.Context, admin string, exited chan error) error {
	db, err := sql.Open("pgx", admin)
	if err != nil {
		return err
	}
	defer db.Close()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case died := <-exited:
			exited <- died
			return fmt.Errorf("the server ended: %w", errors.Join(died, err))
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w", err)
		case <-ticker.C:
		}
	}
}

// programs finds the directory of initdb and postgres: the newest of Debian's, or that on PATH.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) == 0 {
		path, err := exec.LookPath("initdb")
		if err != nil {
			return "", errors.New(missing)
		}
		found = []string{path}
	}
	return filepath.Dir(found[0]), nil
}

// serverAccount is whom the server runs as: PostgreSQL refuses to run as root.
func serverAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(account.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(account.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root and there is no user postgres; " + missing)
}

func command(ctx context.Context, account *syscall.Credential, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "LC_ALL=C")
	// The server goes when the test binary dies, however it dies, and does not get the terminal's interrupt.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account, Setpgid: true, Pdeathsig: syscall.SIGINT}
	return cmd
}
