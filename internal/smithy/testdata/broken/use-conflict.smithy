$version: "2"

namespace ex

use org.wasmcloud.model#U32

integer U32
