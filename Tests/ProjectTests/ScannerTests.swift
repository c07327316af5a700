import Foundation
import Testing

/// The rules are only as good as the scans beneath them.
@Suite("Scans of the house rules")
struct ScannerTests {
  @Test("Functions are measured from their name to their closing brace")
  func functionLengths() {
    let file = TextFile(
      path: "F.swift",
      text: """
        struct F {
          func one() { work() }
          func three() {
            work()
          }
          public init(
            a: Int
          ) throws {
            if a > 0 { self.init(a) }
          }
        }
        protocol P {
          func required()
          func other() -> Int
        }
        """)
    #expect(file.functions.map(\.line) == [2, 3, 6])
    #expect(file.functions.map(\.count) == [1, 3, 5])
  }

  @Test("Types and longer functions need a comment, short ones and initialisers do not")
  func documentation() {
    let file = TextFile(
      path: "F.swift",
      text: """
        public struct Bare {
          public init() {
            work()
            work()
          }
          public func short() -> Int {
            1
          }
          public func long() {
            work()
            work()
          }
          /// Documented.
          @discardableResult
          public func other() -> Int {
            work()
            return 1
          }
          public func other(_ a: Int) -> Int {
            work()
            return a
          }
          public func required() {
            work()
            work()
          }
        }
        /// Documented.
        public enum E {}
        public protocol P {
          func required()
        }
        """)
    #expect(file.requirements == ["required"])
    #expect(file.undocumented(inheriting: ["required"]) == ["F.swift:1", "F.swift:9", "F.swift:30"])
  }

  @Test("Imports are read through attributes, access levels and kinds")
  func imports() {
    let text = "import A\npublic import B\n@preconcurrency import C\n  import struct D.E\n// import F\nlet import0 = 1"
    #expect(TextFile(path: "F.swift", text: text).imports == ["A", "B", "C", "D"])
  }

  @Test("The manifest's targets are read with what they use")
  func manifest() {
    let manifest = Manifest(
      """
      products: [.library(name: "Loaded", type: .dynamic, targets: ["Bridge"])],
      targets: [
        .systemLibrary(name: "CZ", pkgConfig: "z", providers: [.apt(["z-dev"])]),
        .target(name: "GroveCore", dependencies: [.product(name: "Hash", package: "hashes")]),
        // library("GroveGone", "CZ"),
        library("GroveA", "CZ"),
        library("GroveB", "GroveA"),
      ]
      """)
    #expect(manifest.uses["GroveA"] == ["CZ", "GroveCore"])
    #expect(manifest.reachable(from: "GroveB") == ["GroveA", "CZ", "GroveCore", "Hash"])
    #expect(manifest.products == ["Hash"])
    #expect(manifest.uses.keys.sorted() == ["CZ", "GroveA", "GroveB", "GroveCore"])
  }
}
