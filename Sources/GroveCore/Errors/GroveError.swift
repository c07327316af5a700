#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the world did to us, and the way out: one error type for files, configs, checkpoints, requests and data.
///
/// The description is one line: the place, what is wrong, what to do.
public struct GroveError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure, for code that reacts to it. A target adds its own in an extension.
  public struct Code: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A file or folder is missing, or cannot be read or written.
    public static let file = Code(rawValue: "file")
    /// The content does not have the format that its name promises.
    public static let format = Code(rawValue: "format")
    /// A config has unknown keys or values outside their range.
    public static let config = Code(rawValue: "config")
    /// Two things that must agree do not: a checkpoint and its run, a data set and its fingerprint.
    public static let mismatch = Code(rawValue: "mismatch")
    /// A value given by the caller is outside its range.
    public static let argument = Code(rawValue: "argument")
  }

  public let code: Code
  /// Where: a path, a path with a line ("train.jsonl:17"), a field of a config ("model.heads").
  public let place: String
  /// What is wrong, with the values.
  public let problem: String
  /// What to do about it. Empty where the problem already says so.
  public let remedy: String
  /// The error underneath, if there was one.
  public let cause: (any Error)?

  public init(_ code: Code, _ place: String, _ problem: String, remedy: String = "", cause: (any Error)? = nil) {
    self.code = code
    self.place = place
    self.problem = problem
    self.remedy = remedy
    self.cause = cause
  }

  public var description: String {
    let start = place.isEmpty ? problem : "\(place): \(problem)"
    return remedy.isEmpty ? start : "\(start). \(remedy)"
  }
}

extension GroveError {
  /// The system's word for `errno`, as an error about a file.
  public static func system(_ path: String, _ action: String, errno code: Int32, remedy: String = "") -> GroveError {
    GroveError(.file, path, "cannot \(action): \(String(cString: strerror(code)).lowercasedFirst)", remedy: remedy)
  }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
