extension JSONValue {
  /// The fields in which two documents differ, as "training.steps is 100, was 200"; `before` is what was.
  ///
  /// Objects are compared member by member, in any order; everything else as a whole. What one of them lacks is "nothing".
  public func differences(from before: JSONValue) -> [String] {
    let (first, second) = (before.leaves(under: ""), leaves(under: ""))
    let then = Dictionary(first) { first, _ in first }
    let now = Dictionary(second) { first, _ in first }
    let paths = first.map(\.0) + second.map(\.0).filter { then[$0] == nil }
    return paths.compactMap { path in
      let (was, `is`) = (then[path] ?? "nothing", now[path] ?? "nothing")
      return was == `is` ? nil : "\(path) is \(`is`), was \(was)"
    }
  }

  /// Every value that is not an object, with its path.
  private func leaves(under path: String) -> [(String, String)] {
    guard let members = objectValue else { return [(path, text)] }
    return members.flatMap { $0.value.leaves(under: path.isEmpty ? $0.key : "\(path).\($0.key)") }
  }
}
