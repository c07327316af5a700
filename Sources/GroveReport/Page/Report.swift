public import Foundation
import GroveCore

/// A self-contained HTML page: text, tables and charts in one file that opens offline, prints, and follows the
/// reader's light or dark mode. It loads nothing, runs no script, and equal content gives equal bytes.
public struct Report: Sendable {
  /// The heading of the page and the name of its window.
  public var title: String
  /// One line under the title: what this is, when and on what it was made.
  public var subtitle: String
  /// From top to bottom; more than two get a list of links.
  public var sections: [Section]

  /// A heading with what stands under it.
  public struct Section: Sendable {
    /// The heading.
    public var title: String
    /// From top to bottom.
    public var blocks: [Block]

    public init(_ title: String, _ blocks: [Block]) {
      self.title = title
      self.blocks = blocks
    }
  }

  /// Everything that may stand in a section.
  public enum Block: Sendable {
    case paragraph(String)
    /// The few numbers that matter most, large.
    case tiles([Tile])
    /// Names and values in two columns, such as a run's settings.
    case facts([Fact])
    case table(Table)
    case lineChart(LineChart)
    case barChart(BarChart)
    case heatMap(HeatMap)
    case scatterChart(ScatterChart)
    case samples([TextSample])
    /// Text in a fixed width, such as a config; scrolls when it is long.
    case code(String, caption: String)
    /// A judgement that the eye should find first.
    case callout(Tone, title: String, text: String)
  }

  /// How a judgement reads; shown by a sign as well as by colour.
  public enum Tone: String, Sendable, CaseIterable { case good, neutral, bad }

  public init(title: String, subtitle: String = "", sections: [Section] = []) {
    self.title = title
    self.subtitle = subtitle
    self.sections = sections
  }

  /// The whole page.
  /// - Complexity: O(content); a chart's size is bounded whatever the number of its points.
  public func html() -> String { PageRenderer(self).page() }

  /// Writes the page in one step.
  /// - Throws: `GroveError` with code `.file`.
  public func write(to url: URL) throws { try FileSystem.write(html(), to: url) }
}

extension Report {
  /// A number with its name: "2.03", "bits per byte".
  public struct Tile: Sendable {
    /// The number, as text.
    public var value: String
    /// What the number is.
    public var name: String
    /// A few words below, such as an interval; may be empty.
    public var note: String

    public init(_ value: String, _ name: String, note: String = "") {
      self.value = value
      self.name = name
      self.note = note
    }
  }

  /// A name and a value.
  public struct Fact: Sendable {
    /// On the left.
    public var name: String
    /// On the right.
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A table with a row of headings. Columns whose cells are all numbers are set to the right.
  public struct Table: Sendable {
    /// A title above; may be empty.
    public var caption: String
    /// The headings.
    public var columns: [String]
    /// Rows may be shorter than the headings; what is missing stays empty.
    public var rows: [[String]]

    public init(caption: String = "", columns: [String], rows: [[String]]) {
      self.caption = caption
      self.columns = columns
      self.rows = rows
    }
  }

  /// A prompt with what a model wrote after it.
  public struct TextSample: Sendable {
    /// Where it comes from: a domain, a sampler, a checkpoint.
    public var label: String
    /// What the model was given.
    public var prompt: String
    /// What the model wrote.
    public var continuation: String

    public init(label: String, prompt: String, continuation: String) {
      self.label = label
      self.prompt = prompt
      self.continuation = continuation
    }
  }
}
