// Package geoip tells the country of an address from an MMDB file.
package geoip

import (
	"embed"
	"errors"
	"io/fs"
	"net/netip"
	"strings"
	"sync"

	"github.com/oschwald/maxminddb-golang/v2"

	"picket/internal/soc"
)

//go:generate ./fetch.sh

// The directory always exists; the data in it is fetched by `make data` and is not in the repository.
//
//go:embed all:data
var data embed.FS

// Database answers lookups. It is safe for concurrent use.
type Database struct {
	open func() (*maxminddb.Reader, error)
}

// Country is the answer to a lookup. Country is an ISO 3166-1 code, empty when the data has none for the address.
type Country struct {
	IP      string `json:"ip"`
	Found   bool   `json:"found"`
	Country string `json:"country"`
	Network string `json:"network"` // the range that the answer is for
}

// record has both layouts in use: flat as in ip-location-db, nested as in GeoLite2.
type record struct {
	Flat   string `maxminddb:"country_code"`
	Nested struct {
		ISO string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Registered struct {
		ISO string `maxminddb:"iso_code"`
	} `maxminddb:"registered_country"`
}

// Open uses an MMDB file, or the data built into the program when path is empty. A file is opened at once, so
// that a wrong path shows at start; built-in data is opened with the first lookup.
func Open(path string) (*Database, error) {
	if path == "" {
		return &Database{open: sync.OnceValues(openBuiltin)}, nil
	}
	reader, err := maxminddb.Open(path)
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "country data %s: %w", path, err)
	}
	return &Database{open: func() (*maxminddb.Reader, error) { return reader, nil }}, nil
}

func openBuiltin() (*maxminddb.Reader, error) {
	bytes, err := data.ReadFile("data/country.mmdb")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, soc.Errorf(soc.NotFound, "country data is not built in; run make data and build again, or configure an MMDB file")
	}
	if err != nil {
		return nil, soc.Errorf(soc.Internal, "country data: %w", err)
	}
	reader, err := maxminddb.OpenBytes(bytes)
	if err != nil {
		return nil, soc.Errorf(soc.Internal, "country data: %w", err)
	}
	return reader, nil
}

// Lookup gives the country of an address. An address that the data does not know is an answer, not an error.
func (d *Database) Lookup(addr netip.Addr) (Country, error) {
	out := Country{IP: addr.String()}
	reader, err := d.open()
	if err != nil {
		return out, err
	}
	if addr.Is6() && reader.Metadata.IPVersion == 4 {
		return out, nil
	}
	result := reader.Lookup(addr)
	if err := result.Err(); err != nil {
		return out, soc.Errorf(soc.Internal, "country data: %w", err)
	}
	if !result.Found() {
		return out, nil
	}
	var r record
	if err := result.Decode(&r); err != nil {
		return out, soc.Errorf(soc.Internal, "country data: %w", err)
	}
	for _, code := range []string{r.Flat, r.Nested.ISO, r.Registered.ISO} {
		if code != "" {
			out.Country = strings.ToUpper(code)
			break
		}
	}
	out.Found = out.Country != ""
	out.Network = result.Prefix().String()
	return out, nil
}
