package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"picket/internal/soc"
)

// Records is where judged alerts are found.
type Records struct {
	Alert func(ctx context.Context, id string) (soc.Alert, error)
	// Gathered is what a playbook had beside the alert when it asked for the verdict; nil leaves it out.
	Gathered func(ctx context.Context, j soc.Judgement) (evidence []soc.Evidence, missing []string, err error)
}

// Export writes judged alerts as a data set that Read reads: each alert once, with the label of its newest judgement.
// A judgement that puts an alert on neither side labels nothing, and one of a run without an alert neither.
func Export(ctx context.Context, w io.Writer, newestFirst []soc.Judgement, records Records) error {
	enc := json.NewEncoder(w)
	seen := map[string]bool{}
	for _, j := range newestFirst {
		if j.AlertID == "" || seen[j.AlertID] {
			continue
		}
		seen[j.AlertID] = true
		label := j.RightClassification
		if sides[label] == "" {
			label = j.Right
		}
		if sides[label] == "" {
			continue
		}
		a, err := records.Alert(ctx, j.AlertID)
		if err != nil {
			return fmt.Errorf("alert %s: %w", j.AlertID, err)
		}
		document, err := json.Marshal(a)
		if err != nil {
			return err
		}
		line := row{Alert: document, Source: a.Source, Label: label, Group: standingGroup(a, document)}
		if records.Gathered != nil {
			evidence, missing, err := records.Gathered(ctx, j)
			if err != nil {
				return fmt.Errorf("the evidence of alert %s: %w", j.AlertID, err)
			}
			line.Missing = missing
			for _, e := range evidence {
				line.Evidence = append(line.Evidence, exhibit(e))
			}
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return ctx.Err()
}
