import GroveCore

/// A single value of a parameter.
public enum MergeScalar: Codable, Equatable, Sendable {
  case flag(Bool)
  case number(Double)
  case text(String)

  public init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else {
      self = .text(try value.decode(String.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .flag(let flag): try value.encode(flag)
    case .number(let number): try value.encode(number)
    case .text(let text): try value.encode(text)
    }
  }

  /// As it is written.
  var text: String {
    switch self {
    case .flag(let flag): "\(flag)"
    case .number(let number): JSONValue.number(number).text
    case .text(let text): "'\(text)'"
    }
  }
}

/// What stands behind a parameter's name: one value, a gradient of values over the layers, or values with conditions on
/// the tensor's name.
public enum MergeSetting: Codable, Equatable, Sendable {
  case value(MergeScalar)
  /// Values at equal distances over the layers of a slice, the first at its first layer, the last at its last. Numbers in
  /// between are interpolated; flags and texts hold until the next.
  case gradient([MergeScalar])
  /// The first whose filter fits the tensor's name counts.
  case conditions([MergeCondition])

  public init(from decoder: any Decoder) throws {
    if let scalar = try? MergeScalar(from: decoder) {
      self = .value(scalar)
    } else if var list = try? decoder.unkeyedContainer() {
      var scalars: [MergeScalar] = []
      var conditions: [MergeCondition] = []
      while !list.isAtEnd {
        switch try list.decode(Element.self) {
        case .scalar(let scalar): scalars.append(scalar)
        case .condition(let condition): conditions.append(condition)
        }
      }
      guard scalars.isEmpty || conditions.isEmpty else {
        throw GroveError(.config, "", "values and conditions stand in one list; give every entry a 'value:', or none")
      }
      guard !scalars.isEmpty || !conditions.isEmpty else { throw GroveError(.config, "", "the list is empty") }
      self = conditions.isEmpty ? .gradient(scalars) : .conditions(conditions)
    } else {
      self = .conditions([try MergeCondition(from: decoder)])
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .value(let scalar): try scalar.encode(to: encoder)
    case .gradient(let scalars): try scalars.encode(to: encoder)
    case .conditions(let conditions): try conditions.encode(to: encoder)
    }
  }

  /// A value or a condition, in a list that may hold either.
  private enum Element: Decodable {
    case scalar(MergeScalar)
    case condition(MergeCondition)

    init(from decoder: any Decoder) throws {
      if let scalar = try? MergeScalar(from: decoder) {
        self = .scalar(scalar)
      } else {
        self = .condition(try MergeCondition(from: decoder))
      }
    }
  }

  /// The value for a tensor; nil where no condition fits.
  /// - Parameters:
  ///   - tensor: the name that filters look into.
  ///   - position: how far the tensor's layer is into its slice: 0 at the first, 1 at the last.
  ///   - read: makes a value of what is written.
  func value<Value>(
    for tensor: String, at position: Double, _ read: (MergeScalar) throws -> Value
  ) throws -> Value? {
    switch self {
    case .value(let scalar): return try read(scalar)
    case .gradient(let scalars):
      let place = position * Double(scalars.count - 1)
      let before = Int(place)
      let values = try scalars.map(read)
      guard let numbers = values as? [Double] else { return values[before] }
      let share = place - Double(before)
      let mixed = (1 - share) * numbers[before] + share * numbers[min(before + 1, numbers.count - 1)]
      return mixed as? Value
    case .conditions(let conditions):
      for condition in conditions where condition.fits(tensor) {
        return try condition.setting.value(for: tensor, at: position, read)
      }
      return nil
    }
  }
}

/// A value that counts for tensors with a certain text in their names.
public struct MergeCondition: Codable, Equatable, Sendable {
  /// A part of the tensor's name; empty or "*" fits every tensor.
  public var filter: String
  private var values: [MergeScalar]
  private var isGradient: Bool

  private enum CodingKeys: String, CodingKey { case filter, value }

  /// - Parameter setting: one value or a gradient.
  /// - Precondition: no conditions inside a condition.
  public init(filter: String, _ setting: MergeSetting) {
    self.filter = filter
    switch setting {
    case .value(let value): (values, isGradient) = ([value], false)
    case .gradient(let values): (self.values, isGradient) = (values, true)
    case .conditions: preconditionFailure("a condition inside a condition")
    }
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    filter = fields.contains(.filter) ? try fields.decode(String.self, forKey: .filter) : ""
    guard fields.contains(.value) else { throw GroveError(.config, "", "has no 'value:'") }
    switch try fields.decode(MergeSetting.self, forKey: .value) {
    case .value(let value): (values, isGradient) = ([value], false)
    case .gradient(let values): (self.values, isGradient) = (values, true)
    case .conditions: throw GroveError(.config, "", "a condition stands inside a condition")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    if !filter.isEmpty { try fields.encode(filter, forKey: .filter) }
    try fields.encode(setting, forKey: .value)
  }

  /// What counts where the filter fits.
  public var setting: MergeSetting { isGradient ? .gradient(values) : .value(values[0]) }

  func fits(_ tensor: String) -> Bool { filter.isEmpty || filter == "*" || tensor.contains(filter) }
}
