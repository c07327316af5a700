import Foundation
import GroveCore
import GroveForest
import GroveTesting
import Testing

@Suite("Adding an expert to a forest")
struct AdditionTests {
  private func add(
    to forest: TinyForest, _ origin: ForestAddition.Origin, steps: Int? = nil, domain: String = "ants",
    by executor: InProcessExecutor = InProcessExecutor(), at place: ForestFolder? = nil
  ) throws -> GrowthResult {
    try ForestAddition(
      to: place ?? forest.folder, name: "moths", data: forest.corpus.shards, domain: domain, origin: origin,
      steps: steps
    )(executor: executor, shouldStop: { false }, onEvent: { _ in })
  }

  @Test(
    "One that was stopped goes on to the bytes of one that was not",
    arguments: [
      ForestAddition.Origin.seed, .expert("bees"), .average(.given(["ants": 1, "bees": 3])), .average(.posterior),
    ])
  func goesOn(origin: ForestAddition.Origin) throws {
    try TinyForest.with { forest in
      try forest.grow()
      let copy = ForestFolder(forest.place.appending(path: "copy"))
      try FileManager.default.copyItem(at: forest.folder.url, to: copy.url)
      let whole = try #require(try add(to: forest, origin).manifest.experts.last)
      #expect(whole.name == "moths" && whole.step == 8)
      let stopped = try add(to: forest, origin, by: InProcessExecutor(stopping: ["moths": 3]), at: copy)
      #expect(stopped.interrupted == ["moths"] && stopped.manifest.experts.count == 3)
      let resumed = try #require(try add(to: forest, origin, at: copy).manifest.experts.last)
      #expect(resumed.weights == whole.weights && resumed.parents == whole.parents)
      if origin == .seed { #expect(whole.parents == [ForestManifest.Parent(name: "seed", weight: 1)]) }
      if case .average(.given) = origin { #expect(whole.parents.map(\.weight) == [0.25, 0.75]) }
    }
  }

  @Test("What an expert was begun with stays so: going on otherwise is refused")
  func begunOtherwise() throws {
    try TinyForest.with { forest in
      try forest.grow()
      _ = try add(to: forest, .average(.uniform), by: InProcessExecutor(stopping: ["moths": 3]))
      #expect(
        forest.message { try add(to: forest, .seed, steps: 5, domain: "bees") }
          == "DIR/forest: the expert 'moths' was begun otherwise: origin is seed, was uniform; domain is bees, was ants; "
          + "steps is 5, was 8. Say the same again, or give another name.")
      let parents = try add(to: forest, .average(.uniform)).manifest.experts.last?.parents.map(\.name)
      #expect(parents == ["ants", "bees", "wasps/hornets"])
    }
  }

  @Test("The name of an expert that was removed is not taken again while its run is there")
  func removed() throws {
    try TinyForest.with { forest in
      try forest.grow()
      _ = try add(to: forest, .seed, steps: 2)
      try forest.folder.remove(["moths"], files: .keep)
      #expect(
        forest.message { try add(to: forest, .average(.uniform)) }
          == "DIR/forest: the expert 'moths' was removed, and its run is still there. "
          + "Take it back with 'grove forest restore', or give another name.")
      try forest.folder.restore(["moths"])
      try forest.folder.remove(["moths"], files: .delete)
      let again = try #require(try add(to: forest, .average(.uniform)).manifest.experts.last)
      #expect(again.step == 8 && again.parents.count == 3)
    }
  }

  @Test("An origin that is not there begins nothing")
  func noOrigin() throws {
    try TinyForest.with { forest in
      forest.config.growth.seedShare = 0
      try forest.grow()
      #expect(
        forest.message { try add(to: forest, .seed) }
          == "DIR/forest: the forest has no seed phase. Branch from experts instead.")
      #expect(
        forest.message { try add(to: forest, .expert("lice")) }
          == "DIR/forest: the forest has no expert 'lice'. There are: ants, bees, wasps/hornets.")
      #expect(try add(to: forest, .expert("ants")).isComplete)
    }
  }
}
