public import GroveTensor

/// What a layer needs besides its input.
public struct LayerContext {
  public let mode: Mode
  /// Nil for models whose positions are learned.
  public let rotary: Rotary?
  /// Which of the S positions each of the T new ones attends to.
  public let mask: AttentionMask
  /// Keys and values of earlier positions; nil when the whole text is given at once.
  public let cache: KeyValueCache.Layer?

  public init(mode: Mode, rotary: Rotary?, mask: AttentionMask, cache: KeyValueCache.Layer?) {
    self.mode = mode
    self.rotary = rotary
    self.mask = mask
    self.cache = cache
  }
}
