import GroveCore

/// Reads a sentencepiece `.model`: its pieces and scores, and what it does to a text before they are looked for.
///
/// The ids are those of the library: a BPE model merges the neighbours whose piece has the best score, a unigram model
/// adds scores as floats. Where we differ: pieces of one score are merged by id rather than from the left, and a character
/// that is no piece never becomes part of one. `WORD` and `CHAR` models are refused.
struct SentencePieceReader {
  private let place: String
  private let model: SentencePieceModel
  private var pieces: [SentencePieceModel.Piece] { model.pieces }
  /// The most bytes of parts of pieces that are looked up; a model with 256 000 pieces has 20 million.
  private static let mostCutBytes = 1 << 29

  /// The parts of the model in these bytes.
  static func parts(_ bytes: [UInt8], at place: String) throws -> Tokenizer.Parts {
    var parts = try SentencePieceReader(place: place, model: SentencePieceModel(bytes, at: place)).parts()
    parts.sentencePiece = bytes
    return parts
  }

  private init(place: String, model: SentencePieceModel) { (self.place, self.model) = (place, model) }

  private func parts() throws -> Tokenizer.Parts {
    var vocabulary = Vocabulary()
    for (index, piece) in pieces.enumerated() {
      guard vocabulary.id(of: piece.text) == nil else {
        throw failure("pieces[\(index)] is \"\(String(decoding: piece.text.prefix(40), as: UTF8.self))\" again")
      }
      vocabulary.append(piece.text, findable: true)
    }
    guard let unknown = pieces.firstIndex(where: { $0.kind == .unknown }) else {
      throw failure("has no piece for unknown characters")
    }
    let added = addedTokens
    let symbols = pieces.filter { $0.kind == .userDefined }.map(\.text)
    let space: SentencePieceNormalization.AddedSpace = model.isSpaceLast ? .after : .before
    let normalization = SentencePieceNormalization(
      map: try CharacterMap(model.characterMap, at: "\(place) › normalizer_spec.precompiled_charsmap"),
      extraSpaces: model.removesSpaces ? .removed : .kept, addedSpace: model.addsSpace ? space : .nowhere,
      escapesSpaces: model.escapesSpaces, symbols: symbols)
    try TextGrowth(.sentencePiece(normalization)).check("\(place) › normalizer_spec")
    return Tokenizer.Parts(
      vocabulary: vocabulary, model: try tokenModel(vocabulary, UInt32(unknown)),
      normalizer: .sentencePiece(normalization), preTokenizers: [], postProcessor: nil,
      decoder: decoder, addedTokens: added, roles: roles(added), fields: .init())
  }

  /// Control tokens; and the user-defined symbols of a BPE model, which are one piece whatever stands around them. Those of
  /// a unigram model compete with other pieces.
  private var addedTokens: [AddedToken] {
    pieces.enumerated().compactMap { id, piece in
      let isControl = piece.kind == .unknown || piece.kind == .control
      guard isControl || (piece.kind == .userDefined && model.modelType == 2) else { return nil }
      var token = AddedToken(
        id: UInt32(id), content: String(decoding: piece.text, as: UTF8.self), isSpecial: isControl)
      token.isNormalized = !isControl
      return token
    }
  }

  /// Control tokens by the names that every model gives them.
  private func roles(_ added: [AddedToken]) -> [SpecialTokenRole: UInt32] {
    let names: [SpecialTokenRole: [String]] = [
      .beginning: ["<s>", "<bos>"], .ending: ["</s>", "<eos>"], .unknown: ["<unk>"], .padding: ["<pad>"],
    ]
    return names.compactMapValues { names in added.first { names.contains($0.content) }?.id }
  }

  /// Back from pieces: the mark is a space, and the one in front goes, or all in front that are pieces of their own.
  private var decoder: Decoder {
    let unknown = pieces.first { $0.kind == .unknown }?.text ?? []
    let space: Unicode.Scalar = model.escapesSpaces ? "\u{2581}" : " "
    // Before the unknown piece becomes text: the space in front of that is its own.
    var steps: [Decoder] = []
    if model.removesSpaces {
      steps = [.stripLeading(space)]
    } else if model.addsSpace {
      steps = [.stripFirst(space)]
    }
    steps.append(.replace(.literal(String(decoding: unknown, as: UTF8.self)), with: " \u{2047} "))
    if model.escapesSpaces { steps.append(.replace(.literal("\u{2581}"), with: " ")) }
    steps += [.byteFallback, .fuse]
    return .sequence(steps)
  }

  private func tokenModel(_ vocabulary: Vocabulary, _ unknown: UInt32) throws -> TokenModel {
    let hasBytes = pieces.contains { $0.kind == .byte }
    let byteTokens = hasBytes ? ByteTokens.ids(in: vocabulary) : nil
    switch model.modelType {
    case 1:
      let normal = pieces.filter { $0.kind == .normal }.map { Double($0.score) }
      var scores = pieces.map { Double($0.score) }
      for (id, piece) in pieces.enumerated() where piece.kind == .userDefined {
        // A symbol beats every way to write it: as many times the best score as it has bytes, less a little.
        scores[id] = Double(Float(piece.text.count) * Float(normal.max() ?? 0) - 0.1)
      }
      var unigram = UnigramModel(
        vocabulary, scores: scores, unknownID: unknown, lowest: normal.min() ?? 0, precision: .float
      ) { [.normal, .userDefined].contains(pieces[Int($0)].kind) }
      unigram.byteTokens = byteTokens
      return .unigram(unigram)
    case 2:
      try checkLengths()
      var pairs = BytePairModel(units: .characters, wholeWords: .merged, merges: merges(vocabulary))
      pairs.unknown = .init(id: unknown, isFused: true)
      pairs.byteTokens = byteTokens
      return .bytePair(pairs)
    default:
      throw failure("the model type \(model.modelType) is not supported", remedy: "Unigram (1) and BPE (2) are.")
    }
  }

  /// A piece is cut at every place, and its parts are looked up: work that grows with the square of its length.
  private func checkLengths() throws {
    let work = pieces.reduce(0) { $0 + $1.text.count * $1.text.count }
    guard work <= SentencePieceReader.mostCutBytes else {
      throw failure("its \(pieces.count) pieces are too long: no BPE model of words has such ones")
    }
  }

  /// Every way to make a piece of two others, the best score first.
  private func merges(_ vocabulary: Vocabulary) -> [Merge] {
    func isMerged(_ id: UInt32) -> Bool { pieces[Int(id)].kind == .normal }
    let order = pieces.indices.filter { pieces[$0].kind == .normal }.sorted {
      (-pieces[$0].score, $0) < (-pieces[$1].score, $1)
    }
    var merges: [Merge] = []
    for id in order {
      let text = pieces[id].text
      text.withUnsafeBufferPointer { bytes in
        for cut in 1..<max(1, bytes.count) where bytes[cut] & 0xC0 != 0x80 {
          guard let left = vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[..<cut])), isMerged(left),
            let right = vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[cut...])), isMerged(right)
          else { continue }
          merges.append(Merge(left: left, right: right, result: UInt32(id)))
        }
      }
    }
    return merges
  }

  private func failure(_ problem: String, remedy: String = "") -> GroveError {
    GroveError(.format, place, problem, remedy: remedy)
  }
}
