package core

import (
	"context"
	"errors"
	"sync"
)

// errBusy says that an actor's queue is full. The caller gets it as an
// error reply: silence would cost it its whole deadline.
var errBusy = errors.New("too many calls are waiting")

// slots bounds one actor: at most max calls run (its instance count), at
// most queue more wait in order of arrival. Unlike a buffered channel it can
// be resized while calls are running, which is what scaling needs.
type slots struct {
	mu      sync.Mutex
	max     int
	queue   int
	running int
	waiting []chan struct{} // closed when the slot is handed over
}

func newSlots(max, queue int) *slots { return &slots{max: max, queue: queue} }

// acquire waits for a slot. It fails at once with errBusy when the queue is
// full, and with the context's error when the caller's time is over.
func (s *slots) acquire(ctx context.Context) error {
	s.mu.Lock()
	if s.running < s.max {
		s.running++
		s.mu.Unlock()
		return nil
	}
	if len(s.waiting) >= s.queue {
		s.mu.Unlock()
		return errBusy
	}
	turn := make(chan struct{})
	s.waiting = append(s.waiting, turn)
	s.mu.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		s.leave(turn)
		return ctx.Err()
	}
}

// leave gives up a place in the queue; if the slot was handed over in the
// same moment it is passed on.
func (s *slots) leave(turn chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, w := range s.waiting {
		if w == turn {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			return
		}
	}
	s.running--
	s.fill()
}

func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	s.fill()
}

func (s *slots) resize(max int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.max = max
	s.fill()
}

// fill hands free slots to those who wait. s.mu is held.
func (s *slots) fill() {
	for s.running < s.max && len(s.waiting) > 0 {
		s.running++
		close(s.waiting[0])
		s.waiting = s.waiting[1:]
	}
}
