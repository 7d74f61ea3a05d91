//go:build wasip1

package actor

import (
	"errors"
	"unsafe"
)

// exported is the actor of this module. The host calls __guest_call with nothing but lengths, so
// there is no other way to hand it over than a variable.
var exported *Actor

// Export makes a the actor that the host calls. Call it from an init function.
func Export(a *Actor) { exported = a }

// The host functions of the waPC interface; formats are those of wasmCloud 0.5x to 0.8x. The module
// is named wasmbus because the Rust host has no other.

//go:wasmimport wasmbus __guest_request
func guestRequest(operation, payload unsafe.Pointer)

//go:wasmimport wasmbus __guest_response
func guestResponse(data unsafe.Pointer, size uint32)

//go:wasmimport wasmbus __guest_error
func guestError(text string)

//go:wasmimport wasmbus __host_call
func hostCall(binding, namespace, operation string, payload unsafe.Pointer, size uint32) uint32

//go:wasmimport wasmbus __host_response_len
func hostResponseLen() uint32

//go:wasmimport wasmbus __host_response
func hostResponse(into unsafe.Pointer)

//go:wasmimport wasmbus __host_error_len
func hostErrorLen() uint32

//go:wasmimport wasmbus __host_error
func hostError(into unsafe.Pointer)

//go:wasmimport wasmbus __console_log
func consoleLog(line string)

// guestCall is how the host calls: it says how long the operation's name and the payload are, and
// writes them where guestRequest tells it to. 1 is success.
//
//go:wasmexport __guest_call
func guestCall(operationLen, payloadLen uint32) uint32 {
	operation, payload := make([]byte, operationLen), make([]byte, payloadLen)
	guestRequest(data(operation), data(payload))
	reply, err := answer(string(operation), payload)
	if err != nil {
		guestError(err.Error())
		return 0
	}
	guestResponse(data(reply), uint32(len(reply)))
	return 1
}

func answer(operation string, payload []byte) ([]byte, error) {
	if exported == nil {
		return nil, errors.New("module has no actor: call actor.Export from an init function, main does not run")
	}
	return exported.Invoke(wasmHost{}, operation, payload)
}

func data(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

// wasmHost is the host around this module.
type wasmHost struct{}

func (wasmHost) Call(binding, namespace, operation string, payload []byte) ([]byte, error) {
	if hostCall(binding, namespace, operation, data(payload), uint32(len(payload))) != 1 {
		text := make([]byte, hostErrorLen())
		hostError(data(text))
		return nil, errors.New(string(text))
	}
	reply := make([]byte, hostResponseLen())
	if len(reply) > 0 { // reading nothing is an error to the Rust host if there was no reply at all
		hostResponse(data(reply))
	}
	return reply, nil
}

func (wasmHost) Log(line string) { consoleLog(line) }
