import Foundation
import Testing

/// What CONTRIBUTING.md promises that a program checks.
@Suite("House rules")
struct HouseRulesTests {
  @Test("A target imports only what the manifest lets it use")
  func importsFollowTheManifest() throws {
    let manifest = try #require(ProjectFiles.texts(in: ["Package.swift"], suffixes: [".swift"]).first)
    let targets = Manifest(manifest.lines.joined(separator: "\n"))
    let system: Set = ["Foundation", "Glibc", "Musl", "Darwin", "Dispatch", "Synchronization", "Testing"]
    var wrong: [String] = []
    for file in try ProjectFiles.sources() {
      let target = String(file.path.split(separator: "/")[1])
      let direct = try #require(targets.uses[target], "\(target) is not in Package.swift")
      let all = targets.reachable(from: target)
      for module in file.imports where !system.contains(module) {
        // A module of ours may come through another one; C targets and other packages belong to those who name them.
        let allowed = module.hasPrefix("Grove") ? all : direct
        if !allowed.contains(module) { wrong.append("\(file.path) imports \(module)") }
      }
    }
    #expect(wrong == [])
    #expect(targets.uses.filter { $0.value.contains("ArgumentParser") }.keys.sorted() == ["grove"])
    // TorchBridge is the other side of CTorch, in C++.
    let ofTorch = targets.uses.filter { $0.value.contains("CTorch") && $0.key != "TorchBridge" }
    #expect(ofTorch.keys.sorted() == ["GroveTensor"])
  }

  @Test("Only the command line tool prints")
  func onlyTheToolPrints() throws {
    let call = /(^|[^.\w])(print|debugPrint|dump)\(/
    let wrong = try ProjectFiles.sources().filter { !$0.path.hasPrefix("Sources/grove/") }.flatMap { file in
      TextFile(path: file.path, text: file.linesWithoutComments.joined(separator: "\n"))
        .places { $0.contains(call) && !$0.contains("func print(") }
    }
    #expect(wrong == [])
  }

  @Test("A file has at most 600 lines and a function at most 80")
  func filesAndFunctionsAreSmall() throws {
    let files = try ProjectFiles.swift()
    #expect(files.filter { $0.lines.count > 601 }.map(\.path) == [])  // the last line break makes one more
    let long = files.flatMap { file in
      file.functions.filter { $0.count > 80 }.map { "\(file.path):\($0.line) has \($0.count) lines" }
    }
    #expect(long == [])
  }

  @Test("Public types, and public functions with more than one statement, are documented")
  func publicDeclarationsAreDocumented() throws {
    let files = try ProjectFiles.sources()
    let ofSwift: Set = ["next", "hash", "encode", "== "]
    let inherited = ofSwift.union(files.flatMap(\.requirements))
    let wrong = files.flatMap { $0.undocumented(inheriting: inherited) }
    #expect(wrong == [])
  }

  @Test("Nothing is left to do in a comment")
  func noUnfinishedWork() throws {
    let marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX:", "HA" + "CK:"]
    let files = try ProjectFiles.texts(
      in: ["Sources", "Tests", "Benchmarks", "scripts", "Docs", "Package.swift", "Makefile", "README.md"],
      suffixes: [".swift", ".c", ".h", ".cpp", ".py", ".md", "Makefile", "setup", "-environment", "-parity", "run"])
    #expect(files.flatMap { $0.places { line in marks.contains { line.contains($0) } } } == [])
  }

  @Test("What the compiler is told not to check says why it is safe")
  func unsafeSaysWhy() throws {
    let marks = ["@unchecked " + "Sendable", "nonisolated" + "(unsafe)"]
    let wrong = try ProjectFiles.swift().flatMap { file in
      file.lines.indices.filter { index in
        marks.contains { file.lines[index].contains($0) }
          && !file.lines[max(0, index - 3)...min(index + 1, file.lines.count - 1)].contains {
            $0.contains("// Safety:")
          }
      }.map { "\(file.path):\($0 + 1)" }
    }
    #expect(wrong == [])
  }

  @Test("No file names a place of somebody's machine")
  func noPathsOfAMachine() throws {
    let path = /(^|[^\w.\/-])\/(work|root|home|Users|tmp)\//
    let files = try ProjectFiles.texts(
      in: ["Sources", "Docs", "Examples", "Benchmarks", "scripts", "Package.swift", "README.md", "CONTRIBUTING.md"],
      suffixes: [".swift", ".c", ".h", ".cpp", ".py", ".md", ".yaml", "setup", "-environment", "-parity", "run"])
    #expect(files.flatMap { $0.places { $0.contains(path) } } == [])
  }

  @Test("Every relative link of a document leads somewhere")
  func linksResolve() throws {
    let link = /\]\(([^)\s]+)\)/
    var broken: [String] = []
    for document in try ProjectFiles.documents() {
      var inCode = false
      for line in document.lines {
        if line.hasPrefix("```") { inCode.toggle() }
        if inCode { continue }
        for match in line.matches(of: link) {
          let target = String(match.1.prefix { $0 != "#" })
          if target.isEmpty || target.contains(":") { continue }
          let folder = ProjectFiles.root.appending(path: document.path).deletingLastPathComponent()
          if !FileManager.default.fileExists(atPath: folder.appending(path: target).path) {
            broken.append("\(document.path): \(target)")
          }
        }
      }
    }
    #expect(broken == [])
  }
}
