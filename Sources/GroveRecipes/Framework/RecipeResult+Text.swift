import Foundation
import GroveCore
import GroveEval

extension RecipeResult {
  /// The result for a terminal: the verdict, each criterion with its evidence, the figures, the cost.
  public var text: String {
    var lines = ["\(recipe) at the scale \(scale.rawValue): \(verdict.rawValue.uppercased())", claim, ""]
    for result in criteria {
      lines.append("[\(result.outcome.rawValue)] \(result.criterion.id): \(result.criterion.statement)")
      lines.append("    \(result.evidence)")
    }
    lines.append("")
    let width = figures.map(\.name.count).max() ?? 0
    for figure in figures {
      let name = figure.name.padding(toLength: width, withPad: " ", startingAt: 0)
      lines.append("\(name)  \(figure.valueText)")
    }
    lines.append("")
    lines.append(cost)
    return lines.joined(separator: "\n")
  }

  /// "12 arms and seeds, 540 s of arms on 2 workers (2 cores), grove 0.1.0, libtorch 2.13.0".
  var cost: String {
    "\(arms.count) arms and seeds, \(String(format: "%.0f", armSeconds)) s of arms, "
      + "\(String(format: "%.0f", wallSeconds)) s in this call, \(workers) workers on \(cores) cores, "
      + "grove \(groveVersion), libtorch \(libtorchVersion)"
  }
}

extension RecipeFindings.Figure {
  /// "0.412 [0.380, 0.444]", or the number alone.
  var valueText: String { interval.map(\.description) ?? String(format: "%.4g", value) }
}
