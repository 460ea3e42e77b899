package connector

import (
	"context"
	"errors"
	"net/netip"

	"picket/internal/connector/clock"
	"picket/internal/connector/geoip"
	"picket/internal/connector/intel"
	"picket/internal/connector/kev"
	"picket/internal/connector/netclass"
	"picket/internal/soc"
)

// nativeFunc is an operation that is Go because HTTP can't do it. Its arguments have passed the input schema.
type nativeFunc func(ctx context.Context, arguments map[string]any) (any, error)

func nativeFuncs(countries *geoip.Database, lists *intel.Database, networks *netclass.Table, catalogue *kev.Catalogue, memory Memory) map[string]nativeFunc {
	return map[string]nativeFunc{
		"clock.local": func(_ context.Context, args map[string]any) (any, error) {
			return clock.Local(textArgument(args, "at"), textArgument(args, "timezone"))
		},
		"geoip.lookup": func(_ context.Context, args map[string]any) (any, error) {
			addr, err := address(args)
			if err != nil {
				return nil, err
			}
			return countries.Lookup(addr)
		},
		"intel.lookup": func(_ context.Context, args map[string]any) (any, error) {
			kind, _ := args["type"].(string)
			return lists.Lookup(textArgument(args, "value"), kind)
		},
		"net.classify": func(_ context.Context, args map[string]any) (any, error) {
			addr, err := address(args)
			if err != nil {
				return nil, err
			}
			return networks.Classify(addr), nil
		},
		"memory.lookup":  func(ctx context.Context, args map[string]any) (any, error) { return known(ctx, memory, args) },
		"memory.propose": func(ctx context.Context, args map[string]any) (any, error) { return toBeKnown(ctx, memory, args) },
		"kev.lookup": func(_ context.Context, args map[string]any) (any, error) {
			return catalogue.Lookup(textArgument(args, "cve")), nil
		},
	}
}

func textArgument(arguments map[string]any, name string) string {
	text, _ := arguments[name].(string)
	return text
}

func address(arguments map[string]any) (netip.Addr, error) {
	addr, err := netip.ParseAddr(textArgument(arguments, "ip"))
	if err != nil {
		return netip.Addr{}, soc.Errorf(soc.Invalid, "ip is no IP address")
	}
	return addr.WithZone("").Unmap(), nil
}

// callNative runs the function and holds its output against the schema, as for a vendor's answer.
func (op *operationEntry) callNative(ctx context.Context, arguments map[string]any) (any, *CallError) {
	if err := ctx.Err(); err != nil {
		return nil, &CallError{Kind: soc.Unavailable, Message: "the call was cancelled"}
	}
	output, err := op.native(ctx, arguments)
	if err != nil {
		message := err.Error()
		if e, ok := errors.AsType[*soc.Error](err); ok {
			message = e.Error()
		}
		return nil, &CallError{Kind: soc.KindOf(err), Message: oneLine(message, 300)}
	}
	text, err := encodeJSON(output)
	if err != nil {
		return nil, &CallError{Kind: soc.Internal, Message: "output: " + err.Error()}
	}
	document, err := decodeJSON(text)
	if err == nil {
		err = op.output.validate(document)
	}
	if err != nil {
		return nil, &CallError{Kind: soc.Internal, Message: "output: " + err.Error()}
	}
	return document, nil
}
