import Foundation
import GroveCore
import GroveForest
import GroveModel
import GroveTesting
import GroveTrain
import Testing

@Suite("Growing a forest")
struct GrowthTests {
  @Test("A forest that was stopped, failed and grown again has the bytes of one that was not")
  func growsAgain() throws {
    try TinyForest.with { forest in
      let whole = try forest.grow()
      #expect(whole.isComplete && whole.manifest.experts.count == 3)
      let place = ForestFolder(forest.place.appending(path: "again"))

      let stopped = try forest.grow(InProcessExecutor(stopping: ["seed": 5]), at: place)
      #expect(stopped.interrupted == ["seed"] && stopped.manifest.experts.isEmpty)
      let failed = try forest.grow(InProcessExecutor(failing: ["bees"], stopping: ["ants": 4]), at: place)
      #expect(failed.failures == ["bees": "it was to fail"] && failed.interrupted == ["ants"])
      #expect(failed.manifest.experts.map(\.name) == ["wasps/hornets"])
      let alone = try forest.grow(only: ["bees"], at: place)
      #expect(alone.manifest.experts.map(\.name) == ["bees", "wasps/hornets"])
      let end = try forest.grow(at: place)
      #expect(end.isComplete)
      #expect(forest.weights(end.manifest) == forest.weights(whole.manifest))
      try end.manifest.verify(place)
    }
  }

  @Test("An expert begins with the seed's weights, reads its own domain, and names its parent")
  func branch() throws {
    try TinyForest.with { forest in
      forest.config.checkpoints.logarithmic = true
      let manifest = try forest.grow().manifest
      let expert = try manifest.expert("wasps/hornets", in: forest.folder)
      #expect(expert.run == "experts/wasps%2Fhornets" && expert.domains == ["wasps/hornets"])
      #expect(expert.parents == [ForestManifest.Parent(name: "seed", weight: 1)])
      let first = forest.folder.run(expert.run).checkpoint(step: 0).appending(path: "model.safetensors")
      #expect(try ContentHash.ofFile(first) == manifest.seed?.weights)
      #expect(expert.weights != manifest.seed?.weights)
    }
  }

  @Test("Growing a forest that is grown does nothing")
  func nothingToDo() throws {
    try TinyForest.with { forest in
      try forest.grow()
      var events = 0
      #expect(try forest.grow(InProcessExecutor(failing: ["seed", "ants", "bees"])) { _ in events += 1 }.isComplete)
      #expect(events == 0)
    }
  }

  @Test("Removing and restoring changes the manifest alone, and who was removed is not grown again")
  func removal() throws {
    try TinyForest.with { forest in
      let before = try forest.grow().manifest
      let left = try forest.folder.remove(["bees"], files: .keep)
      #expect(left.experts.map(\.name) == ["ants", "wasps/hornets"])
      #expect(try forest.grow().manifest.experts.count == 2)
      let back = try forest.folder.restore(["bees"])
      #expect(forest.weights(back) == forest.weights(before))
      try forest.folder.remove(["bees"], files: .delete)
      #expect(!FileSystem.exists(forest.folder.run(ForestFolder.expertPath("bees")).url))
      #expect(try forest.grow().manifest.experts.map(\.name) == ["ants", "bees", "wasps/hornets"])
      #expect(try forest.weights(ForestManifest(forest.folder)) == forest.weights(before))
    }
  }

  @Test("What does not fit the forest is refused in words, and nothing changes")
  func refusals() throws {
    try TinyForest.with { forest in
      try forest.grow()
      let manifest = try FileSystem.read(forest.folder.manifest)
      #expect(
        forest.message { try forest.grow(only: ["moths"]) }
          == "DIR/forest: the config has no domain 'moths'. There are: ants, bees, wasps/hornets.")
      #expect(
        forest.message { try forest.folder.remove(["ants", "moths"], files: .delete) }
          == "DIR/forest: the forest has no expert 'moths'. There are: ants, bees, wasps/hornets.")
      #expect(
        forest.message { try forest.folder.restore(["ants"]) } == "DIR/forest: no expert 'ants' was removed")
      var other = forest
      other.config.training.optimizer.learningRate = 1
      #expect(
        other.message { try other.grow() }
          == "DIR/forest: the forest was begun with another config: training.optimizer.learningRate is 1.0, was 0.001. "
          + "Go on with DIR/forest/forest.yaml, or begin a forest in another folder.")
      #expect(
        forest.message { try forest.grow(at: ForestFolder(forest.corpus.texts)) }
          == "DIR/texts: holds 'ants.jsonl', but is no forest. Name another folder.")
      #expect(
        forest.message { try ForestManifest(ForestFolder(forest.corpus.texts)) }
          == "DIR/texts: is not the folder of a forest. 'grove forest grow CONFIG --out FOLDER' makes one.")
      #expect(try FileSystem.read(forest.folder.manifest) == manifest)
    }
  }

  @Test("A damaged expert is named by verify")
  func damaged() throws {
    try TinyForest.with { forest in
      let manifest = try forest.grow().manifest
      let file = try manifest.expert("ants", in: forest.folder).checkpoint(in: forest.folder)
        .appending(path: "model.safetensors")
      var bytes = try FileSystem.read(file)
      bytes[bytes.count - 1] ^= 1
      try FileSystem.write(bytes, to: file)
      #expect(
        forest.message { try manifest.verify(forest.folder) }
          == "DIR/forest/experts/ants/checkpoints/step-00000008/model.safetensors: was altered: its SHA-256 is not the "
          + "manifest's")
    }
  }

  @Test("A manifest that leads out of the forest, or of another version, is refused", arguments: ["/etc", "../x"])
  func hostile(path: String) throws {
    try TinyForest.with { forest in
      var manifest = try forest.grow().manifest
      manifest.experts[0].run = path
      try FileSystem.write(JSONEncoder().encode(manifest), to: forest.folder.manifest)
      #expect(
        forest.message { try ForestManifest(forest.folder) }
          == "DIR/forest/forest.json: names the run \"\(path)\", which is not in the forest")
      manifest.experts[0].run = "experts/ants"
      manifest.version = 2
      try FileSystem.write(JSONEncoder().encode(manifest), to: forest.folder.manifest)
      #expect(
        forest.message { try ForestManifest(forest.folder) }
          == "DIR/forest/forest.json: has the version 2; this is Grove 0.1.0, which reads version 1")
    }
  }
}
