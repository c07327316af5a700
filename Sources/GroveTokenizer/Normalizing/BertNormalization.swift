/// What BERT does to a text before it is split (Devlin et al. 2019, `tokenization.py`), as `tokenizers` does it.
public struct BertNormalization: Sendable, Hashable {
  /// A step of it, in the order in which the steps are taken.
  public enum Step: Sendable, Hashable, CaseIterable {
    /// Controls are removed, and white space becomes spaces.
    case cleanText
    /// Chinese characters get spaces around them.
    case separateIdeographs
    /// Characters are decomposed, and nonspacing marks removed.
    case stripAccents
    /// Lower case.
    case lowercase
  }

  /// The steps that are taken.
  public var steps: Set<Step>

  /// A normalization of these steps.
  public init(_ steps: Set<Step>) { self.steps = steps }

  func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var output: [UInt8]?
    for step in Step.allCases where steps.contains(step) {
      let next = output.map { bytes in bytes.withUnsafeBufferPointer { apply(step, $0) } } ?? apply(step, text)
      if let next { output = next }
    }
    return output
  }

  private func apply(_ step: Step, _ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    switch step {
    case .cleanText: return BertNormalization.cleaned(text)
    case .separateIdeographs: return BertNormalization.separated(text)
    case .stripAccents:
      guard let decomposed = UnicodeForm.nfd.normalized(text) else {
        return CharacterFilter.removing(CharacterTraits.nonspacing, from: text)
      }
      return decomposed.withUnsafeBufferPointer { CharacterFilter.removing(CharacterTraits.nonspacing, from: $0) }
        ?? decomposed
    case .lowercase: return Lowercasing.normalized(text)
    }
  }

  private static func cleaned(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    let traits = CharacterTraits.shared
    let classes = CharacterClasses.shared.table
    var output: [UInt8]?
    text.forEachScalar { value, range in
      let isControl = traits.has(CharacterTraits.control, value)
      let isSpace = classes[Int(value)] & CharacterClasses.mask == CharacterClasses.space && value != 0x20
      guard isControl || isSpace else {
        output?.append(contentsOf: text[range])
        return
      }
      if output == nil { output = Array(text[..<range.lowerBound]) }
      if !isControl { output!.append(UInt8(ascii: " ")) }
    }
    return output
  }

  private static func separated(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    let traits = CharacterTraits.shared
    var output: [UInt8]?
    text.forEachScalar { value, range in
      guard traits.has(CharacterTraits.ideograph, value) else {
        output?.append(contentsOf: text[range])
        return
      }
      if output == nil { output = Array(text[..<range.lowerBound]) }
      output!.append(UInt8(ascii: " "))
      output!.append(contentsOf: text[range])
      output!.append(UInt8(ascii: " "))
    }
    return output
  }
}
