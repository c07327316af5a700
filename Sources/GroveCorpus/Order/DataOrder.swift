import GroveCore

/// How often the domains of a dataset come up.
public enum Mixing: Equatable, Sendable {
  /// As often as they have sequences: every sequence once an epoch.
  case proportional
  /// As often as their weights say, which need not add up to 1; a domain that is not named does not come up. Each
  /// domain has epochs of its own.
  case weighted([String: Double])
}

/// A domain and the number of its sequences.
public struct DomainSequences: Equatable, Sendable {
  /// The name of the domain.
  public var name: String
  /// Whole windows of the domain.
  public var count: Int

  /// A domain from its parts.
  public init(name: String, count: Int) {
    self.name = name
    self.count = count
  }
}

/// The order in which a run sees its data: sample i is a function of (data fingerprint, seed, i) alone.
///
/// Sample i of a run is sequence `i % batchSize` of step `i / batchSize`. Nothing else has a say: not the length of
/// the run, not how a batch is cut into micro-batches or over workers. An epoch is a permutation of its own, computed
/// and not stored: any sample takes O(1) time and memory.
public struct DataOrder: Sendable {
  /// The domains in order of the bytes of their names; `SequenceReference.domain` counts these.
  public let domains: [DomainSequences]
  /// How often the domains come up.
  public let mixing: Mixing
  /// Sequences of all domains.
  public let sequenceCount: Int
  private let plan: Plan

  private enum Plan: Sendable {
    /// The first sequence of every domain in the numbering of all, and the key of the epochs.
    case proportional(starts: [Int], key: RandomKey)
    /// The schedule counts the weighted domains only; `domains` leads from these to all.
    case weighted(DomainSchedule, domains: [Int], keys: [RandomKey])
  }

  /// - Parameter fingerprint: of the data, as `ShardManifest.fingerprint` gives it.
  /// - Throws: `GroveError` with code `.argument` if there is no sequence, or a weight is not a positive number, names
  ///   no domain or a domain without sequences.
  public init(fingerprint: String, seed: UInt64, domains: [DomainSequences], mixing: Mixing) throws {
    let domains = domains.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    self.domains = domains
    self.mixing = mixing
    sequenceCount = domains.reduce(0) { $0 + $1.count }
    guard sequenceCount > 0 else {
      throw GroveError(
        .argument, "data", "no domain has a whole sequence", remedy: "Use a shorter context, or more text.")
    }
    let key = RandomKey(seed: seed).split("data order").split(fingerprint)
    switch mixing {
    case .proportional:
      var starts: [Int] = []
      var total = 0
      for domain in domains {
        starts.append(total)
        total += domain.count
      }
      plan = .proportional(starts: starts, key: key)
    case .weighted(let weights):
      let chosen = try DataOrder.weightedDomains(weights, domains)
      plan = .weighted(
        DomainSchedule(weights: chosen.map { weights[domains[$0].name] ?? 0 }), domains: chosen,
        keys: chosen.map { key.split(domains[$0].name) })
    }
  }

  private static func weightedDomains(_ weights: [String: Double], _ domains: [DomainSequences]) throws -> [Int] {
    let names = domains.map(\.name)
    for (name, weight) in weights.sorted(by: { $0.key < $1.key }) {
      let place = "weights.\(name)"
      guard let index = names.firstIndex(of: name) else {
        throw GroveError(.argument, place, "no such domain", remedy: "There are: \(names.joined(separator: ", ")).")
      }
      guard weight > 0, weight.isFinite else {
        throw GroveError(.argument, place, "\(weight) is not a positive number", remedy: "Leave the domain out.")
      }
      guard domains[index].count > 0 else {
        throw GroveError(.argument, place, "the domain has no whole sequence", remedy: "Leave the domain out.")
      }
    }
    let chosen = domains.indices.filter { weights[domains[$0].name] != nil }
    guard 1...4096 ~= chosen.count else {
      throw GroveError(.argument, "weights", "\(chosen.count) domains have weights; 1 to 4096 may")
    }
    return chosen
  }

  /// The shares that the order keeps, by domain: the weights in whole parts of a period, or the parts of the data.
  public var shares: [String: Double] {
    switch plan {
    case .proportional:
      Dictionary(uniqueKeysWithValues: domains.map { ($0.name, Double($0.count) / Double(sequenceCount)) })
    case .weighted(let schedule, let chosen, _):
      Dictionary(
        uniqueKeysWithValues: zip(chosen, schedule.parts).map {
          (domains[$0].name, Double($1) / Double(schedule.period))
        })
    }
  }

  /// The sequences of a range of samples, in order.
  /// - Precondition: no sample is negative.
  public func sequences(samples: Range<Int>) -> [SequenceReference] {
    precondition(samples.lowerBound >= 0, "samples \(samples) begin before 0")
    switch plan {
    case .proportional(let starts, let key):
      let order = EpochOrder(count: sequenceCount, key: key)
      return samples.map { sample in
        let (sequence, epoch) = order[sample]
        let domain = DataOrder.last(of: starts, notAbove: sequence)
        return SequenceReference(domain: domain, index: sequence - starts[domain], epoch: epoch)
      }
    case .weighted(let schedule, let chosen, let keys):
      return samples.map { sample in
        let (slot, earlier) = schedule.assignment(of: sample)
        let (index, epoch) = EpochOrder(count: domains[chosen[slot]].count, key: keys[slot])[earlier]
        return SequenceReference(domain: chosen[slot], index: index, epoch: epoch)
      }
    }
  }

  /// The sequences of a step, in order: a prefix of them is the same for every larger batch that starts there.
  /// - Precondition: `step` is not negative and `batchSize` is positive.
  public func sequences(step: Int, batchSize: Int) -> [SequenceReference] {
    precondition(step >= 0 && batchSize > 0, "there is no step \(step) of \(batchSize) sequences")
    return sequences(samples: step * batchSize..<(step + 1) * batchSize)
  }

  /// SHA-256 over the sequences of some steps: equal exactly when two runs saw the same data in the same order.
  public func fingerprint(steps: Range<Int>, batchSize: Int) -> String {
    var fingerprint = OrderFingerprint(domains: domains.map(\.name))
    for step in steps { fingerprint.update(sequences(step: step, batchSize: batchSize)) }
    return fingerprint.hexadecimal()
  }

  /// The last start that is not above a sequence: of domains without sequences the one that follows them.
  private static func last(of starts: [Int], notAbove sequence: Int) -> Int {
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= sequence { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }
}

/// A running SHA-256 over the sequences that a run saw, batch by batch.
///
/// Hashed are the names of the domains, each with its length, and of every sequence the domain and the index as
/// 64-bit little-endian numbers.
public struct OrderFingerprint: Sendable {
  private var hash = ContentHash()

  /// Begins with no sequence; the domains are those of the order.
  public init(domains: [String]) {
    hash.update("grove order 1\n")
    for name in domains { hash.update("\(name.utf8.count) \(name)\n") }
  }

  /// Adds the sequences of a batch, in order.
  public mutating func update(_ sequences: [SequenceReference]) {
    var bytes: [UInt8] = []
    for sequence in sequences {
      bytes.append(littleEndian: Int64(sequence.domain))
      bytes.append(littleEndian: Int64(sequence.index))
    }
    bytes.withUnsafeBytes { hash.update($0) }
  }

  /// 64 lower-case hexadecimal digits; more may be added afterwards.
  public func hexadecimal() -> String { hash.hexadecimal() }
}
