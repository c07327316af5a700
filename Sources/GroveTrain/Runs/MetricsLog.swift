import Foundation
import GroveCore

/// `metrics.jsonl`: one line for each step, validation and incident, in the order of the run.
///
/// After a kill the file may hold steps that no checkpoint has; they are cut off when the run goes on, so that every step
/// stands in it once.
final class MetricsLog {
  private let url: URL
  private let handle: FileHandle

  /// Opens the log for appending, without the lines of steps after `step`.
  init(_ url: URL, keepingThrough step: Int) throws {
    self.url = url
    if FileSystem.exists(url) {
      let lines = try MetricsLog.lines(url).filter {
        // A checkpoint of the step that a rollback went to is older than the rollback, which will come again.
        let limit = $0["kind"]?.stringValue == "rolledBack" ? step - 1 : step
        return ($0["step"]?.integerValue ?? 0) <= limit
      }
      try FileSystem.write(lines.map { $0.text + "\n" }.joined(), to: url)
    } else {
      try FileSystem.write("", to: url)
    }
    guard let handle = FileHandle(forWritingAtPath: url.path) else {
      throw GroveError(.file, url.path, "cannot be opened for writing")
    }
    self.handle = handle
    _ = try handle.seekToEnd()
  }

  func append(_ value: JSONValue) throws {
    do { try handle.write(contentsOf: Data((value.text + "\n").utf8)) } catch {
      throw GroveError(.file, url.path, "cannot be written", remedy: "Is the disk full?", cause: error)
    }
  }

  /// JSON has no numbers for these; a judgement that is not finite must not vanish.
  static let notFinite = JSONEncoder.NonConformingFloatEncodingStrategy.convertToString(
    positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")

  /// The whole lines of a log; a last line that a kill cut off is left out.
  static func lines(_ url: URL) throws -> [JSONValue] {
    try FileSystem.read(url).split(separator: 0x0A).compactMap { try? JSONValue(parsing: $0, at: url.path) }
  }
}

/// The curves of a run, read from its `metrics.jsonl`.
public struct RunMetrics: Sendable {
  /// The steps that were applied, in order.
  public var steps: [StepRecord] = []
  /// In the order of their steps.
  public var validations: [ValidationRecord] = []
  /// Steps of the checkpoints that were written, pruned ones included.
  public var savedSteps: [Int] = []
  /// Skipped steps, resumes, rollbacks, damaged checkpoints, warnings: in order, with the words of the log.
  public var incidents: [(step: Int, kind: String, text: String)] = []

  /// - Throws: `GroveError` if the file cannot be read. Lines that are not of this version are left out.
  public init(_ folder: RunFolder) throws {
    guard FileSystem.exists(folder.metrics) else { return }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    for line in try MetricsLog.lines(folder.metrics) {
      let data = Data(line.text.utf8)
      switch line["kind"]?.stringValue {
      case "step": if let record = try? decoder.decode(StepRecord.self, from: data) { steps.append(record) }
      case "validation":
        if let record = try? decoder.decode(ValidationRecord.self, from: data) { validations.append(record) }
      case "saved": savedSteps.append(line["step"]?.integerValue ?? 0)
      case let kind?:
        incidents.append((line["step"]?.integerValue ?? 0, kind, line["text"]?.stringValue ?? ""))
      case nil: break
      }
    }
  }
}

extension TrainingEvent {
  /// The line of the log; nil for what is not logged.
  /// - Parameter current: steps done, for events that name none.
  func logLine(at current: Int) -> JSONValue? {
    switch self {
    case .step(let record): record.json(kind: "step")
    case .validated(let record): record.json(kind: "validation")
    case .skipped(let step, let reason): ["kind": "skipped", "step": .integer(step), "text": .string(reason)]
    case .resumed(let step, _): ["kind": "resumed", "step": .integer(step)]
    case .rolledBack(let from, let to, let leftOut):
      [
        "kind": "rolledBack", "step": .integer(to),
        "text": .string("from step \(from); left out steps \(leftOut.map { "\($0 + 1)" }.joined(separator: ", "))"),
      ]
    case .interrupted(let step): ["kind": "interrupted", "step": .integer(step)]
    case .saved(let step, _, _): ["kind": "saved", "step": .integer(step)]
    case .setAside(let checkpoint, let reason):
      [
        "kind": "setAside", "step": .integer(current),
        "text": .string("\(checkpoint.lastPathComponent): \(reason)"),
      ]
    case .warning(let text): ["kind": "warning", "step": .integer(current), "text": .string(text)]
    case .started, .finished: nil
    }
  }
}

extension Encodable {
  /// The value as a JSON object with a `kind` in front.
  fileprivate func json(kind: String) -> JSONValue? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = MetricsLog.notFinite
    guard let data = try? encoder.encode(self), let value = try? JSONValue(parsing: data, at: kind),
      case .object(let members) = value
    else { return nil }
    return .object([("kind", .string(kind))] + members)
  }
}
