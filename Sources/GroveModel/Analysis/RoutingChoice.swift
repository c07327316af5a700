import GroveCore
public import GroveTensor

/// The positions that a router of an encoder chose.
public struct RoutingChoice: Sendable {
  /// What the chosen positions take part in.
  public enum Role: String, Sendable, CaseIterable {
    case feedForward
    /// They ask, in attention to far positions.
    case queries
    /// They are asked.
    case keys
  }

  /// The index of the block.
  public let layer: Int
  public let role: Role
  /// Of each text, rising.
  public let places: [[Int]]
}

extension T5 {
  /// What the routers of the encoder choose in ids `[B, S]`, block by block; nothing where it has none.
  /// - Complexity: a pass through the encoder, and each router once more.
  public func routingChoices(_ tokens: Tensor) throws -> [RoutingChoice] {
    var choices: [RoutingChoice] = []
    func add(_ router: Router, _ share: Double, _ layer: Int, _ role: RoutingChoice.Role, _ x: Tensor) throws {
      let places = try router.choose(x, share: share).places
      let values: [Int64] = try places.values()
      let count = places.size(1)
      choices.append(
        RoutingChoice(
          layer: layer, role: role,
          places: stride(from: 0, to: values.count, by: count).map { values[$0..<$0 + count].map(Int.init).sorted() }))
    }
    let routing = config.routing
    let hook = ActivationHook([.attentionInput, .feedForwardInput]) { layer, site, x in
      if site == .attentionInput, let attention = encoder[layer].attention as? RoutedAttention {
        try add(attention.queryRouter, routing.share, layer, .queries, x)
        try add(attention.keyRouter, routing.keyShare, layer, .keys, x)
      }
      if site == .feedForwardInput, let feedForward = encoder[layer].feedForward as? RoutedFeedForward {
        try add(feedForward.router, routing.share, layer, .feedForward, x)
      }
      return x
    }
    _ = try withGradients(.off) { try encoded(tokens, .inference, hook: hook) }
    return choices
  }
}
