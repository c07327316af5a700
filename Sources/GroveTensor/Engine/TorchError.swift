/// An operator refused its input, or libtorch could not be loaded.
public struct TorchError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure, for code that reacts to it.
  public enum Code: Sendable {
    /// libtorch is missing, of another version, or does not load.
    case unavailable
    /// Shapes, dtypes or devices do not fit; the message names the operator and the shapes.
    case refused
    /// The device or the machine has no memory left for the result.
    case outOfMemory
  }
  public let code: Code
  /// The operator with its arguments' shapes: "aten::mm(float32 [2, 3], float32 [4, 5])".
  public let operation: String
  /// What is wrong, in libtorch's words where it was libtorch that refused.
  public let problem: String

  public init(_ code: Code, _ operation: String, _ problem: String) {
    self.code = code
    self.operation = operation
    self.problem = problem
  }

  public var description: String { operation.isEmpty ? problem : "\(operation): \(problem)" }
}
