import GroveCore

/// A list in a GGUF file's metadata: it stays in the file, and is decoded when it is asked for.
public struct GGUFArray: Sendable {
  private enum Storage: Sendable {
    /// Checked when the file was opened.
    case mapped(MappedFile, Range<Int>)
    case own([UInt8])
  }

  /// Never `array`: lists of lists are refused, as llama.cpp refuses them.
  public let elementType: GGUFValueType
  public let count: Int
  private let storage: Storage

  init(_ elementType: GGUFValueType, count: Int, in file: MappedFile, _ bytes: Range<Int>) {
    (self.elementType, self.count, storage) = (elementType, count, .mapped(file, bytes))
  }

  /// A list to be written.
  public init(_ texts: [String]) {
    var bytes: [UInt8] = []
    for text in texts { bytes.append(gguf: text) }
    (elementType, count, storage) = (.string, texts.count, .own(bytes))
  }

  /// A list to be written.
  public init(_ numbers: [Int32]) {
    var bytes: [UInt8] = []
    for number in numbers { bytes.append(littleEndian: number) }
    (elementType, count, storage) = (.int32, numbers.count, .own(bytes))
  }

  /// A list to be written.
  public init(_ numbers: [Float]) {
    var bytes: [UInt8] = []
    for number in numbers { bytes.append(littleEndian: number.bitPattern) }
    (elementType, count, storage) = (.float32, numbers.count, .own(bytes))
  }

  /// The elements as the file has them, without type and count.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    switch storage {
    case .mapped(let file, let range): try file.withBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    case .own(let bytes): try bytes.withUnsafeBytes(body)
    }
  }

  /// The texts; nil for a list of something else.
  /// - Complexity: O(bytes), with memory for all of them.
  public func strings() -> [String]? {
    guard elementType == .string else { return nil }
    return withBytes { bytes in
      var offset = 0
      return (0..<count).map { _ in
        let length = Int(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        offset += 8 + length
        return String(decoding: bytes[offset - length..<offset], as: UTF8.self)
      }
    }
  }

  /// The elements, one by one; nil for texts.
  private func elements() -> [GGUFValue]? {
    guard elementType.byteCount != nil else { return nil }
    return withBytes { bytes in
      var scanner = GGUFScanner(bytes, path: "")
      // The bytes were counted when the file was opened, or when they were put together.
      return (0..<count).compactMap { _ in try? scanner.scalar(elementType, in: "") }
    }
  }

  /// The whole numbers; nil if one of the elements is something else.
  public func integers() -> [Int]? {
    guard let elements = elements() else { return nil }
    let integers = elements.compactMap(\.integerValue)
    return integers.count == count ? integers : nil
  }

  /// The numbers; nil if one of the elements is something else.
  public func numbers() -> [Double]? {
    guard let elements = elements() else { return nil }
    let numbers = elements.compactMap(\.numberValue)
    return numbers.count == count ? numbers : nil
  }
}
