import Yams

extension ConfigNode {
  /// Parses one YAML document; an empty one is `nil`.
  ///
  /// Plain scalars follow the YAML 1.2 core schema (so `no` and `on` are text), with underscores allowed in
  /// integers. Size, depth and the number of aliases are bounded, because a config may come from anybody.
  /// - Throws: `GroveError` with code `.format`, naming `place` and the line.
  static func parse(yaml: String, at place: String) throws -> ConfigNode? {
    try refuseOversize(yaml.utf8.count, at: place)
    try refuseAliasBomb(yaml, at: place)
    do {
      // `.basic` keeps every scalar as text: kinds are decided below, by one rule that we own.
      guard let root = try compose(yaml: yaml, .basic) else { return nil }
      var count = 0
      let node = try ConfigNode(root, depth: 0, count: &count)
      if case .null = node.content { return nil }
      return node
    } catch let failure as Refusal {
      throw GroveError(.format, failure.line.map { "\(place):\($0)" } ?? place, failure.problem)
    } catch let error as YamlError {
      throw ConfigNode.explain(error, at: place)
    }
  }

  /// Refuses a text that is too long to be a config.
  static func refuseOversize(_ byteCount: Int, at place: String) throws {
    guard byteCount > byteLimit else { return }
    throw GroveError(
      .format, place, "\(byteCount) bytes are too many for a config, which has at most \(byteLimit)")
  }

  private static let byteLimit = 1 << 20
  private static let depthLimit = 64
  private static let nodeLimit = 200_000
  private static let aliasLimit = 30

  private struct Refusal: Error {
    let line: Int?
    let problem: String
  }

  /// Aliases multiply: 30 of them can make 3^10 nodes at most, a few more can fill the memory.
  private static func refuseAliasBomb(_ yaml: String, at place: String) throws {
    var anchors = 0
    var aliases = 0
    var before: UInt8 = 0
    for byte in yaml.utf8 {
      let startsName = byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte > 0x2F && byte < 0x7F
      if startsName, before == UInt8(ascii: "&") { anchors += 1 }
      if startsName, before == UInt8(ascii: "*") { aliases += 1 }
      before = byte
    }
    if anchors > 0, aliases > aliasLimit {
      throw GroveError(
        .format, place, "more than \(aliasLimit) aliases (*name)", remedy: "Write the values out.")
    }
  }

  private init(_ node: Node, depth: Int, count: inout Int) throws {
    let line = node.mark?.line
    count += 1
    guard depth <= ConfigNode.depthLimit else {
      throw Refusal(line: line, problem: "nested deeper than \(ConfigNode.depthLimit) levels")
    }
    guard count <= ConfigNode.nodeLimit else {
      throw Refusal(line: line, problem: "more than \(ConfigNode.nodeLimit) values")
    }
    place = line.map { .line($0) } ?? .none
    switch node {
    case .scalar(let scalar): content = try ConfigNode.content(of: scalar)
    case .sequence(let elements):
      content = .list(try elements.map { try ConfigNode($0, depth: depth + 1, count: &count) })
    case .mapping(let pairs):
      var entries: [Entry] = []
      var seen: Set<String> = []
      for (key, value) in pairs {
        guard case .scalar(let name) = key else {
          throw Refusal(line: key.mark?.line, problem: "a key must be a word, not a list or a mapping")
        }
        guard seen.insert(name.string).inserted else {
          throw Refusal(line: key.mark?.line, problem: "the key '\(name.string)' stands here twice")
        }
        let place = key.mark.map { ConfigPlace.line($0.line) } ?? .none
        entries.append(
          Entry(key: name.string, place: place, value: try ConfigNode(value, depth: depth + 1, count: &count)))
      }
      content = .mapping(entries)
    case .alias(let alias): throw Refusal(line: alias.mark?.line, problem: "an alias without a value")
    }
  }

  private static func content(of scalar: Node.Scalar) throws -> Content {
    if scalar.style != .plain { return .text(scalar.string) }
    switch scalar.tag {
    case .implicit: return plainContent(scalar.string)
    case Tag(.str): return .text(scalar.string)
    default: throw Refusal(line: scalar.mark?.line, problem: "the tag \(scalar.tag) is not understood here")
    }
  }

  /// What a plain scalar means in the core schema.
  static func plainContent(_ text: String) -> Content {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    case ".inf", "+.inf", ".Inf", ".INF": return .number(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
    case ".nan", ".NaN", ".NAN": return .number(.nan)
    default: break
    }
    let first = text.first == "-" || text.first == "+" ? text.dropFirst().first : text.first
    guard let first, first.isASCII, first.isNumber || first == "." else { return .text(text) }
    if text.hasPrefix("0x"), let value = Int(text.dropFirst(2), radix: 16) { return .integer(value) }
    let digits = text.contains("__") || text.hasSuffix("_") ? text : text.replacing("_", with: "")
    if let value = Int(digits) { return .integer(value) }
    let isDecimal = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
    if isDecimal, let value = Double(text) { return .number(value) }
    return .text(text)
  }

  private static func explain(_ error: YamlError, at place: String) -> GroveError {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let start = context.map { "\($0.text) in line \($0.mark.line): " } ?? ""
      return GroveError(.format, "\(place):\(mark.line)", "not YAML: \(start)\(problem)", cause: error)
    case .reader(let problem, let offset, _, let yaml):
      let line = offset.map { yaml.prefix($0).count { $0.isNewline } + 1 }
      return GroveError(.format, line.map { "\(place):\($0)" } ?? place, "not YAML: \(problem)", cause: error)
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.map { "'\($0)'" }.joined(separator: ", ")
      let verb = keys.count == 1 ? "the key \(names) stands" : "the keys \(names) stand"
      return GroveError(.format, "\(place):\(context.mark.line)", "\(verb) here twice", cause: error)
    default: return GroveError(.format, place, "not YAML: \(error)", cause: error)
    }
  }
}
