//! An actor that answers every call with the text "rust", in msgpack.

#[link(wasm_import_module = "wapc")]
extern "C" {
    fn __guest_response(ptr: *const u8, len: usize);
}

#[no_mangle]
pub extern "C" fn __guest_call(_operation: i32, _message: i32) -> i32 {
    let reply = b"\xa4rust";
    unsafe { __guest_response(reply.as_ptr(), reply.len()) };
    1
}
