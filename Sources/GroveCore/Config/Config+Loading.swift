public import Foundation

extension Config {
  /// Reads a YAML file over the defaults, then the overrides, and checks the result.
  ///
  /// A key that is missing keeps its default; an empty file changes nothing. A dictionary with free keys and a list
  /// are replaced as a whole by a file; an override may reach into them (`weights.web=2`, `layers.0.width=64`).
  /// - Parameters:
  ///   - url: The file; nil for the defaults alone.
  ///   - overrides: Each as "model.heads=8"; the value is YAML.
  ///   - option: The option of the command line that gave them, for errors.
  /// - Throws: `GroveError` with all problems at once, one line each, by file, line and field path: code `.file` if the
  ///   file cannot be read, `.format` if it is not YAML, `.argument` for a broken override, `.config` for the rest.
  public static func load(_ url: URL?, overrides: [String] = [], option: String = "--set") throws -> Self {
    guard let url else { return try load(yaml: "", at: "defaults", overrides: overrides, option: option) }
    try ConfigNode.refuseOversize(FileSystem.byteCount(of: url), at: url.path)
    guard let text = String(validating: try FileSystem.read(url), as: UTF8.self) else {
      throw GroveError(.format, url.path, "not UTF-8 text")
    }
    return try load(yaml: text, at: url.path, overrides: overrides, option: option)
  }

  /// Reads YAML text; errors name `place` as the file.
  public static func load(
    yaml: String, at place: String, overrides: [String] = [], option: String = "--set"
  ) throws -> Self {
    let written = try ConfigNode.parse(yaml: yaml, at: place)
    let parsed = try overrides.map { try ConfigOverride(parsing: $0, option: option) }
    var config = Self()
    var problems: [ConfigProblem] = []
    if let written { (config, problems) = try ConfigDecoder.decode(written, over: config) }
    var changed: ConfigNode?
    if !parsed.isEmpty {
      var tree = ConfigNode(try ConfigEncoder.tree(of: config))
      for override in parsed { override.apply(to: &tree) }
      let (overridden, more) = try ConfigDecoder.decode(tree, over: config)
      config = overridden
      problems += more
      changed = tree
    }
    if problems.isEmpty {
      problems = config.issues().map { issue in
        let path = issue.field.split(separator: ".").map(String.init)
        var origin = changed?.place(of: path[...]) ?? .none
        if origin == .none { origin = written?.place(of: path[...]) ?? .none }
        return ConfigProblem(path, origin, issue.problem)
      }
    }
    if !problems.isEmpty { throw ConfigProblem.error(problems, in: place) }
    return config
  }

  /// The whole config as YAML, fields in the order of their declaration: what a run keeps.
  /// Reading it again gives an equal config.
  public func yaml() throws -> String { try ConfigEncoder.tree(of: self).yamlText() }

  /// The whole config as a tree, for `--json` and for fingerprints.
  public func json() throws -> JSONValue { try ConfigEncoder.tree(of: self) }

  /// Checks a config that was made in code.
  /// - Throws: `GroveError` with code `.config` that names all issues.
  public func validated() throws {
    let problems = issues().map { ConfigProblem([$0.field], .none, $0.problem) }
    if !problems.isEmpty { throw ConfigProblem.error(problems, in: "\(Self.self)") }
  }
}
