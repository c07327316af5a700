/// A Unicode normalization form (UAX #15), with the data of the version of Unicode that `tokenizers` has.
public enum UnicodeForm: String, Sendable, Hashable, CaseIterable {
  case nfc = "NFC"
  case nfd = "NFD"
  case nfkc = "NFKC"
  case nfkd = "NFKD"

  var isCompatible: Bool { self == .nfkc || self == .nfkd }
  var composes: Bool { self == .nfc || self == .nfkc }

  /// The text in this form; nil if it is that already.
  /// - Complexity: O(bytes), but for sorting runs of marks, O(n log n) in the length of a run.
  func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    let data = NormalizationData.shared
    let flag = data.flag(self)
    var output: [UInt8]?
    var work = NormalizationSegment(form: self, data: data)
    var copied = 0  // what `output` holds so far
    var starter = 0  // the character before `at`
    var at = 0
    while at < text.count {
      if text[at] < 0x80 {
        starter = at
        at += 1
        continue
      }
      let (value, width) = text.scalar(at: at)
      guard data.flags[Int(value)] & flag != 0 else {
        starter = at
        at += width
        continue
      }
      // From the last character that nothing before touches to the next one.
      work.removeAll()
      let first = composes ? max(copied, starter) : at
      var end = first
      while end < text.count {
        let (value, width) = text.scalar(at: end)
        if end > at, data.flags[Int(value)] & flag == 0 { break }
        work.append(value)
        end += width
      }
      if output == nil { output = [] }
      output!.append(contentsOf: text[copied..<first])
      work.finish(appendingTo: &output!)
      (copied, starter, at) = (end, end, end)
    }
    output?.append(contentsOf: text[copied...])
    return output
  }
}

/// The characters between two that normalization leaves alone, on their way to a form.
struct NormalizationSegment {
  let form: UnicodeForm
  let data: NormalizationData
  private var scalars: [UInt32] = []

  init(form: UnicodeForm, data: NormalizationData) { (self.form, self.data) = (form, data) }

  mutating func removeAll() { scalars.removeAll(keepingCapacity: true) }

  /// Adds the decomposition of a character.
  mutating func append(_ scalar: UInt32) { data.decompose(scalar, form.isCompatible, appendingTo: &scalars) }

  /// Sorts the marks, composes where the form says so, and writes the result.
  mutating func finish(appendingTo output: inout [UInt8]) {
    sortMarks()
    if form.composes { compose() }
    for scalar in scalars { output.append(scalar: scalar) }
  }

  /// Sorts each run of marks by class; marks of one class keep their order.
  private mutating func sortMarks() {
    var start = 0
    while start < scalars.count {
      guard data.rank(scalars[start]) > 0 else {
        start += 1
        continue
      }
      var end = start + 1
      var isSorted = true
      while end < scalars.count, data.rank(scalars[end]) > 0 {
        if data.rank(scalars[end]) < data.rank(scalars[end - 1]) { isSorted = false }
        end += 1
      }
      if !isSorted { sort(start..<end) }
      start = end
    }
  }

  /// By counting: there are some fifty classes, and a run may be a million marks.
  private mutating func sort(_ range: Range<Int>) {
    var places = [Int](repeating: 0, count: 257)
    for scalar in scalars[range] { places[Int(data.rank(scalar)) + 1] += 1 }
    for rank in 1..<257 { places[rank] += places[rank - 1] }
    let run = Array(scalars[range])
    for scalar in run {
      let rank = Int(data.rank(scalar))
      scalars[range.lowerBound + places[rank]] = scalar
      places[rank] += 1
    }
  }

  /// Canonical composition: a mark goes into the last starter unless one of its own class or a starter stands between.
  private mutating func compose() {
    var starter: Int?
    var lastRank: UInt8 = 0
    var end = 0
    for scalar in scalars {
      let rank = data.rank(scalar)
      let isAdjacent = starter.map { $0 == end - 1 } ?? false
      if let place = starter, isAdjacent || (lastRank != 0 && lastRank < rank),
        let composite = data.composition(scalars[place], scalar)
      {
        scalars[place] = composite
        continue
      }
      if rank == 0 { starter = end }
      lastRank = rank
      scalars[end] = scalar
      end += 1
    }
    scalars.removeLast(scalars.count - end)
  }
}
