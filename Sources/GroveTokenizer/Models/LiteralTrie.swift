/// Texts as a trie: which of them a text starts with, from any place.
///
/// The children of all nodes lie in one open-addressing table, so that a step costs one look-up whatever the alphabet.
struct LiteralTrie: Sendable, Hashable {
  /// node << 8 | byte, or `empty`.
  private var keys: [UInt64] = [UInt64](repeating: LiteralTrie.empty, count: 64)
  private var children: [UInt32] = [UInt32](repeating: 0, count: 64)
  /// Of each node the value of the text that ends there, or `none`.
  private var values: [UInt32] = [LiteralTrie.none]
  private static let empty = UInt64.max
  static let none = UInt32.max

  init() {}

  /// The values are the places in the list.
  init(_ texts: [[UInt8]]) {
    for (index, text) in texts.enumerated() { insert(text, UInt32(index)) }
  }

  var isEmpty: Bool { values.count == 1 }

  /// Adds a text; a later value takes the place of an earlier one.
  mutating func insert(_ text: some Sequence<UInt8>, _ value: UInt32) {
    var node: UInt32 = 0
    for byte in text {
      if let child = child(of: node, byte) {
        node = child
        continue
      }
      if (values.count + 1) * 2 > keys.count { grow() }
      let key = UInt64(node) << 8 | UInt64(byte)
      let slot = self.slot(key)
      keys[slot] = key
      children[slot] = UInt32(values.count)
      node = UInt32(values.count)
      values.append(LiteralTrie.none)
    }
    values[Int(node)] = value
  }

  /// The value of the text that ends at a node, or `none`.
  @inline(__always)
  func value(at node: UInt32) -> UInt32 { values[Int(node)] }

  /// The node that a byte leads to; the root is 0.
  @inline(__always)
  func child(of node: UInt32, _ byte: UInt8) -> UInt32? {
    let key = UInt64(node) << 8 | UInt64(byte)
    let slot = self.slot(key)
    return keys[slot] == key ? children[slot] : nil
  }

  /// The length of the longest text that stands at `start`.
  func longestMatch(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var longest: Int?
    var node: UInt32 = 0
    var at = start
    while at < bytes.count, let child = child(of: node, bytes[at]) {
      node = child
      at += 1
      if values[Int(node)] != LiteralTrie.none { longest = at - start }
    }
    return longest
  }

  @inline(__always)
  private func slot(_ key: UInt64) -> Int {
    let mask = keys.count - 1
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while keys[slot] != key, keys[slot] != LiteralTrie.empty { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    let (oldKeys, oldChildren) = (keys, children)
    keys = [UInt64](repeating: LiteralTrie.empty, count: oldKeys.count * 2)
    children = [UInt32](repeating: 0, count: oldKeys.count * 2)
    for (index, key) in oldKeys.enumerated() where key != LiteralTrie.empty {
      let slot = self.slot(key)
      keys[slot] = key
      children[slot] = oldChildren[index]
    }
  }
}
