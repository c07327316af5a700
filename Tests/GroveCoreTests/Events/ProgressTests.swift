import GroveCore
import Testing

@Suite("Progress")
struct ProgressTests {
  private let line = ProgressLine(
    label: "train", done: 420, total: 1000, unit: "steps", rate: 3.025, fields: [("loss", "2.31"), ("lr", "0.001")])

  @Test("Wide terminals get a bar, narrow ones lose it, then the fields, then the end")
  func widths() {
    #expect(
      line.text(width: 120)
        == "train  42%  ━━━━━━━━━━━━━━━━────────────────────────  420/1000 steps  3.02/s  ETA 3:12  loss 2.31  lr 0.001"
    )
    #expect(
      line.text(width: 75) == "train  42%  ━━━─────  420/1000 steps  3.02/s  ETA 3:12  loss 2.31  lr 0.001")
    #expect(line.text(width: 74) == line.plain)
    #expect(line.text(width: 60) == "train  42%  420/1000 steps  3.02/s  ETA 3:12  loss 2.31")
    #expect(line.text(width: 50) == "train  42%  420/1000 steps  3.02/s  ETA 3:12")
    #expect(line.text(width: 12) == "train  42%")
    #expect(line.text(width: 3) == "tra")
    #expect(line.text(width: 0) == "")
    for width in 0...150 { #expect(line.text(width: width).count <= width) }
  }

  @Test("A log line has neither bar nor control characters")
  func plain() { #expect(line.plain == "train  42%  420/1000 steps  3.02/s  ETA 3:12  loss 2.31  lr 0.001") }

  @Test(
    "Times read like a clock",
    arguments: [(7, "0:07"), (192, "3:12"), (3723, "1:02:03"), (183_600, "2d 03:00:00"), (1e12, "∞")]
      as [(Double, String)])
  func clock(seconds: Double, expected: String) {
    let line = ProgressLine(label: "a", done: 0, total: 1, unit: "b", rate: 1 / seconds)
    #expect(line.plain.hasSuffix("ETA \(expected)"))
  }

  @Test("Nothing done, nothing to do and everything done are said without inventing a rate")
  func edges() {
    #expect(ProgressLine(label: "a", done: 0, total: 0, unit: "steps").plain == "a  0%  0/0 steps")
    #expect(ProgressLine(label: "a", done: 999, total: 1000, unit: "steps").plain == "a  99%  999/1000 steps")
    #expect(ProgressLine(label: "a", done: 5, total: 5, unit: "steps", rate: 2).plain == "a  100%  5/5 steps  2.00/s")
    #expect(ProgressLine(label: "a", done: 0, total: 5, unit: "steps", rate: 0).plain == "a  0%  0/5 steps  0.00/s")
  }

  @Test("On a terminal the line is drawn over, at most ten times a second, and always at the end")
  func terminal() {
    var bar = ProgressBar(label: "t", total: 10, unit: "steps", output: .terminal(columns: 30), at: 100)
    #expect(bar.update(done: 0, at: 100) == "\rt  0%  ──────────  0/10 steps\u{1B}[K")
    #expect(bar.update(done: 1, at: 100.05) == nil)
    #expect(bar.update(done: 2, at: 101) == "\rt  20%  2/10 steps  2.00/s\u{1B}[K")
    #expect(bar.interrupt() == "\r\u{1B}[K")
    #expect(bar.update(done: 3, at: 101.01)?.hasPrefix("\rt  30%") == true)
    #expect(bar.update(done: 10, at: 101.02)?.hasPrefix("\rt  100%") == true)
  }

  @Test("In a pipe a line comes each tenth or each half minute, and at the end")
  func pipe() {
    var bar = ProgressBar(label: "t", total: 100, unit: "steps", done: 50, output: .plain, at: 0)
    var shown: [String] = []
    for step in 51...100 { if let text = bar.update(done: step, at: Double(step - 50)) { shown.append(text) } }
    #expect(
      shown == [
        "t  51%  51/100 steps  1.00/s  ETA 0:49\n", "t  60%  60/100 steps  1.00/s  ETA 0:40\n",
        "t  70%  70/100 steps  1.00/s  ETA 0:30\n", "t  80%  80/100 steps  1.00/s  ETA 0:20\n",
        "t  90%  90/100 steps  1.00/s  ETA 0:10\n", "t  100%  100/100 steps  1.00/s\n",
      ])
    var slow = ProgressBar(label: "t", total: 100, unit: "steps", output: .plain, at: 0)
    let lines = (1...5).compactMap { slow.update(done: $0, at: Double($0) * 16) }
    #expect(lines.count == 3)
  }

  @Test("Quiet shows nothing")
  func quiet() {
    var bar = ProgressBar(label: "t", total: 2, unit: "steps", output: .quiet, at: 0)
    #expect((0...2).compactMap { bar.update(done: $0, at: Double($0)) }.isEmpty)
    #expect(bar.interrupt() == nil)
  }
}
