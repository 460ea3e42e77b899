package connector

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"picket/internal/soc"
)

// Request is one call of one operation.
type Request struct {
	Operation      string          // connector.operation
	Connection     string          // "" is the connector's default
	Arguments      json.RawMessage // an object, as the operation's input schema says
	IdempotencyKey string          // sent where the vendor takes one
	RunID          string          // the run that calls; "" for none
}

// Bounds of what is waited for and looked at.
const (
	maxArguments = 1 << 20         // bytes
	maxRateWait  = 2 * time.Second // a longer wait is the caller's, which can do it without holding a worker
)

// Call makes one call and gives the operation's output. Errors are *soc.Error with a *CallError in the chain; the
// call takes effect at most once, repeating it is the caller's decision; only what a vendor refused for its access
// token is sent again, with a new one.
func (r *Registry) Call(ctx context.Context, req Request) (json.RawMessage, error) {
	op, ok := r.operations[req.Operation]
	if !ok {
		return nil, refused(req.Operation, soc.Errorf(soc.NotFound, "there is no such operation"))
	}
	conn, err := r.find(op.connector.manifest.Name, req.Connection)
	if err != nil {
		return nil, refused(req.Operation, err)
	}
	arguments, err := op.arguments(req.Arguments)
	if err != nil {
		return nil, refused(req.Operation, err)
	}
	ctx, cancel := context.WithTimeout(ctx, op.info.Timeout)
	defer cancel()
	var output any
	var call *CallError
	if op.native != nil {
		output, call = op.callNative(context.WithValue(ctx, runKey{}, req.RunID), arguments)
	} else {
		output, call = r.callHTTP(ctx, op, conn, arguments, req.IdempotencyKey)
	}
	if call != nil {
		return nil, failed(req.Operation, call)
	}
	return encodeJSON(output)
}

// refused is the error of a call that was not tried.
func refused(operation string, err error) error {
	return failed(oneLine(operation, 100), &CallError{Kind: soc.KindOf(err), Message: err.Error()})
}

// Confirm reads back whether a call that changes things has taken effect. supported is false when the manifest
// has no way to tell.
func (r *Registry) Confirm(ctx context.Context, req Request) (done, supported bool, err error) {
	op, ok := r.operations[req.Operation]
	if !ok {
		return false, false, refused(req.Operation, soc.Errorf(soc.NotFound, "there is no such operation"))
	}
	if op.confirm == nil {
		return false, false, nil
	}
	arguments, err := op.arguments(req.Arguments)
	if err != nil {
		return false, true, refused(req.Operation, err)
	}
	with, _, err := op.confirm.with.render(arguments)
	if err != nil {
		return false, true, refused(req.Operation, soc.Errorf(soc.Invalid, "%w", err))
	}
	text, err := encodeJSON(with)
	if err != nil {
		return false, true, refused(req.Operation, err)
	}
	output, err := r.Call(ctx, Request{Operation: op.confirm.operation, Connection: req.Connection, Arguments: text})
	if err != nil {
		return false, true, fmt.Errorf("confirm %s: %w", req.Operation, err)
	}
	document, err := decodeJSON(output)
	if err != nil {
		return false, true, fmt.Errorf("confirm %s: %w", req.Operation, err)
	}
	for _, want := range op.confirm.equals {
		value, _, err := want.value.render(arguments)
		if err != nil {
			return false, true, refused(req.Operation, soc.Errorf(soc.Invalid, "%w", err))
		}
		if got, ok := want.at.at(document); !ok || fmt.Sprint(got) != fmt.Sprint(value) {
			return false, true, nil
		}
	}
	return true, true, nil
}

// arguments checks a call's arguments against the input schema and fills in its defaults.
func (op *operationEntry) arguments(text json.RawMessage) (map[string]any, error) {
	if len(text) == 0 {
		text = json.RawMessage("{}")
	}
	if len(text) > maxArguments {
		return nil, soc.Errorf(soc.Invalid, "arguments of %d bytes; at most %d are taken", len(text), maxArguments)
	}
	document, err := decodeJSON(text)
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "arguments are no JSON document: %s", oneLine(err.Error(), 100))
	}
	if err := op.input.validate(document); err != nil {
		return nil, soc.Errorf(soc.Invalid, "arguments: %w", err)
	}
	arguments, ok := document.(map[string]any)
	if !ok {
		return nil, soc.Errorf(soc.Invalid, "arguments must be an object")
	}
	for name, value := range op.input.defaults {
		if _, given := arguments[name]; !given {
			arguments[name] = value
		}
	}
	return arguments, nil
}

// callHTTP sends the call. A refused access token is replaced once and the call sent again: the vendor has done
// nothing with the first.
func (r *Registry) callHTTP(ctx context.Context, op *operationEntry, conn *connection, arguments map[string]any, key string) (any, *CallError) {
	tokens := conn.proof.tokens
	if tokens == nil {
		return r.send(ctx, op, conn, nil, arguments, key)
	}
	token, made, call := tokens.get(ctx, "")
	if call != nil {
		return nil, call
	}
	output, call := r.send(ctx, op, conn, token, arguments, key)
	if call == nil || call.Status != http.StatusUnauthorized || made {
		return output, call
	}
	token, _, failed := tokens.get(ctx, token.value)
	if failed != nil {
		return nil, call // as refused as it was
	}
	return r.send(ctx, op, conn, token, arguments, key)
}

func (r *Registry) send(ctx context.Context, op *operationEntry, conn *connection, token *accessToken, arguments map[string]any, key string) (output any, call *CallError) {
	mask := conn.mask
	if token != nil {
		mask = token.mask
	}
	defer func() {
		if call != nil {
			call.Message = mask.text(call.Message)
		}
	}()
	httpReq, body, err := op.request(ctx, conn, arguments, key)
	if err != nil {
		return nil, &CallError{Kind: soc.Invalid, Message: err.Error()}
	}
	if call := conn.waitTurn(ctx); call != nil {
		return nil, call
	}
	conn.proof.authorise(httpReq, body, token, r.now())
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	httpReq = httpReq.WithContext(httptrace.WithClientTrace(ctx, trace))
	// A call that changes things gets a connection of its own unless repeating it is harmless: on an idle one that the
	// peer has just closed, nobody could tell whether it was read.
	safe := op.info.Effect == EffectRead || op.info.Effect == EffectWrite && httpReq.Header.Get(op.spec.Request.Idempotency) != ""
	resp, err := r.clients[clientKey{conn.allowPrivate, !safe}]().Do(httpReq)
	if err != nil {
		return nil, transportError(err, sent.Load(), conn.base.Host)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		call := transportError(err, true, conn.base.Host)
		call.Status = resp.StatusCode
		return nil, call
	}
	return op.answer(resp, answer, conn.base.Host, mask, arguments, r.now())
}

// waitTurn keeps to the vendor's rate. A long wait is handed back, with its length.
func (c *connection) waitTurn(ctx context.Context) *CallError {
	if c.limiter == nil {
		return nil
	}
	turn := c.limiter.Reserve()
	wait := turn.Delay()
	if wait == 0 {
		return nil
	}
	deadline, bounded := ctx.Deadline()
	if wait > maxRateWait || (bounded && time.Until(deadline) < wait) {
		turn.Cancel()
		return &CallError{Kind: soc.Unavailable, RetryAfter: wait, Message: "the rate limit of connection " + c.info.Name + " is used up"}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		turn.Cancel()
		return &CallError{Kind: soc.Unavailable, Message: "cancelled while waiting for the rate limit of connection " + c.info.Name}
	}
}
