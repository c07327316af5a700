import GroveCore

/// Everything before the tensors of a GGUF file, read and checked.
struct GGUFHeader {
  private(set) var version = 0
  private(set) var metadata: [(key: String, value: GGUFValue)] = []
  private(set) var keys: [String: Int] = [:]
  private(set) var entries: [GGUFFile.Entry] = []
  private(set) var names: [String: Int] = [:]
  private(set) var alignment = 32

  /// More than any model has; what is claimed beyond is refused before memory is taken for it.
  private static let mostKeys = 1 << 16
  private static let mostTensors = 1 << 18
  /// A list of texts is walked through; no vocabulary has so many.
  private static let mostListedTexts = 1 << 22
  private static let longestKey = (1 << 16) - 1
  /// The format's own limit.
  private static let longestName = 64
  /// Alignments beyond this only make a file larger.
  private static let largestAlignment = 1 << 20

  /// A tensor's line in the header.
  private struct Claim {
    let name: String
    let type: GGUFTensorType
    let shape: [Int]
    let byteCount: Int
    let offset: UInt64
  }

  init(_ file: MappedFile, _ bytes: UnsafeRawBufferPointer) throws {
    var scanner = GGUFScanner(bytes, path: file.url.path)
    guard bytes.count >= 4, Array(bytes.prefix(4)) == Array("GGUF".utf8) else {
      throw GroveError(
        .format, file.url.path, "is not a GGUF file", remedy: "A model is a folder with config.json, or a GGUF file.")
    }
    try scanner.skip(4, in: "the header")
    let version = try scanner.integer(UInt32.self, in: "the header")
    guard version == 2 || version == 3 else {
      let isSwapped = version.byteSwapped == 2 || version.byteSwapped == 3
      throw GroveError(
        .format, file.url.path, isSwapped ? "is a big-endian GGUF file" : "is GGUF of version \(version)",
        remedy: "Convert the model anew; little-endian files of versions 2 and 3 are read.")
    }
    self.version = Int(version)
    let tensors = try scanner.integer(UInt64.self, in: "the header")
    let values = try scanner.integer(UInt64.self, in: "the header")
    guard tensors <= GGUFHeader.mostTensors, values <= GGUFHeader.mostKeys else {
      throw scanner.wrong(
        "the header claims \(tensors) tensors and \(values) keys; more than \(GGUFHeader.mostTensors) and "
          + "\(GGUFHeader.mostKeys) are not read")
    }
    for index in 0..<Int(values) { try readValue(&scanner, index, file) }
    try readAlignment(scanner)
    var claims: [Claim] = []
    for index in 0..<Int(tensors) { claims.append(try readClaim(&scanner, index)) }
    try place(claims, behind: scanner, fileBytes: bytes.count)
  }

  private mutating func readValue(_ scanner: inout GGUFScanner, _ index: Int, _ file: MappedFile) throws {
    let key = try scanner.text(GGUFHeader.longestKey, in: "key \(index)")
    let type = try scanner.valueType(in: key)
    let value: GGUFValue
    switch type {
    case .string: value = .string(try scanner.text(in: key))
    case .array: value = .array(try readArray(&scanner, key, file))
    default: value = try scanner.scalar(type, in: key)
    }
    guard keys.updateValue(index, forKey: key) == nil else { throw scanner.wrong("the key \(key) occurs twice") }
    metadata.append((key, value))
  }

  private func readArray(_ scanner: inout GGUFScanner, _ key: String, _ file: MappedFile) throws -> GGUFArray {
    let type = try scanner.valueType(in: key)
    let count = try scanner.integer(UInt64.self, in: key)
    guard type != .array else { throw scanner.wrong("\(key) is a list of lists, which no model needs") }
    // A text has at least its length in front.
    guard count <= UInt64(scanner.remaining / (type.byteCount ?? 8)) else {
      throw scanner.wrong("\(key) has \(count) elements, the file has \(scanner.remaining) more bytes")
    }
    let start = scanner.offset
    if let width = type.byteCount {
      try scanner.skip(Int(count) * width, in: key)
    } else {
      guard count <= GGUFHeader.mostListedTexts else {
        throw scanner.wrong("\(key) has \(count) texts; more than \(GGUFHeader.mostListedTexts) are not read")
      }
      for _ in 0..<count { try scanner.skipText(in: key) }
    }
    return GGUFArray(type, count: Int(count), in: file, start..<scanner.offset)
  }

  private mutating func readAlignment(_ scanner: GGUFScanner) throws {
    guard let index = keys["general.alignment"] else { return }
    let value = metadata[index].value
    guard let alignment = value.integerValue, (1...GGUFHeader.largestAlignment).contains(alignment),
      alignment.nonzeroBitCount == 1
    else {
      throw scanner.wrong(
        "general.alignment is \(value.summary), not a power of two up to \(GGUFHeader.largestAlignment)")
    }
    self.alignment = alignment
  }

  private func readClaim(_ scanner: inout GGUFScanner, _ index: Int) throws -> Claim {
    let name = try scanner.text(GGUFHeader.longestName, in: "the name of tensor \(index)")
    func part() -> String { "tensor \(name)" }
    let axes = try scanner.integer(UInt32.self, in: part())
    guard (1...4).contains(axes) else { throw scanner.wrong("\(part()) has \(axes) axes; a tensor has 1 to 4") }
    var elements = 1
    var sizes: [Int] = []
    for _ in 0..<axes {
      let size = try scanner.integer(UInt64.self, in: part())
      guard size > 0 else { throw scanner.wrong("\(part()) has an axis of size 0") }
      let (product, overflow) = elements.multipliedReportingOverflow(by: Int(clamping: size))
      guard !overflow, product < 1 << 56 else {
        throw scanner.wrong("\(part()) has more elements than memory could hold")
      }
      elements = product
      sizes.append(Int(size))
    }
    let code = try scanner.integer(UInt32.self, in: part())
    guard let type = GGUFTensorType(rawValue: code) else {
      let known = GGUFTensorType.allCases.map(\.name).joined(separator: ", ")
      throw GroveError(
        .format, scanner.place, "\(part()) has the type \(GGUFTensorType.describe(code)), which is not supported",
        remedy: "Convert it to one of \(known).")
    }
    guard sizes[0].isMultiple(of: type.blockElements) else {
      throw scanner.wrong("\(part()) has rows of \(sizes[0]), not a multiple of \(type.name)'s \(type.blockElements)")
    }
    let offset = try scanner.integer(UInt64.self, in: part())
    return Claim(
      name: name, type: type, shape: sizes.reversed(), byteCount: elements / type.blockElements * type.blockBytes,
      offset: offset)
  }

  private mutating func place(_ claims: [Claim], behind scanner: GGUFScanner, fileBytes: Int) throws {
    let start = (scanner.offset + alignment - 1) / alignment * alignment
    let room = UInt64(max(fileBytes - start, 0))
    for (index, claim) in claims.enumerated() {
      guard claim.offset.isMultiple(of: UInt64(alignment)) else {
        throw scanner.wrong("tensor \(claim.name) starts at byte \(claim.offset), not a multiple of \(alignment)")
      }
      guard claim.offset <= room, UInt64(claim.byteCount) <= room - claim.offset else {
        throw scanner.wrong(
          "tensor \(claim.name) needs \(claim.byteCount) bytes from byte \(claim.offset), the tensors have \(room)")
      }
      guard names.updateValue(index, forKey: claim.name) == nil else {
        throw scanner.wrong("two tensors are called \(claim.name)")
      }
      let first = start + Int(claim.offset)
      entries.append(
        GGUFFile.Entry(name: claim.name, type: claim.type, shape: claim.shape, bytes: first..<first + claim.byteCount))
    }
    let ordered = entries.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
    for (before, after) in zip(ordered, ordered.dropFirst()) where after.bytes.lowerBound < before.bytes.upperBound {
      throw scanner.wrong("the tensors \(before.name) and \(after.name) overlap")
    }
  }
}
