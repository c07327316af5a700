import GroveCore
import GroveTokenizer
import Testing

/// Templates that are programs against memory, time or the stack are errors with a line.
struct HostileTemplateTests {
  private func message(_ source: String) -> String? {
    let date = ChatTemplateTests.date
    let error = #expect(throws: GroveError.self) {
      try ChatTemplate(source, at: "t").render(messages: [], addsGenerationPrompt: false, date: date)
    }
    return error?.description
  }

  private static let endless = "t, line 1: the template does not end: 5000000 steps were taken"

  /// A list that a loop makes of the list before.
  private static func grown(_ rounds: Int, by step: String, then use: String) -> String {
    "{% set ns = namespace(x=[1]) %}{% for i in range(\(rounds)) %}{% set ns.x = \(step) %}{% endfor %}\(use)"
  }

  private static let cases: [(source: String, message: String)] = [
    (grown(100_000, by: "[ns.x]", then: ""), "t, line 1: a value is nested deeper than 400 levels"),
    (grown(60, by: "[ns.x, ns.x]", then: "{{ ns.x }}"), endless),
    (grown(100_000, by: "ns.x + [i]", then: ""), endless),
    ("{{ 'aaaa'.split('') }}", "t, line 1: split() needs a separator that is not empty"),
    ("{{ 'aaaa'.partition('') }}", "t, line 1: partition() needs a separator that is not empty"),
    (
      "{{ ('a' * 1000000) | replace('a', 'a' * 1000000) }}",
      "t, line 1: a text of 1000001000000 bytes; the limit is 16777216"
    ),
    (
      "{{ range(100000) | join('a' * 1000000) }}", "t, line 1: a text of 99999488890 bytes; the limit is 16777216"
    ),
    (
      "{{ ('\\n' * 100000) | indent('a' * 1000000) }}",
      "t, line 1: a text of 100001100000 bytes; the limit is 16777216"
    ),
    ("{{ [1] | tojson(indent=4611686018427387904) }}", "t, line 1: an indent of 4611686018427387904; the limit is 64"),
    ("{{ ('a ' * 1100000).split() }}", "t, line 1: a list of 1048577 elements; the limit is 1048576"),
    (
      "{% for c in 'a' * 2000000 %}{% endfor %}",
      "t, line 1: a text of 2000000 bytes is looped over; the limit is 1048576"
    ),
    ("{% for i in range(100000) %}{% set x = ('a' * 1000000) in ('b' * 2000000) %}{% endfor %}", endless),
    ("{% for i in range(100000) %}{% set x = 'a' * 10000000 == 'a' * 10000000 %}{% endfor %}", endless),
    ("{{ [('b' * 9000000)] * 2 }}", "t, line 1: '*' does not go with a list and an integer"),
    (
      "{% set s = 'b' * 9000000 %}{% set x = [s, s, s, s, s, s, s, s] %}{% set y = [x, x, x, x, x, x, x, x] %}"
        + "{% set z = [y, y, y, y, y, y, y, y] %}{{ [z, z, z] }}", endless
    ),
  ]

  @Test("Each is refused with its line, within a second", arguments: cases.indices)
  func refused(index: Int) {
    let start = ContinuousClock.now
    #expect(message(Self.cases[index].source) == Self.cases[index].message)
    #expect(ContinuousClock.now - start < .seconds(5))  // a second, and room for a machine with other work
  }

  @Test(
    "What the limits are for still works",
    arguments: [
      ("{{ 'ab'.count('') }}", "3"), ("{{ 'aabaabaaab'.count('aab') }}", "3"), ("{{ 'aabaaab'.find('aaab') }}", "3"),
      ("{{ 'a' in '' }}", "False"), ("{{ '' in 'a' }}", "True"), ("{{ 'abc'.replace('', '-') }}", "-a-b-c-"),
      ("{{ [1] | tojson(indent=-1) }}", "[\n1\n]"), ("{{ 'xaxx'.strip('x') }}", "a"),
      ("{{ range(9223372036854775806, 9223372036854775807, 9223372036854775807) | list }}", "[9223372036854775806]"),
    ])
  func allowed(source: String, expected: String) throws {
    let template = try ChatTemplate(source, at: "t")
    #expect(try template.render(messages: [], addsGenerationPrompt: false, date: ChatTemplateTests.date) == expected)
  }
}
