package netclass

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// builtin has the ranges that a provider publishes as few, stable blocks. The large clouds publish thousands of
// blocks that change weekly: they are loaded from the provider's own file.
var builtin = []struct {
	name   string
	ranges []string
}{
	{"Cloudflare", []string{ // https://www.cloudflare.com/ips/
		"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18",
		"108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17",
		"162.158.0.0/15", "104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
		"2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32",
		"2a06:98c0::/29", "2c0f:f248::/32",
	}},
}

// maxFile bounds a file of ranges; the largest of today is AWS's with 2 MB.
const maxFile = 64 << 20

// rangeFile is the union of the layouts: MISP warning lists (name, list), AWS ip-ranges.json (prefixes,
// ipv6_prefixes), Google cloud.json (prefixes) and Azure service tags (values).
type rangeFile struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	List     []string `json:"list"`
	Prefixes []struct {
		IP      string `json:"ip_prefix"`  // AWS
		IPv4    string `json:"ipv4Prefix"` // Google
		IPv6    string `json:"ipv6Prefix"`
		Service string `json:"service"`
		Region  string `json:"region"`
	} `json:"prefixes"`
	IPv6Prefixes []struct {
		IP string `json:"ipv6_prefix"`
	} `json:"ipv6_prefixes"`
	Values []struct {
		Name       string `json:"name"`
		Properties struct {
			Prefixes []string `json:"addressPrefixes"`
		} `json:"properties"`
	} `json:"values"`
}

func (t *Table) load(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.Size() > maxFile {
		return fmt.Errorf("%d bytes are more than %d", info.Size(), int64(maxFile))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var f rangeFile
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	before := len(t.clouds)
	switch {
	case len(f.List) > 0:
		if f.Type != "cidr" {
			return fmt.Errorf("a warning list of type %q has no ranges; it must be cidr", f.Type)
		}
		name := providerName(f.Name)
		for _, text := range f.List {
			if err := t.add(text, name); err != nil {
				return err
			}
		}
	case len(f.Values) > 0:
		for _, value := range f.Values {
			for _, text := range value.Properties.Prefixes {
				if err := t.add(text, "Microsoft Azure"); err != nil {
					return err
				}
			}
		}
	default:
		for _, p := range f.Prefixes {
			name, text := "Google Cloud", p.IPv4+p.IPv6
			if p.IP != "" {
				name, text = "Amazon Web Services", p.IP
			}
			if err := t.add(text, name); err != nil {
				return err
			}
		}
		for _, p := range f.IPv6Prefixes {
			if err := t.add(p.IP, "Amazon Web Services"); err != nil {
				return err
			}
		}
	}
	if len(t.clouds) == before && len(f.List)+len(f.Prefixes)+len(f.IPv6Prefixes)+len(f.Values) == 0 {
		return errors.New("it is no warning list, AWS, Google or Azure range file")
	}
	return nil
}

func (t *Table) add(text, name string) error {
	text = strings.TrimSpace(text)
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		addr, addrErr := netip.ParseAddr(text)
		if addrErr != nil {
			return fmt.Errorf("%.60q is no range", text)
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	if prefix.Bits() == 0 {
		return fmt.Errorf("%s is the whole internet", prefix)
	}
	t.clouds[prefix.Masked()] = name
	return nil
}

// providerName shortens the name of a warning list ("List of known Cloudflare IP ranges") to the provider's.
func providerName(name string) string {
	for _, known := range []struct{ part, name string }{
		{"cloudflare", "Cloudflare"}, {"amazon", "Amazon Web Services"}, {"aws", "Amazon Web Services"},
		{"gcp", "Google Cloud"}, {"google", "Google Cloud"}, {"azure", "Microsoft Azure"}, {"office 365", "Microsoft 365"},
		{"microsoft", "Microsoft"}, {"akamai", "Akamai"}, {"fastly", "Fastly"}, {"ovh", "OVH"}, {"digitalocean", "DigitalOcean"},
		{"oracle", "Oracle Cloud"},
	} {
		if strings.Contains(strings.ToLower(name), known.part) {
			return known.name
		}
	}
	if name == "" {
		return "unnamed list"
	}
	return name
}

func (t *Table) index() {
	seen4, seen6 := map[int]bool{}, map[int]bool{}
	for prefix := range t.clouds {
		if prefix.Addr().Is4() {
			seen4[prefix.Bits()] = true
		} else {
			seen6[prefix.Bits()] = true
		}
	}
	for n := range seen4 {
		t.bits4 = append(t.bits4, n)
	}
	for n := range seen6 {
		t.bits6 = append(t.bits6, n)
	}
	slices.Sort(t.bits4)
	slices.Sort(t.bits6)
	slices.Reverse(t.bits4)
	slices.Reverse(t.bits6)
}
