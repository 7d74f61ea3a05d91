// Package store is the receiving side of the contract wasmcloud:keyvalue. It is apart from the
// messages because context makes an actor a fifth larger.
package store

import (
	"context"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
)

// Store is what a provider of the contract does; the methods of keyvalue.Client say what each is to do.
type Store interface {
	Get(ctx context.Context, key string) (keyvalue.GetResponse, error)
	Set(ctx context.Context, r keyvalue.SetRequest) error
	Del(ctx context.Context, key string) (bool, error)
	Contains(ctx context.Context, key string) (bool, error)
	Increment(ctx context.Context, r keyvalue.IncrementRequest) (int32, error)
	ListAdd(ctx context.Context, r keyvalue.ListRequest) (uint32, error)
	ListDel(ctx context.Context, r keyvalue.ListRequest) (bool, error)
	ListRange(ctx context.Context, r keyvalue.ListRangeRequest) ([]string, error)
	ListClear(ctx context.Context, list string) (bool, error)
	SetAdd(ctx context.Context, r keyvalue.SetValueRequest) (uint32, error)
	SetDel(ctx context.Context, r keyvalue.SetValueRequest) (uint32, error)
	SetQuery(ctx context.Context, set string) ([]string, error)
	SetUnion(ctx context.Context, sets []string) ([]string, error)
	SetIntersection(ctx context.Context, sets []string) ([]string, error)
	SetClear(ctx context.Context, set string) (bool, error)
}

// Dispatch answers an operation by a store. known is false for an operation that the contract
// does not have.
func Dispatch(ctx context.Context, s Store, operation string, msg []byte) (reply []byte, known bool, err error) {
	answer, known := answers[operation]
	if !known {
		return nil, false, nil
	}
	reply, err = answer(ctx, s, msg)
	return reply, true, err
}

type answer = func(ctx context.Context, s Store, msg []byte) ([]byte, error)

// answers is never changed.
var answers = map[string]answer{
	keyvalue.OpGet:             plain(Store.Get, msgpack.DecodeString, keyvalue.GetResponse.MarshalMsgpack),
	keyvalue.OpSet:             set,
	keyvalue.OpDel:             plain(Store.Del, msgpack.DecodeString, msgpack.EncodeBool),
	keyvalue.OpContains:        plain(Store.Contains, msgpack.DecodeString, msgpack.EncodeBool),
	keyvalue.OpIncrement:       plain(Store.Increment, read[keyvalue.IncrementRequest], msgpack.EncodeInt32),
	keyvalue.OpListAdd:         plain(Store.ListAdd, read[keyvalue.ListRequest], msgpack.EncodeUint32),
	keyvalue.OpListDel:         plain(Store.ListDel, read[keyvalue.ListRequest], msgpack.EncodeBool),
	keyvalue.OpListRange:       plain(Store.ListRange, read[keyvalue.ListRangeRequest], msgpack.EncodeStrings),
	keyvalue.OpListClear:       plain(Store.ListClear, msgpack.DecodeString, msgpack.EncodeBool),
	keyvalue.OpSetAdd:          plain(Store.SetAdd, read[keyvalue.SetValueRequest], msgpack.EncodeUint32),
	keyvalue.OpSetDel:          plain(Store.SetDel, read[keyvalue.SetValueRequest], msgpack.EncodeUint32),
	keyvalue.OpSetQuery:        plain(Store.SetQuery, msgpack.DecodeString, msgpack.EncodeStrings),
	keyvalue.OpSetUnion:        plain(Store.SetUnion, msgpack.DecodeStrings, msgpack.EncodeStrings),
	keyvalue.OpSetIntersection: plain(Store.SetIntersection, msgpack.DecodeStrings, msgpack.EncodeStrings),
	keyvalue.OpSetClear:        plain(Store.SetClear, msgpack.DecodeString, msgpack.EncodeBool),
}

func plain[A, R any](do func(Store, context.Context, A) (R, error), unmarshal func([]byte) (A, error), marshal func(R) []byte) answer {
	return func(ctx context.Context, s Store, msg []byte) ([]byte, error) {
		arg, err := unmarshal(msg)
		if err != nil {
			return nil, err
		}
		result, err := do(s, ctx, arg)
		if err != nil {
			return nil, err
		}
		return marshal(result), nil
	}
}

// set has no result.
func set(ctx context.Context, s Store, msg []byte) ([]byte, error) {
	r, err := read[keyvalue.SetRequest](msg)
	if err != nil {
		return nil, err
	}
	return nil, s.Set(ctx, r)
}

func read[T any, P interface {
	*T
	UnmarshalMsgpack(b []byte) error
}](b []byte) (T, error) {
	var v T
	err := P(&v).UnmarshalMsgpack(b)
	return v, err
}
