internal import CTorch

/// An operator of libtorch, by the name and overload of its schema: the one generic door.
///
/// Anything that has no typed wrapper can be called like this:
/// ```swift
/// static let roll = Operator("aten::roll")
/// let rolled = try roll.tensor(x, [1], [0])
/// ```
/// - Complexity: a call costs under a microsecond on top of the operator.
public struct Operator: Sendable {
  /// With the overload: "aten::add.Tensor".
  public let name: String
  private let target: Result<Target, any Error>

  private struct Target: @unchecked Sendable {  // Safety: libtorch's operator handles are immutable and never freed.
    let handle: GroveOperatorHandle
  }

  /// Looks the operator up once. A missing one is reported by the first call.
  public init(_ name: String, _ overload: String = "") {
    self.name = overload.isEmpty ? name : "\(name).\(overload)"
    target = Result {
      var handle: GroveOperatorHandle?
      try Torch.check("operator", try Torch.table().pointee.find_operator(name, overload, &handle))
      guard let handle else { throw TorchError(.refused, name, "no such operator") }
      return Target(handle: handle)
    }
  }

  /// Calls the operator and gives its only result.
  public func tensor(_ arguments: Argument...) throws -> Tensor {
    let results = try call(arguments)
    guard results.count == 1, case .tensor(let tensor) = results[0] else {
      throw TorchError(.refused, describe(arguments), "does not give one tensor")
    }
    return tensor
  }

  /// Calls the operator and gives its results that are tensors; nil for one left undefined.
  public func tensors(_ arguments: Argument...) throws -> [Tensor] {
    try call(arguments).compactMap { if case .tensor(let tensor) = $0 { tensor } else { nil } }
  }

  /// Calls an operator that gives a number.
  public func number(_ arguments: Argument...) throws -> Double {
    switch try call(arguments).first {
    case .number(let value): value
    case .integer(let value): Double(value)
    case .boolean(let value): value ? 1 : 0
    default: throw TorchError(.refused, describe(arguments), "does not give a number")
    }
  }

  /// Calls an operator for its effect on its arguments.
  public func run(_ arguments: Argument...) throws { _ = try call(arguments) }

  /// The general form: all results, a list of tensors as one result each.
  public func call(_ arguments: [Argument]) throws -> [Argument] { try invoke(arguments).map(Argument.init(decoding:)) }

  /// The only result as a bare reference, for `Tensor`'s own initialisers.
  func handle(_ arguments: Argument...) throws -> GroveTensorHandle { try invoke(arguments)[0].tensor }

  private func invoke(_ arguments: [Argument]) throws -> [GroveValue] {
    let handle = try target.get().handle
    let table = try Torch.table()
    let listCount = arguments.reduce(0) { $0 + $1.listCount }
    return try withUnsafeTemporaryAllocation(of: GroveValue.self, capacity: arguments.count + 16) { values in
      try withUnsafeTemporaryAllocation(byteCount: max(listCount, 1) * 8, alignment: 8) { lists in
        var strings: [ContiguousArray<CChar>] = []
        var used = 0
        for (index, argument) in arguments.enumerated() {
          values[index] = argument.encoded(lists, &used, &strings)
        }
        let results = UnsafeMutableBufferPointer(rebasing: values[arguments.count...])
        var count: Int32 = 0
        try Torch.check(
          describe(arguments),
          table.pointee.call(handle, values.baseAddress, Int32(arguments.count), results.baseAddress, 16, &count))
        withExtendedLifetime(strings) {}
        return Array(results[..<Int(count)])
      }
    }
  }

  /// "aten::mm(float32 [2, 3], float32 [4, 5])", for errors.
  func describe(_ arguments: [Argument]) -> String {
    "\(name)(\(arguments.map(\.description).joined(separator: ", ")))"
  }
}

/// A value that goes into an operator or comes out of it.
public enum Argument {
  /// What the operator's schema says.
  case `default`
  case none
  case tensor(Tensor)
  case tensors([Tensor?])
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  case integers([Int])
  case numbers([Double])
  case string(String)
  case device(Device)

  /// A dtype, which schemas take as an integer.
  public static func dtype(_ dtype: DType) -> Argument { .integer(Int(dtype.rawValue)) }
  /// `none` for nil.
  public static func optional(_ tensor: Tensor?) -> Argument { tensor.map { .tensor($0) } ?? .none }

  fileprivate var listCount: Int {
    switch self {
    case .tensors(let list): list.count
    case .integers(let list): list.count
    case .numbers(let list): list.count
    default: 0
    }
  }

  fileprivate func encoded(
    _ lists: UnsafeMutableRawBufferPointer, _ used: inout Int, _ strings: inout [ContiguousArray<CChar>]
  ) -> GroveValue {
    var value = GroveValue()
    func store<Element>(_ list: [Element]) -> UnsafePointer<Element> {
      let start = lists.baseAddress! + used * 8
      used += list.count
      let typed = start.bindMemory(to: Element.self, capacity: max(list.count, 1))
      for (index, element) in list.enumerated() { (typed + index).initialize(to: element) }
      return UnsafePointer(typed)
    }
    switch self {
    case .default: value.kind = Int32(GROVE_VALUE_DEFAULT)
    case .none: value.kind = Int32(GROVE_VALUE_NONE)
    case .tensor(let tensor):
      value.kind = Int32(GROVE_VALUE_TENSOR)
      value.tensor = tensor.handle
    case .tensors(let list):
      value.kind = Int32(GROVE_VALUE_TENSORS)
      value.count = Int32(list.count)
      value.tensors = store(list.map { $0?.handle })
    case .integer(let integer):
      value.kind = Int32(GROVE_VALUE_INTEGER)
      value.integer = Int64(integer)
    case .number(let number):
      value.kind = Int32(GROVE_VALUE_NUMBER)
      value.number = number
    case .boolean(let flag):
      value.kind = Int32(GROVE_VALUE_BOOLEAN)
      value.integer = flag ? 1 : 0
    case .integers(let list):
      value.kind = Int32(GROVE_VALUE_INTEGERS)
      value.count = Int32(list.count)
      value.integers = store(list.map { Int64($0) })
    case .numbers(let list):
      value.kind = Int32(GROVE_VALUE_NUMBERS)
      value.count = Int32(list.count)
      value.numbers = store(list)
    case .string(let text):
      value.kind = Int32(GROVE_VALUE_STRING)
      strings.append(ContiguousArray(text.utf8CString))
      // The array's storage does not move while `strings` is alive: it is never changed after this.
      value.string = strings[strings.count - 1].withUnsafeBufferPointer { $0.baseAddress }
    case .device(let device):
      value.kind = Int32(GROVE_VALUE_DEVICE)
      value.integer = Int64(device.typeCode)
      value.count = device.indexCode
    }
    return value
  }

  fileprivate init(decoding value: GroveValue) {
    switch Int(value.kind) {
    case Int(GROVE_VALUE_TENSOR): self = value.tensor.map { .tensor(Tensor(owning: $0)) } ?? .none
    case Int(GROVE_VALUE_INTEGER): self = .integer(Int(value.integer))
    case Int(GROVE_VALUE_NUMBER): self = .number(value.number)
    case Int(GROVE_VALUE_BOOLEAN): self = .boolean(value.integer != 0)
    default: self = .none
    }
  }
}

extension Argument: CustomStringConvertible {
  public var description: String {
    switch self {
    case .default: "default"
    case .none: "none"
    case .tensor(let tensor): "\(tensor)"
    case .tensors(let list): "[\(list.map { $0.map { "\($0)" } ?? "none" }.joined(separator: ", "))]"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .boolean(let value): "\(value)"
    case .integers(let list): "\(list)"
    case .numbers(let list): "\(list)"
    case .string(let text): "\"\(text)\""
    case .device(let device): "\(device)"
    }
  }
}
