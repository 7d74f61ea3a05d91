package provider

import "context"

// Via gives the way to a link's actor for the clients of contracts that smithy gen writes:
//
//	subscriber := messaging.MessageSubscriberClient{Call: host.Via(ctx, link)}
func (h *Host) Via(ctx context.Context, link LinkDefinition) func(operation string, payload []byte) ([]byte, error) {
	return func(operation string, payload []byte) ([]byte, error) {
		return h.CallActor(ctx, link, operation, payload)
	}
}
