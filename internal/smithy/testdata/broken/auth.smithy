$version: "2"

namespace ex

@auth([httpBasicAuth])
service S {
    version: "1"
}
