import Foundation
import GroveCore
import Testing

@Suite("Config: what is refused, and how")
struct ConfigRefusalTests {
  private func refusal(_ yaml: String, _ overrides: [String] = []) -> String? {
    message { try SampleConfig.load(yaml: yaml, at: "run.yaml", overrides: overrides) }
  }

  @Test(
    "One problem is one line: file, line, field path, what is wrong",
    arguments: [
      ("attention:\n  kvHeads: 2", "run.yaml:2: attention.kvHeads: unknown key; did you mean 'keyValueHeads'?"),
      ("learning_rate: 1", "run.yaml:1: learning_rate: unknown key; did you mean 'learningRate'?"),
      (
        "attention:\n  zzz: 2",
        "run.yaml:2: attention.zzz: unknown key; there are heads, keyValueHeads"
      ),
      ("steps: many", "run.yaml:1: steps: expected an integer, found the text 'many'"),
      ("steps: 1.5", "run.yaml:1: steps: expected an integer, found the number 1.5"),
      ("steps:", "run.yaml:1: steps: expected an integer, found nothing"),
      ("compiled: on", "run.yaml:1: compiled: expected true or false, found the text 'on'"),
      ("name: 12", "run.yaml:1: name: expected text (in quotes, if it looks like a number), found the integer 12"),
      ("learningRate: [1]", "run.yaml:1: learningRate: expected a number, found a list of 1"),
      ("schedule: cubic", "run.yaml:1: schedule: 'cubic' is not one of cosine, linear, constant"),
      ("schedule: 3", "run.yaml:1: schedule: expected one of cosine, linear, constant, found the integer 3"),
      (
        "width: wide",
        "run.yaml:1: width: the text 'wide' is not allowed here: write a number or 'automatic'"
      ),
      ("attention: 5", "run.yaml:1: attention: expected a mapping, found the integer 5"),
      ("betas: 5", "run.yaml:1: betas: expected a list, found the integer 5"),
      ("betas:\n- 1\n- x", "run.yaml:3: betas.1: expected a number, found the text 'x'"),
      ("weights: {web: x}", "run.yaml:1: weights.web: expected a number, found the text 'x'"),
      ("layers:\n- width: 1\n  depth: 3", "run.yaml:3: layers.0.depth: unknown key; there are width, dropout"),
      ("\nsteps: 0", "run.yaml:2: steps: 0 is not positive"),
      ("layers:\n- {}\n- width: -1", "run.yaml:3: layers.1.width: -1 is not positive"),
      ("- 1\n- 2", "run.yaml:1: expected a mapping, found a list of 2"),
      ("steps", "run.yaml:1: expected a mapping, found the text 'steps'"),
    ])
  func one(yaml: String, expected: String) { #expect(refusal(yaml) == expected) }

  @Test("All problems of file and overrides come in one message, a line each")
  func several() {
    let yaml = "stepz: 1\nattention: {heads: x, kvHeads: 1}\nbetas: [a, 1, b]\nschedule: cubic\n"
    #expect(
      refusal(yaml, ["name=3", "layers.4.width=1"]) == """
        run.yaml: 8 problems
          run.yaml:1: stepz: unknown key; did you mean 'steps'?
          run.yaml:2: attention.heads: expected an integer, found the text 'x'
          run.yaml:2: attention.kvHeads: unknown key; did you mean 'keyValueHeads'?
          run.yaml:3: betas.0: expected a number, found the text 'a'
          run.yaml:3: betas.2: expected a number, found the text 'b'
          run.yaml:4: schedule: 'cubic' is not one of cosine, linear, constant
          --set name=3: name: expected text (in quotes, if it looks like a number), found the integer 3
          --set layers.4.width=1: layers: expected a list, found a mapping
        """)
  }

  @Test("An issue names the override or the line that set the value")
  func origins() {
    let problem = "attention.heads: 6 is not a multiple of keyValueHeads 4"
    #expect(refusal("attention:\n  heads: 6") == "run.yaml:2: \(problem)")
    #expect(refusal("", ["attention.heads=6"]) == "--set attention.heads=6: \(problem)")
    #expect(refusal("attention: {heads: 8}", ["attention.heads=6"]) == "--set attention.heads=6: \(problem)")
  }

  @Test(
    "A broken override is refused with the way to write it",
    arguments: [
      ("steps", "--set steps: there is no '='. Write it as --set model.heads=8."),
      ("=3", "--set =3: a key is empty. Write it as --set model.heads=8."),
      ("a..b=3", "--set a..b=3: a key is empty. Write it as --set model.heads=8."),
      (
        "steps=[1",
        "--set steps=[1: not YAML: while parsing a flow sequence in line 1: did not find expected ',' or ']'"
      ),
      ("step=3", "--set step=3: step: unknown key; did you mean 'steps'?"),
      ("steps.x=3", "--set steps.x=3: steps: expected an integer, found a mapping"),
    ])
  func overrides(text: String, expected: String) { #expect(refusal("", [text]) == expected) }

  @Test("Configs made in code are checked the same way")
  func validated() {
    var config = SampleConfig()
    config.steps = 0
    config.attention.heads = 5
    #expect(
      message { try config.validated() } == """
        SampleConfig: 2 problems
          SampleConfig: steps: 0 is not positive
          SampleConfig: attention.heads: 5 is not a multiple of keyValueHeads 4
        """)
    #expect(message { try SampleConfig().validated() } == nil)
  }

  @Test(
    "A file that is not YAML is refused by line",
    arguments: [
      ("steps: 1\nsteps: 2", "run.yaml:1: the key 'steps' stands here twice"),
      ("a: 1\n\"a\": 2", "run.yaml:1: the key 'a' stands here twice"),
      (
        "steps: 1\n---\nsteps: 2",
        "run.yaml:2: not YAML: expected a single document in the stream in line 1: but found another document"
      ),
      (
        "attention:\n\theads: 1",
        "run.yaml:2: not YAML: while scanning for the next token in line 2: found character that cannot start any token"
      ),
      ("name: \u{1}", "run.yaml:1: not YAML: control characters are not allowed"),
      ("name: *nobody", "run.yaml:1: not YAML: found undefined alias"),
      ("? [a]\n: 1", "run.yaml:1: a key must be a word, not a list or a mapping"),
      ("steps: !!binary aaaa", "run.yaml:1: the tag tag:yaml.org,2002:binary is not understood here"),
    ])
  func syntax(yaml: String, expected: String) { #expect(refusal(yaml) == expected) }

  @Test("Hostile files are refused at once")
  func hostile() {
    #expect(
      refusal(String(repeating: "#", count: 10_000_000))
        == "run.yaml: 10000000 bytes are too many for a config, which has at most 1048576")
    for yaml in ["[", "{a: ", "- ", "? "].map({ String(repeating: $0, count: 200_000) }) {
      #expect(refusal(yaml)?.contains("nest") == true, "\(refusal(yaml)?.prefix(200) ?? "accepted")")
    }
    #expect(
      refusal(String(repeating: "[", count: 80) + String(repeating: "]", count: 80))
        == "run.yaml:1: nested deeper than 64 levels")
    var bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for (name, next) in zip("abcdefgh", "bcdefghi") {
      bomb += "\(next): &\(next) [" + Array(repeating: "*\(name)", count: 9).joined(separator: ", ") + "]\n"
    }
    #expect(refusal(bomb) == "run.yaml: more than 30 aliases (*name). Write the values out.")
    #expect(
      refusal("attentions: &base {heads: 8}\nattention: *base")
        == "run.yaml:1: attentions: unknown key; did you mean 'attention'?")
  }

  @Test(
    "The nearest name is an abbreviation first, then the fewest letters away, or none",
    arguments: [
      ("kvHeads", "keyValueHeads"), ("head", "heads"), ("n_heads", "heads"), ("KeyValueHeads", "keyValueHeads"),
      ("lr", "learningRate"), ("haeds", "heads"), ("xyz", nil), ("", nil),
    ])
  func nearest(name: String, expected: String?) {
    #expect(NearestName.of(name, among: ["heads", "keyValueHeads", "learningRate"]) == expected)
  }

  @Test("What is not above 0 is named by its field; what is not a number is not above 0 either")
  func notPositive() {
    #expect(
      ConfigIssue.notPositive(["steps": 0, "heads": -1, "width": 1]).map(\.description) == [
        "steps: 0 is not positive", "heads: -1 is not positive",
      ])
    #expect(
      ConfigIssue.notPositive(["rate": Double.nan, "share": 0, "scale": 0.5]).map(\.description) == [
        "rate: nan is not positive", "share: 0.0 is not positive",
      ])
  }
}
