$version: "2"

namespace org.example.escapes

@tags(["\u0041\u00e9\ud83d\ude00\n\t\"\\\/", """
    joined \
    line "x" ""
      deeper\n
    """, """
    \u0042"""])
structure A {}
