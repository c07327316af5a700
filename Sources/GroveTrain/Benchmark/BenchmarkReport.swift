public import Foundation
public import GroveCore

/// The result of one benchmark: a Markdown table for people, and a JSON file that keeps every number.
public struct BenchmarkReport: Sendable {
  /// What was measured: "train/llama-14M/float32/batch8/context256".
  public let name: String
  /// The command that measures it again.
  public let command: String
  /// The first is the engine, all others are figures.
  public let columns: [String]
  /// Cells as they are printed, one for each column.
  public let rows: [[String]]
  /// Everything behind the table.
  public let measurements: JSONValue

  /// - Precondition: every row has as many cells as there are columns.
  public init(name: String, command: String, columns: [String], rows: [[String]], measurements: JSONValue) {
    precondition(rows.allSatisfy { $0.count == columns.count }, "a row of another length than \(columns)")
    self.name = name
    self.command = command
    self.columns = columns
    self.rows = rows
    self.measurements = measurements
  }

  /// The table under its name, with the command and the machine.
  public func markdown(_ machine: BenchmarkMachine) -> String {
    let lines = [columns] + [columns.indices.map { $0 == 0 ? "---" : "---:" }] + rows
    let table = lines.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
    return "**\(name)**\n\n\(table)\n\n`\(command)`, \(machine.date), commit \(machine.commit), \(machine.description)"
  }

  /// The content of the result file.
  public func json(_ machine: BenchmarkMachine) -> JSONValue {
    [
      "name": .string(name), "command": .string(command), "date": .string(machine.date),
      "commit": .string(machine.commit),
      "machine": [
        "processor": .string(machine.processor), "cores": .integer(machine.cores),
        "memoryBytes": .integer(machine.memoryBytes), "system": .string(machine.system),
      ],
      "columns": .array(columns.map { .string($0) }),
      "rows": .array(rows.map { .array($0.map { .string($0) }) }), "measurements": measurements,
    ]
  }

  /// Writes `<date>-<name>.json` into a folder, slashes in the name as dashes.
  public func write(to folder: URL, _ machine: BenchmarkMachine) throws -> URL {
    try FileSystem.makeFolder(folder)
    let day = machine.date.prefix(10)
    let file = folder.appending(path: "\(day)-\(name.replacing("/", with: "-")).json")
    try FileSystem.write(json(machine).prettyText + "\n", to: file)
    return file
  }
}
