import GroveCore

extension RunConfig {
  /// The fields in which two configs differ, as "training.steps is 100, was 200"; this one is what was.
  func differences(from now: RunConfig) throws -> [String] {
    let before = try json().leaves(under: "")
    let after = try now.json().leaves(under: "")
    let then = Dictionary(before) { first, _ in first }
    let current = Dictionary(after) { first, _ in first }
    // A dictionary with free keys may have gained some that were not there.
    let paths = before.map(\.0) + after.map(\.0).filter { then[$0] == nil }
    return paths.compactMap { path in
      let (was, now) = (then[path] ?? "nothing", current[path] ?? "nothing")
      return was == now ? nil : "\(path) is \(now), was \(was)"
    }
  }
}

extension JSONValue {
  /// Every value that is not an object, with its path.
  fileprivate func leaves(under path: String) -> [(String, String)] {
    guard let members = objectValue else { return [(path, text)] }
    return members.flatMap { $0.value.leaves(under: path.isEmpty ? $0.key : "\(path).\($0.key)") }
  }
}
