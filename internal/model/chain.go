package model

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"picket/internal/soc"
)

const (
	// patience is the longest Retry-After that is waited for before the next provider is asked: the same model's answer
	// is worth a moment.
	patience = 5 * time.Second
	// chainShare is the time of each provider where the caller has set no end.
	chainShare = 2 * time.Minute
)

// Chain asks providers in order until one answers. It goes on from one that is unavailable, overloaded or too slow; a
// refusal, a request that is not taken and an answer that is no good end it.
type Chain struct {
	name    string
	members []Provider
}

var _ Provider = (*Chain)(nil)

// NewChain returns a chain of one or more providers.
func NewChain(name string, members ...Provider) (*Chain, error) {
	if len(members) == 0 {
		return nil, soc.Errorf(soc.Invalid, "%s: a chain needs providers", name)
	}
	return &Chain{name: name, members: members}, nil
}

// Name is what playbooks call the chain.
func (c *Chain) Name() string { return c.name }

// Complete asks. Response.Provider is the one that answered, and Tried says what became of each that was asked.
func (c *Chain) Complete(ctx context.Context, req Request) (Response, error) {
	var tried []Tried
	var spent Response // what failed attempts have used
	var whys []string
	var again time.Duration // the soonest that one of them may be asked again
	for i, p := range c.members {
		out, one, err := c.ask(ctx, p, req, len(c.members)-i)
		tried = append(tried, one)
		out.TokensIn += spent.TokensIn
		out.TokensOut += spent.TokensOut
		out.CostUSD += spent.CostUSD
		out.NoPrice = out.NoPrice || spent.NoPrice
		out.Tried = tried
		if out.Provider == "" {
			out.Provider = p.Name()
		}
		if err == nil || ctx.Err() != nil || soc.KindOf(err) != soc.Unavailable {
			return out, err
		}
		if call, ok := errors.AsType[*CallError](err); ok && call.RetryAfter > 0 && (again == 0 || call.RetryAfter < again) {
			again = call.RetryAfter
		}
		whys = append(whys, err.Error())
		spent = out
	}
	if len(whys) > 1 {
		return spent, &CallError{RetryAfter: again, cause: soc.Errorf(soc.Unavailable, "no provider answered: %s", strings.Join(whys, "; "))}
	}
	return spent, &CallError{RetryAfter: again, cause: soc.Errorf(soc.Unavailable, "%s", whys[0])}
}

// ask gives a provider its share of the time that is left, so that those after it have theirs.
func (c *Chain) ask(ctx context.Context, p Provider, req Request, left int) (Response, Tried, error) {
	share := chainShare
	if deadline, ok := ctx.Deadline(); ok {
		share = time.Until(deadline) / time.Duration(left)
	}
	if left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, share)
		defer cancel()
	}
	started := time.Now()
	out, err := p.Complete(ctx, req)
	if call, ok := errors.AsType[*CallError](err); ok && call.Status == http.StatusTooManyRequests &&
		call.RetryAfter > 0 && call.RetryAfter <= min(patience, share-time.Since(started)) {
		select {
		case <-ctx.Done():
		case <-time.After(call.RetryAfter):
			out, err = p.Complete(ctx, req)
		}
	}
	one := triedOf(p, out, err)
	one.LatencyMS = time.Since(started).Milliseconds()
	return out, one, err
}

// triedOf notes what became of a provider that was asked.
func triedOf(p Provider, out Response, err error) Tried {
	one := Tried{Provider: p.Name(), Model: out.Model, Answered: err == nil, TokensIn: out.TokensIn, TokensOut: out.TokensOut}
	if out.Provider != "" && out.Provider != p.Name() {
		one.Provider += "/" + out.Provider
	}
	if !out.NoPrice {
		cost := out.CostUSD
		one.CostUSD = &cost
	}
	if err != nil {
		one.Kind, one.Message = string(soc.KindOf(err)), cut(err.Error(), 500)
	}
	return one
}
