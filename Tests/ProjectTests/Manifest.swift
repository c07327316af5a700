import Foundation

/// The targets of Package.swift and what each uses, read from its text.
struct Manifest {
  /// Direct dependencies of each target: targets and products, by name.
  let uses: [String: Set<String>]
  /// The names of products of other packages.
  let products: Set<String>

  init(_ text: String) {
    let code = text.split(separator: "\n").filter { !$0.drop(while: { $0 == " " }).hasPrefix("//") }
      .joined(separator: "\n")
    var uses: [String: Set<String>] = [:]
    var products: Set<String> = []
    for declaration in Manifest.calls(of: [".systemLibrary(", ".target(", ".executableTarget(", "library("], in: code) {
      let strings = Manifest.strings(in: declaration)
      guard let name = strings.first, !declaration.hasPrefix("_") else { continue }
      for product in Manifest.calls(of: [".product("], in: declaration) {
        products.formUnion(Manifest.strings(in: product).prefix(1))
      }
      uses[name, default: []].formUnion(strings.dropFirst())
    }
    let known = Set(uses.keys).union(products)
    // The helper `library` of the manifest adds GroveCore to every library.
    for name in uses.keys {
      uses[name]?.formIntersection(known)
      if name.hasPrefix("Grove"), name != "GroveCore" { uses[name]?.insert("GroveCore") }
    }
    self.uses = uses
    self.products = products
  }

  /// All that a target may use: its dependencies, and theirs.
  func reachable(from target: String) -> Set<String> {
    var found: Set<String> = []
    var next = uses[target] ?? []
    while let name = next.popFirst() {
      found.insert(name)
      next.formUnion(uses[name, default: []].subtracting(found))
    }
    return found
  }

  /// The arguments of each call, between its brackets.
  private static func calls(of names: [String], in text: String) -> [String] {
    names.flatMap { name in
      text.ranges(of: name).compactMap { range in
        // "library(" also ends "systemLibrary(" and the product ".library(".
        if !name.hasPrefix("."), range.lowerBound > text.startIndex {
          let before = text[text.index(before: range.lowerBound)]
          if before == "." || before.isLetter { return nil }
        }
        var depth = 1
        let rest = text[range.upperBound...].prefix { character in
          depth += character == "(" ? 1 : character == ")" ? -1 : 0
          return depth > 0
        }
        return String(rest)
      }
    }
  }

  private static func strings(in text: String) -> [String] {
    text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }
}
