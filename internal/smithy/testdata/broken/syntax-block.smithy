$version: "2"

namespace ex

@documentation("""x""")
structure A {}
