import GroveCore

extension RunConfig {
  /// The fields in which two configs differ, as "training.steps is 100, was 200"; this one is what was.
  func differences(from now: RunConfig) throws -> [String] { try now.json().differences(from: json()) }
}
