/// One reason why a config is refused, with the place where it was written.
struct ConfigProblem {
  let field: [String]
  let place: ConfigPlace
  let problem: String

  init(_ field: [String], _ place: ConfigPlace, _ problem: String) {
    self.field = field
    self.place = place
    self.problem = problem
  }

  private var text: String { field.isEmpty ? problem : "\(field.joined(separator: ".")): \(problem)" }

  private func place(in file: String) -> String {
    switch place {
    case .line(let line): "\(file):\(line)"
    case .override(let text): text
    case .none: file
    }
  }

  /// One error for all problems: one line if there is one, otherwise a count and a line each, in the order of the file.
  static func error(_ problems: [ConfigProblem], in file: String) -> GroveError {
    if problems.count == 1 { return GroveError(.config, problems[0].place(in: file), problems[0].text) }
    let sorted = problems.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
    let lines = sorted.map { "\n  \($0.element.place(in: file)): \($0.element.text)" }.joined()
    return GroveError(.config, file, "\(problems.count) problems\(lines)")
  }

  private var rank: Int {
    switch place {
    case .line(let line): line
    case .none: 1 << 40
    case .override: 1 << 41
    }
  }
}
