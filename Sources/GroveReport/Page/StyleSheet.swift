/// The page's one style sheet. Charts use its classes, so that a colour is decided once for light, dark and print.
enum StyleSheet {
  /// Classes in charts: `a` axis, `g` grid, `k` mark label, `t` axis title, `o` name, `n` small note, `v` marker,
  /// `w` whisker, `l` line, `d` dashed, `b` band, `p` point, `h` hover area, `s` dot and `q` ring of a scatter, `i`, `j` label on a strong and a middling shade,
  /// `e`/`m` text ends/centres here, `c0…7` stroke and `f0…7` fill of a series.
  static let text = """
    :root { --page: #fcfcfa; --ink: #1d2420; --soft: #5c655f; --rule: #dfe3de; --panel: #f3f5f1; --accent: #2c6e50;
      --mark: #dfeee4; --good: #23734a; --neutral: #6a6350; --bad: #b03a2e; --on: #ffffff; --between: #1d2420;
      --c0: #1f6db0; --c1: #c8581c; --c2: #2a8755; --c3: #7f4fb0; --c4: #a97a08; --c5: #bf3568; --c6: #2f8a96; --c7: #6d6d6d; }
    @media (prefers-color-scheme: dark) { :root { --page: #131714; --ink: #e4e9e5; --soft: #9ba69f; --rule: #2d352f;
      --panel: #1b211d; --accent: #7fcaa3; --mark: #24402f; --good: #6fcf97; --neutral: #c9bd95; --bad: #f08a7d; --on: #10140f; --between: #10140f;
      --c0: #6fb4f0; --c1: #f0935a; --c2: #6cc993; --c3: #bf9be6; --c4: #dfb64a; --c5: #f07fa8; --c6: #6fc6d1; --c7: #a9aeaa; } }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
    main { max-width: 52rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; overflow-wrap: break-word; }
    header { border-bottom: 3px solid var(--accent); padding-bottom: 1rem; margin-bottom: 1.25rem; }
    h1 { font-size: 2rem; line-height: 1.2; font-weight: 650; letter-spacing: -.015em; margin: 0; }
    h2 { font-size: 1.3rem; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; margin: 3rem 0 1rem; }
    p { margin: .75rem 0; max-width: 44rem; }
    h1, h2, td, th, li, figcaption, p, pre { unicode-bidi: isolate; }
    .subtitle { color: var(--soft); margin: .5rem 0 0; }
    nav { font-size: .9rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
    a { color: var(--accent); text-underline-offset: .2em; text-decoration-thickness: 1px; }
    .tiles { display: flex; flex-wrap: wrap; gap: 1px; background: var(--rule);
      border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; margin: 1.25rem 0; }
    .tiles div { flex: 1 1 9.5rem; background: var(--page); padding: .9rem 1rem; display: flex; flex-direction: column; }
    .tiles .name { color: var(--soft); font-size: .82rem; }
    .tiles .value { font-size: 1.6rem; line-height: 1.3; font-weight: 600; font-variant-numeric: tabular-nums; }
    .note { color: var(--soft); font-size: .85rem; }
    table { border-collapse: collapse; width: 100%; font-size: .92rem; margin: 1rem 0; }
    caption { text-align: left; font-weight: 600; padding-bottom: .4rem; }
    th, td { text-align: left; padding: .42rem .75rem .42rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
    th { font-weight: 600; }
    thead th { color: var(--soft); font-size: .85rem; border-bottom-width: 2px; }
    .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    td.number:last-child, th.number:last-child { padding-right: 0; }
    .facts th { color: var(--soft); font-weight: 400; width: 15rem; }
    .facts td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
    .scroll { overflow-x: auto; }
    .empty { color: var(--soft); font-style: italic; }
    figure { margin: 1.75rem 0; break-inside: avoid; }
    figcaption { font-weight: 600; margin-bottom: .35rem; }
    .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: .2rem 0 .6rem; padding: 0; font-size: .87rem; color: var(--soft); }
    .swatch { display: inline-block; width: 1.1rem; height: 0; border-top: 3px solid; margin-right: .45rem; vertical-align: .25em; border-radius: 2px; }
    .swatch.dashed { border-top-style: dashed; }
    svg { display: block; width: 100%; height: auto; font-family: inherit; overflow: visible; }
    svg text { font-size: 12.5px; fill: var(--soft); font-variant-numeric: tabular-nums; }
    svg .o { fill: var(--ink); font-size: 13px; } svg .n { font-size: 11.5px; } svg .i { fill: var(--on); } svg .j { fill: var(--between); }
    .e { text-anchor: end; } .m { text-anchor: middle; }
    svg path { fill: none; stroke: var(--rule); stroke-width: 1; vector-effect: non-scaling-stroke; }
    svg .a { stroke: var(--soft); } svg .v { stroke: var(--soft); stroke-dasharray: 3 3; } svg .w { stroke: var(--ink); stroke-width: 1.4; }
    svg .l { stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; } svg .d { stroke-dasharray: 6 4; }
    svg .b { stroke: none; fill-opacity: .16; } .r { fill-opacity: .88; } .h { fill-opacity: 0; } .h:hover { fill-opacity: .55; }
    svg .s { fill-opacity: .62; } svg .q { fill: none; stroke-width: 1.2; stroke-opacity: .8; }
    .good, .neutral, .bad { background: var(--panel); border-left: 4px solid; border-radius: 0 8px 8px 0; padding: .7rem 1.1rem; margin: 1.25rem 0; break-inside: avoid; }
    aside p { margin: .2rem 0; color: var(--ink); } aside strong { color: inherit; }
    .good { border-color: var(--good); } .neutral { border-color: var(--neutral); } .bad { border-color: var(--bad); }
    .good .sign { color: var(--good); } .neutral .sign { color: var(--neutral); } .bad .sign { color: var(--bad); }
    pre { background: var(--panel); border-radius: 8px; padding: .9rem 1.1rem; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere;
      font: .86rem/1.6 ui-monospace, "SF Mono", Menlo, Consolas, "Noto Sans Mono", monospace; }
    .code pre { white-space: pre; overflow: auto; max-height: 28rem; }
    .sample { margin: 1rem 0; } .sample figcaption { font-size: .87rem; color: var(--soft); font-weight: 600; }
    mark { background: var(--mark); color: inherit; border-radius: 3px; padding: .1em .15em; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
    \(series)
    @media (max-width: 36rem) { main { padding: 1.5rem 1rem 3rem; } h1 { font-size: 1.6rem; } .facts th { width: 8.5rem; }
      svg text { font-size: 19px; } svg .o { font-size: 18px; } svg .n { font-size: 18px; } }
    @media print { body { font-size: 11pt; background: none; } main { max-width: none; padding: 0; } nav { display: none; }
      .code pre { white-space: pre-wrap; max-height: none; } a { color: inherit; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
    """

  private static let series = (0..<8).map { index in
    "svg .c\(index) { stroke: var(--c\(index)); } svg .f\(index) { fill: var(--c\(index)); } .k\(index) { border-color: var(--c\(index)); }"
  }.joined(separator: "\n")
}
