public import GroveCore
public import GroveTensor

/// The tensors of one name in the models that are merged, each made when a method asks for it: a method that asks for
/// one after the other needs no more memory for ten models than for two.
public struct MergeInputs {
  /// The tensor's name in the result; random methods draw by it.
  public let name: String
  /// What tells the models apart for random methods: the same draws for the same model, whatever its place.
  public let models: [String]
  /// The place of the base model among them; nil where a method has none.
  public let base: Int?
  /// The key of all draws.
  public let random: RandomKey
  private let make: (Int) throws -> Tensor

  /// - Parameter make: a tensor by the place of its model. All have one shape. float64 stays, all else is computed with in
  ///   float32.
  public init(
    name: String, models: [String], base: Int?, random: RandomKey, make: @escaping (Int) throws -> Tensor
  ) {
    self.name = name
    self.models = models
    self.base = base
    self.random = random
    self.make = make
  }

  /// How many models take part, the base included.
  public var count: Int { models.count }

  /// The places of all models but the base.
  public var others: [Int] { models.indices.filter { $0 != base } }

  /// The tensor of one model, in float32 or float64. It must not be written to.
  public func tensor(_ model: Int) throws -> Tensor {
    let tensor = try make(model)
    return try tensor.dtype == .float64 ? tensor : tensor.cast(to: .float32)
  }

  /// The base's tensor.
  /// - Precondition: there is a base; configs are checked for it.
  func baseTensor() throws -> Tensor {
    guard let base else { preconditionFailure("\(name): a method without a base asked for it") }
    return try tensor(base)
  }

  /// The draws of one model for this tensor.
  func draws(_ model: Int) -> RandomKey { random.split(models[model]).split(name) }
}
