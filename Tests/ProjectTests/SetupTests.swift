#if os(Linux)
  import Foundation
  import GroveCore
  import GroveTesting
  import Testing

  /// `scripts/setup` on machines that are not this one: a PATH with little in it.
  @Suite("Setting up")
  struct SetupTests {
    @Test(
      "Without apt-get the command of the package manager that is there is printed",
      arguments: [
        ("dnf", "dnf install -y python3 python3-pip"), ("pacman", "pacman -S --needed python python-pip"),
        ("apk", "apk add python3 py3-pip"), ("zypper", "zypper install -y python3 python3-pip"),
      ])
    func packageManagers(manager: String, command: String) throws {
      let result = try setup(with: [manager])
      let packages = command.split(separator: " ").filter { $0.hasPrefix("py") }.joined(separator: " ")
      let sudo = getuid() == 0 ? "" : "sudo "
      #expect(result.errors == "setup: missing: \(packages)\nsetup: run: \(sudo)\(command)\n")
      #expect(result.code == 1)
    }

    @Test("Without any package manager that it knows the libraries are named")
    func noPackageManager() throws {
      let result = try setup(with: [])
      #expect(
        result.errors == """
          setup: missing, by their Debian names: python3 python3-pip
          setup: install your system's packages of the same libraries

          """)
      #expect(result.code == 1)
    }

    /// Runs a copy of the script, which finds no libtorch and no Python.
    private func setup(with managers: [String]) throws -> (code: Int32, errors: String) {
      try Fixtures.withTemporaryFolder { folder in
        let bin = folder.appending(path: "bin")
        let script = folder.appending(path: "scripts/setup")
        for place in [bin, script.deletingLastPathComponent()] { try FileSystem.makeFolder(place) }
        try FileSystem.write(FileSystem.read(Fixtures.package.appending(path: "scripts/setup")), to: script)
        for tool in ["dirname", "uname", "sed", "head", "sort", "pkg-config"] {
          guard let real = ["/usr/bin", "/bin"].map({ "\($0)/\(tool)" }).first(where: FileManager.default.fileExists)
          else { continue }
          try FileManager.default.createSymbolicLink(
            at: bin.appending(path: tool), withDestinationURL: URL(filePath: real))
        }
        for name in managers + ["swift"] {
          let stub = bin.appending(path: name)
          try FileSystem.write("#!/bin/sh\necho 'Swift version 6.3 (a stub)'\n", to: stub)
          try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: stub.path)
        }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [script.path]
        process.environment = ["PATH": bin.path]
        let pipe = Pipe()
        process.standardError = pipe
        try process.run()
        let errors = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: errors, as: UTF8.self))
      }
    }
  }
#endif
