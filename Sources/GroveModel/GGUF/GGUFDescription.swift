import GroveCore

/// What a GGUF file says about its model, with errors that name the key: its metadata, and the shapes of its tensors.
struct GGUFDescription {
  let place: String
  let architecture: GGUFArchitecture
  let value: (String) -> GGUFValue?
  /// Row-major; nil for a tensor that is not there.
  let shape: (String) -> [Int]?
  /// The numbers of a tensor, for those that belong to the config.
  let numbers: (String) throws -> [Float]

  /// The key of a field of the architecture.
  func key(_ field: String) -> String { "\(architecture.rawValue).\(field)" }

  func error(_ key: String, _ problem: String) -> GroveError { GroveError(.format, place, "\(key) \(problem)") }

  func has(_ field: String) -> Bool { value(key(field)) != nil }

  /// A whole number; a list of equal ones, one a layer, is one.
  func integer(_ field: String, else missing: Int? = nil) throws -> Int {
    let key = key(field)
    guard let value = value(key) else {
      guard let missing else { throw error(key, "is missing") }
      return missing
    }
    if let list = value.arrayValue?.integers(), let first = list.first {
      guard list.allSatisfy({ $0 == first }) else { throw error(key, "differs from layer to layer") }
      return try checked(first, key)
    }
    guard let integer = value.integerValue else { throw error(key, "is \(value.summary), not a whole number") }
    return try checked(integer, key)
  }

  private func checked(_ integer: Int, _ key: String) throws -> Int {
    guard (0...(1 << 31)).contains(integer) else {
      throw error(key, "is \(integer), not a whole number from 0 to 2147483648")
    }
    return integer
  }

  func number(_ field: String, else missing: Double? = nil) throws -> Double {
    let key = key(field)
    guard let value = value(key) else {
      guard let missing else { throw error(key, "is missing") }
      return missing
    }
    guard let number = value.numberValue, number.isFinite else {
      throw error(key, "is \(value.summary), not a number")
    }
    return number
  }

  func boolean(_ field: String, else missing: Bool) throws -> Bool {
    let key = key(field)
    guard let value = value(key) else { return missing }
    guard let flag = value.boolValue else { throw error(key, "is \(value.summary), not true or false") }
    return flag
  }

  func text(_ field: String) throws -> String? {
    let key = key(field)
    guard let value = value(key) else { return nil }
    guard let text = value.stringValue else { throw error(key, "is \(value.summary), not a text") }
    return text
  }

  /// Refuses a field that would change the arithmetic.
  func requireZero(_ field: String) throws {
    guard let value = value(key(field)), value.numberValue != 0, value.boolValue != false else { return }
    throw error(key(field), "is \(value.summary), which is not supported")
  }
}

extension GGUFDescription {
  /// - Throws: `GroveError` with code `.format` for an architecture that Grove does not know.
  init(_ file: GGUFFile) throws {
    let name = file["general.architecture"]?.stringValue
    guard let architecture = name.flatMap(GGUFArchitecture.init) else {
      let known = GGUFArchitecture.allCases.map(\.rawValue).joined(separator: ", ")
      let problem = name.map { "general.architecture \"\($0.prefix(40))\" is not one of \(known)" }
      throw GroveError(.format, file.url.path, problem ?? "general.architecture is missing")
    }
    self.init(
      place: file.url.path, architecture: architecture, value: { file[$0] }, shape: { file.entry($0)?.shape },
      numbers: { try file.tensor($0).values(as: Float.self) })
  }
}
