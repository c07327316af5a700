import Foundation
import GroveCore
import Testing

@Suite("Config: what is read")
struct ConfigLoadingTests {
  private func load(_ yaml: String, _ overrides: [String] = []) throws -> SampleConfig {
    try SampleConfig.load(yaml: yaml, at: "run.yaml", overrides: overrides)
  }

  @Test("A config with every field changed survives writing and reading")
  func roundTrip() throws {
    var changed = SampleConfig.changed
    changed.steps = 7  // -7 is refused by issues(), which is another test
    #expect(try load(changed.yaml()) == changed)
    #expect(try load(SampleConfig().yaml()) == SampleConfig())
  }

  @Test("An empty file, a comment and a missing file are the defaults", arguments: ["", "# nothing\n", "---\n", "{}"])
  func empty(yaml: String) throws {
    #expect(try load(yaml) == SampleConfig())
    #expect(try SampleConfig.load(nil) == SampleConfig())
  }

  @Test("Fields of a nested config that are not named keep the defaults of their parent")
  func overlay() throws {
    let config = try load("attention:\n  heads: 8\nlayers:\n  - width: 5\n  - {}\nsteps: 1e6\nlearningRate: 3\n")
    #expect(config.attention == SampleAttention(heads: 8, keyValueHeads: 4))
    #expect(config.layers == [SampleLayer(width: 5, dropout: 0), SampleLayer()])
    #expect(config.steps == 1_000_000)
    #expect(config.learningRate == 3)
    #expect(try load("attention:\n") == SampleConfig())
  }

  @Test("A dictionary with free keys and a list are replaced as a whole")
  func replaced() throws {
    let config = try load("weights: {books: 0.5}\nbetas: [1]\n")
    #expect(config.weights == ["books": 0.5])
    #expect(config.betas == [1])
  }

  @Test("An enum with values replaces the case of the default")
  func enumWithValues() throws {
    #expect(try load("stop: {never: {}}").stop == .never)
    #expect(try load("stop: {afterSteps: {_0: 3}}").stop == .afterSteps(3))
  }

  @Test("Overrides come after the file and reach into lists and dictionaries")
  func overrides() throws {
    let config = try load(
      "steps: 5\nlayers: [{width: 1}, {width: 2}]\n",
      ["steps=9", "attention.heads=16", "layers.1.dropout=0.5", "weights.books=2", "tags=[a, b]", "width=64"])
    #expect(config.steps == 9)
    #expect(config.attention == SampleAttention(heads: 16, keyValueHeads: 4))
    #expect(config.layers == [SampleLayer(width: 1, dropout: 0), SampleLayer(width: 2, dropout: 0.5)])
    #expect(config.weights == ["web": 1, "books": 2])
    #expect(config.tags == ["a", "b"])
    #expect(config.width == .exactly(64))
  }

  @Test("The resolved text keeps the order of declaration, sorts free keys, and quotes what could be misread")
  func text() throws {
    var config = SampleConfig.changed
    config.name = "run"
    let text = try config.yaml()
    #expect(
      text == """
        name: run
        steps: -7
        learningRate: 1.0e-05
        compiled: false
        schedule: linear
        width: 512
        attention:
          heads: 8
          keyValueHeads: 2
        layers:
        - width: 1
          dropout: 0.1
        - width: 2
          dropout: .inf
        weights:
          "1e3": 0.25
          "null": 1.0e+300
          "on": 2.0
        betas: []
        tags: ["yes", "12", "~", "", " space ", "2024-01-01", "- dash", "0x1F", ".inf", plain]
        stop:
          never: {}

        """)
  }

  @Test("A file is read, and a missing one is named")
  func files() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "a.yaml")
    try FileSystem.write("steps: 12\n", to: file)
    #expect(try SampleConfig.load(file).steps == 12)
    let missing = folder.url.appending(path: "b.yaml")
    #expect(message { try SampleConfig.load(missing) } == "\(missing.path): cannot read: no such file or directory")
    try FileSystem.write([0x61, 0xFF], to: file)
    #expect(message { try SampleConfig.load(file) } == "\(file.path): not UTF-8 text")
  }
}
