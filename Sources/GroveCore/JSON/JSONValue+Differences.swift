/// A field in which two documents differ.
public struct JSONChange: Equatable, Sendable, CustomStringConvertible {
  /// Fields of objects joined by dots: "training.steps".
  public let path: String
  /// As JSON; "nothing" where it was not there.
  public let before: String
  /// As JSON; "nothing" where it is no longer there.
  public let now: String

  /// "training.steps is 100, was 200".
  public var description: String { "\(path) is \(now), was \(before)" }
}

extension JSONValue {
  /// The fields in which two documents differ; `before` is what was.
  ///
  /// Objects are compared member by member, in any order; everything else as a whole.
  public func changes(from before: JSONValue) -> [JSONChange] {
    let (first, second) = (before.leaves(under: ""), leaves(under: ""))
    let then = Dictionary(first) { first, _ in first }
    let now = Dictionary(second) { first, _ in first }
    let paths = first.map(\.0) + second.map(\.0).filter { then[$0] == nil }
    return paths.compactMap { path in
      let (was, `is`) = (then[path] ?? "nothing", now[path] ?? "nothing")
      return was == `is` ? nil : JSONChange(path: path, before: was, now: `is`)
    }
  }

  /// The changes in words.
  public func differences(from before: JSONValue) -> [String] { changes(from: before).map(\.description) }

  /// Every value that is not an object, with its path.
  private func leaves(under path: String) -> [(String, String)] {
    guard let members = objectValue else { return [(path, text)] }
    return members.flatMap { $0.value.leaves(under: path.isEmpty ? $0.key : "\(path).\($0.key)") }
  }
}
