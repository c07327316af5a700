/// A statement of a template.
indirect enum TemplateNode: Sendable {
  case text(String)
  case output(TemplateExpression, line: Int)
  case branch([(condition: TemplateExpression?, body: [TemplateNode])], line: Int)
  case loop(TemplateLoop, line: Int)
  case set(TemplateTarget, TemplateExpression, line: Int)
  case capture(TemplateTarget, [TemplateNode], line: Int)
  case macro(TemplateMacro)
  /// The body as it is: `generation` marks what an assistant wrote.
  case block([TemplateNode])
  case filtered(String, [TemplateArgument], [TemplateNode], line: Int)
  case breakLoop
  case continueLoop
}

/// `for targets in values if condition … else …`.
struct TemplateLoop: Sendable {
  let target: TemplateTarget
  let values: TemplateExpression
  let condition: TemplateExpression?
  let body: [TemplateNode]
  let otherwise: [TemplateNode]
}

/// What a value is stored in.
enum TemplateTarget: Sendable {
  case names([String])
  case field(of: String, String)
}

/// `macro name(parameters)`.
struct TemplateMacro: Sendable {
  let name: String
  let parameters: [(name: String, value: TemplateExpression?)]
  let body: [TemplateNode]
}

/// An argument of a call, with its name where it has one.
struct TemplateArgument: Sendable {
  let name: String?
  let value: TemplateExpression
}

/// An expression of a template.
indirect enum TemplateExpression: Sendable {
  case constant(TemplateValue)
  case name(String)
  case list([TemplateExpression])
  case object([(key: TemplateExpression, value: TemplateExpression)])
  case attribute(TemplateExpression, String)
  case item(TemplateExpression, TemplateExpression)
  case slice(TemplateExpression, TemplateExpression?, TemplateExpression?, TemplateExpression?)
  case call(TemplateExpression, [TemplateArgument])
  case filter(TemplateExpression, String, [TemplateArgument])
  case test(TemplateExpression, String, [TemplateArgument], isNegated: Bool)
  case not(TemplateExpression)
  case negated(TemplateExpression)
  case binary(String, TemplateExpression, TemplateExpression)
  case compared(TemplateExpression, [(operation: String, value: TemplateExpression)])
  case conditional(TemplateExpression, TemplateExpression, TemplateExpression?)
}

/// Where a template goes wrong, before it has a place in a file.
struct TemplateProblem: Error {
  let line: Int
  let problem: String
}
