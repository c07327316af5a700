extension Array {
  /// So many of the elements, evenly over all; all of them if there are no more.
  func spread(over count: Int) -> [Element] {
    self.count <= count ? self : (0..<count).map { self[$0 * self.count / count] }
  }
}
