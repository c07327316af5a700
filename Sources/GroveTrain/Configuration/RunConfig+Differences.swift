import GroveCore

extension RunConfig {
  /// The fields in which two configs differ, as "training.steps is 100, was 200"; this one is what was.
  func differences(from now: RunConfig) throws -> [String] {
    let before = try json().leaves(under: "")
    let after = Dictionary(try now.json().leaves(under: "")) { first, _ in first }
    return before.compactMap { path, value in
      let other = after[path] ?? "nothing"
      return other == value ? nil : "\(path) is \(other), was \(value)"
    }
  }
}

extension JSONValue {
  /// Every value that is not an object, with its path.
  fileprivate func leaves(under path: String) -> [(String, String)] {
    guard let members = objectValue, !members.isEmpty else { return [(path, text)] }
    return members.flatMap { $0.value.leaves(under: path.isEmpty ? $0.key : "\(path).\($0.key)") }
  }
}
