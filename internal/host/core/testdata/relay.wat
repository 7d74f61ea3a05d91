;; An actor that passes each call on. Its payload is a list, "WHOM;REST": WHOM
;; (a key, a call alias or a contract) is called with the same operation and REST
;; as payload. It answers what it was answered, error or result.
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
    (local $name i32) (local $rest i32)
    (call $request (i32.const 1024) (i32.const 4096))
    (block $end
      (loop $next
        (br_if $end (i32.ge_u (local.get $name) (local.get $len)))
        (br_if $end (i32.eq (i32.load8_u (i32.add (i32.const 4096) (local.get $name))) (i32.const 59)))
        (local.set $name (i32.add (local.get $name) (i32.const 1)))
        (br $next)))
    (local.set $rest (i32.add (local.get $name) (i32.lt_u (local.get $name) (local.get $len))))
    (if (result i32)
      (call $call (i32.const 16) (i32.const 7)
                  (i32.const 4096) (local.get $name)
                  (i32.const 1024) (local.get $op)
                  (i32.add (i32.const 4096) (local.get $rest)) (i32.sub (local.get $len) (local.get $rest)))
      (then
        (call $response (i32.const 65536))
        (call $respond (i32.const 65536) (call $response_len))
        (i32.const 1))
      (else
        (call $error (i32.const 65536))
        (call $fail (i32.const 65536) (call $error_len))
        (i32.const 0)))))
