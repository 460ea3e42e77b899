package connector

import (
	"embed"
	"io/fs"
	"path"

	"picket/internal/soc"
)

//go:embed manifests/*.yaml
var builtin embed.FS

// loadManifests reads the embedded manifests and then those of the directories; a name may stand once.
func loadManifests(dirs []fs.FS, labels []string) ([]*manifest, error) {
	sources := append([]fs.FS{builtin}, dirs...)
	names := append([]string{""}, labels...)
	seen := map[string]string{}
	var all []*manifest
	for i, source := range sources {
		dir := "manifests"
		if i > 0 {
			dir = "."
		}
		files, err := fs.ReadDir(source, dir)
		if err != nil {
			return nil, soc.Errorf(soc.Invalid, "read connectors in %s: %w", names[i], err)
		}
		for _, file := range files {
			if file.IsDir() || path.Ext(file.Name()) != ".yaml" {
				continue
			}
			place := path.Join(names[i], file.Name())
			text, err := fs.ReadFile(source, path.Join(dir, file.Name()))
			if err != nil {
				return nil, soc.Errorf(soc.Invalid, "read connector manifest %s: %w", place, err)
			}
			m, err := parseManifest(place, text)
			if err != nil {
				return nil, err
			}
			if other, ok := seen[m.Name]; ok {
				return nil, soc.Errorf(soc.Invalid, "connector manifest %s: the name %s is taken by %s", place, m.Name, other)
			}
			if m.Native && i > 0 {
				return nil, soc.Errorf(soc.Invalid, "connector manifest %s: only built-in connectors can be native", place)
			}
			seen[m.Name] = place
			all = append(all, m)
		}
	}
	return all, nil
}
