package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones, where the machine has none

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

const (
	schedulePrefix = "schedule/"
	// scheduleCatchUp is how late a time may be that passed while nothing ran: what is older is not made up for.
	scheduleCatchUp = time.Hour
	// scheduleSync bounds the start: a sync is a few calls for each schedule.
	scheduleSync = 2 * time.Minute
	// schedulesKept is the setting that lists the schedules that were made: Temporal's own list is rebuilt now and then.
	schedulesKept = "schedules"
)

// schedules brings Temporal's schedules in line with the library's triggers: one for each, by the playbook's name and
// the trigger's number. Times may overlap: a playbook's run.key says what then happens.
type schedules struct {
	temporal client.ScheduleClient
	store    *store.Store
}

// sync makes, changes and deletes what differs. One that is as it should be is not touched: a change would forget the
// times that passed while nothing ran.
func (s *schedules) sync(ctx context.Context, library *Library) error {
	ctx, cancel := context.WithTimeout(ctx, scheduleSync)
	defer cancel()
	wanted, err := wantedSchedules(library)
	if err != nil {
		return err
	}
	there, err := s.there(ctx)
	if err != nil {
		return fmt.Errorf("list the schedules: %w", err)
	}
	// Those that are being made are noted before, so that none is forgotten when this ends half-way.
	if err := s.note(ctx, slices.Concat(there, slices.Collect(maps.Keys(wanted)))); err != nil {
		return err
	}
	for _, id := range there {
		if _, keep := wanted[id]; keep {
			continue
		}
		err := s.temporal.GetHandle(ctx, id).Delete(ctx)
		if _, gone := errors.AsType[*serviceerror.NotFound](err); err != nil && !gone {
			return fmt.Errorf("delete the schedule %s: %w", id, err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		if err := s.keep(ctx, wanted[id]); err != nil {
			return fmt.Errorf("keep the schedule %s: %w", id, err)
		}
	}
	return s.note(ctx, slices.Collect(maps.Keys(wanted)))
}

// there lists our schedules.
func (s *schedules) there(ctx context.Context) ([]string, error) {
	ids := map[string]bool{}
	kept, err := s.store.Setting(ctx, schedulesKept)
	if err != nil && soc.KindOf(err) != soc.NotFound {
		return nil, err
	}
	for _, id := range strings.Fields(kept) {
		ids[id] = true
	}
	list, err := s.temporal.List(ctx, client.ScheduleListOptions{PageSize: 200})
	if err != nil {
		return nil, err
	}
	for list.HasNext() {
		entry, err := list.Next()
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(entry.ID, schedulePrefix) {
			ids[entry.ID] = true
		}
	}
	return slices.Sorted(maps.Keys(ids)), nil
}

func (s *schedules) note(ctx context.Context, ids []string) error {
	slices.Sort(ids)
	return s.store.SetSetting(ctx, schedulesKept, strings.Join(slices.Compact(ids), " "))
}

// keep makes a schedule, or changes the one that is there if it says something else.
func (s *schedules) keep(ctx context.Context, o client.ScheduleOptions) error {
	_, err := s.temporal.Create(ctx, o)
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return s.temporal.GetHandle(ctx, o.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			is := in.Description.Schedule
			if is.State != nil && is.State.Note == o.Note {
				return nil, temporal.ErrSkipScheduleUpdate
			}
			is.Spec, is.Action = &o.Spec, o.Action
			is.Policy = &client.SchedulePolicies{Overlap: o.Overlap, CatchupWindow: o.CatchupWindow}
			if is.State == nil {
				is.State = &client.ScheduleState{}
			}
			is.State.Note = o.Note
			return &client.ScheduleUpdate{Schedule: &is}, nil
		},
	})
}

// wantedSchedules are those of the library's triggers, by id.
func wantedSchedules(library *Library) (map[string]client.ScheduleOptions, error) {
	wanted := map[string]client.ScheduleOptions{}
	for _, p := range library.All() {
		if p.Plan == nil {
			continue
		}
		n := 0
		for _, t := range p.Plan.Triggers {
			if t.Kind != soc.TriggerSchedule {
				continue
			}
			n++
			id := fmt.Sprintf("%s%s/%d", schedulePrefix, p.Name, n)
			o, err := scheduleOf(id, p.Name, t)
			if err != nil {
				return nil, err
			}
			wanted[id] = o
		}
	}
	return wanted, nil
}

func scheduleOf(id, playbook string, t plan.Trigger) (client.ScheduleOptions, error) {
	in := contract.ScheduledInput{Playbook: playbook}
	if len(t.Inputs) > 0 {
		inputs, err := expr.EvalValue(plan.Value{Object: t.Inputs}, expr.NewScope(nil, time.Time{}))
		if err != nil {
			return client.ScheduleOptions{}, soc.Errorf(soc.Invalid, "the inputs of the schedule of %s: %v", playbook, err)
		}
		in.Inputs = inputs
	}
	spec := client.ScheduleSpec{TimeZoneName: t.Timezone}
	if t.Every > 0 {
		spec.Intervals = []client.ScheduleIntervalSpec{{Every: time.Duration(t.Every) * time.Millisecond}}
	} else {
		spec.CronExpressions = []string{t.Cron}
	}
	said, err := json.Marshal(t)
	if err != nil {
		return client.ScheduleOptions{}, err
	}
	sum := sha256.Sum256(append([]byte("picket-schedule-v1\n"+playbook+"\n"), said...))
	return client.ScheduleOptions{
		ID: id, Spec: spec, Overlap: enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL, CatchupWindow: scheduleCatchUp,
		Note: "made by picket of what the playbook says: " + hex.EncodeToString(sum[:]),
		Action: &client.ScheduleWorkflowAction{
			ID: strings.TrimPrefix(id, schedulePrefix), Workflow: contract.WorkflowScheduled, Args: []any{in},
			TaskQueue: contract.QueueWorkflow, WorkflowRunTimeout: scheduleCatchUp,
		},
	}, nil
}
