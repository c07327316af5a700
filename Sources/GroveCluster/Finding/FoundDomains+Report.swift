public import GroveReport

extension FoundDomains {
  /// The page: all clusters in numbers and in a picture, and a section for each.
  public func report() -> Report {
    let origin = clusterer.origin
    var overview: [Report.Block] = [tiles(), .table(sizes())]
    if let heatMap = heatMap() { overview.append(.heatMap(heatMap)) }
    overview.append(.scatterChart(scatter()))
    overview.append(
      .facts([
        .init("method", origin.method.rawValue), .init("seed", "\(origin.seed)"),
        .init("documents counted", NumberText.grouped(origin.countedDocuments)),
        .init("documents learned from", NumberText.grouped(origin.learnedDocuments)),
        .init("documents without a known word", NumberText.grouped(summary.learning.documentsWithoutTerms)),
        .init("terms", NumberText.grouped(clusterer.termCount)),
        .init("counts", countingWords()), .init("dimensions", "\(clusterer.dimensions)"),
        .init("clusters that began anew", "\(summary.learning.reseeded)"), .init("fingerprint", clusterer.fingerprint),
        .init("corpus", origin.corpus),
      ]))
    return Report(
      title: "Domains", subtitle: "Found by Grove \(origin.version)",
      sections: [.init("Overview", overview), .init("Search", search())] + summary.clusters.indices.map(section))
  }

  private func countingWords() -> String {
    let bound = summary.learning.countingBound
    return bound == 0 ? "exact" : "no term with more than \(NumberText.grouped(bound)) occurrences is missing"
  }

  private func tiles() -> Report.Block {
    var tiles = [Report.Tile("\(summary.clusters.count)", "clusters")]
    tiles.append(.init(NumberText.short(summary.learning.costs.last ?? 0), "mean squared distance to the centre"))
    if let agreement = summary.agreement {
      tiles.append(.init(NumberText.fixed(agreement.purity, 3), "purity", note: "labels hidden from the search"))
      tiles.append(.init(NumberText.fixed(agreement.normalizedMutualInformation, 3), "NMI with the labels"))
    }
    return .tiles(tiles)
  }

  private func sizes() -> Report.Table {
    Report.Table(
      caption: "Documents that were learned from",
      columns: ["cluster", "pieces in training", "documents", "bytes", "top terms"],
      rows: summary.clusters.enumerated().map { index, cluster in
        [
          "\(index)", NumberText.grouped(cluster.trainingPieces), NumberText.grouped(cluster.documents),
          NumberText.bytes(cluster.bytes), cluster.topTerms.prefix(6).joined(separator: " "),
        ]
      })
  }

  /// Label by cluster; nil where there is one label or too many to read.
  private func heatMap() -> HeatMap? {
    guard 2...60 ~= summary.labels.count else { return nil }
    return HeatMap(
      title: "Label by cluster", valueLabel: "documents", rows: summary.labels,
      columns: summary.clusters.indices.map { "\($0)" },
      values: summary.labels.indices.map { label in summary.clusters.map { Double($0.labels[label]) } },
      note: "Clusters at use: each document goes to the nearest centre. The search did not see the labels.")
  }

  private func scatter() -> ScatterChart {
    ScatterChart(
      title: "Documents", xLabel: "first axis", yLabel: "second axis",
      groups: summary.clusters.indices.map { cluster in
        ScatterChart.Group(
          "\(cluster) · \(summary.clusters[cluster].topTerms.prefix(2).joined(separator: " "))",
          picture.filter { $0.cluster == cluster }.map { ScatterChart.Point(x: $0.x, y: $0.y) })
      },
      note: "\(picture.count) documents in the plane in which the centres lie widest apart.")
  }

  private func search() -> [Report.Block] {
    let costs = summary.learning.costs
    let values = summary.learning.singularValues
    return [
      .lineChart(
        LineChart(
          title: "Cost", xLabel: "pass", yLabel: "mean squared distance to the centre",
          series: [
            .init("cost", x: costs.indices.map { Double($0 + 1) }, y: costs, style: .lineAndPoints)
          ])),
      .lineChart(
        LineChart(
          title: "Singular values", xLabel: "dimension", yLabel: "singular value",
          series: [.init("value", x: values.indices.map { Double($0 + 1) }, y: values)])),
    ]
  }

  private func section(_ index: Int) -> Report.Section {
    let cluster = summary.clusters[index]
    func words(_ tallies: [DomainSummary.Tally]) -> String {
      tallies.isEmpty
        ? "not said" : tallies.map { "\($0.name) (\(NumberText.grouped($0.count)))" }.joined(separator: ", ")
    }
    let labels = zip(summary.labels, cluster.labels).filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }
    return Report.Section(
      "Cluster \(index)",
      [
        .facts([
          .init("documents", NumberText.grouped(cluster.documents)),
          .init("pieces in training", NumberText.grouped(cluster.trainingPieces)),
          .init("bytes", NumberText.bytes(cluster.bytes)),
          .init("top terms", cluster.topTerms.joined(separator: " ")), .init("languages", words(cluster.languages)),
          .init("sources", words(cluster.sources)),
          .init("labels", words(labels.prefix(8).map { DomainSummary.Tally(name: $0.0, count: $0.1) })),
        ]),
        .samples(
          cluster.nearest.map {
            Report.TextSample(
              label: "\($0.id), squared distance \(NumberText.fixed($0.squaredDistance, 3))", prompt: "",
              continuation: $0.excerpt)
          }),
      ])
  }
}
