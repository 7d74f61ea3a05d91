package kvnats

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
)

// view is what one link sees of a bucket.
type view struct {
	b      *bucket
	prefix string
}

var _ keyvalue.KeyValue[context.Context] = view{}

func (v view) read(ctx context.Context, k kind, key string) (found, error) {
	name, err := bucketKey(v.prefix, key)
	if err != nil {
		return found{}, err
	}
	f, err := v.b.get(ctx, name)
	if err != nil {
		return found{}, err
	}
	return f, f.want(k, key)
}

// change writes what decide makes of the old value, which is of kind k if it exists.
func (v view) change(ctx context.Context, k kind, key string, decide func(old found) (record, change, error)) error {
	name, err := bucketKey(v.prefix, key)
	if err != nil {
		return err
	}
	return v.b.update(ctx, name, func(old found) (record, change, error) {
		if err := old.want(k, key); err != nil {
			return record{}, keep, err
		}
		if !old.exists {
			old.record = record{} // what has expired leaves nothing behind
		}
		old.kind = k
		return decide(old)
	})
}

func (v view) Get(ctx context.Context, key string) (keyvalue.GetResponse, error) {
	f, err := v.read(ctx, aString, key)
	if err != nil || !f.exists {
		return keyvalue.GetResponse{}, err
	}
	return keyvalue.GetResponse{Value: f.value, Exists: true}, nil
}

// Set replaces whatever was there, of any kind.
func (v view) Set(ctx context.Context, r keyvalue.SetRequest) error {
	name, err := bucketKey(v.prefix, r.Key)
	if err != nil {
		return err
	}
	next := record{kind: aString, value: r.Value}
	if r.Expires > 0 {
		next.expires = v.b.now().Add(time.Duration(r.Expires) * time.Second).UnixMilli()
	}
	_, err = v.b.kv.Put(ctx, name, next.marshal())
	return explain(err)
}

// Del removes a value of any kind.
func (v view) Del(ctx context.Context, key string) (existed bool, err error) {
	name, err := bucketKey(v.prefix, key)
	if err != nil {
		return false, err
	}
	err = v.b.update(ctx, name, func(old found) (record, change, error) {
		existed = old.exists
		return record{}, remove, nil
	})
	return existed, err
}

func (v view) Contains(ctx context.Context, key string) (bool, error) {
	name, err := bucketKey(v.prefix, key)
	if err != nil {
		return false, err
	}
	f, err := v.b.get(ctx, name)
	return f.exists, err
}

// Increment keeps the expiry of the value, as Redis does.
func (v view) Increment(ctx context.Context, r keyvalue.IncrementRequest) (sum int32, err error) {
	err = v.change(ctx, aString, r.Key, func(old found) (record, change, error) {
		n := int64(0)
		if old.exists {
			var err error
			if n, err = strconv.ParseInt(old.value, 10, 32); err != nil {
				return record{}, keep, fmt.Errorf("%q holds %q, which is no number of 32 bits", shorten(r.Key), shorten(old.value))
			}
		}
		n += int64(r.Value)
		if n < math.MinInt32 || n > math.MaxInt32 {
			return record{}, keep, fmt.Errorf("%q would leave the range of 32 bits", shorten(r.Key))
		}
		sum = int32(n)
		old.value = strconv.FormatInt(n, 10)
		return old.record, write, nil
	})
	return sum, err
}

func (v view) ListAdd(ctx context.Context, r keyvalue.ListAddRequest) (length uint32, err error) {
	err = v.change(ctx, aList, r.ListName, func(old found) (record, change, error) {
		old.values = append(old.values, r.Value)
		length = uint32(len(old.values))
		return old.record, write, nil
	})
	return length, err
}

// ListDel removes the first such value. A list without values is no list any more.
func (v view) ListDel(ctx context.Context, r keyvalue.ListDelRequest) (removed bool, err error) {
	err = v.change(ctx, aList, r.ListName, func(old found) (record, change, error) {
		i := slices.Index(old.values, r.Value)
		removed = i >= 0
		if !removed {
			return record{}, keep, nil
		}
		old.values = slices.Delete(old.values, i, i+1)
		return old.record, emptied(old.record), nil
	})
	return removed, err
}

func emptied(r record) change {
	if len(r.values) == 0 {
		return remove
	}
	return write
}

// ListRange counts negative indices from the end, -1 being the last, as Redis does.
func (v view) ListRange(ctx context.Context, r keyvalue.ListRangeRequest) ([]string, error) {
	f, err := v.read(ctx, aList, r.ListName)
	if err != nil || !f.exists {
		return nil, err
	}
	n := int64(len(f.values))
	start, stop := int64(r.Start), int64(r.Stop)
	if start < 0 {
		start = max(start+n, 0)
	}
	if stop < 0 {
		stop += n
	}
	stop = min(stop, n-1)
	if start > stop {
		return nil, nil
	}
	return f.values[start : stop+1], nil
}

func (v view) ListClear(ctx context.Context, list string) (bool, error) {
	return v.clear(ctx, aList, list)
}

func (v view) clear(ctx context.Context, k kind, key string) (existed bool, err error) {
	err = v.change(ctx, k, key, func(old found) (record, change, error) {
		existed = old.exists
		return record{}, remove, nil
	})
	return existed, err
}

func (v view) SetAdd(ctx context.Context, r keyvalue.SetAddRequest) (added uint32, err error) {
	err = v.change(ctx, aSet, r.SetName, func(old found) (record, change, error) {
		i, there := slices.BinarySearch(old.values, r.Value)
		added = 0
		if there {
			return record{}, keep, nil
		}
		added = 1
		old.values = slices.Insert(old.values, i, r.Value)
		return old.record, write, nil
	})
	return added, err
}

func (v view) SetDel(ctx context.Context, r keyvalue.SetDelRequest) (removed uint32, err error) {
	err = v.change(ctx, aSet, r.SetName, func(old found) (record, change, error) {
		i, there := slices.BinarySearch(old.values, r.Value)
		removed = 0
		if !there {
			return record{}, keep, nil
		}
		removed = 1
		old.values = slices.Delete(old.values, i, i+1)
		return old.record, emptied(old.record), nil
	})
	return removed, err
}

func (v view) SetQuery(ctx context.Context, set string) ([]string, error) {
	f, err := v.read(ctx, aSet, set)
	if err != nil || !f.exists {
		return nil, err
	}
	return f.values, nil
}

func (v view) SetUnion(ctx context.Context, sets []string) ([]string, error) {
	var all []string
	err := v.each(ctx, sets, func(_ int, values []string) { all = append(all, values...) })
	slices.Sort(all)
	return slices.Compact(all), err
}

func (v view) SetIntersection(ctx context.Context, sets []string) ([]string, error) {
	var common []string
	err := v.each(ctx, sets, func(i int, values []string) {
		if i == 0 {
			common = values
			return
		}
		common = slices.DeleteFunc(common, func(s string) bool {
			_, there := slices.BinarySearch(values, s)
			return !there
		})
	})
	return common, err
}

// each reads sets one after the other; between two of them others may write.
func (v view) each(ctx context.Context, sets []string, do func(i int, values []string)) error {
	if len(sets) == 0 {
		return errors.New("no set is named")
	}
	for i, set := range sets {
		values, err := v.SetQuery(ctx, set)
		if err != nil {
			return err
		}
		do(i, values)
	}
	return nil
}

func (v view) SetClear(ctx context.Context, set string) (bool, error) {
	return v.clear(ctx, aSet, set)
}
