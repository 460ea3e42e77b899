// Command trim makes the built-in KEV catalogue from CISA's JSON file.
package main

import (
	"flag"
	"fmt"
	"os"

	"picket/internal/connector/kev"
)

const source = "https://github.com/cisagov/kev-data"

func main() {
	in := flag.String("in", "", "CISA's JSON catalogue")
	out := flag.String("out", "", "the trimmed catalogue")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "trim:", err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	text, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	catalogue, err := kev.Parse(text)
	if err != nil {
		return err
	}
	return os.WriteFile(out, catalogue.WriteTSV(source), 0o644)
}
