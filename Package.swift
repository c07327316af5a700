// swift-tools-version: 6.1
import PackageDescription

let root = Context.packageDirectory
let libtorch = Context.environment["GROVE_LIBTORCH"] ?? "\(root)/.deps/libtorch"

/// Swift 6 mode, with `any` written out and imports that stay internal unless they say `public`.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// What each library was declared to use, with all that those use.
// Safety: a manifest runs on one thread, from top to bottom.
nonisolated(unsafe) var closures: [String: [Target.Dependency]] = [:]

/// The named targets and all below them. SwiftPM rebuilds a target only when one that it names has changed, and the layout
/// of a value can come from far below.
func closed(_ uses: [String]) -> [Target.Dependency] {
  var seen: Set<String> = []
  return uses.flatMap { [.byName(name: $0)] + (closures[$0] ?? []) }.filter { seen.insert("\($0)").inserted }
}

/// A library target: every one may use `GroveCore`, and nothing that is not listed.
func library(_ name: String, _ uses: String..., path: String? = nil) -> Target {
  closures[name] = closed(["GroveCore"] + uses)
  return .target(name: name, dependencies: closures[name] ?? [], path: path, swiftSettings: strict)
}

/// The tests of a target, with the test support and fixtures that they share.
func tests(of name: String, _ uses: String...) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: closed([name, "GroveTesting"] + uses), swiftSettings: strict)
}

let package = Package(
  name: "grove",
  platforms: [.macOS(.v14)],
  products: [
    .executable(name: "grove", targets: ["grove"]),
    // Loaded when the first tensor is made, so that commands without tensors start at once.
    .library(name: "TorchBridge", type: .dynamic, targets: ["TorchBridge"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(name: "CTorch"),
    .target(name: "CProcess"),
    .target(
      name: "TorchBridge",
      cxxSettings: [
        .unsafeFlags([
          "-I\(root)/Sources/CTorch/include", "-I\(root)/Sources/TorchBridge/GlooDeclarations",
          "-isystem", "\(libtorch)/include", "-isystem", "\(libtorch)/include/torch/csrc/api/include",
          "-O3", "-fvisibility=hidden", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast",
        ])
      ],
      linkerSettings: [
        .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
        .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
      ]),
    .target(
      name: "GroveCore",
      dependencies: [.product(name: "Crypto", package: "swift-crypto"), .product(name: "Yams", package: "Yams")],
      swiftSettings: strict),
    library("GroveTensor", "CTorch"),
    library("GroveTokenizer"),
    library("GroveCorpus", "GroveTokenizer", "CZstd", "CZlib"),
    library("GroveReport"),
    library("GroveModel", "GroveTensor", "GroveTokenizer"),
    library("GroveDecode", "GroveModel", "GroveTokenizer"),
    library("GroveEval", "GroveDecode", "GroveCorpus"),
    library("GroveTrain", "GroveEval", "GroveReport"),
    library("GroveMerge", "GroveModel", "GroveTokenizer", "GroveReport"),
    library("GroveCluster", "GroveCorpus", "GroveModel", "GroveReport"),
    library("GroveJobs", "CProcess"),
    library("GroveForest", "GroveTrain", "GroveCluster", "GroveMerge", "GroveJobs"),
    library("GroveRecipes", "GroveForest"),
    .executableTarget(
      name: "grove",
      dependencies: closed(["GroveRecipes"]) + [
        .product(name: "ArgumentParser", package: "swift-argument-parser")
      ],
      swiftSettings: strict),
    library("GroveTesting", "GroveTrain", "GroveJobs", path: "Tests/Support"),
    tests(of: "GroveCore"),
    tests(of: "GroveTensor", "GroveModel"),
    tests(of: "GroveTokenizer"),
    tests(of: "GroveCorpus"),
    tests(of: "GroveReport"),
    tests(of: "GroveModel"),
    tests(of: "GroveDecode"),
    tests(of: "GroveTrain"),
    tests(of: "GroveEval"),
    tests(of: "GroveMerge"),
    tests(of: "GroveCluster"),
    tests(of: "GroveJobs"),
    tests(of: "GroveForest"),
    tests(of: "GroveRecipes"),
    .testTarget(
      name: "CommandTests", dependencies: ["grove"] + closed(["GroveRecipes", "GroveTesting"]), swiftSettings: strict),
    .testTarget(name: "ProjectTests", dependencies: ["GroveTesting"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
