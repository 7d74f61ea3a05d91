package core

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestSlotsRefuseWhenQueueIsFull(t *testing.T) {
	s := newSlots(1, 0)
	if err := s.acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.acquire(t.Context()); !errors.Is(err, errBusy) {
		t.Fatalf("second acquire: %v, want errBusy", err)
	}
	s.release()
	if err := s.acquire(t.Context()); err != nil {
		t.Fatalf("after release: %v", err)
	}
}

func TestSlotsGiveUpWithTheCaller(t *testing.T) {
	s := newSlots(1, 1)
	if err := s.acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.acquire(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the context's error", err)
	}
	s.release()
	if s.running != 0 || len(s.waiting) != 0 {
		t.Fatalf("running %d, waiting %d after all have left", s.running, len(s.waiting))
	}
}

func TestSlotsNeverExceedTheirSize(t *testing.T) {
	s := newSlots(3, 1000)
	var now, peak atomic.Int32
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if err := s.acquire(t.Context()); err != nil {
				t.Error(err)
				return
			}
			defer s.release()
			n := now.Add(1)
			for p := peak.Load(); n > p && !peak.CompareAndSwap(p, n); p = peak.Load() {
			}
			now.Add(-1)
		})
	}
	wg.Wait()
	if peak.Load() > 3 {
		t.Fatalf("%d at once, want at most 3", peak.Load())
	}
	if s.running != 0 {
		t.Fatalf("%d still running", s.running)
	}
}

func TestSlotsResizeWakesTheQueue(t *testing.T) {
	s := newSlots(1, 10)
	if err := s.acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() { got <- s.acquire(t.Context()) }()
	s.resize(2)
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}
