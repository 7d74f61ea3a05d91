;; An actor that passes each call on: its payload is the name (key, alias or
;; contract) of whom to call, the operation stays, and the payload of the onward
;; call is the same name. It answers what it was answered, error or result.
(module
  (import "wasmbus" "__guest_request" (func $request (param i32 i32)))
  (import "wasmbus" "__guest_response" (func $respond (param i32 i32)))
  (import "wasmbus" "__guest_error" (func $fail (param i32 i32)))
  (import "wasmbus" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasmbus" "__host_response_len" (func $response_len (result i32)))
  (import "wasmbus" "__host_response" (func $response (param i32)))
  (import "wasmbus" "__host_error_len" (func $error_len (result i32)))
  (import "wasmbus" "__host_error" (func $error (param i32)))
  (memory (export "memory") 4)
  (data (i32.const 16) "default")
  (func (export "__guest_call") (param $op i32) (param $len i32) (result i32)
    (call $request (i32.const 1024) (i32.const 4096))
    (if (result i32)
      (call $call (i32.const 16) (i32.const 7)
                  (i32.const 4096) (local.get $len)
                  (i32.const 1024) (local.get $op)
                  (i32.const 4096) (local.get $len))
      (then
        (call $response (i32.const 65536))
        (call $respond (i32.const 65536) (call $response_len))
        (i32.const 1))
      (else
        (call $error (i32.const 65536))
        (call $fail (i32.const 65536) (call $error_len))
        (i32.const 0)))))
